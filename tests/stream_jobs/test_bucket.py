"""A bucket from the JVM becomes steps and rejections; nothing is lost on the way."""

import struct
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz.extremes import spoiled
from domain.codec import decode, encode
from domain.contracts import EXAMPLES
from domain.readings import Reading, Rejection, RejectionReason
from domain.steps import Outputs
from domain.topics import INTERVALS, READINGS, REJECTED, SHIFT_CHANGES, TOPICS, Topic
from metering.runs import ReadingRun, run_of
from stream_jobs.buckets import unpack
from stream_jobs.run_bucket import bounded, run_bucket


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

    def take_run(self, key: str, state: int, run: ReadingRun) -> tuple[int, Outputs]:
        return state + len(run), []


def name(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def bucket(runs: Sequence[ReadingRun] = (), raws: Sequence[bytes] = ()) -> bytes:
    """What `Bucket.toBytes` writes."""
    packed = struct.pack("<i", len(runs))
    for run in runs:
        packed += name(run.channel) + name(run.gateway or "") + bytes([run.origin == "history"]) + struct.pack("<i", len(run))
        packed += run.observed_ms.tobytes() + run.received_ms.tobytes() + run.sequences.tobytes() + run.values.tobytes()
    return packed + struct.pack("<i", len(raws)) + b"".join(raws)


def raw(payload: bytes, topic: str = READINGS.name, partition: int = 2, offset: int = 7) -> bytes:
    return name(topic) + struct.pack("<iqi", partition, offset, len(payload)) + payload


READING = Reading("werk", "press", "power", 1, 2, 3.5)
GOOD = encode(READING)


def test_a_bucket_comes_apart_into_its_records_with_their_places() -> None:
    _, raws = unpack("werk/press", bucket(raws=[raw(GOOD), raw(GOOD, offset=8)]), "")
    assert [(r.topic, r.source, r.payload) for r in raws] == [
        (READINGS, "energy.readings.v1/2/7", GOOD),
        (READINGS, "energy.readings.v1/2/8", GOOD),
    ]


def test_columns_come_apart_into_the_readings_that_they_were() -> None:
    power = [Reading("werk", "press", "power", 1_000 * n, 1_000 * n + 7, n / 3, gateway="gw-1", sequence=n) for n in range(5)]
    count = [Reading("werk", "press", "energy_import", 60_000 + n, 60_009, 10.0 + n, origin="history") for n in range(3)]
    runs, raws = unpack("werk/press", bucket([run_of(power), run_of(count)], [raw(GOOD)]), "")
    assert [run.readings() for run in runs] == [power, count]
    assert all(run.observed_ms.dtype == np.int64 and run.values.dtype == np.float64 for run in runs)
    assert [r.payload for r in raws] == [GOOD]


def test_the_namespace_is_not_part_of_the_topic() -> None:
    _, [found] = unpack("werk/press", bucket(raws=[raw(b"{}", topic=f"plant-a.{INTERVALS.name}")]), "plant-a.")
    assert found.topic is INTERVALS


def test_a_payload_of_any_bytes_stays_whole() -> None:
    evil = bytes(range(256)) + b"x\x1ea\x1fb\x1fc\x1fd" + bucket(raws=[raw(GOOD)])
    _, raws = unpack("werk/press", bucket(raws=[raw(evil), raw(GOOD)]), "")
    assert [r.payload for r in raws] == [evil, GOOD]


def test_bytes_that_are_no_text_are_reported_as_they_came() -> None:
    _, [(_, rejection)] = run_bucket(Counting(), "werk/press", 0, bucket(raws=[raw(b'{"site":"\xff\xfe')]), "")
    assert rejection.original == '{"site":"\\xff\\xfe'


def test_an_unreadable_record_leaves_as_a_rejection_with_original_and_place_and_holds_nothing_up() -> None:
    state, outputs = run_bucket(Counting(), "werk/press", 0, bucket([run_of([READING] * 4)], [raw(b"{no json"), raw(GOOD)]), "")
    [(topic, rejection)] = outputs
    assert state == 5
    assert topic is REJECTED
    assert isinstance(rejection, Rejection)
    assert (rejection.site, rejection.meter, rejection.reason) == ("werk", "press", RejectionReason.UNPARSABLE)
    assert rejection.original == "{no json"
    assert rejection.source == "energy.readings.v1/2/7"


def test_a_tombstone_is_rejected_not_dropped() -> None:
    _, [(_, rejection)] = run_bucket(Counting(), "werk/press", 0, bucket(raws=[raw(b"")]), "")
    assert (rejection.reason, rejection.original) == (RejectionReason.UNPARSABLE, "")


def test_a_record_of_the_wrong_shape_names_the_field() -> None:
    _, [(_, rejection)] = run_bucket(Counting(), "werk/press", 0, bucket(raws=[raw(b'{"site":"werk"}')]), "")
    assert "Reading.meter" in rejection.detail


def test_where_another_operator_publishes_nothing_is_reported_twice() -> None:
    _, outputs = run_bucket(Counting(), "werk/press", 0, bucket(raws=[raw(b"{no json")]), "", rejects_unreadable=False)
    assert outputs == []


def test_a_record_without_key_is_rejected_under_unknown() -> None:
    _, [(_, rejection)] = run_bucket(Counting(), "", 0, bucket(raws=[raw(b"?")]), "")
    assert (rejection.site, rejection.meter) == ("unknown", "unknown")


def test_a_rejection_of_a_huge_record_is_cut_to_what_a_broker_takes_and_says_so() -> None:
    key = "s" * 70_000 + "/" + "m" * 70_000
    _, [(_, rejection)] = run_bucket(Counting(), key, 0, bucket(raws=[raw(b"\x00" * 10_000_000)]), "")
    cut = bounded(rejection)
    assert len(encode(cut)) < 1_000_000
    assert cut.original.endswith("… (10000000 characters; the whole record is on the log)")
    assert cut.source == "energy.readings.v1/2/7"
    small = Rejection("werk", "press", RejectionReason.UNPARSABLE, "{no json")
    assert bounded(small) == small


class Fragile(Counting):
    """Cannot take the value 13: it fails half-way, with its state changed already."""

    def initial(self, key: str) -> Any:
        return [0]

    def encode(self, state: Any) -> bytes:
        return str(state[0]).encode()

    def decode(self, key: str, stored: bytes) -> Any:
        return [int(stored)]

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        for _, record in records:
            state[0] += 1
            if record.value == 13:
                msg = "no such floor"
                raise ZeroDivisionError(msg)
        return state, []

    def take_run(self, key: str, state: Any, run: ReadingRun) -> tuple[Any, Outputs]:
        return self.take(key, state, [(READINGS, reading) for reading in run.readings()])


def test_a_record_that_the_step_fails_on_is_set_aside_and_all_others_are_taken() -> None:
    logic = Fragile()
    run = run_of([Reading("werk", "press", "power", n, n, float(n)) for n in (11, 12, 13, 14)])
    unlucky = encode(Reading("werk", "press", "power", 5, 6, 13.0))
    state, outputs = run_bucket(
        logic, "werk/press", [40], bucket([run], [raw(GOOD), raw(unlucky, offset=9)]), "", unchanged=lambda: [40]
    )
    assert state == [40 + 4]  # three of the run and one raw record; no half-taken one counts
    assert [(topic, r.reason, r.meter, r.source) for topic, r in outputs] == [
        (REJECTED, RejectionReason.STEP_FAILED, "press", ""),
        (REJECTED, RejectionReason.STEP_FAILED, "press", "energy.readings.v1/2/9"),
    ]
    assert all("ZeroDivisionError: no such floor" in r.detail and '"value":13.0' in r.original for _, r in outputs)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_record_under_a_key_that_its_fields_do_not_make_is_rejected_and_reaches_no_state(topic: Topic) -> None:
    record, place = EXAMPLES[topic.name], f"{topic.name}/2/7"
    own = topic.key(record)
    for key, is_own in (
        (own, True),
        (record.site, True),
        ("phantom", False),
        (f"phantom/{own.partition('/')[2]}", False),
        ("", False),
    ):
        state, outputs = run_bucket(Counting(), key, 0, bucket(raws=[raw(encode(record), topic.name)]), "")
        assert state == is_own
        assert (
            [(to, r.site, r.reason, r.source) for to, r in outputs] == []
            if is_own
            else [(REJECTED, record.site, RejectionReason.WRONG_KEY, place)]
        )
        assert all(f"expected {own!r}" in r.detail and decode(Rejection, encode(bounded(r))) for _, r in outputs)


def test_a_reading_of_another_meter_under_this_meters_key_is_rejected() -> None:
    state, [(_, rejection)] = run_bucket(Counting(), "werk/oven", 0, bucket(raws=[raw(GOOD)]), "")
    assert (state, rejection.meter, rejection.reason) == (0, "press", RejectionReason.WRONG_KEY)


def test_a_copy_for_each_meter_is_compared_by_its_site_and_rejected_by_whoever_is_given_it_once() -> None:
    change = EXAMPLES[SHIFT_CHANGES.name]
    for key, taken in ((f"{change.site}/press-1", 1), ("elsewhere/press-1", 0)):
        packed = bucket(raws=[raw(encode(change), SHIFT_CHANGES.name)])
        assert run_bucket(Counting(), key, 0, packed, "", rejected_elsewhere=(SHIFT_CHANGES.name,)) == (taken, [])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TOPICS), st.integers(0, 10_000))
def test_an_extreme_record_lands_where_its_fields_say_or_leaves_as_a_rejection(topic: Topic, number: int) -> None:
    record, key = spoiled(EXAMPLES[topic.name], Random(number)), topic.key(EXAMPLES[topic.name])
    state, outputs = run_bucket(Counting(), key, 0, bucket(raws=[raw(encode(record), topic.name)]), "")
    assert state == (topic.key(record) == key)
    assert state + len(outputs) == 1
    assert all(decode(Rejection, encode(bounded(r))) == bounded(r) for _, r in outputs)
