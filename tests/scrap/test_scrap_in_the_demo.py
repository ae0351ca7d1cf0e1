"""The simulated plant's own counters through the step: five weeks by sheet, the Friday live. The worn mould is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.tariff import load_tariff
from connectors.orders.sheets import read_sheets
from connectors.scrap.judging import Handing, judge
from connectors.scrap.rows import rows_of_sheets
from domain.intervals import Interval, IntervalMethod, IntervalQuality
from domain.orders import OrderStatus
from domain.readings import Reading
from domain.topics import INTERVALS, ORDERS, QUALITY, READINGS
from scrap.step import Scrap
from simulation import demo_plant
from simulation.factory import Factory, QuarterHour
from simulation.history import write_history
from simulation.layout import MOULDING
from simulation.span import Span, load_span, schedule_of
from simulation.surprises import NONE
from tests.scrap.scrap_site import driven, findings

HOURS = 6
DELAY = timedelta(hours=3)


@pytest.fixture(scope="module")
def span(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder = tmp_path_factory.mktemp("demo") / "plant"
    demo_plant.write(folder)
    return load_span(folder)


@pytest.fixture(scope="module")
def past(span: Span, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, Any]]:
    """Two weeks before, handed in as sheets of shifts."""
    folder = tmp_path_factory.mktemp("past")
    write_history(span, folder / "history.csv", timedelta(days=14), folder / "scrap.csv")
    rows, unused = rows_of_sheets(read_sheets(folder / "scrap.csv"))
    judgement = judge(rows, Handing(span.plant, span.start_utc, "scrap.csv"), {})
    assert (unused, judgement.faults) == ([], ())
    assert len(judgement.events) > 60
    return [(QUALITY, event) for event in judgement.events]


def live(span: Span, surprises: Any, hours: int = HOURS) -> list[tuple[Any, Any]]:
    """What the plant's meters and controls show from the live span's start on, and the orders that run."""
    orders = span.orders_between(span.first_day, span.first_day)
    rows: list[tuple[Any, Any]] = []

    def close(quarter: QuarterHour) -> None:
        start_utc = datetime.fromtimestamp(quarter.start_s, UTC)
        for (meter, channel), energy in quarter.energy_uwh.items():
            if channel == "energy_import":
                interval = Interval(
                    span.plant.site.id, meter, channel, start_utc, energy, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1
                )
                rows.append((INTERVALS, interval))

    factory = Factory(
        span.plant, span.seed, span.start_s, 5, surprises, schedule_of(orders, None), span.scale, close, None, nature=None
    )
    mine = (order for order in orders if order.machine in MOULDING)
    rows += [(ORDERS, replace(order, status=OrderStatus.RUNNING, revision=order.revision + 1)) for order in mine]
    for minute in range(hours * 60):
        at_s = span.start_s + 60 * minute
        factory.advance_to(at_s)
        for machine in MOULDING:
            for channel in ("parts", "scrap"):
                value = factory.loads.signal(machine, channel)
                rows.append((READINGS, Reading(span.plant.site.id, machine, channel, at_s * 1000, at_s * 1000, value)))
    return rows


def test_the_worn_mould_is_found_named_and_priced_within_three_hours(
    span: Span, past: list[tuple[Any, Any]], tmp_path: Path
) -> None:
    demo_plant.write(tmp_path)
    step = Scrap(span.plant, load_tariff(tmp_path / "tariff.toml"))
    (worn,) = span.surprises.worn_moulds
    _, outputs = driven(step, [*past, *live(span, span.surprises)])
    found = findings(outputs)
    assert {one.meter for one in found} == {"moulding-1"}
    assert len({one.anomaly for one in found}) == 1
    begin_utc = datetime.fromtimestamp(worn.from_s, UTC)
    assert begin_utc < found[0].at_utc <= begin_utc + DELAY
    assert abs(found[0].since_utc - begin_utc) <= timedelta(minutes=45)
    assert found[0].evidence["product"] == "housing"
    assert found[0].eur_per_day is not None
    assert found[0].eur_per_day > 0
    assert found[-1].until_utc is None


def test_without_the_surprise_nothing_is_found(span: Span, past: list[tuple[Any, Any]]) -> None:
    _, outputs = driven(Scrap(span.plant, None), [*past, *live(span, NONE)])
    assert findings(outputs) == []
