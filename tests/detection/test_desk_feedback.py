"""What people report about anomalies: normal, known, fixed, taken back; and feedback that has no effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detection.desk.step import AnomalyDesk
from domain.anomalies import Anomaly, AnomalyKind
from domain.feedback import FeedbackKind
from domain.readings import RejectionReason
from domain.topics import FEEDBACK
from tests.detection.desk_scene import DAY, HOUR, NIGHT, PLANT, SITE, Desk, by_time, found, lasting, word
from tests.stream_jobs.hand_clock import HandClock

FURNACE = found("furnace-1", 60)


def normal_furnace() -> Desk:
    desk = Desk()
    desk.take(FURNACE, word(FURNACE, FeedbackKind.NORMAL))
    return desk


def ended(finding: Anomaly) -> Anomaly:
    """Its last revision, ten hours after it began."""
    return replace(finding, revision=99, at_utc=finding.since_utc + 10 * HOUR, until_utc=finding.since_utc + 10 * HOUR)


def test_normal_closes_the_anomaly_and_names_who_reported_it() -> None:
    anomaly = normal_furnace().published[-1]
    assert (anomaly.revision, anomaly.until_utc) == (1, NIGHT + timedelta(minutes=50))
    assert anomaly.feedback is not None
    assert (anomaly.feedback.kind, anomaly.feedback.by) == (FeedbackKind.NORMAL, "M. Adler")


def test_what_is_normal_stays_silent_as_long_as_it_goes_on() -> None:
    desk = normal_furnace()
    assert desk.take(*(found("furnace-1", 65, at, revision=n + 1) for n, at in enumerate(range(60, 600, 15)))) == []


@pytest.mark.parametrize(
    ("like", "is_silent"),
    [
        (found("furnace-1", 60, since=NIGHT + DAY), True),
        (found("furnace-1", 60, since=NIGHT + DAY + 1.5 * HOUR), True),
        (found("furnace-1", 85, since=NIGHT + 7 * DAY), True),
        (found("furnace-1", 100, since=NIGHT + DAY), False),
        (found("furnace-1", 60, since=NIGHT + DAY + 4 * HOUR), False),
        (found("furnace-1", 60, since=NIGHT + 4 * DAY), False),
        (found("furnace-2", 60, since=NIGHT + DAY), False),
        (found("furnace-1", 60, since=NIGHT + DAY, kind=AnomalyKind.ON_WHILE_OFF), False),
        (found("hall-1", 60, since=NIGHT + DAY), False),
    ],
    ids=[
        "next night",
        "a little later",
        "somewhat more",
        "much more",
        "late at night",
        "Saturday",
        "other meter",
        "other kind",
        "hall",
    ],
)
def test_the_like_and_only_the_like_of_what_is_normal_is_silent(like: Anomaly, is_silent: bool) -> None:
    desk = normal_furnace()
    desk.take(ended(FURNACE))
    assert (desk.take(like) == []) is is_silent


def test_a_hall_that_shows_what_is_normal_below_is_silent_too() -> None:
    desk = normal_furnace()
    desk.take(ended(FURNACE))
    assert (
        desk.take(*by_time(lasting("furnace-1", 60, 240, since=NIGHT + DAY), lasting("hall-1", 64, 240, since=NIGHT + DAY))) == []
    )


def test_a_hall_that_comes_first_ends_once_its_cause_turns_out_to_be_normal() -> None:
    desk = normal_furnace()
    desk.take(ended(FURNACE))
    opened, closed = desk.take(found("hall-1", 64, since=NIGHT + DAY), found("furnace-1", 60, 45, since=NIGHT + DAY))
    assert (opened.until_utc, closed.cause) == (None, "furnace-1")
    assert closed.until_utc is not None
    assert closed.feedback is not None and closed.feedback.kind is FeedbackKind.NORMAL


def test_a_hall_of_a_normal_anomaly_waits_for_its_cause_and_opens_without_it() -> None:
    desk = Desk()
    desk.take(FURNACE, found("hall-1", 64), word(FURNACE, FeedbackKind.NORMAL), ended(FURNACE), ended(found("hall-1", 64)))
    first = found("hall-1", 64, since=NIGHT + DAY)
    furnace = found("furnace-1", 60, 45, since=NIGHT + DAY)
    assert (
        desk.take(first, furnace, replace(first, revision=1, at_utc=first.since_utc + 9 * HOUR), ended(first), ended(furnace)) == []
    )
    other = [found("hall-1", 64, at, since=NIGHT + 2 * DAY, revision=n) for n, at in enumerate((30, 60, 75))]
    assert [one.anomaly for one in desk.take(*other)] == [other[0].anomaly]


def test_what_outgrows_the_normal_opens_again() -> None:
    desk = normal_furnace()
    (again,) = desk.take(found("furnace-1", 100, 120, revision=1))
    assert (again.anomaly, again.until_utc) == (FURNACE.anomaly, None)
    assert again.facts[-1].key == "incident.outgrown"


def test_known_stays_open_and_is_published_again_only_for_its_cost_and_its_end() -> None:
    desk = Desk()
    desk.take(FURNACE)
    (known,) = desk.take(word(FURNACE, FeedbackKind.KNOWN))
    assert known.until_utc is None
    more = [found("furnace-1", 60, at, revision=n + 1) for n, at in enumerate(range(60, 600, 15))]
    assert desk.take(*more) == []
    (costly,) = desk.take(found("furnace-1", 130, 605, revision=50))
    (ended,) = desk.take(found("furnace-1", 130, 615, revision=51, ended=True))
    assert costly.feedback is not None and costly.feedback.kind is FeedbackKind.KNOWN
    assert ended.until_utc is not None


def test_fixed_closes_and_opens_again_if_it_is_still_found_two_hours_later() -> None:
    desk = Desk()
    desk.take(FURNACE)
    (fixed,) = desk.take(word(FURNACE, FeedbackKind.FIXED, 60))
    assert fixed.until_utc is not None
    assert desk.take(*(found("furnace-1", 60, at, revision=n + 1) for n, at in enumerate(range(75, 180, 15)))) == []
    (again,) = desk.take(found("furnace-1", 60, 180, revision=20))
    assert (again.until_utc, again.facts[-1].key) == (None, "incident.still_found")


def test_fixed_stays_closed_where_it_ends_soon() -> None:
    desk = Desk()
    desk.take(FURNACE, word(FURNACE, FeedbackKind.FIXED, 60), found("furnace-1", 60, 75, revision=1, ended=True))
    assert desk.open() == []
    assert [one.revision for one in desk.published] == [0, 1], "its end was published already"


@pytest.mark.parametrize("kind", [FeedbackKind.NORMAL, FeedbackKind.KNOWN, FeedbackKind.FIXED])
def test_what_is_taken_back_is_as_if_it_had_never_been_reported(kind: FeedbackKind) -> None:
    desk = Desk()
    desk.take(FURNACE, word(FURNACE, kind), word(FURNACE, FeedbackKind.TAKEN_BACK, 55))
    anomaly = desk.published[-1]
    assert (anomaly.until_utc, anomaly.feedback) == (None, None)
    assert desk.state.notes.rules == {}
    assert len(desk.take(found("furnace-1", 60, since=NIGHT + DAY))) == 1


def test_the_feedback_before_holds_again_once_the_newer_is_taken_back() -> None:
    desk = Desk()
    desk.take(
        FURNACE,
        word(FURNACE, FeedbackKind.KNOWN, 40),
        word(FURNACE, FeedbackKind.NORMAL, 50),
        word(FURNACE, FeedbackKind.TAKEN_BACK, 55),
    )
    held = desk.published[-1].feedback
    assert desk.open() and held is not None and held.kind is FeedbackKind.KNOWN


def test_what_was_silent_and_lasts_opens_once_the_normal_is_taken_back() -> None:
    desk = normal_furnace()
    like = found("furnace-1", 60, since=NIGHT + DAY)
    assert desk.take(found("furnace-1", 60, 600, revision=1, ended=True), like) == []
    taken = desk.take(word(FURNACE, FeedbackKind.TAKEN_BACK, 60, since=like.since_utc))
    assert like.anomaly in {one.anomaly for one in taken}
    assert desk.open() == [like.anomaly]


def test_a_normal_of_long_ago_is_still_silent_and_can_be_taken_back() -> None:
    desk = normal_furnace()
    desk.take(found("furnace-1", 60, 600, revision=1, ended=True))
    later = NIGHT + 28 * DAY + HOUR  # the clocks were set back
    assert desk.take(found("press-1", 9, since=later, ended=True))
    assert FURNACE.anomaly not in desk.state.notes.incidents
    assert desk.take(found("furnace-1", 60, since=later)) == []
    assert len(desk.take(word(FURNACE, FeedbackKind.TAKEN_BACK, since=later))) == 1


def test_feedback_before_its_anomaly_has_the_same_effect() -> None:
    after, before = Desk(), Desk()
    after.take(FURNACE, word(FURNACE, FeedbackKind.NORMAL, 40), found("furnace-1", 60, 45, revision=1))
    before.take(word(FURNACE, FeedbackKind.NORMAL, 40), FURNACE, found("furnace-1", 60, 45, revision=1))
    assert before.published == after.published
    assert before.stored == after.stored


def test_feedback_on_a_finding_that_belongs_to_another_anomaly_is_taken_there() -> None:
    desk, hall = Desk(), found("hall-1", 64)
    desk.take(FURNACE, hall, word(hall, FeedbackKind.KNOWN))
    assert desk.published[-1].anomaly == FURNACE.anomaly
    assert desk.published[-1].feedback is not None


def test_feedback_that_has_no_effect_is_rejected_with_the_reason() -> None:
    desk = Desk()
    nobody = found("furnace-2", 60)
    desk.take(FURNACE, word(nobody, FeedbackKind.FIXED, 35))
    desk.take(
        word(FURNACE, FeedbackKind.TAKEN_BACK, 40), word(FURNACE, FeedbackKind.KNOWN, 60), word(FURNACE, FeedbackKind.NORMAL, 50)
    )
    desk.take(replace(word(FURNACE, FeedbackKind.NORMAL, 70), meter="press-1"))
    desk.take(found("press-1", 9, 35 + 75))
    assert {one.reason for one in desk.rejected} == {RejectionReason.REFUSED_FEEDBACK}
    details = [one.detail.partition(": ")[2] for one in desk.rejected]
    assert details[0] == "there is nothing to take back"
    assert details[1].startswith("M. Adler reported known at 2026-10-20T21:15:00Z, later than this")
    assert details[2] == "it is of meter 'furnace-1', not of 'press-1'; name its own meter"
    assert details[3].startswith("there is no such anomaly")
    assert len(details) == 4


def test_the_same_feedback_again_changes_nothing() -> None:
    desk = normal_furnace()
    stored = desk.stored
    assert desk.take(word(FURNACE, FeedbackKind.NORMAL)) == []
    assert (desk.stored, desk.rejected) == (stored, [])


def test_feedback_from_a_clock_that_is_ahead_is_refused() -> None:
    clock = HandClock(datetime(2026, 10, 20, 21, 0, tzinfo=UTC))
    step = AnomalyDesk(PLANT, clock)
    _, outputs = step.take(SITE, step.initial(SITE), [(FEEDBACK, word(FURNACE, FeedbackKind.KNOWN, 60 * 24))])
    assert "ahead of the plant's clock" in outputs[0][1].detail


def test_feedback_on_an_ended_anomaly_teaches() -> None:
    desk = Desk()
    desk.take(*lasting("furnace-1", 60, 240), word(FURNACE, FeedbackKind.NORMAL, 300))
    assert desk.published[-1].until_utc == NIGHT + 4 * HOUR
    assert desk.take(found("furnace-1", 60, since=NIGHT + DAY)) == []
