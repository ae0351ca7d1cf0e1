"""A job moved by hand: what it would do, by the same functions as advice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small_works import NOW, demand, forecast, interval, order, tariff, two_furnaces, works

from domain.intervals import QUARTER
from domain.orders import Order
from scheduling.what_if import Known, Obstacle, WhatIf


def questions(folder: Path | None, *orders: Order, now=NOW, then: tuple[Order, ...] | None = None) -> WhatIf:
    """What can be asked of the works with these jobs in its forecast; money is known where there is a folder for a tariff."""
    measured = [interval(NOW - n * QUARTER) for n in range(96, 0, -1)]
    seen = orders if then is None else then
    known = Known(
        now,
        forecast(seen),
        {o.job: o for o in orders},
        {o.job: o for o in seen},
        demand=demand(now),
        measured=lambda: (measured, (), ()),
    )
    return WhatIf(works(), None if folder is None else tariff(folder), known)


def obstacles(what_if: WhatIf, job: str, quarters: int) -> list[str]:
    found = what_if.moved(job, NOW + quarters * QUARTER)
    assert found is not None
    return [one.obstacle for one in found.in_the_way]


def test_two_furnaces_one_after_the_other_draw_120_kw_less_and_save_12000_euros(tmp_path: Path) -> None:
    found = questions(tmp_path, *two_furnaces()).moved("A", NOW + 10 * QUARTER)
    assert found is not None
    assert (found.peak_before_kw, found.peak_after_kw, found.in_the_way) == (640.0, 520.0, ())
    assert found.saving.total_eur == pytest.approx(12_000.0)


def test_without_a_tariff_euros_are_unknown_and_kilowatts_are_not() -> None:
    found = questions(None, *two_furnaces()).moved("A", NOW + 10 * QUARTER)
    assert found is not None
    assert (found.saving.total_eur, found.reduction_kw) == (None, 120.0)


def test_a_job_that_was_moved_since_the_forecast_is_taken_from_where_it_is_now(tmp_path: Path) -> None:
    first, second = two_furnaces()
    moved = replace(first, revision=2, start_utc=NOW + 12 * QUARTER, at_utc=NOW + timedelta(minutes=1))
    found = questions(tmp_path, moved, second, now=NOW + timedelta(minutes=2), then=(first, second)).moved("A", NOW + 8 * QUARTER)
    assert found is not None
    assert (found.peak_before_kw, found.peak_after_kw) == (520.0, 640.0)
    assert found.saving.total_eur == pytest.approx(-12_000.0)


@pytest.mark.parametrize(
    ("quarters", "change", "expected"),
    [
        (6, {}, []),
        (6, {"earliest": 7}, [Obstacle.EARLIEST]),
        (11, {"due": 12}, [Obstacle.DUE]),
        (31, {"due": 40}, [Obstacle.SHIFT]),  # the early shift ends with the 32nd quarter hour
        (6, {"profile": (), "quarters": 2}, [Obstacle.POWER]),
        (-1, {"earliest": -9}, [Obstacle.BEGUN, Obstacle.SHIFT]),
        (0, {"earliest": -9}, [Obstacle.NOTICE]),
    ],
)
def test_what_stands_in_the_way_is_named(quarters: int, change: dict[str, object], expected: list[str]) -> None:
    assert obstacles(questions(None, order("A", **change)), "A", quarters) == expected


def test_the_job_that_takes_the_machine_is_named() -> None:
    what_if = questions(None, order("A"), order("C", start=12))
    found = what_if.moved("A", NOW + 11 * QUARTER)
    assert found is not None
    assert [(one.obstacle, one.other_job) for one in found.in_the_way] == [(Obstacle.MACHINE, "C")]
    assert obstacles(what_if, "A", 10) == []


def test_nobody_knows_what_a_job_that_is_not_there_would_do() -> None:
    assert questions(None, order("A")).moved("B", NOW) is None
