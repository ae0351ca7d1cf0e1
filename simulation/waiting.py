"""What the operator has set at loads that can wait: held back, or allowed to draw at planned times only.

A hold comes before a plan. What is over is forgotten; a load of which nothing is set goes by its own control.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

KEPT_S = 7 * 86_400.0
"""How long it is known what was held [s]."""


@dataclass(frozen=True, slots=True)
class Held:
    """A load draws nothing from an instant to another [s since 1970]."""

    load: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A load draws at most `kw` in a span of a plan."""

    load: str
    kw: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """When a load may draw: from `from_s` to `to_s` [s since 1970] in the spans only; before and after as it likes."""

    load: str
    from_s: float
    to_s: float
    spans: tuple[Planned, ...]

    def limit_kw(self, t_s: float) -> float:
        """What it may draw at an instant of the plan [kW]."""
        return max((one.kw for one in self.spans if one.from_s <= t_s < one.to_s), default=0.0)


class Waiting:
    """Holds and plans of all loads, with what is over: read every tick, changed rarely."""

    def __init__(self) -> None:
        self._held: list[Held] = []
        self._plans: list[LoadPlan] = []

    def hold(self, load: str, from_s: float, to_s: float) -> None:
        """Hold `load` back; a hold that runs goes on as long as the later of the two ends."""
        self._held.append(Held(load, from_s, to_s))

    def release(self, load: str, at_s: float) -> None:
        """Let `load` draw again from `at_s` on, whatever was set."""
        self._held = [one if one.load != load else replace(one, to_s=min(one.to_s, max(at_s, one.from_s))) for one in self._held]

    def plan(self, plan: LoadPlan) -> None:
        """Let a load draw by a plan; from its begin on it stands in the place of the one before."""
        self._plans.append(plan)

    def is_held(self, load: str, t_s: float) -> bool:
        """Whether `load` is held back at `t_s`."""
        return any(one.load == load and one.from_s <= t_s < one.to_s for one in self._held)

    def limit_kw(self, load: str, t_s: float) -> float | None:
        """What `load` may draw at `t_s` [kW]; None: as much as it likes."""
        if self.is_held(load, t_s):
            return 0.0
        plan = next((one for one in reversed(self._plans) if one.load == load and one.from_s <= t_s), None)
        return plan.limit_kw(t_s) if plan is not None and t_s < plan.to_s else None

    def held_between(self, from_s: float, to_s: float) -> list[Held]:
        """What was or will be held in a span, in order of begin."""
        found = [one for one in self._held if one.from_s < one.to_s and one.from_s < to_s and from_s < one.to_s]
        return sorted(found, key=lambda one: (one.from_s, one.load))

    def without_holds(self) -> Waiting:
        """The plans alone."""
        found = Waiting()
        found._plans = list(self._plans)
        return found

    def forget(self, t_s: float) -> None:
        """Drop what has been over for a week at `t_s`."""
        self._held = [one for one in self._held if one.to_s >= t_s - KEPT_S]
        self._plans = [one for one in self._plans if one.to_s >= t_s - KEPT_S]

    def snapshot(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "held": [[one.load, one.from_s, one.to_s] for one in self._held],
            "plans": [
                [plan.load, plan.from_s, plan.to_s, [[one.kw, one.from_s, one.to_s] for one in plan.spans]] for plan in self._plans
            ],
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self._held = [Held(load, from_s, to_s) for load, from_s, to_s in stored["held"]]
        self._plans = [LoadPlan(load, from_s, to_s, _spans(load, spans)) for load, from_s, to_s, spans in stored["plans"]]


def _spans(load: str, rows: Iterable[Iterable[float]]) -> tuple[Planned, ...]:
    return tuple(Planned(load, kw, from_s, to_s) for kw, from_s, to_s in rows)
