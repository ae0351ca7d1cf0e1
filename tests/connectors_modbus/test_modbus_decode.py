"""Bytes of registers become values. The bytes here are written by hand, so that encoder and decoder cannot be wrong alike."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.modbus.config import ModbusDevice
from connectors.modbus.decode import Value, decode, decode_block, value_of
from connectors.modbus.plan import plan
from connectors.modbus.profile import Point, Profile, all_profiles, load_profile
from domain.toml_files import load_toml

CASES = Path(__file__).parents[1] / "cases" / "modbus"


def point(type_: str, **more: object) -> Point:
    return Point.model_validate(
        {"name": "x", "function": 3, "address": 0, "type": type_, "unit": "W", "kind": "gauge", "source": "hand", **more}
    )


@pytest.mark.parametrize(
    ("type_", "order", "raw", "number"),
    [
        ("f32", "ABCD", "4348 0000", 200.0),
        ("f32", "CDAB", "0000 4348", 200.0),
        ("f32", "ABCD", "C348 0000", -200.0),
        ("f32", "ABCD", "8000 0000", -0.0),
        ("f64", "ABCD", "4202 A05F 2000 0000", 1e10),  # 1.1641532182693481 * 2**33
        ("f64", "CDAB", "0000 2000 A05F 4202", 1e10),
        ("u16", "ABCD", "1388", 5000),
        ("i16", "ABCD", "FC18", -1000),
        ("u32", "ABCD", "0001 86A0", 100_000),
        ("u32", "CDAB", "86A0 0001", 100_000),
        ("i32", "ABCD", "FFFE 7960", -100_000),
        ("u64", "ABCD", "0000 0002 540B E400", 10_000_000_000),
        ("i64", "ABCD", "FFFF FFFD ABF4 1C00", -10_000_000_000),
        ("i64", "ABCD", "0000 0000 0012 D687", 1_234_567),
        ("i64", "CDAB", "D687 0012 0000 0000", 1_234_567),
    ],
)
def test_hand_made_words_become_their_number(type_: str, order: str, raw: str, number: float) -> None:
    assert decode(point(type_), bytes.fromhex(raw), order) == Value(number)  # type: ignore[arg-type]


def test_words_read_in_the_wrong_order_give_a_number_that_no_voltage_can_be() -> None:
    swapped = decode(point("f32", unit="V"), bytes.fromhex("0000 4348"), "ABCD")
    assert swapped.number == pytest.approx(2.4e-41, rel=0.02)


@pytest.mark.parametrize("raw", ["7FC0 0000", "FFFF FFFF", "7F80 0000", "FF80 0000"])
def test_not_a_number_and_infinity_are_no_values(raw: str) -> None:
    value = decode(point("f32"), bytes.fromhex(raw), "ABCD")
    assert value.number is None
    assert value.why_none is not None
    assert "is no number" in value.why_none


def test_all_ones_of_an_abb_are_no_value_and_no_reading_of_21_megawatts() -> None:
    profile = load_profile("abb_b23")
    power = profile.point("active_power_total")
    found = decode(power, bytes.fromhex("7FFF FFFF"), "ABCD", profile.patterns_of(power))
    assert found == Value(None, "the device's pattern for no value, 0x7FFFFFFF")
    energy = profile.point("active_energy_import")
    assert decode(energy, b"\xff" * 8, "ABCD", profile.patterns_of(energy)).number is None


def test_a_scaled_integer_is_rounded_once() -> None:
    energy = load_profile("abb_b23").point("active_energy_import")
    assert decode(energy, (12_345).to_bytes(8, "big"), "ABCD") == Value(123.45)


def test_a_counter_that_counts_one_way_is_never_below_zero() -> None:
    energy = load_profile("schneider_iem3000").point("active_energy_import")
    value = decode(energy, b"\xff" * 8, "ABCD")
    assert value == Value(None, "-1 Wh in a counter that counts one way")


def test_a_short_answer_gives_a_reason_and_no_value() -> None:
    assert decode(point("f32"), b"\x43\x48", "ABCD") == Value(None, "2 bytes where a f32 has 4")


def test_the_import_of_a_pac_is_what_both_tariffs_counted() -> None:
    profile = load_profile("siemens_pac3200")
    (block,) = plan(profile, ["active_energy_import"])
    raw = bytes.fromhex("40C3 8800 0000 0000" + "4059 0000 0000 0000")  # 10000.0 and 100.0
    values = decode_block(profile, block.points, block.address, raw)
    assert value_of(profile, "active_energy_import", values) == Value(10_100.0)
    broken = values | {"active_energy_import_t2": Value(None, "nan is no number")}
    assert value_of(profile, "active_energy_import", broken) == Value(None, "active_energy_import_t2: nan is no number")


@given(st.sampled_from([(p, q) for p in all_profiles() for q in p.points]), st.binary(max_size=10))
def test_any_bytes_give_a_finite_value_or_a_reason(which: tuple[Profile, Point], raw: bytes) -> None:
    profile, requests = which
    value = decode(requests, raw, profile.order_of(requests), profile.patterns_of(requests))
    assert (value.number is None) == (value.why_none is not None)
    assert value.number is None or math.isfinite(value.number)


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda path: path.name)
def test_case(case: Path) -> None:
    """``config.toml`` a device, ``input.hex`` a line a block ("FUNCTION ADDRESS: words"), ``expected.jsonl`` a line a channel."""
    device = load_toml(case / "config.toml", ModbusDevice)
    profile = device.load_profile()
    blocks = plan(profile, device.channels.values())
    lines = [line.split("#")[0] for line in (case / "input.hex").read_text().splitlines()]
    answers = {head.strip(): bytes.fromhex(words) for head, _, words in (line.partition(":") for line in lines if line.strip())}
    assert sorted(answers) == sorted(f"{block.function} {block.address}" for block in blocks)
    values: dict[str, Value] = {}
    for block in blocks:
        values |= decode_block(profile, block.points, block.address, answers[f"{block.function} {block.address}"])
    expected = [json.loads(line) for line in (case / "expected.jsonl").read_text().splitlines()]
    found = []
    for channel, source in device.channels.items():
        value = value_of(profile, source, values)
        unit = profile.parts(source)[0].unit
        found.append({"channel": channel, "value": value.number, "unit": unit, "why_none": value.why_none})
    assert found == expected
