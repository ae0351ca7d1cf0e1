"""Virtual meters: sums of other meters' quarter hours, with their quality, published again when a part is."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.readings import Reading
from metering.table import quarter_hours
from metering.virtual import VirtualMeterStep, from_bytes, to_bytes

TEN = datetime(2026, 3, 10, 10, tzinfo=UTC)
KWH = 1_000_000_000
MEASURED, CALCULATED, SUBSTITUTED = IntervalQuality.MEASURED, IntervalQuality.CALCULATED, IntervalQuality.SUBSTITUTED
MISSING, FAULTY = IntervalQuality.MISSING, IntervalQuality.FAULTY


def plant(*formulas: tuple[str, str], meters: Sequence[str] = ("main", "press-1", "press-2")) -> Plant:
    register = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}
    return Plant.model_validate(
        {
            "site": {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
            "meter": [{"id": meter, "max_power_kw": 100.0, "register": [register]} for meter in meters],
            "virtual_meter": [{"id": name, "formula": formula} for name, formula in formulas],
        }
    )


REMAINDER = plant(("rest", "main - press-1 - press-2"))


def row(
    meter: str, kwh: float | None, slot: int = 0, revision: int = 1, quality: IntervalQuality | None = None, **more
) -> Interval:
    missing = kwh is None
    return Interval(
        "s", meter, more.pop("channel", "energy_import"), TEN + slot * QUARTER, None if kwh is None else round(kwh * KWH),
        more.pop("coverage", 0.0 if missing else 1.0), quality or (MISSING if missing else MEASURED),
        IntervalMethod.NONE if missing else IntervalMethod.REGISTER, revision, 15, **more,
    )  # fmt: skip


class Run:
    """Feeds one site's step and keeps all that comes out."""

    def __init__(self, of: Plant = REMAINDER) -> None:
        self.step = VirtualMeterStep(of)
        self.state = self.step.initial()
        self.published: list[Interval] = []

    def take(self, *rows: Interval) -> list[Interval]:
        before = len(self.published)
        for one in rows:
            self.state, published = self.step.take_interval(self.state, one)
            self.published += published
        return self.published[before:]

    def store_and_load(self) -> None:
        self.state = from_bytes(to_bytes(self.state))


def content_of(rows: Iterable[Interval]) -> list[tuple[float | None, str, str, int]]:
    return [(one.energy_kwh, str(one.quality), str(one.method), one.revision) for one in rows]


def test_the_remainder_is_published_once_all_parts_are():
    run = Run()
    assert run.take(row("main", 10.0), row("press-2", 2.5)) == []
    assert content_of(run.take(row("press-1", 4.0))) == [(3.5, "calculated", "formula", 1)]
    published = run.published[0]
    assert (published.meter, published.channel, published.start_utc, published.origin) == (
        "rest",
        "energy_import",
        TEN,
        IntervalOrigin.CALCULATED,
    )


def test_the_remainder_is_signed():
    assert content_of(Run().take(row("main", 5.0), row("press-1", 4.0), row("press-2", 2.5))) == [
        (-1.5, "calculated", "formula", 1)
    ]


def test_a_part_that_is_missing_makes_the_whole_missing_and_never_zero():
    run = Run()
    assert content_of(run.take(row("main", 10.0), row("press-1", None), row("press-2", 1.0))) == [(None, "missing", "none", 1)]
    assert run.published[0].coverage == 0.0
    assert content_of(run.take(row("press-1", 4.0, revision=2))) == [(5.0, "calculated", "formula", 2)]


@pytest.mark.parametrize(
    ("qualities", "expected"),
    [
        ((MEASURED, MEASURED, IntervalQuality.CORRECTED), "corrected"),
        ((MEASURED, SUBSTITUTED, IntervalQuality.CORRECTED), "substituted"),
        ((IntervalQuality.ESTIMATED, SUBSTITUTED, MEASURED), "estimated"),
        ((MEASURED, FAULTY, IntervalQuality.ESTIMATED), "faulty"),
    ],
)
def test_the_quality_is_that_of_the_worst_part(qualities, expected):
    parts = zip(("main", "press-1", "press-2"), qualities, strict=True)
    assert content_of(Run().take(*(row(meter, 1.0, quality=quality) for meter, quality in parts))) == [
        (-1.0, expected, "formula", 1)
    ]


def test_the_coverage_is_the_least_of_the_parts():
    published = Run().take(row("main", 9.0, coverage=0.98), row("press-1", 1.0, coverage=0.4), row("press-2", 1.0))
    assert [one.coverage for one in published] == [0.4]


def test_a_restated_part_restates_the_whole_and_an_unchanged_one_does_not():
    run = Run()
    run.take(row("main", 10.0), row("press-1", 4.0, quality=SUBSTITUTED), row("press-2", 1.0))
    assert content_of(run.take(row("press-1", 4.2, revision=2))) == [(4.8, "calculated", "formula", 2)]
    assert run.take(row("press-1", 4.2, revision=3)) == [], "only its number of readings is another"
    assert run.take(row("press-1", 4.2, revision=2), row("press-1", 99.0, revision=1)) == [], "repeated, or overtaken"


def test_a_change_of_one_part_that_changes_nothing_of_the_whole_is_not_published():
    run = Run()
    run.take(row("main", 10.0, coverage=0.5), row("press-1", 4.0, coverage=0.9), row("press-2", 1.0))
    assert run.take(row("press-1", 4.0, revision=2, coverage=1.0)) == []


def test_what_it_says_itself_is_not_taken_again():
    run = Run(plant(("rest", "main - press-1"), ("twice", "2 * rest")))
    run.take(row("main", 3.0), row("press-1", 1.0))
    assert content_of(run.published) == [(2.0, "calculated", "formula", 1), (4.0, "calculated", "formula", 1)]
    assert run.take(*run.published) == []
    assert run.take(row("main", 7.0, revision=2, origin=IntervalOrigin.CALCULATED)) == []


def test_other_sites_channels_and_meters_are_passed_over():
    run = Run()
    strange = [row("main", 1.0, channel="energy_export"), row("hall", 1.0)]
    assert run.take(*strange) == []
    assert run.state.days == {}


def test_a_half_is_rounded_once_and_to_even():
    halves = plant(("half", "0.5 * main + 0.5 * press-1"))
    published = Run(halves).take(row("main", 3e-9), row("press-1", 2e-9))
    assert published[0].energy_uwh == 2, "2.5 micro-watt-hours"


def test_tenths_add_up_exactly():
    tenths = plant(("mix", "0.1 * main + 0.2 * press-1"))
    assert Run(tenths).take(row("main", 10.0), row("press-1", 10.0))[0].energy_uwh == 3 * KWH


def test_an_imported_part_gives_way_to_a_metered_one():
    run = Run()
    run.take(row("main", 10.0, revision=0, origin=IntervalOrigin.IMPORT), row("press-1", 4.0), row("press-2", 1.0))
    assert content_of(run.take(row("main", 11.0, revision=1))) == [(6.0, "calculated", "formula", 2)]


def test_parts_beyond_the_horizon_are_forgotten():
    run = Run()
    run.take(row("main", 1.0), row("press-1", 1.0), row("press-2", 1.0))
    run.take(row("main", 1.0, slot=38 * 96))
    assert run.take(row("press-1", 7.0, revision=2)) == [], "the others' quarter hours are no longer known"
    assert all(TEN.timestamp() // 86_400 not in days for days in run.state.days.values())


def test_a_stored_state_goes_on_where_it_stopped():
    run = Run()
    run.take(row("main", 10.0), row("press-1", 4.0, coverage=1 / 3), row("main", None, slot=1), row("press-1", -2.0, slot=97))
    run.store_and_load()
    stored = to_bytes(run.state)
    assert content_of(run.take(row("press-2", 1.0))) == [(5.0, "calculated", "formula", 1)]
    assert run.published[0].coverage == 1 / 3
    assert to_bytes(from_bytes(stored)) == stored


def test_a_month_of_a_part_is_remembered_in_twenty_five_kilobytes():
    run, randomness = Run(), random.Random(1)
    for slot in range(31 * 96):
        for meter in ("main", "press-1", "press-2"):
            run.take(row(meter, randomness.randrange(20_000) / 1000, slot=slot))
    assert len(to_bytes(run.state)) < 3 * 25_000
    unchanged = to_bytes(run.state)
    run.store_and_load()
    run.take(row("main", 5.0, slot=3 * 96, revision=2))
    assert to_bytes(run.state) != unchanged


def test_a_file_of_readings_gives_the_rows_of_virtual_meters_too():
    start_ms = epoch_ms(TEN)

    def reading(meter: str, minute: int, kwh_per_minute: float) -> Reading:
        at_ms = start_ms + minute * 60_000
        return Reading("s", meter, "energy_import", at_ms, at_ms + 300, 500.0 + minute * kwh_per_minute)

    loads = {"main": 1.0, "press-1": 0.25, "press-2": 0.5}
    readings = [
        reading(meter, minute, by) for minute in range(47) for meter, by in loads.items() if meter != "press-2" or minute < 20
    ]
    result = quarter_hours(REMAINDER, readings)
    rest = [one for one in result.rows() if one.meter == "rest"]
    assert content_of(rest)[0] == (3.75, "calculated", "formula", 1)
    assert content_of(rest)[2][:3] == (None, "missing", "none"), "press-2 fell silent"
    assert len(rest) == 4
    assert result.used == len(readings)


def content(rows: Iterable[Interval]) -> dict[datetime, tuple[object, ...]]:
    return {one.start_utc: (one.energy_uwh, one.coverage, one.quality, one.method) for one in rows}


HISTORY = st.lists(
    st.tuples(
        st.sampled_from(("main", "press-1", "press-2")),
        st.integers(0, 2),
        st.sampled_from((None, 0.0, 1.5, 4.0)),
        st.sampled_from((0.5, 1.0)),
    ),
    max_size=30,
)


@given(HISTORY, st.randoms(use_true_random=False), st.booleans())
def test_the_order_in_which_parts_arrive_does_not_change_the_final_table(history, randomness, interrupted):
    revisions: dict[tuple[str, int], int] = {}
    by_meter: dict[str, list[Interval]] = {}
    for meter, slot, kwh, coverage in history:
        revisions[meter, slot] = revisions.get((meter, slot), 0) + 1
        by_meter.setdefault(meter, []).append(
            row(meter, kwh, slot, revisions[meter, slot], coverage=0.0 if kwh is None else coverage)
        )
    in_order, mixed = Run(), Run()
    in_order.take(*(one for rows in by_meter.values() for one in rows))
    queues = [list(rows) for rows in by_meter.values()]
    while any(queues):
        mixed.take(randomness.choice([queue for queue in queues if queue]).pop(0))
        if interrupted:
            mixed.store_and_load()
    assert content(in_order.published) == content(mixed.published)
    for run in (in_order, mixed):
        last: dict[datetime, Interval] = {}
        for one in run.published:
            before = last.get(one.start_utc)
            if before is not None:
                assert one.revision > before.revision
                assert content([one]) != content([before])
            last[one.start_utc] = one


@given(st.permutations([row("main", 3.0), row("main", 3.5, revision=2), row("press-1", 1.0), row("press-1", None, revision=2)]))
def test_an_overtaken_revision_changes_nothing(rows):
    run = Run(plant(("rest", "main - press-1")))
    run.take(*rows)
    assert content(run.published) == {TEN: (None, 0.0, MISSING, IntervalMethod.NONE)}


def test_days_are_forgotten_one_by_one():
    run = Run()
    for day in range(45):
        run.take(row("main", 1.0, slot=day * 96))
    days = run.state.days["main", "energy_import"]
    assert len(days) <= 39
    assert max(days) - min(days) <= 38
