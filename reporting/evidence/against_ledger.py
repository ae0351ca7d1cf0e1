"""An old report beside the ledger that it was made from: is the ledger still that one, does it still give the report, and what differs today?

A ledger that was cut at its end, put back from an older backup, or made again from its beginning holds by itself; beside a report of its own it does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from domain.plant import load_plant
from reporting.contents import read_all
from reporting.evidence.check import ROWS, SEALS
from reporting.evidence.figures import CONFIG, REPORT, figure_faults
from reporting.ledger import Ledger
from reporting.ledger.chain import Linked, linked
from reporting.ledger.seals import seals_of
from reporting.month import Change, changes_since
from reporting.periods import period_of
from reporting.verifier import MANIFEST, sha256_of


@dataclass(frozen=True, slots=True)
class BesideLedger:
    """What was found of one report."""

    faults: tuple[str, ...]
    """Where ledger and report contradict each other."""
    changes: tuple[Change, ...] = ()
    """What its quarter hours are today, by restatements since."""
    bill_eur: tuple[Fraction | None, Fraction | None] = (None, None)
    """All bills of the period, by its own tariff: as it was known then, and as it is known today."""
    documents: tuple[str, ...] = ()
    """Files of its configuration that have become others since."""


def beside_ledger(folder: Path, ledger: Ledger) -> BesideLedger:
    """Hold a signed report, whose own evidence holds, against a ledger.

    Raises
    ------
    LastgangError
        If the ledger cannot be read.
    """
    manifest = json.loads((folder / MANIFEST).read_bytes())
    rows = _rows(folder)
    faults = [*_seal_faults(folder, ledger), *_row_faults(rows, ledger), *_version_faults(folder, manifest, ledger)]
    if faults:
        return BesideLedger(tuple(faults))
    report, config = json.loads((folder / REPORT).read_bytes()), folder / CONFIG
    plant = load_plant(config / "plant.toml")
    period, cut_off_utc = (
        period_of(report["period"]["label"], plant.site.timezone),
        datetime.fromisoformat(manifest["data_cut_off_utc"]),
    )
    again = tuple(
        f"{file}: {detail}, up to {manifest['data_cut_off_utc']}" for file, detail in figure_faults(folder, manifest, ledger)
    )
    then, now = (read_all(ledger, plant, config, period, at_utc) for at_utc in (cut_off_utc, ledger.recorded_until_utc()))
    known = dict(ledger.database.execute("SELECT name, sha256 FROM document ORDER BY document"))
    used = {row[1]: row[2] for _, row in sorted(rows.items()) if row[0] == "document"}
    return BesideLedger(
        again,
        tuple(changes_since(ledger, now.month, cut_off_utc)),
        (then.cost.total_eur, now.cost.total_eur),
        tuple(name for name, digest in used.items() if known.get(name) != digest),
    )


def _rows(folder: Path) -> dict[int, list[Any]]:
    lines = (folder / ROWS).read_bytes().splitlines()
    return {int(line.split(b" ")[0]): json.loads(line.split(b" ", 2)[2]) for line in lines}


def _seal_faults(folder: Path, ledger: Ledger) -> Iterator[str]:
    known = {seal.number: seal.statement for seal in seals_of(ledger.database)}
    for number, line in enumerate((folder / SEALS).read_text(encoding="ascii").splitlines(), 1):
        statement = json.loads(line)["statement"]
        if number not in known:
            yield f"seal {number}: the ledger ends before it; rows were taken away, or it was put back from an older backup"
            return
        if known[number] != statement:
            yield f"seal {number}: the ledger says {known[number]}, the report {statement}; it is another ledger, or one that was made again"
            return


def _row_faults(rows: dict[int, list[Any]], ledger: Ledger) -> Iterator[str]:
    for first, last in _runs(sorted(rows)):
        there = {one.link: json.loads(one.row) for one in linked(ledger.database, first, last) if isinstance(one, Linked)}
        for link in range(first, last + 1):
            if there.get(link) != rows[link]:
                yield f"row {link}: the ledger has {there.get(link)}, the report {rows[link]}"


def _runs(links: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of numbers without a hole."""
    begin = 0
    for place in range(1, len(links) + 1):
        if place == len(links) or links[place] != links[place - 1] + 1:
            yield links[begin], links[place - 1]
            begin = place


def _version_faults(folder: Path, manifest: dict[str, Any], ledger: Ledger) -> Iterator[str]:
    values = (manifest["report"], manifest["version"])
    known = [row[0] for row in ledger.database.execute("SELECT manifest_sha256 FROM report WHERE name=? AND version=?", values)]
    if sha256_of(folder / MANIFEST) not in known:
        yield f"{manifest['report']} version {manifest['version']}: the ledger knows {known or 'no such report'}"
