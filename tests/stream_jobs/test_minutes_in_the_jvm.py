"""Gauges by the minute: what the JVM makes of readings in any order is what a plain model makes of them."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from random import Random
from statistics import fmean, pstdev

import pytest

from deploy import jars
from domain.codec import decode, encode
from domain.minutes import MINUTE_MS, Minute
from domain.readings import Reading, ReadingQuality
from metering.rules import OUT_OF_ORDER_MS

START_MS = 1_792_740_000_000


def in_the_jvm(series: list[list[Reading]], stores: bool = False) -> list[list[Minute]]:
    """Minutes of each series of one meter's readings."""
    flink = sorted((jars.flink_home() / "lib").glob("*.jar"))
    path = ":".join(str(jar) for jar in [*flink, *jars.flink_connector_jars()])
    options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path]
    command = [jars.java(), *options, "lastgang.MinuteLines", str(OUT_OF_ORDER_MS), str(stores).lower()]
    lines = b"\n\n".join(b"\n".join(encode(one) for one in readings) for readings in series)
    done = subprocess.run(command, input=lines + b"\n", capture_output=True, check=True, timeout=120)
    found: list[list[Minute]] = [[]]
    for line in done.stdout.splitlines():
        if line:
            found[-1].append(decode(Minute, line))
        else:
            found.append([])
    return found


def by_hand(readings: list[Reading]) -> list[Minute]:
    """The same, as it is stated: a minute ends for all channels when a date of the meter is so late after it; what comes later is passed over."""
    newest, closed, kept, found = -1, -1, {}, []
    for reading in readings:
        minute = reading.observed_ms // MINUTE_MS
        if reading.origin == "history" or minute < closed:
            continue
        kept.setdefault((minute, reading.channel), {}).setdefault(reading.observed_ms, reading)
        newest = max(newest, reading.observed_ms)
        closed = max(closed, (newest - OUT_OF_ORDER_MS) // MINUTE_MS)
        ended = sorted(key for key in kept if key[0] < closed)
        found += [_minute(key[0] * MINUTE_MS, [one for _, one in sorted(kept.pop(key).items())]) for key in ended]
    return found


def _minute(start_ms: int, readings: list[Reading]) -> Minute:
    good = [one for one in readings if one.quality is ReadingQuality.GOOD]
    values = [float(one.value) for one in good if one.value is not None]
    texts = [one.text for one in good if one.text]
    says = [(one.value, one.text) for one in good]
    first = readings[0]
    numbers = (fmean(values), min(values), max(values), pstdev(values), values[-1]) if values else (None,) * 5
    changes = sum(one != two for one, two in pairwise(says))
    return Minute(
        first.site, first.meter, first.channel, start_ms, len(readings), len(good) / len(readings), *numbers,
        texts[-1] if texts else None, changes,
    )  # fmt: skip


def a_series(random: Random) -> list[Reading]:
    """Up to an hour of one meter: several channels, late and doubled readings, bad ones, states, a pause, a device's memory."""
    at, found = START_MS + random.randrange(MINUTE_MS), []
    for _ in range(random.randrange(1, 120)):
        at += random.choice((0, 1_000, 7_000, 20_000, 61_000)) + (900_000 if random.random() < 0.01 else 0)
        observed = at - random.choice((0, 0, 0, 500, 30_000, 90_000, 300_000))
        channel = random.choice(("vibration", "current", "state"))
        quality = random.choice((ReadingQuality.GOOD,) * 8 + (ReadingQuality.BAD, ReadingQuality.UNCERTAIN))
        value = None if channel == "state" or quality is ReadingQuality.BAD else random.choice((1.5, 1.5, random.gauss(2, 1)))
        text = random.choice(("Execute", "Idle", 'Größe "x"')) if channel == "state" else None
        origin = "history" if random.random() < 0.05 else "live"
        reading = Reading("werk", "press-1", channel, observed, at, value, quality, text, "g", None, origin)
        found += [reading] * random.choice((1, 1, 1, 2))
    return found


@pytest.mark.parametrize("stores", [False, True])
def test_minutes_are_those_of_a_plain_model_whatever_comes_and_when_state_is_stored_in_between(stores: bool) -> None:
    series = [a_series(Random(seed)) for seed in range(150)]
    found, expected = in_the_jvm(series, stores), [by_hand(readings) for readings in series]
    assert sum(len(minutes) for minutes in expected) > 3_000
    for got, wanted in zip(found, expected, strict=True):
        assert [_plain(one) for one in got] == [_plain(one) for one in wanted]
        assert [_rounded(one) for one in got] == [pytest.approx(_rounded(one), rel=1e-9, abs=1e-9) for one in wanted]


def _plain(minute: Minute) -> tuple[object, ...]:
    return (minute.channel, minute.start_ms, minute.count, minute.text, minute.changes, minute.mean is None, minute.last)


def _rounded(minute: Minute) -> list[float]:
    return [value or 0.0 for value in (minute.good, minute.mean, minute.minimum, minute.maximum, minute.spread)]


def test_order_within_the_tolerance_changes_nothing_and_the_first_of_two_of_one_instant_counts() -> None:
    readings = [Reading("werk", "m", "vibration", START_MS + 5_000 * n, 0, float(n)) for n in range(40)]
    mixed = sorted(readings, key=lambda one: one.observed_ms + Random(one.observed_ms).randrange(OUT_OF_ORDER_MS))
    doubled = [*readings[:3], Reading("werk", "m", "vibration", START_MS, 0, 99.0), *readings[3:]]
    plain, shuffled, twice = in_the_jvm([readings, mixed, doubled])
    assert plain and shuffled == plain[: len(shuffled)] and twice == plain
    assert (plain[0].mean, plain[0].count, plain[0].changes) == (5.5, 12, 11)
