"""Numbers and dates read the same on the page, in the report and in sentences (DIN 5008, ISO 80000-1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts import fact
from domain.instants import NEVER_UTC
from words.catalogue import languages
from words.sentences import text_of
from words.speech import Words, of_page, of_report

BERLIN = ZoneInfo("Europe/Berlin")
DE, EN = of_page("de", BERLIN), of_page("en", BERLIN)
DE_PAPER, EN_PAPER = of_report("de", BERLIN), of_report("en", BERLIN)
MORNING = datetime(2026, 10, 23, 9, 15, tzinfo=UTC)


def test_digits_stand_in_threes_with_a_narrow_space_between() -> None:
    assert DE.number(12345.6, 1) == "12\u202f345,6"
    assert EN.number(12345.6, 1) == "12\u202f345.6"
    assert DE.euro(1234567.5, 2) == "1\u202f234\u202f567,50\u202f€"
    assert DE.unit(-12.4, "kW") == "\u221212\u202fkW"
    assert EN.number(5.2, sign=True) == "+5"
    assert DE.number(-0.2) == "0", "no minus before a zero"
    assert (EN.number(None), EN.number(float("nan")), EN.number(float("inf"))) == ("–", "–", "–")
    assert EN.number(-3e17) == "\u22123.0e+17"


def test_halves_are_rounded_away_from_zero_on_what_people_read() -> None:
    assert [EN.number(v, 1) for v in (0.25, 0.35, -0.25, 2.675)] == ["0.3", "0.4", "\u22120.3", "2.7"]
    assert EN.number(2.5) == "3"


@given(st.floats(-1e14, 1e14), st.integers(0, 4), st.sampled_from(languages()))
def test_page_and_report_write_one_number_alike(value: float, places: int, language: str) -> None:
    assert of_page(language, BERLIN).number(value, places) == of_report(language, BERLIN).number(value, places)
    sentence = text_of([fact("advice.saves", saving_eur=value)], of_page(language, BERLIN), MORNING)
    assert of_report(language, BERLIN).number(round(value, 3)) in sentence


def test_a_share_is_whole_only_where_nothing_is_missing() -> None:
    assert [EN.percent(share) for share in (1.0, 0.9999, 0.5, 0.0001, 0.0)] == [f"{p}\u202f%" for p in (100, 99, 50, 1, 0)]
    assert DE_PAPER.percent(0.99999, 2) == "99,99\u202f%"
    assert EN.percent(1.37) == "137\u202f%"


def test_one_instant_has_one_form_in_each_language() -> None:
    assert (DE.moment(MORNING), DE_PAPER.moment(MORNING)) == ("Fr 23.10. 11:15", "23.10.2026 11:15")
    assert (EN.moment(MORNING), EN_PAPER.moment(MORNING)) == ("Fri 23 Oct 11:15", "23 Oct 2026 11:15")
    assert EN.moment(MORNING, MORNING + timedelta(days=400)) == "Fri 23 Oct 2026 11:15"
    assert (EN.moment(None), EN.moment(NEVER_UTC), EN_PAPER.moment(NEVER_UTC)) == ("–", "no date", "no date")
    assert (DE.day(date(2026, 10, 3)), EN.day(date(2026, 10, 3)), EN_PAPER.day(date(2026, 10, 3))) == (
        "Sa 03.10.",
        "Sat 3 Oct",
        "3 Oct 2026",
    )
    assert (DE.month("2026-03"), EN_PAPER.month("2026-03")) == ("März 2026", "March 2026")


@pytest.mark.parametrize("words", [EN, EN_PAPER])
def test_the_hour_that_comes_twice_names_its_offset(words: Words) -> None:
    first, second = (words.moment(datetime(2026, 10, 25, hour, 15, tzinfo=UTC)) for hour in (0, 1))
    assert first.endswith("02:15 (+0200)") and second.endswith("02:15 (+0100)")
    assert words.clock(datetime(2026, 10, 25, 0, 15, tzinfo=UTC)) == "02:15:00 CEST"


def test_spans_take_the_unit_that_says_enough() -> None:
    assert [EN.lasting(s) for s in (0.4, 42, 600, 8_100, 9_000, 10_000, 200_000, 172_800)] == [
        f"{text}".replace(" ", "\u202f") for text in ("0.4 s", "42 s", "10 min", "2.25 h", "2.50 h", "2.8 h", "2.3 d", "2 d")
    ]
    assert EN.lasting(timedelta(minutes=15)) == "15\u202fmin"


def test_clock_times_of_the_day_stand_alone_and_others_with_their_day() -> None:
    def moved(hours: int) -> str:
        to_utc = MORNING + timedelta(hours=hours)
        values = {"job": "J1", "machine": "m", "from_utc": MORNING, "peak_utc": MORNING, "before_kw": 640.0, "after_kw": 520.0}
        return text_of([fact("advice.move", **values, to_utc=to_utc)], DE, MORNING).replace("\u202f", " ")

    assert moved(2).startswith(
        "J1 auf m um 13:15 statt 11:15 Uhr starten: Die um 11:15 Uhr erwartete Spitze sinkt von 640 auf 520 kW."
    )
    assert moved(24).startswith("J1 auf m um Sa 24.10. 11:15 statt Fr 23.10. 11:15 Uhr starten:")
