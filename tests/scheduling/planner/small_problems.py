"""Small planning problems as the JSON that people would write, and oracles that share no code with the planner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from scheduling.planner.plan import Place, Plan
from scheduling.planner.problem import Problem
from scheduling.planner.reading import load_problem

Json = dict[str, Any]


def job(name: str, machine: str, powers_kw: list[float], **more: Any) -> Json:
    """A job on one machine, with one phase a slot."""
    phases = [{"slots": 1, "power_kw": power_kw} for power_kw in powers_kw]
    crew = more.pop("crew", None)
    if crew is not None:
        phases = [phase | {"crew": crew} for phase in phases]
    return {
        "id": name, "order": f"order {name}", "family": "any", "earliest": 0, "due": 8, "tardiness_eur_per_slot": 1.0,
        "alternatives": [{"machine": machine, "phases": phases}],
    } | more  # fmt: skip


def document(jobs: list[Json], current: dict[str, tuple[str, int] | None], **more: Any) -> Json:
    """A problem of eight slots: a flat load of 100 kW (110 kW at worst), energy at 0.40 EUR, one charge of 2 EUR/kW above 150 kW."""
    machines = sorted({way["machine"] for one in jobs for way in one["alternatives"]})
    placed = [
        {"id": name, "skipped": True} if at is None else {"id": name, "machine": at[0], "start": at[1]}
        for name, at in current.items()
    ]  # fmt: skip
    return {
        "format": "lastgang.planning-problem.v1", "site": "small",
        "slots": {"start_utc": "2026-10-12T04:00:00Z", "minutes": 15, "count": 8, "timezone": "Europe/Berlin"},
        "energy_price_eur_per_kwh": [0.4] * 8,
        "base_load": {"q50_kw": [100.0] * 8, "q90_kw": [110.0] * 8},
        "demand_charges": [{"id": "year", "price_eur_per_kw": 2.0, "incumbent_peak_kw": 150.0}],
        "machines": [{"id": machine} for machine in machines],
        "shifts": [], "jobs": jobs,
        "current_plan": {"jobs": placed, "open_shifts": []},
        "changes": {"eur_per_moved_job": 1.0, "max_moved_jobs": None},
    } | more  # fmt: skip


def problem_of(raw: Json, folder: Path) -> Problem:
    """The problem in a document, by way of a file."""
    path = folder / "problem.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    return load_problem(path)


# -- oracles -----------------------------------------------------------------------------------------------------------


def cost_eur(raw: Json, plan: Plan) -> float:
    """The cost of a plan, worked out slot by slot from the document alone."""
    count, jobs = raw["slots"]["count"], {one["id"]: one for one in raw["jobs"]}
    load_kw, total = [0.0] * count, 0.0
    for name, at in plan.places.items():
        powers = powers_of(jobs[name], at.machine)
        for slot, power in enumerate(powers, start=at.start):
            load_kw[slot] += power
        total += jobs[name]["tardiness_eur_per_slot"] * max(0, at.start + len(powers) - jobs[name]["due"])
    total += sum(jobs[name]["skip_penalty_eur"] for name in plan.skipped)
    sun = raw.get("pv") or {"q50_kw": [0.0] * count, "q10_kw": [0.0] * count, "feed_in_eur_per_kwh": [0.0] * count}
    for slot in range(count):
        net = raw["base_load"]["q50_kw"][slot] + load_kw[slot] - sun["q50_kw"][slot]
        price = raw["energy_price_eur_per_kwh"][slot] if net > 0 else sun["feed_in_eur_per_kwh"][slot]
        total += net * price / 4
    for charge in raw["demand_charges"]:
        inside = {slot for first, end in charge.get("windows", [[0, count]]) for slot in range(first, end)}
        peaks = [raw["base_load"]["q90_kw"][slot] + load_kw[slot] - sun["q10_kw"][slot] for slot in inside]
        total += charge["price_eur_per_kw"] * max([0.0, *(peak - charge["incumbent_peak_kw"] for peak in peaks)])
    for shift in raw["shifts"]:
        crew = plan.crew_of_shift.get(shift["id"])
        prices = {one["crew"]: one["eur_per_worker_slot"] for one in shift.get("crews", [])}
        if shift["id"] in plan.open_shifts or crew is not None:
            price = prices[crew] if crew is not None else shift["eur_per_worker_slot"]
            total += shift["workers"] * (shift["to"] - shift["from"]) * price
    moved = [one for one in raw["current_plan"]["jobs"] if plan.decision(one["id"]) != place_of(one)]
    return float(total + raw["changes"]["eur_per_moved_job"] * len(moved))


def place_of(entry: Json) -> Place | None:
    return None if entry.get("skipped") else Place(entry["machine"], entry["start"])


def powers_of(one: Json, machine: str) -> list[float]:
    way = next(way for way in one["alternatives"] if way["machine"] == machine)
    return [phase["power_kw"] for phase in way["phases"] for _ in range(phase["slots"])]


def every_plan(raw: Json) -> Iterator[Plan]:
    """Every combination of places and opened shifts, whether it keeps the rules or not."""
    ways: list[list[Place | None]] = []
    for one in raw["jobs"]:
        starts: list[Place | None] = [
            Place(way["machine"], start)
            for way in one["alternatives"]
            for start in range(raw["slots"]["count"] - len(powers_of(one, way["machine"])) + 1)
        ]
        ways.append(starts + ([None] if "skip_penalty_eur" in one else []))
    names = [one["id"] for one in raw["jobs"]]
    optional = [shift["id"] for shift in raw["shifts"] if shift["optional"]]
    for chosen in product(*ways):
        places = {name: at for name, at in zip(names, chosen, strict=True) if at is not None}
        skipped = frozenset(name for name, at in zip(names, chosen, strict=True) if at is None)
        for opened in product(*[[False, True]] * len(optional)):
            yield Plan(places, skipped, frozenset(name for name, is_open in zip(optional, opened, strict=True) if is_open))
