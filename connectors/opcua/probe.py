"""A probe of a server's device, for commissioning: subscribes for a moment, so that what comes is what the gateway would send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from asyncua.ua import UaError

from connectors.channels import RefusedChannel
from connectors.devices import CONNECTED, LiveValue
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.session import ServerSession
from connectors.probe import Found
from domain.clock import Clock
from domain.readings import Reading


class _Desk:
    """Takes what a session passes on until every channel has a reading or is refused."""

    def __init__(self, site: str, device: SubscribedDevice) -> None:
        self._site, self._wanted = site, {channel.channel for channel in device.channels}
        self.readings: list[Reading] = []
        self.refused: tuple[RefusedChannel, ...] = ()
        self.state, self.why = "", ""
        self.is_complete = asyncio.Event()

    def emit(self, live: LiveValue) -> None:
        self.readings.append(live.reading(self._site))
        self._judge()

    def report(self, device: str, state: str, why: str) -> None:
        self.state, self.why = state, why
        self._judge()

    def report_refused(self, device: str, refused: Sequence[RefusedChannel]) -> None:
        self.refused = tuple(refused)
        self._judge()

    def missing(self) -> list[str]:
        """Channels of which nothing is known yet."""
        return sorted(self._wanted - {reading.channel for reading in self.readings} - {one.channel for one in self.refused})

    def _judge(self) -> None:
        if self.state and (self.state != CONNECTED or not self.missing()):
            self.is_complete.set()


async def probe_machine(site: str, device: SubscribedDevice, clock: Clock, patience_s: float) -> Found:
    """What the gateway would get of `device`; takes at most some `patience_s` [s]."""
    desk = _Desk(site, device)
    session = ServerSession([device], clock, desk.emit, desk.report, report_refused=desk.report_refused)
    task = asyncio.create_task(session.run())
    remarks: tuple[str, ...] = ()
    try:
        await asyncio.wait_for(desk.is_complete.wait(), patience_s)
        if desk.state == CONNECTED and device.head.history != "off":
            remarks = (await _history_remark(session, patience_s),)
        trouble = "" if desk.state == CONNECTED else f"{desk.state}: {desk.why}"
    except TimeoutError:
        answer = f" (the server's answer: {session.trouble})" if session.trouble else ""
        trouble = f"nothing came within {patience_s:g} s of {', '.join(desk.missing())}{answer}"
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=1.0)
    refused = desk.refused if desk.state == CONNECTED else ()
    return Found(tuple(desk.readings), refused, trouble, remarks=remarks)


async def _history_remark(session: ServerSession, patience_s: float) -> str:
    """Which channels the server keeps the history of, or why that cannot be known."""
    try:
        keeps = await asyncio.wait_for(session.keeps_history(), patience_s)
    except (OSError, TimeoutError, UaError) as error:
        return f"whether there is history cannot be read ({type(error).__name__}: {error})"
    without = sorted(channel for (_, channel), is_kept in keeps.items() if not is_kept)
    if without:
        return f"history: the server keeps none of {', '.join(without)}; what a gap hides there stays unknown"
    return "history: the server keeps it for every channel; gaps are filled from it"
