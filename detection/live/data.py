"""Faults of the data as incidents: what was measured says nothing of the plant."""

from __future__ import annotations

from math import isnan, nan

from detection.live.incidents import Incident, Sign
from detection.streams import data_faults
from detection.streams.meter import Meter
from detection.streams.row import Judgement, Row
from domain.anomalies import AnomalyKind
from domain.intervals import QUARTER_MS, IntervalMethod

QUARTER_S = QUARTER_MS // 1000
KINDS = {data_faults.SPIKE: AnomalyKind.SPIKE, data_faults.UNIT_JUMP: AnomalyKind.UNIT_JUMP}
CALM_ROWS = 4
"""Quarter hours without the fault that end it."""
EVERY_S = 86_400
"""There is little to add to a fault of the data."""


def take(
    incidents: dict[AnomalyKind, Incident], row: Row, method: IntervalMethod, fault: Judgement, meter: Meter
) -> list[AnomalyKind]:
    """Count the fault of a quarter hour; kinds that are to be published. One that is missing neither shows nor ends anything."""
    at_s = int(row.at_s)
    end_s = at_s + QUARTER_S
    shown = AnomalyKind.STUCK if method is IntervalMethod.STUCK else KINDS.get(fault.kind) if fault.strength >= 1.0 else None
    found = []
    if shown is not None and incidents[shown].seen(_sign(shown, row, meter, at_s, end_s), end_s, EVERY_S):
        found.append(shown)
    if shown is None and isnan(row.values[0]):
        return found
    return found + [
        kind for kind in (AnomalyKind.STUCK, *KINDS.values()) if kind is not shown and incidents[kind].not_seen(CALM_ROWS, end_s)
    ]


def _sign(kind: AnomalyKind, row: Row, meter: Meter, at_s: int, end_s: int) -> Sign:
    power_kw = row.values[0]
    if kind is AnomalyKind.STUCK:
        return Sign(at_s, end_s, actual_kw=power_kw)
    highest_kw = meter.data.peaks.highest
    return Sign(at_s, end_s, expected_kw=nan, actual_kw=power_kw, numbers=(highest_kw,))
