"""The forecast step on a small plant with shifts, noise and furnace batches."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from small_forecast_plant import BATCH_KW, BERLIN, PLANT, SmallPlant, interval, stream

from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.stored_state import UnreadableState
from forecasting.backtest import backtest, loads_by_slot, score
from forecasting.conformance import (
    check_causal,
    check_earns_its_keep,
    check_resumable,
    check_well_formed,
    run,
    timeless,
)
from forecasting.slots import KEPT_SLOTS
from forecasting.state import decode_state, encode_state
from forecasting.step import ForecastStep
from quarters.numbers import quarter_starts, slot_of

DAY = timedelta(days=1)
START = datetime(2026, 8, 31, tzinfo=BERLIN).astimezone(UTC)  # a Monday
LIVE = START + timedelta(weeks=5)  # Monday 5 October: the Saturday before was a holiday


def step() -> ForecastStep:
    return ForecastStep(PLANT)


def intervals(records: list[Interval | Order]) -> list[Interval]:
    return [record for record in records if isinstance(record, Interval)]


# -- quality -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_it_beats_last_week_and_keeps_its_stated_coverage(seed: int) -> None:
    records = stream(START, LIVE + 21 * DAY, LIVE, seed=seed, live_every=12)
    _, issued = run(step(), records)
    check_well_formed(issued)
    complete = [f for f in issued if f.first_start_utc + 2 * DAY <= LIVE + 21 * DAY]
    found = check_earns_its_keep(complete, intervals(records), at_most=0.5, coverage=(0.74, 0.89))
    assert found.rows > 25_000
    assert abs(found.bias_kw) < 4


def test_planned_jobs_make_it_better_than_loads_alone() -> None:
    knowing = stream(START, LIVE + 14 * DAY, LIVE, live_every=24)
    actual = loads_by_slot(intervals(knowing))
    _, with_jobs = run(step(), knowing)
    _, without = run(step(), list(intervals(knowing)))
    assert "jobs+" in with_jobs[-1].model
    assert "jobs+" not in without[-1].model
    assert score(with_jobs, actual).mae_kw < 0.7 * score(without, actual).mae_kw


def test_jobs_reported_only_when_done_teach_it_as_well_as_planned_ones() -> None:
    records = stream(START, LIVE + QUARTER, LIVE)
    issued = [
        replace(r, revision=3, status=OrderStatus.DONE, at_utc=r.end_utc) if isinstance(r, Order) and r.end_utc < LIVE else r
        for r in records
    ]
    _, planned_ahead = run(step(), records)
    _, afterwards = run(step(), issued)
    assert "jobs+" in afterwards[0].model
    assert afterwards[0].q50_kw == pytest.approx(planned_ahead[0].q50_kw, rel=0.01)


def test_its_own_score_is_true() -> None:
    records = stream(START, LIVE + 14 * DAY, LIVE, live_every=24)
    _, issued = run(step(), records)
    found = score(issued, loads_by_slot(intervals(records)))
    assert issued[-1].score is not None
    assert issued[-1].score == pytest.approx(found.mae_to_last_week, abs=0.12)
    assert issued[-1].trained_on == KEPT_SLOTS or issued[-1].trained_on == len(
        [i for i in intervals(records) if i.end_utc <= issued[-1].first_start_utc]
    )
    assert issued[-1].trained_until_utc == issued[-1].first_start_utc


def test_the_backtest_issues_what_the_stream_does() -> None:
    records = stream(START, LIVE + DAY, LIVE, live_every=48)
    _, issued = run(step(), records)
    orders = [record for record in records if isinstance(record, Order)]
    again = backtest(PLANT, intervals(records), orders, {f.first_start_utc for f in issued})
    assert [timeless(f) for f in again] == [timeless(f) for f in issued]


# -- laws --------------------------------------------------------------------------------------------------------------


def test_the_future_never_changes_what_was_issued_before() -> None:
    records = stream(START, LIVE + DAY, LIVE - DAY, live_every=8)
    cut = next(n for n, r in enumerate(records) if isinstance(r, Interval) and r.start_utc >= LIVE)
    wild = [replace(r, energy_uwh=r.energy_uwh * 7 if r.energy_uwh else None) for r in intervals(records[cut:])]
    check_causal(step, records[:cut], records[cut:], list(wild))


def test_a_restart_goes_on_as_if_nothing_had_happened() -> None:
    records = stream(START, LIVE + DAY / 4, LIVE - DAY / 4, live_every=3)
    cut = next(n for n, r in enumerate(records) if isinstance(r, Interval) and r.start_utc >= LIVE)
    check_resumable(step, encode_state, decode_state, records[:cut], records[cut:])


def test_the_stored_state_is_small_and_of_a_known_version() -> None:
    state, _ = run(step(), stream(START, LIVE, LIVE))
    payload = encode_state(state)
    assert len(payload) < 160_000
    assert encode_state(decode_state(payload)) == payload
    with pytest.raises(UnreadableState, match="version 6; expected version 7"):
        decode_state(payload.replace(b"forecast 7", b"forecast 6", 1))


def test_the_same_records_give_the_same_forecast() -> None:
    records = stream(START, LIVE + QUARTER, LIVE)
    assert [timeless(f) for f in run(step(), records)[1]] == [timeless(f) for f in run(step(), records)[1]]


# -- when to issue -----------------------------------------------------------------------------------------------------


def test_imported_history_is_learnt_and_not_answered() -> None:
    assert run(step(), stream(START, LIVE, LIVE))[1] == []


def test_each_new_live_quarter_hour_is_answered_once() -> None:
    records = stream(START, LIVE + DAY / 4, LIVE, with_orders=False)
    state, issued = run(step(), records)
    assert [f.first_start_utc for f in issued] == [LIVE + n * QUARTER for n in range(1, 25)]
    assert all(f.issued_utc == f.first_start_utc for f in issued)
    restated = replace(intervals(records)[-2], revision=1)
    assert run(step(), [restated, intervals(records)[-1]], state)[1] == []


def test_a_restated_quarter_hour_replaces_what_was_published_first() -> None:
    """An outage: missing, then a substitute, then measured; the next forecast is that of a run that knew it all along."""
    records = stream(START, LIVE + 3 * QUARTER, LIVE, with_orders=False)
    issued = intervals(records)
    gap = [replace(r, energy_uwh=None, quality=IntervalQuality.MISSING, revision=1) for r in issued[-6:-2]]
    substituted = [replace(r, energy_uwh=7_000_000_000, quality=IntervalQuality.SUBSTITUTED, revision=2) for r in issued[-6:-2]]
    measured = [replace(r, revision=3) for r in issued[-6:-2]]
    _, known = run(step(), [*issued[:-6], *issued[-6:-2], *issued[-2:]])
    _, restated = run(step(), [*issued[:-6], *gap, *substituted, *measured, *issued[-2:]])
    _, in_between = run(step(), [*issued[:-6], *gap, *substituted, *issued[-2:]])
    assert restated[-1].q50_kw == pytest.approx(known[-1].q50_kw, rel=0.01)
    assert in_between[-1].q50_kw != known[-1].q50_kw
    _, again = run(step(), [*issued[:-6], *measured, *gap, *issued[-2:]])
    assert again[-1].q50_kw == known[-1].q50_kw, "an older revision that comes later does not count"


def test_other_meters_and_channels_are_passed_over() -> None:
    state, _ = run(step(), stream(START, LIVE, LIVE))
    live = interval(LIVE, 100.0)
    others = [replace(live, meter="oven"), replace(live, channel="energy_export")]
    assert run(step(), others, state)[1] == []


def test_an_accepted_move_is_answered_at_once_with_the_load_moved() -> None:
    records = stream(START, LIVE + QUARTER, LIVE)
    state, issued = run(step(), records)
    before = issued[-1]
    tomorrow = (LIVE + DAY).astimezone(BERLIN).date()
    planned = next(r for r in records if isinstance(r, Order) and r.start_utc.astimezone(BERLIN).date() == tomorrow)
    later = replace(planned, revision=2, start_utc=planned.start_utc + 8 * QUARTER, at_utc=LIVE + QUARTER, reason="rec-1")

    state, answered = run(step(), [later, later], state)

    assert len(answered) == 1
    after = answered[0]
    gone = slot_of(planned.start_utc) - slot_of(after.first_start_utc)
    change = np.array(after.q50_kw) - np.array(before.q50_kw)
    assert change[gone : gone + 8] == pytest.approx(-np.array(BATCH_KW), abs=8)
    assert change[gone + 8 : gone + 16] == pytest.approx(np.array(BATCH_KW), abs=8)
    assert change[:gone] == pytest.approx(np.zeros(gone), abs=8)


def test_a_cancelled_job_is_taken_out_of_the_forecast() -> None:
    records = stream(START, LIVE + QUARTER, LIVE)
    state, issued = run(step(), records)
    planned = next(r for r in records if isinstance(r, Order) and r.start_utc > LIVE + QUARTER)
    cancelled = replace(planned, revision=2, status=OrderStatus.CANCELLED, at_utc=LIVE + QUARTER)
    _, answered = run(step(), [cancelled], state)
    lead = slot_of(planned.start_utc) - slot_of(LIVE + QUARTER)
    assert answered[0].q50_kw[lead + 1] == pytest.approx(issued[-1].q50_kw[lead + 1] - BATCH_KW[1], abs=8)


def test_orders_of_the_past_or_without_effect_are_not_answered() -> None:
    state, _ = run(step(), stream(START, LIVE + QUARTER, LIVE))
    now = LIVE + QUARTER
    reported_again = SmallPlant.order("old", LIVE + DAY, now - timedelta(hours=2))
    far_away = SmallPlant.order("far", LIVE + 9 * DAY, now)
    started = SmallPlant.order("far", LIVE + 9 * DAY, now, revision=2, status=OrderStatus.RUNNING)
    assert run(step(), [reported_again, far_away, started], state)[1] == []


# -- late data and gaps ------------------------------------------------------------------------------------------------


def test_a_late_revision_replaces_the_earlier_value_and_an_older_one_does_not() -> None:
    state, _ = run(step(), stream(START, LIVE, LIVE, with_orders=False))
    slot = slot_of(LIVE - 5 * QUARTER)
    state, _ = run(step(), [interval(LIVE - 5 * QUARTER, 333.0, revision=2)], state)
    state, _ = run(step(), [interval(LIVE - 5 * QUARTER, 111.0, revision=1)], state)
    assert state.ring.load_kw[slot % KEPT_SLOTS] == 333.0


def test_a_gap_of_a_day_leaves_it_finite_and_is_not_taken_for_zero() -> None:
    records = intervals(stream(START, LIVE + QUARTER, LIVE, with_orders=False))
    gap = [replace(r, energy_uwh=None, quality=IntervalQuality.MISSING) if LIVE - DAY <= r.start_utc < LIVE else r for r in records]
    _, whole = run(step(), list(records))
    _, gapped = run(step(), list(gap))
    check_well_formed(gapped)
    assert np.mean(gapped[0].q50_kw) == pytest.approx(np.mean(whole[0].q50_kw), rel=0.1)


def test_rows_that_never_came_are_missing_too() -> None:
    records = intervals(stream(START, LIVE + QUARTER, LIVE, with_orders=False))
    kept = [r for r in records if not LIVE - 3 * DAY <= r.start_utc < LIVE - DAY]
    _, issued = run(step(), list(kept))
    check_well_formed(issued)
    assert issued[0].trained_on == len(kept)


def test_a_missing_quarter_hour_at_the_head_is_answered_too() -> None:
    state, _ = run(step(), stream(START, LIVE, LIVE, with_orders=False))
    _, issued = run(step(), [interval(LIVE, None)], state)
    check_well_formed(issued)
    assert len(issued) == 1


def test_it_can_begin_with_nothing_but_missing_quarter_hours() -> None:
    _, issued = run(step(), [interval(LIVE + n * QUARTER, None) for n in range(3)])
    check_well_formed(issued)
    assert [f.trained_on for f in issued] == [0, 0, 0]
    assert issued[-1].first_start_utc == LIVE + 3 * QUARTER


def test_it_goes_on_after_a_standstill_longer_than_its_memory() -> None:
    state, _ = run(step(), stream(START, LIVE, LIVE, with_orders=False))
    after = LIVE + timedelta(weeks=30)
    _, issued = run(step(), [interval(after, 100.0), interval(after + QUARTER, 100.0)], state)
    check_well_formed(issued)
    assert [f.trained_on for f in issued] == [1, 2], "the first one so far ahead waits for another, and is not lost"


def test_substitutes_count_less_than_what_was_measured() -> None:
    records = intervals(stream(START, LIVE + QUARTER, LIVE, with_orders=False))
    weeks = [slot_of(LIVE + 8 * QUARTER) - 672 * n for n in range(1, 4)]
    # Two of the last three like quarter hours are wild guesses.
    guessed = [
        replace(r, energy_uwh=500_000_000_000, quality=IntervalQuality.SUBSTITUTED) if slot_of(r.start_utc) in weeks[1:] else r
        for r in records
    ]
    _, issued = run(step(), list(guessed))
    assert issued[0].q50_kw[7] < 400


# -- little history ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarters", [1, 2, 50, 95])
def test_with_less_than_a_day_it_is_a_standard_load_profile_and_wide_and_says_so(quarters: int) -> None:
    live = [interval(LIVE + n * QUARTER, 100.0 + n % 3) for n in range(quarters)]
    _, issued = run(step(), list(live))
    check_well_formed(issued)
    last = issued[-1]
    assert last.model == "standard load profile (shifts)"
    night, work = at(last, LIVE.astimezone(BERLIN).replace(hour=3) + DAY), at(last, LIVE.astimezone(BERLIN).replace(hour=15) + DAY)
    assert work > night, "the plant file's shifts are known before the first reading"
    assert last.q90_kw[150] - last.q10_kw[150] > 0.5 * last.q50_kw[150]
    assert any(note.key in {"forecast.standard_profile", "forecast.flat"} for note in last.notes)
    assert last.score is None


@pytest.mark.parametrize("days", [1, 2, 4, 7, 9])
def test_with_few_days_it_uses_what_there_is_and_says_so(days: int) -> None:
    records = stream(START, START + days * DAY + QUARTER, START + days * DAY)
    _, issued = run(step(), records)
    check_well_formed(issued)
    assert any(note.key in {"forecast.standard_profile", "forecast.little_history"} for note in issued[-1].notes) == (days < 8)


def test_without_a_target_the_odds_are_zero_and_it_says_so() -> None:
    plant = PLANT.model_copy(update={"site": PLANT.site.model_copy(update={"target_kw": None})})
    _, issued = run(ForecastStep(plant), stream(START, LIVE + QUARTER, LIVE))
    assert all(peak.above_target == 0 for peak in issued[0].peaks)
    assert any(note.key == "forecast.no_target" for note in issued[0].notes)


# -- calendars ---------------------------------------------------------------------------------------------------------


def at(forecast: Forecast, local: datetime) -> float:
    """The median [kW] of the quarter hour at a local time."""
    return forecast.q50_kw[slot_of(local.astimezone(UTC)) - slot_of(forecast.first_start_utc)]


@pytest.mark.parametrize(
    ("what", "changed", "quarters"),
    [("clock goes back", date(2026, 10, 25), 100), ("clock goes forward", date(2026, 3, 29), 92)],
)
def test_shifts_begin_by_the_local_clock_after_it_changed(what: str, changed: date, quarters: int) -> None:
    midnight = datetime(changed.year, changed.month, changed.day, tzinfo=BERLIN)
    live = midnight.astimezone(UTC)
    assert len(list(quarter_starts(live, (midnight + DAY).astimezone(UTC)))) == quarters, what
    _, issued = run(step(), stream(live - timedelta(weeks=5), live + QUARTER, live, with_orders=False))
    check_well_formed(issued)
    monday = midnight + DAY
    assert at(issued[0], monday.replace(hour=5, minute=45)) < 120
    assert at(issued[0], monday.replace(hour=6)) > 180
    assert issued[0].peaks[0].day_local == changed.isoformat()


def test_a_holiday_on_a_weekday_rests_like_a_sunday() -> None:
    christmas_eve = datetime(2026, 12, 24, tzinfo=BERLIN)
    live = christmas_eve.astimezone(UTC)
    _, issued = run(step(), stream(live - timedelta(weeks=5), live + QUARTER, live, with_orders=False))
    assert at(issued[0], christmas_eve.replace(hour=10)) > 180
    assert at(issued[0], christmas_eve.replace(day=25, hour=10)) < 100
    assert "calendar" in issued[0].model


# -- day peaks ---------------------------------------------------------------------------------------------------------


def test_todays_peak_holds_what_was_measured_already() -> None:
    records = intervals(stream(START, LIVE + DAY / 2, LIVE, with_orders=False, live_every=48))
    spike = interval(LIVE + 20 * QUARTER, 555.0, IntervalOrigin.IMPORT, revision=1)
    _, issued = run(step(), [*records, spike, interval(LIVE + DAY / 2, 200.0)])
    today = issued[-1].peaks[0]
    assert today.day_local == "2026-10-05"
    assert today.start_utc == LIVE + 20 * QUARTER
    assert (today.q10_kw, today.q50_kw, today.above_target) == (555.0, 555.0, 1.0)
    assert issued[-1].peaks[1].q90_kw < 555


def test_odds_of_passing_the_target_fall_when_a_job_is_moved_off_the_peak() -> None:
    plant = PLANT.model_copy(update={"site": PLANT.site.model_copy(update={"target_kw": 500.0})})
    state, _ = run(ForecastStep(plant), stream(START, LIVE + QUARTER, LIVE))
    begin = datetime(2026, 10, 6, 11, 0, tzinfo=BERLIN).astimezone(UTC)
    both = [SmallPlant.order(f"extra-{n}", begin, LIVE + QUARTER) for n in range(2)]
    state, answered = run(ForecastStep(plant), list(both), state)
    risky = answered[-1].peaks[1]
    moved = replace(both[0], revision=2, start_utc=begin + timedelta(hours=12))
    _, answered = run(ForecastStep(plant), [moved], state)
    calm = answered[-1].peaks[1]
    assert risky.day_local == calm.day_local == "2026-10-06"
    assert abs(risky.start_utc - begin) <= timedelta(hours=1)
    assert risky.above_target > 0.9
    assert calm.q50_kw < risky.q50_kw - 60
    assert calm.above_target < 0.1


def test_peaks_cover_what_they_say() -> None:
    records = stream(START, LIVE + 28 * DAY, LIVE, live_every=96)
    loads = loads_by_slot(intervals(records))
    _, issued = run(step(), records)
    inside, errors = 0, []
    for forecast in issued[:-2]:
        first = slot_of(forecast.first_start_utc) - 1
        highest = max(loads[first + n] for n in range(96) if first + n in loads)
        peak = forecast.peaks[0]
        inside += peak.q10_kw - 1e-6 <= highest <= peak.q90_kw + 1e-6
        errors.append(abs(peak.q50_kw - highest) / highest)
    assert 0.55 <= inside / len(errors) <= 1.0
    assert np.median(errors) < 0.06


def test_every_number_is_finite_on_a_plant_that_draws_nothing() -> None:
    nothing = [interval(START + n * QUARTER, 0.0, IntervalOrigin.IMPORT) for n in range(96 * 20)]
    _, issued = run(step(), [*nothing, interval(START + 96 * 20 * QUARTER, 0.0)])
    check_well_formed(issued)
    assert max(issued[0].q90_kw) == 0.0
    assert issued[0].score is None or math.isfinite(issued[0].score)


def test_a_new_site_can_look_back_on_what_would_have_been_forecast() -> None:
    """The first live quarter hour also brings the forecasts of both last midnights, each knowing only what was before it."""
    records = stream(START, LIVE + DAY / 2 + QUARTER, LIVE + DAY / 2, with_orders=False)
    state, _ = run(step(), records[:-1])
    _, note = step().take_interval(state, intervals(records)[-1])
    *looked_back, newest = note
    assert [f.issued_utc for f in looked_back] == [LIVE - DAY, LIVE]
    assert all(f.replayed for f in looked_back) and not newest.replayed
    undisturbed = backtest(PLANT, intervals(records), [], [LIVE])[0]
    assert looked_back[-1].q50_kw == undisturbed.q50_kw
