"""Laws of the live governor, whatever is projected, forecast and decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.flexible_loads import ColdStore
from domain.recommendations import Action, DecisionKind, Recommendation, RecommendationStatus
from flexibility.holding import LoadState, after_step, holdable_now, latest_release_utc
from flexibility.physics import store_of
from governor.live.choosing import surplus_kw
from tests.governor.live_site import BILLED_KW, MINUTE, QUARTER, SITE, START, Live, cold_store, site

NAMES = ("cold-1", "cold-2", "cold-3")
HOUR = timedelta(hours=1)
stores = st.fixed_dictionaries({
    "priority": st.integers(1, 3), "min_off_min": st.sampled_from([0.0, 6.0, 12.0]), "min_on_min": st.sampled_from([0.0, 10.0]),
    "max_off_min": st.sampled_from([None, 12.0, 40.0]), "start_min": st.sampled_from([0.0, 2.0]),
    "heat_capacity_kwh_per_k": st.sampled_from([4.0, 10.0, 50.0]),
})  # fmt: skip
runs = st.fixed_dictionaries({
    "stores": st.tuples(stores, stores, stores),
    "ahead_kw": st.lists(st.floats(380, 520), min_size=12, max_size=12),
    "projected_kw": st.lists(st.floats(430, 600), min_size=6, max_size=6),
    "level_c": st.floats(-23.9, -20.1),
    "answers": st.lists(st.sampled_from([DecisionKind.ACCEPTED, DecisionKind.ACCEPTED, DecisionKind.REJECTED, None]), min_size=8, max_size=8),
})  # fmt: skip


class Plant:
    """Stores that follow accepted advice, while production takes the most that the plant file names."""

    def __init__(self, run: dict[str, object]) -> None:
        self.live = Live(
            site(*(cold_store(name, **more) for name, more in zip(NAMES, run["stores"], strict=True))), run["ahead_kw"]
        )  # type: ignore[arg-type, call-overload]
        self.loads = {load.id: load for load in self.live.plant.flexible.loads()}
        self.states = {name: LoadState(START, float(run["level_c"]), 40.0) for name in NAMES}  # type: ignore[arg-type]
        self.outside: list[str] = []

    def minute(self, at: datetime) -> None:
        """Let the minute up to `at` pass."""
        for name, state in self.states.items():
            load = self.loads[name]
            assert isinstance(load, ColdStore)
            store = store_of(load)
            assert store is not None
            held = self.live.state.notes.held.get(name)
            # A load that is released works fully only after its time to start.
            is_held = held is not None and held.since_utc < at <= held.until_utc + load.start_min * MINUTE
            self.states[name] = after_step(load, state, is_held, at, store.most_use_per_h)
            if not store.is_inside(self.states[name].level):
                self.outside.append(name)
            self.live.show(at, self.states[name].level, self.states[name].power_kw, [name])


def followed(run: dict[str, object]) -> Iterator[tuple[Plant, datetime, list[Recommendation]]]:
    """The plant after each minute, and what was advised in it."""
    plant, answers = Plant(run), iter(run["answers"])  # type: ignore[call-overload]
    for quarter, kw in enumerate(run["projected_kw"]):  # type: ignore[arg-type, var-annotated]
        for minute in range(15):
            at = START + quarter * QUARTER + minute * MINUTE
            if at > START:
                plant.minute(at)
            else:
                plant.live.show(at, float(run["level_c"]))  # type: ignore[arg-type]
            found = plant.live.demand(at, kw)
            yield plant, at, found
            for advice in found:
                answer = next(answers, None) if advice.status is RecommendationStatus.OPEN else None
                if answer is not None:
                    plant.live.decide(advice.recommendation, at, answer)


laws = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(runs)
def test_no_band_is_left_by_what_was_advised_and_accepted(run: dict[str, object]) -> None:
    for plant, at, _ in followed(run):
        assert plant.outside == [], at


@laws
@given(runs)
def test_every_hold_can_come_back_in_time_and_keeps_the_loads_own_times(run: dict[str, object]) -> None:
    for plant, at, found in followed(run):
        for hold in [one for one in found if one.action is Action.HOLD and one.status is RecommendationStatus.OPEN]:
            for place in hold.loads:
                load, state = plant.loads[place.load], plant.states[place.load]
                held = plant.live.state.notes.held.get(place.load)
                if held is None or held.until_utc <= at:
                    assert place.end_utc <= latest_release_utc(load, replace(state, at_utc=at, held_since_utc=None), at)
                assert place.end_utc >= hold.peak_start_utc + QUARTER
                assert place.end_utc - place.start_utc >= load.min_off_min * MINUTE
                assert place.start_utc >= at + 2 * MINUTE
                assert hold.valid_until_utc >= place.start_utc


@laws
@given(runs)
def test_no_load_is_requested_twice_in_a_quarter_hour(run: dict[str, object]) -> None:
    names: list[tuple[datetime, str]] = []
    for _, _, found in followed(run):
        for hold in [one for one in found if one.action is Action.HOLD and one.revision == 1]:
            names += [(hold.peak_start_utc, place.load) for place in hold.loads]
    assert len(names) == len(set(names))


@laws
@given(runs)
def test_what_comes_back_makes_no_second_peak(run: dict[str, object]) -> None:
    ahead = run["ahead_kw"]
    for quarter, kw in enumerate(run["projected_kw"]):  # type: ignore[arg-type, var-annotated]
        live = Live(site(*(cold_store(name, **more) for name, more in zip(NAMES, run["stores"], strict=True))), ahead)  # type: ignore[arg-type, call-overload]
        found = live.quarter(kw, START + quarter * QUARTER)
        for hold in [one for one in found if one.revision == 1]:
            level = max(BILLED_KW, hold.reason[0].numbers["level_kw"])
            assert max(_with_returns(live, hold, ahead[quarter + 1 :]), default=0.0) <= level + 1e-3  # type: ignore[index]


def _with_returns(live: Live, hold: Recommendation, ahead_kw: Sequence[float]) -> Iterator[float]:
    """The forecast of each later quarter hour in which something comes back, with that: full power above the usual until all is drawn."""
    loads = {load.id: load for load in live.plant.flexible.loads()}
    states = {name: LoadState(hold.issued_utc, -22.0, 40.0) for name in loads}
    could = {one.name: one for one in holdable_now(loads.values(), states, hold.issued_utc, MINUTE)}
    back = [0.0] * len(ahead_kw)
    for place in hold.loads:
        kwh = min(place.kw * ((place.end_utc - place.start_utc) / HOUR), could[place.load].must_return_kwh)
        slot = (place.end_utc - hold.peak_start_utc) // QUARTER - 1
        while kwh > 1e-6 and slot < len(back):
            kw = min(kwh * 4, surplus_kw(loads[place.load]))
            back[slot] += kw
            kwh -= kw / 4
            slot += 1
    return (expected + kw for expected, kw in zip(ahead_kw, back, strict=True) if kw)


@laws
@given(runs, st.sampled_from([{"confidence": "partial"}, {"synchronised": False}, {"remaining_s": None}]))
def test_nothing_is_advised_while_data_are_missing(run: dict[str, object], lack: dict[str, object]) -> None:
    live = Live(site(*(cold_store(name) for name in NAMES)), run["ahead_kw"])  # type: ignore[arg-type]
    for quarter, kw in enumerate(run["projected_kw"]):  # type: ignore[arg-type, var-annotated]
        for minute in range(15):
            at = START + quarter * QUARTER + minute * MINUTE
            if "remaining_s" in lack:
                assert live.demand(at, kw) == [], "no instrument has shown anything"
            else:
                live.show(at)
                assert live.demand(at, kw, **lack) == []


@laws
@given(runs)
def test_a_state_that_was_stored_goes_on_as_the_one_that_was_not(run: dict[str, object]) -> None:
    kept = list(followed(run))[-1][0].live.revisions
    stored: list[Recommendation] = []
    plant = None
    for plant, _, _ in followed(run):
        live = plant.live
        live.state = live.step.decode(SITE, live.step.encode(live.state))
    assert plant is not None
    stored = plant.live.revisions
    assert stored == kept
