"""What can lie between two readings of a counter: each case with its own function and word.

A case is decided from two readings alone; `counter` finds out by hindsight whether a register that went away came back.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.intervals import IntervalMethod
from metering.rules import CounterRules

Part = tuple[int, int, int]
"""From [ms], to [ms], advance [uWh]."""


@dataclass(frozen=True, slots=True)
class Break:
    """A step from one reading to the next that is more than a difference."""

    from_ms: int
    to_ms: int
    kind: IntervalMethod
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Plain:
    """An ordinary step: the difference of two readings."""


PLAIN = Plain()


def lawful(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> Plain | Break | None:
    """The case under which a register can have gone from `e0` at `t0` to `e1` at `t1` [ms, uWh]; None if it cannot."""
    if rules.exchanges:
        exchanged = exchange(rules, t0, e0, t1, e1)
        if exchanged is not None:
            return exchanged
    advance = e1 - e0
    if advance < 0:
        return rollover(rules, t0, e0, t1, e1)
    return PLAIN if rules.is_possible(advance, t1 - t0, e1) else None


def advance_between(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> int | None:
    """What the register has counted from one reading to the next [uWh]; None if no lawful case explains it."""
    case = lawful(rules, t0, e0, t1, e1)
    if isinstance(case, Break):
        return sum(advance for _, _, advance in case.parts)
    return None if case is None else e1 - e0


def rollover(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> Break | None:
    """The register passed its modulus."""
    if rules.modulus_uwh is None:
        return None
    advance = e1 - e0 + rules.modulus_uwh
    if not rules.is_possible(advance, t1 - t0, e0):
        return None
    return Break(t0, t1, IntervalMethod.ROLLOVER, ((t0, t1, advance),))


def exchange(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> Break | None:
    """The meter was exchanged in between, and the fitter's protocol fits the readings."""
    parts: list[Part] = []
    since, level = t0, e0
    for protocol in rules.exchanges:
        if t0 < protocol.at_ms <= t1:
            parts.append((since, protocol.at_ms, _forward(rules, protocol.final_uwh - level)))
            since, level = protocol.at_ms, protocol.start_uwh
    if not parts:
        return None
    parts.append((since, t1, _forward(rules, e1 - level)))
    total = sum(advance for _, _, advance in parts)
    if not rules.is_possible(total, t1 - t0, e1):
        return None
    if any(advance < 0 for _, _, advance in parts):
        parts = [(t0, t1, total)]
    return Break(t0, t1, IntervalMethod.EXCHANGE, tuple(parts))


def reset(rules: CounterRules, t0: int, e0: int, t1: int, e1: int) -> Break | None:
    """The register began again at zero: the new value is what has been counted since."""
    if e1 >= e0 or not rules.is_possible(e1, t1 - t0, e1):
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
    estimate = max(0, min(estimate, int(rules.most_uwh_per_ms * elapsed)))
    return Break(t0, t1, IntervalMethod.STEP_REMOVED, ((t0, t1, estimate),))


def _forward(rules: CounterRules, advance: int) -> int:
    """An advance in which the register may have passed its modulus."""
    if advance < 0 and rules.modulus_uwh is not None and advance + rules.modulus_uwh <= rules.modulus_uwh // 10:
        return advance + rules.modulus_uwh
    return advance
