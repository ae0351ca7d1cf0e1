"""What each of several players is worth of what they reach together: the Shapley value. Pure.

Source: L. S. Shapley, A value for n-person games, 1953: the mean over all orders of what a player adds to those before it. The shares sum to the
whole exactly, a player that adds nothing gets nothing, and equal players get the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import factorial

Value = Callable[[frozenset[str]], Fraction]
"""What a set of players is worth."""

MOST_EXACT = 8
"""Players up to which all orders count: 2**8 values."""
ORDERS = 48
"""Orders that are drawn beyond; each with its reverse."""


def shares(
    players: Sequence[str], value: Value, seed: int, most_exact: int = MOST_EXACT, orders: int = ORDERS
) -> dict[str, Fraction]:
    """The Shapley value of each of `players`; they sum to ``value(all) - value(none)`` exactly, sampled or not.

    Parameters
    ----------
    value
        Is called once for each set that is needed.
    seed
        Of the orders that are drawn where there are more than `most_exact` players.
    """
    worth = lru_cache(maxsize=None)(value)
    names = sorted(players)
    return _exact(names, worth) if len(names) <= most_exact else _sampled(names, worth, seed, orders)


def _exact(names: Sequence[str], worth: Value) -> dict[str, Fraction]:
    count = len(names)
    weights = [Fraction(factorial(size) * factorial(count - size - 1), factorial(count)) for size in range(count)]
    found = dict.fromkeys(names, Fraction(0))
    for number in range(2**count):
        members = frozenset(name for place, name in enumerate(names) if number >> place & 1)
        for name in names:
            if name not in members:
                found[name] += weights[len(members)] * (worth(members | {name}) - worth(members))
    return found


def _sampled(names: Sequence[str], worth: Value, seed: int, orders: int) -> dict[str, Fraction]:
    chance = random.Random(seed)
    found = dict.fromkeys(names, Fraction(0))
    for _ in range(orders):
        order = list(names)
        chance.shuffle(order)
        for one in (order, order[::-1]):
            members: frozenset[str] = frozenset()
            for name in one:
                found[name] += worth(members | {name}) - worth(members)
                members |= {name}
    return {name: total / (2 * orders) for name, total in found.items()}
