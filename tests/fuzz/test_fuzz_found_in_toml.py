"""What the fuzz found in the readers of TOML files, each as one case: a file, and the words that help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fuzz import toml_texts as texts
from billing.tariff import load_tariff
from connectors.gateway.fleet import check_fleet
from connectors.modbus.profile import load_profile
from connectors.opcua.config import OpcUaDevice
from domain.errors import InputFaults
from domain.plant import load_plant
from domain.toml_files import key_lines, load_toml


def refusal(tmp_path: Path, text: str, load: Callable[[Path], object]) -> str:
    (tmp_path / "tariff.toml").write_text(texts.SAMPLE_TARIFF, encoding="utf-8")
    path = tmp_path / "file.toml"
    path.write_bytes(text.encode())
    with pytest.raises(InputFaults) as raised:
        load(path)
    return str(raised.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        (
            "final_reading = 8123.4",
            "final_reading = true",
            "file.toml:45: meter[0].exchange[0].final_reading: found True; expected ",
        ),
        (
            "target_kw = 640.0",
            'target_kw = "640"',
            "file.toml:10: site.target_kw: found '640'; expected Input should be a valid number",
        ),
        (
            "target_kw = 640.0",
            "target_kw = inf",
            "file.toml:10: site.target_kw: found inf; expected Input should be a finite number",
        ),
        ("start_reading = 0.0", "start_reading = nan", "file.toml:47: meter[0].exchange[0].start_reading: found nan; expected "),
        ("late_horizon_days = 35", "late_horizon_days = 35.0", "file.toml:12: site.late_horizon_days: found 35.0; expected "),
        (
            "late_horizon_days = 35",
            f"late_horizon_days = 1{5_000 * '0'}",
            "file.toml: file: found a number with more digits than any",
        ),
        (
            "late_horizon_days = 35",
            f"late_horizon_days = {3_000 * '['}",
            "file.toml: file: found brackets within brackets without end",
        ),
        (
            "at_utc = 2026-03-02T08:15:00Z",
            "at_utc = 1772439300",
            "meter[0].exchange[0].at_utc: found 1772439300; expected an instant",
        ),
        (
            'timezone = "Europe/Berlin"',
            'timezone = "Europe"',
            "file.toml:5: site.timezone: found 'Europe'; expected a name of the IANA",
        ),
        ('file = "tariff.toml"', f'file = "{300 * "x"}"', "file.toml:18: tariff.file: found 'xxx"),
        ('name = "Werk"', 'name = "a"\rtarget_kw = 1', "file.toml:4: file: found no TOML"),
        ('name = "Werk"', f"id{300 * 'x'} = 9", "... (307 characters): found 9; expected no such key"),
    ],
)
def test_a_plant_file_says_what_it_says_or_is_refused(tmp_path: Path, line: str, instead: str, words: str) -> None:
    assert line in texts.PLANT
    found = refusal(tmp_path, texts.PLANT.replace(line, instead, 1), load_plant)
    assert words in found
    assert len(found) < 1_000


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        (
            "vat_percent = 19",
            "vat_percent = 1e999999",
            "file.toml:9: vat_percent: found 1E+999999; expected a number of at least 0",
        ),
        ("vat_percent = 19", "vat_percent = 1e99999999999999999999", "file.toml: file: found a number with more digits than any"),
        ('reset = "month"', "", "demand 'month': reset: found nothing; expected one of month, year, season: the key is required"),
        ("vat_percent = 19", '"" = 19', "file.toml:9: '': found ''; expected no such key; known here: bill,"),
        ('price = "14.00 ct/kWh"', f'price = "{5_000 * "1"} ct/kWh"', "... (5,009 characters); expected a text of number and unit"),
    ],
)
def test_a_tariff_says_what_it_says_or_is_refused(tmp_path: Path, line: str, instead: str, words: str) -> None:
    assert line in texts.TARIFF
    assert words in refusal(tmp_path, texts.TARIFF.replace(line, instead, 1), load_tariff)


@pytest.mark.parametrize("name", ["x" * 300, "../profiles/abb_b23", "abb_b23\0", ""])
def test_a_profile_is_one_of_ours_or_is_refused(name: str) -> None:
    with pytest.raises(InputFaults, match=r"expected one of \['abb_b23', "):
        load_profile(name)


def test_lines_are_found_in_time_whatever_stands_in_them() -> None:
    text = f"a = [\n[{20_000 * ' '}1,\n2]]\n[b.c]  # [d]\nkey = '\u2028'\nlast = 1\n"
    assert key_lines(text)["b", "c", "last"] == 6


@pytest.mark.parametrize("node", ["i=²", "i=99999999999", "i=-1", "g=72962b91", "b=*", "s=a\\nb"])
def test_a_node_id_that_no_session_can_use_is_a_fault_of_its_file(tmp_path: Path, node: str) -> None:
    text = texts.OPCUA.replace('power = "s=Machine.Power"', f'power = "{node}"', 1)
    assert "file.toml:18: channels: found " in refusal(tmp_path, text, lambda path: load_toml(path, OpcUaDevice))


@pytest.mark.parametrize("folder", [300 * "x", "a\\u0000b"])
def test_a_folder_that_cannot_be_is_a_folder_without_devices(tmp_path: Path, folder: str) -> None:
    (tmp_path / "tariff.toml").write_text(texts.SAMPLE_TARIFF, encoding="utf-8")
    path = tmp_path / "plant.toml"
    path.write_text(texts.PLANT.replace('devices = "devices"', f'devices = "{folder}"'), encoding="utf-8")
    _, faults = check_fleet(tmp_path, load_plant(path))
    assert [fault.expected for fault in faults] == ["one file a device"]


def test_a_certificate_whose_name_no_file_can_have_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "devices").mkdir()
    (tmp_path / "tariff.toml").write_text(texts.SAMPLE_TARIFF, encoding="utf-8")
    (tmp_path / "plant.toml").write_text(texts.PLANT, encoding="utf-8")
    device = texts.OPCUA.replace("furnace.der", 300 * "x")
    (tmp_path / "devices" / "furnace.toml").write_text(device, encoding="utf-8")
    _, faults = check_fleet(tmp_path, load_plant(tmp_path / "plant.toml"))
    assert "furnace.toml:10: device.server_certificate: found 'xxx" in str(faults[2])
