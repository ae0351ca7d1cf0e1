"""The campaign: honest reports, which both verifiers must accept, and edited ones, which both must refuse and locate."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.evidence.edits import EDITS, Bundle, Edited, one_byte
from benchmarks.evidence.plants import SignedPlant, make_plant
from reporting.evidence.check import check_evidence
from reporting.evidence.verify import Report
from reporting.verifier import MANIFEST, NoManifest, verify

EDITS_PER_PLANT = 50
_EXAMPLES = 10
Faults = list[tuple[str, str]]
"""File, what is wrong."""


@dataclass
class Row:
    """What became of one kind of edit."""

    edits: int = 0
    refused_by_first: int = 0
    refused_by_second: int = 0
    located_by_first: int = 0
    located_by_second: int = 0


@dataclass
class Result:
    """What became of the campaign."""

    seed: int
    reports: int = 0
    """Honest ones, by different seeds."""
    refused_honest: int = 0
    disagreements: int = 0
    """Reports, honest or edited, that one verifier accepts and the other refuses."""
    rows: dict[str, Row] = field(default_factory=lambda: {name: Row() for name in EDITS})
    examples: list[str] = field(default_factory=list)
    """Of what went wrong."""

    @property
    def edits(self) -> int:
        """All of them."""
        return sum(row.edits for row in self.rows.values())

    @property
    def holds(self) -> bool:
        """Whether everything is as it must be."""
        whole = all(
            row.edits == row.refused_by_first == row.refused_by_second == row.located_by_first == row.located_by_second
            for row in self.rows.values()
        )
        return whole and not self.refused_honest and not self.disagreements

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"edits": self.edits, "holds": self.holds}


def first_verifier(folder: Path, expect: str) -> Faults:
    """What `lastgang verify` finds."""
    try:
        found = [*verify(folder).findings, *check_evidence(folder, expect)]
    except (NoManifest, ValueError, OSError) as error:
        return [(MANIFEST, str(error))]
    return [(one.file, f"{one.what} {one.detail}") for one in found]


def second_verifier(folder: Path, expect: str) -> Faults:
    """What ``verify.py`` finds."""
    return Report(folder).check(expect)


def run(seed: int, reports: int, edits: int) -> Iterator[Result]:
    """Make plants until there are so many honest reports, and spread the edits over them; gives the result so far after each plant."""
    result = Result(seed)
    number = 0
    with tempfile.TemporaryDirectory(prefix="lastgang-evidence-") as scratch:
        while result.reports < reports or result.edits < edits:
            plant_seed = seed * 1_000_000 + number
            number += 1
            folder = Path(scratch) / str(plant_seed)
            plant = make_plant(folder, plant_seed)
            _honest(result, plant)
            left = edits - result.edits
            share = min(
                left, max(EDITS_PER_PLANT, -(-left // max(1, reports - result.reports))) if result.reports < reports else left
            )
            _edited(result, plant, Path(scratch) / "edited", Random(plant_seed), min(share, EDITS_PER_PLANT))
            shutil.rmtree(folder)
            yield result


def _honest(result: Result, plant: SignedPlant) -> None:
    for folder in (*plant.reports, plant.other_month):
        expect = plant.fingerprint if folder is plant.other_month else ""
        first, second = first_verifier(folder, expect), second_verifier(folder, expect)
        result.reports += 1
        result.refused_honest += bool(first or second)
        _note_agreement(result, first, second, f"{folder.name} honest")


def _edited(result: Result, plant: SignedPlant, scratch: Path, draw: Random, edits: int) -> None:
    newest = plant.reports[-1]
    bundle = Bundle(_files(newest), [_files(one) for one in plant.reports[:-1]], _files(plant.other_month))
    names = sorted(EDITS)
    for _ in range(edits):
        name = names[result.edits % len(names)]
        edited = EDITS[name](bundle, draw) or one_byte(bundle, draw)
        target = scratch / newest.name
        _write(target, edited.files)
        first, second = first_verifier(target, plant.fingerprint), second_verifier(target, plant.fingerprint)
        row = result.rows[name]
        row.edits += 1
        row.refused_by_first += bool(first)
        row.refused_by_second += bool(second)
        row.located_by_first += _is_located(first, edited)
        row.located_by_second += _is_located(second, edited)
        if not (_is_located(first, edited) and _is_located(second, edited)) and len(result.examples) < _EXAMPLES:
            result.examples.append(f"{target.name} {name} ({edited.notes}): first {first[:3]}, second {second[:3]}")
        _note_agreement(result, first, second, f"{name} {edited.notes}")
        shutil.rmtree(scratch)


def _is_located(faults: Faults, edited: Edited) -> bool:
    return any(file in edited.files_named and edited.words in what for file, what in faults)


def _note_agreement(result: Result, first: Faults, second: Faults, what: str) -> None:
    if bool(first) != bool(second):
        result.disagreements += 1
    if (bool(first) != bool(second) or (what.endswith("honest") and first)) and len(result.examples) < _EXAMPLES:
        result.examples.append(f"{what}: first {first[:3]}, second {second[:3]}")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def table(result: Result) -> str:
    """As the page shows it."""
    lines = [
        "| edit | edits | refused by both | located by `lastgang verify` | located by `verify.py` |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, row in result.rows.items():
        refused = min(row.refused_by_first, row.refused_by_second)
        lines.append(f"| {name} | {row.edits:,} | {refused:,} | {row.located_by_first:,} | {row.located_by_second:,} |")
    lines.append(f"| honest reports | {result.reports:,} | {result.refused_honest:,} | | |")
    lines.append(f"\nReports on which the two verifiers disagree: {result.disagreements}.")
    return "\n".join(lines)


def json_text(result: Result) -> str:
    """The result as JSON."""
    return json.dumps(result.as_json(), indent=2, ensure_ascii=False) + "\n"
