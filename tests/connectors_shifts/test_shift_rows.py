"""Rows of shift changes: what is taken, what is refused with which words, and which limits of working time are reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.orders.sheets import read_sheets
from connectors.shifts.judging import Handing, Judgement, Outcome, judge, known_changes, withdrawn
from connectors.shifts.rows import rows_of_objects, rows_of_sheets
from connectors.shifts.sheet import COLUMNS, cells_of, write_template
from domain.codec import decode, encode
from domain.errors import InputFaults
from domain.orders import Workers
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from domain.working_time import Limit
from words.catalogue import languages
from words.shift_faults import fault_text, limit_text
from words.speech import of_page

WEEK = ["mon", "tue", "wed", "thu", "fri"]
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "shift": [
            {"id": "early", "name": "Frühschicht", "days": WEEK, "from": "06:00", "to": "14:00", "breaks": [{"from": "09:00", "to": "09:30"}]},
            {"id": "late", "name": "Spätschicht", "days": WEEK, "from": "14:00", "to": "22:00"},
            {"id": "extra", "days": ["sat"], "from": "06:00", "to": "12:00", "optional": True, "crews": ["a", "b"]},
        ],
        "crew": [
            {"id": "a", "name": "Gruppe A", "rotation": ["early", "late"], "rotation_from": date(2026, 10, 5)},
            {"id": "b", "name": "Gruppe B", "rotation": ["late", "early"], "rotation_from": date(2026, 10, 5)},
        ],
    }
)  # fmt: skip
NOW = datetime(2026, 10, 14, 9, tzinfo=UTC)
HANDING = Handing(PLANT, NOW, "M. Adler")
SATURDAY = "2026-10-17"


def judged(*objects: dict[str, Any], known: tuple[ShiftChange, ...] = (), plant: Plant = PLANT) -> Judgement:
    return judge(rows_of_objects(objects, "api"), replace(HANDING, plant=plant), known_changes(known, plant))


def test_a_special_saturday_is_taken_with_all_that_is_stated() -> None:
    row = {
        "Schicht": "Frühschicht", "Tag": "17.10.2026", "Gearbeitet": "ja", "Von": "05:30", "Bis": "13:00", "Personal": "4 operator, 1 setter",
        "Schichtgruppe": "Gruppe B", "Grund": "Eilauftrag", "Eingetragen von": "K. Winter",
    }  # fmt: skip
    (change,) = judged(row).revisions
    assert change == ShiftChange(
        "werk", "early", SATURDAY, 0, True, NOW, "05:30", "13:00", (Workers("operator", 4), Workers("setter", 1)), "b", "K. Winter", "Eilauftrag"
    )  # fmt: skip
    assert decode(ShiftChange, encode(change)) == change


@pytest.mark.parametrize(
    ("row", "place", "words"),
    [
        ({"shift": "erly", "day": SATURDAY, "worked": "yes"}, "shift", "did you mean early?"),
        ({"shift": "twilight", "day": SATURDAY, "worked": "yes"}, "shift", "a shift of the plant file: early, late, extra"),
        ({"day": SATURDAY, "worked": "yes"}, "", "a shift of the plant file: early, late, extra"),
        ({"shift": "early", "day": "17.13.2026", "worked": "yes"}, "day", "that the calendar has"),
        ({"shift": "early", "day": "next week", "worked": "yes"}, "day", "a day such as 2026-10-24"),
        ({"shift": "early", "day": "2026-10-17 06:00", "worked": "yes"}, "day", "the times go into the columns From and To"),
        ({"shift": "early", "worked": "yes"}, "", "the day on which the shift begins"),
        ({"shift": "early", "day": SATURDAY, "worked": "maybe"}, "worked", "yes (it is worked), no (it is not) or usual"),
        ({"shift": "early", "day": SATURDAY}, "", "yes (it is worked), no (it is not) or usual"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "from": "25:00"}, "from", "a time such as 06:00"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "from": "24:00"}, "from", "a time such as 06:00"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "to": "6:5"}, "to", "a time such as 06:00"),
        ({"shift": "early", "day": SATURDAY, "worked": "no", "from": "06:00"}, "from", "the shift is not worked"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "crew": "c"}, "crew", "a crew of the plant file: a, b"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "people": "some"}, "people", "a number of people"),
        ({"shift": "early", "day": SATURDAY, "worked": "yes", "colour": "red"}, "colour", "one of the fields shift, day, worked"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_is_expected(row: dict[str, Any], place: str, words: str) -> None:
    judgement = judged(row, {"shift": "late", "day": SATURDAY, "worked": "yes"})
    assert [result.outcome for result in judgement.results] == [Outcome.REFUSED, Outcome.NEW], "a bad row stops no other"
    (fault,) = judgement.faults
    assert str(fault.place) == ", ".join(filter(None, ["api", "row 1", place and f"column {place}"]))
    assert words in fault_text(fault.fault, of_page("en", PLANT.site.zone))
    for code in languages():
        assert "{" not in fault_text(fault.fault, of_page(code, PLANT.site.zone))


def test_two_rows_of_one_shift_and_day_are_both_refused() -> None:
    row = {"shift": "early", "day": SATURDAY, "worked": "yes"}
    judgement = judged(row, {**row, "worked": "no"}, {**row, "day": "2026-10-24"})
    assert [result.outcome for result in judgement.results] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.NEW]


def test_a_row_that_says_what_is_known_makes_no_revision_and_another_makes_the_next_one() -> None:
    row = {"shift": "early", "day": SATURDAY, "worked": "yes"}
    (first,) = judged(row).revisions
    assert judged(row, known=(first,)).revisions == ()
    (second,) = judged({**row, "from": "07:00"}, known=(first,)).revisions
    assert (second.revision, second.from_local) == (1, "07:00")
    (gone,) = judged({**row, "worked": "usual"}, known=(first, second)).revisions
    assert (gone.revision, gone.withdrawn) == (2, True)
    assert judged({**row, "worked": "usual"}, known=(first, second, gone)).revisions == ()
    assert judged({**row, "worked": "usual"}).revisions == (), "nothing to withdraw"
    (again,) = judged(row, known=(first, second, gone)).revisions
    assert (again.revision, again.withdrawn) == (3, False)


def test_a_change_of_the_plant_file_is_known_and_can_be_withdrawn() -> None:
    plant = Plant.model_validate(
        {**PLANT.model_dump(by_alias=True), "shift_change": [{"shift": "early", "day": date(2026, 10, 17), "worked": True}]}
    )
    row = {"shift": "early", "day": SATURDAY, "worked": "yes"}
    assert judged(row, plant=plant).revisions == ()
    (gone,) = judged({**row, "worked": "usual"}, plant=plant).revisions
    assert (gone.revision, gone.withdrawn) == (0, True)
    assert withdrawn(gone, NOW, "x").revision == 1


def test_too_little_rest_is_reported_with_the_rule_and_the_change_is_taken() -> None:
    # In the week of the 12th crew A is late: until Friday at 22:00.
    judgement = judged({"shift": "extra", "day": SATURDAY, "worked": "yes", "crew": "a"})
    assert len(judgement.revisions) == 1
    (broken,) = [one for one in judgement.broken if one.limit is Limit.REST]
    assert (broken.crew, broken.hours, broken.shifts) == ("a", 8.0, ("late", "extra"))
    reported = limit_text(broken, PLANT, of_page("de", PLANT.site.zone))
    assert (
        "Gruppe A hätte 8,0 h Ruhe zwischen Spätschicht und extra am 17.10.2026, nötig sind 11,0 h (Arbeitszeitgesetz, sections 3 and 5)"
        in reported
    )
    other = judged({"shift": "extra", "day": SATURDAY, "worked": "yes", "crew": "b"})
    assert [one for one in other.broken if one.limit is Limit.REST] == []


def test_more_than_ten_hours_a_day_and_more_than_a_week_may_have_are_reported() -> None:
    long = judged({"shift": "early", "day": "2026-10-15", "worked": "yes", "to": "18:00"})
    assert [(one.limit, one.crew, one.hours) for one in long.broken] == [(Limit.DAY, "b", 11.5)]
    nobody = PLANT.model_copy(update={"crews": ()})
    unknown = judged({"shift": "early", "day": "2026-10-15", "worked": "yes", "to": "18:00"}, plant=nobody)
    assert [(one.limit, one.crew, one.shifts) for one in unknown.broken] == [(Limit.DAY, "", ("early",))]
    days = [
        {"shift": "early", "day": f"2026-10-{day}", "worked": "yes", "crew": "b", "to": "16:00"} for day in (13, 14, 15, 16, 17)
    ]
    assert [(one.limit, one.hours) for one in judged(*days).broken if one.limit is Limit.WEEK] == [(Limit.WEEK, 7.5 + 5 * 9.5)]


def test_a_limit_that_the_weekly_pattern_breaks_by_itself_is_not_reported_again() -> None:
    long = Plant.model_validate({**PLANT.model_dump(by_alias=True), "working_time": {"most_hours_per_day": 7}})
    judgement = judged({"shift": "late", "day": "2026-10-16", "worked": "no"}, plant=long)
    assert judgement.broken == ()


def test_a_day_that_is_over_is_taken_and_reported() -> None:
    judgement = judged(
        {"shift": "early", "day": "2026-10-10", "worked": "yes"}, {"shift": "early", "day": SATURDAY, "worked": "yes"}
    )
    assert [change.day_local for change in judgement.past] == ["2026-10-10"]


CELLS = [
    (time(6), "06:00"), (timedelta(hours=6, minutes=15), "06:15"), (timedelta(days=1), "24:00"), ("6", "06:00"), ("6:30 Uhr", "06:30"),
    ("06.45", "06:45"), ("24:00", "24:00"), (0.25, "06:00"), (0.5, "12:00"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "clock"), CELLS)
def test_times_are_read_as_spreadsheets_and_people_write_them(cell: object, clock: str) -> None:
    (change,) = judged({"shift": "early", "day": SATURDAY, "worked": True, "to": cell}).revisions
    assert change.to_local == clock


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.datetimes(), st.times(), st.timedeltas(),
    st.sampled_from(["early", "17.10.2026", "yes", "no", "usual", "06:00", "a", "2 operator"]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(COLUMNS), anything, max_size=9))
def test_no_cell_stops_the_rest_and_what_is_taken_is_a_record(row: dict[str, Any]) -> None:
    judgement = judged(row, {"shift": "late", "day": "2027-03-01", "worked": "no"})
    assert [result.outcome for result in judgement.results][1] is Outcome.NEW
    for change in judgement.revisions:
        assert decode(ShiftChange, encode(change)) == change
    assert all(bool(result.faults) == (result.outcome is Outcome.REFUSED) for result in judgement.results)


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_template_is_filled_in_saved_and_read(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    for code in languages():
        path = tmp_path / f"{code}.xlsx"
        write_template(path, PLANT, of_page(code, PLANT.site.zone))
        book = load_workbook(path)
        for column, value in enumerate(
            ["early", date(2026, 10, 17), "ja" if code == "de" else "yes", time(6), timedelta(days=1)], start=1
        ):
            book.worksheets[0].cell(2, column, value)
        book.save(path)
        rows, unused = rows_of_sheets(read_sheets(path))
        (change,) = judge(rows, HANDING, {}).revisions
        assert (change.shift, change.day_local, change.from_local, change.to_local, unused) == (
            "early",
            SATURDAY,
            "06:00",
            "24:00",
            [],
        )


def test_a_csv_with_german_headings_below_a_title_names_cells_by_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "schichten.csv"
    path.write_text(
        "Sonderschichten Q4;;\nSchicht;Tag;Gearbeitet;Farbe\nfrühschicht;17.10.2026;ja;\nspätschicht;17.10.2026;vielleicht;\n",
        encoding="utf-8",
    )
    rows, unused = rows_of_sheets(read_sheets(path))
    judgement = judge(rows, HANDING, {})
    assert unused == ["Farbe"]
    assert [str(fault.place) for fault in judgement.faults] == ["schichten.csv, row 4, column C (Gearbeitet)"]
    assert [change.by for change in judgement.revisions] == ["M. Adler"]


@pytest.mark.parametrize(
    ("text", "expected"), [("Schicht;Tag\nearly;17.10.2026\n", "a row of headings"), ("Schicht;Tag;Gearbeitet;Datum\n", "one column for day"), ("", "headings")]
)  # fmt: skip
def test_a_file_without_the_columns_that_are_needed_is_one_clear_error(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "schichten.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFaults, match=expected):
        rows_of_sheets(read_sheets(path))


def test_what_is_listed_is_read_back_as_the_same(tmp_path: Path) -> None:
    row = {
        "shift": "early",
        "day": SATURDAY,
        "worked": "yes",
        "from": "07:00",
        "people": "3 operator",
        "crew": "a",
        "reason": "rush",
    }
    changes = judged(row, {"shift": "late", "day": SATURDAY, "worked": "no"}).revisions
    for code in languages():
        words = of_page(code, PLANT.site.zone)
        objects = [cells_of(change, words) for change in changes]
        assert judged(*objects, known=changes).revisions == ()
