"""Start and length of rows that are labelled by a local clock, also on both days on which it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from quarters.profiles.cells import Faults
from quarters.profiles.stamps import StampFault, starts_of, zone_named

LENGTHS = (15, 30, 60)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def starts(labels: Sequence[datetime], lines: Sequence[int], zone: str, column: str, faults: Faults) -> list[datetime]:
    """Instants [UTC] of rising start labels; raises what `faults` holds where one has no place on the clock of `zone`."""
    try:
        return starts_of(labels, zone_named(zone), "start")
    except StampFault as fault:
        faults.wrong(lines[fault.row], column, fault.found, fault.expected.split(" (if ")[0].split(". If ")[0])
        faults.raise_if_any()
        raise AssertionError from fault


def row_minutes(
    begins: Sequence[datetime],
    first: Sequence[datetime],
    end: Sequence[datetime],
    lines: Sequence[int],
    zone: str,
    column: str,
    faults: Faults,
) -> list[int]:
    """Minutes from the label of each row's start to that of its end; where the clock is changed in between, an hour more or less counts.

    Parameters
    ----------
    begins
        The instants of the labels `first`.
    """
    found: list[int] = []
    clock = zone_named(zone)
    for instant, begin, stop, line in zip(begins, first, end, lines, strict=True):
        plain = (stop - begin) / _MINUTE
        changed = _offset_min(instant, clock) - _offset_min(instant + _HOUR, clock)
        minutes = next((int(one) for one in (plain + changed, plain) if one in LENGTHS), None)
        if minutes is None:
            faults.wrong(
                line, column, f"{begin:%d.%m.%Y %H:%M} to {stop:%d.%m.%Y %H:%M}", f"one of {', '.join(map(str, LENGTHS))} minutes"
            )
        found.append(minutes or LENGTHS[0])
    return found


def _offset_min(instant: datetime, clock: tzinfo) -> float:
    offset = instant.astimezone(clock).utcoffset()
    return 0.0 if offset is None else offset / _MINUTE
