"""Transformer ratios with dates, registers that count down, reactive energy: worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import TEN, Run, counter, gauge, minutes, plant, reading, rising

from domain.plant import load_plant
from metering.runs import ReadingRun, runs_of

TEN_UTC = datetime(2026, 3, 10, 10, tzinfo=UTC)


def ratio(factor: float, at_utc: datetime, channel: str = "energy_import") -> dict[str, Any]:
    return {"channel": channel, "factor": factor, "from_utc": at_utc, "evidence": "protocol 17"}


def test_a_counter_behind_transformers_is_multiplied_by_their_ratio() -> None:
    # 0.025 kWh a minute on the secondary side, 200/5 A: 1 kWh a minute.
    run = Run(plant(counter(), multipliers=[ratio(40.0, TEN_UTC - timedelta(days=30))]))
    run.take(minutes(rising(40, 25.0, 0.025)))
    assert run.published(0) == (15.0, "measured", "register")


def test_before_the_first_ratio_values_are_taken_as_they_are() -> None:
    run = Run(plant(counter(), multipliers=[ratio(1000.0, TEN_UTC + timedelta(days=30))])).take(minutes(rising(40)))
    assert run.published(0) == (15.0, "measured", "register")


def test_a_ratio_that_changes_inside_a_step_splits_it_at_the_instant() -> None:
    # The register goes on by 0.02 a minute; the ratio is 50 up to 10:07:15 and 75 from then on.
    at = TEN_UTC + timedelta(minutes=7, seconds=15)
    run = Run(plant(counter(), multipliers=[ratio(50.0, TEN_UTC - timedelta(days=9)), ratio(75.0, at)]))
    run.take(minutes(rising(40, 25.0, 0.02)))
    assert run.published(0) == (pytest.approx(7.25 * 1.0 + 7.75 * 1.5, abs=1e-9), "corrected", "multiplier")
    assert run.published(1) == (22.5, "measured", "register")


def test_a_ratio_that_changes_in_a_gap_splits_the_gap() -> None:
    at = TEN_UTC + timedelta(minutes=20)
    values = [*rising(11, 25.0, 0.02), *[None] * 19, *rising(30, 25.6, 0.02)]
    run = Run(plant(counter(), multipliers=[ratio(50.0, TEN_UTC - timedelta(days=9)), ratio(25.0, at)])).take(minutes(values))
    assert run.published(0) == (15.0, "substituted", "interpolated")
    assert run.published(1) == (pytest.approx(5 * 1.0 + 10 * 0.5, abs=1e-9), "substituted", "interpolated")


def test_new_transformers_with_a_new_meter_count_each_by_its_own_ratio() -> None:
    at = TEN_UTC + timedelta(minutes=7, seconds=30)
    protocol = {
        "channel": "energy_import", "at_utc": at, "old_serial": "A", "new_serial": "B",
        "final_reading": 25.15, "start_reading": 0.0,
    }  # fmt: skip
    ratios = [ratio(50.0, TEN_UTC - timedelta(days=9)), ratio(100.0, at)]
    values = [*rising(8, 25.0, 0.02), *rising(30, 0.005, 0.01)]
    run = Run(plant(counter(), exchanges=[protocol], multipliers=ratios)).take(minutes(values))
    assert run.published(0) == (pytest.approx(15.0, abs=1e-9), "corrected", "exchange")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=45, max_size=80), st.sets(st.integers(1, 79), max_size=30),
    st.lists(st.tuples(st.integers(1, 3000), st.sampled_from((0.5, 1.0, 20.0, 33.3))), max_size=3, unique_by=lambda pair: pair[0]),
)  # fmt: skip
def test_what_flowed_under_each_ratio_adds_up(wh: list[int], silent: set[int], changes: list[tuple[int, float]]) -> None:
    """Law of conservation: register's advance times the ratio of its time, whatever is missing in between."""
    changes = sorted(changes)
    levels, level = [], 5000.0
    for step in wh:
        level += step / 1000
        levels.append(round(level, 3))
    kept = [v if n not in silent or n in (0, len(wh) - 1) else None for n, v in enumerate(levels)]
    ratios = [ratio(factor, TEN_UTC + timedelta(seconds=second)) for second, factor in changes]
    run = Run(plant(counter(), multipliers=ratios)).take(minutes(kept)).close()
    known = [(n * 60.0, v) for n, v in enumerate(kept) if v is not None]
    quarters = next(n for n in range(len(wh) // 15, -1, -1) if any(at == n * 900 for at, _ in known))
    expected = 0.0
    for (s0, v0), (s1, v1) in pairwise(known):
        if s1 > quarters * 900:
            break
        instants = [s0, *(s for s, _ in changes if s0 < s < s1), s1]
        for since, until in pairwise(instants):
            factor = next((f for s, f in reversed(changes) if s <= since), 1.0)
            expected += (v1 - v0) * (until - since) / (s1 - s0) * factor
    assert run.total_kwh(0, quarters) == pytest.approx(expected, abs=1e-6)
    assert run.reasons() == []


def test_columns_are_multiplied_like_readings() -> None:
    at = TEN_UTC + timedelta(seconds=700)
    registers = counter(sampling_s=1.0), gauge(sampling_s=1.0)
    ratios = [ratio(40.0, TEN_UTC - timedelta(days=9)), ratio(2.5, at), ratio(40.0, TEN_UTC, "power")]
    one, other = Run(plant(*registers, multipliers=ratios)), Run(plant(*registers, multipliers=ratios))
    readings = [reading(TEN + 1000 * n, round(100 + n / 4000, 3)) for n in range(1800)]
    readings += [reading(TEN + 1000 * n, 0.5 + n % 3, "power") for n in range(1800)]
    for first in range(0, 3600, 50):
        one.take(readings[first : first + 50])
        for run in runs_of(readings[first : first + 50]):
            assert isinstance(run, ReadingRun)
            other.state, _ = other.step.take_run(other.state, run)
        other.advance(one.now_ms)
    assert one.rows == other.rows
    assert one.published(0)[1:] == ("corrected", "multiplier")


def test_a_balance_register_may_fall_and_its_energy_has_a_sign() -> None:
    # Half an hour of 1 kWh a minute drawn, then the sun feeds 0.5 kWh a minute back.
    values = [*rising(31), *rising(40, 1029.5, -0.5)]
    run = Run(plant(counter(balance=True))).take(minutes(values))
    assert [run.published(n) for n in range(4)] == [(15.0, "measured", "register")] * 2 + [(-7.5, "measured", "register")] * 2
    assert run.reasons() == []


def test_a_balance_register_still_cannot_do_the_impossible() -> None:
    values = [*rising(31), 0.0, *rising(30, 1030.5, -0.5), 5000.0, *rising(30, 1015.0, -0.5)]
    run = Run(plant(counter(balance=True))).take(minutes(values))
    assert run.reasons() == ["glitch", "glitch"]


def test_a_long_gap_of_a_balance_register_is_divided_in_proportion_to_time() -> None:
    day = 24 * 60
    values: list[float | None] = [1000.0 + (n % day) * 0.01 for n in range(2 * day)]
    for n in range(2 * day):
        values[n] = round(1000.0 + abs(n % 720 - 360) * 0.1, 3)
    values[day + 100 : day + 400] = [None] * 300
    run = Run(plant(counter(balance=True))).take(minutes(values))
    assert {run.row(n).method.value for n in range((day + 120) // 15, (day + 380) // 15)} == {"interpolated"}


def test_reactive_energy_is_counted_and_integrated_like_active_energy() -> None:
    reactive = counter(channel="reactive_import", unit="kvarh"), gauge(channel="reactive_power", unit="kvar")
    run = Run(plant(counter(), *reactive))
    run.take(
        minutes(rising(40)) + minutes([500.0] * 40, channel="reactive_import") + minutes([30.0] * 40, channel="reactive_power")
    )
    assert run.published(0, "reactive_import") == (0.0, "measured", "register")
    run = Run(plant(*reactive)).take(minutes(rising(40, 7.0, 0.25), channel="reactive_import"))
    assert run.published(0, "reactive_import") == (3.75, "measured", "register")


def test_a_meter_that_counts_only_reactive_energy_has_the_energy_of_its_power_gauge() -> None:
    reactive = counter(channel="reactive_import", unit="kvarh")
    of_both = plant(reactive, gauge(channel="reactive_power", unit="kvar"), gauge())
    run = Run(of_both).take(
        minutes(rising(40, 7.0, 0.25), channel="reactive_import")
        + minutes([90.0] * 40, channel="reactive_power")
        + minutes([60.0] * 40, channel="power")
    )
    assert of_both.meters[0].energy_channel() == "power"
    assert run.published(0, "power") == (15.0, "measured", "integral")
    assert run.published(0, "reactive_import") == (3.75, "measured", "register")


@pytest.mark.parametrize(
    "registers",
    [
        (counter(channel="reactive_import", unit="kvarh"),),
        (gauge(channel="reactive_power", unit="kvar"),),
        (counter(channel="reactive_import", unit="kvarh"), gauge(channel="reactive_power", unit="kvar")),
    ],
)
def test_a_meter_of_reactive_energy_alone_has_no_kilowatt_hours(registers: tuple[dict[str, Any], ...]) -> None:
    assert plant(*registers).meters[0].energy_channel() is None
    assert plant(*registers).meters[0].gauge() is None


def test_active_energy_stands_for_a_meter_whatever_is_written_first() -> None:
    meter = plant(counter(channel="reactive_import", unit="kvarh"), counter(channel="energy_export"), gauge()).meters[0]
    assert meter.energy_channel() == "energy_export"


def test_a_multiplier_of_a_register_that_is_not_there_is_a_fault_with_its_line(tmp_path: Any) -> None:
    (tmp_path / "plant.toml").write_text(
        """
[site]
id = "s"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
[[meter]]
id = "m"
max_power_kw = 100.0
[[meter.register]]
channel = "power"
kind = "gauge"
unit = "kW"
sampling_s = 60
resolution = 0.1
balance = true
[[meter.multiplier]]
channel = "energy_import"
factor = 40
from_utc = 2026-01-01T00:00:00Z
evidence = "plate of the transformers"
"""
    )
    with pytest.raises(Exception, match=r"(?s)balance.*only a counter.*multiplier\[0\].channel.*a register of this meter"):
        load_plant(tmp_path / "plant.toml")
