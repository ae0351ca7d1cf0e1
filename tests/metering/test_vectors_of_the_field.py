"""Numbers that people of the field agree on, written out: clock changes, trend and rest, float32, invalid patterns, word order, modulus."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from small_plant import MINUTE_MS, TEN, Run, counter, gauge, plant, reading

from connectors.modbus.decode import decode
from connectors.modbus.profile import Point
from domain.calendars import at_local
from domain.intervals import QUARTER
from domain.plant import Meter, Register
from metering.projection import allowed_kw
from metering.rules import CounterRules, counter_rules
from metering.running import RunningQuarter
from quarters.numbers import quarter_starts
from quarters.periods import day_span

BERLIN = ZoneInfo("Europe/Berlin")
NO_VALUE = bytes.fromhex("7FFFFFFF")


def test_clock_changes_of_2026_and_2027_have_92_and_100_local_quarter_hours_and_96_utc_ones():
    counts = {}
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31), date(2026, 10, 24)):
        start, end = day_span(day, BERLIN)
        counts[day.isoformat()] = len(list(quarter_starts(start, end)))
        noon = datetime(day.year, day.month, day.day, tzinfo=UTC)
        assert len(list(quarter_starts(noon, noon + 96 * QUARTER))) == 96
    assert counts == {"2026-03-29": 92, "2026-10-25": 100, "2027-03-28": 92, "2027-10-31": 100, "2026-10-24": 96}


def test_a_quarter_past_two_exists_twice_when_summer_time_ends():
    first, second = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    for instant, zone in ((first, "CEST"), (second, "CET")):
        local = instant.astimezone(BERLIN)
        assert (f"{local:%H:%M}", local.tzname()) == ("02:15", zone)
    assert at_local(date(2026, 10, 25), "02:15", BERLIN) == first


def test_25_kwh_in_a_quarter_hour_are_100_kw():
    run = Run(plant(counter()))
    run.take([reading(TEN + minute * MINUTE_MS, 1000.0 + minute * 25 / 15) for minute in range(20)]).close()
    assert run.row().energy_kwh == pytest.approx(25.0, abs=1e-9)
    assert run.row().power_kw == pytest.approx(100.0, abs=1e-8)


def running(at_s: int, energy_kwh: float, now_kw: float, target_kw: float):
    """The running quarter hour after `at_s` seconds: the counter at its start and now, the power of the last minute."""
    registers = (counter(sampling_s=600.0, resolution=0.0001), gauge(sampling_s=30.0))
    small = plant(*registers, target_kw=target_kw)
    step = RunningQuarter(small.model_copy(update={"meters": (small.meters[0].model_copy(update={"max_power_kw": 1000.0}),)}))
    state, published = step.initial(), []
    now = TEN + at_s * 1000
    for one in (
        reading(TEN - 1, 1000.0), reading(TEN, 1000.0), reading(now - 30_000, now_kw, "power"),
        reading(now - 1, now_kw, "power"), reading(now, 1000.0 + energy_kwh),
    ):  # fmt: skip
        state, demands = step.take_reading(state, one)
        published += demands
    state, demands = step.take_reading(state, reading(now + 1000, now_kw, "power"))
    return (published + demands)[-1]


def test_trend_and_rest_after_five_minutes():
    # t = 300 s, E = 10 kWh, P_now = 150 kW: (10 + 150 * 600 / 3600) * 4 = 140 kW; of a target of 120 kW (30 - 10) * 3600 / 600 = 120 kW are left.
    energy_kwh, now_kw, elapsed_s = 10.0, 150.0, 300.0
    trend_kw = (energy_kwh + now_kw * (900 - elapsed_s) / 3600) * 4
    assert trend_kw == 140.0
    assert allowed_kw(120.0, energy_kwh, elapsed_s, 1200.0) == 120.0
    assert now_kw - allowed_kw(120.0, energy_kwh, elapsed_s, 1200.0) == 30.0
    published = running(299, 10.0 - 150 / 3600, 150.0, 120.0)
    assert published.elapsed_s == 300.0
    assert published.projected_kw == pytest.approx(140.0, abs=1e-6)
    assert published.allowed_kw == pytest.approx(120.0, abs=1e-6)
    assert published.headroom_kw == pytest.approx(-20.0, abs=1e-6)


def test_shedding_100_kw_with_180_s_left_lowers_the_mean_by_20_kw():
    before, after = running(719, 50.0, 300.0, 120.0), running(719, 50.0, 200.0, 120.0)
    shed_kw = (before.projected_kw - after.projected_kw) - (300.0 - 200.0) / 3600 * 4  # the second that the counter did not see
    assert (before.remaining_s, round(shed_kw, 6)) == (180.0, 20.0)


def rules(**register: object) -> CounterRules:
    whole = Register.model_validate(counter(**register))
    return counter_rules(Meter.model_validate({"id": "m", "max_power_kw": 100.0, "register": [whole]}), whole)


def test_a_float32_register_at_1e9_wh_moves_in_steps_of_64_wh():
    register = rules(unit="Wh", encoding="float32", resolution=1.0)
    assert register.step_uwh(1_000_000_000 * 1_000_000) == 64 * 1_000_000
    assert register.amount(1_000_000_064.0, TEN) - register.amount(1_000_000_000.0, TEN) == 64 * 1_000_000


def point(type_: str, unit: str = "W", scale: float = 1.0) -> Point:
    about = {
        "name": "x",
        "function": 3,
        "address": 0,
        "type": type_,
        "unit": unit,
        "kind": "gauge",
        "source": "hand",
        "scale": scale,
    }
    return Point.model_validate(about)


def test_the_pattern_for_no_value_is_no_power():
    assert decode(point("i32", scale=0.01), NO_VALUE, "ABCD").number == pytest.approx(21_474_836.47)
    assert decode(point("i32", scale=0.01), NO_VALUE, "ABCD", frozenset({NO_VALUE})).number is None


def test_the_order_of_words_is_seen_on_a_voltage():
    assert decode(point("f32", unit="V"), bytes.fromhex("43480000"), "ABCD").number == 200.0
    assert decode(point("f32", unit="V"), bytes.fromhex("00004348"), "ABCD").number == pytest.approx(2.4e-41, rel=0.02)


def two_readings(register: dict[str, object], before: float, after: float) -> Run:
    run = Run(plant(register))
    run.take([reading(TEN + minute * MINUTE_MS, before) for minute in range(5)])
    run.take([reading(TEN + minute * MINUTE_MS, after) for minute in range(5, 20)])
    return run.close()


def test_a_counter_that_passes_its_modulus_of_1e12_wh_counts_on():
    run = two_readings(counter(unit="Wh", resolution=1.0, modulus=1e12), 999_999_999_900.0, 150.0)
    assert run.published() == (0.25, "measured", "rollover")


def test_a_counter_far_from_its_modulus_that_falls_was_reset():
    run = two_readings(counter(unit="Wh", resolution=1.0, modulus=4_294_967_296.0), 5_000_000.0, 120.0)
    assert run.published() == (0.12, "corrected", "reset")
