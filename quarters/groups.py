"""Meters in groups, such as halls or cost centres, none counted twice. Pure.

In: the meter tree, a name of each meter or none.  Out: which meters are added to and taken out of each group, and its quarter hours.

A meter without a name belongs where the meter above it belongs. Where the group changes down the tree, the lower meter is added to its own
group and taken out of the one above: the groups together are what the meters at the top measured, whatever is named how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.intervals import IntervalQuality, worst_quality
from domain.plant import Meter, Plant
from quarters.net import NetQuarter, net_channels

NO_GROUP = ""
"""Meters that have no name, nor has any above them."""


@dataclass
class Group:
    """Which meters make a group."""

    name: str
    added: list[str] = field(default_factory=list)
    taken_out: list[str] = field(default_factory=list)
    """Below those that are added, and of another group."""


def groups_of(plant: Plant, name_of: Callable[[Meter], str]) -> list[Group]:
    """The groups in order of their names; meters of reactive energy alone are in none. Empty where no meter has a name."""
    meters = {meter.id: meter for meter in plant.meters}
    found: dict[str, Group] = {}

    def own(meter: Meter | None) -> str:
        while meter is not None and not name_of(meter):
            meter = meters.get(meter.parent or "")
        return NO_GROUP if meter is None else name_of(meter)

    if not any(map(name_of, plant.meters)):
        return []
    for meter in plant.meters:
        above, name = _above(meter, meters), own(meter)
        if not net_channels(meter) or (above is not None and own(above) == name):
            continue
        found.setdefault(name, Group(name)).added.append(meter.id)
        if above is not None:
            found.setdefault(own(above), Group(own(above))).taken_out.append(meter.id)
    return sorted(found.values(), key=lambda group: (group.name == NO_GROUP, group.name))


def _above(meter: Meter, meters: Mapping[str, Meter]) -> Meter | None:
    """The next meter above that counts active energy."""
    above = meters.get(meter.parent or "")
    while above is not None and not net_channels(above):
        above = meters.get(above.parent or "")
    return above


def group_quarters(
    group: Group, nets: Mapping[str, Mapping[datetime, NetQuarter]], starts: Sequence[datetime]
) -> Iterator[NetQuarter]:
    """The net quarter hours of a group; without a value where any of its meters has none: missing is never zero."""
    parts = [(nets.get(meter, {}), 1) for meter in group.added] + [(nets.get(meter, {}), -1) for meter in group.taken_out]
    for start in starts:
        found = [(net, sign) for of_meter, sign in parts if (net := of_meter.get(start)) is not None]
        energies = [sign * net.energy_uwh for net, sign in found if net.energy_uwh is not None]
        if len(energies) < len(parts):
            yield NetQuarter(start, None, IntervalQuality.MISSING, 0.0)
            continue
        quality = worst_quality(net.quality for net, _ in found)
        yield NetQuarter(start, sum(energies), quality, min(net.coverage for net, _ in found))
