"""What is abnormal, since when, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.feedback import FeedbackGiven
from domain.instants import UtcInstant
from domain.texts import Key, Name, Text
from domain.units import Amount, Int64, Power, Share

Evidence = Annotated[dict[Name, Text], Field(max_length=100)]
"""What a finding rests on, by name: for looking into it, not for sentences."""


class Nature(StrEnum):
    """What is wrong at all: three things that must not be mixed, and what they do to the product."""

    DATA = "data"
    """The data: what was measured says nothing of the plant, and teaches nothing."""
    WASTE = "waste"
    """Energy: more of it than the work takes."""
    WEAR = "wear"
    """The machine: it changes, and will fail."""
    QUALITY = "quality"
    """The product: energy that went into scrap."""


class Risk(StrEnum):
    """How bad it may become where no euros say it."""

    LOW = "low"
    """Figures are missing or doubtful, nothing stops."""
    MEDIUM = "medium"
    """Figures that are billed or steer are wrong, or parts are."""
    HIGH = "high"
    """A machine may stop."""


class AnomalyKind(StrEnum):
    """Kinds of abnormal behaviour."""

    ON_WHILE_OFF = "on_while_off"
    COUNTER_DISCONTINUITY = "counter_discontinuity"
    SILENT_METER = "silent_meter"
    CREEP = "creep"
    # Data.
    STUCK = "stuck"
    """A register repeats itself for longer than it ever did."""
    SPIKE = "spike"
    UNIT_JUMP = "unit_jump"
    """A value is thousandfold, or a thousandth."""
    PHASE_DROP = "phase_drop"
    OUT_OF_RANGE = "out_of_range"
    """More than the meter can measure."""
    WRONG_CLOCK = "wrong_clock"
    # Energy.
    LEFT_ON = "left_on"
    """A meter draws for hours in which nobody works more than it does then."""
    UNPLANNED_WORK = "unplanned_work"
    """Work at other times than the shift calendar says."""
    BASE_LOAD_STEP = "base_load_step"
    AIR_LEAK = "air_leak"
    """A compressor draws more while nobody needs air."""
    IDLE_IN_SHIFT = "idle_in_shift"
    """A machine is on in a staffed shift, without a job."""
    STANDBY = "standby"
    """What a machine always draws at rest, and what switching it off would save."""
    EARLY_START = "early_start"
    LATE_STOP = "late_stop"
    PRESSURE_HIGH = "pressure_high"
    POOR_POWER_FACTOR = "poor_power_factor"
    PHASE_IMBALANCE = "phase_imbalance"
    SIMULTANEOUS_STARTS = "simultaneous_starts"
    HEATING_AGAINST_COOLING = "heating_against_cooling"
    # Machines.
    MACHINE_UNUSUAL = "machine_unusual"
    """Channels of a machine no longer move together as they did."""
    LIMIT_AHEAD = "limit_ahead"
    """A channel of a machine is on its way to its limit."""
    ENERGY_PER_PART = "energy_per_part"
    # Products.
    SCRAP_RISING = "scrap_rising"

    @property
    def nature(self) -> Nature:
        """What is wrong at all."""
        return _NATURES.get(self, Nature.WASTE)

    @property
    def risk(self) -> Risk | None:
        """How bad it may become; None for waste, of which euros a day say it."""
        return _RISKS.get(self, None if self.nature is Nature.WASTE else Risk.MEDIUM)


_NATURES = {
    **dict.fromkeys(
        (
            AnomalyKind.COUNTER_DISCONTINUITY, AnomalyKind.SILENT_METER, AnomalyKind.STUCK, AnomalyKind.SPIKE, AnomalyKind.UNIT_JUMP,
            AnomalyKind.PHASE_DROP, AnomalyKind.OUT_OF_RANGE, AnomalyKind.WRONG_CLOCK,
        ),
        Nature.DATA,
    ),
    **dict.fromkeys((AnomalyKind.MACHINE_UNUSUAL, AnomalyKind.LIMIT_AHEAD, AnomalyKind.ENERGY_PER_PART), Nature.WEAR),
    AnomalyKind.SCRAP_RISING: Nature.QUALITY,
}  # fmt: skip
_RISKS = {
    **dict.fromkeys((AnomalyKind.LIMIT_AHEAD, AnomalyKind.MACHINE_UNUSUAL), Risk.HIGH),
    **dict.fromkeys((AnomalyKind.SPIKE, AnomalyKind.WRONG_CLOCK, AnomalyKind.COUNTER_DISCONTINUITY), Risk.LOW),
}

MOST_ALSO = 50
"""Meters that one anomaly names beside its own."""


@dataclass(frozen=True, slots=True)
class AlsoFound:
    """Another meter that shows the same: its finding belongs to the anomaly and is none of its own."""

    meter: Key
    kind: AnomalyKind
    """As what it was found there."""
    share: Share | None = None
    """How much of what is found at the upper of the two meters the lower one explains, 0..1; None where it is no matter of energy."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One finding; repeated with the same `anomaly` id and a higher `revision` as it grows and when it ends."""

    site: Key
    meter: Key
    anomaly: Key
    """Stable id: ``<meter>/<kind>/<since, epoch s>``."""
    revision: Int64
    kind: AnomalyKind
    since_utc: UtcInstant
    until_utc: UtcInstant | None
    """None while it lasts."""
    at_utc: UtcInstant
    """Event time at which this revision was published."""
    expected_kw: Power | None
    actual_kw: Power | None
    excess_kwh: Amount
    """Energy above expectation so far."""
    kwh_per_day: Amount
    eur_per_day: Amount | None
    """None where no tariff says what a kilowatt-hour costs: unknown is not zero."""
    facts: Facts = field(default=())
    """What it says, sentence by sentence; `words.sentences` makes text of it. Empty in records of an older form only."""
    evidence: Evidence = field(default_factory=dict)
    also: Annotated[tuple[AlsoFound, ...], Field(max_length=MOST_ALSO)] = ()
    """Meters that show the same, those that explain or show most first. Energy and money of the anomaly are counted once over all of them."""
    cause: Name = ""
    """The meter, machine or device that it comes from, where that is another than `meter`; may be known only with a later revision."""
    feedback: FeedbackGiven | None = None
    """The newest that holds on it."""
