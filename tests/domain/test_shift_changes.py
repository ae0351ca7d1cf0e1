"""A shift on one day against the weekly pattern: from the plant file and from the topic, and what calendars then say."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plant_texts import COUNTER, plant, register

from domain.calendars import DayKind, breaks_of, crews_of, day_kind, shift_instances, staffed_spans, workers_of
from domain.errors import InputFaults
from domain.orders import Workers
from domain.plant import Plant, load_plant, plant_with_changes
from domain.shift_changes import ShiftChange

SATURDAY, FRIDAY = date(2026, 10, 17), date(2026, 10, 16)
ENTERED = datetime(2026, 10, 1, 8, tzinfo=UTC)
TEXT = (
    plant("werk-1", "main", register(*COUNTER), max_power_kw=900)
    + """
[[machine]]
id = "press"
meter = "main"
rated_kw = 60
shifts = ["early", "late", "extra"]

[[shift]]
id = "early"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"
breaks = [{ from = "09:00", to = "09:15" }, { from = "12:00", to = "12:30" }]
workers = { setter = 1, operator = 4 }

[[shift]]
id = "late"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "14:00"
to = "22:00"

[[shift]]
id = "night"
days = ["mon", "tue", "wed", "thu"]
from = "22:00"
to = "06:00"

[[shift]]
id = "extra"
days = ["sat"]
from = "06:00"
to = "12:00"
optional = true
crews = ["a", "b"]

[[crew]]
id = "a"
workers = { operator = 5 }
rotation = ["early", "late", "night", ""]
rotation_from = 2026-10-05

[[crew]]
id = "b"
workers = { operator = 3, setter = 1 }
rotation = ["late", "night", "", "early"]
rotation_from = 2026-10-05
"""
)


@pytest.fixture
def werk(tmp_path: Path) -> Plant:
    return read(tmp_path, TEXT)


def read(folder: Path, text: str) -> Plant:
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    return load_plant(folder / "plant.toml")


def change(shift: str = "early", day: date = SATURDAY, worked: bool = True, revision: int = 0, **more: object) -> ShiftChange:
    made = ShiftChange("werk-1", shift, day.isoformat(), revision, worked, ENTERED)
    return replace(made, **more)  # type: ignore[arg-type]


def local(plant: Plant, day: date, shifts: tuple[str, ...] = ()) -> list[str]:
    """The shifts that begin on `day`, by the local clock."""
    zone = plant.site.zone
    start = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    found = shift_instances(plant.shifts, plant, start, start + timedelta(days=2))
    return [
        f"{one.shift} {one.start_utc.astimezone(zone):%H:%M}-{one.end_utc.astimezone(zone):%H:%M}"
        for one in found
        if one.day_local == day
    ]


def test_a_special_saturday_is_worked_and_only_that_one(werk):
    special = plant_with_changes(werk, [change()])
    assert local(special, SATURDAY) == ["early 06:00-14:00"]
    assert local(special, SATURDAY + timedelta(days=7)) == []
    assert local(werk, SATURDAY) == []


def test_a_dropped_shift_is_not_worked_on_that_day_alone(werk):
    dropped = plant_with_changes(werk, [change("late", FRIDAY, worked=False)])
    assert local(dropped, FRIDAY) == ["early 06:00-14:00"]
    assert local(dropped, FRIDAY - timedelta(days=1)) == ["early 06:00-14:00", "late 14:00-22:00", "night 22:00-06:00"]


def test_other_times_hold_on_one_day_and_what_is_not_named_stays(werk):
    moved = plant_with_changes(werk, [change("early", FRIDAY, from_local="05:00"), change("night", FRIDAY, to_local="24:00")])
    assert local(moved, FRIDAY) == ["early 05:00-14:00", "late 14:00-22:00", "night 22:00-00:00"]


def test_breaks_that_a_shortened_shift_no_longer_holds_are_none(werk):
    short = plant_with_changes(werk, [change("early", FRIDAY, to_local="10:00")])
    start = datetime(2026, 10, 16, tzinfo=UTC)
    (instance,) = [one for one in shift_instances(short.shifts, short, start, start + timedelta(hours=9)) if one.shift == "early"]
    assert breaks_of(instance, short) == [(datetime(2026, 10, 16, 7, tzinfo=UTC), datetime(2026, 10, 16, 7, 15, tzinfo=UTC))]


def test_an_optional_shift_is_worked_only_where_it_is_opened(werk):
    assert local(werk, SATURDAY) == []
    assert local(plant_with_changes(werk, [change("extra")]), SATURDAY) == ["extra 06:00-12:00"]


def test_a_change_opens_a_shift_on_a_holiday_and_in_a_shutdown(tmp_path):
    text = TEXT + "\n[[shutdown]]\nfrom = 2026-10-12\nto = 2026-10-18\n"
    closed = read(tmp_path, text)
    assert local(closed, FRIDAY) == []
    assert local(plant_with_changes(closed, [change(day=FRIDAY)]), FRIDAY) == ["early 06:00-14:00"]


def test_the_highest_revision_counts_in_whatever_order_they_come(werk):
    first, then, last = change(revision=0), change(revision=1, worked=False), change(revision=2, from_local="08:00")
    assert local(plant_with_changes(werk, [last, first, then]), SATURDAY) == ["early 08:00-14:00"]


def test_a_withdrawn_change_leaves_the_weekly_pattern(werk):
    dropped, withdrawn = change("late", FRIDAY, worked=False), change("late", FRIDAY, revision=1, worked=False, withdrawn=True)
    assert "late 14:00-22:00" in local(plant_with_changes(werk, [dropped, withdrawn]), FRIDAY)


def test_the_topic_goes_before_the_plant_file(tmp_path):
    written = read(tmp_path, TEXT + '\n[[shift_change]]\nshift = "early"\nday = 2026-10-17\nworked = true\nfrom = "07:00"\n')
    assert local(written, SATURDAY) == ["early 07:00-14:00"]
    assert local(plant_with_changes(written, []), SATURDAY) == ["early 07:00-14:00"]
    assert local(plant_with_changes(written, [change(worked=False)]), SATURDAY) == []
    assert local(plant_with_changes(written, [change(withdrawn=True)]), SATURDAY) == []


def test_changes_of_another_site_and_of_unknown_shifts_change_nothing(werk):
    others = [replace(change(), site="werk-2"), change("no-such-shift")]
    assert plant_with_changes(werk, others) == werk


def test_a_plant_with_changes_does_not_remember_x_before(werk):
    assert werk.changes_by_day == {}
    assert local(plant_with_changes(werk, [change()]), SATURDAY) == ["early 06:00-14:00"]


def test_a_machine_is_staffed_in_a_special_shift_and_not_in_a_dropped_one(werk):
    machine = werk.machines[0]
    day = datetime(2026, 10, 16, 22, tzinfo=UTC)  # Saturday, local
    assert staffed_spans(machine, werk, day, day + timedelta(days=1)) == []
    special = plant_with_changes(werk, [change()])
    assert staffed_spans(machine, special, day, day + timedelta(days=1)) == [
        (datetime(2026, 10, 17, 4, tzinfo=UTC), datetime(2026, 10, 17, 12, tzinfo=UTC))
    ]


def test_a_special_saturday_is_a_working_day_and_a_dropped_friday_a_holiday(werk):
    assert day_kind(SATURDAY, werk) is DayKind.SATURDAY
    assert day_kind(SATURDAY, plant_with_changes(werk, [change()])) is DayKind.WORKDAY
    assert day_kind(FRIDAY, plant_with_changes(werk, [change("late", FRIDAY, worked=False)])) is DayKind.WORKDAY
    both = [change("late", FRIDAY, worked=False), change("early", FRIDAY, worked=False)]
    assert day_kind(FRIDAY, plant_with_changes(werk, both)) is DayKind.HOLIDAY


def test_crews_rotate_by_week_and_a_change_names_another(werk):
    def crews(plant: Plant, day: date, shift: str) -> tuple[str, ...]:
        start = datetime.combine(day, datetime.min.time(), UTC)
        return next(
            crews_of(one, plant)
            for one in shift_instances(plant.shifts, plant, start, start + timedelta(days=1))
            if one.shift == shift and one.day_local == day
        )

    monday = date(2026, 10, 5)
    weeks = [monday + timedelta(weeks=n) for n in (0, 1, 2, 3, 4, -1)]
    assert [crews(werk, day, "early") for day in weeks] == [("a",), (), (), ("b",), ("a",), ("b",)]
    assert crews(werk, monday, "late") == ("b",)
    other = plant_with_changes(werk, [change("early", monday, crew="b")])
    assert crews(other, monday, "early") == ("b",)


def test_people_of_a_shift_are_its_own_or_those_of_its_crew_or_those_of_the_change(werk):
    def people(plant: Plant, shift: str) -> tuple[Workers, ...]:
        start = datetime(2026, 10, 5, tzinfo=UTC)
        found = shift_instances(plant.shifts, plant, start, start + timedelta(days=1))
        return next(workers_of(one, plant) for one in found if one.shift == shift)

    assert people(werk, "early") == (Workers("operator", 4), Workers("setter", 1))
    assert people(werk, "late") == (Workers("operator", 3), Workers("setter", 1))
    assert people(werk, "night") == ()  # nobody says
    fewer = change("early", date(2026, 10, 5), workers=(Workers("operator", 2),))
    assert people(plant_with_changes(werk, [fewer]), "early") == (Workers("operator", 2),)


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ('[[shift_change]]\nshift = "erly"\nday = 2026-10-17\nworked = true\n', "shift_change[0].shift", "erly"),
        ('[[shift_change]]\nshift = "early"\nday = 2026-10-17\nworked = true\nfrom = "25:00"\n', "shift_change[0].from", "25:00"),
        ('[[shift_change]]\nshift = "early"\nday = 2026-10-17\nworked = true\ncrew = "z"\n', "shift_change[0].crew", "z"),
        ('[[shift_change]]\nshift = "early"\nday = 2026-10-17\nworked = true\n' * 2, "shift_change[1].day", "2026-10-17"),
        ('[[crew]]\nid = "c"\nrotation = ["early"]\nrotation_from = 2026-10-06\n', "crew[2].rotation_from", "2026-10-06"),
        ('[[crew]]\nid = "c"\nrotation = ["spät"]\nrotation_from = 2026-10-05\n', "crew[2].rotation", "spät"),
        ('[[crew]]\nid = "a"\n', "crew[2].id", "a"),
        ('[[surcharge]]\nkind = "night"\npercent = 25\nvalid_from = 2026-01-01\n', "surcharge[0].source", "nothing"),
    ],
)
def test_a_wrong_shift_change_crew_or_surcharge_names_its_line(tmp_path, text, field, found):
    with pytest.raises(InputFaults) as caught:
        read(tmp_path, TEXT + text)
    (fault,) = caught.value.faults
    assert fault.field.startswith(field)
    assert found in fault.found
    assert fault.line is not None and fault.line > len(TEXT.splitlines())


DAYS = st.dates(date(2026, 3, 20), date(2026, 11, 5))
CLOCKS = st.sampled_from(["", "00:00", "02:30", "06:00", "13:45", "22:00", "24:00"])


@given(
    st.lists(
        st.builds(
            change, st.sampled_from(["early", "late", "night", "extra"]), DAYS, st.booleans(), st.integers(0, 5),
            from_local=CLOCKS, to_local=CLOCKS, withdrawn=st.booleans(),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_any_window_finds_the_same_shifts(changes):
    """What a window shows does not depend on where it begins, whatever was changed."""
    werk = plant_with_changes(Plant.model_validate(tomllib.loads(TEXT)), changes)
    begin = datetime(2026, 3, 18, tzinfo=UTC)
    whole = list(shift_instances(werk.shifts, werk, begin, begin + timedelta(days=240)))
    for day in {one.day_local for one in changes}:
        cut = datetime.fromisoformat(f"{day}T13:00:00Z")
        assert list(shift_instances(werk.shifts, werk, cut, cut + timedelta(hours=1))) == [
            one for one in whole if one.start_utc < cut + timedelta(hours=1) and one.end_utc > cut
        ]
