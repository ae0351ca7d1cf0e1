"""A bucket of raw records becomes steps and rejections; nothing is lost on the way."""

from collections.abc import Sequence
from typing import Any

from domain.codec import encode
from domain.readings import Reading, Rejection, RejectionReason
from domain.topics import INTERVALS, READINGS, REJECTED, Topic
from stream_jobs.logic import FIELD_SEPARATOR, RECORD_SEPARATOR, Outputs, run_bucket, unpack


class Counting:
    """A logic that counts what it takes."""

    def initial(self, key: str) -> int:
        return 0

    def encode(self, state: int) -> bytes:
        return str(state).encode()

    def decode(self, key: str, stored: bytes) -> int:
        return int(stored)

    def take(self, key: str, state: int, records: Sequence[tuple[Topic, Any]]) -> tuple[int, Outputs]:
        return state + len(records), []

    def advance(self, key: str, state: int, event_time_ms: int) -> tuple[int, Outputs]:
        return state, []


def item(payload: str, topic: str = READINGS.name, partition: int = 2, offset: int = 7) -> str:
    return FIELD_SEPARATOR.join([topic, str(partition), str(offset), payload])


GOOD = encode(Reading("werk", "press", "power", 1, 2, 3.5)).decode()


def test_a_bucket_comes_apart_into_its_records_with_their_places():
    raws = unpack(RECORD_SEPARATOR.join([item(GOOD), item(GOOD, offset=8)]), "")
    assert [(r.topic, r.source, r.payload) for r in raws] == [
        (READINGS, "energy.readings.v1/2/7", GOOD),
        (READINGS, "energy.readings.v1/2/8", GOOD),
    ]


def test_the_namespace_is_not_part_of_the_topic():
    [raw] = unpack(item("{}", topic=f"plant-a.{INTERVALS.name}"), "plant-a.")
    assert raw.topic is INTERVALS


def test_a_payload_that_holds_our_separators_stays_whole():
    evil = f"x{RECORD_SEPARATOR}y{FIELD_SEPARATOR}z"
    [raw] = unpack(item(evil), "")
    assert raw.payload == evil


def test_an_unreadable_record_leaves_as_a_rejection_with_original_and_place_and_holds_nothing_up():
    state, outputs = run_bucket(Counting(), "werk/press", 0, RECORD_SEPARATOR.join([item("{no json"), item(GOOD)]), "")
    [(topic, rejection)] = outputs
    assert state == 1
    assert topic is REJECTED
    assert isinstance(rejection, Rejection)
    assert (rejection.site, rejection.meter, rejection.reason) == ("werk", "press", RejectionReason.UNPARSABLE)
    assert rejection.original == "{no json"
    assert rejection.source == "energy.readings.v1/2/7"


def test_a_record_of_the_wrong_shape_names_the_field():
    _, [(_, rejection)] = run_bucket(Counting(), "werk/press", 0, item('{"site":"werk"}'), "")
    assert "Reading.meter" in rejection.detail


def test_where_another_operator_tells_nothing_is_told_twice():
    _, outputs = run_bucket(Counting(), "werk/press", 0, item("{no json"), "", tells_unreadable=False)
    assert outputs == []


def test_a_record_without_key_is_rejected_under_unknown():
    _, [(_, rejection)] = run_bucket(Counting(), "", 0, item("?"), "")
    assert (rejection.site, rejection.meter) == ("unknown", "unknown")
