"""What is abnormal right now, the dearest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.views.scene import Scene
from domain.anomalies import Anomaly


@dataclass(frozen=True, slots=True)
class Finding:
    """One open anomaly with its meter's name for people."""

    anomaly: Anomaly
    meter_label: str


def eur_per_day(findings: Sequence[Finding]) -> float | None:
    """What the findings cost together [EUR a day]; None where none of them is priced."""
    priced = [f.anomaly.eur_per_day for f in findings if f.anomaly.eur_per_day is not None]
    return sum(priced) if priced else None


def open_findings(scene: Scene) -> tuple[Finding, ...]:
    """Open anomalies by EUR a day, then by kWh, then the newest."""
    labels = {meter.id: meter.label for meter in scene.plant.meters}
    found = [Finding(a, labels.get(a.meter, a.meter)) for a in scene.history.anomalies(True) if a.until_utc is None]
    found.sort(key=lambda f: (-(f.anomaly.eur_per_day or 0.0), -f.anomaly.excess_kwh, -f.anomaly.since_utc.timestamp()))
    return tuple(found)
