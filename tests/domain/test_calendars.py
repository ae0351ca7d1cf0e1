"""Shifts and day types in local time, on both clock-change days."""

from datetime import UTC, date, datetime, timedelta

from domain.calendars import DayType, day_type, shift_instances, staffed_spans
from domain.plant import Machine, Plant
from domain.shifts import Shift, Shutdown
from quarters.numbers import quarter_start, quarter_starts
from quarters.periods import day_span

PLANT = Plant.model_validate(
    {
        "site": {
            "id": "s",
            "timezone": "Europe/Berlin",
            "commissioned_utc": "2025-01-01T00:00:00Z",
            "holiday_region": "DE-BW",
            "holidays": [date(2026, 12, 24)],
        },
        "meter": [{"id": "m", "max_power_kw": 10}],
        "shift": [
            {"id": "early", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "14:00"},
            {"id": "late", "days": ["mon", "tue", "wed", "thu"], "from": "14:00", "to": "22:00"},
            {"id": "night", "days": ["mon", "tue", "wed", "thu", "sat"], "from": "22:00", "to": "06:00"},
        ],
        "machine": [{"id": "press", "meter": "m", "rated_kw": 5, "shifts": ["early", "late", "night"]}],
    }
)


def instances(shift, from_utc, days=1):
    chosen = [s for s in PLANT.shifts if s.id == shift]
    return list(shift_instances(chosen, PLANT, from_utc, from_utc + timedelta(days=days)))


def test_a_night_shift_over_the_autumn_change_has_nine_hours_and_over_the_spring_change_seven():
    autumn = instances("night", datetime(2026, 10, 24, 12, tzinfo=UTC))
    spring = instances("night", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert [i.end_utc - i.start_utc for i in autumn] == [timedelta(hours=9)]
    assert [i.end_utc - i.start_utc for i in spring] == [timedelta(hours=7)]


def test_a_night_shift_belongs_to_the_day_it_starts():
    [thursday] = instances("night", datetime(2026, 10, 22, 12, tzinfo=UTC))
    assert thursday.day_local == date(2026, 10, 22)
    assert thursday.end_utc == datetime(2026, 10, 23, 4, tzinfo=UTC)


def test_touching_shifts_make_one_staffed_span_from_monday_morning_to_friday_two_pm():
    monday = datetime(2026, 10, 19, 0, tzinfo=UTC)
    spans = staffed_spans(PLANT.machines[0], PLANT, monday, monday + timedelta(days=5))
    assert spans == [(datetime(2026, 10, 19, 4, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC))]


def test_no_shift_starts_on_a_holiday_of_the_land():
    epiphany = datetime(2026, 1, 6, 0, tzinfo=UTC)
    assert instances("early", epiphany) == []


SHUT = PLANT.model_copy(
    update={
        "shutdowns": (Shutdown.model_validate({"from": date(2026, 8, 3), "to": date(2026, 8, 14)}),),
        "shifts": (
            *PLANT.shifts,
            Shift.model_validate({"id": "crew", "days": ["mon"], "from": "08:00", "to": "12:00", "on_shutdowns": True}),
        ),
    }
)


def test_in_a_shutdown_only_the_shift_that_is_meant_for_it_is_worked():
    found = shift_instances(SHUT.shifts, SHUT, datetime(2026, 8, 3, 4, tzinfo=UTC), datetime(2026, 8, 14, 22, tzinfo=UTC))
    assert [(i.shift, i.day_local) for i in found] == [
        ("crew", date(2026, 8, 3)), ("crew", date(2026, 8, 10)),
    ]  # fmt: skip


def test_a_machine_that_may_run_at_any_time_stands_still_in_a_shutdown():
    idle = Machine(id="chiller", meter="m", rated_kw=5)
    begin, end = datetime(2026, 8, 2, 12, tzinfo=UTC), datetime(2026, 8, 15, 12, tzinfo=UTC)
    assert staffed_spans(idle, SHUT, begin, end) == [
        (begin, datetime(2026, 8, 2, 22, tzinfo=UTC)), (datetime(2026, 8, 14, 22, tzinfo=UTC), end),
    ]  # fmt: skip
    assert staffed_spans(idle, SHUT, begin + timedelta(days=2), end - timedelta(days=2)) == []
    assert staffed_spans(idle, PLANT, begin, end) == [(begin, end)]


def test_a_machine_in_shifts_is_not_staffed_in_a_shutdown_and_the_night_before_it_still_ends():
    begin, end = datetime(2026, 7, 31, 22, tzinfo=UTC), datetime(2026, 8, 17, 4, tzinfo=UTC)
    assert staffed_spans(SHUT.machines[0], SHUT, begin, end) == [
        (datetime(2026, 8, 1, 20, tzinfo=UTC), datetime(2026, 8, 2, 4, tzinfo=UTC)),
        (datetime(2026, 8, 15, 20, tzinfo=UTC), datetime(2026, 8, 16, 4, tzinfo=UTC)),
    ]


def test_shutdowns_that_overlap_or_touch_leave_no_open_time_between_them():
    two = [{"from": date(2026, 8, 10), "to": date(2026, 8, 14)}, {"from": date(2026, 8, 3), "to": date(2026, 8, 11)}]
    plant = PLANT.model_copy(update={"shutdowns": tuple(Shutdown.model_validate(one) for one in two)})
    idle = Machine(id="chiller", meter="m", rated_kw=5)
    begin, end = datetime(2026, 8, 4, tzinfo=UTC), datetime(2026, 8, 14, 23, tzinfo=UTC)
    assert staffed_spans(idle, plant, begin, end) == [(datetime(2026, 8, 14, 22, tzinfo=UTC), end)]


def test_day_types_know_the_land_and_the_plants_own_days():
    found = [
        day_type(date.fromisoformat(d), PLANT.site) for d in ("2026-10-23", "2026-10-24", "2026-10-25", "2026-01-06", "2026-12-24")
    ]
    assert found == [DayType.WORKDAY, DayType.SATURDAY, DayType.SUNDAY, DayType.SUNDAY, DayType.SUNDAY]


def test_a_local_day_has_92_96_or_100_quarter_hours():
    def quarters(day):
        start, end = day_span(day, PLANT.site.zone)
        return len(list(quarter_starts(start, end)))

    assert [quarters(date(2026, 3, 29)), quarters(date(2026, 3, 30)), quarters(date(2026, 10, 25))] == [92, 96, 100]


def test_an_instant_on_the_grid_starts_its_own_quarter_hour():
    assert quarter_start(datetime(2026, 1, 1, 10, 15, tzinfo=UTC)) == datetime(2026, 1, 1, 10, 15, tzinfo=UTC)
    assert quarter_start(datetime(2026, 1, 1, 10, 14, 59, 999_999, tzinfo=UTC)) == datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
