"""Seeded noise that depends on the instant alone, not on the path to it: runs that differ in one decision see the same noise."""

from __future__ import annotations

from random import Random
from zlib import crc32

import numpy as np

_BLOCK = 1024


class Noise:
    """Standard normal values at lattice points `spacing_s` apart, linear in between."""

    __slots__ = ("_block", "_key", "_spacing", "_values")

    def __init__(self, seed: int, name: str, spacing_s: float) -> None:
        self._key = (seed, crc32(name.encode()))
        self._spacing = spacing_s
        self._block = -1
        self._values: list[float] = []

    def at(self, t_s: float) -> float:
        """Value at the instant `t_s` [s since 1970]."""
        index, share = divmod(t_s / self._spacing, 1.0)
        block, place = divmod(int(index), _BLOCK)
        if block != self._block:
            self._block, self._values = block, self._lattice(block)
        here = self._values[place]
        return here + (self._values[place + 1] - here) * share

    def _lattice(self, block: int) -> list[float]:
        first, following = (
            np.random.Generator(np.random.PCG64(np.random.SeedSequence((*self._key, number)))).standard_normal(_BLOCK)
            for number in (block, block + 1)
        )
        return [*first.tolist(), float(following[0])]


def dice(seed: int, *names: object) -> Random:
    """A generator for one event, the same at every call."""
    return Random("/".join(str(part) for part in (seed, *names)))
