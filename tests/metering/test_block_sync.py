"""The running quarter hour follows the billing meter's own, where its pulse or its block's demand shows where that begins."""

from __future__ import annotations

import pytest
from small_plant import TEN, counter, gauge, plant, reading

from domain.clock import epoch_ms
from domain.demand import Demand
from domain.intervals import QUARTER_MS
from domain.readings import Reading
from metering.block_sync import Bounds, Sign, bounds_by
from metering.running import RunningQuarter
from metering.running_state import decode_state, encode_state

STEP_MS = 10_000
REGISTERS = (counter(sampling_s=10.0, resolution=0.0001), gauge(sampling_s=10.0))


def of_block(
    offset_ms: int, quarters: int, kw: float = 120.0, sign: str = "demand_block", lost_after: int | None = None
) -> list[Reading]:
    """Readings every ten seconds of a meter whose quarter hours begin `offset_ms` after ours."""
    found = []
    for at in range(TEN - 60_000, TEN + quarters * QUARTER_MS, STEP_MS):
        begun = (at - offset_ms) // QUARTER_MS
        if lost_after is None or at < TEN + lost_after * QUARTER_MS:
            block = kw * ((at - offset_ms) % QUARTER_MS) / QUARTER_MS
            found.append(reading(at, block if sign == "demand_block" else float(begun - TEN // QUARTER_MS + 7), sign))
        found.append(reading(at, round(1000.0 + kw * (at - TEN) / 3_600_000, 9)))
        found.append(reading(at, kw, "power"))
    return found


def feed(readings: list[Reading], stored: bool = False, **site: object) -> list[Demand]:
    step = RunningQuarter(plant(*REGISTERS, target_kw=120.0, **site))
    state, published = step.initial(), []
    for one in readings:
        state, demands = step.take_reading(state, one)
        published += demands
        if stored:
            state = decode_state(encode_state(state))
    return published


@pytest.mark.parametrize("sign", ["demand_block", "sync_pulse"])
@pytest.mark.parametrize("offset_ms", [0, 17_000, 43_500, -28_000])
def test_the_offset_of_the_meters_clock_is_measured_shown_and_used(sign, offset_ms):
    published = feed(of_block(offset_ms, 3, sign=sign), sync=sign)
    last = published[-1]
    assert last.synchronised
    assert last.sync_offset_ms == pytest.approx(offset_ms, abs=STEP_MS / 2)
    assert last.basis_observed_ms - last.elapsed_s * 1000 == epoch_ms(last.start_utc) + last.sync_offset_ms
    assert last.energy_kwh == pytest.approx(120.0 * last.elapsed_s / 3600, abs=1e-6), "counted from the meter's own beginning"
    assert last.projected_kw == pytest.approx(120.0, abs=1e-6)


def test_the_first_quarter_hour_is_not_synchronised_until_a_beginning_was_seen():
    published = feed(of_block(43_500, 3), sync="demand_block")
    first = [
        one for one in published if one.start_utc == published[-1].start_utc.replace(hour=10, minute=0) and one.elapsed_s > 200
    ]
    assert not any(one.synchronised for one in first)
    assert all(one.sync_offset_ms is None for one in first)


def test_time_left_is_counted_to_the_end_of_the_meters_quarter_hour():
    published = feed(of_block(40_000, 3), sync="demand_block")
    at_end = [one for one in published if one.basis_observed_ms == TEN + 2 * QUARTER_MS]
    assert at_end[0].remaining_s == pytest.approx(40.0, abs=5.1), "ours is over, the meter's is not"


def test_a_restart_in_between_changes_nothing():
    readings = of_block(17_000, 3)
    assert feed(readings, sync="demand_block", stored=True) == feed(readings, sync="demand_block")


def test_without_signs_it_is_noted_after_two_quarter_hours():
    published = feed(of_block(17_000, 6, lost_after=2), sync="demand_block")
    synchronised = {one.start_utc.strftime("%H:%M"): one.synchronised for one in published}
    assert (synchronised["10:15"], synchronised["11:15"]) == (True, False)
    assert published[-1].sync_offset_ms is None


def test_a_plant_without_the_setting_takes_the_counter_for_it_as_before():
    published = feed(of_block(17_000, 2))
    assert (published[-1].synchronised, published[-1].sync_offset_ms) == (True, None)


def test_a_block_that_only_wavers_begins_nothing():
    assert bounds_by("demand_block", Sign(TEN - 5000, 100.0), Sign(TEN + 5000, 60.0), None) is None
    assert bounds_by("demand_block", Sign(TEN - 5000, 100.0), Sign(TEN + 5000, 2.0), None) == Bounds(-5000, 5000, TEN + 5000)
    assert bounds_by("sync_pulse", Sign(TEN - 5000, 1.0), Sign(TEN + 5000, 0.0), None) is None


def test_a_register_that_was_reset_by_hand_is_no_beginning():
    known = Bounds(-100, 100, TEN)
    assert bounds_by("demand_block", Sign(TEN + 395_000, 90.0), Sign(TEN + 405_000, 0.0), known) is known


def test_readings_far_apart_bound_nothing():
    assert bounds_by("demand_block", Sign(TEN - 50_000, 90.0), Sign(TEN + 40_000, 1.0), None) is None


def test_many_beginnings_bound_it_more_closely_and_a_clock_that_was_set_starts_again():
    known = None
    for n, phase_ms in enumerate((0, 2500, 5000, 7500)):
        at = TEN + n * QUARTER_MS + 3000 + phase_ms
        before, now = Sign(at - 10_000, 90.0), Sign(at, 1.0)
        known = bounds_by("demand_block", before, now, known)
    assert known is not None
    assert known.high_ms - known.low_ms < 3000
    assert known.low_ms <= 3000 <= known.high_ms
    later = TEN + 5 * QUARTER_MS + 60_000
    assert bounds_by("demand_block", Sign(later, 90.0), Sign(later + 10_000, 1.0), known) == Bounds(60_000, 70_000, later + 10_000)
