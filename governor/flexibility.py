"""What may be held back, and by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

MINUTES = 15
"""Of a quarter hour."""


@dataclass(frozen=True, slots=True)
class Flexibility:
    """Load that can wait.

    Attributes
    ----------
    share
        Of the energy of each quarter hour that may be held, 0 to 1.
    longest_min
        After which held energy is drawn at the latest: whole quarter hours [min].
    dead_min
        Between advice and act [min].
    shortest_min
        A block lasts at least [min].
    power_of_share
        In any minute at most so many times `share` of its load is held.
    """

    share: float
    longest_min: int
    dead_min: int = 2
    shortest_min: int = 5
    power_of_share: float = 2.0

    @property
    def delay_slots(self) -> int:
        """Quarter hours that held energy can wait."""
        return self.longest_min // MINUTES

    @property
    def decision_minutes(self) -> range:
        """Minutes that are over when it is decided on a quarter hour: from the last at which the whole share can still be held to the last
        after which a block has room. Whoever waits longer knows more and can do less."""
        whole_share = ceil(MINUTES / self.power_of_share)
        last = MINUTES - self.dead_min - self.shortest_min
        return range(max(min(MINUTES - self.dead_min - whole_share, last), 1), last + 1)

    def left_min(self, minutes_over: int) -> int:
        """How long a block can last that is advised now [min]."""
        return MINUTES - self.dead_min - minutes_over

    def most_kw(self, load_kw: float, minutes_over: int, held_kw: float) -> float:
        """What more can be held, as the mean of the quarter hour [kW], where `held_kw` of it is held already."""
        by_power = self.power_of_share * self.share * load_kw * self.left_min(minutes_over) / MINUTES
        return max(min(self.share * load_kw - held_kw, by_power), 0.0)
