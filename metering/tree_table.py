"""The meter tree as a table: every meter against the meters directly below it, a row a quarter hour."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from domain.intervals import Interval
from domain.plant import Plant
from domain.units import kwh_text
from metering.tree import Branch, branches

COLUMNS = ("site", "meter", "start_utc", "energy_kwh", "below_kwh", "rest_kwh", "coverage", "quality", "excess_kwh")


def tree_of(plant: Plant, rows: Iterable[Interval]) -> list[Branch]:
    """The branches of a plant over all quarter hours that any of its meters has."""
    latest: dict[tuple[str, str], dict[datetime, Interval]] = {}
    for row in rows:
        latest.setdefault((row.meter, row.channel), {})[row.start_utc] = row
    return branches(plant, latest, sorted({start for of_channel in latest.values() for start in of_channel}))


def write_tree(path: Path, plant: Plant, tree: Sequence[Branch]) -> None:
    """The table as CSV; what has no value is empty, and an excess is told where it is beyond all tolerance."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for branch in tree:
            for quarter in branch.quarters:
                energies = (quarter.own_uwh, quarter.below_uwh, quarter.rest_uwh)
                excess = branch.limits.excess_uwh(quarter)
                writer.writerow(
                    (
                        plant.site.id, branch.meter.id, quarter.start_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
                        *("" if energy is None else kwh_text(energy) for energy in energies),
                        quarter.coverage, quarter.quality.value, kwh_text(excess) if excess else "",
                    )
                )  # fmt: skip


def findings_text(tree: Sequence[Branch]) -> list[str]:
    """A line a finding."""
    return [
        f"meters below {branch.meter.id!r} told {finding.below_uwh / finding.own_uwh:.3f} times its energy"
        f" from {finding.from_utc:%Y-%m-%dT%H:%MZ} to {finding.to_utc:%Y-%m-%dT%H:%MZ}"
        f" ({kwh_text(finding.excess_uwh)} kWh too much): check the ratios of their current transformers"
        if finding.own_uwh > 0
        else f"meters below {branch.meter.id!r} told {kwh_text(finding.excess_uwh)} kWh more than it"
        f" from {finding.from_utc:%Y-%m-%dT%H:%MZ} to {finding.to_utc:%Y-%m-%dT%H:%MZ}: check the tree and their directions"
        for branch in tree
        for finding in branch.findings
    ]
