"""A year of a plant with many meters as a report: time and memory of ``lastgang report --year`` in a process of its own.

``python -m benchmarks.report_of_a_year [--meters 20] [--years 2] [--keep FOLDER]``; the same seed makes the same ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.evidence.plants import TrialClock
from billing.lacks import REACTIVE_IMPORT
from domain.channels import IMPORT
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.topics import INTERVALS
from domain.units import UWH_PER_KWH
from reporting.ledger import Ledger
from reporting.periods import year_period

YEAR = 2026
CHANNELS = {IMPORT: "Wh", REACTIVE_IMPORT: "varh"}
_TARIFF = """id = "trial"
version = "1"
source = "price sheet"
valid_from = 2025-01-01
valid_to = 2028-01-01
currency = "EUR"
timezone = "Europe/Berlin"
[[energy]]
id = "supply"
price = "18 ct/kWh"
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "year"
price = "120 EUR/kW/year"
"""


def write_plant(folder: Path, meters: int) -> None:
    """A grid connection, halls of about six meters, and machines' meters below them."""
    folder.mkdir(parents=True, exist_ok=True)
    halls = max(1, (meters - 1) // 7)
    tables = [
        '[site]\nid = "werk"\nname = "Werk"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2025-01-01T00:00:00Z\nbilling_meter = "m0"\n'
        '[tariff]\nfile = "tariff.toml"\n'
    ]
    for n in range(meters):
        parent = "" if n == 0 else f'parent = "m{0 if n <= halls else 1 + n % halls}"\n'
        tables.append(f'[[meter]]\nid = "m{n}"\nmax_power_kw = 5000\n{parent}')
        tables += [
            f'[[meter.register]]\nchannel = "{channel}"\nkind = "counter"\nunit = "{unit}"\nsampling_s = 5\nresolution = 1\n'
            for channel, unit in CHANNELS.items()
        ]
    (folder / "plant.toml").write_text("".join(tables))
    (folder / "tariff.toml").write_text(_TARIFF)


def quarters(meter: int, channel: str, first_utc: datetime, count: int) -> Iterator[Interval]:
    """A load profile of days and weeks with a gap of a few hours each month, filled by substitutes."""
    draw = np.random.default_rng(meter * 7 + len(channel))
    slots = np.arange(count)
    day = 40.0 + 30.0 * np.sin(2 * np.pi * slots / 96) + 10.0 * ((slots // 96) % 7 < 5) + draw.normal(0, 3, count)
    gap = slots % 2900 < 14
    for slot, kwh, is_gap in zip(slots.tolist(), np.maximum(day, 0).tolist(), gap.tolist(), strict=True):
        known = (
            (0.0, IntervalQuality.SUBSTITUTED, IntervalMethod.INTERPOLATED, 1, 0)
            if is_gap
            else (1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1, 180)
        )
        energy = round(kwh * 1000) * (UWH_PER_KWH // 1000)
        yield Interval("werk", f"m{meter}", channel, first_utc + QUARTER * slot, energy, *known, IntervalOrigin.METERING)


def fill(path: Path, meters: int, years: int) -> int:
    """Write the ledger; gives how many quarter hours it has."""
    clock, offset = TrialClock(datetime(YEAR + 1, 1, 2, tzinfo=UTC)), 0
    with Ledger.open(path, clock=clock) as ledger:
        for year in range(YEAR - years + 1, YEAR + 1):
            period = year_period(str(year), "Europe/Berlin")
            for meter in range(meters):
                for channel in CHANNELS:
                    rows = list(quarters(meter, channel, period.from_utc, period.expected))
                    ledger.append([(INTERVALS, 0, offset + n, row) for n, row in enumerate(rows)])
                    offset += len(rows)
    return offset


def measure(folder: Path, period: list[str]) -> dict[str, float | str]:
    """One report: seconds, CPU seconds and most memory [MB] of the process that makes it, and the size of what it wrote [MB]."""
    out = Path(tempfile.mkdtemp(dir=folder))
    command = [
        sys.executable,
        "-m",
        "lastgang.cli",
        "report",
        "--plant",
        str(folder / "plant"),
        "--ledger",
        str(folder / "ledger.sqlite"),
    ]
    begun = time.perf_counter()
    process = subprocess.Popen([*command, *period, "--out", str(out)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        msg = f"`lastgang report {' '.join(period)}` ended with {process.returncode}"
        raise RuntimeError(msg)
    (made,) = out.iterdir()
    size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file())
    return {
        "period": " ".join(period), "seconds": round(time.perf_counter() - begun, 1), "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "memory_mb": round(used.ru_maxrss / 1000), "written_mb": round(size / 1e6, 1), "folder": str(made),
    }  # fmt: skip


def main() -> None:
    """Fill a ledger and measure a month, a quarter and a year of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--meters", type=int, default=20)
    options.add_argument("--years", type=int, default=2, help="Years in the ledger; 2: the year before is there to compare with.")
    options.add_argument("--keep", type=Path, default=None, help="Folder for ledger and reports; what lies there is used again.")
    options.add_argument("--periods", nargs="*", default=["--month 2026-10", "--quarter 2026-Q4", "--year 2026"])
    chosen = options.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp())
    write_plant(folder / "plant", chosen.meters)
    if not (folder / "ledger.sqlite").exists():
        print(json.dumps({"quarter_hours": fill(folder / "ledger.sqlite", chosen.meters, chosen.years)}))
    for period in chosen.periods:
        print(json.dumps(measure(folder, period.split())), flush=True)


if __name__ == "__main__":
    main()
