"""What a shift costs, worked out by hand, and crews that rest too little."""

import tomllib
from datetime import UTC, date, datetime, timedelta

import pytest
from plant_texts import COUNTER, plant, register

from domain.calendars import ShiftInstance, shift_instances
from domain.plant import Plant, plant_with_changes
from domain.shift_changes import ShiftChange
from domain.shift_cost import cost_of, paid_parts, short_rests

TEXT = (
    plant("werk-1", "main", register(*COUNTER), max_power_kw=900).replace(
        'timezone = "Europe/Berlin"', 'timezone = "Europe/Berlin"\nholiday_region = "DE-BW"'
    )
    + """
[[shift]]
id = "early"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"
crews = ["a"]

[[shift]]
id = "late"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "14:00"
to = "22:00"
breaks = [{ from = "18:00", to = "18:30" }, { from = "20:00", to = "20:15", paid = true }]
workers = { operator = 4 }
wage_eur_per_hour = 30

[[shift]]
id = "night"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "22:00"
to = "06:00"
on_holidays = true
workers = { operator = 2, setter = 1 }
wage_eur_per_hour = 28

[[crew]]
id = "a"
workers = { operator = 5 }
wage_eur_per_hour = 20

[[surcharge]]
kind = "night"
percent = 25
from = "20:00"
to = "06:00"
on_top = true
valid_from = 2026-01-01
source = "works agreement 7/2025"

[[surcharge]]
kind = "saturday"
percent = 20
valid_from = 2026-01-01
source = "works agreement 7/2025"

[[surcharge]]
kind = "sunday"
percent = 50
valid_from = 2026-01-01
source = "works agreement 7/2025"

[[surcharge]]
kind = "holiday"
percent = 125
valid_from = 2026-01-01
source = "works agreement 7/2025"

[[surcharge]]
kind = "holiday"
dates = ["05-01", "12-25", "12-26"]
percent = 150
valid_from = 2026-01-01
source = "works agreement 7/2025"
"""
)


def read(text: str = TEXT) -> Plant:
    return Plant.model_validate(tomllib.loads(text))


def instance(plant: Plant, shift: str, day: str) -> ShiftInstance:
    start = datetime.fromisoformat(f"{day}T00:00:00Z")
    found = shift_instances(plant.shifts, plant, start, start + timedelta(days=1, hours=2))
    return next(one for one in found if one.shift == shift and one.day_local == date.fromisoformat(day))


@pytest.mark.parametrize(
    ("shift", "day", "hours", "surcharged", "people_times_wage"),
    [
        # 8 h less half an hour unpaid; 25 % from 20 to 22.
        ("late", "2026-10-14", 7.5, 2 * 0.25, 4 * 30),
        # Into 1 May, a Friday: night all 8 h, from midnight 150 % (of 125 and 150 the higher).
        ("night", "2026-04-30", 8, 8 * 0.25 + 6 * 1.50, 3 * 28),
        # Out of 1 May into a Saturday.
        ("night", "2026-05-01", 8, 8 * 0.25 + 2 * 1.50 + 6 * 0.20, 3 * 28),
        # The clock goes back: 9 h; two on Saturday, seven on Sunday.
        ("night", "2026-10-24", 9, 9 * 0.25 + 2 * 0.20 + 7 * 0.50, 3 * 28),
        # The clock goes forward: 7 h; two on Saturday, five on Sunday.
        ("night", "2026-03-28", 7, 7 * 0.25 + 2 * 0.20 + 5 * 0.50, 3 * 28),
        # Into All Saints, a Sunday: 125 %, not 175 %.
        ("night", "2026-10-31", 8, 8 * 0.25 + 2 * 0.20 + 6 * 1.25, 3 * 28),
        # People and wage of the crew.
        ("early", "2026-10-14", 8, 0, 5 * 20),
    ],
)
def test_a_shift_costs_what_is_worked_out_by_hand(shift, day, hours, surcharged, people_times_wage):
    werk = read()
    cost = cost_of(instance(werk, shift, day), werk)
    assert cost is not None
    assert cost.paid_hours == pytest.approx(hours)
    assert cost.eur == pytest.approx(people_times_wage * (hours + surcharged))
    assert cost.surcharges_eur == pytest.approx(people_times_wage * surcharged)


def test_a_special_saturday_costs_its_surcharge():
    werk = plant_with_changes(
        read(), [ShiftChange("werk-1", "late", "2026-10-17", 0, True, datetime(2026, 10, 1, tzinfo=UTC), to_local="18:00")]
    )
    cost = cost_of(instance(werk, "late", "2026-10-17"), werk)
    assert cost is not None and cost.eur == pytest.approx(4 * 30 * 4 * 1.20)


def test_a_surcharge_holds_from_its_day_on_and_until_its_last():
    dated = TEXT.replace("percent = 20\nvalid_from = 2026-01-01", "percent = 20\nvalid_from = 2026-10-17\nvalid_to = 2026-10-24")
    werk = read(dated)
    percents = [
        [percent for _, _, percent in paid_parts(instance(werk, "night", day), werk)] for day in ("2026-10-10", "2026-10-17")
    ]
    assert percents == [[25, 75], [45, 75]]


def test_what_nobody_says_has_no_cost():
    werk = read(TEXT.replace("wage_eur_per_hour = 28", ""))
    assert cost_of(instance(werk, "night", "2026-10-14"), werk) is None
    nobody = read(TEXT.replace("workers = { operator = 4 }", ""))
    assert cost_of(instance(nobody, "late", "2026-10-14"), nobody) is None


def test_a_crew_that_changes_from_late_to_early_rests_too_little():
    """Late until 22:00, early from 06:00: eight hours, of eleven."""
    begin = datetime(2026, 10, 11, 22, tzinfo=UTC)
    entered = datetime(2026, 10, 1, tzinfo=UTC)
    late = ShiftChange("werk-1", "late", "2026-10-13", 0, True, entered, crew="a")
    plain, changed = read(), plant_with_changes(read(), [late])
    assert short_rests(plain, begin, begin + timedelta(days=6)) == []
    found = short_rests(changed, begin, begin + timedelta(days=6))
    assert [(one.crew, one.before.shift, one.after.shift, one.rest_hours) for one in found] == [
        ("a", "early", "late", 0),  # on the same day
        ("a", "late", "early", 8),
    ]
