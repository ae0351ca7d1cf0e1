"""Whether a server still speaks: since when it is quiet, and whether that is too long. Instants are seconds of the monotonic clock."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.opcua.items import SubscribedDevice
from connectors.opcua.requests import QUIET_KEEP_ALIVES


class Stalled(ConnectionError):
    """The server stands, and for longer than its devices' files allow it gave neither a value nor a keep-alive."""


def stalled_after_s(devices: Iterable[SubscribedDevice], keep_alive_s: float) -> float:
    """How long a server may be quiet: as stated, and no shorter than some keep-alives as it grants them."""
    return max(min(device.head.stalled_after_s for device in devices), QUIET_KEEP_ALIVES * keep_alive_s)


class Liveness:
    """What is known of one server's signs of life."""

    def __init__(self) -> None:
        self._quiet_since_s: float | None = None
        """None while it is not even connected: then it is lost, and not quiet."""
        self._connected_at_s = 0.0
        self.is_alive = False
        """Whether a message came since the last stall."""
        self.trouble = ""
        """What the server answered last instead of what it was asked for."""

    def connected(self, now_s: float) -> None:
        """A session is there."""
        self._connected_at_s = now_s

    def heard(self, now_s: float) -> bool:
        """A message came; whether that ends a stall."""
        was_alive, self.is_alive = self.is_alive, True
        self._quiet_since_s, self.trouble = now_s, ""
        return not was_alive

    def troubled(self, error: Exception) -> None:
        """It answered, or failed, otherwise."""
        self.trouble = described(error)

    def lost(self) -> None:
        """There is no connection: how long it is quiet is counted from the next one."""
        self._quiet_since_s = None

    def quiet_s(self, now_s: float) -> float:
        """How long it has given neither a value nor a keep-alive."""
        if self._quiet_since_s is None:
            self._quiet_since_s = now_s
        return now_s - self._quiet_since_s

    def check(self, endpoint: str, longest_s: float, now_s: float) -> None:
        """Raise `Stalled` if it is quiet for `longest_s`, and connected for as long."""
        quiet_s = self.quiet_s(now_s)
        if min(quiet_s, now_s - self._connected_at_s) >= longest_s:
            answer = f"; its answer: {self.trouble}" if self.trouble else ""
            msg = f"{endpoint}: no value and no keep-alive for {quiet_s:.0f} s{answer}"
            raise Stalled(msg)


def described(error: Exception) -> str:
    """An error for people."""
    return f"{type(error).__name__}: {error}"
