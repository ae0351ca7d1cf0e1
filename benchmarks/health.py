"""False alarms, delay and cost of the health of machines: ``python -m benchmarks.health [--days 28] [--seeds 1 2 3] [--report FILE]``."""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.health_minutes import demo_span, minutes
from detection.health.step import HealthState, HealthStep
from domain.anomalies import Anomaly
from domain.topics import FINDINGS, MINUTES
from simulation.span import Span
from simulation.surprises import NONE, Bearing, Surprises

REPORT = Path(__file__).with_suffix(".md")
WEEK = timedelta(weeks=1)


@dataclass(slots=True)
class Cost:
    """What one machine took."""

    minutes: int = 0
    seconds: float = 0.0
    state_bytes: int = 0


@dataclass(slots=True)
class Run:
    """What was found in one run, and at what cost, by meter."""

    found: list[Anomaly] = field(default_factory=list)
    costs: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))

    def incidents(self) -> list[Anomaly]:
        """The first revision of each."""
        return [one for one in self.found if one.revision == 0]


def drive(span: Span, length: timedelta) -> Run:
    """All machines of the span through the step, each with the state of a job: stored after each minute."""
    step, run = HealthStep(span.plant), Run()
    states: dict[str, HealthState] = {}
    for minute in minutes(span, length):
        by_meter = defaultdict(list)
        for one in minute:
            by_meter[one.meter].append((MINUTES, one))
        for meter, records in by_meter.items():
            key, cost = f"{span.plant.site.id}/{meter}", run.costs[meter]
            state = states.get(key) or step.initial(key)
            begin_s = time.thread_time()
            states[key], outputs = step.take(key, state, records)
            cost.state_bytes = len(step.encode(states[key]))
            cost.seconds += time.thread_time() - begin_s
            cost.minutes += 1
            run.found += [record for topic, record in outputs if topic is FINDINGS]
    return run


def sound(days: float, seeds: Sequence[int]) -> list[str]:
    """Machines without a fault in a plant that strays from its plan."""
    lines = [
        "| seed | machines | weeks | incidents | a machine and week | us a machine and minute | state, most |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    total, machine_weeks = 0, 0.0
    for seed in seeds:
        run = drive(demo_span(seed), timedelta(days=days))
        weeks = timedelta(days=days) / WEEK
        total, machine_weeks = total + len(run.incidents()), machine_weeks + weeks * len(run.costs)
        micro_s = 1e6 * sum(cost.seconds for cost in run.costs.values()) / sum(cost.minutes for cost in run.costs.values())
        most = max(cost.state_bytes for cost in run.costs.values())
        rate = len(run.incidents()) / weeks / len(run.costs)
        lines.append(f"| {seed} | {len(run.costs)} | {weeks:g} | {len(run.incidents())} | {rate:.3f} | {micro_s:.0f} | {most:,} |")
    return [*lines, f"| all |  |  | {total} | {total / machine_weeks:.3f} |  |  |"]


def worn(seeds: Sequence[int]) -> list[str]:
    """A bearing of the press that fails within hours, and one that takes three weeks."""
    lines = [
        "| bearing of press 1 | seed | first finding after | limit named after | real time to the limit then | named (80 %) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, begins, lasts, mm_s, length in (
        ("in the demo: +4.2 mm/s in 6.5 h", timedelta(hours=1.5), timedelta(hours=6.5), 4.2, timedelta(hours=10)),
        ("+6 mm/s in four weeks", timedelta(days=7), timedelta(days=28), 6.0, timedelta(days=30)),
    ):
        for seed in seeds:
            plain = demo_span(seed, NONE, lifelike=lasts > timedelta(days=1))
            from_s = plain.start_s + begins.total_seconds()
            bearing = Bearing("press-1", from_s, from_s + lasts.total_seconds(), mm_s)
            run = drive(demo_span(seed, Surprises(bearings=(bearing,)), lifelike=lasts > timedelta(days=1)), length)
            lines.append(_found(name, seed, bearing, [one for one in run.found if one.meter == "press-1"]))
    return lines


def _found(name: str, seed: int, bearing: Bearing, found: Sequence[Anomaly]) -> str:
    began_utc = datetime.fromtimestamp(bearing.from_s, UTC)
    named = next((one for one in found if one.facts[0].key in ("limit_ahead.lasting", "limit_ahead.open_ended")), None)
    first = next((one for one in found if one.at_utc >= began_utc), None)
    if first is None or named is None:
        return f"| {name} | {seed} | {_hours(first, began_utc)} | never |  |  |"
    per_day = bearing.mm_s / ((bearing.to_s - bearing.from_s) / 86_400)
    reaches_utc = began_utc + timedelta(days=(float(named.evidence["limit"]) - SHAKES_MM_S) / per_day)
    numbers = named.facts[0].numbers
    most = f"{numbers['most_days']:.2f}" if "most_days" in numbers else "open"
    really = (reaches_utc - named.at_utc) / timedelta(days=1)
    days = f"{numbers['left_days']:.2f} d ({numbers['least_days']:.2f} to {most})"
    return f"| {name} | {seed} | {_hours(first, began_utc)} | {_hours(named, began_utc)} | {really:.2f} d | {days} |"


SHAKES_MM_S = 1.7
"""The sound press at work."""


def _hours(one: Anomaly | None, since_utc: datetime) -> str:
    return "never" if one is None else f"{(one.at_utc - since_utc) / timedelta(hours=1):.1f} h"


def main() -> None:
    """Print the report, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=28.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    text = "\n".join(
        [
            "# Health of machines: what is found, how late, and how often for nothing",
            "",
            f"Written by `python -m benchmarks.health --report benchmarks/health.md` on {datetime.now(UTC):%Y-%m-%d}; load {load:.1f} on {os.cpu_count()} cores when it began.",
            "",
            "Minutes of the [demo's machines](health_minutes.py), as controls over OPC UA show them, in a plant that strays from its plan (batches, delays, breakdowns).",
            "",
            "## Sound machines",
            "",
            *sound(given.days, given.seeds),
            "",
            "CPU of the step with its state stored after each minute, as a job does. Minutes of all channels of a machine count as one.",
            "",
            "## Wear",
            "",
            *worn(given.seeds),
            "",
        ]
    )
    if given.report is None:
        print(text)
    else:
        given.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
