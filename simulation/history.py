"""Five weeks of quarter hours of every meter before the live span, as an import would bring them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulation.factory import Factory, QuarterHour
from simulation.replay import Replay
from simulation.span import HISTORY, HISTORY_TICK_S, Span, schedule_of
from simulation.truth import write_long_csv


def history(span: Span, length: timedelta = HISTORY) -> list[QuarterHour]:
    """The quarter hours of `length` before the live span."""
    from_utc = span.start_utc - length
    settle = timedelta(days=2)
    orders = span.orders_between((from_utc - settle).date() - timedelta(days=2), span.first_day)
    quarters: list[QuarterHour] = []
    start_s = int((from_utc - settle).timestamp())
    factory = Factory(
        span.plant, span.seed, start_s, HISTORY_TICK_S, span.surprises, schedule_of(orders, span.nature), span.scale, quarters.append,
        replay=None if span.profile is None else Replay(span.profile, span.seed, HISTORY_TICK_S), nature=span.nature,
    )  # fmt: skip
    factory.advance_to(span.start_s)
    return [quarter for quarter in quarters if quarter.start_s >= from_utc.timestamp()]


def write_history(span: Span, path: Path, length: timedelta = HISTORY) -> int:
    """Write ``site,meter,channel,start_utc,energy_kwh``, a row a meter, channel and quarter hour; how many rows."""
    rows = [
        (meter, channel, datetime.fromtimestamp(quarter.start_s, UTC), energy)
        for quarter in history(span, length)
        for (meter, channel), energy in quarter.energy_uwh.items()
        if (meter, channel) in measured_channels(span)
    ]
    write_long_csv(path, span.plant.site.id, rows)
    return len(rows)


def measured_channels(span: Span) -> frozenset[tuple[str, str]]:
    """The (meter, channel) pairs for which the plant file has a counter."""
    return frozenset((meter.id, register.channel) for meter in span.plant.meters for register in meter.counters())
