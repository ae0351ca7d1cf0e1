"""A counter that did not simply count on: reset, exchanged, or with a step that was taken out."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from detection.findings import Finding, anomaly_of
from detection.texts import clock_de, clock_en, number_en
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, slot_of

WORDS = {
    IntervalMethod.RESET: ("was reset", "wurde zurückgesetzt"),
    IntervalMethod.EXCHANGE: ("was exchanged", "wurde getauscht"),
    IntervalMethod.STEP_REMOVED: ("jumped; the step was taken out", "sprang; der Sprung wurde herausgerechnet"),
}
"""A rollover is not among them: it is how a counter counts on."""
KEPT = 32


@dataclass(slots=True)
class Jump:
    """One quarter hour found with a jump: in which channel and way, by which revision of the interval, told how often."""

    channel: str
    method: IntervalMethod
    interval_revision: int
    revision: int = 0


def take(jumps: dict[int, Jump], interval: Interval, meter_label: str, zone: ZoneInfo) -> list[Anomaly]:
    """Tell a jump once per meter and quarter hour; tell it again only when a later revision names another method."""
    if interval.origin is IntervalOrigin.IMPORT:
        return []
    slot = slot_of(interval.start_utc)
    known = jumps.get(slot)
    if known is None:
        if interval.method not in WORDS:
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
    return [_told(known, interval, meter_label, zone)]


def _told(jump: Jump, interval: Interval, label: str, zone: ZoneInfo) -> Anomaly:
    english, german = WORDS.get(jump.method, ("counts on after all", "zählt doch stetig"))
    energy = interval.energy_kwh
    finding = Finding(
        kind=AnomalyKind.COUNTER_DISCONTINUITY,
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
            "energy_kwh": "missing" if energy is None else number_en(energy, 3),
        },
    )
    return anomaly_of(
        interval,
        finding,
        f"{label}: the counter {interval.channel} {english} in the quarter hour from {clock_en(interval.start_utc, zone)}.",
        f"{label}: der Zähler {interval.channel} {german}, Viertelstunde ab {clock_de(interval.start_utc, zone)}.",
    )
