"""What all connectors share: what a connection is, its states, and how a value leaves a connector.

In: values of `connectors.channels`.  Out: `LiveValue`s to whoever takes them, and reports on the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from connectors.channels import Channel, RefusedChannel
from connectors.gaps import HistorySink, Note
from connectors.probe import Probe
from domain.clock import Clock
from domain.readings import Reading, ReadingQuality

Unit = TypeVar("Unit")

CONNECTED, LOST, REFUSED, STALLED = "connected", "lost", "refused", "stalled"
"""What a connection's state may be, as text of the channel ``connection``.

``lost``: nobody can be reached. ``refused``: the device answers, and gives nothing of what its file names. ``stalled``: the connection
stands, and no reading has come for longer than the device's file allows.
"""

STALLED_AFTER_S = 10.0
"""What a device's file allows unless it states otherwise [plant s]."""


@dataclass(frozen=True, slots=True)
class LiveValue:
    """One value of now, in the plant file's unit, as a connector passes it on. Times are milliseconds since 1970."""

    channel: Channel
    observed_ms: int
    received_ms: int
    value: float | int | None
    quality: ReadingQuality = ReadingQuality.GOOD
    text: str | None = None
    """A state's name or a remark on the value."""
    note: Note | None = None
    """What is to be remembered of the register together with this value (`connectors.gaps`)."""

    def reading(self, site: str, gateway: str | None = None) -> Reading:
        """The same as a record; `gateway` is who passes it on."""
        return Reading(
            site, self.channel.meter, self.channel.channel, self.observed_ms, self.received_ms, self.value, self.quality, self.text,
            gateway,
        )  # fmt: skip


Emit = Callable[[LiveValue], None]
"""Where a connector puts a value."""

Report = Callable[[str, str, str], None]
"""Takes a change of connection: device id, one of connected, lost, refused, stalled, and why."""
ReportRefused = Callable[[str, Sequence[RefusedChannel]], None]
"""Takes a device's id and all channels that it refuses now, none where it refuses none any more. Called on every change."""


class Connection(Protocol):
    """Devices that share one connection, whatever its protocol: what the gateway reads and a commissioning probe asks."""

    @property
    def ids(self) -> list[str]: ...

    async def run(self, clock: Clock, emit: Emit, report: Report, history: HistorySink, report_refused: ReportRefused) -> None: ...

    async def probe(self, site: str, clock: Clock, patience_s: float) -> Sequence[Probe]: ...


def grouped(units: Iterable[Unit], key: Callable[[Unit], Hashable]) -> dict[Hashable, list[Unit]]:
    """The units by their keys, in the order of the first of each."""
    groups: dict[Hashable, list[Unit]] = {}
    for unit in units:
        groups.setdefault(key(unit), []).append(unit)
    return groups
