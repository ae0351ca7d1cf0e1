"""The machine controls remember while the network to them is down, and our gateway asks them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import Client, ua
from test_simulation_servers import Serving, with_plant

from connectors.channels import Channel
from connectors.devices import LiveValue
from connectors.gaps import GapBook, HistorySink, Note, PastValue
from connectors.gateway.fleet import load_fleet
from connectors.opcua.calls import Calls
from connectors.opcua.history import read_piece
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.session import ServerSession
from simulation.memory import VALUES_A_READ, VALUES_KEPT, Trace


def test_a_trace_gives_values_from_either_end_and_says_where_the_next_one_is() -> None:
    trace = Trace(ua.VariantType.String)
    for at_ms, name in ((10, "Idle"), (20, "Execute"), (30, "Idle")):
        trace.keep(at_ms, name)
    assert trace.between(10, 30, 2) == ([(10, "Idle"), (20, "Execute")], 30)
    assert trace.between(30, 11, 5) == ([(30, "Idle"), (20, "Execute")], None)
    assert trace.between(31, 99, 5) == ([], None)


def test_a_trace_forgets_its_oldest_values_and_stays_small() -> None:
    trace = Trace(ua.VariantType.Double)
    for number in range(3 * VALUES_KEPT):
        trace.keep(number, float(number))
    assert VALUES_KEPT <= len(trace) <= VALUES_KEPT * 9 // 8
    assert trace.between(0, 10**9, 1)[0][0][0] == 3 * VALUES_KEPT - len(trace)


async def pass_time(served: Serving, until_s: float, step_s: int = 30) -> None:
    while served.clock.now.timestamp() < until_s:
        await served.go_to(served.clock.now + timedelta(seconds=step_s))


def test_what_happened_during_an_outage_is_read_afterwards_and_in_pieces(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        outage = next(o for o in served.live.factory.surprises.outages if "moulding-2" in o.meters)
        await served.go_to(datetime.fromtimestamp(outage.from_s - 60, UTC))
        await pass_time(served, outage.from_s + 3600)
        async with Client(f"opc.tcp://127.0.0.1:{served.opcua}/werk-nord/") as client:
            index = await client.get_namespace_index("urn:werk-nord:machines")
            energy = client.get_node(f"ns={index};s=moulding-2.Energy")
            calls = Calls(client.uaclient.session, "")
            from_ms, to_ms = round(outage.from_s * 1000), round(outage.from_s * 1000) + 3_600_000
            try:
                await read_piece(calls, energy.nodeid, from_ms, to_ms, 50)
            except ua.UaError as error:
                assert "BadNoCommunication" in str(error)
            else:
                raise AssertionError
            await pass_time(served, outage.to_s + 60, 600)
            values = []
            piece = await read_piece(calls, energy.nodeid, from_ms, to_ms, 50)
            while True:
                values += [value.Value.Value for value in piece.values]
                if piece.continuation is None:
                    break
                assert len(piece.values) == 50
                piece = await read_piece(calls, energy.nodeid, from_ms, to_ms, 50, piece.continuation)
            assert values == sorted(values)
            assert 110 <= len(values) <= 121  # every 30 s, where it changed
            backwards = await read_piece(calls, energy.nodeid, to_ms, from_ms, 5 * VALUES_A_READ)
            assert [value.Value.Value for value in backwards.values] == values[::-1]

    with_plant(tmp_path, check, machines=True)


def test_our_gateway_fills_the_demos_outage_from_the_controls_memory(tmp_path: Path) -> None:
    async def check(served: Serving) -> None:
        outage = next(o for o in served.live.factory.surprises.outages if "moulding-2" in o.meters)
        unit = next(u for u in load_fleet(tmp_path).opcua if u.settings.device.meter == "moulding-2")
        live: dict[int, float] = {}
        past: dict[int, float] = {}
        bad = asyncio.Event()
        reports: list[tuple[int | None, str]] = []
        filled = asyncio.Event()

        def emit(came: LiveValue) -> None:
            if came.channel.channel == "energy_import":
                if came.value is None:
                    bad.set()
                else:
                    live[came.observed_ms] = came.value

        def put(channel: Channel, values: list[PastValue], note: Note) -> None:
            if channel.channel == "energy_import":
                past.update({value.observed_ms: value.value for value in values if value.value is not None})

        def report(device: str, count: int | None, text: str) -> None:
            reports.append((count, text))
            if count is not None:
                filled.set()

        await served.go_to(datetime.fromtimestamp(outage.from_s - 60, UTC))
        sink = HistorySink(GapBook(), put, lambda: False, report)  # type: ignore[arg-type]
        device = SubscribedDevice(unit.settings.device.model_copy(update={"history_pause_s": 0.0}), unit.channels, tmp_path)
        session = ServerSession([device], served.clock, emit, lambda *_: None, sink)
        task = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(60):
                while not live:
                    await asyncio.sleep(0.01)
                await served.go_to(datetime.fromtimestamp(outage.from_s, UTC))
                await bad.wait()
                await pass_time(served, outage.to_s + 30)
                await filled.wait()
        finally:
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=1.0)
        assert all(outage.from_s * 1000 <= at < (outage.to_s + 60) * 1000 for at in past)
        assert 330 <= len(past) <= 361  # three hours, every 30 s
        both = live | past
        assert [both[at] for at in sorted(both)] == sorted(both.values())
        assert reports[-1][1].startswith(f"history: {reports[-1][0]:,} values of ")
        # From the last value of the register that was silent longest: a piece of scrap comes every half hour or so.
        minutes = int(reports[-1][1].removesuffix(" min").rpartition(" ")[2])
        assert 180 <= minutes <= 181 + 90

    with_plant(tmp_path, check, machines=True)
