"""What is held and not yet drawn: first held, first back, each at the latest after its longest wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from governor.flexibility import MINUTES, Flexibility
from governor.least_peak import Floats


class Held:
    """Energy that waits, minute by minute [kW min]."""

    def __init__(self, flexibility: Flexibility) -> None:
        self._flexibility = flexibility
        self._lots: deque[tuple[int, float]] = deque()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._lots

    def owed_kw(self, first_minute: int, slots: int) -> Floats:
        """What must be drawn in each quarter hour from the one that begins at `first_minute` (shape ``(slots,)``) [kW]."""
        owed = np.zeros(slots)
        for minute, energy in self._lots:
            slot = (minute + self._flexibility.longest_min - first_minute) // MINUTES
            if slot < slots:
                owed[max(slot, 0)] += energy / MINUTES
        return owed

    def due_kw(self, first_minute: int, last_minute: int) -> float:
        """What comes back by itself in the minutes ``[first_minute, last_minute)``, as the mean of a quarter hour [kW]."""
        longest = self._flexibility.longest_min
        return sum(energy for minute, energy in self._lots if first_minute <= minute + longest < last_minute) / MINUTES

    def pass_quarter(
        self, first_minute: int, load_kw: Sequence[float], hold_kw: Sequence[float], give_back_kw: Sequence[float]
    ) -> tuple[float, float]:
        """Let a quarter hour pass: what of the requested power could be held in it, and what came back, as means [kW].

        Parameters
        ----------
        load_kw
            Load of each minute if nothing were held (15 of them).
        hold_kw, give_back_kw
            What was advised for each minute.
        """
        flexible = self._flexibility
        left = flexible.share * sum(load_kw)
        held = back = 0.0
        for offset, (load, wanted, returned) in enumerate(zip(load_kw, hold_kw, give_back_kw, strict=True)):
            minute = first_minute + offset
            back += self._draw(minute - flexible.longest_min, returned)
            power = min(wanted, flexible.power_of_share * flexible.share * load, left)
            if power > 0:
                self._lots.append((minute, power))
                left -= power
                held += power
        return held / MINUTES, back / MINUTES

    def _draw(self, due_minute: int, requested: float) -> float:
        drawn = 0.0
        while self._lots and self._lots[0][0] <= due_minute:
            drawn += self._lots.popleft()[1]
        while self._lots and drawn < requested:
            minute, energy = self._lots.popleft()
            part = min(energy, requested - drawn)
            drawn += part
            if part < energy:
                self._lots.appendleft((minute, energy - part))
        return drawn
