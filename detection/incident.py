"""A machine found on while it should be off: its quarter hours, its excess, and how it goes on from one span of rest to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.levels import OffLevel

KEPT_SINGLY = 96
"""Quarter hours of an incident that late data may still restate; what is older is settled."""


@dataclass(slots=True)
class Drawn:
    """One quarter hour of an incident: by which revision, and its power [kW]."""

    revision: int
    power_kw: float


@dataclass(slots=True)
class Incident:
    """A machine found on: `quarters` by slot, older ones summed up in `settled_kwh` and `settled_quarters`."""

    level: OffLevel
    since_slot: int
    span_slot: int
    """First of its quarter hours in the newest span of rest; `since_slot` until another span goes on with it."""
    rest_slot: int
    """Which span of rest that was: when the shift before it ended; 0 where that was more than a week ago."""
    in_nights: bool
    in_long_rests: bool
    """In which spans of rest it was found: where it was not, a normal one does not end it."""
    revision: int = -1
    """-1 while only suspected."""
    quarters: dict[int, Drawn] = field(default_factory=dict)
    settled_kwh: float = 0.0
    settled_quarters: int = 0
    below_from: int | None = None
    """First of the newest quarter hours in a row that were below the limit."""
    below: int = 0
    spans: int = 1
    """Spans of rest in a row in which it was found."""
    calm: int = 0
    """Normal quarter hours in later spans of rest."""

    @property
    def suspected(self) -> bool:
        """Whether it has not been published yet."""
        return self.revision < 0

    @property
    def newest_slot(self) -> int:
        """Its newest quarter hour."""
        return max(self.quarters)

    @property
    def actual_kw(self) -> float:
        """Mean power of its quarter hours."""
        return self.level.expected_kw + self.excess_kwh() * 4 / self.seen_quarters()

    def has_fallen(self, power_kw: float) -> bool:
        """Whether `power_kw` is normal again: not above the limit, and nearer to what is expected than to what was found."""
        return power_kw <= self.level.limit_kw and 2 * power_kw <= self.level.expected_kw + self.actual_kw

    def add(self, slot: int, drawn: Drawn) -> None:
        """Count one quarter hour."""
        self.quarters[slot] = drawn
        while len(self.quarters) > KEPT_SINGLY:
            oldest = min(self.quarters)
            self.settled_kwh += self._excess_kwh(self.quarters.pop(oldest))
            self.settled_quarters += 1

    def go_on(self, other: Incident) -> None:
        """Take in what was found again, in the same span of rest or in a later one."""
        self.spans += other.rest_slot != self.rest_slot
        self.span_slot, self.rest_slot = other.span_slot, other.rest_slot
        self.in_nights |= other.in_nights
        self.in_long_rests |= other.in_long_rests
        self.below_from, self.below, self.calm = None, 0, 0
        for slot, drawn in other.quarters.items():
            self.add(slot, drawn)

    def excess_kwh(self) -> float:
        """Energy above the expected level so far [kWh]."""
        return self.settled_kwh + sum(self._excess_kwh(drawn) for drawn in self.quarters.values())

    def seen_quarters(self) -> int:
        """Quarter hours that `excess_kwh` rests on."""
        return self.settled_quarters + len(self.quarters)

    def _excess_kwh(self, drawn: Drawn) -> float:
        return (drawn.power_kw - self.level.expected_kw) / 4
