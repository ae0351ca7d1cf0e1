"""Readings as columns mean the same as readings one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_plant import TEN, Run, counter, gauge, minutes, plant, reading, rising

from domain.plant import Plant
from domain.readings import Reading
from metering.engine import decode_state, encode_state
from metering.runs import ReadingRun, run_of, runs_of

SECOND_MS = 1000
PER_SECOND = plant(counter(sampling_s=1.0), gauge(sampling_s=1.0))


def test_a_run_gives_back_the_readings_it_was_made_of() -> None:
    readings = minutes(rising(5)) + minutes([1.0, 2.0], channel="power")
    runs = list(runs_of(readings))
    assert [run.channel for run in runs if isinstance(run, ReadingRun)] == ["energy_import", "power"]
    assert [reading for run in runs if isinstance(run, ReadingRun) for reading in run.readings()] == readings


def _stream(dice: Random, minutes_long: int, disturbances: list[str]) -> list[Reading]:
    """A second's readings of counter and gauge, in order of arrival, with what devices and networks do to them."""
    count = minutes_long * 60
    level, arrivals = 999_000.0 + 1000 * dice.random(), []
    at_ms = TEN - dice.randrange(900) * SECOND_MS
    glitch_left, silence_left, base = 0, 0, 0.0
    for n in range(count):
        what = dice.choice(disturbances) if dice.random() < 0.01 else ""
        step_ms = 1000 + dice.randrange(-40, 40)
        at_ms += 2500 if what == "hole" else step_ms
        level += dice.choice((0.0, 0.01, 0.02, 0.027))
        if what == "gap":
            silence_left = dice.randrange(5, 400)
        if what == "zeros":
            glitch_left = dice.randrange(1, 200)
        if what == "reset":
            base = level
        if what == "jump":
            base = -5000.0 * dice.random()
        shown = 0.0 if glitch_left else round((level - base) % 1_000_000, 3)
        shown = 4e9 if what == "spike" else shown
        glitch_left, silence_left = max(0, glitch_left - 1), max(0, silence_left - 1)
        if silence_left:
            continue
        ahead = -600_000 if what == "future" else 0
        late_ms = 200 + ahead + dice.randrange(60) + (dice.randrange(50_000) if what == "late" else 0)
        extra = {"sequence": n, "gateway": "b" if what == "other gateway" else "a"}
        for channel, value in (("energy_import", shown), ("power", round(60 * dice.random(), 3) if what != "over" else 500.0)):
            taken = reading(at_ms, value, channel, late_ms, **extra)
            arrivals.append((at_ms + max(late_ms, 0), len(arrivals), taken))
            if what == "again":
                arrivals.append((at_ms + dice.randrange(300_000), len(arrivals), taken))
    if "history" in disturbances:
        first = dice.randrange(len(arrivals))
        arrivals = [(at + (3_600_000 if first < k < first + 900 else 0), k, taken) for at, k, taken in arrivals]
    return [taken for _, _, taken in sorted(arrivals, key=lambda arrival: arrival[:2])]


KINDS = [
    "hole", "gap", "zeros", "reset", "jump", "spike", "future", "late", "again", "over", "other gateway", "history",
]  # fmt: skip


def _same(plant_file: Plant, readings: list[Reading], sizes: list[int], restarts: bool) -> None:
    """Feed readings as runs and as readings, cut alike; outputs and state must agree all along."""
    by_run, by_reading = Run(plant_file), Run(plant_file)
    newest_ms, at, cut = 0, 0, 0
    while at < len(readings):
        part = readings[at : at + sizes[cut % len(sizes)]]
        at, cut = at + len(part), cut + 1
        for channel in ("energy_import", "power"):
            mine = [r for r in part if r.channel == channel]
            for run in runs_of(mine):
                assert isinstance(run, ReadingRun)
                by_run.state, published = by_run.step.take_run(by_run.state, run)
                by_reading.state, also = by_reading.step.take(by_reading.state, run.readings())
                assert published == also
        stored = encode_state(by_run.state)
        assert stored == encode_state(by_reading.state)
        newest_ms = max([newest_ms, *(r.observed_ms for r in part if r.observed_ms <= r.received_ms + 5000)])
        if restarts:
            by_run.state = decode_state(stored)
        by_run.advance(newest_ms)
        by_reading.advance(newest_ms)
        assert by_run.rows == by_reading.rows
    assert encode_state(by_run.state) == encode_state(by_reading.state)
    for track in by_reading.state.tracks.values():
        assert track.points.whole.keys() <= set(track.points.times), "steps between readings that are there"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@example(26773, ["hole"], [1], True)  # a register that stands still over a hole
@example(11, ["reset", "again"], [7, 24], False)  # one that stands still where readings are thinned out
@given(
    st.integers(0, 2**32), st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
    st.lists(st.sampled_from((1, 2, 3, 7, 24, 120, 121, 400)), min_size=1, max_size=4), st.booleans(),
)  # fmt: skip
def test_runs_cut_anyhow_mean_what_their_readings_mean(seed: int, kinds: list[str], sizes: list[int], restarts: bool) -> None:
    dice = Random(seed)
    registers = counter(sampling_s=1.0, modulus=1_000_000.0), gauge(sampling_s=1.0)
    at = datetime.fromtimestamp(TEN / 1000 + dice.randrange(3600), UTC)
    protocol = {
        "channel": "energy_import", "at_utc": at, "old_serial": "A", "new_serial": "B",
        "final_reading": 999_500.0, "start_reading": 999_600.0,
    }  # fmt: skip
    small = plant(*registers, exchanges=[protocol] if dice.random() < 0.3 else ())
    _same(small, _stream(dice, dice.choice((3, 20, 40)), kinds), sizes, restarts)


@pytest.mark.parametrize("size", [120, 14, 2])
def test_ordinary_runs_never_become_single_readings(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(PER_SECOND)
    readings = _stream(Random(3), 40, ["late"])
    readings.sort(key=lambda r: r.observed_ms)
    for channel in ("energy_import", "power"):
        run.state, _ = run.step.take_run(run.state, run_of([r for r in readings[:4] if r.channel == channel]))
    monkeypatch.setattr(ReadingRun, "readings", None)
    for at in range(4, len(readings), size):
        part = readings[at : at + size]
        for channel in ("energy_import", "power"):
            run.state, _ = run.step.take_run(run.state, run_of([r for r in part if r.channel == channel]))
        run.advance(part[-1].observed_ms)
    assert run.rejected == []
    assert {row.quality.value for row in run.rows.values()} == {"missing", "measured"}
    assert len(encode_state(run.state)) < 8_000
