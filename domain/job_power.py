"""What jobs draw, as learned from those that ran: a load profile with its spread for each product on each machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.instants import UtcInstant
from domain.orders import LoadCurve, Order, TypedLoadCurve
from domain.texts import Key, Name
from domain.units import Count, Int64, Power

MOST_PRODUCTS = 500
"""Products, each on one machine, whose power is remembered: those that were learned last."""
MachineProduct = tuple[str, str]
"""Machine and product."""


class PowerSource(StrEnum):
    """Where a learned power comes from."""

    SUB_METER = "sub_meter"
    """The machine's own meter, while the jobs ran."""
    REGRESSION = "regression"
    """The site's load regressed on the jobs that ran."""


@dataclass(frozen=True, slots=True)
class JobPower:
    """What one product adds to one machine's idle power, quarter hour by quarter hour; the record with the highest `revision` counts.

    The three curves are the 10 %, 50 % and 90 % quantiles over the runs, and equally long.
    """

    site: Key
    machine: Key
    product: Name
    revision: Int64
    q10_kw: TypedLoadCurve
    q50_kw: TypedLoadCurve
    q90_kw: TypedLoadCurve
    runs: Count
    """How many jobs it is learned from."""
    source: PowerSource
    error_kw: Annotated[float, Field(ge=0, le=1e9)]
    """Standard error of its mean power: of the runs' mean, or of the regression's coefficient."""
    at_utc: UtcInstant
    """When it was learned."""
    idle_kw: Power | None = None
    """What the machine draws between jobs; None: not known."""

    @property
    def key(self) -> MachineProduct:
        """Machine and product."""
        return self.machine, self.product


def stretched(curve_kw: LoadCurve, quarters: int) -> LoadCurve:
    """`curve_kw` as it comes over `quarters` quarter hours: the same shape, each power kept as long as its share of the job.

    A batch twice as long draws the same power twice as long; its energy doubles.
    """
    if len(curve_kw) == quarters or not curve_kw:
        return curve_kw
    step = len(curve_kw) / quarters
    found = []
    for number in range(quarters):
        begin, end = number * step, (number + 1) * step
        covered = (
            (min(end, place + 1) - max(begin, place), curve_kw[place])
            for place in range(int(begin), min(len(curve_kw), int(end) + 1))
        )
        found.append(sum(width * kw for width, kw in covered if width > 0) / step)
    return tuple(found)


def with_power(order: Order, powers: Mapping[MachineProduct, JobPower]) -> Order:
    """`order` with the power that was learned for it, here and on its other machines; what somebody typed stays.

    Without either, `profile_kw` stays empty: the job's power is not known, which is not zero.
    """
    others = tuple(
        other if other.profile_kw else replace(other, profile_kw=_learned(powers, other.machine, order.product, other.quarters))
        for other in order.other_machines
    )
    profile_kw = order.profile_kw or _learned(powers, order.machine, order.product, order.duration_quarters)
    return replace(order, profile_kw=profile_kw, other_machines=others)


def _learned(powers: Mapping[MachineProduct, JobPower], machine: str, product: str, quarters: int) -> LoadCurve:
    power = powers.get((machine, product))
    return () if power is None else stretched(power.q50_kw, quarters)


def newest_powers(powers: Iterable[JobPower]) -> dict[MachineProduct, JobPower]:
    """The newest revision of each."""
    found: dict[MachineProduct, JobPower] = {}
    for power in powers:
        known = found.get(power.key)
        if known is None or power.revision > known.revision:
            found[power.key] = power
    return found
