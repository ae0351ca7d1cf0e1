"""Questions about quarter hours: latest revisions, all revisions, highest, beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.clock import epoch_ms, instant
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.topics import INTERVALS
from quarters.gaps import QuarterRevisions
from quarters.quality import SOUND, makes_maximum
from reporting.ledger.entries import LedgerError
from reporting.ledger.questions import Questions, answered_by, until_ms

BEGINNINGS_KEPT_S = 60.0
"""Beginnings hardly change, and finding them goes through all that was imported: not again with every quarter hour."""
_IN_DOUBT = (
    "AND start_s IN (SELECT d.start_s FROM interval d WHERE d.series = interval.series AND d.start_s = interval.start_s "
    f"AND d.quality NOT IN {tuple(map(str, SOUND))})"
)
_AGAIN = (
    "AND EXISTS (SELECT 1 FROM interval d WHERE d.series = interval.series AND d.start_s = interval.start_s "
    "AND d.revision <> interval.revision)"
)
"""Of more than one revision, whenever they were recorded."""
_QUALITIES = {str(quality): quality for quality in IntervalQuality}
_METHODS = {str(method): method for method in IntervalMethod}
_ORIGINS = {str(origin): origin for origin in IntervalOrigin}


class IntervalQuestions(Questions):
    """What the ledger knows of quarter hours."""

    def series(self) -> list[tuple[str, str]]:
        """All (meter, channel) that have intervals."""
        return [
            (meter, channel)
            for meter, channel in self._database.execute("SELECT DISTINCT meter, channel FROM series ORDER BY 1, 2")
        ]

    @answered_by(INTERVALS)
    def intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[Interval]:
        """Latest revisions of the quarter hours that start in ``[from_utc, to_utc)``, by start."""
        return self._latest_intervals(meter, channel, from_utc, to_utc, as_of_utc)

    def _latest_intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None
    ) -> list[Interval]:
        order = "GROUP BY start_s ORDER BY start_s"
        return [
            interval for interval, _ in self._interval_rows(meter, channel, from_utc, to_utc, as_of_utc, "max(revision)", order)
        ]

    @answered_by(INTERVALS)
    def interval_revisions(self, meter: str, channel: str, start_utc: datetime) -> list[Interval]:
        """All revisions of one quarter hour, oldest first."""
        second = instant(epoch_ms(start_utc) + 1000)
        return [i for i, _ in self._interval_rows(meter, channel, start_utc, second, None, "revision", "ORDER BY revision")]

    @answered_by(INTERVALS)
    def revisions(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[QuarterRevisions]:
        """Quarter hours with all their revisions, by start."""
        return self._revisions(meter, channel, from_utc, to_utc, as_of_utc, "")

    @answered_by(INTERVALS)
    def restatements(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[QuarterRevisions]:
        """Quarter hours with more than one revision."""
        found = self._revisions(meter, channel, from_utc, to_utc, as_of_utc, _AGAIN)
        return [quarter for quarter in found if len(quarter.revisions) > 1]

    @answered_by(INTERVALS)
    def doubtful(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[QuarterRevisions]:
        """Quarter hours of which any revision is something else than measured, with all their revisions."""
        return self._revisions(meter, channel, from_utc, to_utc, as_of_utc, _IN_DOUBT)

    def _revisions(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None, which: str
    ) -> list[QuarterRevisions]:
        found: dict[datetime, list[tuple[Interval, datetime]]] = {}
        order = f"{which} ORDER BY start_s, revision"
        for row in self._interval_rows(meter, channel, from_utc, to_utc, as_of_utc, "revision", order):
            found.setdefault(row[0].start_utc, []).append(row)
        return [QuarterRevisions(tuple(i for i, _ in revisions), tuple(at for _, at in revisions)) for revisions in found.values()]

    @answered_by(INTERVALS)
    def peak(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> Interval | None:
        """The quarter hour with the highest energy, the earliest of equal ones; missing and faulty ones do not count."""
        best: Interval | None = None
        for interval in self._latest_intervals(meter, channel, from_utc, to_utc, as_of_utc):
            if interval.energy_uwh is None or not makes_maximum(interval.quality):
                continue
            if best is None or best.energy_uwh is None or interval.energy_uwh > best.energy_uwh:
                best = interval
        return best

    def _interval_rows(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None, revision: str, order: str
    ) -> list[tuple[Interval, datetime]]:
        name = self._site_of(meter, channel)
        if name is None:
            return []
        series, site = name
        # With max(), SQLite takes the other columns from the row that has the maximum.
        rows = self._database.execute(
            f"SELECT start_s, {revision}, energy_uwh, coverage, quality, method, readings, origin, recorded_ms FROM interval "
            f"WHERE series=? AND start_s>=? AND start_s<? AND recorded_ms<=? {order}",
            (series, -(-epoch_ms(from_utc) // 1000), -(-epoch_ms(to_utc) // 1000), until_ms(as_of_utc)),
        ).fetchall()
        if self._reads is not None:
            self._reads.quarters(series, (row[:2] for row in rows))
        return [
            (
                Interval(
                    site, meter, channel, instant(start_s * 1000), energy, coverage, _QUALITIES[quality], _METHODS[method], number,
                    readings, _ORIGINS[origin],
                ),
                instant(recorded_ms),
            )
            for start_s, number, energy, coverage, quality, method, readings, origin, recorded_ms in rows
        ]  # fmt: skip

    def _site_of(self, meter: str, channel: str) -> tuple[int, str] | None:
        found = self._database.execute("SELECT series, site FROM series WHERE meter=? AND channel=?", (meter, channel)).fetchall()
        if len(found) > 1:
            msg = f"meter {meter!r} is of several sites in this ledger: {sorted(site for _, site in found)}; keep one ledger a site"
            raise LedgerError(msg)
        return (int(found[0][0]), str(found[0][1])) if found else None

    @answered_by(INTERVALS)
    def interval_span(self, as_of_utc: datetime | None = None) -> tuple[datetime, datetime] | None:
        """Start of the first and of the last quarter hour that there is."""
        sql = "SELECT min(start_s), max(start_s) FROM interval WHERE recorded_ms<=?"
        first, last = self._database.execute(sql, (until_ms(as_of_utc),)).fetchone()
        for start_s in (first, last) if first is not None else ():
            self._note_one("start_s=? AND recorded_ms<=?", start_s, until_ms(as_of_utc))
        return None if first is None else (instant(first * 1000), instant(last * 1000))

    @answered_by(INTERVALS)
    def has_intervals(self, from_utc: datetime, to_utc: datetime) -> bool:
        """Whether any quarter hour of any meter starts in ``[from_utc, to_utc)``."""
        span = -(-epoch_ms(from_utc) // 1000), -(-epoch_ms(to_utc) // 1000)
        self._note_one("start_s>=? AND start_s<?", *span)
        sql = "SELECT EXISTS (SELECT 1 FROM series s JOIN interval i ON i.series = s.series WHERE i.start_s>=? AND i.start_s<?)"
        return bool(self._database.execute(sql, span).fetchone()[0])

    def _note_one(self, which: str, *values: int) -> None:
        """Note the first of the rows that prove what holds for all of them, such as when the first quarter hour was."""
        if self._reads is None:
            return
        sql = f"SELECT series, start_s, revision FROM series JOIN interval USING (series) WHERE {which} ORDER BY 1, 2, 3 LIMIT 1"
        for series, start_s, revision in self._database.execute(sql, values):
            self._reads.quarters(series, [(start_s, revision)])

    @answered_by(INTERVALS, keep_s=BEGINNINGS_KEPT_S)
    def begun(self) -> dict[str, tuple[datetime, datetime | None]]:
        """Start of each meter's first quarter hour, and of the first that came by way of metering; None where none did."""
        found: dict[str, tuple[datetime, datetime | None]] = {}
        for series, meter in self._database.execute("SELECT series, meter FROM series").fetchall():
            sql = "SELECT start_s FROM interval WHERE series=? {} ORDER BY start_s LIMIT 1"
            self._note_one("series=?", series)
            self._note_one("series=? AND origin='metering'", series)
            first = self._database.execute(sql.format(""), (series,)).fetchone()
            live = self._database.execute(sql.format("AND origin=?"), (series, str(IntervalOrigin.METERING))).fetchone()
            if first is not None:
                starts = [instant(row[0] * 1000) if row is not None else None for row in (first, live)]
                found[meter] = _earlier(found.get(meter), starts)
        return found


def _earlier(known: tuple[datetime, datetime | None] | None, starts: Sequence[datetime | None]) -> tuple[datetime, datetime | None]:
    """The first of each of two pairs of starts."""
    both = [starts] if known is None else [known, starts]
    first, live = ([start for start in pair if start is not None] for pair in zip(*both, strict=True))
    return min(first), min(live, default=None)
