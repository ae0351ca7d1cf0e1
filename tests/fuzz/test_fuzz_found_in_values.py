"""What the fuzz found in the values of devices, each as one case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.modbus.decode import decode as decode_registers
from connectors.modbus.profile import Point
from connectors.opcua.decode import DATED_BY_GATEWAY, seen
from domain.codec import decode, encode
from domain.plant import Meter
from domain.readings import Reading, ReadingQuality
from metering.rules import gauge_rules

NOW = datetime(2026, 10, 23, 9, 5, 5, tzinfo=UTC)


def test_a_state_that_a_machine_spells_in_another_encoding_reaches_the_topic() -> None:
    state = seen(b"H\xe4rten".decode("utf-8", "surrogateescape"), 0, NOW, None, 0)
    reading = Reading("s", "furnace-1", "state", state.observed_ms, state.observed_ms, None, state.quality, state.text)
    assert decode(Reading, encode(reading)).text == "H\\xe4rten"


@pytest.mark.parametrize("end_of_time", [datetime(9999, 12, 31, 23, 59, 59), datetime(1601, 1, 1)])  # noqa: DTZ001  as libraries do
def test_the_first_and_the_last_instant_of_opc_ua_are_no_time(end_of_time: datetime) -> None:
    found = seen(5.0, 0, end_of_time, None, 1792746305040)
    assert (found.observed_ms, found.text) == (1792746305040, DATED_BY_GATEWAY)


@pytest.mark.parametrize("number", [1e308, -1e301, float("inf"), float("nan")])
def test_a_number_that_another_unit_would_make_infinite_is_none(number: float) -> None:
    found = seen(number, 0, NOW, None, 0)
    assert (found.value, found.quality) == (None, ReadingQuality.BAD)


def test_a_register_beyond_measure_has_no_value_and_says_why() -> None:
    point = Point(name="p", function=3, address=0, type="f64", unit="W", kind="gauge", source="made up")
    value = decode_registers(point, bytes.fromhex("7FE1CCF385EBC8A0"), "ABCD")
    assert value.number is None
    assert "beyond all numbers" in str(value.why_none)


@pytest.mark.parametrize("value", [1e308, -1e308, 1e300])
def test_a_gauge_that_says_more_than_numbers_can_hold_is_impossible_and_stops_nothing(value: float) -> None:
    meter = Meter.model_validate(
        {
            "id": "m",
            "max_power_kw": 100,
            "register": [{"channel": "power", "kind": "gauge", "unit": "kW", "sampling_s": 60, "resolution": 1}],
        }
    )
    rules = gauge_rules(meter, meter.registers[0])
    assert not -rules.most_uw <= rules.amount(value, 1792746305000) <= rules.most_uw
