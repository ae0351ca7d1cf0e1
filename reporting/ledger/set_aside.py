"""Questions about the running quarter hour, and about what was set aside: rejections, conflicts, what could not be read."""

from __future__ import annotations

from datetime import datetime

from domain.clock import epoch_ms, instant
from domain.demand import Demand
from domain.topics import DEMAND, REJECTED
from reporting.ledger.entries import Conflict, RejectedReadings
from reporting.ledger.questions import Questions, answered_by, stored, until_ms


class SetAsideQuestions(Questions):
    """What the ledger knows of demand and of what does not count."""

    @answered_by(REJECTED)
    def rejections_by_reason(self, as_of_utc: datetime | None = None) -> dict[str, int]:
        """How many readings were set aside, by reason."""
        self._note_numbered("rejection", "recorded_ms<=?", until_ms(as_of_utc))
        sql = "SELECT reason, count(*) FROM rejection WHERE recorded_ms<=? GROUP BY reason ORDER BY reason"
        return dict(self._database.execute(sql, (until_ms(as_of_utc),)))

    @answered_by(REJECTED)
    def rejections(self, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None) -> list[RejectedReadings]:
        """Readings received in ``[from_utc, to_utc)`` that were set aside, by meter and reason."""
        which, values = "at_ms>=? AND at_ms<? AND recorded_ms<=?", (epoch_ms(from_utc), epoch_ms(to_utc), until_ms(as_of_utc))
        self._note_numbered("rejection", which, *values)
        sql = f"SELECT meter, reason, count(*) FROM rejection WHERE {which} GROUP BY meter, reason ORDER BY 1, 2"
        return [RejectedReadings(*row) for row in self._database.execute(sql, values)]

    def _note_numbered(self, kind: str, which: str, *values: int) -> None:
        """Note rows that are counted, not given."""
        if self._reads is not None:
            rows = self._database.execute(f"SELECT {kind} FROM {kind} WHERE {which}", values)
            self._reads.numbered(kind, (row[0] for row in rows))

    @answered_by(DEMAND)
    def latest_demand(self) -> Demand | None:
        """The newest state of the running quarter hour that was written: no row yet."""
        rows = self._database.execute("SELECT payload FROM running_demand")
        found = stored(Demand, rows)
        return max(found, key=lambda demand: demand.at_utc, default=None)

    @answered_by(DEMAND)
    def demands(self, from_utc: datetime, to_utc: datetime) -> list[Demand]:
        """The last state of each quarter hour that is over and starts in ``[from_utc, to_utc)``."""
        rows = self._database.execute(
            "SELECT payload, site, start_s FROM demand WHERE start_s>=? AND start_s<? ORDER BY start_s",
            (epoch_ms(from_utc) // 1000, epoch_ms(to_utc) // 1000),
        ).fetchall()
        if self._reads is not None:
            self._reads.demands((site, start_s) for _, site, start_s in rows)
        return list(stored(Demand, rows))

    def conflicts(self, as_of_utc: datetime | None = None) -> list[Conflict]:
        """Records that contradict what was written before them, in order of arrival."""
        self._note_numbered("conflict", "recorded_ms<=?", until_ms(as_of_utc))
        rows = self._database.execute(
            "SELECT topic, subject, revision, payload, place, recorded_ms FROM conflict WHERE recorded_ms<=? ORDER BY conflict",
            (until_ms(as_of_utc),),
        )
        return [
            Conflict(topic, subject, revision, payload, place, instant(recorded_ms))
            for topic, subject, revision, payload, place, recorded_ms in rows
        ]

    def unreadable(self) -> list[tuple[str, int, int, str]]:
        """(topic, partition, offset, reason) of messages that were no records."""
        self._note_numbered("unreadable", "true")
        return list(self._database.execute("SELECT topic, partition, offset, reason FROM unreadable ORDER BY unreadable"))
