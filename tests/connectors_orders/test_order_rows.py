"""One row into an order, worked by hand; and what is refused, with the words that help."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from order_works import NOW, after, judged, local, row, words_of

from connectors.orders.judging import Outcome
from connectors.orders.mapping import OrderMapping
from domain.instants import NEVER_UTC
from domain.orders import OtherMachine, Predecessor, Workers
from domain.plant import Plant


def wall(*parts: int) -> datetime:
    """A date as a spreadsheet holds it: without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def test_a_german_row_is_the_order_that_a_planner_means(plant: Plant) -> None:
    whole = row(
        Artikel="Zahnrad M4", Menge="1.200,5", Mannschaft="2 Einrichter, 1 Werker", Fest="ja", Liefertermin="24.10.2026",
        **{"Frühester Start": "22.10.2026 05:30"},
    )  # fmt: skip
    [order] = judged(plant, whole).revisions
    assert (order.site, order.job, order.revision, order.machine, order.product) == ("works", "4711", 0, "press-1", "Zahnrad M4")
    assert (order.quantity, order.quarters, order.profile_kw, order.movable) == (1200.5, 4, (), False)
    assert order.start_utc == datetime(2026, 10, 23, 4, 0, tzinfo=UTC), "06:00 in summer"
    assert order.earliest_utc == datetime(2026, 10, 22, 3, 30, tzinfo=UTC)
    assert order.due_utc == datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "a day without an hour ends at 24:00"
    assert order.workers == (Workers("Einrichter", 2), Workers("Werker", 1))
    assert (order.source, order.at_utc, order.reason) == ("orders.xlsx", NOW, "")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("23.10.2026 06:00", "2026-10-23T06:00"), ("23.10.26 6:00 Uhr", "2026-10-23T06:00"), ("Fr 23.10.2026 06:00", "2026-10-23T06:00"),
        ("2026-10-23 06:00:00", "2026-10-23T06:00"), ("2026-10-23T06:00", "2026-10-23T06:00"), ("20261023 060000", "2026-10-23T06:00"),
        (wall(2026, 10, 23, 6, 0), "2026-10-23T06:00"), (wall(2026, 10, 23, 5, 59, 59, 999_999), "2026-10-23T06:00"),
        (46318.25, "2026-10-23T06:00"), ("46318,25", "2026-10-23T06:00"), (46318.260416666664, "2026-10-23T06:15"),
        ("23.10.2026 24:00", "2026-10-24T00:00"), ("2026-10-23T04:00Z", "2026-10-23T06:00"), ("2026-10-23T06:00+02:00", "2026-10-23T06:00"),
    ],
)  # fmt: skip
def test_an_instant_is_read_however_a_spreadsheet_holds_it(plant: Plant, cell: object, expected: str) -> None:
    [order] = judged(plant, row(start=cell)).revisions
    assert order.start_utc == local(expected)


def test_a_day_number_of_a_workbook_that_counts_from_1904_is_four_years_on(plant: Plant) -> None:
    [order] = judged(plant, row(start=46318.25 - 1462), epoch_1904=True).revisions
    assert order.start_utc == local("2026-10-23T06:00")


@pytest.mark.parametrize("never", ["31.12.9999", "9999-12-31T23:59:59Z", wall(9999, 12, 31), "", None, "00.00.0000"])
def test_no_due_date_is_none_however_an_erp_system_writes_it(plant: Plant, never: object) -> None:
    [order] = judged(plant, row(Liefertermin=never)).revisions
    assert order.due_utc == NEVER_UTC


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("29.03.2026 02:30", "the clock leaps over this hour; write 03:00 or later"),
        ("25.10.2026 02:30", "write 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"),
        ("23.10.2026 06:07", "a start on a quarter hour: 06:00 or 06:15"), ("10/11/2026 06:00", "date_order in the mapping file"),
        ("31.02.2026 06:00", "a day and time that the calendar has"), ("morgen früh", "a date with a time, such as"),
        ("23.10. 06:00", "a date with a time"), ("23.10.2026 25:00", "that the calendar has"), (time(6, 0), "a date with a time"),
        (True, "a date with a time"), (17.5, "a date with a time"), ("0023-10-20 06:00", "that the calendar has"),
    ],
)  # fmt: skip
def test_an_instant_that_can_be_meant_in_two_ways_or_none_is_refused(plant: Plant, cell: object, words: str) -> None:
    judgement = judged(plant, row(start=cell), row(job="right"))
    [text] = words_of(judgement, plant)
    assert text.startswith("G (Start): found ")
    assert words in text
    assert [order.job for order in judgement.revisions] == ["right"]


def test_the_hour_that_comes_twice_is_taken_with_its_offset(plant: Plant) -> None:
    orders = judged(plant, row("A", start="2026-10-25T02:30+02:00"), row("B", start="2026-10-25T02:30+01:00")).revisions
    assert [order.start_utc for order in orders] == [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]


@pytest.mark.parametrize(
    ("cell", "quarters"),
    [
        ("1:00", 4), ("1:01", 5), ("90 min", 6), ("1,5 h", 6), ("1.5 h", 6), ("2 h 15 min", 9), ("45min", 3), ("1 Tag", 96), ("5 min", 1),
        (timedelta(hours=1, minutes=45), 7), (time(1, 45), 7), (wall(1900, 1, 1, 2, 0), 200), ("900 s", 1),
    ],
)  # fmt: skip
def test_a_duration_is_rounded_up_to_quarter_hours(plant: Plant, cell: object, quarters: int) -> None:
    [order] = judged(plant, row(duration=cell)).revisions
    assert order.duration_quarters == quarters


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("90", "a duration with its unit"), (1.5, "a duration with its unit"), ("eine Weile", "such as 90 min"), ("0:00", "above 0"),
        ("40 d", "up to four weeks"), ("-5 min", "above 0"), ("", "a duration: column Duration"), ("3 Monde", "such as 90 min"),
    ],
)  # fmt: skip
def test_a_duration_without_a_unit_is_refused(plant: Plant, cell: object, words: str) -> None:
    [text] = words_of(judged(plant, row(duration=cell)), plant)
    assert words in text


@pytest.mark.parametrize(
    ("headings", "cells", "quarters"),
    [
        (["Dauer [min]"], [100], 7),
        (["Rüstzeit [min]", "Bearbeitungszeit (h)"], [20, "1,5"], 8),  # 110 min
        (["Menge", "Rüstzeit [min]", "Stückzeit [s]"], [250, 15, 12], 5),  # 15 + 50 min
        (["Menge", "Stück je Stunde"], [250, 100], 10),  # 2.5 h
        (["Menge", "Leistung [Stk/min]"], ["250 Stk", "2,5"], 7),  # 100 min
        (["Menge", "Stückzeit [s]"], [3, 300], 1),
    ],
)
def test_a_duration_follows_from_quantity_and_rate(plant: Plant, headings: list[str], cells: list[object], quarters: int) -> None:
    [order] = judged(plant, ["4711", "press-1", *cells], headings=["Auftrag", "Maschine", *headings]).revisions
    assert order.duration_quarters == quarters


def test_a_rate_without_a_quantity_is_reported_at_the_quantity(plant: Plant) -> None:
    headings = ["Auftrag", "Maschine", "Menge", "Stück je Stunde"]
    assert words_of(judged(plant, ["4711", "saw", None, 100], headings=headings), plant) == [
        "C (Menge): found nothing; expected a quantity, since the duration follows from time per piece or pieces per hour"
    ]


@pytest.mark.parametrize(("cell", "quantity"), [("1.000,5", 1000.5), ("1,000.5", 1000.5), ("12,5", 12.5), ("1.234.567", 1234567), (7, 7),
                                                ("500 Stk.", 500), ("0,125", 0.125), ("1 500", 1500), ("0", 0), (None, None)])  # fmt: skip
def test_a_quantity_is_read_with_either_mark(plant: Plant, cell: object, quantity: float | None) -> None:
    [order] = judged(plant, row(Menge=cell)).revisions
    assert order.quantity == quantity


def test_a_number_that_may_be_a_thousand_or_one_is_refused_until_the_mapping_says_which(plant: Plant) -> None:
    [text] = words_of(judged(plant, row(Menge="1.000")), plant)
    assert "not 1.000 or 1000" in text
    [order] = judged(plant, row(Menge="1.000"), mapping=OrderMapping(decimal=",")).revisions
    assert order.quantity == 1000


@pytest.mark.parametrize(
    ("name", "machine"),
    [("press-1", "press-1"), ("PRESS-1", "press-1"), ("große  presse", "press-1"), ("GROSSE PRESSE", "press-1"), ("Säge", "saw")],
)
def test_a_machine_is_found_by_id_or_name(plant: Plant, name: str, machine: str) -> None:
    [order] = judged(plant, row(machine=name)).revisions
    assert order.machine == machine


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pres-1", "did you mean press-1?"), ("Grose Pressse", "did you mean press-1?"), ("laser", "plant file: press-1, press-2, presses, saw"),
        ("", "plant file: press-1"), (None, "found nothing"),
    ],
)  # fmt: skip
def test_an_unknown_machine_names_the_one_that_may_be_meant(plant: Plant, name: object, words: str) -> None:
    [text] = words_of(judged(plant, row(machine=name)), plant)
    assert words in text
    assert text.startswith("D (Maschine): ")


def test_a_name_of_the_erp_system_is_a_machine_by_the_mapping(plant: Plant) -> None:
    [order] = judged(plant, row(machine="ARB-0100"), mapping=OrderMapping(machines={"ARB-0100": "saw"})).revisions
    assert order.machine == "saw"


def test_of_a_group_the_machine_that_ends_first_is_taken_and_the_others_stay_possible(plant: Plant) -> None:
    first, second = judged(plant, row("A", "press-1", "4:00"), row("B", "Pressen", "2:00", start=None)).revisions
    assert first.machine == "press-1"
    assert (second.machine, second.start_utc) == ("press-1", local("2026-10-22T11:15")), "before the other begins"
    assert second.other_machines == (OtherMachine("press-2", 8),)


def test_a_job_without_a_start_gets_the_first_free_place_within_the_shifts(plant: Plant) -> None:
    taken = row("A", "saw", "2:30", start="22.10.2026 11:15")
    judgement = judged(plant, taken, row("B", "saw", "1:00", start=""), row("C", "saw", "0:15", start=None))
    assert {order.job: order.start_utc for order in judgement.revisions} == {
        "A": local("2026-10-22T11:15"), "B": local("2026-10-23T06:00"), "C": local("2026-10-22T13:45"),
    }  # fmt: skip
    assert [note.key for note in judgement.notes] == ["placed", "placed"]


def test_a_job_that_starts_on_a_day_without_an_hour_gets_a_place_on_that_day_or_later(plant: Plant) -> None:
    [order] = judged(plant, row("A", start="26.10.2026")).revisions
    assert order.start_utc == local("2026-10-26T00:00")


def test_a_job_for_which_no_place_is_long_enough_is_not_planned_yet(plant: Plant) -> None:
    judgement = judged(plant, row("A", "saw", "9:00", start=None))
    assert [order.start_utc for order in judgement.revisions] == [NEVER_UTC]
    assert [note.key for note in judgement.notes] == ["no_place"]


def test_a_follower_starts_after_its_predecessor_and_its_waiting_time(plant: Plant) -> None:
    judgement = judged(plant, row("B", "press-2", start=None, Vorgänger="A + 30 min"), row("A", "press-1", "1:00"))
    found = {order.job: order for order in judgement.revisions}
    assert found["B"].predecessors == (Predecessor("A", 30),)
    assert found["B"].start_utc == local("2026-10-23T07:30")


@pytest.mark.parametrize(
    ("predecessors", "faulty", "words"),
    [
        ({"A": "B", "B": "A"}, {"A", "B"}, "the way leads back to"), ({"A": "A"}, {"A"}, "“A → A”"),
        ({"A": "B", "B": "C", "C": "A"}, {"A", "B", "C"}, "A → B → C → A"), ({"A": "Z"}, {"A"}, "Z is none"),
        ({"B": "A + bald"}, {"B"}, "such as 30 min"),
    ],
)  # fmt: skip
def test_cycles_and_unknown_predecessors_are_refused_and_the_others_are_taken(
    plant: Plant, predecessors: dict[str, str], faulty: set[str], words: str
) -> None:
    judgement = judged(plant, *(row(job, Vorgänger=predecessors.get(job)) for job in "ABCD"))
    assert {result.job for result in judgement.results if result.outcome is Outcome.REFUSED} == faulty
    assert any(words in text for text in words_of(judgement, plant))
    assert {order.job for order in judgement.revisions} == set("ABCD") - faulty


def test_a_cycle_that_closes_over_an_order_that_is_known_is_refused(plant: Plant) -> None:
    known = after(plant, judged(plant, row("A"), row("B", Vorgänger="A")).revisions)
    [text] = words_of(judged(plant, row("A", Vorgänger="B"), known=known, source="other.csv"), plant)
    assert "A → B → A" in text


def test_a_cycle_that_closes_over_an_order_whose_new_row_is_refused_is_refused(plant: Plant) -> None:
    """The row of A no longer waits for B, but it is refused, so A waits for B as before."""
    known = after(plant, judged(plant, row("B"), row("A", Vorgänger="B")).revisions)
    headings = ["Auftrag", "Maschine", "Dauer", "Start", "Freigabe", "Spätestens", "Vorgänger"]
    impossible = ["A", "press-1", "4:00", "23.10.2026 10:00", "23.10.2026 10:00", "23.10.2026 13:00", None]
    waits = ["B", "press-1", "1:00", "23.10.2026 06:00", None, None, "A"]
    judgement = judged(plant, impossible, waits, known=known, headings=headings)
    assert judgement.revisions == ()
    assert "B → A → B" in words_of(judgement, plant)[1]


def test_all_jobs_that_wait_behind_a_refused_row_are_refused_with_it(plant: Plant) -> None:
    rows = [row("J0", machine="laser"), *(row(f"J{number}", Vorgänger=f"J{number - 1}") for number in range(1, 300))]
    judgement = judged(plant, *reversed(rows), row("E"))
    assert [order.job for order in judgement.revisions] == ["E"]
    assert sum("a job that exists, or whose row is taken" in text for text in words_of(judgement, plant)) == 299


def test_a_job_that_waits_for_a_refused_row_is_refused_with_it(plant: Plant) -> None:
    judgement = judged(
        plant, row("A", machine="laser"), row("B", Vorgänger="A"), row("C", duration=None), row("D", Vorgänger="C"), row("E")
    )
    assert [order.job for order in judgement.revisions] == ["E"]
    assert sum("a job that exists, or whose row is taken" in text for text in words_of(judgement, plant)) == 2


def test_a_job_in_two_rows_is_refused_in_both_and_names_them(plant: Plant) -> None:
    judgement = judged(plant, row("A"), row("B"), row("A"))
    assert [order.job for order in judgement.revisions] == ["B"]
    assert all("it is in rows 2, 4" in text for text in words_of(judgement, plant))


def test_operations_of_one_order_are_jobs_of_their_own(plant: Plant) -> None:
    headings = ["Auftrag", "Vorgang", "Maschine", "Dauer", "Vorgänger"]
    rows = [[4711, "0010", "saw", "1:00", None], [4711, "0020", "press-1", "1:00", "4711/0010"]]
    orders = judged(plant, *rows, headings=headings).revisions
    assert [(order.job, order.order) for order in orders] == [("4711/0010", "4711"), ("4711/0020", "4711")]


def test_every_fault_of_a_row_is_reported_at_once_in_either_language(plant: Plant) -> None:
    bad = row(machine="pres-1", start="?", duration="90", Fest="vielleicht", Menge="viele", Mannschaft="ein paar")
    judgement = judged(plant, bad)
    assert len(words_of(judgement, plant)) == 6
    assert all(text.count("gefunden „") == 1 for text in words_of(judgement, plant, "de"))


@pytest.mark.parametrize("bad", ["\x00", "a\u202eb", "x" * 201])
def test_a_job_that_no_topic_could_hold_is_refused(plant: Plant, bad: str) -> None:
    judgement = judged(plant, row(bad), row("B"))
    assert [order.job for order in judgement.revisions] == ["B"]
    assert not judgement.names_are_whole


def test_a_deadline_before_the_earliest_end_is_refused(plant: Plant) -> None:
    headings = ["Auftrag", "Maschine", "Dauer", "Freigabe", "Spätestens"]
    judgement = judged(plant, ["A", "saw", "4:00", "23.10.2026 10:00", "23.10.2026 13:00"], headings=headings)
    assert "a deadline after the job's earliest end" in words_of(judgement, plant)[0]


def test_dates_and_numbers_that_are_dates_of_python_are_dates(plant: Plant) -> None:
    [order] = judged(plant, row(Liefertermin=date(2026, 10, 24), **{"Frühester Start": 20261022})).revisions
    assert (order.due_utc, order.earliest_utc) == (local("2026-10-25T00:00"), local("2026-10-22T00:00"))
