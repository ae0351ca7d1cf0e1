"""What of a tariff can be priced at a site, what not, and why.

In: a tariff and the channels that the grid connection counts. Out: for a change of some quarter hours the tariff that prices it, and the
components that had to be left out. A charge that rests on something nobody measured is not known: it is named, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from billing.component import Component
from billing.lacks import BILLED_BY, REACTIVE_EXPORT, REACTIVE_IMPORT, Lack
from billing.tariff import Tariff
from domain.plant import Plant, RegisterKind


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One version of a component that has no price at this site."""

    component: Component
    lack: Lack

    @property
    def reason(self) -> str:
        """Which charge cannot be priced, and why: half a sentence."""
        return f"{self.component.kind} {self.component.id!r} is billed by {BILLED_BY[self.lack]}"

    def holds_within(self, first: date, last: date) -> bool:
        """Whether it would be billed on a local day of ``first .. last``."""
        return _holds_within(self.component, first, last)


def reactive_channels(plant: Plant) -> frozenset[str]:
    """Which reactive energies the grid connection counts."""
    meter = plant.billing_meter()
    registers = () if meter is None else meter.registers
    counted = {r.channel for r in registers if r.kind is RegisterKind.COUNTER and "var" in r.unit}
    return frozenset(counted & {REACTIVE_IMPORT, REACTIVE_EXPORT})


def left_out(tariff: Tariff, channels: frozenset[str]) -> tuple[LeftOut, ...]:
    """What cannot be priced by quarter hours of active energy and of the reactive `channels`."""
    lacks = ((component, component.lack(channels)) for component in tariff.components)
    return tuple(LeftOut(component, lack) for component, lack in lacks if lack is not None)


def needs_reactive(tariff: Tariff) -> bool:
    """Whether its bill needs reactive energy."""
    return any(component.needs_reactive for component in tariff.components)


def without(tariff: Tariff, components: Iterable[Component]) -> Tariff:
    """The tariff without some of its components; itself where there are none."""
    gone = {id(one) for one in components}
    if not gone:
        return tariff
    return replace(tariff, components=tuple(one for one in tariff.components if id(one) not in gone))


@dataclass(frozen=True, slots=True)
class Priced:
    """How far a change of some quarter hours can be priced.

    Attributes
    ----------
    tariff
        Without what is left out.
    demand_known
        False where power is billed and none of the charges for it can be priced.
    energy_known
        False where the price of the energy that moves is not known (yet).
    """

    tariff: Tariff
    lacking: tuple[LeftOut, ...]
    demand_known: bool
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
        """By the numbers of the components that are left out. Made once each, since what is derived from a tariff is cached by its identity."""

    def of(self, starts_utc: list[datetime]) -> Priced | None:
        """How a change of the quarter hours that begin at `starts_utc` is priced; None where the tariff does not hold for all of them.

        A spot price that is not known for one of them leaves its component out: else energy moved there would seem to cost nothing.
        """
        local = [self._whole.local(start) for start in starts_utc]
        days = [start.date() for start in local]
        if not days or not (self._whole.holds_on(min(days)) and self._whole.holds_on(max(days))):
            return None
        first, last = min(days), max(days)
        unknown = {n: lack for n, one in enumerate(self.tariff.components) if (lack := one.lack_at(local)) is not None}
        lacking = [one for one in self._lacking if one.holds_within(first, last)]
        priced = self._without(tuple(unknown))
        return Priced(
            priced,
            (*lacking, *(LeftOut(self.tariff.components[n], lack) for n, lack in unknown.items())),
            demand_known=not _bills_power(self._whole, first, last) or _bills_power(priced, first, last),
            energy_known=not unknown,
        )

    def _without(self, numbers: tuple[int, ...]) -> Tariff:
        if numbers not in self._reduced:
            self._reduced[numbers] = without(self.tariff, (self.tariff.components[n] for n in numbers))
        return self._reduced[numbers]


def _holds_within(component: Component, first: date, last: date) -> bool:
    return component.valid_from <= last and first < component.valid_to


def _bills_power(tariff: Tariff, first: date, last: date) -> bool:
    return any(one.bills_power and _holds_within(one, first, last) for one in tariff.components)
