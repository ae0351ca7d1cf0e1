"""Counts of good pieces, scrap and rework: what a record may hold, and which of several counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from domain.codec import UnreadableRecord, decode, encode
from domain.contracts import EXAMPLES
from domain.controls import Control
from domain.quality import LONGEST_SPAN, QualityEvent, newest_events
from domain.topics import QUALITY

EVENT: QualityEvent = EXAMPLES[QUALITY.name]
NINE = datetime(2026, 10, 23, 9, tzinfo=UTC)


def test_an_event_comes_back_as_it_was_written_and_lies_under_its_machine() -> None:
    assert decode(QualityEvent, encode(EVENT)) == EVENT
    assert QUALITY.key(EVENT) == "werk-nord/moulding-1"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"end_utc": "2026-10-23T08:00:00Z"}, "end_utc not before start_utc"),
        ({"end_utc": "2026-12-23T08:00:00Z"}, "at most 31 days"),
        ({"good": None, "scrap": None}, "good, scrap or rework"),
        ({"scrap": -1}, "scrap"),
        ({"start_utc": "2026-10-23T09:00:00"}, "no time zone"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_expected(wrong: dict[str, object], says: str) -> None:
    import json

    with pytest.raises(UnreadableRecord, match=says):
        decode(QualityEvent, json.dumps({**json.loads(encode(EVENT)), **wrong}).encode())


def test_a_count_that_is_not_given_is_not_zero() -> None:
    assert replace(EVENT, good=None).good is None
    assert replace(EVENT, rework=0).rework == 0


def test_the_newest_revision_counts_in_every_order_and_what_was_taken_back_does_not() -> None:
    corrected, gone = replace(EVENT, revision=1, scrap=5), replace(EVENT, event="other", revision=3, withdrawn=True)
    events = [EVENT, corrected, replace(gone, revision=0, withdrawn=False), gone]
    for some in permutations(events):
        assert newest_events(some) == (corrected,)


def test_a_machine_of_the_same_event_id_is_another() -> None:
    assert len(newest_events([EVENT, replace(EVENT, machine="press-1")])) == 2


def test_taking_back_needs_no_counts() -> None:
    assert QualityEvent("werk", "m", "e", 2, NINE, NINE, NINE, withdrawn=True).pieces == 0


def test_the_longest_span_is_a_month() -> None:
    assert replace(EVENT, end_utc=EVENT.start_utc + LONGEST_SPAN).pieces == 33
    with pytest.raises(ValueError, match="31 days"):
        replace(EVENT, end_utc=EVENT.start_utc + LONGEST_SPAN + timedelta(seconds=1))


def test_a_control_may_count_scrap_without_a_state() -> None:
    control = Control(scrap_channel="bad")
    assert control.channels == ("bad",)
    assert control.counts_good is None
    assert Control(parts_channel="parts", scrap_channel="bad").counts_good == "parts"
    assert Control(parts_channel="shots", good_channel="good").counts_good == "good"


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        ({}, "state_channel, parts_channel"),
        ({"state_channel": "a", "scrap_channel": "a"}, "two different channels"),
        ({"parts_channel": "a", "scrap_channel": "a"}, "different channels for good pieces"),
        ({"scrap_channel": "a", "rework_channel": "a"}, "different channels for good pieces"),
    ],
)
def test_one_channel_counts_one_thing(channels: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Control(**channels)  # type: ignore[arg-type]
