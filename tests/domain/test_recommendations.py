"""What a recommendation changes fits its action."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.recommendations import Action, JobPlace, LoadPlace, Places, Recommendation, ShiftPlace
from domain.topics import RECOMMENDATIONS
from tests.advised import places

NOON = datetime(2026, 10, 24, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADVICE: Recommendation = EXAMPLES[RECOMMENDATIONS.name]
LATE = ShiftPlace("late", "2026-10-24", NOON, NOON + 8 * HOUR, "B")
HELD = LoadPlace("compressor-1", 33.0, NOON + timedelta(minutes=7), NOON + timedelta(minutes=15))
AGAIN = replace(HELD, start_utc=NOON + timedelta(minutes=17), end_utc=NOON + timedelta(minutes=30))
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
        (Action.HOLD, Places(), Places()),
        (Action.HOLD, Places(loads=(HELD,)), Places(loads=(HELD,))),
        (Action.HOLD, Places(), Places(loads=(HELD, HELD))),
        (Action.HOLD, Places((A,)), Places((A,), loads=(HELD,))),
        (Action.RELEASE, Places(), Places(loads=(AGAIN,))),
        (Action.RELEASE, Places(loads=(HELD,)), Places(loads=(replace(AGAIN, load="charger-1"),))),
        (Action.SHIFT_LOAD, Places(loads=(HELD,)), Places(loads=(replace(HELD, load="charger-1"),))),
        (Action.MOVE_JOB, Places((A,)), Places((A_LATER,), loads=(HELD,))),
        (Action.DO_NOTHING, Places(), Places(loads=(HELD,))),
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


def test_a_hold_begins_when_the_load_is_held_and_names_no_machine() -> None:
    advice = replace(ADVICE, action=Action.HOLD, before=Places(), after=Places(loads=(HELD, replace(HELD, load="charger-1"))))
    assert (advice.subject, advice.machine, advice.from_utc, advice.to_utc) == ("compressor-1", "", None, HELD.start_utc)
    assert (advice.begins_utc, advice.last_start_utc, advice.moves()) == (HELD.start_utc, HELD.start_utc, [])
    assert decode(Recommendation, encode(advice)) == advice


def test_a_release_begins_when_the_load_may_draw_again_not_when_it_was_held() -> None:
    advice = replace(ADVICE, action=Action.RELEASE, before=Places(loads=(HELD,)), after=Places(loads=(AGAIN,)))
    assert (advice.subject, advice.from_utc, advice.begins_utc) == ("compressor-1", HELD.start_utc, AGAIN.start_utc)


def test_a_load_is_shifted_into_as_many_spans_as_it_takes() -> None:
    night = tuple(replace(HELD, start_utc=NOON + n * HOUR, end_utc=NOON + (n + 1) * HOUR) for n in (12, 14))
    advice = replace(ADVICE, action=Action.SHIFT_LOAD, before=Places(loads=(HELD,)), after=Places(loads=night))
    assert (advice.from_utc, advice.to_utc, advice.last_start_utc) == (HELD.start_utc, NOON + 12 * HOUR, NOON + 14 * HOUR)
    assert not advice.changes("compressor-1")


def test_a_record_written_before_there_were_loads_is_still_read() -> None:
    text = encode(ADVICE).decode()
    assert '"loads":[]' in text
    assert decode(Recommendation, text.replace(',"loads":[]', "")) == ADVICE


def test_a_place_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="an end after the start"):
        JobPlace("A", "furnace-1", NOON, NOON - HOUR)
