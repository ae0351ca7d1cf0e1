"""What a target of the fuzz is: a decoder of the product, inputs for it, and what must hold of each answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

READ, REFUSED = "read", "refused"


class Wrong(Exception):
    """What a decoder answered is not what the input says, or does not help whoever has to repair it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder under fire."""

    name: str
    share: float
    """Its part of all inputs."""
    make: Callable[[Random], Any]
    """The input for a state of the generator; its `repr` is shown in findings."""
    answer: Callable[[Any], str]
    """Gives `READ` or `REFUSED`; raises `Wrong`, and any other exception is a crash."""
    about: str


def must(holds: bool, message: str) -> None:
    """Raises `Wrong` with `message` unless `holds`."""
    if not holds:
        raise Wrong(message)


def input_of(target: Target, seed: int, number: int) -> Any:
    """Input `number` of a campaign: made from its number alone, on any machine."""
    return target.make(Random(f"{seed}/{target.name}/{number}"))
