"""How a machine does: what its channels show in each operating state beside what they usually show, and where they are going."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import QuarterStart
from domain.texts import Key, Name
from domain.units import Amount, Count, Share

Index = Annotated[float, Field(ge=0, le=100)]
"""100 is as learned, 0 far beyond every limit."""


class HealthStatus(StrEnum):
    """What is known of a machine's health."""

    LEARNING = "learning"
    """Too few good minutes of this operating state so far; `MachineHealth.learned` says how many."""
    USUAL = "usual"
    """Its channels are as they were learned."""
    UNUSUAL = "unusual"
    """Its channels do not move together as they did."""
    LIMIT_AHEAD = "limit_ahead"
    """A channel is on its way to its limit, or beyond it."""
    NO_DATA = "no_data"
    """No minute of the quarter hour had good values of all its channels."""


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One channel of a machine in one operating state; None where it is not known. All values are in the channel's own unit."""

    channel: Key
    """As the device files name it."""
    unit: Name
    """For people, as the plant file names it; empty: not named."""
    mean: Amount | None
    """Of the good minutes of the quarter hour."""
    usual: Amount | None
    """Learned mean of this operating state."""
    low: Amount | None
    """Learned lower limit."""
    high: Amount | None
    """Learned upper limit."""
    limit: Amount | None
    """Upper limit that a person set in the plant file; it counts before the learned one."""
    trend_per_day: Amount | None
    """Robust slope of the channel, a day of 24 hours in this operating state."""
    days_to_limit: Amount | None
    """Until the upper limit at this trend; 0 beyond it; None: no trend towards it."""
    days_low: Amount | None
    """With 80 % probability not before; None as `days_to_limit`."""
    days_high: Amount | None
    """With 80 % probability not after; None: also where the trend may as well be none."""


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """Health of a machine in one quarter hour, in the operating state that it was in for the longest part of it."""

    site: Key
    machine: Key
    meter: Key
    at_utc: QuarterStart
    """Start of the quarter hour."""
    status: HealthStatus
    state: Name
    """Operating state as the control names it; empty where no control reports one."""
    index: Index | None
    """Worst of its channels and of both distances; None while it learns and without data."""
    t2: Amount | None
    """Median distance within what its channels usually do together (Hotelling's T²), over its limit."""
    q: Amount | None
    """Median distance beside it (squared prediction error Q), over its limit."""
    learned: Share
    """Share of the minutes of this state that have to be learned before it is judged; 1: it is judged."""
    minutes: Count
    """Good minutes of this state within the quarter hour, at most 15."""
    channels: Annotated[tuple[ChannelHealth, ...], Field(max_length=20)] = ()
