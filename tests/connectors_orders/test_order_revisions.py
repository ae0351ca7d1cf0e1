"""What a second reading changes: only what differs from the same door's last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from order_works import NOW, after, judged, local, row

from connectors.orders.judging import Outcome, cancelled
from domain.orders import Order, OrderStatus
from domain.plant import Plant

QUARTER = timedelta(minutes=15)


def moved(order: Order, hours: int = 2) -> Order:
    """As advice that was accepted moves it."""
    return replace(order, revision=order.revision + 1, start_utc=order.start_utc + timedelta(hours=hours), reason="R-0001")


def test_the_same_file_again_changes_nothing(plant: Plant) -> None:
    rows = [row("A"), row("B", "presses", start=None), row("C", Vorgänger="A; B + 30 min", Mannschaft=2)]
    known = after(plant, judged(plant, *rows).revisions)
    again = judged(plant, *rows, known=known, now=NOW + timedelta(hours=1))
    assert again.revisions == ()
    assert [result.outcome for result in again.results] == [Outcome.UNCHANGED] * 3


def test_a_change_is_one_revision_that_names_its_fields(plant: Plant) -> None:
    known = after(plant, judged(plant, row("A"), row("B")).revisions)
    judgement = judged(plant, row("A", Menge=5), row("B"), known=known)
    [order] = judgement.revisions
    assert (order.job, order.revision, order.quantity) == ("A", 1, 5)
    assert judgement.results[0].changed == ("quantity",)


def test_a_file_that_is_read_again_does_not_undo_what_advice_has_moved(plant: Plant) -> None:
    first = judged(plant, row("A")).revisions
    advised = [moved(first[0])]
    assert judged(plant, row("A"), known=after(plant, first, advised)).revisions == ()
    changed = judged(plant, row("A", Menge=7), known=after(plant, first, advised)).revisions
    assert (changed[0].quantity, changed[0].start_utc, changed[0].revision) == (7, advised[0].start_utc, 2)
    assert judged(plant, row("A", Menge=7), known=after(plant, first, advised, changed)).revisions == (), (
        "nor does the next reading"
    )
    [later] = judged(plant, row("A", start="24.10.2026 10:00", Menge=7), known=after(plant, first, advised, changed)).revisions
    assert later.start_utc == local("2026-10-24T10:00"), "what the file states again counts"


def test_what_a_machine_showed_of_a_job_outlives_the_next_reading_of_the_file(plant: Plant) -> None:
    first = judged(plant, row("A")).revisions
    seen = replace(
        first[0], revision=1, status=OrderStatus.RUNNING, began_utc=first[0].start_utc + timedelta(seconds=90), source="progress"
    )
    assert judged(plant, row("A"), known=after(plant, first, [seen])).revisions == ()
    [changed] = judged(plant, row("A", Menge=7), known=after(plant, first, [seen])).revisions
    assert (changed.quantity, changed.status, changed.began_utc) == (7, OrderStatus.RUNNING, seen.began_utc)


def test_a_job_that_was_given_a_place_stays_there(plant: Plant) -> None:
    first = judged(plant, row("A", start=None)).revisions
    assert judged(plant, row("A", start=None), known=after(plant, first), now=NOW + timedelta(days=1)).revisions == ()


def test_advice_may_choose_another_machine_of_the_group(plant: Plant) -> None:
    [first] = judged(plant, row("A", "presses")).revisions
    other = replace(
        first, revision=1, machine="press-2", other_machines=(replace(first.other_machines[0], machine="press-1"),), reason="R-1"
    )
    assert judged(plant, row("A", "presses"), known=after(plant, [first], [other])).revisions == ()
    [back] = judged(plant, row("A", "press-1"), known=after(plant, [first], [other])).revisions
    assert (back.machine, back.other_machines) == ("press-1", ())


def test_a_vanished_order_is_named_and_stays_until_it_is_cancelled(plant: Plant) -> None:
    known = after(plant, judged(plant, row("A"), row("B")).revisions)
    judgement = judged(plant, row("A"), known=known)
    assert judgement.revisions == ()
    assert [order.job for order in judgement.vanished] == ["B"]
    gone = cancelled(judgement.vanished[0], NOW, "orders.xlsx")
    assert (gone.revision, gone.status) == (1, OrderStatus.CANCELLED)
    later = after(plant, judged(plant, row("A"), row("B")).revisions, [gone])
    assert judged(plant, row("A"), known=later).vanished == ()
    [back] = judged(plant, row("A"), row("B"), known=later).revisions
    assert (back.job, back.status) == ("B", OrderStatus.PLANNED), "the file that dropped it names it again"


def test_orders_of_another_file_of_another_door_or_of_the_past_do_not_vanish(plant: Plant) -> None:
    mine = judged(plant, row("A"), row("past", start="21.10.2026 06:00")).revisions
    others = [*judged(plant, row("B"), source="hall-2.csv").revisions, *judged(plant, row("C"), source="page").revisions]
    judgement = judged(plant, row("D"), known=after(plant, mine, others))
    assert [order.job for order in judgement.vanished] == ["A"]


def test_what_a_person_cancelled_on_the_page_is_not_planned_again_by_the_file(plant: Plant) -> None:
    first = judged(plant, row("A")).revisions
    gone = cancelled(first[0], NOW, "page")
    assert judged(plant, row("A"), known=after(plant, first, [gone])).revisions == ()
    [back] = judged(plant, row("A"), known=after(plant, first, [gone]), source="page").revisions
    assert back.status is OrderStatus.PLANNED


def test_a_typed_load_profile_stays_while_the_duration_fits_and_goes_with_a_note_when_it_does_not(plant: Plant) -> None:
    [first] = judged(plant, row("A", duration="1:00")).revisions
    typed = replace(first, revision=1, quarters=0, profile_kw=(10.0, 20.0, 20.0, 10.0), source="")
    known = after(plant, [first], [typed])
    [same] = judged(plant, row("A", duration="1:00", Menge=3), known=known).revisions
    assert same.profile_kw == typed.profile_kw
    other = judged(plant, row("A", duration="2:00"), known=known)
    assert (other.revisions[0].profile_kw, other.revisions[0].duration_quarters) == ((), 8)
    assert other.notes[0].key == "profile_dropped"


JOBS = st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True)
CHANGES = st.sampled_from(["file", "advice", "page"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jobs=JOBS, steps=st.lists(st.tuples(CHANGES, st.sampled_from("ABCDEF"), st.integers(0, 80)), max_size=6))
def test_whatever_others_change_between_two_readings_of_one_file_stays(
    plant: Plant, jobs: list[str], steps: list[tuple[str, str, int]]
) -> None:
    """The file is read after each change by somebody else, and never sends a revision by itself."""
    rows = [row(job, "press-1", start="26.10.2026 06:00") for job in jobs]
    log = list(judged(plant, *rows).revisions)
    for who, job, quarters in steps:
        newest = after(plant, log).newest.get(job)
        if newest is None:
            continue
        source, reason = {"advice": (newest.source, "R-1"), "page": ("page", ""), "file": ("other program", "R-2")}[who]
        start = newest.start_utc + quarters * QUARTER
        log.append(replace(newest, revision=newest.revision + 1, start_utc=start, source=source, reason=reason))
        assert judged(plant, *rows, known=after(plant, log)).revisions == ()
