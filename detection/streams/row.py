"""What a detector is given, and what it answers."""

from __future__ import annotations

from typing import NamedTuple

HOURS_OF_DAY = 24


class Row(NamedTuple):
    """One row of a series.

    Attributes
    ----------
    at_s
        Start of the interval, or instant of the value: seconds since 1970 (UTC).
    local_hour
        Hours since 1970 on the wall clock of the plant.
    values
        Of each column; NaN where one is missing. Of a meter: power, then its phases [kW].
    staffed
        Whether the shift calendar says that people work; None without a calendar.
    """

    at_s: float
    local_hour: int
    values: tuple[float, ...]
    staffed: bool | None = None

    @property
    def day(self) -> int:
        """Local days since 1970."""
        return self.local_hour // HOURS_OF_DAY


class Judgement(NamedTuple):
    """What one detector says.

    Attributes
    ----------
    strength
        1 where an alarm begins, in proportion below.
    reason
        The kind, then the numbers it follows from as ``name=value``.
    excess_kwh
        Energy above expectation that is new with this judgement.
    """

    strength: float = 0.0
    reason: str = ""
    excess_kwh: float = 0.0

    @property
    def kind(self) -> str:
        """First word of the reason."""
        return self.reason.partition(" ")[0]


NOTHING = Judgement()


class Verdict(NamedTuple):
    """What is written for a row: ``score`` 0 to 1, whether it belongs to an incident, why, and the energy it adds [kWh]."""

    score: float
    alarm: bool
    reason: str
    excess_kwh: float


def verdict_of(found: Judgement, excess_kwh: float = 0.0) -> Verdict:
    """Of a row on which `found` is the strongest judgement; a reason without alarm is kept where it names a gap."""
    alarm = found.strength >= 1.0
    return Verdict(
        found.strength / (1.0 + found.strength), alarm, found.reason if alarm or found.strength == 0.0 else "", excess_kwh
    )


def stronger(one: Judgement, other: Judgement) -> Judgement:
    """The stronger of both; the first where they are equal."""
    return other if other.strength > one.strength else one
