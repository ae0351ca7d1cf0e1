"""How much of a span is known: quarter hours that should be there and are not are missing, whether they were published as missing or never.

In: the ledger, and the plant's clock.  Out: starts of missing quarter hours, sums with what they lack, and why a chart is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.views.scene import Scene
from domain.intervals import QUARTER
from quarters.gaps import DUE_AFTER, Absence, never_sent
from quarters.net import NetQuarter
from quarters.numbers import quarter_start, quarter_starts
from quarters.sums import EnergySum, sum_of


class Emptiness(StrEnum):
    """Why a chart has nothing to show."""

    NO_METER = "no_meter"
    """The plant file names no meter for it."""
    NO_LEDGER = "no_ledger"
    """The historian has not made a ledger yet."""
    NOTHING_YET = "nothing_yet"
    """No quarter hour has been recorded of anything."""
    NOT_THEN = "not_then"
    """There are quarter hours, but none in this span."""


@dataclass(frozen=True, slots=True)
class Empty:
    """Why there is nothing to show, what is known, and what comes next."""

    why: Emptiness
    newest_utc: datetime | None
    """End of the newest quarter hour of any meter."""
    next_utc: datetime | None
    """When the running quarter hour is recorded at the latest; None where nothing says that it will be, or not in this span."""


def due_until(scene: Scene) -> datetime:
    """Quarter hours that start before this should be there."""
    return quarter_start(scene.now_utc - DUE_AFTER)


def begun_utc(scene: Scene) -> datetime | None:
    """Start of the first quarter hour that was ever recorded, of any meter."""
    span = scene.ledger.interval_span()
    return None if span is None else span[0]


def absent(scene: Scene, recorded: Collection[datetime], from_utc: datetime, to_utc: datetime) -> frozenset[datetime]:
    """Starts of quarter hours in the span that nobody ever sent, although they should be there."""
    gaps = never_sent(recorded, from_utc, to_utc, begun_utc(scene), scene.now_utc)
    within = (gap for gap in gaps if gap.reason == Absence.WITHIN)
    return frozenset(start for gap in within for start in quarter_starts(gap.from_utc, gap.to_utc))


def sum_due(scene: Scene, quarters: Mapping[datetime, NetQuarter], from_utc: datetime, to_utc: datetime) -> EnergySum:
    """The sum within ``[from_utc, to_utc)``, as far as it is over: the declared period is what should be there."""
    inside = [one for start, one in quarters.items() if from_utc <= start < to_utc]
    lacking = absent(scene, [one.start_utc for one in inside], from_utc, to_utc)
    return sum_of(inside, len(inside) + len(lacking))


def emptiness(scene: Scene, there: Iterable[NetQuarter | None], to_utc: datetime, has_meter: bool = True) -> Empty | None:
    """Why none of these quarter hours has a value; None where one has.

    Parameters
    ----------
    to_utc
        End of the span that is looked at.
    """
    if any(q is not None and q.energy_uwh is not None for q in there):
        return None
    span = scene.ledger.interval_span()
    newest_utc = None if span is None else span[1] + QUARTER
    is_live = bool(scene.live.meters_seen_ms) and scene.ledger_there
    if not has_meter:
        why = Emptiness.NO_METER
    elif not scene.ledger_there:
        why = Emptiness.NO_LEDGER
    else:
        why = Emptiness.NOTHING_YET if newest_utc is None else Emptiness.NOT_THEN
    comes = is_live and has_meter and to_utc > scene.now_utc - QUARTER
    return Empty(why, newest_utc, quarter_start(scene.now_utc) + QUARTER + DUE_AFTER if comes else None)
