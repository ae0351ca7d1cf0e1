"""Which of the demo's surprises were found, named and priced, and how late: the published anomalies beside what the simulator knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import instant
from domain.instants import instant_text
from lastgang.demo.account import Span
from simulation.surprises import Surprises

PUBLISHING = timedelta(minutes=5)
"""From the end of the quarter hour in which something shows to the record on the log, in plant time: the demo runs sixty times real time."""
FROM_HISTORY = timedelta(minutes=30)
"""What began in the weeks of history is found with the first live quarter hours."""
WEARING = (AnomalyKind.MACHINE_UNUSUAL, AnomalyKind.LIMIT_AHEAD)
BEARING, SCRAP = timedelta(hours=3), timedelta(hours=3)
"""Health is judged by the minute, once it is clear that it lasts; scrap by counts, which come a few an hour."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be found of one surprise."""

    name: str
    kinds: tuple[AnomalyKind, ...]
    """One of these."""
    meters: tuple[str, ...]
    """On each of these meters."""
    shows_utc: datetime
    """From when on it can be seen live."""
    within: timedelta
    """By when it must be found."""
    costs: bool
    """Whether it wastes energy, so that its finding must be priced."""


@dataclass(frozen=True, slots=True)
class Surprised:
    """One surprise on one meter, beside its anomaly."""

    name: str
    meter: str
    shows_utc: str
    within_min: float
    kind: str | None
    """Of the anomaly; None: not found."""
    delay_min: float | None
    """From when it can be seen to its first record."""
    eur_per_day: float | None
    priced: bool | None
    """None where it costs no energy."""

    @property
    def holds(self) -> bool:
        """Whether it was found within its delay, and priced where it costs energy."""
        return self.delay_min is not None and self.delay_min <= self.within_min and self.priced is not False


def expected_of(surprises: Surprises, span: Span) -> Iterator[Expected]:
    """What must be found within `span`; what shows too late in it for its delay is left out."""
    for one in _expected(surprises, span.from_utc):
        if span.from_utc <= one.shows_utc and one.shows_utc + one.within <= span.to_utc:
            yield one


def _expected(surprises: Surprises, begin_utc: datetime) -> Iterator[Expected]:
    for left_on in surprises.left_on:
        # Two quarter hours wholly outside the shift, and the one in which the shift ended.
        within = timedelta(minutes=45) + PUBLISHING
        yield Expected("left on", (AnomalyKind.ON_WHILE_OFF,), (left_on.machine,), _at(left_on.from_s), within, True)
    for reset in surprises.resets:
        within = timedelta(minutes=15) + PUBLISHING
        yield Expected("counter reset", (AnomalyKind.COUNTER_DISCONTINUITY,), (reset.meter,), _at(reset.at_s), within, False)
    for outage in surprises.outages:
        if (
            outage.to_s - outage.from_s >= 2 * timedelta(minutes=15).total_seconds()
        ):  # a shorter one has readings in each quarter hour
            within = timedelta(minutes=30) + PUBLISHING
            yield Expected("no network", (AnomalyKind.SILENT_METER,), outage.meters, _at(outage.from_s), within, False)
    for leak in surprises.leaks:
        # Air comes from all compressors of the net; the first one carries the base load.
        kinds = (AnomalyKind.AIR_LEAK,)
        yield Expected("air leak", kinds, ("compressor-1",), max(begin_utc, _at(leak.from_s)), FROM_HISTORY, True)
    for bearing in surprises.bearings:
        yield Expected("failing bearing", WEARING, (bearing.machine,), _at(bearing.from_s), BEARING, False)
    for mould in surprises.worn_moulds:
        yield Expected("worn mould", (AnomalyKind.SCRAP_RISING,), (mould.machine,), _at(mould.from_s), SCRAP, True)
    for wear in surprises.wear:
        if _at(wear.from_s) < begin_utc:
            yield Expected("wear", (AnomalyKind.CREEP,), (wear.machine,), begin_utc, FROM_HISTORY, True)


def _at(t_s: float) -> datetime:
    return instant(round(t_s * 1000))


def _is_of(anomaly: Anomaly, one: Expected, meter: str) -> bool:
    """Whether it is of this kind and meter, and lasted when the surprise could be seen."""
    is_there = anomaly.until_utc is None or anomaly.until_utc > one.shows_utc
    shown = [(anomaly.meter, anomaly.kind), *((other.meter, other.kind) for other in anomaly.also)]
    return is_there and any(where == meter and kind in one.kinds for where, kind in shown)


def surprised(expected: Iterable[Expected], anomalies: Iterable[Anomaly], first_utc: Mapping[str, datetime]) -> list[Surprised]:
    """Each expected finding on each meter, beside the anomaly that was published first of those that match."""
    known = list(anomalies)
    found = []
    for one in expected:
        for meter in one.meters:
            alike = [a for a in known if _is_of(a, one, meter)]
            first = min(alike, key=lambda a: first_utc[a.anomaly], default=None)
            delay = None if first is None else (first_utc[first.anomaly] - one.shows_utc) / timedelta(minutes=1)
            eur = None if first is None else first.eur_per_day
            found.append(
                Surprised(
                    one.name, meter, instant_text(one.shows_utc), one.within / timedelta(minutes=1),
                    None if first is None else str(first.kind), None if delay is None else round(max(delay, 0.0), 1), eur,
                    eur is not None if one.costs else None,
                )
            )  # fmt: skip
    return found
