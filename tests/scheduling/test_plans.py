"""The search against brute force on tiny works, and laws of every plan."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_works import NOW, order, works

from domain.intervals import QUARTER
from quarters.numbers import slot_of, slot_start
from scheduling.problem import Outlook, Rules
from scheduling.settings import AdviceSettings
from scheduling.solve import Request, best_move, peak_of, plan

LEAD = timedelta(minutes=30)
PLANT = works()
jobs_strategy = st.lists(
    st.tuples(
        st.sampled_from(["furnace-1", "furnace-2"]),
        st.integers(2, 24),
        st.lists(st.integers(20, 150), min_size=1, max_size=4),
        st.integers(0, 8),
        st.integers(26, 32),
    ),
    min_size=1,
    max_size=4,
)
base_strategy = st.lists(st.integers(200, 500), min_size=36, max_size=36)


def works_of(rows, base):
    """Orders that do not overlap on a machine, the outlook with them in it, and an ask."""
    orders, taken = {}, {"furnace-1": set(), "furnace-2": set()}
    load = np.array(base, dtype=float)
    for number, (machine, start, profile, earliest, due) in enumerate(rows):
        places = set(range(start, start + len(profile)))
        if places & taken[machine] or start + len(profile) > due:
            continue
        taken[machine] |= places
        job = order(f"J{number}", machine, start, [float(p) for p in profile], min(earliest, start), due)
        orders[job.job] = job
        load[start : start + len(profile)] += profile
    outlook = Outlook(slot_of(NOW), load, load + 10.0)
    rules = Rules.at(PLANT, AdviceSettings(), NOW, outlook)
    return orders, outlook, Request(rules, 300.0, LEAD, 3)


def is_allowed(job, slot, orders):
    """The rules once more, in plain words."""
    start, end = slot_start(slot), slot_start(slot) + job.duration
    free = all(end <= o.start_utc or o.end_utc <= start for o in orders.values() if o.machine == job.machine and o.job != job.job)
    return job.earliest_utc <= start >= NOW + LEAD and end <= min(job.due_utc, NOW + 32 * QUARTER) and free


@settings(max_examples=60, deadline=None)
@given(jobs_strategy, base_strategy)
def test_the_best_single_move_is_the_best_of_all_that_brute_force_finds(rows, base):
    orders, outlook, request = works_of(rows, base)
    found = best_move(outlook, orders, request, frozenset())
    before = peak_of(outlook)
    place = before.slot - outlook.first_slot
    reachable = [
        peak_of(outlook.moved(job, slot)).median_kw
        for job, slot in product(orders.values(), range(slot_of(NOW), slot_of(NOW) + 36))
        if job.start_utc >= NOW + LEAD and slot != slot_of(job.start_utc) and is_allowed(job, slot, orders)
    ]
    best = min((peak for peak in reachable if before.median_kw - peak >= 5.0), default=None)
    if best is not None:
        assert found is not None, (best, before)
        # Below the level all are alike: there the soft maximum of the load decides.
        assert max(found.after.median_kw, 290.0) <= max(best, 290.0) + 1e-9, (found, best)
    elif found is not None:
        assert outlook.profile(found.order, slot_of(found.order.start_utc))[place] > 0
        assert found.after.median_kw <= before.median_kw


@settings(max_examples=40, deadline=None)
@given(jobs_strategy, base_strategy)
def test_advice_never_raises_the_peak_and_every_move_is_feasible_by_itself(rows, base):
    orders, outlook, request = works_of(rows, base)
    load = outlook
    turns = plan(outlook, orders, request)
    for best, *_ in turns:
        assert is_allowed(best.order, best.to_slot, orders)
        after = load.moved(best.order, best.to_slot)
        assert peak_of(after).median_kw <= peak_of(load).median_kw
        assert peak_of(after).judged_kw <= peak_of(load).judged_kw
        load = after
    if turns:
        assert peak_of(load).median_kw <= peak_of(outlook).median_kw - 5.0 + 1e-9


@settings(max_examples=40, deadline=None)
@given(jobs_strategy, base_strategy)
def test_moved_jobs_do_not_meet_on_their_machine(rows, base):
    orders, outlook, request = works_of(rows, base)
    moved = {m.order.job: replace(m.order, start_utc=slot_start(m.to_slot)) for m, *_ in plan(outlook, orders, request)}
    after = list({**orders, **moved}.values())
    for one, other in product(after, after):
        if one.job < other.job and one.machine == other.machine:
            assert one.end_utc <= other.start_utc or other.end_utc <= one.start_utc


@settings(max_examples=40, deadline=None)
@given(jobs_strategy, base_strategy, st.integers(0, 6))
def test_a_single_move_never_gets_better_by_a_tighter_window(rows, base, tighter):
    orders, outlook, request = works_of(rows, base)
    narrow = {job: replace(o, due_utc=max(o.end_utc, o.due_utc - tighter * QUARTER)) for job, o in orders.items()}
    free, bound = best_move(outlook, orders, request, frozenset()), best_move(outlook, narrow, request, frozenset())
    if bound is not None:
        assert free is not None
        assert free.rank(request.level_kw) <= bound.rank(request.level_kw)


@settings(max_examples=40, deadline=None)
@given(jobs_strategy, base_strategy)
def test_moving_a_job_conserves_its_energy(rows, base):
    orders, outlook, request = works_of(rows, base)
    for best, *_ in plan(outlook, orders, request):
        moved = outlook.moved(best.order, best.to_slot)
        np.testing.assert_allclose(moved.median_kw.sum(), outlook.median_kw.sum())
