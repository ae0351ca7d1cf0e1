"""A decoder that has every fault there is, so that the campaign can be seen to find them."""

from __future__ import annotations

import os
import time
from random import Random

from benchmarks.fuzz.target import READ, REFUSED, Target, must


def make(rng: Random) -> int:
    """Thirty inputs of each kind in turn would be too regular: any digit."""
    return rng.randrange(10)


def answer(digit: int) -> str:
    """Hang, die, crash, misread, refuse or read."""
    if digit == 0:
        time.sleep(60)
    if digit == 1:
        os._exit(7)
    if digit == 2:
        return str(1 / 0)
    must(digit != 3, "three was read as four")
    return REFUSED if digit == 4 else READ


TARGET = Target("hanging", 1.0, make, answer, "for tests")
