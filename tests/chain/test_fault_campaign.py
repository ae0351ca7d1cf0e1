"""What the fault campaign is made of, without the stack: its plan, its account, its wire and its reading of the topic."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks.faults import campaign
from benchmarks.faults.campaign import Account, plan
from benchmarks.faults.devices import Served
from benchmarks.faults.network import Relay, Wire
from benchmarks.faults.outcome import Fault, Outcome, lines_of
from benchmarks.faults.plant import START_UTC, Source
from benchmarks.faults.undisturbed import OnTopic
from domain.clock import epoch_ms
from domain.intervals import QUARTER_MS
from domain.readings import Reading

KILL = Fault("kill-kafka", "kill -9 broker", "the kill")


def test_fifty_kills_strike_every_part_and_all_other_faults_come_once_in_their_order() -> None:
    kinds = [fault.kind for fault, _ in plan(50, 1, ())]
    kills = [kind for kind in kinds if kind.startswith("kill-")]
    others = [kind for kind in kinds if not kind.startswith("kill-")]
    assert len(kills) == 50
    assert min(kills.count(kind) for kind in set(kills)) >= 7
    assert set(kills) | set(others) == set(campaign.kinds())
    assert len(others) == len(set(others))
    assert [kind for kind in others if kind.startswith("rescale-")] == ["rescale-2", "rescale-4", "rescale-1"]


def test_a_seed_gives_the_same_plan_again_and_another_seed_another() -> None:
    def kinds(seed: int) -> list[str]:
        return [fault.kind for fault, _ in plan(20, seed, ())]

    assert kinds(5) == kinds(5)
    assert kinds(5) != kinds(6)


def test_only_some_kinds_are_done_where_some_are_named_and_none_that_cannot_be_done_here() -> None:
    assert {fault.kind for fault, _ in plan(6, 1, ["kill-gateway", "cut"])} == {
        "kill-gateway", "cut-silent", "cut-deaf", "cut-refusing",
    }  # fmt: skip
    assert "disk" not in {fault.kind for fault, _ in plan(6, 1, (), ["disk"])}


def test_a_kind_that_did_not_recover_once_is_not_well_however_quick_it_was_at_other_times() -> None:
    [line] = lines_of([Outcome(KILL, recover_s=3.0), Outcome(KILL, recover_s=9.0), Outcome(KILL, recover_s=None)])
    assert (line.median_s, line.worst_s) == (6.0, 9.0)
    assert not line.is_well


def account_of(served: list[Served], on_topic: list[float], gateway_ends_s: list[tuple[float, float]]) -> Account:
    """The account of answers at these seconds, of which some came to the topic."""
    topic = OnTopic(counters={"main": set(on_topic)})
    bench = SimpleNamespace(
        undisturbed=SimpleNamespace(topic=topic),
        devices=SimpleNamespace(served=served),
        gateway=SimpleNamespace(ends_s=gateway_ends_s),
    )
    account = Account(1, 1, outcomes=[Outcome(KILL, recover_s=1.0, began_s=10.0), Outcome(KILL, recover_s=1.0, began_s=20.0)])
    campaign._account_for_every_answer(cast(Any, bench), account)
    return account


def test_an_answer_that_never_came_is_lost_by_the_fault_that_was_on_then() -> None:
    account = account_of([Served("main", 1.0, 0, 11.0), Served("main", 2.0, 0, 25.0)], [1.0], [])
    assert (account.lost, account.in_flight) == (1, 0)
    assert [outcome.lost for outcome in account.outcomes] == [0, 1]
    assert not account.is_well


def test_what_a_gateway_had_in_its_hands_when_it_was_killed_is_counted_apart() -> None:
    account = account_of([Served("main", 1.0, 0, 29.9), Served("main", 2.0, 0, 28.0)], [], [(30.0, 30.1)])
    assert (account.lost, account.in_flight) == (1, 1)


def test_a_number_that_comes_again_is_a_resend_and_a_number_that_never_comes_a_hole() -> None:
    topic = OnTopic()
    first = Reading("works", "main", "energy_import", 1, 2, 3.0, gateway="g", sequence=1)
    third = Reading("works", "main", "energy_import", 1, 2, 4.0, gateway="g", sequence=3)
    assert topic.take(first, b"one")
    assert not topic.take(first, b"one")
    assert (topic.resent, topic.contradictory, topic.holes()) == (1, 0, 0)
    assert topic.take(third, b"three")
    assert not topic.take(third, b"other words")
    assert (topic.resent, topic.contradictory, topic.holes()) == (2, 1, 1)


def test_a_meters_counter_advances_in_a_quarter_hour_by_its_power_and_names_the_instant() -> None:
    source = Source("main", seed=1)
    start_ms = epoch_ms(START_UTC) // QUARTER_MS * QUARTER_MS
    values = [source.counter_wh(start_ms + into_ms, {}) for into_ms in (0, 10_000, 20_000, QUARTER_MS)]
    assert values == sorted(set(values))
    assert values[-1] - values[0] == 250 * source.power_kw(start_ms // QUARTER_MS)


@pytest.fixture
def echo() -> Iterator[Relay]:
    """A relay before a server that says everything again."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(ConnectionError):
                while data := connection.recv(100):
                    connection.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    relay = Relay(server.getsockname()[1])
    relay.start()
    yield relay
    relay.stop()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)


def test_a_silent_wire_keeps_what_was_sent_until_it_is_whole_again(echo: Relay) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), timeout=10) as client:
        client.sendall(b"a")
        assert client.recv(1) == b"a"
        echo.make(Wire.SILENT)
        client.sendall(b"b")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        echo.make(Wire.WHOLE)
        assert client.recv(1) == b"b"


def test_a_refusing_wire_resets_connections(echo: Relay) -> None:
    with socket.create_connection(("127.0.0.1", echo.port), timeout=10) as client:
        client.sendall(b"a")
        assert client.recv(1) == b"a"
        echo.make(Wire.REFUSING)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
