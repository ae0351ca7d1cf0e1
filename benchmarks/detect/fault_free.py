"""Four weeks without a fault on three plants, through the whole live step: how often somebody is bothered for nothing.

The simulated demo plant with a reality that strays from its plan (machines that run over, breakdowns, other durations), a plant with two shifts and one with a single shift, whose
meters are those of [meters.py](meters.py) without a fault. Five weeks of history teach before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.detect.meters import WEEK, clean_kw
from detection.priced import Detection
from domain.anomalies import Anomaly
from domain.channels import IMPORT
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.topics import INTERVALS
from domain.units import UWH_PER_KWH
from quarters.numbers import slot_of
from simulation import demo_plant
from simulation.history import history
from simulation.lifelike import Lifelike
from simulation.span import Span, load_span
from simulation.surprises import NONE

PAST, LIVE = 5, 4
"""Weeks."""
METERS = 5
MONDAY_UTC = datetime(2026, 8, 31, tzinfo=UTC)
SEEDS = (7, 8)
Count = Callable[[Sequence[int]], int]


@dataclass(frozen=True, slots=True)
class FaultFree:
    """One plant: its meters, and incidents a meter and week."""

    plant: str
    meters: int
    weeks: float
    incidents: int

    @property
    def per_week(self) -> float:
        """Incidents a meter and week."""
        return self.incidents / (self.meters * self.weeks)


def fault_free(count: Count) -> Iterator[FaultFree]:
    """The plants one after the other; `count` is how often places in a row bother somebody (`command.incidents`)."""
    for seed in SEEDS:
        yield _judged(f"demo plant that strays from its plan, seed {seed}", *_simulated(seed), count)
    yield _judged("two shifts, five meters", *_made(("06:00", "22:00"), 24, 88), count)
    yield _judged("one shift, five meters", *_made(("06:00", "14:00"), 24, 56), count)


def _judged(name: str, plant: Plant, intervals: Iterable[Interval], count: Count) -> FaultFree:
    detection = Detection(plant, None)
    states = {meter.id: detection.initial(meter.id) for meter in plant.meters}
    found: list[Anomaly] = []
    newest = 0
    for interval in intervals:
        states[interval.meter], outputs = detection.take(interval.meter, states[interval.meter], [(INTERVALS, interval)])
        found += [record for _, record in outputs]
        newest = max(newest, slot_of(interval.start_utc))
    bothered = 0
    for meter in plant.meters:
        last = {one.anomaly: one for one in found if one.meter == meter.id}
        # Nobody is bothered before it is published, whatever day it says that it began on.
        first = {one.anomaly: slot_of(one.at_utc) - 1 for one in reversed(found) if one.meter == meter.id}
        places = {
            place
            for name, one in last.items()
            for place in range(first[name], max(newest if one.until_utc is None else slot_of(one.until_utc), first[name]) + 1)
        }
        bothered += count(sorted(places))
    return FaultFree(name, len(plant.meters), LIVE, bothered)


def _simulated(seed: int) -> tuple[Plant, Iterator[Interval]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plant"
        demo_plant.write(path)
        span = replace(load_span(path), surprises=NONE, lifelike=Lifelike(), seed=seed)
    return span.plant, _quarters(span)


def _quarters(span: Span) -> Iterator[Interval]:
    live = timedelta(weeks=LIVE)
    ahead = replace(span, start_utc=span.start_utc + live)
    for origin, quarters in ((IntervalOrigin.IMPORT, history(span)), (IntervalOrigin.METERING, history(ahead, live))):
        for quarter in quarters:
            start_utc = datetime.fromtimestamp(quarter.start_s, UTC)
            for meter in span.plant.meters:
                for register in meter.counters():
                    yield _interval(
                        span.plant, meter.id, register.channel, start_utc, quarter.energy_uwh[meter.id, register.channel], origin
                    )


def _made(shift: tuple[str, str], first: int, end: int) -> tuple[Plant, Iterator[Interval]]:
    counter = {"channel": IMPORT, "kind": "counter", "unit": "kWh", "sampling_s": 10, "resolution": 0.001}
    days = ["mon", "tue", "wed", "thu", "fri"]
    plant = Plant.model_validate(
        {
            "site": {"id": "works", "timezone": "UTC", "commissioned_utc": "2026-01-01T00:00:00Z"},
            "meter": [{"id": f"m{n}", "max_power_kw": 300, "register": [counter]} for n in range(METERS)],
            "shift": [{"id": "day", "days": days, "from": shift[0], "to": shift[1]}],
            # Some meters measure a machine alone, others a hall.
            "machine": [{"id": f"a{n}", "meter": f"m{n}", "rated_kw": 140, "standby_kw": 30, "shifts": ["day"]} for n in range(2)],
        }
    )

    def quarters() -> Iterator[Interval]:
        rows = [clean_kw(Random(seed), first, end) for seed in range(1, METERS + 1)]
        for place in range((PAST + LIVE) * WEEK):
            origin = IntervalOrigin.IMPORT if place < PAST * WEEK else IntervalOrigin.METERING
            for n, kw in enumerate(rows):
                yield _interval(plant, f"m{n}", IMPORT, MONDAY_UTC + place * QUARTER, round(kw[place] / 4 * UWH_PER_KWH), origin)

    return plant, quarters()


def _interval(plant: Plant, meter: str, channel: str, start_utc: datetime, energy_uwh: int, origin: IntervalOrigin) -> Interval:
    return Interval(
        plant.site.id, meter, channel, start_utc, energy_uwh, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 30, origin
    )
