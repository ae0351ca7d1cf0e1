"""When jobs really ran, by the state and the counter of their machine's control: to the second, and only as far as it was heard."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import epoch_ms
from domain.controls import Control
from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality
from domain.topics import INTERVALS, ORDERS, READINGS
from production.activity import OFF, ON, STUCK_MS, UNKNOWN, by_load, together
from production.progress import progressed
from production.signals import BACK, LOST, MOST_COUNTS, MOST_STATES, Signals
from production.step import Production
from tests.production.job_samples import MONDAY, PLANT, SITE, interval, loads, order
from tests.stream_jobs.hand_clock import HandClock

PLANNED, RUNNING, DONE = OrderStatus.PLANNED, OrderStatus.RUNNING, OrderStatus.DONE
MINUTE = timedelta(minutes=1)
CONTROL = Control(state_channel="state", parts_channel="parts", device="plc")


def with_control(plant: Plant, *machines: str, control: Control = CONTROL) -> Plant:
    found = tuple(m.model_copy(update={"control": control}) if m.id in machines else m for m in plant.machines)
    return plant.model_copy(update={"machines": found})


def at(minute: float) -> datetime:
    return MONDAY + minute * MINUTE


def ms(minute: float) -> int:
    return epoch_ms(at(minute))


def reading(
    minute: float, channel: str, value: float | None = None, text: str | None = None, *, meter: str = "furnace", **more: Any
) -> Any:
    return READINGS, Reading(SITE, meter, channel, ms(minute), ms(minute) + 40, value, text=text, **more)


def state(minute: float, name: str, **more: Any) -> Any:
    return reading(minute, "state", text=name, **more)


def parts(minute: float, count: float, **more: Any) -> Any:
    return reading(minute, "parts", count, **more)


def quarters(until: int, kw: float = 20.0) -> list[Any]:
    """Loads that show no job: 20 kW throughout."""
    return [(INTERVALS, interval(n, kw)) for n in range(until)]


def job(name: str, quarter: int, length: int = 4, **more: Any) -> Order:
    return replace(order(name, quarter, length, status=PLANNED), **more)


class Plantlike:
    """A step with its state, which is stored and read after every record."""

    def __init__(self, plant: Plant | None = None, now: datetime | None = None) -> None:
        self.step = Production(plant or with_control(PLANT, "furnace"), None if now is None else HandClock(now))
        self.state = self.step.initial(SITE)

    def take(self, *records: Any) -> dict[str, Order]:
        """Newest revision of each job."""
        for one in sorted(records, key=_when):
            self.state, _ = self.step.take(SITE, self.state, [one])
            self.state = self.step.decode(SITE, self.step.encode(self.state))
        return self.state.notes.orders


def _when(record: Any) -> datetime:
    topic, one = record
    return (
        MONDAY - QUARTER
        if topic is ORDERS
        else one.start_utc + QUARTER
        if topic is INTERVALS
        else MONDAY + (one.observed_ms - ms(0)) * timedelta(milliseconds=1)
    )


def seen(order: Order) -> tuple[OrderStatus, float, int, float | None, float | None]:
    """Status, start in quarter hours, length, and the exact minutes of begin and end."""
    exact = [None if one is None else (one - MONDAY) / MINUTE for one in (order.began_utc, order.ended_utc)]
    return order.status, (order.start_utc - MONDAY) / QUARTER, order.duration_quarters, exact[0], exact[1]


def test_a_job_is_dated_to_the_second_and_placed_on_the_nearest_quarter_hours() -> None:
    records = [state(10, "Idle"), state(128.5, "Execute"), state(203, "Idle")]
    found = Plantlike().take((ORDERS, job("A", 8)), *records, *quarters(20))
    assert seen(found["A"]) == (DONE, 9, 5, 128.5, 203)  # 02:08:30 -> 02:15, 03:23 -> 03:30


def test_a_running_job_is_seen_before_it_has_ended() -> None:
    found = Plantlike().take((ORDERS, job("A", 8)), state(10, "Idle"), state(124, "Execute"), *quarters(11))
    assert seen(found["A"]) == (RUNNING, 8, 4, 124, None)


def test_the_first_state_that_is_heard_shows_no_begin() -> None:
    found = Plantlike().take((ORDERS, job("A", 8)), state(128, "Execute"), state(203, "Idle"), *quarters(20))
    assert seen(found["A"]) == (DONE, 9, 5, None, 203)


def test_states_of_numbers_and_of_other_spelling_count_as_the_plant_file_names_them() -> None:
    plant = with_control(PLANT, "furnace", control=Control(state_channel="state", running_states=("6", "RUN")))
    for running, idle in (
        ({"value": 6.0}, {"value": 4.0}),
        ({"text": "run "}, {"text": "stop"}),
        ({"value": 6, "text": "dated by the server"}, {"value": 0}),
    ):
        records = [reading(10, "state", **idle), reading(124, "state", **running), reading(180, "state", **idle)]  # type: ignore[arg-type]
        assert seen(Plantlike(plant).take((ORDERS, job("A", 8)), *records, *quarters(20))["A"]) == (DONE, 8, 4, 124, 180)


def test_two_jobs_with_a_short_changeover_are_two() -> None:
    jobs = [(ORDERS, job("A", 8)), (ORDERS, job("B", 14))]  # half an hour planned between them
    records = [state(0, "Idle"), state(140, "Execute"), state(205, "Idle"), state(217, "Execute"), state(275, "Idle")]
    found = Plantlike().take(*jobs, *records, *quarters(24))
    assert seen(found["A"]) == (DONE, 9, 5, 140, 205)
    assert seen(found["B"]) == (DONE, 14, 4, 217, 275)


def test_a_short_stop_in_the_middle_of_a_job_is_none_and_neither_is_a_flicker_at_its_end() -> None:
    jobs = [(ORDERS, job("A", 8)), (ORDERS, job("B", 13))]
    records = [state(0, "Idle"), state(120, "Execute"), state(140, "Held"), state(152, "Execute"), state(175, "Held"), state(177, "Execute"),
               state(186, "Idle"), state(196, "Execute"), state(255, "Idle")]  # fmt: skip
    found = Plantlike().take(*jobs, *records, *quarters(24))
    assert seen(found["A"]) == (DONE, 8, 4, 120, 186)
    assert seen(found["B"]) == (DONE, 13, 4, 196, 255)


def test_the_last_ordered_piece_ends_a_job_where_the_machine_does_not_pause() -> None:
    jobs = [(ORDERS, job("A", 8, quantity=100.0)), (ORDERS, job("B", 12))]
    counts = [parts(1, 4000), *(parts(120 + n, 4000 + 2 * n) for n in range(1, 80))]  # 100 pieces take 50 minutes
    found = Plantlike().take(*jobs, state(0, "Idle"), state(120, "Execute"), state(230, "Idle"), *counts, *quarters(24))
    assert seen(found["A"]) == (DONE, 8, 3, 120, 170)
    assert seen(found["B"])[:2] == (DONE, 11)


def test_a_pause_before_most_pieces_are_made_is_a_breakdown() -> None:
    counts = [parts(1, 0), parts(160, 60), parts(255, 99), parts(256, 100)]
    records = [state(0, "Idle"), state(120, "Execute"), state(160, "Aborted"), state(215, "Execute"), state(257, "Idle")]
    found = Plantlike().take((ORDERS, job("A", 8, quantity=100.0)), *records, *counts, *quarters(24))
    assert seen(found["A"]) == (DONE, 8, 9, 120, 256)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([parts(1, 900), parts(121, 1), parts(150, 60), parts(165, 100)], (3, 165)),  # a job counter, set back as the job begins
        ([parts(1, 900), parts(121, 950), parts(150, 10), parts(165, 999)], (4, 181)),  # set back within the job: not guessed at
        ([parts(150, 60), parts(165, 999)], (4, 181)),  # nobody knows how many there were before
        ([parts(1, 0), parts(125, 100)], (4, 181)),  # all within five minutes: no counter of this job
        ([parts(1, 0), reading(165, "parts", 100, quality=ReadingQuality.BAD)], (4, 181)),
    ],
)  # fmt: skip
def test_a_counter_counts_as_far_as_it_can_be_believed(counts: list[Any], expected: tuple[int, int]) -> None:
    records = [state(0, "Idle"), state(120, "Execute"), state(181, "Idle")]
    found = Plantlike().take((ORDERS, job("A", 8, quantity=100.0)), *records, *counts, *quarters(24))
    assert seen(found["A"]) == (DONE, 8, expected[0], 120, expected[1])


def on(first: int, end: int, until: int) -> list[Any]:
    return [(INTERVALS, interval(n, 80.0 if first <= n < end else 20.0)) for n in range(until)]


def test_without_a_state_that_is_good_the_load_dates() -> None:
    bad = [state(0, "Idle"), reading(100, "state", quality=ReadingQuality.BAD)]
    assert seen(Plantlike().take((ORDERS, job("A", 8)), *bad, *on(9, 13, 24))["A"]) == (DONE, 9, 4, None, None)
    assert seen(Plantlike().take((ORDERS, job("A", 8)), *on(9, 13, 24))["A"]) == (DONE, 9, 4, None, None)


def test_what_happens_while_the_control_is_out_of_reach_is_dated_by_the_load() -> None:
    lost, back = reading(100, "connection", text="lost", meter="plc"), reading(190, "connection", text="connected", meter="plc")
    records = [state(0, "Idle"), lost, back, state(195, "Idle")]
    assert seen(Plantlike().take((ORDERS, job("A", 8)), *records, *on(8, 12, 24))["A"])[:3] == (DONE, 8, 4)


def test_history_of_a_gap_dates_what_was_not_heard_live() -> None:
    step = Plantlike()
    lost, back = reading(100, "connection", text="stalled", meter="plc"), reading(190, "connection", text="connected", meter="plc")
    step.take((ORDERS, job("A", 8)), state(0, "Idle"), lost, *quarters(7))
    for late in (
        state(188, "Idle"),
        state(99, "Idle", origin="history"),
        state(124, "Execute", origin="history"),
        back,
        *quarters(20)[7:],
    ):
        step.take(late)
    assert seen(step.state.notes.orders["A"]) == (DONE, 8, 5, None, 188)


def test_a_state_that_is_stuck_is_not_believed_once_the_load_has_contradicted_it_for_four_hours() -> None:
    stuck = [state(0, "Idle"), state(60, "Execute")]  # and never anything else
    found = Plantlike().take(
        (ORDERS, job("A", 4)),
        (ORDERS, job("B", 40)),
        *stuck,
        *on(4, 8, 30),
        *[(INTERVALS, interval(n, 80.0 if 41 <= n < 45 else 20.0)) for n in range(30, 60)],
    )
    assert seen(found["A"]) == (DONE, 4, 4, 60, None)
    assert seen(found["B"]) == (DONE, 41, 4, None, None)
    idle = [state(0, "Idle")]
    found = Plantlike().take((ORDERS, job("A", 4, 20)), *idle, *on(5, 26, 60))
    assert seen(found["A"]) == (DONE, 5, 21, None, None)


def test_a_machine_without_a_meter_of_its_own_is_dated_by_its_state_alone() -> None:
    plant = with_control(PLANT, "saw")
    records = [state(0, "Idle", meter="hall"), state(124, "Execute", meter="hall"), state(180, "Idle", meter="hall")]
    saw = replace(job("A", 8), machine="saw")
    step = Plantlike(plant)
    found = step.take((ORDERS, saw), *records, *[(INTERVALS, interval(n, 90.0, meter="hall")) for n in range(20)])
    assert seen(found["A"]) == (DONE, 8, 4, 124, 180)


def test_a_click_is_left_alone_until_the_machine_shows_the_end() -> None:
    clicked = replace(job("A", 8), status=RUNNING, source="progress")
    found = Plantlike().take((ORDERS, clicked), state(0, "Idle"), state(124, "Execute"), state(197, "Idle"), *quarters(20))
    assert seen(found["A"]) == (DONE, 8, 5, None, 197)


@pytest.mark.parametrize(
    "odd",
    [
        state(10_000_000, "Execute"), parts(10_000_000, 1), state(-4_000_000, "Execute"), state(130, ""), parts(130, -5), parts(130, 1e300),
        reading(130, "state"), reading(130, "state", 1e300), reading(130, "state", 0.5), reading(130, "connection", text="\u00e4", meter="nobody"),
        state(130, "Execute", meter="nobody"), (READINGS, replace(state(130, "Execute")[1], site="elsewhere")),
    ],
)  # fmt: skip
def test_one_odd_report_stops_nothing(odd: Any) -> None:
    step = Plantlike(now=at(400))
    found = step.take(
        (ORDERS, job("A", 8)),
        state(0, "Idle"),
        state(124, "Execute"),
        state(130.5, "Execute"),
        state(180, "Idle"),
        odd,
        *quarters(20),
    )
    assert seen(found["A"])[0] is DONE
    assert seen(found["A"])[4] == 180


def test_what_is_kept_of_a_control_is_bounded() -> None:
    signals = Signals()
    for n in range(2 * MOST_STATES):
        signals.put_state(n * 1000, ON if n % 2 else OFF)
    for n in range(3 * MOST_COUNTS):
        signals.put_count(n * 60_000, float(n))
    assert len(signals.times_ms) == len(signals.codes) <= MOST_STATES
    assert len(signals.counted_ms) == len(signals.counts) <= MOST_COUNTS
    assert signals.counts[-1] == 3 * MOST_COUNTS - 1
    signals.forget(signals.newest_ms + 1)
    assert (len(signals.codes), len(signals.counts)) == (1, 1), "the newest still holds"


codes = st.lists(st.tuples(st.integers(0, 300), st.sampled_from([ON, OFF, UNKNOWN, LOST, BACK])), min_size=1, max_size=40)


@settings(deadline=None)
@given(codes, st.randoms(use_true_random=False))
def test_reports_in_any_order_come_to_the_same_activity(reports: list[tuple[int, int]], random: Any) -> None:
    unique = list({minute: (minute, code) for minute, code in reports}.values())
    expected = filled(unique)
    random.shuffle(unique)
    signals = Signals()
    for minute, code in unique:
        signals.put_state(ms(minute), code)
    again = Signals.from_bytes(signals.to_bytes())
    assert again == signals
    activity = again.activity(ms(301))
    assert [activity.state(ms(minute)) for minute in range(301)] == expected


def filled(reports: list[tuple[int, int]]) -> list[int]:
    """Minute by minute, by hand; where the same report comes twice in a row, the first of them may have been heard alone."""
    by_minute, last, now, found = dict(reports), UNKNOWN, UNKNOWN, []
    for minute in range(301):
        code = by_minute.get(minute)
        if code in (ON, OFF, UNKNOWN):
            last = now = code
        elif code is not None:
            now = UNKNOWN if code == LOST else last
        found.append(now)
    return found


@settings(deadline=None)
@given(codes, st.lists(st.sampled_from([20.0, 70.0, 28.0, float("nan")]), max_size=20))
def test_the_load_counts_exactly_where_no_state_is_known(reports: list[tuple[int, int]], kw: list[float]) -> None:
    signals = Signals()
    for minute, code in reports:
        signals.put_state(ms(minute), code)
    reported, drawn = signals.activity(ms(301)), by_load(loads(kw), 20.0, 160.0)
    both = together(reported, drawn)
    assert STUCK_MS > 0
    for minute in range(-5, 310):
        known = reported.state(ms(minute))
        if known != UNKNOWN and both.state(ms(minute)) != known:  # contradicted for four hours
            assert both.state(ms(minute)) == drawn.state(ms(minute))
            assert sum(one == 70.0 if known == OFF else one == 20.0 for one in kw) >= 16
        elif known == UNKNOWN:
            assert both.state(ms(minute)) == drawn.state(ms(minute))


@settings(deadline=None)
@given(codes, st.lists(st.tuples(st.integers(0, 18), st.integers(1, 6)), min_size=1, max_size=5), st.integers(1, 20))
def test_the_same_again_publishes_nothing_jobs_do_not_overlap_and_what_is_done_stays(
    reports: list[tuple[int, int]], plan: list[tuple[int, int]], until: int
) -> None:
    signals = Signals()
    for minute, code in reports:
        signals.put_state(ms(minute), code)
    drawn = by_load(loads([20.0] * until), 20.0, 160.0)
    activity = together(signals.activity(ms(301)), drawn)
    jobs = [job(f"J{number}", *one) for number, one in enumerate(plan)]

    def applied(orders: list[Order]) -> list[Order]:
        newer = {one.job: one for one in progressed(orders, {one.job: one for one in jobs}, lambda order: activity)}
        return [newer.get(one.job, one) for one in orders]

    once = applied(jobs)
    assert applied(once) == once
    over = sorted((one.began_utc or one.start_utc, one.ended_utc or one.end_utc) for one in once if one.status is DONE)
    assert all(first[1] <= second[0] + QUARTER / 2 for first, second in itertools.pairwise(over))
    for one in once:
        assert one.began_utc is None or abs(one.began_utc - one.start_utc) <= QUARTER / 2
        assert one.ended_utc is None or one.duration_quarters == 1 or abs(one.ended_utc - one.end_utc) <= QUARTER / 2


def test_a_control_names_a_channel_and_no_two_machines_share_one() -> None:
    with pytest.raises(ValueError, match="state_channel, parts_channel, or both"):
        Control()
    with pytest.raises(ValueError, match="two different channels"):
        Control(state_channel="state", parts_channel="state")


def test_the_how_to_page_shows_a_control_that_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "orders-from-a-spreadsheet.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n\[machine\.control\].*?\n(.*?)```", page, re.DOTALL)
    assert Control.model_validate(tomllib.loads(block)).channels == ("state", "parts")


def test_an_activity_of_nothing_is_unknown() -> None:
    nothing = Signals().activity(ms(0))
    assert nothing.state(ms(0)) == UNKNOWN
    assert nothing.first(ON, 0) is None
    assert together(nothing, by_load(loads([]), 0.0, 1.0)).states.dtype == np.int8
