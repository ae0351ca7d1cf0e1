"""Which pieces are scrap: a usual share of each moulding machine, and more with a worn mould. It depends on seed, machine and piece alone."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from simulation.surprises import Surprises

USUAL_SHARE = {"moulding-1": 0.02, "moulding-2": 0.015, "moulding-3": 0.03}
"""Of the pieces of each machine, 0..1."""


class ScrapChances:
    """The dice of one plant."""

    def __init__(self, seed: int, surprises: Surprises) -> None:
        self._seed, self._worn = seed, surprises.worn_moulds

    def of(self, machine: str, t_s: float) -> Callable[[int], bool]:
        """Whether the piece of a number that `machine` makes at `t_s` is scrap."""
        worn = (one.share for one in self._worn if one.machine == machine and one.from_s <= t_s < one.to_s)
        share = max(worn, default=USUAL_SHARE.get(machine, 0.0))

        def is_scrap(number: int) -> bool:
            digest = blake2b(f"{self._seed}/{machine}/{number}".encode(), digest_size=8).digest()
            return int.from_bytes(digest) < share * 2**64

        return is_scrap
