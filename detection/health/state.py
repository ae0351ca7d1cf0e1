"""What is remembered of one machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from detection.health.incident import Incident, Suspicion
from detection.health.model import Judged, StateModel
from detection.health.points import ChannelPoints
from detection.health.rows import Gathering

MOST_STATES = 8
"""Operating states of a machine; where a control names more, the least seen are forgotten."""


@dataclass(slots=True)
class QuarterSum:
    """Good minutes of one state within the running quarter hour."""

    count: int = 0
    sums: list[float] = field(default_factory=list)
    t2: list[float] = field(default_factory=list)
    q: list[float] = field(default_factory=list)
    strengths: list[float] = field(default_factory=list)

    def add(self, values: list[float], judged: Judged | None) -> None:
        """Count a minute."""
        self.count += 1
        self.sums = [one + two for one, two in zip(self.sums or [0.0] * len(values), values, strict=True)]
        if judged is not None:
            self.t2.append(judged.t2)
            self.q.append(judged.q)
            self.strengths.append(judged.strength)

    def means(self) -> list[float]:
        """Of the channels."""
        return [one / self.count for one in self.sums]

    def distances(self) -> tuple[float, float, float] | None:
        """Medians of T² and Q over their limits, and of the strength."""
        return (median(self.t2), median(self.q), median(self.strengths)) if self.t2 else None


@dataclass(slots=True)
class Unusual:
    """Whether the channels move together as they did."""

    suspicion: Suspicion = field(default_factory=Suspicion)
    incident: Incident | None = None
    ended: int = 0
    fresh: StateModel = field(default_factory=StateModel)
    """Learns what lasts, to take it as usual in the end."""


@dataclass(slots=True)
class Ahead:
    """Whether a channel is on its way to its limit."""

    incident: Incident | None = None
    ended: int = 0
    candidate: str = ""
    """Channel that was on its way in the quarter hour before; empty: none."""
    since: int = 0
    level: float = 0.0
    """Where the channel was when the incident opened."""


@dataclass(slots=True)
class MachineState:
    """One machine: its newest minute, what is usual in each state, its trends and what is open."""

    gathering: Gathering = field(default_factory=Gathering)
    state: str | None = None
    """Of the minute before."""
    models: dict[str, StateModel] = field(default_factory=dict)
    points: dict[str, list[ChannelPoints]] = field(default_factory=dict)
    quarter: int = -1
    """Number of the running quarter hour since 1970; below zero before the first."""
    sums: dict[str, QuarterSum] = field(default_factory=dict)
    unusual: Unusual = field(default_factory=Unusual)
    ahead: Ahead = field(default_factory=Ahead)

    def model(self, state: str) -> StateModel:
        """That of a state; a new one makes room."""
        if state not in self.models:
            while len(self.models) >= MOST_STATES:
                least = min(self.models, key=lambda name: (self.models[name].seen, name))
                del self.models[least]
                self.points.pop(least, None)
            self.models[state] = StateModel()
        return self.models[state]
