"""What is reported of one server's devices: their state, and what they do not give. Each change once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.channels import RefusedChannel, refused_text
from connectors.devices import CONNECTED, REFUSED, STALLED, Report, ReportRefused
from connectors.opcua.items import Item, SubscribedDevice


def refused_channels(items: Iterable[Item]) -> tuple[RefusedChannel, ...]:
    """What of `items` the server does not give, with its answers."""
    return tuple(RefusedChannel(i.channel.channel, i.channel.source, i.answer) for i in items if i.refused)


def nothing_given(refused: Sequence[RefusedChannel]) -> str:
    """Why a device gives nothing, for people: its one answer, or each channel's."""
    answers = {one.why for one in refused}
    return f"nothing is given: {answers.pop() if len(answers) == 1 else refused_text(refused)}"


class Reports:
    """Compares with what was reported last, which the devices carry."""

    def __init__(self, devices: Sequence[SubscribedDevice], report: Report, report_refused: ReportRefused | None) -> None:
        self._devices, self._report, self._report_refused = devices, report, report_refused

    @property
    def is_stalled(self) -> bool:
        """Whether a device was last reported as stalled."""
        return any(device.state == STALLED for device in self._devices)

    def all(self, state: str, why: str) -> None:
        """All devices are in `state`."""
        for device in self._devices:
            self._state(device, state, why)

    def settle(self, items: Sequence[Item], *, is_alive: bool) -> None:
        """Each device as its `items` are. While no message has come since a stall (`is_alive`), it stays stalled."""
        for device in self._devices:
            own = [item for item in items if item.device is device]
            refused = refused_channels(own)
            self._refused(device, refused)
            if not any(item.is_given for item in own):
                self._state(device, REFUSED, nothing_given(refused))
            elif is_alive or device.state != STALLED:
                self._state(device, CONNECTED, "")

    def _refused(self, device: SubscribedDevice, refused: tuple[RefusedChannel, ...]) -> None:
        if refused != device.refused:
            device.refused = refused
            if self._report_refused is not None:
                self._report_refused(device.head.id, refused)

    def _state(self, device: SubscribedDevice, state: str, why: str) -> None:
        if device.state != state:
            device.state = state
            self._report(device.head.id, state, why)
