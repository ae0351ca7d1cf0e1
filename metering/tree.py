"""The meter tree: a meter against the meters below it, quarter hour by quarter hour, and the rest that no meter below saw. Pure.

In: the latest quarter hours of a plant.  Out: own and summed energy, the signed rest, and findings where the meters below tell more than the one
above them can have passed on: most often a current transformer whose ratio is set wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.intervals import QUARTER, QUARTERS_PER_HOUR, Interval, IntervalQuality, worst_quality
from domain.plant import Meter, Plant
from domain.units import UWH_PER_KWH, uwh_from
from metering.sums import SOUND, Known

IMPORT, EXPORT = "energy_import", "energy_export"
SKEW_SHARE = 0.001
"""Clocks of two meters may differ by a second: of full power that is a thousandth of a quarter hour."""
FINDING_QUARTERS = 4
"""So many quarter hours in a row make a finding: single ones come from clocks and from load that jumps at a boundary."""


class Net(NamedTuple):
    """Import minus export of one meter in one quarter hour."""

    energy_uwh: int | None
    coverage: float
    quality: IntervalQuality


@dataclass(frozen=True, slots=True)
class TreeQuarter:
    """One meter and the meters below it in one quarter hour; None where one of their channels has no row."""

    start_utc: datetime
    own: Net | None
    below: tuple[Net | None, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all have a value."""
        return all(net is not None and net.energy_uwh is not None for net in (self.own, *self.below))

    @property
    def own_uwh(self) -> int | None:
        """What the meter itself tells; None if it has no value."""
        return None if self.own is None else self.own.energy_uwh

    @property
    def below_uwh(self) -> int | None:
        """Sum of the meters below; None unless all have a value: missing is never zero."""
        energies = [None if net is None else net.energy_uwh for net in self.below]
        known = [energy for energy in energies if energy is not None]
        return sum(known) if len(known) == len(energies) else None

    @property
    def rest_uwh(self) -> int | None:
        """What no meter below saw, signed; None unless all have a value."""
        own, below = self.own_uwh, self.below_uwh
        return None if own is None or below is None else own - below

    @property
    def quality(self) -> IntervalQuality:
        """The worst of all."""
        return worst_quality(IntervalQuality.MISSING if net is None else net.quality for net in (self.own, *self.below))

    @property
    def coverage(self) -> float:
        """The least of all."""
        return min(0.0 if net is None else net.coverage for net in (self.own, *self.below))


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """How far the meters below may tell more than the one above."""

    share: float
    """Of what the meters moved."""
    skew_uwh: int
    """Clocks and the registers' steps."""

    def excess_uwh(self, quarter: TreeQuarter) -> int:
        """By how much the sum below lies above the meter, where that is beyond all tolerance; else 0.

        Only quarter hours that rest on readings of their own are judged: a substitute is right in its sum, not in each quarter hour.
        """
        rest = quarter.rest_uwh
        if rest is None or rest >= 0 or quarter.quality not in SOUND:
            return 0
        moved = max(abs(quarter.own_uwh or 0), sum(abs(net.energy_uwh or 0) for net in quarter.below if net is not None))
        return -rest if -rest > self.share * moved + self.skew_uwh else 0


@dataclass(frozen=True, slots=True)
class TreeFinding:
    """A span in which the meters below told more than the meter above them."""

    from_utc: datetime
    to_utc: datetime
    quarters: int
    own_uwh: int
    below_uwh: int

    @property
    def excess_uwh(self) -> int:
        """What the meters below told too much, at least."""
        return self.below_uwh - self.own_uwh


@dataclass(frozen=True, slots=True)
class Branch:
    """A meter, the meters directly below it, and how they compare."""

    meter: Meter
    children: tuple[Meter, ...]
    quarters: tuple[TreeQuarter, ...]
    limits: TreeLimits

    @property
    def findings(self) -> list[TreeFinding]:
        """Where the sum below lies above the meter for an hour or longer; quarter hours that cannot be judged are passed over."""
        judged = (quarter for quarter in self.quarters if quarter.is_whole and quarter.quality in SOUND)
        return [_finding(run) for run in _excesses(judged, self.limits) if len(run) >= FINDING_QUARTERS]


def branches(plant: Plant, rows: Mapping[tuple[str, str], Mapping[datetime, Interval]], starts: Sequence[datetime]) -> list[Branch]:
    """Every meter that has meters below it, over the quarter hours that begin at `starts`.

    A generator counts negative, so what it feeds in is drawn by its neighbours.

    Parameters
    ----------
    rows
        The latest quarter hours by meter and channel, and by their start.
    """
    nets = {meter.id: nets_of(meter, rows, starts) for meter in plant.meters}
    found = []
    for meter in plant.meters:
        children = tuple(child for child in plant.meters if child.parent == meter.id)
        if children:
            below = zip(*(nets[child.id] for child in children), strict=True)
            quarters = tuple(TreeQuarter(*quarter) for quarter in zip(starts, nets[meter.id], below, strict=True))
            found.append(Branch(meter, children, quarters, limits_of(plant, meter, children)))
    return found


def limits_of(plant: Plant, meter: Meter, children: Sequence[Meter]) -> TreeLimits:
    """The plant's tolerance, and what clocks and steps of these meters' registers explain."""
    skew_kwh = SKEW_SHARE * meter.max_power_kw / QUARTERS_PER_HOUR
    steps = [register for one in (meter, *children) for register in one.counters() if not register.is_reactive]
    return TreeLimits(plant.site.tree_tolerance, round(skew_kwh * UWH_PER_KWH) + sum(uwh_from(r.resolution, r.unit) for r in steps))


def net_channels(meter: Meter) -> list[tuple[str, int]]:
    """Which channels make a meter's net energy, and with which sign: import and export where it has them, else all it has."""
    channels = [register.channel for register in meter.interval_registers() if not register.is_reactive]
    signed = [(channel, -1 if channel == EXPORT else 1) for channel in channels if channel in (IMPORT, EXPORT)]
    return signed or [(channel, 1) for channel in channels]


def nets_of(
    meter: Meter, rows: Mapping[tuple[str, str], Mapping[datetime, Interval]], starts: Iterable[datetime]
) -> list[Net | None]:
    """The net energy of a meter in each quarter hour."""
    parts = [(rows.get((meter.id, channel), {}), sign) for channel, sign in net_channels(meter)]
    return [net_of([(of_channel.get(start), sign) for of_channel, sign in parts]) for start in starts]


def net_of(parts: Sequence[tuple[Known | None, int]]) -> Net | None:
    """The sum of channels with their signs, as good as the worst of them; None where one has no row."""
    known = [(part, sign) for part, sign in parts if part is not None]
    if len(known) < len(parts) or not known:
        return None
    energies = [sign * part.energy_uwh for part, sign in known if part.energy_uwh is not None]
    quality = worst_quality(part.quality for part, _ in known)
    coverage = min(part.coverage for part, _ in known)
    return Net(sum(energies) if len(energies) == len(known) else None, coverage, quality)


def _excesses(judged: Iterable[TreeQuarter], limits: TreeLimits) -> Iterator[list[TreeQuarter]]:
    run: list[TreeQuarter] = []
    for quarter in judged:
        if limits.excess_uwh(quarter):
            run.append(quarter)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _finding(run: Sequence[TreeQuarter]) -> TreeFinding:
    return TreeFinding(
        run[0].start_utc, run[-1].start_utc + QUARTER, len(run),
        sum(quarter.own_uwh or 0 for quarter in run), sum(quarter.below_uwh or 0 for quarter in run),
    )  # fmt: skip
