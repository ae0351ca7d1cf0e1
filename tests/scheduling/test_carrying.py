"""An accepted recommendation becomes the plan, once, and only where it still fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from plant_texts import plant as plant_text

from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus, OtherMachine, Workers
from domain.plant import Plant, load_plant
from domain.recommendations import Action, JobPlace, Places, Recommendation, RecommendationStatus, ShiftPlace
from domain.shift_changes import ShiftChange
from scheduling.carrying import revised_orders, revised_shifts

NOW = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
BEGIN = NOW + 4 * QUARTER
ORDER = Order(
    "works", "J-1", 7, "press-1", "flange", BEGIN, (100.0, 80.0), BEGIN - QUARTER, BEGIN + 40 * QUARTER, True, OrderStatus.PLANNED, NOW,
    other_machines=(OtherMachine("press-2", 3, (60.0, 60.0, 60.0)),), source="sheet",
)  # fmt: skip


@pytest.fixture
def works(tmp_path: Path) -> Plant:
    path = tmp_path / "plant.toml"
    path.write_text(plant_text("works", "main"), encoding="utf-8")
    return load_plant(path)


def accepted(action: Action, before: Places, after: Places) -> Recommendation:
    return Recommendation(
        "works", "R-1", 3, RecommendationStatus.ACCEPTED, NOW, NOW + timedelta(minutes=5), BEGIN, action, before, after, BEGIN, 500.0, 400.0,
        100.0, None, None, None, None, None, 0.8, decided_by="M. Adler",
    )  # fmt: skip


def place(machine: str, start: datetime, quarters: int) -> Places:
    return Places((JobPlace("J-1", machine, start, start + quarters * QUARTER),))


def test_a_moved_job_is_planned_at_its_new_start_with_the_reason():
    advice = accepted(Action.MOVE_JOB, place("press-1", BEGIN, 2), place("press-1", BEGIN + 8 * QUARTER, 2))
    (revised,) = revised_orders(advice, {"J-1": ORDER})
    assert (revised.start_utc, revised.revision, revised.reason) == (BEGIN + 8 * QUARTER, 8, "R-1")
    assert (revised.source, revised.due_utc, revised.at_utc) == ("sheet", ORDER.due_utc, advice.at_utc)


def test_on_another_machine_the_job_takes_what_it_takes_there():
    advice = accepted(Action.OTHER_MACHINE, place("press-1", BEGIN, 2), place("press-2", BEGIN, 3))
    (revised,) = revised_orders(advice, {"J-1": ORDER})
    assert (revised.machine, revised.duration_quarters, revised.profile_kw) == ("press-2", 3, (60.0, 60.0, 60.0))
    assert revised.on("press-1") is not None


@pytest.mark.parametrize(
    "now",
    [
        replace(ORDER, start_utc=BEGIN + QUARTER, revision=8),
        replace(ORDER, start_utc=BEGIN + 8 * QUARTER, revision=8),
        replace(ORDER, movable=False),
        replace(ORDER, status=OrderStatus.RUNNING),
        replace(ORDER, status=OrderStatus.DONE),
        replace(ORDER, status=OrderStatus.CANCELLED),
    ],
    ids=["moved meanwhile", "there already", "promised", "running", "done", "cancelled"],
)
def test_what_is_no_longer_as_it_was_stays(now: Order):
    advice = accepted(Action.MOVE_JOB, place("press-1", BEGIN, 2), place("press-1", BEGIN + 8 * QUARTER, 2))
    assert revised_orders(advice, {"J-1": now}) == []
    assert revised_orders(advice, {}) == []


def test_an_opened_shift_is_a_change_of_its_local_day_with_its_people_and_newer_than_any_before(works: Plant):
    night = ShiftPlace(
        "night", "2026-10-24", NOW - timedelta(hours=1), NOW + timedelta(hours=8), "stand-by", (Workers("operator", 2),)
    )
    along = place("press-1", BEGIN, 2), place("press-1", BEGIN - 2 * QUARTER, 2)
    advice = accepted(Action.OPEN_SHIFT, along[0], replace(along[1], shifts=(night,)))
    withdrawn = ShiftChange("works", "night", "2026-10-24", 4, False, NOW, withdrawn=True)
    other = ShiftChange("works", "night", "2026-10-25", 9, False, NOW)
    (change,) = revised_shifts(advice, works, [withdrawn, other])
    # 20:00 to 05:00 UTC over the night in which the clock is set back: 22:00 summer time to 06:00 winter time.
    assert (change.from_local, change.to_local, change.worked) == ("22:00", "06:00", True)
    assert (change.revision, change.crew, change.by, change.workers) == (5, "stand-by", "M. Adler", (Workers("operator", 2),))
    assert [order.start_utc for order in revised_orders(advice, {"J-1": ORDER})] == [BEGIN - 2 * QUARTER]


def test_a_dropped_shift_is_not_worked_and_one_that_begins_earlier_is(works: Plant):
    late = ShiftPlace("late", "2026-10-24", NOW - timedelta(hours=3), NOW + timedelta(hours=1))
    (dropped,) = revised_shifts(accepted(Action.DROP_SHIFT, Places(shifts=(late,)), Places()), works, [])
    assert (dropped.worked, dropped.from_local, dropped.revision) == (False, "", 1)
    earlier = replace(late, start_utc=late.start_utc - timedelta(hours=1), end_utc=late.end_utc - timedelta(hours=1))
    (moved,) = revised_shifts(accepted(Action.SHIFT_EARLIER, Places(shifts=(late,)), Places(shifts=(earlier,))), works, [])
    assert (moved.worked, moved.from_local, moved.to_local) == (True, "19:00", "23:00")


@pytest.mark.parametrize("worked", [False, True])
def test_what_a_person_entered_for_a_shift_stays(works: Plant, worked: bool):
    night = ShiftPlace("night", "2026-10-24", NOW - timedelta(hours=1), NOW + timedelta(hours=8))
    entered = [ShiftChange("works", "night", "2026-10-24", 4, worked, NOW, by="works council")]
    opening = accepted(Action.OPEN_SHIFT, Places(), Places(shifts=(night,)))
    assert revised_shifts(opening, works, entered) == []
    dropping = accepted(Action.DROP_SHIFT, Places(shifts=(night,)), Places())
    assert [change.worked for change in revised_shifts(dropping, works, entered)] == ([False] if worked else [])
