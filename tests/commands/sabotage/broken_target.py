"""A decoder that breaks on every third input, for a campaign that finds something."""

from __future__ import annotations

from random import Random

from benchmarks.fuzz.target import READ, Target


def answer(digit: int) -> str:
    """Read, or crash."""
    if digit == 0:
        raise ZeroDivisionError
    return READ


TARGET = Target("json", 1.0, lambda rng: Random(rng.random()).randrange(3), answer, "for tests")
