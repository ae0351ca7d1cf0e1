"""Five weeks before the live span, as an import would bring them: quarter hours of every meter, and sheets of what each shift has made."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.calendars import shift_instances
from domain.instants import instant_text
from domain.orders import Order
from simulation.factory import Factory, QuarterHour
from simulation.layout import MOULDING
from simulation.orders import WORK_SHIFTS
from simulation.replay import Replay
from simulation.span import HISTORY, HISTORY_TICK_S, Span, schedule_of
from simulation.truth import write_long_csv


@dataclass(frozen=True, slots=True)
class Past:
    """What was measured and made."""

    quarters: list[QuarterHour] = field(default_factory=list)
    counts: dict[int, dict[str, tuple[float, float]]] = field(default_factory=dict)
    """Instant [s since 1970] -> machine -> its counters of good pieces and of scrap."""
    orders: Sequence[Order] = ()


def history(span: Span, length: timedelta = HISTORY) -> list[QuarterHour]:
    """The quarter hours of `length` before the live span."""
    return past(span, length).quarters


def past(span: Span, length: timedelta = HISTORY) -> Past:
    """What was measured and made in `length` before the live span."""
    from_utc = span.start_utc - length
    settle = timedelta(days=2)
    orders = span.orders_between((from_utc - settle).date() - timedelta(days=2), span.first_day)
    found = Past(orders=orders)

    def note(quarter: QuarterHour) -> None:
        if quarter.start_s >= from_utc.timestamp():
            found.quarters.append(quarter)
            signal = factory.loads.signal
            found.counts[factory.t_s] = {name: (signal(name, "parts") or 0, signal(name, "scrap") or 0) for name in MOULDING}

    start_s = int((from_utc - settle).timestamp())
    factory = Factory(
        span.plant, span.seed, start_s, HISTORY_TICK_S, span.surprises, schedule_of(orders, span.nature), span.scale, note,
        replay=None if span.profile is None else Replay(span.profile, span.seed, HISTORY_TICK_S), nature=span.nature,
    )  # fmt: skip
    factory.advance_to(span.start_s)
    return found


def write_history(span: Span, path: Path, length: timedelta = HISTORY, sheet: Path | None = None) -> int:
    """Write ``site,meter,channel,start_utc,energy_kwh``, a row a meter, channel and quarter hour; how many rows.

    Parameters
    ----------
    sheet
        Where ``machine,from,to,product,good,scrap`` is written, a row a machine and shift in which it made something; None: nowhere.
    """
    found = past(span, length)
    if sheet is not None:
        with sheet.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("machine", "from", "to", "product", "good", "scrap"), *sheet_rows(span, found)])
    rows = [
        (meter, channel, datetime.fromtimestamp(quarter.start_s, UTC), energy)
        for quarter in found.quarters
        for (meter, channel), energy in quarter.energy_uwh.items()
        if (meter, channel) in measured_channels(span)
    ]
    write_long_csv(path, span.plant.site.id, rows)
    return len(rows)


def sheet_rows(span: Span, found: Past) -> list[tuple[str, str, str, str, int, int]]:
    """Machine, from, to, product, good pieces and scrap of each shift in which a machine that counts made something."""
    shifts = [shift for shift in span.plant.shifts if shift.id in WORK_SHIFTS]
    begin, end = min(found.counts, default=0), max(found.counts, default=0)
    instants = datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)
    rows = []
    for instance in shift_instances(shifts, span.plant, *instants):
        first_s, last_s = int(instance.start_utc.timestamp()), int(instance.end_utc.timestamp())
        if first_s not in found.counts or last_s not in found.counts:
            continue
        products = {o.machine: o.product for o in found.orders if o.start_utc < instance.end_utc and o.end_utc > instance.start_utc}
        rows += [
            (name, instant_text(instance.start_utc), instant_text(instance.end_utc), products.get(name, ""), good, scrap)
            for name, (good, scrap) in _made(found.counts[first_s], found.counts[last_s]).items()
            if good or scrap
        ]
    return rows


def _made(before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]) -> dict[str, tuple[int, int]]:
    return {name: (int(good - before[name][0]), int(scrap - before[name][1])) for name, (good, scrap) in after.items()}


def measured_channels(span: Span) -> frozenset[tuple[str, str]]:
    """The (meter, channel) pairs for which the plant file has a counter."""
    return frozenset((meter.id, register.channel) for meter in span.plant.meters for register in meter.counters())
