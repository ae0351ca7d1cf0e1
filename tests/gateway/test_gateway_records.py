"""Whatever a device says, the gateway sends a record that every reader of the topic takes."""

from __future__ import annotations

from pathlib import Path

from gateway_helpers import TestBroker, write_plant
from hypothesis import given
from hypothesis import strategies as st

from connectors.devices import LiveValue
from connectors.gateway.buffer import Buffer
from connectors.gateway.fleet import load_fleet
from connectors.gateway.outbox import Outbox
from connectors.gateway.pace import Pace
from connectors.gateway.process import Gateway, GatewaySettings, as_record
from connectors.kafka.client import KafkaSettings
from domain.clock import SystemClock
from domain.codec import decode, encode
from domain.readings import Reading, ReadingQuality

ANYTHING = st.one_of(st.none(), st.integers(-(2**70), 2**70), st.floats(-1e299, 1e299))


@given(ANYTHING, st.one_of(st.none(), st.text(st.characters(), max_size=3_000)))
def test_any_value_and_any_text_is_a_record(value: float | int | None, text: str | None) -> None:
    sent = as_record(Reading("werk", "main", "state", 1, 2, value, text=text))
    assert decode(Reading, encode(sent)) == sent
    if isinstance(value, int) and abs(value) > 2**63:
        assert (sent.value, sent.quality) == (None, ReadingQuality.BAD)
    else:
        assert sent.value == value


def test_a_text_that_cannot_be_written_stops_no_other_reading(tmp_path: Path) -> None:
    broker = TestBroker()
    fleet = load_fleet(write_plant(tmp_path / "plant"))
    outbox = Outbox(Buffer(tmp_path / "b.db"), broker.connect, Pace(gather_s=0.001))
    gateway = Gateway(fleet, GatewaySettings("gateway-1", tmp_path / "b.db", KafkaSettings()), SystemClock(), outbox)
    outbox.start()
    (channel, _) = fleet.modbus[0].channels
    for number, text in enumerate([None, "lone \ud800 half, and 電", "x" * 1_000_000, "\x0b", None]):
        gateway.emit(LiveValue(channel, 1_000 * number, 1_000 * number, float(number), text=text))
    assert outbox.wait_until_empty(20)
    outbox.stop(0.0)
    readings = [decode(Reading, value) for value in broker.topic]
    assert [reading.value for reading in readings] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [len(reading.text or "") for reading in readings] == [0, 18, 2_000, 1, 0]
    assert readings[1].text == "lone \N{REPLACEMENT CHARACTER} half, and 電"
