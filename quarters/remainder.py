"""A meter against the meters directly below it, quarter hour by quarter hour: the remainder is what no meter below measured. Pure.

In: net quarter hours of a meter and of the meters below it.  Out: the signed remainder, with the channels that it lacks. It is known only
where every one of them is: a meter below without a value is not a meter below that drew nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality, worst_quality
from domain.plant import Meter, Plant
from quarters.net import NetQuarter
from quarters.sums import Share, share_of_moved

Nets = Mapping[str, Mapping[datetime, NetQuarter]]
"""Net quarter hours by meter and start."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """One meter and the meters below it in one quarter hour; None for a meter of which no channel has a row."""

    start_utc: datetime
    own: NetQuarter | None
    below: tuple[NetQuarter | None, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all have a value."""
        return all(net is not None and net.energy_uwh is not None for net in (self.own, *self.below))

    @property
    def own_uwh(self) -> int | None:
        """What the meter itself measured; None if it has no value."""
        return None if self.own is None else self.own.energy_uwh

    @property
    def below_uwh(self) -> int | None:
        """Sum of the meters below; None unless all have a value: missing is never zero."""
        energies = [None if net is None else net.energy_uwh for net in self.below]
        known = [energy for energy in energies if energy is not None]
        return sum(known) if len(known) == len(energies) else None

    @property
    def energy_uwh(self) -> int | None:
        """The remainder, signed; None unless all have a value."""
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

    def as_net(self) -> NetQuarter:
        """As a quarter hour like that of a meter."""
        return NetQuarter(self.start_utc, self.energy_uwh, self.quality, self.coverage)


@dataclass(frozen=True, slots=True)
class Node:
    """A meter, the meters directly below it, and what they measured."""

    meter: Meter
    children: tuple[Meter, ...]
    quarters: tuple[Remainder, ...]

    def lacking(self) -> dict[tuple[str, str], int]:
        """Quarter hours whose remainder is unknown because a channel has no row, by (meter, channel)."""
        nets = (
            (meter.id, net)
            for quarter in self.quarters
            for meter, net in zip(self._meters, (quarter.own, *quarter.below), strict=True)
        )
        return dict(Counter((meter, channel) for meter, net in nets if net is not None for channel in net.lacks))

    @property
    def _meters(self) -> tuple[Meter, ...]:
        return (self.meter, *self.children)


def nodes(plant: Plant, nets: Nets, starts: Sequence[datetime]) -> Iterator[Node]:
    """Every meter that has meters below it, over the quarter hours that begin at `starts`; one at a time, so that not all are held at once.

    A generator counts negative, so what it feeds in is drawn by its neighbours.
    """
    for meter in plant.meters:
        children = tuple(child for child in plant.meters if child.parent == meter.id)
        if children and meter.is_electric:
            yield Node(meter, children, tuple(remainders(meter, children, nets, starts)))


def remainders(meter: Meter, children: Sequence[Meter], nets: Nets, starts: Iterable[datetime]) -> list[Remainder]:
    """One meter against `children` in each quarter hour."""
    own, below = nets.get(meter.id, {}), [nets.get(child.id, {}) for child in children]
    return [Remainder(start, own.get(start), tuple(of_child.get(start) for of_child in below)) for start in starts]


@dataclass(frozen=True, slots=True)
class RemainderSum:
    """A meter against the meters below it, over the quarter hours for which all of them have a value."""

    own_uwh: int | None
    """Import minus export; None where there is no such quarter hour."""
    below_uwh: int | None
    """Import minus export of all meters below; None as above."""
    quarters: int
    left_out: int
    """Quarter hours in which one of them has no value."""
    by_quality: Mapping[IntervalQuality, Share]
    """The sum below: quarter hours by the worst quality among its meters, energy by the quality of each meter's own."""

    @property
    def energy_uwh(self) -> int | None:
        """The remainder: unmetered loads, losses, and what the meters are off; None where no quarter hour has a value of all meters."""
        return None if self.own_uwh is None or self.below_uwh is None else self.own_uwh - self.below_uwh

    def share_of_energy(self, quality: IntervalQuality) -> float:
        """Share of the sum below, what is fed in counted like what is drawn, 0..1."""
        return share_of_moved(self.by_quality, quality)


def sum_of_remainders(rows: Sequence[Remainder]) -> RemainderSum:
    """The sum over all quarter hours in which every meter has a value."""
    whole = [row for row in rows if row.is_whole]
    slots, energy, moved = Counter[IntervalQuality](), Counter[IntervalQuality](), Counter[IntervalQuality]()
    for row in whole:
        nets = [net for net in row.below if net is not None]
        slots[worst_quality(net.quality for net in nets)] += 1
        for net in nets:
            energy[net.quality] += net.energy_uwh or 0
            moved[net.quality] += abs(net.energy_uwh or 0)
    by_quality = {quality: Share(slots[quality], energy[quality], moved[quality]) for quality in QUALITIES_BEST_FIRST}
    own_uwh, below_uwh = (
        (sum(row.own_uwh or 0 for row in whole), sum(row.below_uwh or 0 for row in whole)) if whole else (None, None)
    )
    return RemainderSum(own_uwh, below_uwh, len(whole), len(rows) - len(whole), by_quality)
