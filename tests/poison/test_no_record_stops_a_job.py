"""One record, however unexpected, stops no job: no exception, and the job goes on publishing."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.fuzz.extremes import spoiled
from domain.codec import decode, encode
from tests.poison.scenes import SCENES, Scene, publishes_after

ROUNDS = 150


@pytest.fixture(scope="module", params=SCENES)
def scene(request, tmp_path_factory) -> Scene:
    return SCENES[request.param](tmp_path_factory.mktemp("scene"))


def test_a_job_publishes_when_nothing_unexpected_comes(scene):
    assert scene.publishes in [topic for topic, _ in publishes_after(scene, [])]


def test_a_job_takes_any_well_formed_record_and_goes_on_speaking(scene):
    for number in range(ROUNDS):
        rng = Random(f"{scene.name} {number}")
        topic = rng.choice(list(scene.bases))
        unexpected = [(topic, spoiled(scene.bases[topic], rng)) for _ in range(rng.choice((1, 1, 3)))]
        out = publishes_after(scene, unexpected)
        for to, record in out:
            assert decode(to.record, encode(record)) == record, "its own consumers can read it"
        assert scene.publishes in [to for to, _ in out], f"silent after {unexpected}"
