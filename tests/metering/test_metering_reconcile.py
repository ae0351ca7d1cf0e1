"""A gauge beside a counter."""

from __future__ import annotations

import pytest
from small_plant import TEN, Run, counter, gauge, minutes, plant, rising

from domain.intervals import QUARTER_MS
from metering.reconcile import reconcile

KWH = 1_000_000_000
WH = 1_000_000


def test_a_gauge_that_agrees_with_its_counter_is_no_finding() -> None:
    found = reconcile(15 * KWH, 15 * KWH + 300 * WH, 1.0, WH)
    assert found is not None
    assert found.deviation == pytest.approx(0.02)
    assert not found.is_off


def test_a_gauge_behind_the_wrong_transformers_is_off() -> None:
    found = reconcile(15 * KWH, 12 * KWH, 1.0, WH)
    assert found is not None
    assert (found.deviation, found.is_off) == (pytest.approx(-0.2), True)


def test_a_coarse_register_may_hide_a_step_at_each_end() -> None:
    found = reconcile(0, 1900 * WH, 1.0, KWH)
    assert found is not None
    assert (found.deviation, found.is_off) == (None, False)
    assert reconcile(0, 2100 * WH, 1.0, KWH).is_off  # type: ignore[union-attr]


def test_what_one_of_them_has_not_seen_is_not_compared() -> None:
    assert reconcile(None, 15 * KWH, 1.0, WH) is None
    assert reconcile(15 * KWH, 14 * KWH, 0.9, WH) is None


def test_a_meter_compares_its_own_gauge_with_its_own_counter() -> None:
    run = Run(plant(counter(), gauge())).take(minutes(rising(40)) + minutes([45.0] * 40, channel="power"))
    found = run.step.reconcile(run.state, "energy_import", TEN)
    assert found is not None
    assert (found.counter_uwh, found.gauge_uwh, found.is_off) == (15 * KWH, 11_250_000_000, True)
    assert run.step.reconcile(run.state, "energy_import", TEN + 9 * QUARTER_MS) is None
    assert Run(plant()).step.reconcile(run.state, "energy_import", TEN) is None
