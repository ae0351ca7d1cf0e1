"""What dates a reading may have is one rule: the JVM, which moves event time, and the metering step, which refuses, draw the same lines."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy import jars
from domain.clock import ScaledClock, StartableClock, epoch_ms, instant
from domain.codec import encode
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality, RejectionReason
from domain.topics import READINGS
from metering.intake import Intake, ahead_of_plant
from metering.quarter_hours import QuarterHours
from metering.rules import AHEAD_OF_PLANT_MS, CLOCK_AHEAD_MS

KEY = b"werk/press"
REAL_UTC = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
PLANT_UTC = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [
            {
                "id": "press",
                "max_power_kw": 100.0,
                "register": [
                    {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}
                ],
            }
        ],
    }
)
LINES_MS = (-1, 0, 1)
"""Just before a limit, on it and beyond it."""


def in_the_jvm(arrivals: list[tuple[int, bytes]], setting: str) -> list[tuple[int, bool]]:
    """Event time [ms] and whether it is ahead, of (arrival by the broker's clock [ms], payload)."""
    flink = sorted((jars.flink_home() / "lib").glob("*.jar"))
    path = ":".join(str(jar) for jar in [*flink, *jars.flink_connector_jars()])
    limits = [str(CLOCK_AHEAD_MS), str(AHEAD_OF_PLANT_MS)]
    command = [jars.java(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path, "lastgang.ArrivalLines", *limits]
    lines = "".join(f"{at_ms} {KEY.hex()} {payload.hex()}\n" for at_ms, payload in arrivals)
    environment = {**os.environ, "LASTGANG_CLOCK": setting}
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True, timeout=120, env=environment)
    found = [line.split(" ") for line in done.stdout.decode().splitlines()]
    assert len(found) == len(arrivals)
    return [(int(event_ms), is_ahead == "true") for event_ms, is_ahead in found]


def in_python(at_ms: int, reading: Reading, clock: ScaledClock | StartableClock) -> tuple[int, bool]:
    """The same by the rules of metering."""
    if Intake(PLANT).reason(replace(reading, quality=ReadingQuality.GOOD)) is RejectionReason.CLOCK_IN_FUTURE:
        return 0, False
    is_ahead = ahead_of_plant(reading, epoch_ms(clock.at_utc(instant(at_ms)))) is not None
    return (0, True) if is_ahead else (reading.observed_ms, False)


def around_the_limits(now_ms: int) -> list[Reading]:
    """Readings whose dates lie around both limits, in the ways in which they are written."""
    received = [now_ms, now_ms + AHEAD_OF_PLANT_MS, now_ms + 36 * 86_400_000]
    observed = [at + CLOCK_AHEAD_MS + by for at in received for by in LINES_MS]
    observed += [now_ms + AHEAD_OF_PLANT_MS + by for by in LINES_MS] + [now_ms - 86_400_000, now_ms + 36 * 86_400_000]
    plain = [Reading("werk", "press", "power", o, r, 3.5, gateway="g", sequence=1) for o in observed for r in received]
    return plain + [replace(one, quality=ReadingQuality.BAD, value=None) for one in plain]


@pytest.mark.parametrize("speed", [1.0, 60.0])
@pytest.mark.parametrize("since", [timedelta(0), timedelta(minutes=7)])
def test_the_jvm_and_metering_refuse_the_same_dates(speed: float, since: timedelta) -> None:
    clock = ScaledClock(REAL_UTC, PLANT_UTC, speed)
    at_ms = epoch_ms(REAL_UTC + since)
    readings = around_the_limits(epoch_ms(clock.at_utc(REAL_UTC + since)))
    found = in_the_jvm([(at_ms, encode(one)) for one in readings], clock.as_setting())
    assert found == [in_python(at_ms, one, clock) for one in readings]
    assert {True, False} == {is_ahead for _, is_ahead in found}


def test_a_clock_that_stands_or_was_set_says_the_same_in_both(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    at_ms = epoch_ms(datetime.now(UTC)) + 3_600_000
    StartableClock.hold(file, PLANT_UTC, 1.0)
    held = StartableClock(file)
    for set_clock in (lambda: None, lambda: StartableClock.start(file), lambda: StartableClock.step(file, timedelta(days=-3))):
        set_clock()
        readings = around_the_limits(epoch_ms(held.at_utc(instant(at_ms))))
        found = in_the_jvm([(at_ms, encode(one)) for one in readings], f"@{file}")
        assert found == [in_python(at_ms, one, held) for one in readings]


def test_no_date_however_extreme_moves_event_time_beyond_the_plants_clock() -> None:
    extremes = ("-1", "0", str(2**63 - 1), str(-(2**63)), "1e300", "9" * 20, "null", str(epoch_ms(PLANT_UTC)))
    payloads = [
        f'{{"site":"werk","meter":"press","channel":"power","observed_ms":{observed},"received_ms":{received},"value":1.5{more}}}'
        for observed in extremes
        for received in extremes
        for more in ("", ',"text":"x"')
    ]
    found = in_the_jvm([(epoch_ms(REAL_UTC), one.encode()) for one in payloads], ScaledClock(REAL_UTC, PLANT_UTC, 1.0).as_setting())
    assert all(0 <= event_ms <= epoch_ms(PLANT_UTC) + AHEAD_OF_PLANT_MS for event_ms, _ in found)


def test_event_time_ahead_of_the_plants_clock_fills_nothing() -> None:
    """Whatever a watermark says, the step goes no further than its own clock."""
    clock = ScaledClock(datetime.now(UTC), PLANT_UTC, 1.0)
    logic = QuarterHours(PLANT, clock)
    state, at_ms = logic.initial("werk/press"), epoch_ms(PLANT_UTC)
    readings = [Reading("werk", "press", "energy_import", at_ms - n * 60_000, at_ms - n * 60_000, 1000.0 - n) for n in range(30)]
    state, _ = logic.take("werk/press", state, [(READINGS, one) for one in readings])
    state, outputs = logic.advance("werk/press", state, at_ms + 36 * 86_400_000)
    assert len(outputs) <= 4
