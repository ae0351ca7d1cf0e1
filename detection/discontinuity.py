"""A counter that did not simply count on: reset, exchanged, or with a step that was taken out."""

from __future__ import annotations

from dataclasses import dataclass

from detection.findings import Finding, anomaly_of
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact
from domain.intervals import Interval, IntervalMethod, IntervalOrigin
from quarters.numbers import slot_of

JUMPS = frozenset({IntervalMethod.RESET, IntervalMethod.EXCHANGE, IntervalMethod.STEP_REMOVED})
"""A rollover is not among them: it is how a counter counts on."""
KEPT = 32


@dataclass(slots=True)
class Jump:
    """One quarter hour found with a jump: in which channel and way, by which revision of the interval, published how often."""

    channel: str
    method: IntervalMethod
    interval_revision: int
    revision: int = 0


def take(jumps: dict[int, Jump], interval: Interval) -> list[Anomaly]:
    """Publish a jump once per meter and quarter hour, and again only when a later revision names another method."""
    if interval.origin is IntervalOrigin.IMPORT:
        return []
    slot = slot_of(interval.start_utc)
    known = jumps.get(slot)
    if known is None:
        if interval.method not in JUMPS:
            return []
        known = jumps[slot] = Jump(interval.channel, interval.method, interval.revision)
        if len(jumps) > KEPT:
            del jumps[min(jumps)]
    elif known.channel != interval.channel or interval.revision <= known.interval_revision:
        return []
    elif known.method is interval.method:
        known.interval_revision = interval.revision
        return []
    else:
        known.method, known.interval_revision, known.revision = interval.method, interval.revision, known.revision + 1
    return [_published(known, interval)]


def _published(jump: Jump, interval: Interval) -> Anomaly:
    energy = interval.energy_kwh
    finding = Finding(
        kind=AnomalyKind.COUNTER_DISCONTINUITY,
        facts=(_fact(jump.method, interval),),
        since_utc=interval.start_utc,
        until_utc=interval.end_utc,
        revision=jump.revision,
        at_utc=interval.end_utc,
        actual_kw=interval.power_kw,
        evidence={
            "channel": interval.channel,
            "method": jump.method.value,
            "interval_quality": interval.quality.value,
            "interval_coverage": f"{interval.coverage:.3f}",
            "interval_revision": str(interval.revision),
            "energy_kwh": "missing" if energy is None else f"{energy:.3f}",
        },
    )
    return anomaly_of(interval, finding)


def _fact(method: IntervalMethod, interval: Interval) -> Fact:
    meter, channel, start_utc = interval.meter, interval.channel, interval.start_utc
    match method:
        case IntervalMethod.RESET:
            return fact("counter.reset", meter=meter, channel=channel, start_utc=start_utc)
        case IntervalMethod.EXCHANGE:
            return fact("counter.exchanged", meter=meter, channel=channel, start_utc=start_utc)
        case IntervalMethod.STEP_REMOVED:
            return fact("counter.step_removed", meter=meter, channel=channel, start_utc=start_utc)
        case _:
            return fact("counter.continuous", meter=meter, channel=channel, start_utc=start_utc)
