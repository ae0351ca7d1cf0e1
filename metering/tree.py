"""The meter tree: where the meters below one measure more than it can have passed on. Pure.

In: the latest quarter hours of a plant.  Out: every meter against the meters below it, and findings: most often a current transformer whose
ratio is set wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.intervals import QUARTER, QUARTERS_PER_HOUR, Interval
from domain.plant import Meter, Plant
from domain.units import UWH_PER_KWH, uwh_from
from quarters.net import net_quarters
from quarters.quality import is_sound
from quarters.remainder import Node, Remainder, nodes

SKEW_SHARE = 0.001
"""Clocks of two meters may differ by a second: of full power that is a thousandth of a quarter hour."""
FINDING_QUARTERS = 4
"""Quarter hours in a row that make a finding: single ones come from clocks and from load that jumps at a boundary."""


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """By how much the meters below may exceed the one above."""

    share: float
    """Of what the meters moved."""
    skew_uwh: int
    """Clocks and the registers' steps."""

    def excess_uwh(self, quarter: Remainder) -> int:
        """By how much the sum below lies above the meter, where that is beyond all tolerance; else 0.

        Only quarter hours that rest on readings of their own are judged: a substitute is right in its sum, not in each quarter hour.
        """
        remainder = quarter.energy_uwh
        if remainder is None or remainder >= 0 or not is_sound(quarter.quality):
            return 0
        moved = max(abs(quarter.own_uwh or 0), sum(abs(net.energy_uwh or 0) for net in quarter.below if net is not None))
        return -remainder if -remainder > self.share * moved + self.skew_uwh else 0


@dataclass(frozen=True, slots=True)
class TreeFinding:
    """A span in which the meters below measured more than the meter above them."""

    from_utc: datetime
    to_utc: datetime
    quarters: int
    own_uwh: int
    below_uwh: int

    @property
    def excess_uwh(self) -> int:
        """By how much the meters below exceed the one above, at least."""
        return self.below_uwh - self.own_uwh


@dataclass(frozen=True, slots=True)
class JudgedNode:
    """A meter, the meters directly below it, and how they compare."""

    node: Node
    limits: TreeLimits

    @property
    def findings(self) -> list[TreeFinding]:
        """Where the sum below lies above the meter for an hour or longer; quarter hours that cannot be judged are passed over."""
        judged = (quarter for quarter in self.node.quarters if quarter.is_whole and is_sound(quarter.quality))
        return [_finding(run) for run in _excesses(judged, self.limits) if len(run) >= FINDING_QUARTERS]


def judged_tree(
    plant: Plant, rows: Mapping[str, Mapping[str, Mapping[datetime, Interval]]], starts: Sequence[datetime]
) -> list[JudgedNode]:
    """Every meter that has meters below it, over the quarter hours that begin at `starts`.

    Parameters
    ----------
    rows
        The latest quarter hours by meter, by channel, and by their start.
    """
    nets = {meter.id: net_quarters(meter, rows.get(meter.id, {}), starts) for meter in plant.meters}
    return [JudgedNode(node, limits_of(plant, node.meter, node.children)) for node in nodes(plant, nets, starts)]


def limits_of(plant: Plant, meter: Meter, children: Sequence[Meter]) -> TreeLimits:
    """The plant's tolerance, and what clocks and steps of these meters' registers explain."""
    skew_kwh = SKEW_SHARE * meter.max_power_kw / QUARTERS_PER_HOUR
    steps = [register for one in (meter, *children) for register in one.counters() if not register.is_reactive]
    return TreeLimits(plant.site.tree_tolerance, round(skew_kwh * UWH_PER_KWH) + sum(uwh_from(r.resolution, r.unit) for r in steps))


def _excesses(judged: Iterable[Remainder], limits: TreeLimits) -> Iterator[list[Remainder]]:
    run: list[Remainder] = []
    for quarter in judged:
        if limits.excess_uwh(quarter):
            run.append(quarter)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _finding(run: Sequence[Remainder]) -> TreeFinding:
    return TreeFinding(
        run[0].start_utc, run[-1].start_utc + QUARTER, len(run),
        sum(quarter.own_uwh or 0 for quarter in run), sum(quarter.below_uwh or 0 for quarter in run),
    )  # fmt: skip
