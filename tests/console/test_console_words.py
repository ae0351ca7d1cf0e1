from __future__ import annotations

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from console.views.now import Alarm
from console.views.plan import Move
from console.views.platform import Health
from console.words import LANGUAGES, catalogue, language_for, words
from domain.anomalies import AnomalyKind
from domain.intervals import IntervalMethod, IntervalQuality
from domain.orders import OrderStatus
from domain.readings import ReadingQuality, RejectionReason
from domain.recommendations import DeclineReason, RecommendationStatus
from reporting.gaps import Filling

BERLIN = ZoneInfo("Europe/Berlin")
DE, EN = words("de", BERLIN), words("en", BERLIN)


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_the_same_holes() -> None:
    german, english = catalogue("de"), catalogue("en")
    assert german.keys() == english.keys()
    assert {key: holes(text) for key, text in german.items()} == {key: holes(text) for key, text in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str) -> None:
    assert [key for key, text in catalogue(language).items() if not text.strip()] == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("alarm", Alarm), ("quality", IntervalQuality), ("anomaly", AnomalyKind), ("status", RecommendationStatus), ("order", OrderStatus),
        ("decline", DeclineReason), ("rejection", RejectionReason), ("reading_quality", ReadingQuality), ("health", Health), ("method", IntervalMethod), ("filled", Filling),
        ("plan.move", [m for m in Move if m is not Move.STAYS]),
    ],
)  # fmt: skip
def test_every_choice_has_a_word(prefix: str, members: list[str]) -> None:
    join = "_" if prefix == "plan.move" else "."
    assert [member for member in members if f"{prefix}{join}{member}" not in catalogue("de")] == []


def test_every_key_that_the_code_asks_for_is_in_the_catalogue() -> None:
    folder = Path(__file__).parents[2] / "console"
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    asked = set(re.findall(r"""(?:\bw|words)(?:\[|\.say\()\s*"([a-z_0-9.]+)\"""", code))
    assert len(asked) > 80
    assert asked - catalogue("de").keys() == set()


def test_numbers_are_written_as_the_language_does() -> None:
    assert DE.number(1234.56, 1) == "1.234,6"
    assert EN.number(1234.56, 1) == "1,234.6"
    assert DE.unit(-12.4, "kW") == "\u221212\u202fkW"
    assert EN.number(5.2, sign=True) == "+5"
    assert DE.number(-0.2) == "0", "no minus before a zero"
    assert EN.number(None) == "–"


def test_times_are_the_sites_on_both_sides_of_a_clock_change() -> None:
    assert DE.clock(datetime(2026, 10, 25, 0, 15, tzinfo=UTC)) == "02:15:00 CEST"
    assert DE.clock(datetime(2026, 10, 25, 1, 15, tzinfo=UTC)) == "02:15:00 CET"


def test_days_and_months_have_names() -> None:
    assert DE.day(date(2026, 10, 23)) == "Fr 23.10."
    assert EN.day(date(2026, 10, 23)) == "Fri 23 Oct"
    assert (DE.month("2026-03"), EN.month("2026-03")) == ("März 2026", "March 2026")


def test_spans_take_the_unit_that_says_enough() -> None:
    assert [EN.lasting(s) for s in (0.4, 42, 600, 9000, 200_000)] == [
        "0.4\u202fs", "42\u202fs", "10\u202fmin", "2.5\u202fh", "2\u202fd",
    ]  # fmt: skip


def test_the_cookie_goes_before_the_browsers_wish_and_that_before_german() -> None:
    assert language_for("en", "de-DE,de") == "en"
    assert language_for(None, "fr-FR,en-GB;q=0.8,de") == "en"
    assert language_for("xx", "fr") == "de"
