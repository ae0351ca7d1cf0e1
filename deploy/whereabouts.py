"""Where a plant's broker, page and files are, for every command that is not given them.

In this order: what the command's own option says, the environment, the running stack (its state file: the only place that knows a port
that was picked), the settings file, the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from connectors.kafka.client import BrokerUnavailable, KafkaSettings
from deploy.parts import LEDGER
from deploy.settings import FILE_NAME, InfluxSection, StackSettings, load_settings
from deploy.state_file import StackState, read_state
from domain.errors import Fault, InputFaults
from domain.toml_files import read_toml


class Whereabouts:
    """The addresses of one plant.

    Parameters
    ----------
    plant_dir
        Folder with ``plant.toml``, and ``stack.toml`` where there is one.
    environment
        Default: that of this process.

    Raises
    ------
    InputFaults
        If settings file or environment are at fault.
    """

    def __init__(self, plant_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self.plant_dir = plant_dir.resolve()
        self.settings: StackSettings = load_settings(self.plant_dir, self._environment)
        self.home = self.settings.home_of(self.plant_dir)
        state = read_state(self.home)
        self.running: StackState | None = state if state is not None and (state.is_supervised() or state.has_broker()) else None

    @property
    def ledger(self) -> Path:
        """The file of the stack's historian."""
        return self.home / LEDGER

    def kafka(self, address: str | None = None, namespace: str | None = None) -> KafkaSettings:
        """Broker and namespace; the settings say where the address comes from, for the message where nobody answers there.

        Parameters
        ----------
        address, namespace
            What the command's options say; None where they were not given.

        Raises
        ------
        BrokerUnavailable
            If the port is picked at every start, and no stack runs.
        """
        if address is not None:
            found, source = address, "--kafka"
        else:
            port, source = self._port("kafka.port")
            found = f"127.0.0.1:{port}"
        return KafkaSettings(found, self._namespace() if namespace is None else namespace, source)

    def page(self) -> str:
        """Address of the web page."""
        if self.running is not None and "LASTGANG_CONSOLE_PORT" not in self._environment:
            return self.running.page
        return self.settings.console.url(self._port("console.port")[0])

    def influx(self, url: str | None = None, org: str | None = None, bucket: str | None = None) -> InfluxSection:
        """The InfluxDB that the topics are copied to.

        Raises
        ------
        InputFaults
            If neither options nor ``[influx]`` in the settings say which.
        """
        set_ = self.settings.influx
        found = {
            "url": url or (set_ and set_.url) or "http://127.0.0.1:8086",
            "org": org or (set_ and set_.org),
            "bucket": bucket or (set_ and set_.bucket),
        }
        missing = [name for name, value in found.items() if not value]
        if missing:
            expected = "an option of the command, or the key in [influx]"
            raise InputFaults(
                [Fault(str(self.plant_dir / FILE_NAME), None, f"influx.{name}", "nothing", expected) for name in missing]
            )
        return InfluxSection.model_validate(found)

    def _namespace(self) -> str:
        if self.running is not None and "LASTGANG_NAMESPACE" not in self._environment:
            return self.running.namespace
        return self.settings.namespace

    def _port(self, setting: str) -> tuple[int, str]:
        """A port and where it comes from; a setting of 0 names none."""
        variable = "LASTGANG_" + setting.replace(".", "_").upper()
        port = self.settings.ports()[setting]
        if port and variable in self._environment:
            return port, f"the environment ({variable})"
        if self.running is not None and setting in self.running.ports:
            return self.running.ports[setting], f"the running stack of {self.plant_dir}"
        none_runs = f"no stack of {self.plant_dir} runs; `lastgang up --plant {self.plant_dir}` starts one"
        if not port:
            msg = f"{none_runs} ({setting} is 0: a port is picked at every start)"
            raise BrokerUnavailable(msg)
        place = f"{self.plant_dir / FILE_NAME}" if self._is_in_file(setting) else "the default"
        return port, f"{place}; {none_runs}"

    def _is_in_file(self, setting: str) -> bool:
        section, key = setting.split(".")
        file = self.plant_dir / FILE_NAME
        return file.exists() and key in read_toml(file)[1].get(section, {})
