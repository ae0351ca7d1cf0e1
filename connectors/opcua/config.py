"""An OPC UA device's file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from pydantic import Field, field_validator, model_validator

from connectors.channels import UNITS
from connectors.devices import STALLED_AFTER_S
from connectors.gaps import HistoryOrder
from domain.toml_files import Identifier, Settings


def _is_guid(text: str) -> bool:
    return re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text) is not None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,10}", text) is not None and int(text) < 2**32


def _is_base64(text: str) -> bool:
    return re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) is not None


def _is_name(text: str) -> bool:
    return text.isprintable()


_IDENTIFIERS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "s=": ("a name", _is_name),
    "i=": ("a number of at most 32 bits", _is_number),
    "g=": ("a GUID such as 72962b91-fa75-4ae6-8d28-b404dc7daf63", _is_guid),
    "b=": ("base64", _is_base64),
}


class OpcUaHead(Settings):
    """Where the server is, how it is trusted, and how often it samples."""

    id: Identifier
    """Id of the device in logs and connection messages."""
    meter: Identifier
    """The meter of the plant file that it belongs to."""
    protocol: Literal["opcua"]
    """How it is reached."""
    endpoint: str = Field(pattern=r"^opc\.tcp://\S+$")
    """Address of the server."""
    namespace_uri: str = Field(min_length=1)
    """Whose node ids the channels name; its index is looked up at each session, because it may change when the server restarts."""
    security: Literal["none", "basic256sha256"]
    """Whether messages are signed and encrypted. Stated, never guessed: with ``basic256sha256`` there is no way back to an open connection."""
    sampling_ms: float = Field(default=1000.0, gt=0)
    """How often the server is to sample a value [ms of the plant's time]; it may answer with a longer interval, which is logged."""
    queue_size: int = Field(default=20, ge=2)
    """Values that the server keeps between two publishings; with 1 it would overwrite them unseen."""
    max_silence_s: float = Field(default=60.0, gt=0)
    """After this much plant time without news of a register it is read: a constant value may still be alive."""
    timeout_s: float = Field(default=4.0, gt=0)
    """How long an answer may take on the wall clock."""
    stalled_after_s: float = Field(default=STALLED_AFTER_S, gt=0)
    """How long a server that is connected may give neither a value nor a keep-alive until it is reported as stalled [s of the wall clock]."""
    history: HistoryOrder = "oldest_first"
    """Whether the server's history is read for what was missed, and from which end of a gap."""
    history_days: float = Field(default=7.0, gt=0, le=3660)
    """How far back it is read [plant days]; of a longer gap the older part stays lost."""
    history_chunk: int = Field(default=500, ge=2, le=100_000)
    """Values a request; the server may give fewer."""
    history_pause_s: float = Field(default=0.2, ge=0)
    """Pause between two requests on the wall clock, so that live values go first."""
    certificate: str = ""
    """Our certificate (DER or PEM), beside the device file; the server must trust it."""
    private_key: str = ""
    """Key of our certificate (PEM), beside the device file."""
    server_certificate: str = ""
    """Certificate that the server must show; any other is refused."""
    user_variable: str = ""
    """Environment variable with the user's name; empty for anonymous."""
    password_variable: str = ""
    """Environment variable with the password; a password never stands in a file."""

    @model_validator(mode="after")
    def _security_is_whole(self) -> OpcUaHead:
        paths = {name: getattr(self, name) for name in ("certificate", "private_key", "server_certificate")}
        if self.security == "basic256sha256" and (absent := [name for name, path in paths.items() if not path]):
            msg = f"with security = 'basic256sha256' also {', '.join(absent)}"
            raise ValueError(msg)
        if self.security == "none" and (present := [name for name, path in paths.items() if path]):
            msg = f"no {', '.join(present)} with security = 'none', or security = 'basic256sha256'"
            raise ValueError(msg)
        if bool(self.user_variable) != bool(self.password_variable):
            msg = "user_variable and password_variable together, or neither"
            raise ValueError(msg)
        if self.security == "none" and self.user_variable:
            msg = "security = 'basic256sha256' where a password is sent"
            raise ValueError(msg)
        return self


class OpcUaDevice(Settings):
    """One machine's variables on an OPC UA server."""

    device: OpcUaHead
    channels: dict[Identifier, str] = Field(min_length=1)
    """Channel = node id within the namespace, such as ``s=Furnace1.Power`` or ``i=1042``."""
    units: dict[Identifier, str] = Field(default_factory=dict)
    """Channel = unit of the variable, where it is not the plant file's."""

    @field_validator("channels")
    @classmethod
    def _are_node_ids(cls, channels: dict[str, str]) -> dict[str, str]:
        if wrong := {
            channel: node for channel, node in channels.items() if node[:2] not in ("s=", "i=", "g=", "b=") or not node[2:]
        }:
            msg = f"node ids such as 's=Furnace1.Power' or 'i=1042' without a namespace index, not {wrong}"
            raise ValueError(msg)
        for channel, node in channels.items():
            rule, holds = _IDENTIFIERS[node[:2]]
            if not holds(node[2:]):
                msg = f"{rule} after {node[:2]!r}, not {node!r} ({channel})"
                raise ValueError(msg)
        return channels

    @model_validator(mode="after")
    def _units_fit(self) -> OpcUaDevice:
        if unknown := sorted(set(self.units) - set(self.channels)):
            msg = f"units of channels of this device, not of {unknown}"
            raise ValueError(msg)
        if wrong := {channel: unit for channel, unit in self.units.items() if unit not in UNITS}:
            msg = f"units among {', '.join(UNITS)}, not {wrong}"
            raise ValueError(msg)
        return self
