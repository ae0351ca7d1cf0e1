"""The constructive rule: a first plan within milliseconds, from the current plan or, where that breaks a rule, from what can stay of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scheduling.planner.board import Board, board_of
from scheduling.planner.insertion import Taste, best_offer
from scheduling.planner.roster import Roster, Rosters
from scheduling.planner.rules import breaches
from scheduling.planner.solution import Solution, cheaper, solution_of
from scheduling.planner.tables import Choice, Tables

MOST_EJECTIONS = 400
"""Jobs that are taken out again to make room for others, before the rule gives up and leaves the problem to the solver."""
GUIDES = (0.05, 0.05, 0.02, 0.0)
"""Weights of load above the incumbent peak in every slot, one a pass (see `Flows.weigh_load`): most single moves leave the peak as it is."""
KEEP_EUR = 1e6
"""Extra price of a change while jobs are still without a place: changes are few."""


def current_solution(tables: Tables, rosters: Rosters) -> Solution | None:
    """The current plan, with the cheapest crews; None where it breaks a rule."""
    problem = tables.problem
    if breaches(problem, problem.current):
        return None
    known = problem.current
    cost_eur = sum(
        problem.shift[name].cost_eur(known.crew_of_shift.get(name)) for name in known.open_shifts | known.crew_of_shift.keys()
    )
    roster = Roster(known.open_shifts, known.crew_of_shift, cost_eur)
    found = rosters.cheapest(known.open_shifts)
    return solution_of(board_of(tables, roster if found is None else found, tables.current))


def first_solutions(tables: Tables, rosters: Rosters, current: Solution | None) -> list[Solution]:
    """Plans that keep all rules, in different valleys, the first no more expensive than the current one; none where the rule finds none."""
    start = current or _repaired(tables, rosters)
    if start is None:
        return []
    return [cheaper(start, _improved(tables, rosters, start, GUIDES)), _improved(tables, rosters, start, (0.0,))]


def _improved(tables: Tables, rosters: Rosters, start: Solution, guides: Iterable[float]) -> Solution:
    board = board_of(tables, start.roster, start.choices)
    for share in guides:
        board.flows.weigh_load(share)
        improve_each(board, _by_energy(tables))
    close_idle_shifts(board, rosters)
    return solution_of(board)


def improve_each(board: Board, jobs: Iterable[int]) -> None:
    """Put each job, one after the other, where it costs least."""
    for job in jobs:
        before = board.lift(job)
        offer = best_offer(board, job, Taste())
        board.put(job, before if offer is None else offer.choice)


def close_idle_shifts(board: Board, rosters: Rosters) -> None:
    """Close opened shifts whose workers have nothing to do."""
    tables = board.tables
    for name in sorted(board.roster.opened):
        shift = tables.problem.shift[name]
        spare = board.flows.spare[:, shift.first : shift.end]
        if all(spare[tables.skills.index(skill)].min() >= workers for skill, workers in shift.workers_by_skill.items()):
            roster = rosters.cheapest(board.roster.opened - {name})
            if roster is not None and roster.cost_eur <= board.roster.cost_eur:
                board.set_roster(roster)


def _by_energy(tables: Tables) -> list[int]:
    return sorted(range(len(tables.of_job)), key=lambda job: -tables.energy_kw_slots[job])


def _repaired(tables: Tables, rosters: Rosters) -> Solution | None:
    """What can stay of the current plan, and the other jobs where there is room, with as many shifts open as can be staffed."""
    roster = _fullest(tables, rosters)
    if roster is None:
        return None
    board = Board(tables, roster)
    waiting = [job for job in _in_order(tables) if not _stays(board, job)]
    draw = np.random.default_rng(0)
    for _ in range(MOST_EJECTIONS):
        if not waiting:
            break
        job = waiting.pop(0)
        offer = best_offer(board, job, Taste(move_eur=KEEP_EUR))
        if offer is not None:
            board.put(job, offer.choice)
        else:
            waiting = [job, *waiting, *_eject(board, job, draw)]
    return None if waiting else solution_of(board)


def _fullest(tables: Tables, rosters: Rosters) -> Roster | None:
    """Open optional shifts one after the other, as long as crews for all can be found."""
    roster = rosters.cheapest(())
    if roster is None:
        return None
    for shift in tables.problem.shifts:
        if shift.optional:
            roster = rosters.cheapest(roster.opened | {shift.id}) or roster
    return roster


def _in_order(tables: Tables) -> list[int]:
    """Locked jobs first, then those with the least choice; predecessors before successors."""
    jobs = tables.problem.jobs
    depth: dict[int, int] = {}

    def depth_of(job: int) -> int:
        if job not in depth:
            depth[job] = 1 + max((depth_of(link.job) for link in tables.before[job]), default=0)
        return depth[job]

    return sorted(range(len(jobs)), key=lambda job: (jobs[job].locked is None, depth_of(job), tables.freedom[job]))


def _stays(board: Board, job: int) -> bool:
    """Put a job where the current plan has it, if that breaks no rule."""
    tables = board.tables
    if job not in tables.current:
        return False
    choice: Choice | None = tables.current[job]
    if choice is None:
        may_stay = board.may_skip(job)
    else:
        is_open = board.open_starts(tables.ways[choice.way])
        may_stay = 0 <= choice.start < len(is_open) and bool(is_open[choice.start])
    if may_stay:
        board.put(job, choice)
    return may_stay


def _eject(board: Board, job: int, draw: np.random.Generator) -> list[int]:
    """Take away some jobs that may stand in the way of one: on its machines, before or after it, or with its skills."""
    tables = board.tables
    machines = {tables.ways[way].machine for way in tables.of_job[job]}
    skills = {need.skill for way in tables.of_job[job] for need in tables.ways[way].needs}
    links = {link.job for link in (*tables.before[job], *tables.after[job])}
    related = []
    for other, at in board.choices.items():
        way = None if at is None else tables.ways[at.way]
        is_related = other in links or (
            way is not None and (way.machine in machines or any(need.skill in skills for need in way.needs))
        )
        if is_related and tables.problem.jobs[other].locked is None:
            related.append(other)
    chosen = [related[place] for place in draw.permutation(len(related))[:3]]
    for other in chosen:
        board.lift(other)
    return chosen
