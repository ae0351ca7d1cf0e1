"""What is abnormal right now, the most expensive first, and what is looked at: *nothing abnormal* holds for no more than that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.views.scene import Scene
from detection.watched import WATCHED, MeterWatch, Watching, watched
from domain.anomalies import Anomaly, AnomalyKind
from words.sentences import anomaly_in_each_language, names_of

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One open anomaly with its meter's name for people."""

    anomaly: Anomaly
    meter_label: str
    texts: Mapping[str, str]
    """Language -> what it says."""


@dataclass(frozen=True, slots=True)
class KindWatch:
    """How many meters are watched for one kind of finding."""

    kind: AnomalyKind
    watched: int
    """Meters on which it would be found now."""
    learning: int
    """Meters on which it will be found once enough is known of them."""
    learnt_utc: datetime | None
    """When the first of these has learnt enough."""
    waiting: int
    """Meters of which nothing live has come yet."""
    in_part: Mapping[Watching, int]
    """Of the watched ones those that are watched now and then only."""
    not_watched: Mapping[Watching, int]
    """Meters that are not watched for it, by the reason."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """What is looked at."""

    meters: int
    kinds: tuple[KindWatch, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything at all is looked at now."""
        return any(kind.watched for kind in self.kinds)


def eur_per_day(findings: Sequence[Finding]) -> float | None:
    """What the findings cost together [EUR a day]; None where none of them is priced."""
    priced = [f.anomaly.eur_per_day for f in findings if f.anomaly.eur_per_day is not None]
    return sum(priced) if priced else None


def open_findings(scene: Scene) -> tuple[Finding, ...]:
    """Open anomalies by EUR a day, those without a price by kWh after them, then the newest."""
    found = list(worded(scene, [a for a in scene.ledger.anomalies(True) if a.until_utc is None]))
    found.sort(key=_rank)
    return tuple(found)


def worded(scene: Scene, anomalies: Iterable[Anomaly]) -> tuple[Finding, ...]:
    """Anomalies with the names and sentences for people."""
    names, zone = names_of(scene.plant), scene.plant.site.zone
    return tuple(Finding(a, names.get(("meter", a.meter), a.meter), anomaly_in_each_language(a, zone, names)) for a in anomalies)


def _rank(finding: Finding) -> tuple[float, float, float]:
    a = finding.anomaly
    worth = float("-inf") if a.eur_per_day is None else a.eur_per_day
    return -worth, -a.excess_kwh, -a.since_utc.timestamp()


def watch_view(scene: Scene) -> WatchView:
    """What is looked at now, by kind."""
    begun = scene.ledger.begun()
    known = {meter: first for meter, (first, _) in begun.items()}
    live = {meter: first for meter, (_, first) in begun.items() if first is not None}
    meters = watched(scene.plant, known, live)
    return WatchView(len(meters), tuple(_kind_watch(kind, meters, scene.now_utc) for kind in WATCHED))


def _kind_watch(kind: AnomalyKind, meters: Sequence[MeterWatch], now_utc: datetime) -> KindWatch:
    on = [watch for meter in meters if (watch := meter.of(kind)).watching.is_on]
    begun = [watch.from_utc for watch in on if watch.from_utc is not None]
    learning = [from_utc for from_utc in begun if from_utc > now_utc]
    part = Counter[Watching](watch.watching for watch in on if watch.watching is not Watching.YES)
    off = Counter(watching for meter in meters if not (watching := meter.of(kind).watching).is_on)
    return KindWatch(
        kind, len(begun) - len(learning), len(learning), min(learning, default=None), len(on) - len(begun), dict(part), dict(off)
    )


__all__ = ["Finding", "KindWatch", "WatchView", "eur_per_day", "open_findings", "watch_view", "worded"]
