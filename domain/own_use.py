"""What the platform itself used: CPU time by part and by job, and the electricity that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import UtcInstant
from domain.texts import Key, Name
from domain.units import Amount


class EnergyBasis(StrEnum):
    """How the electricity is known."""

    RAPL = "rapl"
    """The processor's own energy counters (running average power limit), in the share that our CPU time has of all."""
    MODEL = "model"
    """CPU time times a stated power of a core: a model, not a measurement."""


@dataclass(frozen=True, slots=True)
class PartUse:
    """CPU time of one part of the stack, or of one job within it."""

    name: Key
    cpu_s: Annotated[float, Field(ge=0, le=1e9)]


@dataclass(frozen=True, slots=True)
class OwnUse:
    """What one stack used within a span of the plant's time.

    `jobs` are parts of the Flink cluster's CPU time, which is in `parts` already.

    Raises
    ------
    ValueError
        If the span ends before it begins.
    """

    site: Key
    from_utc: UtcInstant
    to_utc: UtcInstant
    parts: Annotated[tuple[PartUse, ...], Field(max_length=200)]
    jobs: Annotated[tuple[PartUse, ...], Field(max_length=200)]
    energy_wh: Annotated[Amount, Field(ge=0)]
    basis: EnergyBasis
    computer: Name = ""
    """On which it ran; empty: not named."""

    def __post_init__(self) -> None:
        if self.to_utc < self.from_utc:
            msg = f"a span from {self.from_utc} to {self.to_utc}: expected its end at or after its beginning"
            raise ValueError(msg)

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of all parts."""
        return sum(part.cpu_s for part in self.parts)
