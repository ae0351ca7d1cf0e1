"""The signs that all is well again after a fault: fresh values, every part running, no row that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.faults.undisturbed import Identity, difference
from benchmarks.faults.waits import LONGEST_WAIT_S, TookTooLong
from connectors.kafka.client import RecordConsumer
from domain.clock import epoch_ms
from domain.topics import REJECTED

if TYPE_CHECKING:
    from benchmarks.faults.bench import Bench
    from benchmarks.faults.devices import Served

SETTLED = timedelta(minutes=5)
"""So long after its end a quarter hour is complete: patience with late readings, two sampling periods, one bucket of the job."""
_NEWEST = 5_000
"""Answers of the devices among which a fresh one is looked for."""


def has_reading(bench: Bench, is_wanted: Callable[[Served], bool]) -> bool:
    """Whether the topic has one of the devices' newest answers that are wanted."""
    wanted = [(answer.meter, answer.value_wh) for answer in bench.devices.served[-_NEWEST:] if is_wanted(answer)]
    return len(bench.undisturbed.missing(wanted)) < len(wanted)


def await_reading_after(bench: Bench, since_utc: datetime) -> None:
    """Return when the topic has a reading that a device gave after `since_utc`."""
    since_ms = epoch_ms(since_utc)
    bench.waits.until(
        lambda: has_reading(bench, lambda answer: answer.plant_ms > since_ms), f"a reading after {since_utc:%H:%M:%S} on the topic"
    )


def await_value_after(bench: Bench, since_utc: datetime) -> None:
    """Return when the ledger has a running quarter hour that rests on a reading after `since_utc`."""

    def is_newer() -> bool:
        demand = bench.ledger.query(lambda ledger: ledger.latest_demand())
        return demand is not None and bool(demand.at_utc > since_utc)

    bench.waits.until(is_newer, f"a value after {since_utc:%H:%M:%S} in the ledger")


def await_influx_after(bench: Bench, since_utc: datetime) -> None:
    """The same of InfluxDB."""
    influx = bench.influx
    assert influx is not None

    def is_newer() -> bool:
        newest = influx.newest_demand_utc()
        return newest is not None and newest > since_utc

    bench.waits.until(is_newer, f"a value after {since_utc:%H:%M:%S} in InfluxDB")


def await_all_running(bench: Bench) -> None:
    """Return when every part and job runs."""
    bench.waits.until(lambda: all(state.state == "running" for state in bench.stack.states()), "all parts running")


def await_equal(bench: Bench, until_utc: datetime, timeout_s: float = LONGEST_WAIT_S) -> dict[Identity, str]:
    """Wait until all quarter hours up to `until_utc` are complete, and the ledger says of them what the engine says.

    Returns
    -------
    dict
        Rows that differ when patience has run out, without those that were reported before; mostly empty.
    """
    settled = until_utc + SETTLED
    bench.waits.until(lambda: bench.undisturbed.event_time_utc >= settled, f"readings after {settled:%H:%M}", timeout_s)
    fresh: dict[Identity, str] = {}

    def is_equal() -> bool:
        nonlocal fresh
        fresh = new_differences(bench, until_utc)
        return not fresh

    with suppress(TookTooLong):
        bench.waits.until(is_equal, "equality", timeout_s / 3)
    bench.known_differences |= fresh
    return fresh


def new_differences(bench: Bench, until_utc: datetime) -> dict[Identity, str]:
    """Rows that differ now and were not reported before."""
    differing = difference(bench.ledger.table(until_utc), bench.undisturbed.table(until_utc))
    return {identity: words for identity, words in differing.items() if identity not in bench.known_differences}


def await_refused(bench: Bench, places: Mapping[str, str]) -> dict[str, str]:
    """Wait until each record at `places` is on the topic of rejections or noted in the ledger as unreadable; what is not."""
    missing = dict(places)

    def are_all_reported() -> bool:
        for topic, partition, offset, _ in bench.ledger.query(lambda ledger: ledger.unreadable()) or ():
            missing.pop(f"{topic}/{partition}/{offset}", None)
        for message in consumer.poll(0.2):
            missing.pop(message.record().source, None)
        return not missing

    with RecordConsumer(bench.stack.kafka, [REJECTED]) as consumer, suppress(TookTooLong):
        bench.waits.until(are_all_reported, "refusals", LONGEST_WAIT_S / 3)
    return missing
