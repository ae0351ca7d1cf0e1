"""CPU time of processes, and of a Flink TaskManager's threads by what they do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psutil

STAGES = (
    ("fetch", ("Source Data Fet",)),
    ("decode and date", ("Source: reading", "Source: live")),
    ("group", ("on time", "late", "soon", "Filter")),
    ("quarter hours (Python)", ("quarter hours",)),
    ("running quarter (Python)", ("running quarter",)),
    ("write", ("kafka-producer", "quarter_hours", "running_quarter", "Sink")),
    ("compile", ("C1 Compiler", "C2 Compiler")),
    ("collect garbage", ("GC Thread", "G1 ", "VM Thread")),
)
"""Stage and how the names of its threads begin; all else is "other"."""


def process_cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def thread_cpu_s(pid: int) -> dict[str, float]:
    """CPU seconds of a process's threads, by stage."""
    seconds: dict[str, float] = {}
    for thread in psutil.Process(pid).threads():
        try:
            name = Path(f"/proc/{pid}/task/{thread.id}/comm").read_text().strip()
        except OSError:
            continue  # it has ended meanwhile
        stage = next((stage for stage, beginnings in STAGES if name.startswith(beginnings)), "other")
        seconds[stage] = seconds.get(stage, 0.0) + thread.user_time + thread.system_time
    return seconds


def difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What was used in between."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
