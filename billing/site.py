"""What of a tariff can be priced at a site, what not, and why.

In: a tariff and the channels that the grid connection counts. Out: for a change of some quarter hours the tariff that prices it, and the
components that had to be left out. A charge that rests on something nobody measured is not known: it is named, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from billing.price import holds_at
from billing.tariff import Component, Demand, Energy, Reactive, Tariff
from domain.plant import Plant, RegisterKind

REACTIVE_IMPORT, REACTIVE_EXPORT = "reactive_import", "reactive_export"
"""Channels of the billing meter: counters of inductive and of capacitive reactive energy."""
QUARTER_MIN = 15


class Lack(StrEnum):
    """Why a component cannot be priced."""

    INDUCTIVE = "inductive"
    """Inductive reactive energy is not measured at the grid connection (channel `reactive_import`)."""
    CAPACITIVE = "capacitive"
    """Capacitive reactive energy is not measured there (channel `reactive_export`)."""
    TOO_FINE = "too_fine"
    """It is billed by means that are finer than quarter hours."""
    SPOT = "spot"
    """The spot price of a quarter hour is not known (yet)."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One version of a component that has no price at this site."""

    component: Component
    lack: Lack

    def holds_within(self, first: date, last: date) -> bool:
        """Whether it would be billed on a local day of ``first .. last``."""
        return self.component.valid_from <= last and first < self.component.valid_to


def reactive_channels(plant: Plant) -> frozenset[str]:
    """Which reactive energies the grid connection counts."""
    meter = plant.billing_meter()
    registers = () if meter is None else meter.registers
    counted = {r.channel for r in registers if r.kind is RegisterKind.COUNTER and "var" in r.unit}
    return frozenset(counted & {REACTIVE_IMPORT, REACTIVE_EXPORT})


def left_out(tariff: Tariff, channels: frozenset[str]) -> tuple[LeftOut, ...]:
    """What cannot be priced by quarter hours of active energy and of the reactive `channels`."""
    lacks: list[tuple[Component, Lack | None]] = [(one, _demand_lack(one, channels)) for one in tariff.demand]
    lacks += [(one, _reactive_lack(one, channels)) for one in tariff.reactive]
    return tuple(LeftOut(component, lack) for component, lack in lacks if lack is not None)


def _demand_lack(demand: Demand, channels: frozenset[str]) -> Lack | None:
    if (demand.sliding_step_min or demand.interval_min) % QUARTER_MIN:
        return Lack.TOO_FINE
    return Lack.INDUCTIVE if demand.quantity == "kVA" and REACTIVE_IMPORT not in channels else None


def _reactive_lack(reactive: Reactive, channels: frozenset[str]) -> Lack | None:
    if reactive.inductive:
        return None if REACTIVE_IMPORT in channels else Lack.INDUCTIVE
    return None if REACTIVE_EXPORT in channels else Lack.CAPACITIVE


def needs_reactive(tariff: Tariff) -> bool:
    """Whether its bill needs reactive energy."""
    return bool(tariff.reactive) or any(demand.quantity == "kVA" for demand in tariff.demand)


def without(tariff: Tariff, components: Iterable[Component]) -> Tariff:
    """The tariff without some of its components; itself where there are none."""
    gone = {id(one) for one in components}
    if not gone:
        return tariff
    return replace(
        tariff,
        energy=tuple(one for one in tariff.energy if id(one) not in gone),
        demand=tuple(one for one in tariff.demand if id(one) not in gone),
        reactive=tuple(one for one in tariff.reactive if id(one) not in gone),
    )


@dataclass(frozen=True, slots=True)
class Priced:
    """How far a change of some quarter hours can be priced."""

    tariff: Tariff
    """Without what is left out."""
    lacking: tuple[LeftOut, ...]
    demand_known: bool
    """False where power is billed and none of the charges can be priced."""
    energy_known: bool


class SitePrices:
    """A tariff as far as it can be priced at one site.

    Parameters
    ----------
    channels
        Reactive energies that are known, see `reactive_channels`.
    """

    def __init__(self, tariff: Tariff, channels: frozenset[str]) -> None:
        self._whole = tariff
        self._lacking = left_out(tariff, channels)
        self.tariff = without(tariff, (one.component for one in self._lacking))
        self._reduced: dict[tuple[int, ...], Tariff] = {}
        """Made once each, since what is worked out of a tariff's calendar is kept by tariff."""

    def of(self, starts_utc: list[datetime]) -> Priced | None:
        """How a change of the quarter hours that begin at `starts_utc` is priced; None where the tariff does not hold for all of them.

        A spot price that is not known for one of them leaves its component out: else energy moved there would seem to cost nothing.
        """
        whole = self._whole
        days = [start.astimezone(whole.zone).date() for start in starts_utc]
        if not days or min(days) < whole.valid_from or max(days) >= whole.valid_to:
            return None
        unknown = [n for n, energy in enumerate(self.tariff.energy) if _lacks_price(self.tariff, energy, starts_utc)]
        lacking = [one for one in self._lacking if one.holds_within(min(days), max(days))]
        billed = [one for one in whole.demand if one.valid_from <= max(days) and min(days) < one.valid_to]
        return Priced(
            self._without_energy(tuple(unknown)),
            (*lacking, *(LeftOut(self.tariff.energy[n], Lack.SPOT) for n in unknown)),
            demand_known=not billed or len(billed) > sum(isinstance(one.component, Demand) for one in lacking),
            energy_known=not unknown,
        )

    def _without_energy(self, numbers: tuple[int, ...]) -> Tariff:
        if numbers not in self._reduced:
            self._reduced[numbers] = without(self.tariff, (self.tariff.energy[n] for n in numbers))
        return self._reduced[numbers]


def _lacks_price(tariff: Tariff, energy: Energy, starts_utc: list[datetime]) -> bool:
    spot = energy.spot
    return spot is not None and any(spot.prices.at(start) is None and holds_at(tariff, energy, start) for start in starts_utc)
