"""Counters: each case between two readings, worked by hand. The meter takes 60 kW: 1 kWh a minute, 15 kWh a quarter hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from small_plant import MINUTE_MS, TEN, Run, counter, gauge, minutes, plant, reading, rising

from domain.intervals import QUARTER_MS
from domain.readings import ReadingQuality
from metering.engine import decode_state, encode_state


def test_a_quarter_hour_is_the_difference_of_the_register_at_its_boundaries() -> None:
    run = Run(plant()).take(minutes(rising(40)))
    assert run.published(0) == (15.0, "measured", "register")
    assert run.row(0).coverage == 1.0
    assert run.row(0).readings == 15


def test_a_boundary_between_two_readings_is_interpolated_in_proportion_to_time() -> None:
    # 10:14:40 shows 1008.0 and 10:15:40 shows 1009.2: at 10:15:00 a third of 1.2 kWh has flowed.
    run = Run(plant()).take(
        [reading(TEN - 20_000, 1000.0), *(reading(TEN + n * MINUTE_MS - 20_000, 1000.0 + 0.5 * n) for n in range(1, 15))]
    )
    run.take([reading(TEN + 15 * MINUTE_MS - 20_000, 1008.0), reading(TEN + 16 * MINUTE_MS - 20_000, 1009.2)]).close()
    at_ten = 1000.0 + 0.5 / 3
    assert run.published(0)[0] == pytest.approx(1008.4 - at_ten, abs=2e-9)


def test_a_gap_across_a_boundary_is_substituted_and_its_sum_stays_measured() -> None:
    values = [*rising(10), *[None] * 10, *rising(30, 1020.0)]
    run = Run(plant()).take(minutes(values))
    assert run.published(0) == (15.0, "substituted", "interpolated")
    assert run.row(0).coverage == pytest.approx(9 / 15)
    assert run.published(1) == (15.0, "substituted", "interpolated")
    assert run.row(1).coverage == pytest.approx(10 / 15)
    assert run.published(2)[1] == "measured" if ("energy_import", TEN + 2 * QUARTER_MS) in run.rows else True


def test_a_gap_inside_a_quarter_hour_only_lowers_its_coverage() -> None:
    values = [*rising(3), *[None] * 5, *rising(30, 1008.0)]
    run = Run(plant()).take(minutes(values))
    assert run.published(0) == (15.0, "measured", "register")
    assert run.row(0).coverage == pytest.approx(9 / 15)


def test_a_register_that_passes_its_modulus_goes_on_counting() -> None:
    run = Run(plant(counter(modulus=1000.0))).take(minutes([(991.0 + n) % 1000 for n in range(40)]))
    assert run.published(0) == (15.0, "measured", "rollover")


def test_a_fall_far_from_the_modulus_is_a_reset_and_the_new_value_is_booked() -> None:
    values = [*rising(7), *rising(30, 0.4)]  # six steps of 1 kWh, then 0.4 kWh counted since zero
    run = Run(plant(counter(modulus=4294967.296))).take(minutes(values))
    assert run.published(0) == (pytest.approx(6 + 0.4 + 8), "corrected", "reset")
    assert run.published(1) == (15.0, "measured", "register")


def test_a_jump_beyond_all_power_is_no_energy_and_its_time_is_held_at_the_power_before() -> None:
    values = [*rising(7), *rising(30, 90_000.0)]
    run = Run(plant()).take(minutes(values))
    assert run.published(0) == (15.0, "corrected", "step_removed")


def test_a_restart_from_an_older_value_is_no_energy() -> None:
    values = [*rising(7), *rising(30, 1002.0)]
    run = Run(plant()).take(minutes(values))
    assert run.published(0) == (15.0, "corrected", "step_removed")


@pytest.mark.parametrize("shown", [0.0, 90_000.0], ids=["zeros", "spikes"])
def test_a_register_that_comes_back_was_a_glitch_and_leaves_a_gap(shown: float) -> None:
    values = [*rising(5), shown, shown, shown, *rising(30, 1008.0)]
    run = Run(plant()).take(minutes(values))
    assert run.reasons() == ["glitch"] * 3
    assert run.published(0) == (15.0, "measured", "register")
    assert run.row(0).coverage == pytest.approx(11 / 15)
    assert run.row(0).readings == 12


def test_hindsight_restates_what_a_run_of_zeros_had_made_of_twelve_hours() -> None:
    run = Run(plant()).take(minutes(rising(60)))
    for hour in range(12):
        run.take(minutes([0.0] * 60, TEN + (1 + hour) * 60 * MINUTE_MS))
    assert run.published(30) == (0.0, "measured", "register")
    run.take(minutes(rising(60, 1000.0 + 13 * 60), TEN + 13 * 60 * MINUTE_MS))
    assert run.reasons() == ["glitch"] * 720
    assert run.published(30) == (pytest.approx(15.0), "substituted", "interpolated")
    assert run.row(30).revision == 2
    assert run.total_kwh(0, 52) == pytest.approx(52 * 15.0, abs=1e-9)


def test_a_return_from_zero_does_not_undo_an_earlier_step() -> None:
    stepped = [*rising(20), *rising(40, 1012.0)]
    run = Run(plant()).take(minutes([*stepped, 0.0, 0.0, *rising(40, 1054.0)]))
    assert run.reasons() == ["glitch"] * 2


def test_an_exchange_books_the_protocols_readings() -> None:
    at = {"at_utc": datetime(2026, 3, 10, 10, 7, 30, tzinfo=UTC), "old_serial": "A", "new_serial": "B"}
    protocol = {"channel": "energy_import", "final_reading": 1007.5, "start_reading": 5.0, **at}
    values = [*rising(8), *rising(30, 5.5)]
    run = Run(plant(exchanges=[protocol])).take(minutes(values))
    assert run.published(0) == (15.0, "corrected", "exchange")


def test_a_counter_that_stands_still_under_load_is_faulty_and_an_idle_one_is_not() -> None:
    both = plant(counter(), gauge())
    still = [1000.0] * 40
    stuck = Run(both).take(minutes(still) + minutes([60.0] * 40, channel="power"))
    assert stuck.published(0) == (0.0, "faulty", "stuck")
    idle = Run(both).take(minutes(still) + minutes([0.0] * 40, channel="power"))
    assert idle.published(0) == (0.0, "measured", "register")


def test_where_no_reading_comes_after_there_is_no_value() -> None:
    run = Run(plant()).take(minutes(rising(20))).advance(TEN + 4 * QUARTER_MS)
    assert run.published(1) == (None, "missing", "none")
    assert run.row(2).coverage == 0.0


def test_history_that_arrives_hours_later_restates_the_quarter_hours_it_fills() -> None:
    history = minutes(rising(60, 1030.0), TEN + 30 * MINUTE_MS)
    run = Run(plant()).take(minutes(rising(30))).take(minutes(rising(120, 1090.0), TEN + 90 * MINUTE_MS))
    assert run.published(3) == (15.0, "substituted", "interpolated")
    for late in reversed(history):
        run.take([late])
    assert [run.published(n) for n in range(2, 6)] == [(15.0, "measured", "register")] * 4
    assert run.row(3).revision >= 2
    assert run.row(0).revision == 1


def test_a_repeated_reading_is_a_duplicate_however_late() -> None:
    run = Run(plant()).take(minutes(rising(200)))
    run.take(minutes(rising(3, 1005.0), TEN + 5 * MINUTE_MS)).take(minutes([1199.0], TEN + 199 * MINUTE_MS))
    assert run.reasons() == ["duplicate"] * 4
    assert run.row(0).revision == 1


def test_readings_that_cannot_be_dated_or_trusted_say_why() -> None:
    run = Run(plant()).take(minutes(rising(5)))
    run.take(
        [
            reading(TEN + 5 * MINUTE_MS, None, quality=ReadingQuality.BAD),
            reading(TEN + 6 * MINUTE_MS, 1004.0, quality=ReadingQuality.UNCERTAIN),
            reading(946_684_800_000, 1004.0),
            reading(TEN + 8 * MINUTE_MS, 1008.0, late_ms=-600_000),
            reading(TEN + 9 * MINUTE_MS, float("nan")),
        ]
    )
    assert run.reasons() == ["bad_quality", "bad_quality", "clock_before_range", "clock_in_future", "bad_quality"]


def test_a_reading_older_than_the_horizon_is_refused_by_name() -> None:
    run = Run(plant(late_horizon_days=2)).take(minutes(rising(5)))
    run.take([reading(TEN - 3 * 86_400_000, 900.0, late_ms=3 * 86_400_000)])
    assert run.reasons() == ["beyond_horizon"]


def test_a_float32_register_may_move_in_its_own_steps() -> None:
    # At 1 GWh in Wh the next value is 64 Wh away, more than 0.1 kW can count in a minute.
    wide = counter(unit="Wh", resolution=1.0, encoding="float32", sampling_s=60.0)
    small = plant(wide).model_copy(update={"meters": (plant(wide).meters[0].model_copy(update={"max_power_kw": 0.1}),)})
    run = Run(small).take(minutes([1e9 + 64.0 * (n // 40) for n in range(60)]))
    assert run.reasons() == []
    assert run.published(2)[1:] == ("measured", "register")
    assert run.total_kwh(0, 3) == pytest.approx(0.064, abs=1e-9)


def test_a_long_gap_takes_the_shape_of_the_last_like_days_and_sums_exactly() -> None:
    day = 24 * 60
    # From 08:00 to 12:00 UTC the machine draws 30 kW, then 90 kW for four hours: four days, the last with a gap from 9 to 14.
    per_minute = [(0.5 if n % day < 240 else 1.5 if n % day < 480 else 0.1) for n in range(4 * day)]
    values: list[float | None] = [1000.0]
    for step in per_minute:
        values.append(round((values[-1] or 0.0) + step, 6))
    for n in range(3 * day + 60, 3 * day + 360):
        values[n] = None
    start = TEN - 26 * 60 * MINUTE_MS  # 08:00 of the day before; days are Monday to Thursday
    run = Run(plant())
    readings = minutes(values, start)
    for n in range(0, len(readings), 60):
        run.take(readings[n : n + 60])
    first = (3 * day - 26 * 60 + 60) // 15
    rows = [run.row(n) for n in range(first, first + 20)]
    assert {row.method.value for row in rows} == {"like_day_scaled"}
    assert [row.energy_kwh for row in rows] == [pytest.approx(7.5)] * 12 + [pytest.approx(22.5)] * 8
    counted = (values[3 * day + 375] or 0.0) - (values[3 * day + 45] or 0.0)
    assert run.total_kwh(first - 1, first + 21) == pytest.approx(counted, abs=1e-9)


def test_a_run_resumed_from_its_bytes_says_what_the_unbroken_run_says() -> None:
    both = plant(counter(), gauge())
    values = [*rising(70), 0.0, 0.0, *rising(10, 1072.0), *[None] * 20, *rising(70, 1102.0)]
    readings = sorted(minutes(values) + minutes([60.0] * 170, channel="power"), key=lambda r: r.received_ms)
    whole, cut = Run(both), Run(both)
    for n in range(0, len(readings), 7):
        whole.take(readings[n : n + 7])
        cut.state = decode_state(encode_state(cut.state))
        cut.take(readings[n : n + 7])
    assert cut.rows == whole.rows
    assert cut.rejected == whole.rejected
    assert encode_state(cut.state) == encode_state(whole.state)


def test_what_is_remembered_of_quiet_days_is_little() -> None:
    run = Run(plant(counter(), gauge()))
    for hour in range(72):
        at = TEN + hour * 60 * MINUTE_MS
        run.take(minutes(rising(60, 1000.0 + 60 * hour), at) + minutes([60.0] * 60, at, "power"))
    assert len(run.state.tracks["energy_import"].points) < 120
    assert len(encode_state(run.state)) < 40_000


def test_readings_of_channels_that_are_no_registers_are_used_and_counted() -> None:
    run = Run(plant()).take(minutes(rising(40)) + minutes([1.0] * 40, channel="parts"))
    assert run.row(0).readings == 30
    assert run.rejected == []


def test_two_clocks_that_interleave_give_one_table_however_the_readings_are_batched() -> None:
    # The gateway's clock was set back by five minutes for a while: two rising runs lie between each other.
    readings = minutes(rising(30))
    back = minutes(rising(6, 1030.0), TEN + 25 * MINUTE_MS + 7_000)
    after = minutes(rising(60, 1036.0), TEN + 36 * MINUTE_MS)
    tables = []
    for size in (1, 2, 5, 96):
        run = Run(plant())
        arrived = [*readings, *back, *after]
        for at in range(0, len(arrived), size):
            run.take(arrived[at : at + size])
        tables.append({key: (row.energy_uwh, row.quality, row.method, row.readings) for key, row in run.close().rows.items()})
    assert tables[1:] == tables[:1] * 3


def test_a_value_that_no_register_can_show_is_refused_at_once() -> None:
    run = Run(plant(counter(), gauge())).take(minutes([*rising(5), 1e300, -1e300, *rising(40, 1007.0)]))
    run.take(minutes([60.0, 1e300, 60.0], channel="power"))
    assert run.reasons() == ["impossible_power"] * 3
    assert run.published(1) == (15.0, "measured", "register")
