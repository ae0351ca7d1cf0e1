"""What the governor is about, apart from its recommendations: whether it can decide at all, and what it could hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.instants import QuarterStart, UtcInstant
from domain.texts import Key
from domain.units import Amount, Power


class GovernorMode(StrEnum):
    """What the governor does now."""

    WATCHING = "watching"
    """Nothing has to be held."""
    HOLDING = "holding"
    """It advises to hold loads, or they are held by its advice."""
    RETURNING = "returning"
    """What was held may draw again, one load after the other."""
    SILENT = "silent"
    """It cannot decide; the facts say why. Missing is never zero."""


@dataclass(frozen=True, slots=True)
class CanWait:
    """A load that could be held now."""

    load: Key
    """Its id in the plant file."""
    kw: Power
    """By how much the site would draw less."""
    until_utc: UtcInstant
    """When it would have to be released at the latest."""


@dataclass(frozen=True, slots=True)
class Governing:
    """State of a site's governor from `at_utc` on, until the next record says otherwise: one is written only when something changes."""

    site: Key
    at_utc: UtcInstant
    mode: GovernorMode
    start_utc: QuarterStart
    """The quarter hour in which it was written."""
    level_kw: Power | None
    """What the quarter hour should stay below: target, billed peak, or what can still be reached; None where it is not known."""
    can_wait: Annotated[tuple[CanWait, ...], Field(max_length=100)] = ()
    """Who waits first at the front."""
    can_wait_kw: Amount = 0.0
    """Of all of them, also of those beyond the first hundred."""
    reason: Facts = field(default=())
    """``governor.*``: why it is silent, and which loads it knows too little of."""
