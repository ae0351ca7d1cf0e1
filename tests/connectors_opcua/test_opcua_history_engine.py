"""History through the real engine: quarter hours that had to be substituted are published again as measured."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from recording_opcua import Ledger, Received, head, peer, peer_or_skip, session

from deploy.ports import free_port
from domain.intervals import QUARTER_MS, Interval, IntervalQuality
from domain.plant import Plant
from domain.readings import Reading
from metering.engine import MeterStep

STEP_MS = 30_000
QUARTERS = 16
GAP = range(4, 12)
"""Quarter hours of which nothing came live."""


def power_kw(quarter: int) -> float:
    """By quarter hour, so that a straight line between the ends of the gap is wrong in each of them."""
    return 60.0 if quarter % 2 else 12.0


def counter_kwh(start_ms: int) -> dict[int, float]:
    values, total = {start_ms: 1000.0}, 1000.0
    for number in range(1, QUARTERS * 30 + 1):
        total += power_kw((number - 1) // 30) * STEP_MS / 3_600_000
        values[start_ms + number * STEP_MS] = round(total, 6)
    return values


def plant() -> Plant:
    register = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 30.0, "resolution": 0.001}
    site = {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)}
    return Plant.model_validate({"site": site, "meter": [{"id": "m", "max_power_kw": 100.0, "register": [register]}]})


def test_quarter_hours_of_the_gap_are_restated_as_measured(tmp_path: Path) -> None:
    peer_or_skip()
    start_ms = time.time_ns() // 1_000_000 // QUARTER_MS * QUARTER_MS - QUARTERS * QUARTER_MS
    values = counter_kwh(start_ms)
    from_ms, to_ms = start_ms + GAP.start * QUARTER_MS, start_ms + GAP.stop * QUARTER_MS
    received = Received()

    async def main() -> None:
        async with peer(free_port(), tmp_path, history_of="Energy") as server:
            before = {at: value for at, value in values.items() if at <= to_ms + STEP_MS}
            for at, value in before.items():
                await server.write("Energy", value, source_ms=at)
            received.book = Ledger({("press", "energy_import"): from_ms}).book()
            async with session(head(server.endpoint, history_chunk=50, history_pause_s=0.0), received):
                await received.until(lambda: any(count is not None for _, count, _ in received.gaps_reported))

    asyncio.run(asyncio.wait_for(main(), 60))

    def reading(at: int, received_ms: int, **more: object) -> Reading:
        return Reading("s", "m", "energy_import", at, received_ms, values[at], **more)  # type: ignore[arg-type]

    step = MeterStep(plant(), "m")
    state = step.initial()
    reported: list[Interval] = []

    def report(readings: list[Reading], site_ms: int) -> None:
        nonlocal state
        for outputs in (step.take(state, readings)[1], step.advance(state, site_ms)[1]):
            reported.extend(output for output in outputs if isinstance(output, Interval))

    first_live_ms = received.of("energy_import")[0].observed_ms
    assert first_live_ms == to_ms + STEP_MS
    report([reading(at, at) for at in values if at <= from_ms], from_ms)
    report([reading(at, at) for at in values if at >= first_live_ms], max(values))
    in_gap = [row for row in reported if from_ms <= row.start_utc.timestamp() * 1000 < to_ms]
    assert {row.revision for row in in_gap} == {1}
    assert IntervalQuality.MEASURED not in {row.quality for row in in_gap}

    past = [(at.observed_ms, at.value) for channel, at in received.past if channel == "energy_import"]
    assert past == [(at, value) for at, value in values.items() if from_ms < at < first_live_ms]
    reported.clear()
    report([reading(at, max(values), origin="history") for at, _ in past], max(values) + QUARTER_MS)
    again = {round(row.start_utc.timestamp() * 1000 - start_ms) // QUARTER_MS: row for row in reported}
    assert set(GAP) <= set(again)
    for quarter in GAP:
        row = again[quarter]
        assert (row.revision, row.quality) == (2, IntervalQuality.MEASURED)
        assert row.energy_uwh is not None
        assert abs(row.energy_uwh / 1e9 - power_kw(quarter) / 4) < 1e-5
