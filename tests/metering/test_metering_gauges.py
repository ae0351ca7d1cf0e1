"""Gauges: each reading holds until the next, but not for long."""

from __future__ import annotations

import pytest
from small_plant import TEN, Run, gauge, minutes, plant, reading


def test_a_quarter_hour_is_the_integral_of_what_each_reading_holds() -> None:
    run = Run(plant(gauge())).take(minutes([60.0] * 10 + [30.0] * 30, channel="power"))
    assert run.published(0, "power") == (pytest.approx(10 + 2.5), "measured", "integral")


def test_a_silence_is_covered_by_the_mean_of_what_was_seen_and_never_by_zero() -> None:
    run = Run(plant(gauge())).take(minutes([60.0] * 5 + [None] * 5 + [60.0] * 30, channel="power"))
    assert run.published(0, "power") == (pytest.approx(15.0), "estimated", "covered_mean")
    assert run.row(0, "power").coverage == pytest.approx(11 / 15, abs=1e-6)  # the reading before the silence holds two minutes


def test_no_reading_at_all_is_missing() -> None:
    run = Run(plant(gauge())).take([reading(TEN, 60.0, "power")]).advance(TEN + 4 * 900_000)
    assert run.published(1, "power") == (None, "missing", "none")


def test_what_no_cable_can_carry_is_refused() -> None:
    run = Run(plant(gauge())).take(minutes([60.0, 2147483647.0, -121.0, 120.0], channel="power"))
    assert run.reasons() == ["impossible_power"] * 2
