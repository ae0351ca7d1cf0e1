"""What ``lastgang bench detect`` does."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.detect.fault_free import FaultFree, fault_free
from benchmarks.detect.meters import FAULTS, HOUR, QUARTERS, WEEK, WEEKS, meter
from benchmarks.detect.meters import Meter as KnownMeter
from benchmarks.detect.rivals import RunningZ, Threshold
from benchmarks.forecast.pictures import grouped_bars
from detection.streams.meter import Meter
from detection.streams.packing import pack
from domain.errors import Fault, InputFaults
from domain.files import write_whole
from domain.units import WATTS_PER_CORE

DETECTORS: dict[str, Callable[[], Meter | Threshold | RunningZ]] = {
    "lastgang": Meter, "threshold": Threshold, "running z-score": RunningZ,
}  # fmt: skip
NO_FAULT = "none"
LEARNING_ROWS = 4 * WEEK
ROWS_A_YEAR = 365 * QUARTERS


@dataclass(frozen=True, slots=True)
class Found:
    """Of one detector and one kind of fault: recall, median delay [h], rows and CPU, incidents without a fault a meter and week, bytes of state."""

    detector: str
    fault: str
    count: int
    recall: float
    delay_h: float | None
    false_per_week: float
    us_per_row: float
    state_bytes: int


def run(seeds: int, only: Sequence[str], json_file: Path | None, write_report: bool) -> list[Found]:
    """Judge a meter of each kind of fault in each seed by every detector, and print what was found.

    Raises
    ------
    InputFaults
        If there is no fault of a name that is wanted.
    """
    kinds = [*FAULTS, NO_FAULT]
    if unknown := [name for name in only if name not in kinds]:
        raise InputFaults([Fault("command line", None, "--only", ", ".join(unknown), f"one of {', '.join(kinds)}")])
    load = os.getloadavg()[0]
    found = []
    for kind in only or kinds:
        meters = [meter(None if kind == NO_FAULT else kind, seed) for seed in range(1, seeds + 1)]
        found += [_judged(name, kind, meters) for name in DETECTORS]
    plants = [] if only else list(fault_free(incidents))
    _show(found, plants)
    if json_file is not None:
        write_whole(json_file, json.dumps([asdict(one) for one in found] + [asdict(one) for one in plants], indent=1) + "\n")
    if write_report:
        folder = Path(__file__).parents[1]
        write_whole(folder / "pictures" / "detection-recall.svg", _picture(found))
        write_whole(folder / "detection.md", page(found, plants, seeds, load))
    return found


def _judged(name: str, kind: str, meters: Sequence[KnownMeter]) -> Found:
    delays, false, rows, cpu_s, size = [], 0, 0, 0.0, 0
    for one in meters:
        detector = DETECTORS[name]()
        began = time.process_time()
        verdicts = [detector.update(row) for row in one.rows]
        cpu_s += time.process_time() - began
        rows += len(one.rows)
        size = max(size, len(pack(detector)))
        alarms = [place for place, verdict in enumerate(verdicts) if verdict.alarm]
        in_time = [place for place in alarms if one.start <= place < one.until]
        delays += [(place - one.start) / HOUR for place in in_time[:1]]
        false += incidents([place for place in alarms if place >= LEARNING_ROWS and not one.start <= place < one.stop + WEEK])
    weeks = len(meters) * (WEEKS - LEARNING_ROWS / WEEK)
    recall = len(delays) / len(meters)
    return Found(name, kind, len(meters), recall, median(delays) if delays else None, false / weeks, 1e6 * cpu_s / rows, size)


def incidents(places: Sequence[int]) -> int:
    """How often a person is bothered: alarms less than a day apart are one, and it counts once more for every week that it lasts."""
    count, first, before = 0, 0, -QUARTERS - 1
    for place in places:
        if place - before > QUARTERS:
            count, first = count + 1, place
        elif (place - first) // WEEK > (before - first) // WEEK:
            count += 1
        before = place
    return count


def _show(found: Sequence[Found], plants: Sequence[FaultFree]) -> None:
    table = Table("fault", "detector", "recall", "delay [h]", "false a week", "us a row", "bytes")
    for one in found:
        table.add_row(one.fault, one.detector, *_cells(one))
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    for plant in plants:
        console.print(
            f"four weeks without a fault, {plant.plant}: {plant.per_week:.3f} incidents a meter and week", highlight=False
        )


def _picture(found: Sequence[Found]) -> str:
    rows: dict[str, dict[str, float]] = {}
    for one in found:
        if one.fault != NO_FAULT:
            rows.setdefault(one.fault, {})[one.detector] = one.recall
    return grouped_bars("Recall by kind of fault", rows, 1.0, 0.85, "")


def _joules_a_year(one: Found) -> float:
    return one.us_per_row * 1e-6 * ROWS_A_YEAR * WATTS_PER_CORE


def _cells(one: Found) -> tuple[str, ...]:
    none = one.fault == NO_FAULT
    recall, delay = "" if none else f"{one.recall:.2f}", "" if one.delay_h is None or none else f"{one.delay_h:.1f}"
    return recall, delay, f"{one.false_per_week:.2f}", f"{one.us_per_row:.1f}", f"{one.state_bytes:,}"


def page(found: Sequence[Found], plants: Sequence[FaultFree], seeds: int, load: float) -> str:
    """The page as Markdown."""
    lines = [
        "# Detection: what is found, how late, and how often for nothing",
        "",
        f"Written by `lastgang bench detect --write-report` on {datetime.now(UTC):%Y-%m-%d}: {seeds} meters of each kind; {os.cpu_count()} cores with a load of {load:.1f} when it began.",
        "",
        "Each [meter](detect/meters.py) is half a year of quarter hours of a plant with two shifts, with one fault after the eighth week. *False a week*: incidents without a fault, a meter and week, after four weeks of learning; "
        "alarms less than a day apart are one, and one counts once more for every week that it lasts. *Threshold*: 1.1 times the highest of the first four weeks. *Running z-score*: four standard deviations from the mean of about a week. "
        "Measured loads, with goals, are in [decision 070](../docs/decisions/070-streaming-detectors.md).",
        "",
        "| fault | detector | recall | delay, median [h] | false a week | us a row | bytes of state |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| {one.fault} | {one.detector} | {' | '.join(_cells(one))} |" for one in found]
    lines += ["", "![Recall by kind of fault](pictures/detection-recall.svg)", "", "## What a found fault takes", ""]
    lines += [
        f"Electricity of the detector alone, at {WATTS_PER_CORE:g} W a core (a model), a meter and year of quarter hours, and mean recall over the kinds above.",
        "", "| detector | J a meter and year | mean recall | recall for each joule |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    for name in DETECTORS:
        of = [one for one in found if one.detector == name and one.fault != NO_FAULT]
        joules, recall = (sum(values) / max(len(of), 1) for values in (map(_joules_a_year, of), (one.recall for one in of)))
        lines.append(f"| {name} | {joules:.2f} | {recall:.2f} | {recall / joules if joules else 0.0:.2f} |")
    lines += [
        "",
        "## Four weeks without a fault",
        "",
        "The whole live step (`detection.priced`), all kinds together, after five weeks of history ([how](detect/fault_free.py)); goal: 0.2 incidents a meter and week.",
        "",
    ]
    lines += ["| plant | meters | incidents | a meter and week |", "|---|---:|---:|---:|"]
    lines += [f"| {one.plant} | {one.meters} | {one.incidents} | {one.per_week:.3f} |" for one in plants]
    return "\n".join(lines) + "\n"
