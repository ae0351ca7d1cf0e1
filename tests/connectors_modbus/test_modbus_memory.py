"""A meter with a memory of its own is asked for what was missed: a ring of records behind a real Modbus server."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.channels import Channel
from connectors.devices import LiveValue
from connectors.gaps import GapBook, HistorySink, Note, PastValue
from connectors.modbus.client import ModbusConnection
from connectors.modbus.memory import pieces, record_of, stamp_ms
from connectors.modbus.poller import PolledDevice, Poller
from connectors.modbus.profile import Profile, RecordStamp
from domain.errors import InputFaults
from domain.plant import RegisterKind
from domain.toml_files import load_toml
from simulation.modbus_server import MeterServer, SimulatedMeter

RING = Path(__file__).parent / "ring_meter.toml"
NOON_MS = 1_792_756_800_000
QUARTER_MS = 900_000
KEY = ("d1", "energy_import")


@dataclass
class HandClock:
    """A clock that a test sets; a wait on it is no wait."""

    now: datetime
    speed: float = field(default=1000.0)

    def now_utc(self) -> datetime:
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        return max(0.01, plant_time.total_seconds() / self.speed)


@dataclass
class RingMeter:
    """Words by hand, not by our decoder: a u32 counter at 100, and 40 records of five registers from 1000 on."""

    clock: HandClock
    ahead_s: int = 0
    """How much the meter's clock is ahead of what its profile says."""
    longest: int = 60
    """Of a longer read it says exception 3."""
    ring_answers: int | None = None
    """The exception with which it answers whoever asks for its memory."""
    requests: list[tuple[int, int]] = field(default_factory=list)

    def counter_wh(self, at_ms: int) -> int:
        return 50_000_000 + (at_ms - NOON_MS) // 1000 * 10

    def read(self, function: int, address: int, count: int, measured: Any) -> list[int] | int:
        self.requests.append((address, count))
        if count > self.longest:
            return 3
        if address >= 999 and self.ring_answers is not None:
            return self.ring_answers
        now_ms = round(self.clock.now.timestamp() * 1000)
        words: dict[int, int] = {}

        def put(place: int, value: int) -> None:
            words[place], words[place + 1] = struct.unpack(">2H", struct.pack(">I", value))

        put(100, self.counter_wh(now_ms))
        put(102, 36_000)
        newest = now_ms // QUARTER_MS
        words[999] = newest % 40
        for number in range(newest - 39, newest + 1):
            first = 1000 + number % 40 * 5
            put(first, number * 900 + 3600 + self.ahead_s)  # its clock shows winter time all year
            put(first + 2, self.counter_wh(number * QUARTER_MS) // 10)
            words[first + 4] = 0
        wanted = [words.get(place) for place in range(address, address + count)]
        return 2 if None in wanted else [word for word in wanted if word is not None]


@dataclass
class Received:
    book: GapBook
    live: list[tuple[str, int, float | int | None]] = field(default_factory=list)
    past: list[PastValue] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    reported: list[tuple[int | None, str]] = field(default_factory=list)
    open_gaps: int = 0
    something: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, live: LiveValue) -> None:
        self.live.append((live.channel.channel, live.observed_ms, live.value))
        self.open_gaps += len(live.note.gaps) if live.note is not None else 0
        self.something.set()

    def put(self, channel: Channel, values: Sequence[PastValue], note: Note) -> None:
        self.past += values
        self.pieces.append(len(values))
        self.open_gaps -= len(note.closed)

    def report(self, device: str, count: int | None, text: str) -> None:
        self.reported.append((count, text))
        self.something.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.something.clear()
            await self.something.wait()


def profile() -> Profile:
    return load_toml(RING, Profile)


def after_a_gap(hours: float, order: str = "oldest_first", **behaves: Any) -> tuple[Received, RingMeter]:
    """The gateway was off for so long before 12:07:30."""
    clock = HandClock(datetime.fromtimestamp(NOON_MS / 1000 + 450, UTC))
    meter = RingMeter(clock, **behaves)
    received = Received(GapBook({KEY: round(clock.now.timestamp() * 1000 - hours * 3_600_000)}))

    async def main() -> None:
        server = MeterServer("127.0.0.1", 0, {1: SimulatedMeter(meter, lambda: None)})  # type: ignore[arg-type,return-value]
        await server.start()
        channels = [
            Channel("d1", "m", "energy_import", "active_energy_import", Decimal("0.001"), "kWh", RegisterKind.COUNTER, 30.0),
            Channel("d1", "m", "power", "active_power_total", Decimal("0.001"), "kW", RegisterKind.GAUGE, 30.0),
        ]
        device = PolledDevice("d1", 1, profile(), channels, history=order, history_pause_s=0.0)  # type: ignore[arg-type]
        sink = HistorySink(received.book, received.put, lambda: False, received.report)
        poller = Poller(ModbusConnection("127.0.0.1", server.port), [device], clock, received.emit, lambda *_: None, sink)
        task = asyncio.create_task(poller.run())
        try:
            await asyncio.sleep(0)
            clock.now += timedelta(seconds=30)
            await received.until(lambda: any(count is not None or "waits" in text for count, text in received.reported))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 60))
    return received, meter


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_counter_values_at_the_quarter_hours_of_the_gap_come_from_the_meters_memory(order: str) -> None:
    received, meter = after_a_gap(5.0, order)
    expected = [NOON_MS - QUARTER_MS * number for number in range(19, -1, -1)]
    assert sorted(value.observed_ms for value in received.past) == expected
    assert {value.observed_ms: value.value for value in received.past} == {
        at: meter.counter_wh(at) // 10 * 10 / 1000 for at in expected
    }
    assert received.open_gaps == 0
    assert received.reported[-1] == (20, "history: 20 values of 1 register for 300 min")
    ring = [requests for requests in meter.requests if requests[0] >= 1000]
    assert sum(count for _, count in ring) // 5 <= 36  # no more than the reads that reach back over the gap
    assert max(count for _, count in ring) <= 60
    if order == "newest_first":
        assert received.pieces[0] < 20
    else:
        assert [value.observed_ms for value in received.past] == expected


def test_a_gap_longer_than_the_ring_is_filled_as_far_as_the_ring_goes() -> None:
    received, _ = after_a_gap(48.0)
    assert len(received.past) == 40
    assert min(value.observed_ms for value in received.past) == NOON_MS - 39 * QUARTER_MS
    assert received.open_gaps == 0


def test_a_gap_without_a_quarter_hours_edge_needs_no_record() -> None:
    received, _ = after_a_gap(0.05)
    assert (received.past, received.reported[-1][0]) == ([], 0)


def test_a_meter_whose_clock_is_wrong_is_not_believed() -> None:
    received, _ = after_a_gap(5.0, ahead_s=3600)
    assert received.past == []
    assert "is the meter's clock set, is utc_offset_min in its profile right" in received.reported[-1][1]
    assert received.open_gaps == 0


def test_a_memory_that_refuses_long_reads_is_read_in_short_ones() -> None:
    received, meter = after_a_gap(5.0, longest=12)
    assert len(received.past) == 20
    assert received.open_gaps == 0
    given = [(address, count) for address, count in meter.requests if address >= 1000 and count <= 12]
    assert max(count for _, count in given) == 10


def test_a_memory_that_the_meter_refuses_is_given_up_and_that_is_reported() -> None:
    received, _ = after_a_gap(5.0, ring_answers=2)
    assert received.reported[-1][0] == 0
    assert received.reported[-1][1].startswith("no history: the meter refuses to give its memory (127.0.0.1:")
    assert received.reported[-1][1].endswith("exception 02, illegal data address)")
    assert received.open_gaps == 0


def test_a_memory_that_is_busy_for_ever_is_reported_once_and_the_gap_is_kept() -> None:
    received, _ = after_a_gap(5.0, ring_answers=6)
    assert [text.split(":")[0] for _, text in received.reported] == ["history requested", "history waits"]
    assert received.reported[-1][1].endswith("exception 06, busy")
    assert received.open_gaps == 1


def test_reads_go_back_from_the_newest_record_and_never_over_the_rings_end() -> None:
    ring = profile().load_profile
    assert ring is not None
    assert pieces(ring, 5, 60) == [(0, 6), (28, 12), (16, 12), (6, 10)]
    for newest in range(40):
        places = [place for first, count in pieces(ring, newest, 60) for place in range(first, first + count)]
        assert sorted(places) == list(range(40))


@pytest.mark.parametrize(
    ("form", "offset_min", "raw", "instant"),
    [
        ("unix_s", 0, struct.pack(">I", NOON_MS // 1000), NOON_MS),
        ("unix_s", 120, struct.pack(">I", NOON_MS // 1000 + 7200), NOON_MS),
        ("y_m_d_h_min_s", 60, struct.pack(">6H", 2026, 10, 23, 13, 0, 0), NOON_MS),
        ("y_m_d_h_min_s", 0, struct.pack(">6H", 2026, 2, 30, 0, 0, 0), None),
        ("unix_s", 0, b"\xff\xff\xff\xff", None),
        ("unix_s", 0, bytes(4), None),
    ],
)
def test_a_records_time_is_read_as_the_profile_states_it(form: str, offset_min: int, raw: bytes, instant: int | None) -> None:
    stamp = RecordStamp.model_validate({"offset": 0, "format": form, "utc_offset_min": offset_min})
    assert stamp_ms(stamp, raw, "ABCD") == instant


def test_a_stamp_beside_the_grid_is_no_record_and_a_start_is_not_an_end() -> None:
    known = profile()
    assert known.load_profile is not None
    raw = struct.pack(">IIH", NOON_MS // 1000 + 3600, 5_000_000, 0)
    record = record_of(known, known.load_profile, raw)
    assert record is not None
    assert record.end_ms == NOON_MS
    by_start = known.load_profile.model_copy(update={"stamp_of": "start"})
    record = record_of(known, by_start, raw)
    assert record is not None
    assert (record.end_ms, record.values["active_energy_import"].observed_ms) == (NOON_MS + QUARTER_MS, NOON_MS + QUARTER_MS)
    assert record_of(known, known.load_profile, struct.pack(">IIH", NOON_MS // 1000 + 3601, 5_000_000, 0)) is None


@pytest.mark.parametrize(
    ("found", "instead", "words"),
    [
        ('type = "u32"\nscale = 10.0', 'type = "u64"\nscale = 10.0', "within the 5 registers of a record"),
        ("words = 5", "words = 61", "that one read can fetch, of at most 60 registers"),
        ('point = "active_energy_import"\noffset', 'point = "active_power_total"\noffset', "of counters of this profile"),
        ("offset = 2\n", 'offset = 2\nholds = "energy"\n', "holds"),
        ("records = 40", "records = 20000", "a ring that ends at or before register 65535"),
    ],
)
def test_a_layout_that_cannot_be_is_a_fault(tmp_path: Path, found: str, instead: str, words: str) -> None:
    text = RING.read_text(encoding="utf-8")
    assert found in text
    (tmp_path / "ring.toml").write_text(text.replace(found, instead), encoding="utf-8")
    with pytest.raises(InputFaults) as reported:
        load_toml(tmp_path / "ring.toml", Profile)
    assert words in str(reported.value)
