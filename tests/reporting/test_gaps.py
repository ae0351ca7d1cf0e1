"""Gaps worked by hand: which quarter hours belong together, how they were filled, what was published before."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from report_sample import BERLIN, FIRST, NOON, StepClock, data_of, put, quarter

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.units import UWH_PER_KWH
from quarters.gaps import Filling, Gap, QuarterRevisions, filling_of, gaps_in
from reporting.ledger import Ledger
from reporting.report import WrittenReport
from reporting.verifier import verify
from words.speech import of_report

EVENLY: dict[str, Any] = {"quality": IntervalQuality.SUBSTITUTED, "method": IntervalMethod.INTERPOLATED, "coverage": 0.0}
LIKE_DAYS: dict[str, Any] = {**EVENLY, "method": IntervalMethod.LIKE_DAY_SCALED}
PART: dict[str, Any] = {"quality": IntervalQuality.ESTIMATED, "method": IntervalMethod.COVERED_MEAN, "coverage": 0.6}


def published(*revisions: Interval) -> QuarterRevisions:
    numbered = tuple(replace(interval, revision=n) for n, interval in enumerate(revisions, 1))
    return QuarterRevisions(numbered, tuple(NOON + timedelta(hours=n) for n in range(len(numbered))))


def kwh_of(gap: Gap) -> tuple[float | None, float | None]:
    first = None if gap.first_energy_uwh is None else gap.first_energy_uwh / UWH_PER_KWH
    return first, gap.energy_uwh / UWH_PER_KWH if gap.has_value else None


def test_what_was_measured_all_along_is_no_gap_even_if_it_was_restated() -> None:
    corrected = {"quality": IntervalQuality.CORRECTED, "method": IntervalMethod.RESET}
    assert (
        gaps_in(
            [published(quarter(NOON, 10.0)), published(quarter(NOON + QUARTER, 10.0), quarter(NOON + QUARTER, 11.0, **corrected))]
        )
        == []
    )


def test_missing_then_substituted_then_measured_is_one_healed_gap_with_both_ends() -> None:
    starts = [NOON + QUARTER * n for n in range(3)]
    quarters = [published(quarter(s, None), quarter(s, 10.0, **EVENLY), quarter(s, 9.0 + n)) for n, s in enumerate(starts)]
    (gap,) = gaps_in(quarters)
    assert (gap.from_utc, gap.to_utc, gap.quarters, gap.duration) == (NOON, NOON + 3 * QUARTER, 3, timedelta(minutes=45))
    assert (gap.filling, gap.quality, gap.is_healed, gap.revision) == (Filling.LATE_READINGS, IntervalQuality.MEASURED, True, 3)
    assert kwh_of(gap) == (None, 9.0 + 10.0 + 11.0)
    assert (gap.first_quality, gap.first_without_value, gap.was_restated) == (IntervalQuality.MISSING, 3, True)
    assert gap.last_recorded_utc == NOON + timedelta(hours=2)
    assert [(e.quality, e.quarters, e.energy_uwh) for e in gap.earlier] == [
        (IntervalQuality.MISSING, 3, None), (IntervalQuality.SUBSTITUTED, 3, 30 * UWH_PER_KWH),
    ]  # fmt: skip


def test_a_gap_that_keeps_its_substitutes_says_how_the_advance_was_divided() -> None:
    evenly = [published(quarter(NOON + QUARTER * n, None), quarter(NOON + QUARTER * n, 10.0, **EVENLY)) for n in range(2)]
    by_days = [published(quarter(NOON + QUARTER * n, 7.0, **LIKE_DAYS)) for n in range(2, 5)]
    gaps = gaps_in([*evenly, *by_days])
    assert [(g.filling, g.quarters, kwh_of(g), g.revision, g.was_restated) for g in gaps] == [
        (Filling.SHARED_EVENLY, 2, (None, 20.0), 2, True),
        (Filling.LIKE_DAYS, 3, (21.0, 21.0), 1, False),
    ]


def test_half_a_gap_known_at_first_says_what_was_known() -> None:
    quarters = [
        published(quarter(NOON, 4.0, **PART), quarter(NOON, 10.0)),
        published(quarter(NOON + QUARTER, None), quarter(NOON + QUARTER, 11.0)),
    ]
    (gap,) = gaps_in(quarters)
    assert (kwh_of(gap), gap.first_without_value, gap.first_quality, gap.first_method) == (
        (4.0, 21.0), 1, IntervalQuality.MISSING, "none",
    )  # fmt: skip


def test_what_lies_between_two_gaps_divides_them() -> None:
    gaps = gaps_in(
        [published(quarter(NOON, None)), published(quarter(NOON + QUARTER, 5.0)), published(quarter(NOON + 2 * QUARTER, None))]
    )
    assert [(g.from_utc, g.filling, kwh_of(g)) for g in gaps] == [
        (NOON, Filling.NOTHING, (None, None)), (NOON + 2 * QUARTER, Filling.NOTHING, (None, None)),
    ]  # fmt: skip
    # and so does a quarter hour of which nothing was published
    assert len(gaps_in([published(quarter(NOON, None)), published(quarter(NOON + 2 * QUARTER, None))])) == 2


@pytest.mark.parametrize(
    ("known", "filling"),
    [
        ({}, Filling.LATE_READINGS),
        (EVENLY, Filling.SHARED_EVENLY),
        (LIKE_DAYS, Filling.LIKE_DAYS),
        (PART, Filling.SEEN_IN_PART),
        ({"quality": IntervalQuality.FAULTY, "method": IntervalMethod.STUCK}, Filling.AS_READ),
        ({"quality": IntervalQuality.SUBSTITUTED, "method": IntervalMethod.NONE}, Filling.OF_ITS_SOURCE),
    ],
)
def test_every_quality_and_method_has_a_word_for_where_the_energy_comes_from(known: dict[str, Any], filling: Filling) -> None:
    assert filling_of(quarter(NOON, 5.0, **known)) is filling
    assert filling_of(quarter(NOON, None)) is Filling.NOTHING


@given(st.lists(st.sampled_from([None, "evenly", "days", "late", "sound"]), max_size=40))
def test_no_quarter_hour_in_doubt_is_lost_or_counted_twice(kinds: list[str | None]) -> None:
    quarters = []
    for n, kind in enumerate(kinds):
        start = NOON + QUARTER * n
        first = quarter(start, 5.0) if kind == "sound" else quarter(start, None)
        last = {
            "evenly": [quarter(start, 3.0, **EVENLY)],
            "days": [quarter(start, 4.0, **LIKE_DAYS)],
            "late": [quarter(start, 5.0)],
        }
        quarters.append(published(first, *last.get(kind or "", [])))
    gaps = gaps_in(quarters)
    doubtful = [q for q in quarters if q.was_in_doubt]
    assert sum(g.quarters for g in gaps) == len(doubtful)
    assert sum(g.energy_uwh for g in gaps) == sum(q.last.energy_uwh or 0 for q in doubtful)
    assert all(a.to_utc <= b.from_utc for a, b in pairwise(gaps))


def test_the_night_of_the_clock_change_has_gaps_of_real_length() -> None:
    autumn = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # 01:30 CEST
    (gap,) = gaps_in([published(quarter(autumn + QUARTER * n, None)) for n in range(12)])
    german, english = of_report("de", BERLIN), of_report("en", BERLIN)
    assert (gap.quarters, gap.duration) == (12, timedelta(hours=3))
    assert german.span(gap.from_utc, gap.to_utc) == "25.10.2026 01:30 CEST – 03:30 CET"
    assert english.lasting(gap.duration) == "3\u202fh"
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 CET
    (gap,) = gaps_in([published(quarter(spring + QUARTER * n, None)) for n in range(4)])
    assert german.span(gap.from_utc, gap.to_utc) == "29.03.2026 01:30 CET – 03:30 CEST"
    assert english.lasting(gap.duration) == "60\u202fmin"
    assert english.span(NOON, NOON + timedelta(hours=14)) == "1 Oct 2026 12:00 – 2 Oct 2026 02:00 CEST"
    assert english.lasting(timedelta(minutes=135)) == "2.25\u202fh"


@pytest.fixture
def pulled(ledger: Ledger, clock: StepClock) -> Ledger:
    """A whole month with two outages of three hours: the furnace's control remembered, the connection's meter only counted on."""
    spans = {"main": NOON, "furnace-1": NOON + timedelta(days=2)}
    for meter, start in spans.items():
        others = [at for n in range(2980) if not start <= (at := FIRST + QUARTER * n) < start + timedelta(hours=3)]
        put(ledger, *[quarter(at, 100.0 if meter == "main" else 25.0, meter) for at in others])
        outage(ledger, clock, meter, start, remembered=meter == "furnace-1")
    return ledger


def outage(ledger: Ledger, clock: StepClock, meter: str, start: datetime, remembered: bool) -> None:
    """Missing at first; substitutes once the meter is back; measured where the device remembered."""
    starts = [start + QUARTER * n for n in range(12)]
    kwh = 24.0 if remembered else 110.0
    put(ledger, *[quarter(at, None, meter) for at in starts])
    clock.now += timedelta(hours=3)
    put(ledger, *[quarter(at, kwh, meter, revision=2, **(EVENLY if remembered else LIKE_DAYS)) for at in starts])
    if remembered:
        put(ledger, *[quarter(at, kwh + 2 * (n % 2) - 1, meter, revision=3) for n, at in enumerate(starts)])


def test_the_report_names_gap_method_revision_and_what_was_first_published(
    pulled: Ledger, make: Callable[..., WrittenReport]
) -> None:
    data = data_of(make())
    main, furnace = (meter["gaps"] for meter in data["meters"])
    assert [
        (g["from_utc"], g["to_utc"], g["quarter_hours"], g["energy_uwh"], g["quality"], g["reason"], g["filled_by"], g["revision"])
        for g in [*main, *furnace]
    ] == [
        ("2026-10-01T10:00:00Z", "2026-10-01T13:00:00Z", 12, 1320 * UWH_PER_KWH, "substituted", "like_day_scaled", "like_days", 2),
        ("2026-10-03T10:00:00Z", "2026-10-03T13:00:00Z", 12, 288 * UWH_PER_KWH, "measured", "register", "late_readings", 3),
    ]
    assert main[0]["first_published"] == {
        "energy_uwh": None,
        "quarter_hours_without_value": 12,
        "quality": "missing",
        "method": "none",
    }
    assert furnace[0]["last_recorded_utc"] == "2026-11-01T12:00:00Z"


def test_a_peak_that_rests_on_a_substitute_says_so_and_of_how_much_it_is_the_maximum(
    pulled: Ledger, make: Callable[..., WrittenReport]
) -> None:
    made = make()
    main = data_of(made)["meters"][0]
    assert (main["peak"]["power_kw"], main["peak"]["rests_on_substitute"]) == (440.0, True)
    assert main["share_of_quarter_hours_measured"] == round(2968 / 2980, 9)
    with (made.folder / "meters.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["peak_rests_on_substitute"] for row in rows] == ["yes", "no"]
    # 2,968 x 100 kWh measured, 12 x 110 kWh substituted
    assert float(rows[0]["share_of_energy_substituted"]) == round(1320 / (296_800 + 1320), 9)
    assert float(rows[0]["share_of_quarter_hours_substituted"]) == round(12 / 2980, 9)
    assert float(rows[0]["share_of_quarter_hours_covered"]) == round(2968 / 2980, 9)


def test_the_sum_of_the_meters_below_has_a_share_by_quality(pulled: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(pulled, quarter(NOON, 20.0, "furnace-1", revision=2, **EVENLY))
    (remainder,) = data_of(make())["balance"]
    total = 2967 * 25 + 12 * 24 + 20
    assert remainder["below_by_quality"]["substituted"] == {
        "quarter_hours": 1, "energy_uwh": 20 * UWH_PER_KWH, "share_of_energy": round(20 / total, 9),
    }  # fmt: skip
    assert sum(share["quarter_hours"] for share in remainder["below_by_quality"].values()) == remainder["quarter_hours"] == 2980
    assert sum(share["energy_uwh"] for share in remainder["below_by_quality"].values()) == remainder["below_uwh"]


def test_every_file_of_the_report_has_the_gaps_and_verifies(pulled: Ledger, make: Callable[..., WrittenReport]) -> None:
    made = make(language="en")
    assert verify(made.folder).holds
    with (made.folder / "gaps.csv").open(newline="") as file:
        main, furnace = csv.DictReader(file)
    assert (main["minutes"], main["energy"], main["first_energy"], main["filled_by"]) == ("180", "1320.000", "", "like_days")
    assert (furnace["revision"], furnace["quality"], furnace["first_quality"]) == ("3", "measured", "missing")
    german = (made.folder / "gaps-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert german[1].startswith('"main";"energy_import";01.10.2026 12:00;"CEST";2026-10-01T10:00:00Z;01.10.2026 15:00;"CEST";')
    assert ';1320,000;"kWh";"Ersatzwert";"Vorschub des Zählers, nach Vergleichstagen verteilt";' in german[1]
    sheet: Any = load_workbook(made.folder / "report.xlsx")["Gaps"]
    assert [cell.value for cell in sheet[3]][8:14] == [
        180, 12, 288, "kWh", "measured", "readings delivered later (device, gateway or import)",
    ]  # fmt: skip
    summary: Any = load_workbook(made.folder / "report.xlsx")["Summary"]
    text = [[cell.value for cell in row] for row in summary.iter_rows()]
    assert ["Highest quarter hour rests on a substitute", "yes", "99.60\u202f% of the period's quarter hours are measured"] in text
    assert ["Grid import: substituted", 1320, "0.44\u202f% share of energy, 0.40\u202f% share of quarter hours"] in text


def test_the_report_as_it_was_known_before_the_device_was_read(
    pulled: Ledger, clock: StepClock, make: Callable[..., WrittenReport]
) -> None:
    """Six in the morning: the first outage is not over; three hours later it has its substitutes, and the second one begins."""
    six = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
    published_then = [
        [(g["quality"], g["revision"]) for g in data_of(make(as_of_utc=at))["meters"][0]["gaps"]]
        for at in (six, six + timedelta(hours=3))
    ]
    assert published_then == [[("missing", 1)], [("substituted", 2)]]
