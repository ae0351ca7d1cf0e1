"""A morning of five meters with everything that goes wrong in one: a seeded sample, and what the engine makes of it undisturbed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.clock import epoch_ms, instant
from domain.codec import encode
from domain.intervals import QUARTER, QUARTER_MS, Interval
from domain.plant import Plant, load_plant
from domain.readings import CONTROL_CHANNELS, HEARTBEAT_CHANNEL, Reading, ReadingQuality, RejectionReason
from metering.table import quarter_hours

SITE = "werk"
START_UTC = datetime(2026, 10, 23, 4, 5, tzinfo=UTC)
"""Within a quarter hour, so that the first one has not been seen whole."""
SPAN_MS = 160 * 60_000
FIRST_QUARTER_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
END_UTC = datetime(2026, 10, 23, 6, 30, tzinfo=UTC)
"""Quarter hours are compared up to here; the readings go on for a quarter hour, so that all of them are settled."""
BACKFILLED_UTC = datetime(2026, 10, 23, 4, 45, tzinfo=UTC)
"""The quarter hour that readings restate which come an hour late."""
UNPARSABLE = b'{"site":"werk","meter":"press","channel":'
_START_MS = epoch_ms(START_UTC)

_REGISTER = """
[[meter.register]]
channel = "{channel}"
kind = "{kind}"
unit = "{unit}"
sampling_s = {sampling_s}
resolution = 1
"""


@dataclass(frozen=True, slots=True)
class MeterSample:
    """One meter of the sample: its mean power and how often it sends."""

    id: str
    mean_kw: float
    max_kw: float
    sampling_s: int
    counter: bool = True
    gauge: bool = True


METERS = (
    MeterSample("main", 320.0, 800.0, 10),
    MeterSample("press", 90.0, 200.0, 30),
    MeterSample("compressor", 40.0, 90.0, 30, gauge=False),
    MeterSample("oven", 75.0, 150.0, 30, counter=False),
    MeterSample("pump", 12.0, 30.0, 30, gauge=False),
)


def write_plant(folder: Path) -> Plant:
    """The sample's plant file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f'[site]\nid = "{SITE}"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2026-01-01T00:00:00Z\n'
    text += 'billing_meter = "main"\ntarget_kw = 400.0\n'
    for meter in METERS:
        text += f'\n[[meter]]\nid = "{meter.id}"\nmax_power_kw = {meter.max_kw}\n'
        text += "" if meter.id == "main" else 'parent = "main"\n'
        if meter.counter:
            text += _REGISTER.format(channel="energy_import", kind="counter", unit="Wh", sampling_s=meter.sampling_s)
        if meter.gauge:
            text += _REGISTER.format(channel="power", kind="gauge", unit="W", sampling_s=meter.sampling_s)
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    return load_plant(folder / "plant.toml")


@dataclass(slots=True)
class Arrival:
    """One message in the order in which it is sent."""

    key: bytes
    value: bytes
    reading: Reading | None = None


@dataclass(slots=True)
class Sample:
    """Readings in the order of their arrival."""

    plant: Plant
    arrivals: list[Arrival] = field(default_factory=list)

    def before_backfill(self) -> int:
        """How many arrivals there are before the press's held-back readings come."""
        return next(n for n, a in enumerate(self.arrivals) if a.reading is not None and _is_held_back(a.reading))

    def readings(self) -> list[Reading]:
        """What a device sent, in order; the gateway's own signs of life and what is no reading are left out."""
        return [a.reading for a in self.arrivals if a.reading is not None and a.reading.channel not in CONTROL_CHANNELS]


def make_sample(folder: Path, seed: int = 11) -> Sample:
    """The sample, with its plant file in `folder`."""
    chance = random.Random(seed)
    dated: list[tuple[int, int, Reading]] = []
    for meter in METERS:
        for reading in _meter_readings(meter, chance):
            dated.append((_arrival_ms(reading), len(dated), reading))
            # Sent again: at once, or after an outage. Not near the end, where no later reading makes time pass.
            if reading.observed_ms < epoch_ms(END_UTC) and chance.random() < 0.01:
                again_ms = _arrival_ms(reading) + chance.choice([40, 700_000])
                dated.append((again_ms, len(dated), reading))
    for reading in _odd_ones():
        dated.append((reading.received_ms, len(dated), reading))
    dated.sort(key=lambda entry: entry[:2])
    sample = Sample(write_plant(folder))
    for _, _, reading in dated:
        sample.arrivals.append(Arrival(f"{reading.site}/{reading.meter}".encode(), encode(reading), reading))
    middle = len(sample.arrivals) // 3
    sample.arrivals.insert(middle, Arrival(b"werk/press", UNPARSABLE))
    return sample


def _at(hour: int, minute: int) -> int:
    return epoch_ms(datetime(2026, 10, 23, hour, minute, tzinfo=UTC))


def _arrival_ms(reading: Reading) -> int:
    """When it comes: the press's gateway was cut off from 4:40 to 5:00 and delivers at 5:50."""
    return _at(5, 50) if _is_held_back(reading) else reading.received_ms


def _is_held_back(reading: Reading) -> bool:
    return reading.meter == "press" and _at(4, 40) <= reading.observed_ms < _at(5, 0)


def _meter_readings(meter: MeterSample, chance: random.Random) -> Iterator[Reading]:
    """Counter and gauge of one meter at its own pace, with the compressor's reset and the pump's silence."""
    count_wh = chance.uniform(1e5, 1e7)
    power_kw = meter.mean_kw
    step_ms = meter.sampling_s * 1000
    for observed_ms in range(_START_MS + chance.randrange(step_ms), _START_MS + SPAN_MS, step_ms):
        power_kw = min(meter.max_kw, max(0.0, power_kw + chance.gauss(0.2 * (meter.mean_kw - power_kw), 0.1 * meter.mean_kw)))
        count_wh += power_kw * 1000 * step_ms / 3_600_000
        if meter.id == "compressor" and _at(5, 10) <= observed_ms < _at(5, 10) + step_ms:
            count_wh = 3.0
        if meter.id == "pump" and _at(5, 20) <= observed_ms < _at(6, 5):
            continue
        received_ms = observed_ms + chance.randrange(5, 900)
        if meter.counter:
            yield Reading(SITE, meter.id, "energy_import", observed_ms, received_ms, int(count_wh))
        if meter.gauge:
            yield Reading(SITE, meter.id, "power", observed_ms, received_ms, round(power_kw * 1000))
        if meter.id == "press" and observed_ms // 1000 % 120 < meter.sampling_s:
            yield Reading(SITE, meter.id, "state", observed_ms, received_ms, None, text=chance.choice(["EXECUTE", "IDLE"]))
            yield Reading(SITE, meter.id, "parts", observed_ms, received_ms, observed_ms // 60_000 % 500)


def _odd_ones() -> list[Reading]:
    """One of each that cannot be used, and what the gateway says of itself."""
    now = _at(5, 3) + 17
    good = Reading(SITE, "press", "energy_import", now, now + 20, 77_000)
    return [
        replace(good, observed_ms=now + 86_400_000),
        replace(good, observed_ms=epoch_ms(datetime(2025, 3, 1, tzinfo=UTC))),
        replace(good, meter="oven", channel="power", quality=ReadingQuality.BAD),
        replace(good, meter="oven", channel="power", value=9_000_000),
        replace(good, meter="ghost"),
        Reading(SITE, "gateway-1", HEARTBEAT_CHANNEL, now, now, 0, gateway="gateway-1"),
    ]


Row = tuple[int | None, float, str, str, int]
Table = dict[tuple[str, str, datetime], Row]
"""(meter, channel, start) -> energy [µWh], coverage, quality, method, readings."""


def row_of(interval: Interval) -> Row:
    """What two runs must agree in; revisions depend on the order of arrival."""
    return interval.energy_uwh, interval.coverage, str(interval.quality), str(interval.method), interval.readings


def latest_table(intervals: Iterable[Interval], until_utc: datetime) -> Table:
    """The highest revision of each quarter hour that ends by `until_utc`."""
    newest: dict[Any, Interval] = {}
    for interval in intervals:
        identity = (interval.meter, interval.channel, interval.start_utc)
        if identity not in newest or interval.revision > newest[identity].revision:
            newest[identity] = interval
    return {identity: row_of(interval) for identity, interval in newest.items() if interval.end_utc <= until_utc}


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What the engine makes of the sample without broker and cluster."""

    table: Table
    rejections: Counter[tuple[str, str, str]]
    """(meter, reason, original) -> how often."""


def undisturbed(sample: Sample) -> Undisturbed:
    """The sample through the engine alone."""
    result = quarter_hours(sample.plant, sample.readings())
    rejections = Counter((r.meter, str(r.reason), r.original) for r in result.rejections)
    rejections["press", str(RejectionReason.UNPARSABLE), UNPARSABLE.decode()] += 1
    return Undisturbed(latest_table(result.rows(), END_UTC), rejections)


def quarter_of(reading: Reading) -> datetime:
    """Start of the quarter hour that a reading fell into."""
    return instant(reading.observed_ms // QUARTER_MS * QUARTER_MS)


def difference(found: Table, expected: Table) -> str:
    """The rows that differ, for people."""
    lines = []
    for identity in sorted({*found, *expected}):
        if found.get(identity) != expected.get(identity):
            meter, channel, start = identity
            span = f"{start:%H:%M}-{start + QUARTER:%H:%M}"
            lines.append(f"{meter} {channel} {span}: found {found.get(identity)}, expected {expected.get(identity)}")
    return "\n".join(lines)
