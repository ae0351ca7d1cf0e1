"""What can lie between two readings of a counter: each case with its own function and word.

A case is decided from two readings alone; `counter` finds out by hindsight whether a register that went away came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import floor

from domain.intervals import IntervalMethod
from metering.rules import CounterRules

Part = tuple[int, int, int]
"""From [ms], to [ms], advance [uWh]."""
_IMPOSSIBLE = (IntervalMethod.RESET, IntervalMethod.STEP_REMOVED)


@dataclass(frozen=True, slots=True)
class Break:
    """A step from one reading to the next that is more than a difference."""

    from_ms: int
    to_ms: int
    kind: IntervalMethod
    parts: tuple[Part, ...]

    @property
    def is_impossible(self) -> bool:
        """Whether no energy explains the step: it is a glitch unless the register stays where it went."""
        return self.kind in _IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class Plain:
    """An ordinary step: the difference of two readings."""


PLAIN = Plain()


def plausible(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> Plain | Break | None:
    """The case under which a register can have gone from `e0` at `t0` to `e1` at `t1` [ms, uWh]; None if it cannot.

    Parameters
    ----------
    old_ms
        How old `e0` can have been at `t0`: a register that is refreshed every five minutes shows at once what it counted in all of them.
    """
    if rules.exchanges:
        exchanged = exchange(rules, t0, e0, t1, e1, old_ms)
        if exchanged is not None:
            return exchanged
    if rules.multipliers and rules.multiplier_changes(t0, t1):
        return multiplier(rules, t0, e0, t1, e1, old_ms)
    if rules.is_balance:
        return balance(rules, t0, e0, t1, e1, old_ms)
    advance = e1 - e0
    if advance < 0:
        return rollover(rules, t0, e0, t1, e1, old_ms)
    return PLAIN if rules.is_possible(advance, t1 - t0 + old_ms, e1) else None


def advance_between(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> int | None:
    """What the register has counted from one reading to the next [uWh]; None if no plausible case explains it.

    `old_ms` is that of `plausible`.
    """
    case = plausible(rules, t0, e0, t1, e1, old_ms)
    if isinstance(case, Break):
        return sum(advance for _, _, advance in case.parts)
    return None if case is None else e1 - e0


def rollover(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> Break | None:
    """The register passed its modulus."""
    modulus = rules.modulus_at(t1)
    if modulus is None:
        return None
    advance = e1 - e0 + modulus
    if not rules.is_possible(advance, t1 - t0 + old_ms, e0):
        return None
    return Break(t0, t1, IntervalMethod.ROLLOVER, ((t0, t1, advance),))


def balance(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> Plain | Break | None:
    """A register that counts down what flows back: a fall is as ordinary as a rise, and it may pass its modulus both ways."""
    if rules.is_possible(e1 - e0, t1 - t0 + old_ms, e1):
        return PLAIN
    modulus = rules.modulus_at(t1)
    if modulus is None:
        return None
    advance = e1 - e0 + (modulus if e1 < e0 else -modulus)
    if not rules.is_possible(advance, t1 - t0 + old_ms, e0):
        return None
    return Break(t0, t1, IntervalMethod.ROLLOVER, ((t0, t1, advance),))


def multiplier(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> Break | None:
    """The transformers' factor changed in between: the register's own advance is split in proportion to time."""
    parts = _multiplied(rules, t0, e0, t1, e1)
    total = sum(advance for _, _, advance in parts)
    if not rules.is_possible(total, t1 - t0 + old_ms, e1) or (total < 0 and not rules.is_balance):
        return None
    return Break(t0, t1, IntervalMethod.MULTIPLIER, parts)


def _multiplied(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> tuple[Part, ...]:
    before, after = rules.factor(t0), rules.factor(t1)
    advance = e1 / after - e0 / before
    if advance < 0 and not rules.is_balance and rules.modulus_uwh is not None:
        advance += rules.modulus_uwh
    instants = [t0, *(m.from_ms for m in rules.multipliers if t0 < m.from_ms < t1), t1]
    parts = []
    for since, until in pairwise(instants):
        part = advance * (until - since) / (t1 - t0) * rules.factor(since)
        parts.append((since, until, floor(part)))
    return tuple(parts)


def exchange(rules: CounterRules, t0: int, e0: int, t1: int, e1: int, old_ms: int = 0) -> Break | None:
    """The meter was exchanged in between, and the fitter's protocol fits the readings."""
    parts: list[Part] = []
    since, level = t0, e0
    for protocol in rules.exchanges:
        if t0 < protocol.at_ms <= t1:
            parts.append((since, protocol.at_ms, _forward(rules, protocol.at_ms - 1, protocol.final_uwh - level)))
            since, level = protocol.at_ms, protocol.start_uwh
    if not parts:
        return None
    parts.append((since, t1, _forward(rules, t1, e1 - level)))
    total = sum(advance for _, _, advance in parts)
    if not rules.is_possible(total, t1 - t0 + old_ms, e1):
        return None
    if any(advance < 0 for _, _, advance in parts) and not rules.is_balance:
        parts = [(t0, t1, total)]
    return Break(t0, t1, IntervalMethod.EXCHANGE, tuple(parts))


def reset(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> Break | None:
    """The register began again at zero: the new value is what has been counted since."""
    goes_to_zero = abs(e1) < abs(e0) if rules.is_balance else e1 < e0
    if not goes_to_zero or not rules.is_possible(e1, t1 - t0, e1):
        return None
    return Break(t0, t1, IntervalMethod.RESET, ((t0, t1, e1),))


def step_removed(rules: CounterRules, t0: int, t1: int, before: tuple[int, int] | None) -> Break:
    """The register moved by what no energy explains.

    Parameters
    ----------
    before
        Duration [ms] and advance [uWh] of the step just before: its power is held; None books nothing.
    """
    elapsed = t1 - t0
    estimate = 0 if before is None or before[0] <= 0 else before[1] * elapsed // before[0]
    most = int(rules.most_uwh_per_ms * elapsed)
    estimate = max(-most if rules.is_balance else 0, min(estimate, most))
    return Break(t0, t1, IntervalMethod.STEP_REMOVED, ((t0, t1, estimate),))


def _forward(rules: CounterRules, at_ms: int, advance: int) -> int:
    """An advance in which the register may have passed its modulus."""
    modulus = rules.modulus_at(at_ms)
    if advance < 0 and not rules.is_balance and modulus is not None and advance + modulus <= modulus // 10:
        return advance + modulus
    return advance
