"""Real ledgers in memory, filled with the sample's records or with what a test gives instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from console_sample import (
    BEGIN_UTC,
    NOW_UTC,
    SHARES,
    SITE,
    sample_anomalies,
    sample_decisions,
    sample_forecast,
    sample_meter_forecast,
    sample_orders,
    sample_recommendations,
    sample_replay,
    sample_revisions,
)

from domain.intervals import Interval
from domain.plant import Plant
from domain.readings import Rejection, RejectionReason
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FEEDBACK,
    FORECASTS,
    INTERVALS,
    MACHINE_HEALTH,
    METER_FORECASTS,
    ORDERS,
    RECOMMENDATIONS,
    REJECTED,
    Topic,
)
from quarters.numbers import quarter_start, quarter_starts
from reporting.ledger import Entry, Ledger
from reporting.month import channels_of


class SetClock:
    """Stands where it was set last."""

    speed = 1.0

    def __init__(self, now_utc: datetime = NOW_UTC) -> None:
        self.now = now_utc

    def now_utc(self) -> datetime:
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


def put(ledger: Ledger, topic: Topic, *records: Any) -> None:
    """Append records as the topic's next ones."""
    first = ledger.offsets().get((topic.name, 0), 0)
    entries: list[Entry] = [(topic, 0, first + n, record) for n, record in enumerate(records)]
    ledger.append(entries)


def sample_rejections() -> list[Rejection]:
    """Readings that were set aside, of three kinds."""
    counts = {RejectionReason.DUPLICATE: 1_204, RejectionReason.CLOCK_IN_FUTURE: 37, RejectionReason.GLITCH: 2}
    return [
        Rejection(SITE, "main", reason, "x", source=f"{reason}/{n}", at_utc=NOW_UTC) for reason, count in counts.items() for n in range(count)
    ]  # fmt: skip


@cache
def _days(now_utc: datetime, channels: tuple[tuple[str, str], ...]) -> Ledger:
    """Five weeks of quarter hours of these registers, each revision recorded when it came; copied, never given away."""
    clock = SetClock()
    ledger = Ledger.in_memory(clock)
    by_moment: dict[datetime, list[Interval]] = defaultdict(list)
    for start in quarter_starts(BEGIN_UTC, quarter_start(now_utc)):
        for meter, channel in channels:
            for recorded_utc, interval in sample_revisions(meter, channel, start):
                # What is older than two days came in one go a day.
                is_old = start < now_utc - timedelta(days=2)
                by_moment[start.replace(hour=23, minute=59) if is_old else recorded_utc].append(interval)
    for clock.now, rows in sorted(by_moment.items()):
        if clock.now <= now_utc:
            put(ledger, INTERVALS, *rows)
    return ledger


def copy_of(ledger: Ledger) -> Ledger:
    """Another one with the same rows."""
    copy = Ledger.in_memory(ledger._clock)
    ledger._database.backup(copy._database)
    return copy


def sample_ledger(
    plant: Plant, now_utc: datetime = NOW_UTC, intervals: Iterable[Interval] | None = None, **records: Sequence[Any]
) -> Ledger:
    """A ledger in memory as it was at `now_utc`: of all meters, unless it is given other `intervals`; `records` as for `ledger_with`."""
    if intervals is not None:
        return ledger_with(now_utc, intervals, **records)
    days = _days(now_utc, tuple((meter.id, channel) for meter in plant.meters for channel, _ in channels_of(meter)))
    return _filled(copy_of(days), now_utc, records)


def ledger_with(now_utc: datetime = NOW_UTC, intervals: Iterable[Interval] = (), **records: Sequence[Any]) -> Ledger:
    """A ledger in memory with these quarter hours.

    Parameters
    ----------
    records
        ``forecasts``, ``meter_forecasts``, ``anomalies``, ``orders``, ``advice``, ``decisions``, ``rejections``, ``demands``, ``feedback``,
        ``health``: what it has
        instead of the sample's.
    """
    ledger = Ledger.in_memory(SetClock(now_utc))
    put(ledger, INTERVALS, *intervals)
    return _filled(ledger, now_utc, records)


def _filled(ledger: Ledger, now_utc: datetime, records: Mapping[str, Sequence[Any]]) -> Ledger:
    first = quarter_start(now_utc)
    filled: dict[str, tuple[Topic, Sequence[Any]]] = {
        "forecasts": (FORECASTS, sample_forecasts(first)),
        "meter_forecasts": (
            METER_FORECASTS,
            [sample_meter_forecast(m, share, first) for m, share in SHARES.items() if m != "lighting"],
        ),
        "anomalies": (ANOMALIES, sample_anomalies()),
        "orders": (ORDERS, sample_orders()),
        "advice": (RECOMMENDATIONS, sample_recommendations()),
        "decisions": (DECISIONS, sample_decisions()),
        "rejections": (REJECTED, sample_rejections()),
        "demands": (DEMAND, ()),
        "feedback": (FEEDBACK, ()),
        "health": (MACHINE_HEALTH, ()),
    }
    assert records.keys() <= filled.keys(), records.keys()
    for name, (topic, own) in filled.items():
        put(ledger, topic, *records.get(name, own))
    return ledger


def sample_forecasts(first: datetime) -> list[Any]:
    """The newest one; before it those of the last two midnights and of 05:00."""
    midnight = first.astimezone(ZoneInfo("Europe/Berlin")).replace(hour=0, minute=0)
    earlier = [midnight - timedelta(days=1), midnight, midnight + timedelta(hours=5)]
    replays = [sample_replay(at.astimezone(first.tzinfo)) for at in earlier]
    return [*(forecast for forecast in replays if forecast.issued_utc < first), sample_forecast(first)]


def forgotten(ledger: Ledger, reason: str, count: int) -> None:
    """Rejections of a reason that this program does not know: rows of an older one."""
    row = "INSERT INTO rejection (source, meter, reason, at_ms, payload, recorded_ms) VALUES (?, 'main', ?, 0, '{}', 0)"
    ledger._database.executemany(row, [(f"older/{n}", reason) for n in range(count)])


def next_interval(meter: str, channel: str, after_utc: datetime) -> Interval:
    """The sample's quarter hour that ends after `after_utc`."""
    return sample_revisions(meter, channel, quarter_start(after_utc))[-1][1]
