"""Every command finds a plant's broker and page by itself: option, environment, running stack, settings file, default, in this order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.kafka.client import BrokerUnavailable, KafkaSettings, ensure_topics
from deploy.ports import free_port
from deploy.processes import ProcessId
from deploy.state_file import PartState, ProcessState, StackState, write_state
from deploy.whereabouts import Whereabouts
from domain.errors import InputFaults

GONE = ProcessState(pid=1, birth="another boot/1")


def runs(plant_dir: Path, supervisor: ProcessState | None = None, broker: ProcessState | None = None) -> None:
    """A state file of a stack at ports that were picked; by default this process is its supervisor."""
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    home = plant_dir / ".lastgang"
    home.mkdir(exist_ok=True)
    state = StackState(
        phase="ready",
        supervisor=supervisor or ProcessState.of(myself),
        plant=str(plant_dir),
        ports={"kafka.port": 21_111, "console.port": 21_112},
        namespace="werk.",
        page="http://localhost:21112/",
        parts=() if broker is None else (PartState(name="kafka", state="running", process=broker),),
    )
    write_state(home, state)


def test_an_option_stands_over_everything(tmp_path: Path) -> None:
    runs(tmp_path)
    found = Whereabouts(tmp_path, {"LASTGANG_KAFKA_PORT": "5"}).kafka("broker:1", "mine.")
    assert found == KafkaSettings("broker:1", "mine.", "--kafka")


def test_an_empty_namespace_can_be_given_too(tmp_path: Path) -> None:
    runs(tmp_path)
    assert Whereabouts(tmp_path, {}).kafka(None, "").namespace == ""
    assert Whereabouts(tmp_path, {}).kafka().namespace == "werk."


def test_the_environment_stands_over_the_running_stack(tmp_path: Path) -> None:
    runs(tmp_path)
    places = Whereabouts(tmp_path, {"LASTGANG_KAFKA_PORT": "5", "LASTGANG_NAMESPACE": "x.", "LASTGANG_CONSOLE_PORT": "6"})
    assert places.kafka() == KafkaSettings("127.0.0.1:5", "x.", "the environment (LASTGANG_KAFKA_PORT)")
    assert places.page() == "http://localhost:6/"


def test_the_running_stack_stands_over_the_settings_file_and_knows_the_port_that_was_picked(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("[kafka]\nport = 0\n[console]\nport = 7\n")
    runs(tmp_path)
    for environment in ({}, {"LASTGANG_KAFKA_PORT": "0"}):
        places = Whereabouts(tmp_path, environment)
        assert places.kafka() == KafkaSettings("127.0.0.1:21111", "werk.", f"the running stack of {tmp_path}")
        assert places.page() == "http://localhost:21112/"


def test_a_broker_that_was_left_without_its_supervisor_is_found_too(tmp_path: Path) -> None:
    myself = ProcessId.of(os.getpid())
    assert myself is not None
    runs(tmp_path, supervisor=GONE, broker=ProcessState.of(myself))
    assert Whereabouts(tmp_path, {}).kafka().bootstrap == "127.0.0.1:21111"


def test_a_stack_that_has_ended_is_not_queried(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("[kafka]\nport = 4711\n")
    runs(tmp_path, supervisor=GONE, broker=GONE)
    found = Whereabouts(tmp_path, {}).kafka()
    assert found.bootstrap == "127.0.0.1:4711"
    assert found.source.startswith(f"{tmp_path / 'stack.toml'}; no stack of {tmp_path} runs")


def test_without_anything_it_is_the_default(tmp_path: Path) -> None:
    found = Whereabouts(tmp_path, {}).kafka()
    assert (found.bootstrap, found.namespace) == ("127.0.0.1:9092", "")
    assert found.source == f"the default; no stack of {tmp_path} runs; `lastgang up --plant {tmp_path}` starts one"


def test_a_port_that_is_picked_at_every_start_cannot_be_known_while_no_stack_runs(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("[kafka]\nport = 0\n")
    with pytest.raises(BrokerUnavailable, match=r"no stack of .* runs; `lastgang up .* \(kafka\.port is 0: a port is picked"):
        Whereabouts(tmp_path, {}).kafka()


def test_where_nobody_answers_the_error_names_where_the_address_comes_from(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "stack.toml").write_text(f"[kafka]\nport = {port}\n")
    with pytest.raises(BrokerUnavailable) as raised:
        ensure_topics(Whereabouts(tmp_path, {}).kafka())
    output = str(raised.value)
    assert output.startswith(f"no Kafka broker answers at 127.0.0.1:{port} (Connection refused)")
    assert f"[address from {tmp_path / 'stack.toml'}; no stack of {tmp_path} runs" in output
    assert "\n" not in output


def test_the_influxdb_is_that_of_the_settings_unless_options_say_another(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text('[influx]\nurl = "http://db:8086"\norg = "werk"\nbucket = "energy"\n')
    places = Whereabouts(tmp_path, {})
    assert places.influx() == places.settings.influx
    assert places.influx(bucket="other").bucket == "other"


def test_what_is_not_known_of_the_influxdb_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match=r"influx\.org: found nothing; expected an option.*\n.*influx\.bucket: found nothing"):
        Whereabouts(tmp_path, {}).influx()
