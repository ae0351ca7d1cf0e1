"""Minutes of single channels to rows of a machine: all its channels and the operating state, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from domain.health_settings import HealthChannels
from domain.minutes import MINUTE_MS, Minute
from domain.texts import printable

HOLD_MINUTES = 15
"""A control reports changes: a value that was good stands for so long."""
LEAST_GOOD = 0.5
"""Share of good readings below which a minute says nothing of its channel."""
MOST_STATE = 60
"""Characters of a state that are kept."""
ONE_STATE = ""
"""Of a machine whose control reports none."""


class MachineRow(NamedTuple):
    """One minute of a machine.

    Attributes
    ----------
    minute
        Minutes since 1970 (UTC).
    state
        Operating state; None where it is not known, or changed within the minute.
    values
        Mean of each channel, in the order of the plant file; None where one has none.
    """

    minute: int
    state: str | None
    values: list[float] | None


@dataclass(slots=True)
class Shown:
    """The newest good value of a channel, and its minute."""

    value: float
    minute: int


@dataclass(slots=True)
class Gathering:
    """Minutes of a machine's channels until the next minute begins."""

    minute: int = -1
    """The one that is gathered; below zero before the first."""
    shown: dict[str, Shown] = field(default_factory=dict)
    state: str | None = ONE_STATE
    """None: not known."""
    steady: bool = True
    """Whether the state was one and the same throughout the minute."""


def take(gathering: Gathering, health: HealthChannels, state_channel: str | None, minute: Minute) -> MachineRow | None:
    """Add a minute of a channel; the row of the minute before, once this one begins another. An older minute changes nothing."""
    number = minute.start_ms // MINUTE_MS
    row = None
    if number < gathering.minute:
        return None
    if number > gathering.minute:
        row = _row(gathering, health) if gathering.minute >= 0 else None
        if gathering.minute < 0 and state_channel is not None:
            gathering.state = None
        gathering.minute, gathering.steady = number, True
    if minute.channel == state_channel:
        _take_state(gathering, health, minute)
    elif minute.channel in health.channels:
        if minute.good >= LEAST_GOOD and minute.mean is not None:
            gathering.shown[minute.channel] = Shown(minute.mean, number)
        else:
            gathering.shown.pop(minute.channel, None)
    return row


def _take_state(gathering: Gathering, health: HealthChannels, minute: Minute) -> None:
    before, name = gathering.state, minute.text
    if name is None and minute.last is not None:
        name = f"{minute.last:g}"
    if name is None:
        gathering.state, gathering.steady = None, False
        return
    gathering.state = one = state_of(name, health)
    gathering.steady = one == before and (minute.changes == 0 or one in health.together)


def state_of(name: str, health: HealthChannels) -> str:
    """The operating state that a control's state belongs to."""
    return health.together[0] if name in health.together else printable(name, MOST_STATE)


def _row(gathering: Gathering, health: HealthChannels) -> MachineRow:
    values = []
    for channel in health.channels:
        shown = gathering.shown.get(channel)
        if shown is None or gathering.minute - shown.minute > HOLD_MINUTES:
            return MachineRow(gathering.minute, gathering.state if gathering.steady else None, None)
        values.append(shown.value)
    return MachineRow(gathering.minute, gathering.state if gathering.steady else None, values)
