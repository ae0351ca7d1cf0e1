"""The load that speed is measured with is a plant like any other: plausible counters, the gateway's own JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.pipeline import load
from domain.codec import decode, encode
from domain.plant import load_plant
from domain.readings import Reading
from metering.table import quarter_hours


class Kept(load.Sender):
    """Keeps what would be sent."""

    def __init__(self, meters: int) -> None:
        self.sent: list[tuple[bytes, bytes]] = []
        self._heads = [load._heads(number) for number in range(meters)]
        self._origin, self._sequence = "live", 0

    def _produce(self, key: bytes, value: str) -> None:
        self.sent.append((key, value.encode()))

    def poll(self) -> None:
        pass


def sent(meters: int, seconds: int) -> list[tuple[bytes, bytes]]:
    sender: Any = Kept(meters)
    load.send_fast(sender, meters, load.START_MS, seconds)
    kept: list[tuple[bytes, bytes]] = sender.sent
    return kept


def test_every_reading_is_written_as_our_codec_writes_it() -> None:
    for key, value in sent(3, 5):
        reading = decode(Reading, value)
        assert encode(reading) == value
        assert f"{reading.site}/{reading.meter}".encode() == key


def test_a_counter_is_the_integral_of_its_power() -> None:
    for number in (0, 7, 49):
        watt_seconds = sum(load.power_w(number, second) for second in range(5_000))
        counted = load.count_wh(number, 5_000) - load.count_wh(number, 0)
        assert abs(counted - watt_seconds / 3600) <= 1


def test_its_quarter_hours_are_measured_and_hold_its_energy(tmp_path: Path) -> None:
    plant = load_plant(load.write_plant(tmp_path, 2))
    readings = [decode(Reading, value) for _, value in sent(2, 2_000)]
    rows = [row for row in quarter_hours(plant, readings).rows() if row.end_utc.timestamp() * 1000 <= load.START_MS + 1_800_000]
    assert len(rows) == 4
    assert {(str(row.quality), row.coverage, row.revision) for row in rows} == {("measured", 1.0, 1)}
    expected = load.count_wh(0, 900) - load.count_wh(0, 0)
    assert next(row.energy_uwh for row in rows if row.meter == "main") == expected * 1_000_000
