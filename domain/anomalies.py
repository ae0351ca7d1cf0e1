"""What is abnormal, since when, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.instants import UtcInstant
from domain.texts import Key, Name, Text
from domain.units import Amount, Int64, Power

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
