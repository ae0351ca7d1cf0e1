"""What is remembered of a meter: small and exact."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plant import MINUTE_MS, TEN, Run, counter, gauge, minutes, plant, reading, rising

from domain.readings import Reading
from metering.book import rounded, unrounded
from metering.counter import CounterTrack
from metering.engine import decode_state, encode_state
from metering.packing import Reader, pack_ints, pack_readings, pack_values, pack_wide
from metering.points import Origin, Points
from metering.quarantine import Quarantine
from metering.quarter_runs import QuarterRuns
from metering.state import MeterState

DAY = 1440


def two_days() -> list[Reading]:
    """Counter and gauge with a gap that is filled later, a repeat, a reset and zeros that are still in doubt at the end."""
    values: list[float | None] = [*rising(1000), *rising(1880, 2000.0, 0.5)]
    values[200:500] = [None] * 300
    values[2000:2400] = rising(400, 3.0, 0.5)
    values[2400:] = rising(480, 203.0, 0.5)
    values[2850:2880] = [0.0] * 30
    power = [60.0 if n < 1000 else 30.0 for n in range(2880)]
    readings = minutes(values) + minutes(power, channel="power")
    readings.sort(key=lambda r: r.observed_ms)
    return [*readings, readings[40]]


def the_rest() -> list[Reading]:
    """The gap's history, the end of the zeros, and some hours more."""
    history = [reading(TEN + n * MINUTE_MS, 1000.0 + n, late_ms=2 * DAY * MINUTE_MS) for n in range(200, 500)]
    after = TEN + 2880 * MINUTE_MS
    return [*history, *minutes(rising(300, 443.0, 0.5), after), *minutes([30.0] * 300, after, "power")]


def feed(run: Run, readings: list[Reading]) -> Run:
    for at in range(0, len(readings), 60):
        run.take(readings[at : at + 60])
    return run


def test_a_state_that_was_stored_and_read_goes_on_as_if_nothing_had_happened() -> None:
    both = plant(counter(), gauge())
    stopped = feed(Run(both), two_days())
    refused = len(stopped.rejected)
    stopped.state = decode_state(encode_state(stopped.state))
    feed(stopped, the_rest()).close()
    whole = feed(feed(Run(both), two_days()), the_rest()).close()
    assert stopped.rows == whole.rows
    assert stopped.rejected == whole.rejected
    assert stopped.reasons()[refused:] == ["glitch"] * 30


def test_a_state_read_back_is_the_same_to_the_byte_wherever_it_is_cut() -> None:
    run = Run(plant(counter(), gauge(), late_horizon_days=2))
    readings = [*two_days(), *the_rest()]
    for at in range(0, len(readings), 97):
        run.take(readings[at : at + 97])
        stored = encode_state(run.state)
        again = decode_state(stored)
        run.step._bind(again)
        for track in again.tracks.values():
            track.points.cold = track.points.stored = None
        for book in again.books.values():
            book.stored = None
        assert encode_state(again) == stored


def in_full(state: MeterState) -> bytes:
    """The bytes of a state, none of them kept from before."""
    state = deepcopy(state)
    for track in state.tracks.values():
        track.points.cold = track.points.stored = track.clock_bytes = None
        track.points.chunks = {}
        if isinstance(track, CounterTrack):
            track.cases = None
    for book in state.books.values():
        book.stored = None
    return encode_state(state)


@pytest.mark.parametrize("channels", [("energy_import", "power"), ("power", "energy_import")])
def test_bytes_that_were_kept_are_dropped_when_they_change(channels: tuple[str, str]) -> None:
    """One register's readings after the other's: what the first one's make settled concerns both."""
    run = Run(plant(counter(), gauge(), late_horizon_days=2))
    readings = [*two_days(), *the_rest()]
    for at in range(0, len(readings), 94):
        for channel in channels:
            run.take([r for r in readings[at : at + 94] if r.channel == channel])
            assert encode_state(run.state) == in_full(run.state)


def test_forty_days_of_a_meter_at_a_reading_a_minute_are_remembered_in_eight_kilobytes() -> None:
    run = Run(plant(counter(), gauge()))
    sizes, level_kwh, dice = [], 1000.0, Random(5)
    for hour in range(40 * 24):
        at = TEN + hour * 60 * MINUTE_MS
        power = [round(20 + hour % 24 + 10 * dice.random(), 3) for _ in range(60)]
        levels = [round(level_kwh + sum(power[:n]) / 60, 3) for n in range(60)]
        level_kwh += sum(power) / 60
        run.take(minutes(levels, at) + minutes(power, at, "power"))
        sizes.append(len(encode_state(run.state)))
    assert max(sizes) < 8_000
    assert {row.quality.value for row in run.rows.values()} == {"measured"}
    assert len(run.state.books["energy_import"].published) <= 2 * 96 + 4


def test_a_reading_of_no_register_that_comes_after_its_quarter_hour_was_settled_is_reported() -> None:
    run = Run(plant())
    for hour in range(60):
        run.take(minutes(rising(60, 1000.0 + 60 * hour), TEN + hour * 60 * MINUTE_MS))
    run.take([reading(TEN + 5 * MINUTE_MS, 7.0, "parts", late_ms=60 * 60 * MINUTE_MS)])
    run.take([reading(TEN + 50 * 60 * MINUTE_MS, 7.0, "parts", late_ms=10 * 60 * MINUTE_MS)])
    assert run.reasons() == ["beyond_horizon"]
    assert run.row(50 * 4).readings == 16


@given(st.integers(0, 2**62))
def test_a_like_days_energy_is_rounded_to_one_part_in_four_thousand(energy_uwh: int) -> None:
    back = unrounded(rounded(energy_uwh))
    assert abs(back - energy_uwh) <= energy_uwh / 2048
    assert rounded(back) == rounded(energy_uwh)
    assert 0 <= rounded(energy_uwh) < 0xFFFF


@given(st.lists(st.integers(-(2**61), 2**61)), st.lists(st.floats(-1e300, 1e300)), st.lists(st.integers(-(2**90), 2**90)))
def test_packed_columns_come_back_exactly(whole: list[int], values: list[float], wide: list[int]) -> None:
    reader = Reader(pack_ints(whole) + pack_values(values) + pack_wide(wide))
    assert (reader.ints(), reader.values(), reader.wide()) == (whole, values, wide)


stored_readings = st.lists(
    st.tuples(
        st.integers(0, 2**41), st.one_of(st.floats(0, 1e12), st.integers(0, 10**9).map(lambda n: n / 1000)),
        st.integers(0, 2**41), st.integers(-1, 2**50), st.integers(0, 3),
    ),
    max_size=90,
)  # fmt: skip


@given(stored_readings)
def test_packed_readings_come_back_exactly(rows: list[tuple[int, float, int, int, int]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    assert list(Reader(pack_readings(*columns)).readings()) == columns


@given(st.lists(st.integers(0, 60)), st.integers(0, 60))
def test_runs_of_quarter_hours_are_a_set(quarters: list[int], floor: int) -> None:
    runs, plain = QuarterRuns(), set[int]()
    for quarter in quarters:
        runs.add(quarter)
        plain.add(quarter)
    runs.drop_before(floor)
    plain = {quarter for quarter in plain if quarter >= floor}
    assert {quarter for first, stop in runs.runs() for quarter in range(first, stop)} == plain
    assert all((quarter in runs) == (quarter in plain) for quarter in range(62))
    assert all(stop < following for (_, stop), (following, _) in zip(list(runs.runs()), list(runs.runs())[1:], strict=False))


def test_readings_in_doubt_are_reported_as_they_came_after_a_day_and_take_few_bytes() -> None:
    quarantine, points = Quarantine(), Points()
    route = points.route("gw", "history")
    for n in range(86_400):
        value = round(5000 + n / 90, 3)
        points.append(TEN + 1000 * n + n % 7, value, 0, Origin(TEN + 1000 * n + 40 + n % 11, n, route), 1500.0)
    for first in range(0, 86_400, 60):
        quarantine.keep(points, first, first + 60)
    stored = quarantine.to_bytes()
    assert len(stored) < 86_400 * 6
    again = Quarantine()
    again.read(stored)
    taken = again.take_out(TEN, points.times[-1], "s", "m", "energy_import")
    assert [r.value for r in taken] == points.values
    assert taken[3600] == points.reading(3600, "s", "m", "energy_import")
    assert not again
