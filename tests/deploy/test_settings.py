"""Settings of a plant's stack: what faults look like, and that the sample shows every one of them."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from deploy import ports
from deploy.settings import StackSettings, load_settings
from domain.errors import InputFaults
from domain.toml_files import load_toml

SAMPLE = Path(__file__).parents[2] / "deploy" / "sample.toml"


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == StackSettings()
    assert StackSettings().home_of(tmp_path) == tmp_path / ".lastgang"


def test_every_fault_of_the_file_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text('[kafka]\nport = 70000\nheap_gb = 1\n[flink]\nstate_backend = "memory"\n')
    with pytest.raises(InputFaults) as raised:
        load_settings(tmp_path, {})
    settings = str(raised.value)
    assert re.search(r"stack\.toml:2: kafka\.port: found 70000; expected .*less than or equal to 65535", settings)
    assert re.search(r"stack\.toml:3: kafka\.heap_gb: found 1; expected no such key", settings)
    assert re.search(r"stack\.toml:5: flink\.state_backend: found 'memory'; expected .*'hashmap' or 'rocksdb'", settings)


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("[kafka]\nport = 1\nheap_mb = 200\n")
    settings = load_settings(tmp_path, {"LASTGANG_KAFKA_PORT": "0", "LASTGANG_HOME": "elsewhere", "LASTGANG_CLOCK": "not ours"})
    assert (settings.kafka.port, settings.kafka.heap_mb) == (0, 200)
    assert settings.home_of(tmp_path) == tmp_path / "elsewhere"


def test_a_misspelt_variable_is_a_fault_and_a_secret_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match=r"environment: LASTGANG_KAFKA_PROT: found '1'; expected no such setting"):
        load_settings(tmp_path, {"LASTGANG_KAFKA_PROT": "1"})
    assert load_settings(tmp_path, {"LASTGANG_CONSOLE_TOKEN": "secret"}) == StackSettings()


def test_a_home_with_a_space_is_refused_because_flink_cannot_bear_it(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="a path without spaces"):
        load_settings(tmp_path / "my plant", {})


def test_the_sample_loads_and_shows_every_setting_at_its_default(tmp_path: Path) -> None:
    uncommented = re.sub(r"^# ", "", SAMPLE.read_text(), flags=re.MULTILINE)
    file = tmp_path / "stack.toml"
    file.write_text(uncommented)
    shown = load_toml(file, StackSettings)
    assert shown.influx is not None and shown.mail is not None
    assert [report.name for report in shown.scheduled] == ["month"]
    others = {"influx": None, "mail": None, "scheduled": (), "home": None, "reports": None}
    assert shown.model_copy(update=others) == StackSettings()
    assert shown.home_of(tmp_path) == StackSettings().home_of(tmp_path)
    assert shown.reports_of(tmp_path) == StackSettings().reports_of(tmp_path)
    names = [field.alias or name for name, field in StackSettings.model_fields.items()]
    assert all(re.search(rf"^(# |# \[+|\[){name}\b", SAMPLE.read_text(), re.MULTILINE) for name in names)
    for section in ("kafka", "flink", "console", "planner"):
        fields = type(getattr(shown, section)).model_fields
        assert all(re.search(rf"^# {name} = ", SAMPLE.read_text(), re.MULTILINE) for name in fields), section


def test_every_taken_port_is_reported_with_its_owner_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        taken = {"kafka.port": first.getsockname()[1], "console.port": second.getsockname()[1], "flink.rest_port": 0}
        with pytest.raises(InputFaults) as raised:
            ports.assign_ports(taken, "stack.toml")
    settings = str(raised.value).splitlines()
    assert len(settings) == 2
    assert f"kafka.port: found port {taken['kafka.port']} taken by process" in settings[0]
    assert "(python" in settings[0]


def test_zero_becomes_a_free_port_and_no_two_are_the_same() -> None:
    chosen = ports.assign_ports(dict.fromkeys("abcdefgh", 0), "stack.toml")
    assert len(set(chosen.values())) == len(chosen)
    assert all(ports.is_free(port) for port in chosen.values())
