"""The shift changes that a step knows of, as it keeps them in its state: few, newest revisions, none that are long past."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from datetime import date, timedelta

from domain.codec import decode, encode
from domain.shift_changes import ShiftChange

Changes = tuple[ShiftChange, ...]
"""Of each shift and day the newest revision, withdrawn ones too, by day and shift."""
KEPT_DAYS = 200
"""Half a year of loads is compared with the calendar of its time."""
MOST = 1_000
"""Anybody may write to a topic: beyond these the furthest from now are forgotten. Three shifts a day of the kept days, each changed, are 600."""


def with_change(known: Changes, change: ShiftChange, today: date | None) -> Changes:
    """`known` with one more record of the same site; the very same object where that changes nothing.

    Parameters
    ----------
    today
        Local day of the newest quarter hour that was seen; None: none was.
    """
    oldest = "" if today is None else (today - timedelta(days=KEPT_DAYS)).isoformat()
    place = (change.day_local, change.shift)
    before = next((one for one in known if (one.day_local, one.shift) == place), None)
    if change.day_local < oldest or (before is not None and before.revision >= change.revision):
        return known
    found = [one for one in known if one is not before and one.day_local >= oldest]
    insort(found, change, key=lambda one: (one.day_local, one.shift))
    if len(found) > MOST:
        about = date.fromisoformat(change.day_local) if today is None else today
        found.remove(max(found, key=lambda one: abs(date.fromisoformat(one.day_local) - about)))
    made = tuple(found)
    return known if made == known else made


def days_that_differ(before: Changes, after: Changes) -> frozenset[date]:
    """Local days on which a shift begins of which `before` and `after` do not say the same."""
    return frozenset(date.fromisoformat(one.day_local) for one in set(before) ^ set(after))


@dataclass(frozen=True, slots=True)
class _Stored:
    changes: Changes


def encode_changes(known: Changes) -> bytes:
    """`known` as a state keeps them; empty for none."""
    return encode(_Stored(known)) if known else b""


def decode_changes(stored: bytes) -> Changes:
    """The changes that `encode_changes` wrote."""
    return decode(_Stored, stored).changes if stored else ()
