"""Which moves bear on one billed peak, and how they share what they change together.

In: what undoing each move adds to the load, which quarter hours are billed together, a price of a load.  Out: groups, and shares.

Moves that can change no billed peak, whatever the others do, share nothing: only energy moved with them. All others fall into groups; within one
each has its Shapley value. The groups follow each other, so that all shares sum to the whole exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from effects.series import Bools, Floats
from effects.shapley import MOST_EXACT, ORDERS, shares

TOUCHES_KW = 1e-6


@dataclass(frozen=True, slots=True)
class Effort:
    """Up to how many moves all orders count, and how many are drawn beyond."""

    most_exact: int
    orders: int


WHOLE = Effort(MOST_EXACT, ORDERS)
OF_A_CASE = Effort(4, 4)
"""Of each case of an interval: there are many, and their quantiles alone count."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one move is worth of what all changed."""

    value: Fraction
    with_: tuple[str, ...] = ()
    """The others of its group."""

    @property
    def sampled(self) -> bool:
        """Whether not all orders of its group counted."""
        return len(self.with_) + 1 > MOST_EXACT


@dataclass(frozen=True, slots=True)
class Peaks:
    """Quarter hours that are billed together, among those that moves touch."""

    inside: Bools
    """Which of the touched ones, shape (touched quarter hours,)."""
    floor_kw: float
    """The highest load that is billed with them and that no move touches [kW]."""
    by_highest: bool = True
    """Whether the single highest of them alone counts; else each may."""


@dataclass(frozen=True, slots=True)
class Group:
    """Moves that bear on one billed peak together; a move that bears on none is by itself."""

    names: tuple[str, ...]
    bears: bool


def groups(changes: Mapping[str, Floats], load_kw: Floats, peaks: Iterable[Peaks]) -> list[Group]:
    """Every move in its group, in the order of `changes`.

    Parameters
    ----------
    changes
        What undoing each adds to the load of the touched quarter hours [kW].
    load_kw
        As measured, of the same quarter hours [kW]; NaN where missing.
    """
    upper, lower = load_kw.copy(), load_kw.copy()
    for change in changes.values():
        upper += np.maximum(change, 0.0)
        lower += np.minimum(change, 0.0)
    parent = {name: name for name in changes}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    bearing: set[str] = set()
    for peak in peaks:
        known = peak.inside & np.isfinite(load_kw)
        bound = max(peak.floor_kw, float(lower[known].max()) if known.any() else 0.0)
        bears = known & (upper > bound) if peak.by_highest else known
        members = [name for name, change in changes.items() if (np.abs(change[bears]) > TOUCHES_KW).any()]
        bearing.update(members)
        for name in members[1:]:
            parent[root(name)] = root(members[0])
    found: dict[str, list[str]] = {}
    for name in changes:
        found.setdefault(root(name), []).append(name)
    return [Group(tuple(names), names[0] in bearing) for names in found.values()]


def shared(
    parts: Sequence[Group],
    value: Callable[[frozenset[str]], Fraction],
    seed: int,
    idle: Mapping[str, Fraction] | None = None,
    effort: Effort | None = None,
) -> dict[str, Share]:
    """The share of each move; they sum to ``value(all) - value(none)`` exactly where `idle` is None.

    Parameters
    ----------
    idle
        What moves that bear on no peak are worth, where that is known; the others are priced.
    """
    effort = effort or WHOLE
    done: frozenset[str] = frozenset()
    found: dict[str, Share] = {}
    for part in sorted(parts, key=lambda part: (part.bears, len(part.names))):
        names = part.names
        if not part.bears and idle is not None and names[0] in idle:
            found[names[0]] = Share(idle[names[0]])
        else:
            of_group = shares(names, partial(_beside, value, done), seed, effort.most_exact, effort.orders)
            for name, share in of_group.items():
                found[name] = Share(share, tuple(other for other in names if other != name))
        done |= frozenset(names)
    return found


def _beside(value: Callable[[frozenset[str]], Fraction], done: frozenset[str], members: frozenset[str]) -> Fraction:
    return value(done | members)
