"""What a recommendation changes fits its action."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.recommendations import Action, JobPlace, Places, Recommendation, ShiftPlace
from domain.topics import RECOMMENDATIONS
from tests.advised import places

NOON = datetime(2026, 10, 24, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADVICE: Recommendation = EXAMPLES[RECOMMENDATIONS.name]
LATE = ShiftPlace("late", "2026-10-24", NOON, NOON + 8 * HOUR, "B")
A, B, A_LATER = (places(job, "furnace-1", NOON + n * HOUR).jobs[0] for job, n in (("A", 0), ("B", 2), ("A", 4)))


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        (Action.MOVE_JOB, Places((A,)), Places((B,))),
        (Action.MOVE_JOB, Places(), Places()),
        (Action.MOVE_JOB, Places((A,), (LATE,)), Places((A_LATER,), (LATE,))),
        (Action.SWAP_JOBS, Places((A,)), Places((A_LATER,))),
        (Action.SWAP_JOBS, Places((A, B)), Places((B, A))),
        (Action.OPEN_SHIFT, Places((), (LATE,)), Places((), (LATE,))),
        (Action.SHIFT_LATER, Places(), Places((), (LATE,))),
        (Action.DROP_SHIFT, Places(), Places((), (LATE,))),
        (Action.DO_NOTHING, Places((A,)), Places((A,))),
    ],
)
def test_what_does_not_fit_the_action_is_refused(action: Action, before: Places, after: Places) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        replace(ADVICE, action=action, before=before, after=after)


def test_a_shift_that_is_opened_takes_its_jobs_along_and_begins_with_the_first_of_all() -> None:
    advice = replace(ADVICE, action=Action.OPEN_SHIFT, before=Places((A,)), after=Places((A_LATER,), (LATE,)))
    assert (advice.subject, advice.machine, advice.from_utc, advice.to_utc) == ("late", "", None, NOON)
    assert (advice.begins_utc, advice.last_start_utc) == (NOON, NOON + 4 * HOUR)
    assert advice.changes("A") and not advice.changes("B")
    assert decode(Recommendation, encode(advice)) == advice


def test_a_job_that_moves_begins_with_the_earlier_of_its_places() -> None:
    advice = replace(
        ADVICE, action=Action.OTHER_MACHINE, before=Places((A_LATER,)), after=Places((replace(A, machine="furnace-2"),))
    )
    assert (advice.subject, advice.machine, advice.from_utc, advice.to_utc) == ("A", "furnace-1", NOON + 4 * HOUR, NOON)
    assert (advice.begins_utc, advice.last_start_utc) == (NOON, NOON)


def test_a_place_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="an end after the start"):
        JobPlace("A", "furnace-1", NOON, NOON - HOUR)
