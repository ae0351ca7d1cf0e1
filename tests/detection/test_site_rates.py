"""How often the watches over a site find something in four weeks of the demo plant in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from billing.tariff import load_tariff
from detection.site.step import SiteWatch
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import OrderStatus
from domain.plant import Plant, load_plant
from domain.topics import FINDINGS, INTERVALS, JOB_POWERS, ORDERS, RECOMMENDATIONS, Topic
from production.step import Production
from simulation import demo_plant
from simulation.factory import Factory, QuarterHour
from simulation.lifelike import Lifelike
from simulation.span import Span, schedule_of

START = datetime(2026, 9, 7, tzinfo=UTC)
LIVE = START + timedelta(weeks=5)
END = LIVE + timedelta(weeks=4)
SEED = 9
TICK_S = 300
MOST_A_METER_AND_WEEK = 0.05


def _records(plant: Plant, quarter: QuarterHour) -> Iterator[tuple[Topic, Any]]:
    channels, at_utc = {meter.id: meter.energy_channel() for meter in plant.meters}, datetime.fromtimestamp(quarter.start_s, UTC)
    origin = IntervalOrigin.IMPORT if at_utc < LIVE else IntervalOrigin.METERING
    for (meter, channel), uwh in quarter.energy_uwh.items():
        if channels.get(meter) == channel:
            how = IntervalQuality.MEASURED, IntervalMethod.REGISTER
            yield INTERVALS, Interval(plant.site.id, meter, channel, at_utc, uwh, 1.0, *how, 1, origin=origin)


def test_four_weeks_without_a_fault_have_next_to_no_finding() -> None:
    folder = Path(demo_plant.TEMPLATE)
    plant = load_plant(folder / "plant.toml")
    span = Span(plant, START, SEED, lifelike=Lifelike())
    orders = span.orders_between(span.first_day - timedelta(days=2), END.date())
    quarters: list[QuarterHour] = []
    begin_s = int((START - timedelta(days=1)).timestamp())
    factory = Factory(
        plant, SEED, begin_s, TICK_S, schedule=schedule_of(orders, span.nature), on_quarter=quarters.append, nature=span.nature
    )
    factory.advance_to(END.timestamp())
    past = [(ORDERS, replace(one, revision=3, status=OrderStatus.DONE)) for one in orders if one.end_utc <= LIVE]
    ahead = [(ORDERS, one) for one in orders if one.end_utc > LIVE]
    history = [one for quarter in quarters if quarter.start_s < LIVE.timestamp() for one in _records(plant, quarter)]
    production = Production(plant)
    _, learned = production.take(plant.site.id, production.initial(plant.site.id), [*past, *history])
    step = SiteWatch(plant, load_tariff(folder / "tariff.toml"))
    powers = [(topic, record) for topic, record in learned if topic is JOB_POWERS]
    state, outputs = step.take(plant.site.id, step.initial(plant.site.id), [*past, *ahead, *powers, *history])
    assert outputs == []
    for quarter in quarters:
        if quarter.start_s >= LIVE.timestamp():
            state, more = step.take(plant.site.id, state, list(_records(plant, quarter)))
            outputs += more
    found = [record for topic, record in outputs if topic is FINDINGS and record.revision == 0]
    assert 0 < len(found) <= MOST_A_METER_AND_WEEK * len(plant.meters) * 4, [(one.kind, one.meter, one.since_utc) for one in found]
    # The machining line draws 4 kW at rest: that is found, once, and advised.
    advised = [record for topic, record in outputs if topic is RECOMMENDATIONS and record.revision == 1]
    assert [(one.kind, one.meter) for one in found if one.kind == "standby"] == [("standby", "cnc-line")]
    assert [(one.action, one.subject) for one in advised] == [("switch_off", "cnc-line")]
    assert len(step.encode(state)) < 30_000 * len(plant.meters)
