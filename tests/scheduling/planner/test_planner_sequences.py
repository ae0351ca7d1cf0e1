"""The best sequence of a machine's jobs: the same as by trying every order and every start."""

from __future__ import annotations

from itertools import combinations, pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_problems import document, job, problem_of

from scheduling.planner.board import Board, board_of
from scheduling.planner.insertion import Taste
from scheduling.planner.roster import Roster, Rosters
from scheduling.planner.rules import RULES
from scheduling.planner.sequencing import Sequencing, best_starts
from scheduling.planner.tables import Choice, tables_of

SLOTS = 7


def total(costs, starts):
    return sum(float(cost[start]) for cost, start in zip(costs, starts, strict=True))


def keeps_gaps(order, starts, slots, gaps):
    """None stands for a job that must come before another, whatever lies between."""
    if any(gaps[a][b] is None for a, b in combinations(order, 2)):
        return False
    return all(starts[b] >= starts[a] + slots[a] + gaps[a][b] for a, b in pairwise(order))


def cheapest(costs, slots, gaps):
    """By trying every start of every job in every order."""
    found = [
        total(costs, starts)
        for starts in product(*(range(len(cost)) for cost in costs))
        for order in permutations(range(len(slots)))
        if keeps_gaps(order, starts, slots, gaps)
    ]  # fmt: skip
    return min(found, default=np.inf)


@st.composite
def sets_of_jobs(draw):
    slots = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    price = st.one_of(st.just(float("inf")), st.integers(-5, 20).map(float))
    costs = [np.array(draw(st.lists(price, min_size=SLOTS - length + 1, max_size=SLOTS - length + 1))) for length in slots]
    gaps = [[draw(st.integers(0, 2)) for _ in slots] for _ in slots]
    if len(slots) > 1 and draw(st.booleans()):
        gaps[1][0] = None
    return costs, slots, gaps


@given(sets_of_jobs())
def test_the_sequence_is_the_cheapest_of_all(case):
    costs, slots, gaps = case
    starts = best_starts(costs, slots, gaps)
    if starts is None:
        assert cheapest(costs, slots, gaps) == np.inf
        return
    order = sorted(range(len(slots)), key=lambda one: starts[one])
    assert keeps_gaps(order, starts, slots, gaps)
    assert total(costs, starts) == pytest.approx(cheapest(costs, slots, gaps))


def furnace(tmp_path):
    """Four jobs in turn of two families, with a changeover of a slot each time: as many slots as there are."""
    jobs = [
        job(name, "furnace", [50.0], family=family) for name, family in zip("ABCD", ("steel", "iron", "steel", "iron"), strict=True)
    ]
    raw = document(jobs, {name: ("furnace", 2 * number) for number, name in enumerate("ABCD")})
    setups = [{"from": "steel", "to": "iron", "slots": 1}, {"from": "iron", "to": "steel", "slots": 1}]
    raw["machines"] = [{"id": "furnace", "setups": setups}]
    raw["changes"] = {"eur_per_moved_job": 0.0, "max_moved_jobs": None}
    return raw


def test_jobs_of_a_family_come_together_where_that_leaves_out_the_expensive_hours(tmp_path):
    raw = furnace(tmp_path)
    raw["energy_price_eur_per_kwh"] = [0.1] * 5 + [0.9] * 3
    tables = tables_of(problem_of(raw, tmp_path), RULES)
    board = Board(tables, Roster())
    ways = {number: tables.ways[number] for number in range(4)}
    choices = Sequencing(tables, np.random.default_rng(0)).best(board, ways, np.array([1e9]), Taste())
    assert choices is not None
    for choice in choices:
        assert board.open_starts(tables.ways[choice.way])[choice.start]
        board.put(choice.way, choice)
    starts = [choice.start for choice in choices]
    assert sorted(starts) == [0, 1, 3, 4]
    assert abs(starts[0] - starts[2]) == 1
    assert abs(starts[1] - starts[3]) == 1


def test_no_job_runs_where_the_load_would_be_higher_than_may_be(tmp_path):
    raw = furnace(tmp_path)
    raw["base_load"] = {"q50_kw": [100.0] * 8, "q90_kw": [110.0, 170.0, 110.0, 110.0, 110.0, 110.0, 110.0, 110.0]}
    tables = tables_of(problem_of(raw, tmp_path), RULES)
    ways = {number: tables.ways[number] for number in range(4)}
    sequencing = Sequencing(tables, np.random.default_rng(0))
    # 160 kW with a job in a slot of 110 kW are 10 kW above the incumbent peak of 150 kW.
    choices = sequencing.best(Board(tables, Roster()), ways, np.array([10.0]), Taste())
    assert choices is not None
    assert 1 not in [choice.start for choice in choices]
    assert sequencing.best(Board(tables, Roster()), ways, np.array([9.9]), Taste()) is None


def test_drawn_jobs_are_neighbours_that_may_move(tmp_path):
    raw = furnace(tmp_path)
    raw["jobs"][1]["locked"] = {"machine": "furnace", "start": 2}
    tables = tables_of(problem_of(raw, tmp_path), RULES)
    board = board_of(tables, Roster(), {number: Choice(number, 2 * number) for number in range(4)})
    sequencing = Sequencing(tables, np.random.default_rng(1))
    drawn = [tuple(sequencing.draw_jobs(board)) for _ in range(30)]
    assert {job for jobs in drawn for job in jobs} == {0, 2, 3}
    assert all(len(jobs) >= 2 for jobs in drawn)


def test_what_every_job_adds_at_least_is_no_more_than_it_adds(tmp_path):
    raw = furnace(tmp_path)
    raw["pv"] = {"q50_kw": [130.0] * 8, "q10_kw": [0.0] * 8, "feed_in_eur_per_kwh": [0.05] * 8}
    tables = tables_of(problem_of(raw, tmp_path), RULES)
    board = board_of(tables, Rosters(tables.problem, RULES).cheapest(()), {0: Choice(0, 0)})
    for number in (1, 2, 3):
        way = tables.ways[number]
        added_eur = board.flows.added_eur(way, slice(0, len(way.cost_eur)))
        assert tables.least_eur[number] <= added_eur[board.open_starts(way)].min() + 1e-9
