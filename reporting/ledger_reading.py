"""Reading the ledger: latest revisions, or what was known at an instant. No statement here changes anything."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from domain.anomalies import Anomaly
from domain.clock import epoch_ms, instant
from domain.codec import UnreadableRecord, decode_stored
from domain.demand import Demand
from domain.errors import LastgangError
from domain.forecasts import Forecast
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order
from domain.recommendations import Decision, Recommendation
from domain.topics import ANOMALIES, DECISIONS, FORECASTS, METER_FORECASTS, ORDERS, RECOMMENDATIONS, Topic
from reporting.gaps import SOUND, Told

_IN_DOUBT = (
    "AND start_s IN (SELECT d.start_s FROM interval d WHERE d.series = interval.series AND d.start_s = interval.start_s "
    f"AND d.quality NOT IN {tuple(map(str, SOUND))})"
)
_COUNTS_NOT = (IntervalQuality.MISSING, IntervalQuality.FAULTY)

log = structlog.get_logger("ledger")
Record = TypeVar("Record")
Place = tuple[str, int]
"""Topic name without namespace, partition."""


class LedgerError(LastgangError):
    """The ledger cannot be used as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that contradicts one with the same identity; it does not count."""

    topic: str
    subject: str
    revision: int
    payload: str
    place: str
    """``topic/partition/offset`` where it came from."""
    recorded_utc: datetime


class LedgerReading:
    """Questions to a ledger; `as_of_utc` asks for what was known then."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def offsets(self) -> dict[Place, int]:
        """``(topic name, partition)`` -> next offset to read."""
        return {(topic, partition): offset for topic, partition, offset in self._database.execute("SELECT * FROM kafka_offset")}

    def series(self) -> list[tuple[str, str]]:
        """All (meter, channel) that have intervals."""
        return [
            (meter, channel)
            for meter, channel in self._database.execute("SELECT DISTINCT meter, channel FROM series ORDER BY 1, 2")
        ]

    def intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[Interval]:
        """Latest revisions of the quarter hours that start in ``[from_utc, to_utc)``, by start."""
        rows = self._interval_rows(
            meter, channel, from_utc, to_utc, as_of_utc, "max(revision)", "GROUP BY start_s ORDER BY start_s"
        )
        return [interval for interval, _ in rows]

    def interval_revisions(self, meter: str, channel: str, start_utc: datetime) -> list[Interval]:
        """All revisions of one quarter hour, oldest first."""
        second = instant(epoch_ms(start_utc) + 1000)
        return [i for i, _ in self._interval_rows(meter, channel, start_utc, second, None, "revision", "ORDER BY revision")]

    def told(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None) -> list[Told]:
        """Quarter hours with all that was said of them, by start."""
        return self._told(meter, channel, from_utc, to_utc, as_of_utc, "")

    def restatements(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[Told]:
        """Quarter hours that were said more than once, with all that was said."""
        return [told for told in self.told(meter, channel, from_utc, to_utc, as_of_utc) if len(told.revisions) > 1]

    def doubtful(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> list[Told]:
        """Quarter hours of which it was ever said that they are not simply measured, with all that was said."""
        return self._told(meter, channel, from_utc, to_utc, as_of_utc, _IN_DOUBT)

    def _told(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None, which: str
    ) -> list[Told]:
        found: dict[datetime, list[tuple[Interval, datetime]]] = {}
        order = f"{which} ORDER BY start_s, revision"
        for row in self._interval_rows(meter, channel, from_utc, to_utc, as_of_utc, "revision", order):
            found.setdefault(row[0].start_utc, []).append(row)
        return [Told(tuple(i for i, _ in said), tuple(at for _, at in said)) for said in found.values()]

    def peak(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> Interval | None:
        """The quarter hour with the highest energy, the earliest of equal ones; missing and faulty ones do not count."""
        best: Interval | None = None
        for interval in self.intervals(meter, channel, from_utc, to_utc, as_of_utc):
            if interval.energy_uwh is None or interval.quality in _COUNTS_NOT:
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
            (series, -(-epoch_ms(from_utc) // 1000), -(-epoch_ms(to_utc) // 1000), _until(as_of_utc)),
        )
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

    def interval_span(self, as_of_utc: datetime | None = None) -> tuple[datetime, datetime] | None:
        """Start of the first and of the last quarter hour that there is."""
        sql = "SELECT min(start_s), max(start_s) FROM interval WHERE recorded_ms<=?"
        first, last = self._database.execute(sql, (_until(as_of_utc),)).fetchone()
        return None if first is None else (instant(first * 1000), instant(last * 1000))

    def begun(self) -> dict[str, tuple[datetime, datetime | None]]:
        """Start of each meter's first quarter hour, and of the first that came by way of metering; None where none did."""
        found: dict[str, tuple[datetime, datetime | None]] = {}
        for series, meter in self._database.execute("SELECT series, meter FROM series").fetchall():
            sql = "SELECT start_s FROM interval WHERE series=? {} ORDER BY start_s LIMIT 1"
            first = self._database.execute(sql.format(""), (series,)).fetchone()
            live = self._database.execute(sql.format("AND origin=?"), (series, str(IntervalOrigin.METERING))).fetchone()
            if first is not None:
                starts = [instant(row[0] * 1000) if row is not None else None for row in (first, live)]
                found[meter] = _earlier(found.get(meter), starts)
        return found

    def latest_forecast(self) -> Forecast | None:
        """The forecast issued last."""
        row = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? ORDER BY at_ms DESC, entry DESC LIMIT 1", (FORECASTS.name,)
        ).fetchone()
        return None if row is None else next(_stored(Forecast, [row]), None)

    def forecasts(self, issued_from: datetime, issued_to: datetime) -> list[Forecast]:
        """Forecasts issued in ``[issued_from, issued_to)``, by issue."""
        rows = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND at_ms>=? AND at_ms<? ORDER BY at_ms, entry",
            (FORECASTS.name, epoch_ms(issued_from), epoch_ms(issued_to)),
        )
        return list(_stored(Forecast, rows))

    def forecast_before(self, at_utc: datetime) -> Forecast | None:
        """The site's forecast issued last at or before `at_utc`."""
        row = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND at_ms<=? ORDER BY at_ms DESC, entry DESC LIMIT 1",
            (FORECASTS.name, epoch_ms(at_utc)),
        ).fetchone()
        return None if row is None else next(_stored(Forecast, [row]), None)

    def meter_forecast(self, meter: str, until_utc: datetime | None = None) -> Forecast | None:
        """The forecast of one meter issued last; at or before `until_utc` where that is named."""
        rows = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND at_ms<=? ORDER BY at_ms DESC, entry DESC LIMIT 500",
            (METER_FORECASTS.name, _until(until_utc)),
        )
        found = _stored(Forecast, rows)
        return next((forecast for forecast in found if forecast.meter == meter), None)

    def anomalies(self, open_only: bool = False, as_of_utc: datetime | None = None) -> list[Anomaly]:
        """Latest revision of each, by their beginning; `open_only`: those that last."""
        found = self._latest(ANOMALIES, Anomaly, as_of_utc)
        return sorted((a for a in found if not open_only or a.until_utc is None), key=lambda a: (a.since_utc, a.anomaly))

    def orders(self, as_of_utc: datetime | None = None) -> list[Order]:
        """Latest revision of each job, by start."""
        return sorted(self._latest(ORDERS, Order, as_of_utc), key=lambda o: (o.start_utc, o.job))

    def order_revisions(self, job: str) -> list[Order]:
        """All revisions of one job, oldest first."""
        rows = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND subject LIKE ? ESCAPE '\\' ORDER BY revision",
            (ORDERS.name, "%/" + job.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")),
        )
        return [order for order in _stored(Order, rows) if order.job == job]

    def recommendations(self, as_of_utc: datetime | None = None) -> list[Recommendation]:
        """Latest revision of each, by issue."""
        return sorted(self._latest(RECOMMENDATIONS, Recommendation, as_of_utc), key=lambda r: (r.issued_utc, r.recommendation))

    def decisions(self, as_of_utc: datetime | None = None) -> list[Decision]:
        """All decisions, those on one recommendation in the order of the log: the first counts (`domain.recommendations.deciding`)."""
        rows = self._database.execute(
            "SELECT payload FROM entry WHERE topic=? AND recorded_ms<=? ORDER BY entry", (DECISIONS.name, _until(as_of_utc))
        )
        return list(_stored(Decision, rows))

    def _latest(self, topic: Topic, record_type: type[Record], as_of_utc: datetime | None) -> list[Record]:
        rows = self._database.execute(
            "SELECT payload, max(revision) FROM entry WHERE topic=? AND recorded_ms<=? GROUP BY subject",
            (topic.name, _until(as_of_utc)),
        )
        return list(_stored(record_type, rows))

    def rejections_by_reason(self, as_of_utc: datetime | None = None) -> dict[str, int]:
        """How many readings were set aside, by reason."""
        sql = "SELECT reason, count(*) FROM rejection WHERE recorded_ms<=? GROUP BY reason ORDER BY reason"
        return dict(self._database.execute(sql, (_until(as_of_utc),)))

    def rejections(self, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None) -> Counter[tuple[str, str]]:
        """(meter, reason) -> how many readings received in ``[from_utc, to_utc)`` were set aside."""
        rows = self._database.execute(
            "SELECT meter, reason, count(*) FROM rejection WHERE at_ms>=? AND at_ms<? AND recorded_ms<=? GROUP BY meter, reason ORDER BY 1, 2",
            (epoch_ms(from_utc), epoch_ms(to_utc), _until(as_of_utc)),
        )
        return Counter({(meter, reason): count for meter, reason, count in rows})

    def latest_demand(self) -> Demand | None:
        """The newest state of the running quarter hour that was written."""
        rows = self._database.execute("SELECT payload FROM running_demand")
        found = _stored(Demand, rows)
        return max(found, key=lambda demand: demand.at_utc, default=None)

    def demands(self, from_utc: datetime, to_utc: datetime) -> list[Demand]:
        """The last state of each quarter hour that is over and starts in ``[from_utc, to_utc)``."""
        rows = self._database.execute(
            "SELECT payload FROM demand WHERE start_s>=? AND start_s<? ORDER BY start_s",
            (epoch_ms(from_utc) // 1000, epoch_ms(to_utc) // 1000),
        )
        return list(_stored(Demand, rows))

    def conflicts(self, as_of_utc: datetime | None = None) -> list[Conflict]:
        """Records that contradict what was written before them, in order of arrival."""
        rows = self._database.execute(
            "SELECT topic, subject, revision, payload, place, recorded_ms FROM conflict WHERE recorded_ms<=? ORDER BY conflict",
            (_until(as_of_utc),),
        )
        return [
            Conflict(topic, subject, revision, payload, place, instant(recorded_ms))
            for topic, subject, revision, payload, place, recorded_ms in rows
        ]

    def unreadable(self) -> list[tuple[str, int, int, str]]:
        """(topic, partition, offset, reason) of messages that were no records."""
        return list(self._database.execute("SELECT topic, partition, offset, reason FROM unreadable ORDER BY unreadable"))

    def recorded_until_utc(self) -> datetime | None:
        """When the newest row was written: the natural data cut-off of a report."""
        tables = ("interval", "entry", "rejection", "demand", "conflict")
        found = [self._database.execute(f"SELECT max(recorded_ms) FROM {table}").fetchone()[0] for table in tables]
        return max((instant(ms) for ms in found if ms is not None), default=None)

    def content(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Every row of data but for when and in which order it was recorded: equal for ledgers that say the same."""
        for table, columns in _CONTENT.items():
            for row in self._database.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}"):
                yield table.split()[0], row


_QUALITIES = {str(quality): quality for quality in IntervalQuality}
_METHODS = {str(method): method for method in IntervalMethod}
_ORIGINS = {str(origin): origin for origin in IntervalOrigin}
_CONTENT = {
    "interval JOIN series USING (series)":
        "site, meter, channel, start_s, revision, energy_uwh, coverage, quality, method, readings, origin",
    "entry": "topic, subject, revision, at_ms, payload",
    "rejection": "source, meter, reason, at_ms, payload",
    "demand": "site, start_s, payload",
    "running_demand": "site, payload",
    "conflict": "topic, subject, revision, payload",
    "unreadable": "topic, partition, offset, reason, original",
    "kafka_offset": "topic, partition, next_offset",
}  # fmt: skip


def _stored(record_type: type[Record], rows: Iterable[tuple[Any, ...]]) -> Iterator[Record]:
    """The records in the first column; one that this program cannot read any more is left out, and logged."""
    for row in rows:
        try:
            yield decode_stored(record_type, row[0])
        except UnreadableRecord as error:
            log.warning("stored_record_unreadable", record=record_type.__name__, reason=str(error))


def _earlier(known: tuple[datetime, datetime | None] | None, starts: Sequence[datetime | None]) -> tuple[datetime, datetime | None]:
    """The first of each of two pairs of starts."""
    both = [starts] if known is None else [known, starts]
    first, live = ([start for start in pair if start is not None] for pair in zip(*both, strict=True))
    return min(first), min(live, default=None)


def _until(as_of_utc: datetime | None) -> int:
    return 2**62 if as_of_utc is None else epoch_ms(as_of_utc)
