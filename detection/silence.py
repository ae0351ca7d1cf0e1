"""A meter of which nothing was heard for whole quarter hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detection.findings import Finding, anomaly_of
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import Fact, fact
from domain.intervals import QUARTER, Interval, IntervalOrigin
from quarters.numbers import slot_of, slot_start

MINUTE = timedelta(minutes=1)
KEPT_SINGLY = 7 * 96
"""Silent quarter hours that late data may still fill one by one."""


@dataclass(slots=True)
class Silence:
    """A span without readings; `unheard` are its quarter hours that no late data has filled."""

    since_slot: int
    revision: int = -1
    unheard: list[int] = field(default_factory=list)
    longest: int = 0
    """Quarter hours that were silent at first."""
    until_slot: int | None = None


def take(silence: Silence | None, interval: Interval, newer: bool) -> tuple[Silence | None, list[Anomaly]]:
    """Open with the first unheard quarter hour, grow with each, end with the next that was heard or when late data has filled all.

    The newest silence is remembered after its end, so that late data can still be reported.
    """
    if interval.origin is IntervalOrigin.IMPORT:
        return silence, []
    slot = slot_of(interval.start_utc)
    heard = interval.coverage > 0
    if not newer:
        return silence, _filled(silence, interval, slot) if heard else []
    running = silence is not None and silence.until_slot is None
    if heard:
        if silence is None or not running:
            return silence, []
        silence.until_slot = slot
        return silence, [_published(silence, interval)]
    if silence is None or not running:
        silence = Silence(slot)
    silence.unheard.append(slot)
    silence.longest += 1
    del silence.unheard[:-KEPT_SINGLY]
    return silence, [_published(silence, interval)]


def broken_off(silence: Silence | None, interval: Interval) -> tuple[None, list[Anomaly]]:
    """End a silence in a time that has turned out to be wrong."""
    if silence is None or silence.until_slot is not None:
        return None, []
    silence.until_slot = silence.since_slot + silence.longest
    return None, [_published(silence, interval)]


def _filled(silence: Silence | None, interval: Interval, slot: int) -> list[Anomaly]:
    if silence is None or slot not in silence.unheard:
        return []
    silence.unheard.remove(slot)
    if silence.unheard:
        return []
    if silence.until_slot is None:
        silence.until_slot = slot + 1
    return [_published(silence, interval)]


def _published(silence: Silence, interval: Interval) -> Anomaly:
    silence.revision += 1
    since_utc = slot_start(silence.since_slot)
    until_utc = None if silence.until_slot is None else slot_start(silence.until_slot)
    restored = until_utc is not None and not silence.unheard
    finding = Finding(
        kind=AnomalyKind.SILENT_METER,
        facts=(_fact(silence, interval.meter, since_utc, until_utc, restored),),
        since_utc=since_utc,
        until_utc=until_utc,
        revision=silence.revision,
        at_utc=interval.end_utc,
        evidence={
            "silent_quarter_hours": str(silence.longest),
            "still_unheard": str(len(silence.unheard)),
            "interval_quality": interval.quality.value,
            "interval_method": interval.method.value,
            "interval_revision": str(interval.revision),
            "filled_by_late_data": "yes" if restored else "no",
        },
    )
    return anomaly_of(interval, finding)


def _fact(silence: Silence, meter: str, since_utc: datetime, until_utc: datetime | None, restored: bool) -> Fact:
    if until_utc is None:
        return fact("silent.lasting", meter=meter, since_utc=since_utc, silent_min=silence.longest * QUARTER / MINUTE)
    if restored:
        return fact("silent.filled", meter=meter, since_utc=since_utc, until_utc=until_utc)
    return fact("silent.ended", meter=meter, since_utc=since_utc, until_utc=until_utc)
