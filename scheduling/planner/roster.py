"""Who works which shift: the cheapest crews for the given shifts and those that are opened, within rest and working time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scheduling.planner.problem import Problem, Shift, Span
from scheduling.planner.rules import Rules, rest, working_time

MOST_STEPS = 20_000
"""Of a search for crews; with more the shifts count as not staffable for the search (the solver looks at all)."""


@dataclass(frozen=True)
class Roster:
    """Optional shifts that are opened, and the crew of each shift that needs one."""

    opened: frozenset[str] = frozenset()
    crews: Mapping[str, str] = field(default_factory=dict)
    cost_eur: float = 0.0


class Rosters:
    """Cheapest rosters by opened shifts, each worked out once."""

    def __init__(self, problem: Problem, rules: Rules) -> None:
        self._problem = problem
        self._checks = [module.faults for module in (rest, working_time) if module.RULE.name in rules]
        self._known: dict[frozenset[str], Roster | None] = {}
        self._parts: dict[frozenset[str], tuple[float, dict[str, str]] | None] = {}
        self._groups = _without_common_crews([shift for shift in problem.shifts if shift.crews])

    def cheapest(self, opened: Iterable[str]) -> Roster | None:
        """Crews for the given shifts and the `opened` ones at least cost; None where the rules leave none."""
        key = frozenset(opened)
        if key not in self._known:
            self._known[key] = self._staffed(key)
        return self._known[key]

    def _staffed(self, opened: frozenset[str]) -> Roster | None:
        crews: dict[str, str] = {}
        cost_eur = sum(self._problem.shift[name].cost_eur(None) for name in opened if not self._problem.shift[name].crews)
        for group in self._groups:
            shifts = [shift for shift in group if not shift.optional or shift.id in opened]
            part = self._part(shifts)
            if part is None:
                return None
            cost_eur += part[0]
            crews |= part[1]
        return Roster(opened, crews, cost_eur)

    def _part(self, shifts: list[Shift]) -> tuple[float, dict[str, str]] | None:
        key = frozenset(shift.id for shift in shifts)
        if key not in self._parts:
            self._parts[key] = _Assignment(self, shifts).best()
        return self._parts[key]

    def is_fine(self, crew: str, spans: Sequence[Span]) -> bool:
        """Whether a crew may work its shifts `spans` after what it has worked before."""
        one = self._problem.crew[crew]
        worked = sorted([*one.worked, *spans])
        return not any(True for check in self._checks for _ in check(self._problem, one, worked))


class _Assignment:
    """Depth-first search for the cheapest crews of some shifts, in order of time."""

    def __init__(self, rosters: Rosters, shifts: list[Shift]) -> None:
        self._rosters = rosters
        self._shifts = sorted(shifts, key=lambda shift: (shift.span, shift.id))
        self._prices = [sorted((shift.cost_eur(crew), crew) for crew in shift.crew_prices) for shift in self._shifts]
        self._least = [0.0]
        for prices in reversed(self._prices):
            self._least.insert(0, self._least[0] + prices[0][0])
        self._found: tuple[float, dict[str, str]] | None = None
        self._fine: dict[tuple[str, tuple[Span, ...]], bool] = {}
        self._steps = 0

    def best(self) -> tuple[float, dict[str, str]] | None:
        self._extend(0, 0.0, {}, {})
        return self._found

    def _extend(self, at: int, cost_eur: float, chosen: dict[str, str], spans: dict[str, tuple[Span, ...]]) -> None:
        if self._found is not None and cost_eur + self._least[at] >= self._found[0] - 1e-9:
            return
        if at == len(self._shifts):
            self._found = cost_eur, chosen
            return
        shift = self._shifts[at]
        for price_eur, crew in self._prices[at]:
            self._steps += 1
            work = (*spans.get(crew, ()), shift.span)
            if self._steps <= MOST_STEPS and self._is_fine(crew, work):
                self._extend(at + 1, cost_eur + price_eur, {**chosen, shift.id: crew}, {**spans, crew: work})

    def _is_fine(self, crew: str, spans: tuple[Span, ...]) -> bool:
        key = crew, spans
        if key not in self._fine:
            self._fine[key] = self._rosters.is_fine(crew, spans)
        return self._fine[key]


def _without_common_crews(shifts: Sequence[Shift]) -> list[list[Shift]]:
    """Shifts in groups of which no two share a crew."""
    groups: list[list[Shift]] = []
    for shift in shifts:
        related = [group for group in groups if any(shift.crew_prices.keys() & other.crew_prices.keys() for other in group)]
        groups = [group for group in groups if group not in related]
        groups.append([shift, *(other for group in related for other in group)])
    return groups
