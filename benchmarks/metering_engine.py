"""What one reading costs the metering step, and how much is remembered of a meter.

    python -m benchmarks.metering_engine [--days 40] [--json FILE]

In: nothing; a meter with a counter and a power gauge at a reading a second is made up here.  Out: CPU-microseconds a reading of
`take_run` and `encode_state` together for runs of 60, 10 and 1, and the state's bytes over the days.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from domain.channels import IMPORT
from domain.clock import epoch_ms
from domain.plant import Plant
from metering.engine import MeterStep, encode_state
from metering.runs import ReadingRun

MINUTE_MS = 60_000
BEGIN_MS = epoch_ms(datetime(2026, 3, 2, tzinfo=UTC))
PLANT = Plant.model_validate(
    {
        "site": {"id": "bench", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [
            {
                "id": "m",
                "max_power_kw": 200.0,
                "register": [
                    {"channel": IMPORT, "kind": "counter", "unit": "kWh", "sampling_s": 1.0, "resolution": 0.001},
                    {"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 1.0, "resolution": 0.001},
                ],
            }
        ],
    }
)


def minutes(count: int, size: int) -> Iterator[tuple[int, list[ReadingRun]]]:
    """Runs of `size` readings, both channels in turn: minute after minute."""
    dice = np.random.default_rng(1)
    level_kwh, sequence = 123_456.0, 0
    for minute in range(count):
        at_ms = BEGIN_MS + minute * MINUTE_MS
        hour = minute // 60 % 24
        power_kw = np.abs((120.0 if 6 <= hour < 18 else 20.0) + dice.normal(0, 5, 60))
        counts_kwh = level_kwh + np.cumsum(power_kw) / 3600
        level_kwh = float(counts_kwh[-1])
        observed = at_ms + 1000 * np.arange(60) + dice.integers(0, 30, 60)
        received = observed + 40 + dice.integers(0, 60, 60)
        sequences = sequence + 1000 * np.arange(60) + dice.integers(0, 900, 60)
        sequence += 60_000
        runs = []
        for first in range(0, 60, size):
            part = slice(first, first + size)
            for channel, values in ((IMPORT, counts_kwh), ("power", power_kw)):
                rounded = np.round(values[part], 3)
                runs.append(
                    ReadingRun("bench", "m", channel, "gw", "live", observed[part], received[part], rounded, sequences[part])
                )
        yield at_ms + MINUTE_MS, runs


def measure(size: int, count: int) -> dict[str, Any]:
    """CPU a reading over `count` minutes in runs of `size`, after an hour to warm up."""
    step = MeterStep(PLANT, "m")
    state = step.initial()
    take_ns = encode_ns = advance_ns = readings = 0
    sizes: list[int] = []
    for number, (now_ms, runs) in enumerate(minutes(count, size)):
        for run in runs:
            began = time.process_time_ns()
            state, _ = step.take_run(state, run)
            taken = time.process_time_ns()
            stored = encode_state(state)
            done = time.process_time_ns()
            if number >= 60:
                take_ns += taken - began
                encode_ns += done - taken
                readings += len(run)
        began = time.process_time_ns()
        due_ms = step.next_due_ms(state)
        if due_ms is not None and due_ms <= now_ms - 10_000:
            state, _ = step.advance(state, now_ms - 10_000)
        if number >= 60:
            advance_ns += time.process_time_ns() - began
        if number >= 60:
            sizes.append(len(stored))
    return {
        "run": size,
        "us_per_reading": round((take_ns + encode_ns + advance_ns) / readings / 1000, 3),
        "take_us": round(take_ns / readings / 1000, 3),
        "encode_us": round(encode_ns / readings / 1000, 3),
        "advance_us": round(advance_ns / readings / 1000, 3),
        "state_bytes_mean": round(statistics.fmean(sizes)),
        "state_bytes_max": max(sizes),
    }


def main() -> None:
    """Print one line a size of run, and one for many days."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=0, help="also follow the state for this many days (4 s each)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    found = [measure(size, 240) for size in (60, 10, 1)]
    if options.days:
        found.append({"days": options.days, **measure(60, options.days * 1440)})
    for line in found:
        print("  ".join(f"{name} {value}" for name, value in line.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
