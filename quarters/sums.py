"""A sum of quarter hours, and how well it is known: shares by quality, coverage against the declared period. Pure.

Every sum that is shown is made here, so that page, reports and tables show the same shares of the same quarter hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Protocol

from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality, worst_quality
from domain.units import UWH_PER_KWH
from quarters.quality import SOUND


class Known(Protocol):
    """What is known of a quarter hour."""

    @property
    def energy_uwh(self) -> int | None:
        """None where there is no value."""

    @property
    def coverage(self) -> float:
        """Share of it that was seen, 0..1."""

    @property
    def quality(self) -> IntervalQuality:
        """How the energy is known."""


@dataclass(frozen=True, slots=True)
class Share:
    """Quarter hours of one quality, and their energy."""

    quarters: int = 0
    energy_uwh: int = 0
    """Signed."""
    moved_uwh: int = 0
    """What was fed back counted like what was drawn."""


def share_of_moved(by_quality: Mapping[IntervalQuality, Share], quality: IntervalQuality) -> float:
    """Share of the energy that was moved in either direction, 0..1; of no energy 0."""
    moved = sum(share.moved_uwh for share in by_quality.values())
    return by_quality[quality].moved_uwh / moved if moved else 0.0


@dataclass(frozen=True, slots=True)
class EnergySum:
    """The sum over a declared period; what has no value adds nothing and is counted as missing."""

    quarters: int
    """In the declared period."""
    with_value: int
    energy_uwh: int
    coverage: float
    """Share of the declared period that was seen, 0..1."""
    by_quality: Mapping[IntervalQuality, Share]
    """Every quality, best first; a quarter hour without a row is missing."""

    @property
    def missing(self) -> int:
        """Quarter hours of the declared period that have no value."""
        return self.quarters - self.with_value

    @property
    def energy_kwh(self) -> float | None:
        """Energy [kWh] of those that have a value; None where none has."""
        return self.energy_uwh / UWH_PER_KWH if self.with_value else None

    @property
    def worst(self) -> IntervalQuality:
        """The worst flag of its quarter hours; missing for a period without any."""
        return worst_quality([q for q, share in self.by_quality.items() if share.quarters] or [IntervalQuality.MISSING])

    @property
    def sound_share(self) -> float:
        """Share of the quarter hours that rest on readings of their own, 0..1: a maximum is the maximum of these."""
        return sum(self.by_quality[quality].quarters for quality in SOUND) / self.quarters if self.quarters else 0.0

    def share_of_quarters(self, quality: IntervalQuality) -> float:
        """Share of the declared period's quarter hours, 0..1."""
        return self.by_quality[quality].quarters / self.quarters if self.quarters else 0.0

    def share_of_energy(self, quality: IntervalQuality) -> float:
        """Share of the energy that was moved in either direction, 0..1; of no energy 0."""
        return share_of_moved(self.by_quality, quality)


def joined(sums: Iterable[EnergySum]) -> EnergySum:
    """The sum of spans that follow one another, from their sums."""
    found = list(sums)
    quarters = sum(one.quarters for one in found)
    by_quality = {
        quality: Share(
            sum(one.by_quality[quality].quarters for one in found),
            sum(one.by_quality[quality].energy_uwh for one in found),
            sum(one.by_quality[quality].moved_uwh for one in found),
        )
        for quality in QUALITIES_BEST_FIRST
    }
    coverage = fsum(one.coverage * one.quarters for one in found) / quarters if quarters else 0.0
    return EnergySum(quarters, sum(one.with_value for one in found), sum(one.energy_uwh for one in found), coverage, by_quality)


def sum_of(rows: Iterable[Known | None], quarters: int | None = None) -> EnergySum:
    """The sum of `rows`.

    Parameters
    ----------
    rows
        One a quarter hour; None where there is no row.
    quarters
        Quarter hours of the declared period; as many as there are rows if None. Those without a row are missing.

    Raises
    ------
    ValueError
        If there are more rows than quarter hours: some would count twice.
    """
    slots, energy, moved = Counter[IntervalQuality](), Counter[IntervalQuality](), Counter[IntervalQuality]()
    count, with_value, coverage = 0, 0, 0.0
    for row in rows:
        count += 1
        if row is None:
            continue
        slots[row.quality] += 1
        coverage += row.coverage
        if row.energy_uwh is not None:
            with_value += 1
            energy[row.quality] += row.energy_uwh
            moved[row.quality] += abs(row.energy_uwh)
    quarters = count if quarters is None else quarters
    if count > quarters:
        msg = f"{count} rows for a period of {quarters} quarter hours: give each quarter hour once"
        raise ValueError(msg)
    slots[IntervalQuality.MISSING] += quarters - slots.total()
    by_quality = {quality: Share(slots[quality], energy[quality], moved[quality]) for quality in QUALITIES_BEST_FIRST}
    return EnergySum(quarters, with_value, energy.total(), coverage / quarters if quarters else 0.0, by_quality)
