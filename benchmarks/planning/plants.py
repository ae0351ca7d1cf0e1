"""Plants of our own to plan: made from a seed, with the plan that such a plant has, each job as soon as there is room.

Orders of magnitude: kilns that heat up with 90 to 200 kW and hold with a third of it, presses with changeovers between colours, chargers.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from scheduling.planner.board import Board
from scheduling.planner.construct import current_solution
from scheduling.planner.cost.total import cost_of
from scheduling.planner.problem import FORMAT, SLOTS_PER_DAY, Problem
from scheduling.planner.roster import Roster, Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.tables import Choice, tables_of

Json = dict[str, Any]
FAMILIES = ("white", "grey", "black")
SHIFTS = (("early", 0, 32), ("late", 32, 64), ("night", 64, 96))
PEAK_LEFT = 0.35
"""How far the billed peak lies from the load without jobs to that of the plan as it is."""


@dataclass(frozen=True, slots=True)
class Plant:
    """What to make: jobs on some machines over some days, by crews or not; `slack` is the mean time to spare before a job is due [slots]."""

    name: str
    seed: int
    jobs: int
    machines: int
    days: int
    slack_slots: int
    has_crews: bool = False


PLANTS = (
    Plant("calm-20", 1, 20, 6, 1, 24),
    Plant("dense-30", 2, 30, 5, 1, 6),
    Plant("crews-24", 3, 24, 6, 2, 16, has_crews=True),
    Plant("long-60", 4, 60, 11, 2, 24),
)


def problem_of(plant: Plant) -> Problem:
    """The planning problem of a plant; the same on every machine."""
    random = Random(plant.seed)
    document = _site(plant, random)
    document["jobs"] = [_job(plant, random, number) for number in range(plant.jobs)]
    placed = _as_soon_as_possible(Problem.model_validate(document))
    document["current_plan"] |= {"jobs": placed}
    document["jobs"] = [_dated(plant, random, job, placed) for job in document["jobs"]]
    return _with_billed_peak(document)


def _site(plant: Plant, random: Random) -> Json:
    count = plant.days * SLOTS_PER_DAY
    hours = [(6 + slot / 4) % 24 for slot in range(count)]
    mean_kw = 6.0 * plant.jobs
    load_kw = [round(mean_kw * (1.3 if hour < 22 and hour >= 6 else 0.7) * random.uniform(0.95, 1.05), 1) for hour in hours]
    shifts = [shift for day in range(plant.days) for shift in _shifts(plant, random, day)]
    crews: Json = {
        "crews": [{"id": crew} for crew in ("a", "b", "c")],
        "working_time": {"min_rest_slots": 44, "max_work_slots_in_24_h": 40},
    }
    return {
        "format": FORMAT, "site": plant.name,
        "slots": {"start_utc": "2026-10-12T04:00:00Z", "minutes": 15, "count": count, "timezone": "Europe/Berlin"},
        "energy_price_eur_per_kwh": [round(0.2 - 0.1 * float(np.exp(-((hour - 13) ** 2) / 8)) + random.gauss(0, 0.005), 4) for hour in hours],
        "base_load": {"q50_kw": load_kw, "q90_kw": [round(kw * 1.07 + 2, 1) for kw in load_kw]},
        "demand_charges": [{"id": "year", "price_eur_per_kw": 20.0, "incumbent_peak_kw": 0.0}],
        "machines": [_machine(number, random) for number in range(plant.machines)],
        "shifts": shifts, "jobs": [],
        "current_plan": {"jobs": [], "open_shifts": [], "crew_of_shift": {shift["id"]: shift["crews"][0]["crew"] for shift in shifts if "crews" in shift and not shift["optional"]}},
        "changes": {"eur_per_moved_job": 4.0, "max_moved_jobs": round(plant.jobs * 0.6)},
    } | (crews if plant.has_crews else {})  # fmt: skip


def _machine(number: int, random: Random) -> Json:
    families = FAMILIES if _is_press(number) else ("any",)
    setups = [{"from": before, "to": after, "slots": 2} for before in families for after in families if before != after]
    return {
        "id": _machine_id(number),
        "initial_family": random.choice(families),
        "setups": setups,
    }


def _machine_id(number: int) -> str:
    return f"{'press' if _is_press(number) else 'kiln'}-{number}"


def _is_press(number: int) -> bool:
    return number % 3 == 1


def _shifts(plant: Plant, random: Random, day: int) -> list[Json]:
    workers = 1 + plant.machines // 2
    found = []
    for (name, first, end), crews in zip(SHIFTS, (("a", "c"), ("b", "c"), ("c",)), strict=True):
        is_night = name == "night"
        shift: Json = {
            "id": f"{name}-{day + 1}", "skill": "operator", "from": day * SLOTS_PER_DAY + first, "to": day * SLOTS_PER_DAY + end,
            "workers": 2 if is_night else workers, "optional": is_night,
        }  # fmt: skip
        wage_eur = round(random.uniform(9, 12), 2) if is_night else 0.0
        if plant.has_crews:
            shift["crews"] = [{"crew": crew, "eur_per_worker_slot": wage_eur + place} for place, crew in enumerate(crews)]
        elif is_night:
            shift["eur_per_worker_slot"] = wage_eur
        found.append(shift)
    return found


def _job(plant: Plant, random: Random, number: int) -> Json:
    first = random.randrange(plant.machines)
    alike = [machine for machine in range(plant.machines) if _is_press(machine) == _is_press(first) and machine != first]
    chosen = [first, *random.sample(alike, min(len(alike), random.choice((0, 0, 1))))]
    heat_kw = random.randrange(90, 200, 5)
    phases = [
        {"slots": random.randint(1, 3), "power_kw": heat_kw, "crew": {"operator": 1}},
        {"slots": random.randint(3, 8), "power_kw": round(heat_kw / 3)},
    ]
    return {
        "id": f"J{number + 1:02}", "order": f"{4000 + number}", "family": random.choice(FAMILIES) if _is_press(first) else "any",
        "earliest": random.randrange(round(0.5 * plant.days * SLOTS_PER_DAY)), "due": plant.days * SLOTS_PER_DAY, "tardiness_eur_per_slot": float(random.randint(1, 7)),
        "alternatives": [{"machine": _machine_id(machine), "phases": phases} for machine in chosen],
    }  # fmt: skip


def _as_soon_as_possible(problem: Problem) -> list[Json]:
    """Each job, in order of its first slot, where it can begin soonest; what finds no room is left out: a new job."""
    tables = tables_of(problem, RULES)
    roster = Rosters(problem, RULES).cheapest(()) or Roster()
    board, placed = Board(tables, roster), []
    for job in sorted(range(len(problem.jobs)), key=lambda number: (problem.jobs[number].earliest, number)):
        starts = [
            (int(is_open.argmax()), way) for way in tables.of_job[job] if (is_open := board.open_starts(tables.ways[way])).any()
        ]
        if starts:
            start, way = min(starts)
            board.put(job, Choice(way, start))
            placed.append({"id": problem.jobs[job].id, "machine": problem.machines[tables.ways[way].machine].id, "start": start})
    return placed


def _dated(plant: Plant, random: Random, job: Json, placed: list[Json]) -> Json:
    duration = sum(phase["slots"] for phase in job["alternatives"][0]["phases"])
    start = next((one["start"] for one in placed if one["id"] == job["id"]), job["earliest"])
    due = max(job["earliest"] + duration, start + duration + random.randint(-4, 2 * plant.slack_slots))
    return job | {"due": min(due, plant.days * SLOTS_PER_DAY)}


def _with_billed_peak(document: Json) -> Problem:
    problem = Problem.model_validate(document)
    peak_kw, least_kw = cost_of(problem, problem.current).peak_kw, max(problem.base_load.q90_kw)
    charge = document["demand_charges"][0] | {"incumbent_peak_kw": round(least_kw + PEAK_LEFT * (peak_kw - least_kw), 1)}
    return Problem.model_validate(document | {"demand_charges": [charge]})


def current_eur(problem: Problem) -> float | None:
    """What the plan that the plant has costs; None where it breaks a rule."""
    if current_solution(tables_of(problem, RULES), Rosters(problem, RULES)) is None:
        return None
    return cost_of(problem, problem.current).total_eur
