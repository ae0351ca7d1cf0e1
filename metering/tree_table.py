"""The meter tree as a table: every meter against the meters directly below it, a row a quarter hour."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from domain.instants import instant_text
from domain.intervals import Interval
from domain.plant import Plant
from domain.units import kwh_text
from metering.tree import JudgedNode, judged_tree

COLUMNS = ("site", "meter", "start_utc", "energy_kwh", "below_kwh", "rest_kwh", "coverage", "quality", "excess_kwh")


def tree_of(plant: Plant, rows: Iterable[Interval]) -> list[JudgedNode]:
    """The meter tree of a plant over all quarter hours that any of its meters has."""
    latest: dict[str, dict[str, dict[datetime, Interval]]] = {}
    for row in rows:
        latest.setdefault(row.meter, {}).setdefault(row.channel, {})[row.start_utc] = row
    starts = {start for of_meter in latest.values() for of_channel in of_meter.values() for start in of_channel}
    return judged_tree(plant, latest, sorted(starts))


def write_tree(path: Path, plant: Plant, tree: Sequence[JudgedNode]) -> None:
    """The table as CSV; what has no value is empty, and an excess is given where it is beyond all tolerance."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for judged in tree:
            for quarter in judged.node.quarters:
                energies = (quarter.own_uwh, quarter.below_uwh, quarter.energy_uwh)
                excess = judged.limits.excess_uwh(quarter)
                writer.writerow(
                    (
                        plant.site.id, judged.node.meter.id, instant_text(quarter.start_utc),
                        *("" if energy is None else kwh_text(energy) for energy in energies),
                        quarter.coverage, quarter.quality.value, kwh_text(excess) if excess else "",
                    )
                )  # fmt: skip


def findings_text(tree: Sequence[JudgedNode]) -> list[str]:
    """A line a finding, and one for each channel whose missing rows leave remainders unknown."""
    found = [
        f"meters below {judged.node.meter.id!r} measured {finding.below_uwh / finding.own_uwh:.3f} times its energy"
        f" from {finding.from_utc:%Y-%m-%dT%H:%MZ} to {finding.to_utc:%Y-%m-%dT%H:%MZ}"
        f" ({kwh_text(finding.excess_uwh)} kWh too much): check the ratios of their current transformers"
        if finding.own_uwh > 0
        else f"meters below {judged.node.meter.id!r} measured {kwh_text(finding.excess_uwh)} kWh more than it"
        f" from {finding.from_utc:%Y-%m-%dT%H:%MZ} to {finding.to_utc:%Y-%m-%dT%H:%MZ}: check the tree and their directions"
        for judged in tree
        for finding in judged.findings
    ]
    lacking = [
        f"{meter!r} has no rows of {channel} in {quarters} quarter hours: the remainder of {judged.node.meter.id!r} is unknown there"
        for judged in tree
        for (meter, channel), quarters in judged.node.lacking().items()
    ]
    return found + lacking
