"""Time and memory of `lastgang analyse` as a process, and the battery's bound of both programs.

In: load files, optionally a Python that has peakshaving-analyzer.  Out: one result a file.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import numpy as np

from analysis.battery import Battery, lowest_level
from analysis.local_load import FINE_ENOUGH_MIN, LocalLoad
from billing.load import profile_of
from quarters.profiles.sniff.read import read_any

RIVAL = Path(__file__).parent / "rival.py"


@dataclass(frozen=True, slots=True)
class Result:
    """One load."""

    file: str
    quarter_hours: int
    analyse_s: float
    """The whole command: reading, five sheets, page and PDF."""
    analyse_mb: float
    """The most that a process of this run has taken so far."""
    bound_kw: float
    bound_s: float
    rival_kw: float | None = None
    rival_s: float | None = None
    """Modelling and solving, without the start of the program."""

    def as_row(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def results(files: Sequence[Path], rival_python: Path | None) -> Iterator[Result]:
    """Measure each file, one after the other."""
    for file in files:
        with TemporaryDirectory() as folder:
            began = time.monotonic()
            command = [sys.executable, "-m", "lastgang.cli", "analyse", str(file), "--out", folder]
            subprocess.run(command, check=True, capture_output=True)
            analyse_s = time.monotonic() - began
            analyse_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            load = LocalLoad.of(profile_of(read_any(file, None, FINE_ENOUGH_MIN).series), ZoneInfo("UTC"))
            kw = np.nan_to_num(load.kw)
            size = round(float(kw.max()) / 10)
            battery = Battery(size, size, 0.9)
            began = time.monotonic()
            bound_kw = lowest_level(kw, battery)
            bound_s = time.monotonic() - began
            rival = (None, None) if rival_python is None else _rival(rival_python, kw.tolist(), battery, Path(folder))
        yield Result(file.name, len(kw), analyse_s, analyse_mb, bound_kw, bound_s, *rival)


def _rival(python: Path, kw: Sequence[float], battery: Battery, folder: Path) -> tuple[float, float]:
    (folder / "load.txt").write_text("\n".join(map(str, kw)))
    sizes = [str(one) for one in (battery.capacity_kwh, battery.power_kw, battery.efficiency)]
    done = subprocess.run([str(python), str(RIVAL), str(folder / "load.txt"), *sizes], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout[done.stdout.rindex('{"seconds"') :])
    return float(found["results"]["grid_capacity_kw"]), float(found["seconds"])
