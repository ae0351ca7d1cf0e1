"""The register maps that come with Lastgang, and the sample device file."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.modbus import profile as profiles
from connectors.modbus.config import ModbusDevice
from connectors.modbus.profile import Profile, all_profiles, load_profile, profile_names
from domain.errors import InputFaults
from domain.toml_files import load_toml

ROOM = Path(profiles.__file__).parent
EVERY_METER_HAS = {"active_power_total", "active_energy_import", "active_energy_export", "voltage_l1_n", "frequency"}


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_every_fact_has_a_source(name: str) -> None:
    profile = load_profile(name)
    assert profile.profile.id == name
    assert all(point.source for point in profile.points)
    assert set(profile.names()) >= EVERY_METER_HAS


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.profile.id)
def test_no_two_points_of_a_profile_overlap(profile: Profile) -> None:
    spans = sorted((point.function, point.address, point.end) for point in profile.points)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("profile", "point", "function", "address", "type_", "unit"),
    [
        ("janitza_umg96rm", "active_power_total", 3, 0x4A52, "f32", "W"),
        ("janitza_umg96rm", "active_energy_import", 3, 0x4A7C, "f32", "Wh"),
        ("siemens_pac3200", "active_energy_import_t1", 3, 0x0321, "f64", "Wh"),
        ("schneider_iem3000", "active_power_total", 3, 0x0BF3, "f32", "kW"),
        ("schneider_iem3000", "active_energy_import", 3, 0x0C83, "i64", "Wh"),
        ("eastron_sdm630", "active_power_l1", 4, 0x000C, "f32", "W"),
        ("eastron_sdm630", "active_energy_import", 4, 0x0048, "f32", "kWh"),
        ("abb_b23", "active_power_total", 3, 0x5B14, "i32", "W"),
        ("abb_b23", "active_energy_import", 3, 0x5000, "u64", "kWh"),
        ("phoenix_eem", "active_power_total", 3, 0x8016, "f32", "W"),
    ],
)
def test_addresses_are_those_of_the_makers_lists(
    profile: str, point: str, function: int, address: int, type_: str, unit: str
) -> None:
    found = load_profile(profile).point(point)
    assert (found.function, found.address, found.type, found.unit) == (function, address, type_, unit)


def test_a_profile_that_does_not_exist_is_reported_with_those_that_do() -> None:
    with pytest.raises(InputFaults, match=r"found 'umg'; expected one of \['abb_b23', .*'siemens_pac3200'\]"):
        load_profile("umg")


def test_the_sample_shows_a_real_device_and_every_setting() -> None:
    device = load_toml(ROOM / "sample.toml", ModbusDevice)
    assert set(device.channels.values()) <= set(device.load_profile().names())
    text = (ROOM / "sample.toml").read_text(encoding="utf-8")
    reported = set(re.findall(r"^(?:# )?(\w+) = ", text, flags=re.MULTILINE))
    assert set(type(device.device).model_fields) <= reported


def test_options_of_the_sample_stand_at_their_defaults(tmp_path: Path) -> None:
    text = (ROOM / "sample.toml").read_text(encoding="utf-8")
    shown = tmp_path / "shown.toml"
    shown.write_text(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE), encoding="utf-8")
    plain, reported = load_toml(ROOM / "sample.toml", ModbusDevice), load_toml(shown, ModbusDevice)
    # "ABCD" is what the profile says already; there is no word for "as the profile says".
    assert reported.device.model_copy(update={"word_order": None}) == plain.device
