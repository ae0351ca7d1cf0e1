"""What an incident rests on, as a picture: what was drawn around it, what was expected, and the last day of its like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from console.views.scene import Scene, net_of_meter
from domain.anomalies import Anomaly, AnomalyKind
from domain.incident_cost import DAY, known_until_utc
from domain.intervals import QUARTER
from domain.plant import Meter
from quarters.net import NetQuarter
from quarters.numbers import quarter_start, quarter_starts

HOUR = timedelta(hours=1)
SHORT, MIDDLE = 1.5 * DAY, 10 * DAY
"""Up to here an incident is drawn by quarter hours, and by hours; longer ones by days."""
LONGEST = 60 * DAY
"""What is older than this before the end of the picture is not drawn."""
AT_REST = frozenset({AnomalyKind.CREEP, AnomalyKind.BASE_LOAD_STEP, AnomalyKind.AIR_LEAK, AnomalyKind.STANDBY})
"""Kinds that are about the power while nobody works: of a day its lowest hour is drawn, not its mean."""
WEEK = 7
FARTHEST_LIKE = 400
"""Days that a day of its like may lie back."""


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """One step of the picture; None where there is no value."""

    start_utc: datetime
    actual_kw: float | None
    like_kw: float | None
    """At the same time of day of the like day."""
    is_inside: bool
    """Whether it belongs to the incident."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The picture of one incident."""

    step: timedelta
    points: tuple[EvidencePoint, ...]
    expected_kw: float | None
    """While it lasts."""
    actual_mean_kw: float | None
    """Of the steps inside."""
    like_mean_kw: float | None
    """Of the same steps on the like day."""
    like_day: date | None
    """None where the picture has no like day: a long one, or nothing is known of one."""
    is_week_before: bool
    """Whether `like_day` is the same weekday a week before, for want of one that was named."""
    is_lowest: bool = False
    """Whether each day stands with its lowest hour, not with its mean."""


def evidence_of(scene: Scene, incident: Anomaly) -> Evidence | None:
    """None where the ledger has nothing to draw."""
    meter = next((one for one in scene.plant.meters if one.id == incident.meter), None)
    if meter is None or scene.is_ahead(incident.since_utc):
        return None
    last = min(scene.now_utc, scene.now_utc if incident.until_utc is None else known_until_utc(incident))
    lasting = last - incident.since_utc
    step = QUARTER if lasting <= SHORT else HOUR if lasting <= MIDDLE else DAY
    before = min(max(lasting / 2, 6 * HOUR), 14 * DAY)
    to_utc = quarter_start(min(scene.now_utc, last + (3 * HOUR if step is QUARTER else before / 4)))
    from_utc = quarter_start(max(incident.since_utc - before, to_utc - LONGEST))
    if from_utc >= to_utc:
        return None
    quarters = net_of_meter(scene.ledger, meter, from_utc, to_utc)
    like_day, is_week_before = _like_day(scene, incident) if step is QUARTER else (None, False)
    like = {} if like_day is None else _like(scene, meter, incident, like_day, (from_utc, to_utc))
    if is_week_before and not any(kw is not None for kw in like.values()):
        like_day, is_week_before = None, False
    points = tuple(_points(scene, incident, quarters, like, (from_utc, to_utc, last), step))
    if all(point.actual_kw is None for point in points):
        return None
    inside = [point for point in points if point.is_inside]
    return Evidence(
        step, points, incident.expected_kw, _mean([point.actual_kw for point in inside]), _mean([point.like_kw for point in inside]),
        like_day, is_week_before, step is DAY and incident.kind in AT_REST,
    )  # fmt: skip


def _like_day(scene: Scene, incident: Anomaly) -> tuple[date | None, bool]:
    """The day that the watch compared with; else the same weekday a week before."""
    begun = incident.since_utc.astimezone(scene.plant.site.zone).date()
    try:
        named = date.fromisoformat(incident.evidence.get("like_day", ""))
    except ValueError:
        return begun - timedelta(days=WEEK), True
    return (named, False) if 0 < (begun - named).days <= FARTHEST_LIKE else (begun - timedelta(days=WEEK), True)


def _like(
    scene: Scene, meter: Meter, incident: Anomaly, like_day: date, span: tuple[datetime, datetime]
) -> Mapping[datetime, float | None]:
    """Power on the like day, by the quarter hour of the picture that has the same time of day."""
    zone = scene.plant.site.zone
    back = incident.since_utc.astimezone(zone).date() - like_day
    counterparts = {}
    for start in quarter_starts(*span):
        local = start.astimezone(zone)
        counterparts[start] = (
            (local.replace(tzinfo=None, fold=0) - back).replace(tzinfo=zone, fold=local.fold).astimezone(start.tzinfo)
        )
    drawn = net_of_meter(scene.ledger, meter, min(counterparts.values()), max(counterparts.values()) + QUARTER)
    found = ((start, drawn.get(then)) for start, then in counterparts.items())
    return {start: None if quarter is None else quarter.power_kw for start, quarter in found}


def _points(
    scene: Scene, incident: Anomaly, quarters: Mapping[datetime, NetQuarter], like: Mapping[datetime, float | None],
    span: tuple[datetime, datetime, datetime], step: timedelta,
) -> list[EvidencePoint]:  # fmt: skip
    from_utc, to_utc, last = span
    groups: dict[object, list[datetime]] = {}
    for start in quarter_starts(from_utc, to_utc):
        local = start.astimezone(scene.plant.site.zone)
        key = start if step is QUARTER else (local.date(), local.hour, local.utcoffset()) if step is HOUR else local.date()
        groups.setdefault(key, []).append(start)
    power = {start: quarter.power_kw for start, quarter in quarters.items()}
    of_step = _lowest_hour if step is DAY and incident.kind in AT_REST else _mean
    return [
        EvidencePoint(
            starts[0],
            of_step([power.get(start) for start in starts]),
            _mean([like.get(start) for start in starts]),
            incident.since_utc < starts[-1] + QUARTER and starts[0] < last,
        )
        for starts in groups.values()
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _lowest_hour(values: Sequence[float | None]) -> float | None:
    """The lowest mean of four neighbours that are all known."""
    hours = [values[place : place + 4] for place in range(len(values) - 3)]
    return min((sum(known) / 4 for hour in hours if len(known := [kw for kw in hour if kw is not None]) == 4), default=None)
