"""Device files against the plant file: every fault at once, with its place."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner
from gateway_helpers import PLANT, write_plant

from connectors.gateway.fleet import load_fleet
from connectors.modbus.plan import Block, plan
from connectors.modbus.plausible import doubts_of
from connectors.modbus.profile import load_profile
from domain.errors import InputFaults
from lastgang.commands.check_config import command
from simulation import demo_plant


def faults(folder: Path) -> str:
    with pytest.raises(InputFaults) as reported:
        load_fleet(folder)
    return str(reported.value)


def test_the_demo_plant_has_no_fault(tmp_path: Path) -> None:
    fleet = load_fleet(demo_plant.write(tmp_path).parent)
    assert len(fleet.units()) == 24


def test_units_are_converted_from_the_profiles_to_the_plant_files(tmp_path: Path) -> None:
    (unit,) = load_fleet(write_plant(tmp_path)).modbus
    power, energy = unit.channels
    assert (str(power.by), power.unit, energy.by, energy.unit) == ("0.001", "kW", 1, "Wh")


@pytest.mark.parametrize(
    ("found", "instead", "words"),
    [
        ('meter = "main"', 'meter = "mian"', "main-meter.toml:4: device.meter: found 'mian'; expected one of the plant's meters ['main']"),
        ("janitza_umg96rm", "janitza", "main-meter.toml:9: device.profile: found 'janitza'; expected one of ['abb_b23'"),
        ('power = "active_power_total"', 'power = "active_power"', "main-meter.toml:13: channels.power: found 'active_power'; expected a point of"),
        ('power = "active_power_total"', 'power = "voltage_l1_n"', "found 'voltage_l1_n in V'; expected a point that measures active power (kW in the plant file)"),
        ('energy_import = "act', 'energy_imprt = "act', "plant.toml:17: meter[0].register[1].channel: found 'energy_import'; expected a device of main"),
        ("janitza_umg96rm", "siemens_pac3200", "active_energy_import is f64, the register float32"),
        ("poll_s = 5", "poll_s = 60", "main-meter.toml:10: device.poll_s: found 60.0; expected at most every 5 s"),
        ("modbus-tcp", "modbus-rtu", "device.protocol: found 'modbus-rtu'; expected 'modbus-tcp' or 'opcua'"),
        ("unit_id = 1", "unitid = 1", "main-meter.toml:8: device.unitid"),
        ("[channels]", '[channels]\ngap = "frequency"', "main-meter.toml:13: channels.gap: found 'gap'; expected another name: on clock, connection, gap, heartbeat"),
        ("poll_s = 5", "poll_s = 5\nstalled_after_s = 0", "main-meter.toml:11: device.stalled_after_s"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_file_line_what_was_found_and_what_is_expected(
    tmp_path: Path, found: str, instead: str, words: str
) -> None:
    assert words in faults(write_plant(tmp_path, **{found: instead}))


def test_all_faults_come_at_once_and_the_exit_code_is_2(tmp_path: Path) -> None:
    folder = write_plant(tmp_path, **{"poll_s = 5": "poll_s = 60"})
    second = (folder / "devices" / "main-meter.toml").read_text().replace("poll_s = 60", "poll_s = 0")
    (folder / "devices" / "other.toml").write_text(second)
    reported = faults(folder)
    assert "main-meter.toml:10: device.poll_s" in reported
    assert "other.toml:10: device.poll_s" in reported
    result = CliRunner().invoke(command, [str(folder)])
    assert isinstance(result.exception, InputFaults)


def test_two_devices_do_not_read_the_same_register(tmp_path: Path) -> None:
    folder = write_plant(tmp_path)
    second = (folder / "devices" / "main-meter.toml").read_text().replace('id = "main-meter"', 'id = "other"')
    (folder / "devices" / "other.toml").write_text(second)
    assert (
        "other.toml:13: channels.power: found 'active_power_total'; expected one device for main.power; main-meter reads it"
        in faults(folder)
    )


def test_two_devices_do_not_publish_the_same_state_either(tmp_path: Path) -> None:
    folder = write_plant(tmp_path, **{"[channels]": '[channels]\nvoltage = "voltage_l1_n"'})
    second = (folder / "devices" / "main-meter.toml").read_text().replace('id = "main-meter"', 'id = "other"')
    (folder / "devices" / "other.toml").write_text(second[: second.index("power =")])
    assert "other.toml:13: channels.voltage: found 'voltage_l1_n'; expected one device for main.voltage" in faults(folder)


def test_two_files_with_one_id_are_a_fault_that_names_both(tmp_path: Path) -> None:
    folder = write_plant(tmp_path)
    (folder / "devices" / "other.toml").write_text((folder / "devices" / "main-meter.toml").read_text())
    assert "other.toml:3: device.id: found 'main-meter'; expected an id that main-meter.toml does not have" in faults(folder)


def test_a_pipe_and_an_endless_file_among_the_devices_are_faults_beside_the_others(tmp_path: Path) -> None:
    folder = write_plant(tmp_path, **{"poll_s = 5": "poll_s = 60"})
    os.mkfifo(folder / "devices" / "a-pipe.toml")
    (folder / "devices" / "endless.toml").symlink_to("/dev/zero")
    (folder / "devices" / "folder.toml").mkdir()
    reported = faults(folder)
    for name in ("a-pipe", "endless", "folder"):
        assert f"{name}.toml: file: found a" in reported
    assert "main-meter.toml:10: device.poll_s" in reported


def notes(folder: Path) -> str:
    """The notes on a plant without faults, which ends well."""
    result = CliRunner().invoke(command, [str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def with_hall(folder: Path, device: str | None) -> Path:
    """A plant with a second meter, read by `device`, a copy of the first meter's file with some words replaced, or by none."""
    write_plant(folder)
    (folder / "plant.toml").write_text(PLANT + PLANT[PLANT.index("[[meter]]") :].replace('id = "main"', 'id = "hall"'))
    text = (folder / "devices" / "main-meter.toml").read_text()
    if device is not None:
        text = text.replace('id = "main-meter"', 'id = "hall-meter"').replace('meter = "main"', 'meter = "hall"')
        (folder / "devices" / "hall.toml").write_text(text.replace("unit_id = 1", device))
    return folder


def test_the_buffer_is_reported_in_megabytes_for_every_plant(tmp_path: Path) -> None:
    assert "buffer: 7 days without a broker are up to 390,600 readings, 115 MB on the gateway's disk (0.517 readings/s)\n" in notes(
        write_plant(tmp_path)
    )


def test_a_disk_without_the_room_is_a_note_with_the_days_that_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.gateway.notes.free_bytes", lambda buffer: 40_000_000)
    reported = notes(write_plant(tmp_path))
    assert "note: the buffer may take 115 MB, and " in reported
    assert " has 40 MB free: without a broker readings are kept for 2.4 days" in reported


def test_a_meter_that_nobody_reads_is_a_note(tmp_path: Path) -> None:
    assert "note: meter hall: no device reads it; its quarter hours come from imports only\n" in notes(with_hall(tmp_path, None))
    assert "note: meter" not in notes(with_hall(tmp_path / "b", "unit_id = 2"))


def test_a_plant_of_which_nobody_knows_the_grid_connection_is_reported_what_it_will_not_have(tmp_path: Path) -> None:
    assert "note: no meter is the grid connection (without a parent: main, hall): there will be no running" in notes(
        with_hall(tmp_path, "unit_id = 2")
    )
    folder = write_plant(tmp_path / "b")
    assert "there will be no running" not in notes(folder)
    (folder / "plant.toml").write_text(
        PLANT.replace("energy_import", "energy").replace('"power"', '"load"').replace('unit = "kW"', 'unit = "kvar"')
    )
    text = (folder / "devices" / "main-meter.toml").read_text().replace("energy_import = ", "energy = ")
    (folder / "devices" / "main-meter.toml").write_text(
        text.replace('power = "active_power_total"', 'load = "reactive_power_total"')
    )
    assert "note: meter main: neither a counter energy_import nor a power: there will be no running quarter hour\n" in notes(folder)


def test_a_device_file_that_was_copied_and_not_changed_is_a_note(tmp_path: Path) -> None:
    text = "note: hall.energy_import and main.energy_import are the same counter, active_energy_import at 127.0.0.1:5020 unit 1"
    assert text in notes(with_hall(tmp_path, "unit_id = 1"))
    assert "same counter" not in notes(with_hall(tmp_path / "b", "unit_id = 2"))


def test_answers_slower_than_the_poll_are_a_note(tmp_path: Path) -> None:
    reported = notes(write_plant(tmp_path, **{"poll_s = 5": "poll_s = 5\ntimeout_s = 6"}))
    assert "note: main-meter.toml: it is read every 5 s, and one answer may take timeout_s = 6 s" in reported


def test_faults_of_the_stacks_file_come_with_the_others(tmp_path: Path) -> None:
    folder = write_plant(tmp_path, **{"poll_s = 5": "poll_s = 60"})
    (folder / "stack.toml").write_text("[kafka]\nprot = 9092\n")
    result = CliRunner().invoke(command, [str(folder)])
    assert isinstance(result.exception, InputFaults)
    assert "stack.toml:2: kafka.prot" in str(result.exception)
    assert "main-meter.toml:10: device.poll_s" in str(result.exception)


def test_a_sound_plant_is_shown_as_a_table(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(write_plant(tmp_path))])
    assert result.exit_code == 0
    assert "janitza_umg96rm active_energy_import" in result.output
    assert result.output.endswith("1 devices, 2 channels, 1 meters: no fault found\n")


def fleet_of(
    profile_name: str, order: str, voltage: float = 230.0, phases: tuple[float, float, float] = (1e3, 1e3, 1e3)
) -> list[str]:
    """Doubts about a device of which the plan's registers hold plausible values in `order`."""
    profile = load_profile(profile_name)
    numbers = {
        **{f"voltage_l{n}_n": voltage for n in (1, 2, 3)},
        **{f"active_power_l{n}": phases[n - 1] for n in (1, 2, 3)},
        "frequency": 50.0,
        "active_power_total": 3e3,
    }
    raw: dict[int, tuple[Block, bytes]] = {}
    for number, block in enumerate(plan(profile, numbers)):
        words = bytearray(2 * block.count)
        for point in block.points:
            packed = struct.pack(">f", numbers[point.name])
            if order == "CDAB":
                packed = packed[2:] + packed[:2]
            start = 2 * (point.address - block.address)
            words[start : start + 4] = packed
        raw[number] = (block, bytes(words))
    return doubts_of(profile, raw, {"power": "active_power_total"})


def test_a_plausible_device_leaves_no_doubt() -> None:
    assert fleet_of("janitza_umg96rm", "ABCD") == []
    assert fleet_of("phoenix_eem", "CDAB") == []


def test_the_voltage_finds_the_wrong_word_order_and_names_the_setting() -> None:
    (doubt, *_) = fleet_of("janitza_umg96rm", "CDAB")
    assert 'with word_order = "CDAB" in [device] voltage and frequency are plausible' in doubt


def test_a_voltage_that_fits_in_no_order_doubts_the_profile() -> None:
    assert "in neither word order; is the profile janitza_umg96rm right?" in fleet_of("janitza_umg96rm", "ABCD", voltage=400.0)[0]


def test_a_current_transformer_that_is_turned_round_is_found_by_the_sum() -> None:
    (doubt,) = fleet_of("janitza_umg96rm", "ABCD", phases=(1e3, 1e3, -1e3))
    assert "a current transformer is turned round" in doubt


def test_connect_says_which_device_does_not_answer(tmp_path: Path) -> None:
    from deploy.ports import free_port

    result = CliRunner().invoke(command, [str(write_plant(tmp_path, free_port())), "--connect"])
    assert result.exit_code == 1
    assert "main-meter  all channels  -      -     -    NOTHING CAME: 127.0.0.1:" in result.output
    assert "no connection; is the device or its gateway on" in result.output
