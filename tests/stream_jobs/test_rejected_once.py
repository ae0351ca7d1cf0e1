"""What every meter is given, and nobody can read, is rejected by one operator and not by each meter."""

from __future__ import annotations

import struct

import pytest

from detection.priced import Detection
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from domain.topics import INTERVALS, REJECTED, SHIFT_CHANGES, Topic
from stream_jobs.jobs import JOBS
from stream_jobs.run_bucket import run_bucket

PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "UTC", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "meter": [{"id": "m", "max_power_kw": 200}],
    }
)


def bucket(topic: Topic, payload: bytes) -> bytes:
    """As the JVM writes one record of a topic."""
    name = topic.name.encode()
    return struct.pack("<iiB", 0, 1, len(name)) + name + struct.pack("<iqi", 0, 7, len(payload)) + payload


@pytest.mark.parametrize(("topic", "rejections"), [(SHIFT_CHANGES, 0), (INTERVALS, 1)])
def test_only_records_of_its_own_are_rejected_by_a_meter(topic: Topic, rejections: int) -> None:
    step = Detection(PLANT, None)
    _, out = run_bucket(
        step, "werk/m", step.initial("werk/m"), bucket(topic, b'{"site": "werk"}'), "", rejected_elsewhere=(SHIFT_CHANGES.name,)
    )
    assert [to for to, _ in out] == [REJECTED] * rejections


def test_a_topic_that_goes_to_each_meter_is_read_and_rejected_by_a_step_that_is_given_it_once() -> None:
    rows = [row for job in JOBS for row in job.steps]
    copied = {topic for row in rows for topic in row.to_each_meter}
    assert copied == {SHIFT_CHANGES}
    assert all(set(row.to_each_meter) <= set(row.reads) for row in rows)
    assert any(SHIFT_CHANGES in row.reads and row.rejects and not row.to_each_meter for row in rows)
    assert ShiftChange is SHIFT_CHANGES.record
