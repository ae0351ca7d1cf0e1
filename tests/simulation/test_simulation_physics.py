"""The factory obeys its laws: energy, bands, determinism, and what would have been."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from domain.units import UWH_PER_KWH
from simulation import demo_plant
from simulation.counterfactual import main_import_kw, without_moves
from simulation.factory import Factory, QuarterHour
from simulation.history import history
from simulation.layout import GROUPS, MAIN
from simulation.machines import CompressedAir, Furnace, Washer, photovoltaic_kw
from simulation.noise import Noise
from simulation.orders import nominal_profile
from simulation.schedule import Job, Schedule
from simulation.span import Span, begin, job_of, load_span, schedule_of
from simulation.surprises import NONE, scheduled
from simulation.surroundings import Calendar
from simulation.waiting import LoadPlan, Waiting
from simulation.weather import Weather

HOUR_S = 3600


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder = tmp_path_factory.mktemp("plant")
    demo_plant.write(folder)
    return load_span(folder)


def run(span: Span, hours: float, schedule: Schedule | None = None) -> tuple[Factory, list[QuarterHour]]:
    if schedule is None:
        schedule = schedule_of(span.orders_between(span.first_day - timedelta(days=1), span.first_day + timedelta(days=2)))
    quarters: list[QuarterHour] = []
    factory = begin(span, schedule)
    factory.on_quarter = quarters.append
    factory.advance_to(span.start_s + hours * HOUR_S)
    return factory, quarters


def test_a_counter_advances_by_the_integral_of_the_power_that_was_shown(span: Span) -> None:
    factory = begin(span, schedule_of(span.orders_of(span.first_day)))
    integral_kwh = 0.0
    for _ in range(1000):
        integral_kwh += factory.power_kw["furnace-1"] * factory.tick_s / HOUR_S
        factory.tick()
    # each tick's energy is rounded to the micro-watt-hour
    assert factory.counters.energy_uwh["furnace-1", "energy_import"] / UWH_PER_KWH == pytest.approx(integral_kwh, abs=1e-6)


def test_a_counter_read_within_a_tick_lies_on_the_straight_line_between_its_ends(span: Span) -> None:
    factory = begin(span, schedule_of(span.orders_of(span.first_day)))
    factory.advance_to(span.start_s + HOUR_S)
    here = factory.counter_uwh(MAIN, "energy_import", factory.t_s)
    half = factory.counter_uwh(MAIN, "energy_import", factory.t_s + 2.5)
    factory.tick()
    after = factory.counters.energy_uwh[MAIN, "energy_import"]
    assert half - here == pytest.approx((after - here) / 2, abs=1)


def test_the_main_meter_is_the_sum_of_everything_behind_it_to_the_last_micro_watt_hour(span: Span) -> None:
    factory, quarters = run(span, 3)
    for quarter in quarters:
        energy = quarter.energy_uwh
        for group, members in GROUPS.items():
            assert energy[group, "energy_import"] == sum(energy[member, "energy_import"] for member in members)
    assert factory.own_step_uwh() == factory.main_step_uwh()


def test_quarter_hours_sum_to_the_counter(span: Span) -> None:
    factory, quarters = run(span, 2)
    for key, counted in factory.counters.energy_uwh.items():
        assert sum(quarter.energy_uwh[key] for quarter in quarters) == counted


def test_the_same_seed_gives_the_same_day_and_another_seed_another(span: Span) -> None:
    first, again = run(span, 2)[1], run(span, 2)[1]
    assert first == again
    assert run(replace(span, seed=span.seed + 1), 2)[1] != first


def test_stopping_and_going_on_changes_nothing(span: Span) -> None:
    whole, _ = run(span, 5)
    schedule = schedule_of(span.orders_between(span.first_day - timedelta(days=1), span.first_day + timedelta(days=2)))
    first = begin(span, schedule)
    first.advance_to(span.start_s + 2.21 * HOUR_S)
    second = begin(span, schedule)
    second.restore(first.snapshot())
    second.advance_to(whole.t_s)
    assert second.counters.energy_uwh == whole.counters.energy_uwh
    assert second.power_kw == whole.power_kw


def test_what_would_have_been_is_what_was_when_nobody_moved_a_job(span: Span) -> None:
    assert without_moves(span, span.start_utc + timedelta(hours=4)) == run(span, 4)[1]


def test_a_moved_batch_takes_its_power_with_it_and_leaves_the_rest_alone(span: Span) -> None:
    orders = span.orders_between(span.first_day - timedelta(days=1), span.first_day + timedelta(days=2))
    batch = next(o for o in orders if o.machine == "furnace-2" and o.start_utc == span.start_utc + timedelta(minutes=210))
    schedule = schedule_of(orders)
    schedule.put(job_of(replace(batch, start_utc=span.start_utc + timedelta(minutes=90))))
    moved, naive = run(span, 5, schedule)[1], run(span, 5)[1]
    at_start = next(q for q in naive if q.start_s == batch.start_utc.timestamp())
    the_same = next(q for q in moved if q.start_s == at_start.start_s)
    fall = (at_start.energy_uwh["furnace-2", "energy_import"] - the_same.energy_uwh["furnace-2", "energy_import"]) * 4 / UWH_PER_KWH
    assert fall > 60
    assert all(
        q.energy_uwh["press-1", "energy_import"] == n.energy_uwh["press-1", "energy_import"]
        for q, n in zip(moved, naive, strict=True)
    )


def at(span: Span, hour: int, minute: int) -> datetime:
    return datetime.combine(span.first_day, time(hour, minute), span.plant.site.zone)


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_the_naive_friday_brings_a_new_peak_and_two_moves_avoid_it_with_trucks_that_charge_later(span: Span, seed: int) -> None:
    other = replace(span, seed=seed, surprises=replace(span.surprises, unplanned=()))
    past_peak = max(main_import_kw(history(other, timedelta(days=14))).values())
    naive = max(main_import_kw(run(other, 8)[1]).values())
    orders = other.orders_between(other.first_day - timedelta(days=1), other.first_day + timedelta(days=2))
    noon = [o for o in orders if o.machine == "furnace-2" and o.start_utc >= other.start_utc]
    by_advice = [
        replace(noon[0], start_utc=noon[0].earliest_utc + timedelta(minutes=15)),
        replace(noon[1], start_utc=other.start_utc + timedelta(hours=8)),
    ]
    moved_orders = [*(one for one in orders if one.job not in {order.job for order in by_advice}), *by_advice]
    peak_s, end_s = at(other, 9, 15).timestamp(), at(other, 10, 30).timestamp()
    waiting = Waiting()
    for point in ("truck-point-1", "truck-point-2"):
        waiting.plan(LoadPlan(point, peak_s, end_s, ()))
    factory = begin(other, schedule_of(moved_orders))
    factory.loads.waiting.restore(waiting.snapshot())
    quarters: list[QuarterHour] = []
    factory.on_quarter = quarters.append
    factory.advance_to(other.start_s + 12 * HOUR_S)
    moved = max(main_import_kw(quarters).values())
    alone = max(main_import_kw(run(other, 12, schedule_of(moved_orders))[1]).values())
    target = other.plant.site.target_kw or 0.0
    assert naive > target + 40
    assert naive > past_peak + 40
    assert moved < target < alone
    assert all(one.missing_kwh == 0 for one in factory.loads.fleet.leavings())


def test_pressure_stays_near_its_band_and_the_second_compressor_helps_where_the_first_is_too_small() -> None:
    air = CompressedAir()
    seen = []
    loaded_second = False
    for _ in range(4000):
        air.step(5, 14.5, 0.0, 0.0)
        seen.append(air.pressure_bar)
        loaded_second |= air.second.loaded
    # the second loads below 6.5 bar, the first unloads above 7.4 bar; a step of 5 s moves less than 0.1 bar
    assert 6.4 < min(seen) < max(seen) < 7.5
    assert loaded_second


def test_wear_costs_energy_and_shows_in_the_vibration() -> None:
    powers = []
    for loss in (0.0, 0.11):
        air = CompressedAir()
        powers.append(sum(sum(air.step(5, 9.0, loss, 0.0)) for _ in range(7200)) / 7200)
        vibration = air.first.vibration_mm_s
    assert powers[1] > powers[0] * 1.04
    assert vibration > 3.0


def test_a_furnace_heats_up_at_full_power_then_holds_its_temperature_by_switching() -> None:
    furnace = Furnace(150.0, 74.0, 0.385, 0.036, 0.33)
    furnace.step(0, 5, "batch", True, False, 0.0)
    assert furnace.temperature_c < 600
    heated_after = next(
        t for t in range(5, 7200, 5) if furnace.step(t, 5, "batch", True, False, 0.0) and furnace.temperature_c > 855
    )
    assert 2700 < heated_after < 5400
    held = []
    switched = set()
    for t in range(heated_after, heated_after + 7200, 5):
        switched.add(furnace.step(t, 5, "batch", True, False, 0.0) > 50)
        held.append(furnace.temperature_c)
    assert switched == {True, False}
    assert 850 < min(held) < max(held) < 870


def test_a_furnace_that_is_off_cools_and_draws_its_control_alone() -> None:
    furnace = Furnace(150.0, 74.0, 0.385, 0.036, 0.33)
    powers = {furnace.step(t, 60, "", False, False, 0.0) for t in range(0, 86400, 60)}
    assert powers == {1.2}
    assert 20 < furnace.temperature_c < 150
    assert furnace.state == "Stopped"


def test_an_order_says_what_the_machine_then_draws(span: Span) -> None:
    orders = span.orders_between(span.first_day - timedelta(days=1), span.first_day)
    _, quarters = run(span, 8, schedule_of(orders))
    for order in orders:
        if (
            order.machine == "furnace-2"
            and span.start_utc <= order.start_utc
            and order.end_utc <= span.start_utc + timedelta(hours=8)
        ):
            inside = [q for q in quarters if order.start_utc.timestamp() <= q.start_s < order.end_utc.timestamp()]
            drawn = sum(q.energy_uwh[order.machine, "energy_import"] for q in inside) / UWH_PER_KWH
            idle = Furnace(128.0, 66.0, 0.33, 0.031, 0.33).idle_kw() * len(inside) / 4
            assert sum(order.profile_kw) / 4 == pytest.approx(drawn - idle, rel=0.15)


def test_the_left_on_furnace_keeps_drawing_after_the_shift(span: Span) -> None:
    with_surprise = run(span, 11)[1]
    without = run(replace(span, surprises=replace(span.surprises, left_on=())), 11)[1]
    evening = [(a, b) for a, b in zip(with_surprise, without, strict=True) if a.start_s >= span.start_s + 9 * HOUR_S]
    for on, off in evening:
        assert on.energy_uwh["furnace-1", "energy_import"] * 4 / UWH_PER_KWH > 15
        assert off.energy_uwh["furnace-1", "energy_import"] * 4 / UWH_PER_KWH < 3


def test_a_reset_register_begins_again_at_zero_while_the_truth_goes_on(span: Span) -> None:
    factory = begin(span, schedule_of(span.orders_of(span.first_day)))
    factory.counters.register_base_uwh["chiller", "energy_import"] = 5_000 * UWH_PER_KWH
    reset = span.surprises.resets[0]
    factory.advance_to(reset.at_s - 1)
    assert factory.register_uwh("chiller", "energy_import", reset.at_s - 1) > 5_000 * UWH_PER_KWH
    counted = factory.counter_uwh("chiller", "energy_import", reset.at_s - 1)
    factory.advance_to(reset.at_s + 60)
    assert 0 <= factory.register_uwh("chiller", "energy_import", reset.at_s + 60) < 5 * UWH_PER_KWH
    assert factory.counter_uwh("chiller", "energy_import", reset.at_s + 60) >= counted


def test_five_weeks_of_history_have_workdays_and_weekends(span: Span) -> None:
    load = main_import_kw(history(span, timedelta(days=7)))
    zone = span.plant.site.zone
    weekend = [power for start, power in load.items() if start.astimezone(zone).weekday() >= 5]
    workday = [power for start, power in load.items() if start.astimezone(zone).weekday() in (1, 2, 3)]
    assert len(load) == 7 * 96
    assert sum(workday) / len(workday) > 4 * sum(weekend) / len(weekend)


def test_noise_depends_on_the_instant_alone() -> None:
    forward, backward = Noise(1, "n", 25.0), Noise(1, "n", 25.0)
    instants = [1e9 + 7.3 * n for n in range(5000)]
    ahead = [forward.at(t) for t in instants]
    assert ahead == [backward.at(t) for t in reversed(instants)][::-1]


def test_the_sun_is_highest_at_noon_and_gives_nothing_at_night() -> None:
    weather = Weather(1)
    june = datetime(2026, 6, 21, tzinfo=UTC).timestamp()
    # 48.8 degrees north at midsummer: 64.65 degrees above the horizon
    assert max(weather.sun_sine(june + minute * 60) for minute in range(1440)) == pytest.approx(0.9037, abs=0.002)
    assert photovoltaic_kw(170, weather.sun_sine(june), 1.0) == 0.0


def test_a_job_that_begins_while_another_runs_waits_for_the_machine() -> None:
    schedule = Schedule()
    schedule.put(Job("a", "washer", 0, 4))
    schedule.put(Job("b", "washer", 900, 2))
    assert [schedule.running("washer", t) for t in (0, 3599, 3600, 5399, 5400)] == ["a", "a", "b", "b", ""]


def test_a_washer_heats_its_bath_and_keeps_it() -> None:
    washer = Washer(bath_c=40.0)
    for t in range(0, 5400, 5):
        washer.step(t, 5, "job", 0.0)
    assert 61 < washer.bath_c < 66
    assert nominal_profile("washer", 6)[0] > 3 * nominal_profile("washer", 6)[-1]


def test_a_clock_change_night_shift_is_as_long_as_the_night(span: Span) -> None:
    calendar = Calendar(span.plant, span.seed)
    first = int(datetime(2026, 10, 25, 0, tzinfo=UTC).timestamp()) // 900
    assert {calendar.at_quarter(first + n).any_staffed for n in range(100)} == {False}


def test_surprises_lie_at_local_clock_times(span: Span) -> None:
    surprises = scheduled(span.start_utc, span.plant.site.zone)
    assert datetime.fromtimestamp(surprises.left_on[0].from_s, UTC) == datetime(2026, 10, 23, 12, 0, tzinfo=UTC)
    assert datetime.fromtimestamp(surprises.left_on[0].to_s, UTC) == datetime(2026, 10, 26, 0, 0, tzinfo=UTC)
    assert NONE.wear_of("compressor-1", 0.0) == 0.0


def test_orders_of_a_day_do_not_overlap_on_a_machine_and_lie_within_their_windows(span: Span) -> None:
    for offset in range(-14, 10):
        orders = span.orders_of(span.first_day + timedelta(days=offset))
        for order in orders:
            assert order.earliest_utc <= order.start_utc
            assert order.end_utc <= order.due_utc
        by_machine: dict[str, list[tuple[datetime, datetime]]] = {}
        for order in orders:
            by_machine.setdefault(order.machine, []).append((order.start_utc, order.end_utc))
        for spans in by_machine.values():
            spans.sort()
            assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_a_plant_folder_for_another_year_and_size_is_whole(tmp_path: Path) -> None:
    demo_plant.write(tmp_path, start_utc=datetime(2020, 2, 7, 5, tzinfo=UTC), scale=1.5, target_kw=1400.0, billed_peak_kw=1410.0)
    span = load_span(tmp_path)
    site = span.plant.site
    assert (site.target_kw, site.billed_peak_kw, site.commissioned_utc.year) == (1400.0, 1410.0, 2019)
    assert span.plant.meter_by_id("main").max_power_kw == 2820.0  # twice the billed peak that was given
    assert "valid_from = 2020-01-01" in (tmp_path / "tariff.toml").read_text()
    assert span.first_day == date(2020, 2, 7)
