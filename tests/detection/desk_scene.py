"""A plant of halls and machines, findings by hand, and the desk that takes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from detection.desk.state import DeskState
from detection.desk.step import AnomalyDesk
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.feedback import Feedback, FeedbackKind
from domain.plant import Plant
from domain.readings import Rejection
from domain.topics import ANOMALIES, FEEDBACK, FINDINGS, REJECTED, Topic

SITE = "werk"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# A Tuesday, after the late shift.
NIGHT = datetime(2026, 10, 20, 22, 15, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
PARENTS = {"main": None, "hall-1": "main", "hall-2": "main", "furnace-1": "hall-1", "furnace-2": "hall-1", "press-1": "hall-2"}
PLANT = Plant.model_validate(
    {
        "site": {"id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "meter": [
            {"id": meter, "max_power_kw": 2000} | ({"parent": parent} if parent else {}) for meter, parent in PARENTS.items()
        ],
    }
)


def found(
    meter: str, kw: float, minutes: float = 30, *, since: datetime = NIGHT, kind: AnomalyKind = AnomalyKind.LEFT_ON, revision: int = 0,
    ended: bool = False, price: float | None = 0.2, machine: str = "",
) -> Anomaly:  # fmt: skip
    """A finding of `kw` above what is expected, `minutes` after its beginning."""
    at_utc = since + minutes * MINUTE
    kwh = kw * minutes / 60
    return Anomaly(
        SITE, meter, f"{meter}/{kind}/{epoch_ms(since) // 1000}", revision, kind, since, at_utc if ended else None, at_utc,
        2.0 if kw else None, 2.0 + kw if kw else None, kwh, kw * 10, None if price is None else kw * 10 * price, cause=machine,
    )  # fmt: skip


def lasting(meter: str, kw: float, to_minutes: int, every: int = 15, ended: bool = True, **more: Any) -> list[Anomaly]:
    """A finding with its revisions, from 30 minutes after its beginning on; the last ends it."""
    steps = range(30, to_minutes + 1, every)
    return [found(meter, kw, at, revision=n, ended=ended and at + every > to_minutes, **more) for n, at in enumerate(steps)]


def word(
    anomaly: Anomaly, kind: FeedbackKind, minutes: float = 50, by: str = "M. Adler", since: datetime | None = None
) -> Feedback:
    """Feedback on an anomaly, some minutes after it began."""
    return Feedback(SITE, anomaly.meter, anomaly.anomaly, kind, by, (since or anomaly.since_utc) + minutes * MINUTE)


class Desk:
    """Takes records one after the other; the state is stored after each, and read again."""

    def __init__(self, plant: Plant = PLANT, batch: int = 1) -> None:
        self.step = AnomalyDesk(plant)
        self.stored = self.step.encode(self.step.initial(SITE))
        self.published: list[Anomaly] = []
        self.rejected: list[Rejection] = []
        self._batch = batch

    def take(self, *records: Anomaly | Feedback) -> list[Anomaly]:
        """What is published on them."""
        before = len(self.published)
        rows = [(_topic(record), record) for record in records]
        for first in range(0, len(rows), self._batch):
            state = self.step.decode(SITE, self.stored)
            state, outputs = self.step.take(SITE, state, rows[first : first + self._batch])
            self.stored = self.step.encode(state)
            self.published += [record for topic, record in outputs if topic is ANOMALIES]
            self.rejected += [record for topic, record in outputs if topic is REJECTED]
        return self.published[before:]

    @property
    def state(self) -> DeskState:
        """As it is stored."""
        return self.step.decode(SITE, self.stored)

    def now(self) -> dict[str, Anomaly]:
        """Anomaly -> its newest revision."""
        return {one.anomaly: one for one in self.published}

    def open(self) -> list[str]:
        """Ids of what is open."""
        return sorted(name for name, one in self.now().items() if one.until_utc is None)


def _topic(record: Anomaly | Feedback) -> Topic:
    return FEEDBACK if isinstance(record, Feedback) else FINDINGS


def by_time(*series: Iterable[Anomaly]) -> list[Anomaly]:
    """Revisions of several findings in the order in which they are found."""
    return sorted((one for some in series for one in some), key=lambda one: (one.at_utc, one.meter))
