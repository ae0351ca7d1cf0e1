"""Simulated weeks of Werk Nord through the step of the detection, without a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from billing.tariff import load_tariff
from detection.priced import Detection
from domain.anomalies import Anomaly
from domain.calendars import at_local
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from domain.topics import INTERVALS, SHIFT_CHANGES
from simulation import demo_plant
from simulation.factory import QuarterHour
from simulation.history import history
from simulation.span import Span, load_span
from simulation.surprises import NONE, Surprises

FRIDAY = date(2026, 10, 23)
"""First live day, from 06:00."""
SATURDAY = FRIDAY + timedelta(days=1)


def at(day: date, clock: str) -> datetime:
    """An instant of the plant."""
    return at_local(day, clock, demo_plant.ZONE)


class Weeks:
    """The demo plant in `folder`, taught by five weeks of history, and what is found in the days after."""

    def __init__(self, folder: Path, past: Surprises = NONE, meters: Sequence[str] = ()) -> None:
        demo_plant.write(folder)
        self.span: Span = replace(load_span(folder), surprises=past)
        assert self.span.plant.tariff is not None
        self.tariff = load_tariff(folder / self.span.plant.tariff.file)
        self.meters = [meter for meter in self.span.plant.meters if not meters or meter.id in meters]
        detection = Detection(self.span.plant, self.tariff)
        states = {meter.id: detection.initial(meter.id) for meter in self.meters}
        assert self._feed(detection, states, history(self.span), IntervalOrigin.IMPORT, ()) == []
        self.taught = {meter: detection.encode(state) for meter, state in states.items()}

    def found(
        self, days: int, surprises: Surprises, changes: Sequence[ShiftChange] = (), plant: Plant | None = None, restarts: bool = False,
        meters: Sequence[str] = (),
    ) -> list[Anomaly]:  # fmt: skip
        """All revisions that are published in `days` from the live span's beginning on.

        Parameters
        ----------
        changes
            Shift changes that are entered before it; the simulated people do not know of them.
        plant
            Whose calendar everybody knows.
        restarts
            Whether the state is stored and read again with each record.
        meters
            These alone; all if empty.
        """
        span = replace(
            self.span, surprises=surprises, start_utc=self.span.start_utc + timedelta(days=days), plant=plant or self.span.plant
        )
        detection = Detection(span.plant, self.tariff)
        states = {meter: detection.decode(meter, state) for meter, state in self.taught.items() if not meters or meter in meters}
        return self._feed(detection, states, history(span, timedelta(days=days)), IntervalOrigin.METERING, changes, restarts)

    def _feed(
        self, detection: Detection, states: dict[str, object], quarters: Iterable[QuarterHour], origin: IntervalOrigin,
        changes: Sequence[ShiftChange], restarts: bool = False,
    ) -> list[Anomaly]:  # fmt: skip
        found: list[Anomaly] = []
        for meter in states:
            states[meter], _ = detection.take(meter, states[meter], [(SHIFT_CHANGES, change) for change in changes])  # type: ignore[arg-type]
        for quarter in quarters:
            start_utc = datetime.fromtimestamp(quarter.start_s, UTC)
            for meter in (one for one in self.meters if one.id in states):
                for register in meter.counters():
                    energy_uwh = quarter.energy_uwh[meter.id, register.channel]
                    interval = Interval(
                        self.span.plant.site.id, meter.id, register.channel, start_utc, energy_uwh, 1.0, IntervalQuality.MEASURED,
                        IntervalMethod.REGISTER, 0, 30, origin,
                    )  # fmt: skip
                    state = states[meter.id]
                    if restarts:
                        state = detection.decode(meter.id, detection.encode(state))  # type: ignore[arg-type]
                    states[meter.id], out = detection.take(meter.id, state, [(INTERVALS, interval)])  # type: ignore[arg-type]
                    found += [record for _, record in out]
        return found


def newest(found: Iterable[Anomaly]) -> list[Anomaly]:
    """The newest revision of each, in the order in which they were found."""
    return list({anomaly.anomaly: anomaly for anomaly in found}.values())


def first(found: Iterable[Anomaly], meter: str, kind: str) -> Anomaly:
    """The first revision of this kind."""
    return next(one for one in found if (one.meter, one.kind) == (meter, kind))
