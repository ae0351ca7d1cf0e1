"""One recommendation, one decision: whoever comes first in the log, however many decide at the same moment."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from console_ledger import sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, frozen_clock, sample_recommendations

from console.board import Board
from console.desk import NotDecidable, UnknownRecommendation
from console.live_state import Live
from console.views.plan import Button, plan_view
from deploy.ports import free_port
from domain.errors import LastgangError
from domain.plant import Plant
from domain.recommendations import Decision, DecisionKind, DeclineReason, Recommendation, RecommendationStatus, deciding
from domain.topics import DECISIONS, RECOMMENDATIONS
from reporting.ledger import Ledger
from simulation import demo_plant

ADVICE = next(r for r in sample_recommendations() if r.recommendation == "R-0421")
ACCEPTED, REJECTED = DecisionKind.ACCEPTED, DecisionKind.REJECTED


def decision(by: str, at_utc: datetime = NOW_UTC, kind: DecisionKind = ACCEPTED, name: str = "R-0421") -> Decision:
    return Decision(SITE, name, kind, by, at_utc)


@dataclass
class Log:
    """A partition of the decisions' topic: keeps what is appended in one order, and says where it lies."""

    kept: list[Decision] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, record: Decision) -> int:
        with self.lock:
            self.kept.append(record)
            return len(self.kept) - 1


class LogFeed(SampleFeed):
    """One server's feed onto a log that several share; its live picture has seen nothing of it yet."""

    def __init__(self, plant: Plant, ledger: Ledger, log: Log) -> None:
        super().__init__(plant, ledger)
        self.log = log

    def decide(self, decision: Decision, known_until: Mapping[tuple[str, int], int]) -> Sequence[Decision]:
        offset = self.log.append(decision)
        start = known_until.get((DECISIONS.name, 0), 0)
        return [d for d in self.log.kept[start : offset + 1] if d.recommendation == decision.recommendation]


def ledger_of(plant: Plant, decisions: Sequence[Decision] = (), advice: Sequence[Recommendation] | None = None) -> Ledger:
    """A ledger that has read these decisions, from the beginning of the log on."""
    return sample_ledger(plant, intervals=(), decisions=decisions, advice=sample_recommendations() if advice is None else advice)


def board_of(plant: Plant, feed: SampleFeed, ledger: Ledger, at_utc: datetime = NOW_UTC) -> Board:
    return Board(plant, feed, frozen_clock(at_utc), lambda: ledger, tuple)


def outcome(board: Board, by: str, kind: DecisionKind = ACCEPTED, name: str = "R-0421") -> Decision | NotDecidable:
    reason = DeclineReason.ORDER if kind is REJECTED else DeclineReason.NONE
    try:
        return asyncio.run(board.decide(name, kind, by, reason, ""))
    except NotDecidable as refused:
        return refused


def all_at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each comes to when all begin at the same moment."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as people:
        return list(people.map(run, acts))


@pytest.mark.parametrize("round_", range(10))
def test_of_many_who_decide_at_once_one_wins_and_all_others_learn_who(plant: Plant, round_: int) -> None:
    """Two servers, three people at each, and a controller that writes to the topic itself."""
    log = Log()
    boards = [board_of(plant, LogFeed(plant, ledger, log), ledger) for ledger in (ledger_of(plant), ledger_of(plant))]
    people = [
        lambda board=board, by=f"P{n}{m}", kind=kind: outcome(board, by, kind)
        for n, board in enumerate(boards)
        for m, kind in enumerate((ACCEPTED, REJECTED, ACCEPTED))
    ]
    controller = lambda: log.append(decision("controller", NOW_UTC, REJECTED))  # noqa: E731
    found = all_at_once([*people, controller])[: len(people)]
    for board in boards:
        board.close()
    winner = log.kept[0]
    confirmed = [one for one in found if isinstance(one, Decision)]
    assert confirmed == ([] if winner.by == "controller" else [winner])
    refused = [one for one in found if isinstance(one, NotDecidable)]
    assert {(one.status, one.by, one.at_utc) for one in refused} == {(winner.kind, winner.by, winner.at_utc)}
    assert len(log.kept) <= 3, "at one server nobody is sent once another was first: one of each server, and the controller"


def test_who_was_first_before_this_server_began_counts_from_the_ledger(plant: Plant) -> None:
    first = decision("Anna", NOW_UTC - timedelta(minutes=9), REJECTED)
    log = Log([first])
    ledger = ledger_of(plant, [first])
    board = board_of(plant, LogFeed(plant, ledger, log), ledger)
    refused = outcome(board, "Bert")
    board.close()
    assert isinstance(refused, NotDecidable)
    assert (refused.status, refused.by, log.kept) == ("rejected", "Anna", [first])


def test_who_was_first_in_the_log_counts_although_neither_ledger_nor_page_has_seen_it(plant: Plant) -> None:
    first = decision("Anna", NOW_UTC - timedelta(minutes=9), REJECTED)
    log, ledger = Log([first]), ledger_of(plant)
    board = board_of(plant, LogFeed(plant, ledger, log), ledger)
    refused = outcome(board, "Bert")
    cards = {c.recommendation.recommendation: c for c in asyncio.run(board.view(plan_view)).cards}
    board.close()
    assert isinstance(refused, NotDecidable)
    assert refused.by == "Anna"
    assert cards["R-0421"].button is Button.SENT, "nobody else is invited to decide"


def test_a_decision_that_is_repeated_after_an_error_is_the_same_one(plant: Plant) -> None:
    log, ledger = Log(), ledger_of(plant)
    board = board_of(plant, LogFeed(plant, ledger, log), ledger)
    first, again = outcome(board, "Anna"), outcome(board, "Anna")
    board.close()
    assert first == again
    assert log.kept == [first]


def test_a_decision_dated_after_its_recommendation_ended_hinders_nobody(plant: Plant) -> None:
    log, ledger = Log([decision("a clock of 8999", datetime(8999, 12, 31, tzinfo=UTC))]), ledger_of(plant)
    feed = LogFeed(plant, ledger, log)
    feed.state.take(log.kept[0], 0.0)
    board = board_of(plant, feed, ledger)
    found = outcome(board, "Bert")
    board.close()
    assert isinstance(found, Decision)


@pytest.mark.parametrize(
    ("change", "at_utc", "status", "by"),
    [
        ({"status": RecommendationStatus.WITHDRAWN}, NOW_UTC, "withdrawn", None),
        ({"status": RecommendationStatus.EXPIRED}, NOW_UTC, "expired", None),
        ({"status": RecommendationStatus.ACCEPTED, "decided_by": "Planung"}, NOW_UTC, "accepted", "Planung"),
        ({"status": RecommendationStatus.CARRIED_OUT}, NOW_UTC, "carried_out", None),
        ({}, ADVICE.valid_until_utc + timedelta(seconds=1), "expired", None),
    ],
)
def test_what_is_not_open_cannot_be_decided_and_says_why(
    plant: Plant, change: dict[str, Any], at_utc: datetime, status: str, by: str | None
) -> None:
    log, ledger = Log(), ledger_of(plant, advice=[replace(ADVICE, **change)])
    board = board_of(plant, LogFeed(plant, ledger, log), ledger, at_utc)
    refused = outcome(board, "Anna")
    board.close()
    assert isinstance(refused, NotDecidable)
    assert (refused.status, refused.by, log.kept) == (status, by, [])


def test_what_nobody_advised_cannot_be_decided(plant: Plant) -> None:
    log, ledger = Log(), ledger_of(plant)
    board = board_of(plant, LogFeed(plant, ledger, log), ledger)
    refused = outcome(board, "Anna", name="R-9999")
    board.close()
    assert isinstance(refused, UnknownRecommendation)
    assert log.kept == []


def test_a_broker_that_does_not_confirm_leaves_the_recommendation_open_to_all(plant: Plant) -> None:
    log, ledger = Log(), ledger_of(plant)
    feed = LogFeed(plant, ledger, log)
    takes = feed.decide

    def refuse(*_: object) -> Sequence[Decision]:
        message = "no broker answers"
        raise LastgangError(message)

    feed.decide = refuse  # type: ignore[method-assign]
    board = board_of(plant, feed, ledger)
    with pytest.raises(LastgangError, match="no broker"):
        asyncio.run(board.decide("R-0421", ACCEPTED, "Anna", DeclineReason.NONE, ""))
    feed.decide = takes  # type: ignore[method-assign]
    assert isinstance(outcome(board, "Bert", REJECTED), Decision)
    board.close()


class LiveOnly(SampleFeed):
    """A feed whose live picture is given."""

    live = Live()

    def picture(self) -> Live:
        return self.live


def test_page_and_cards_show_the_first_decision_whatever_came_later(plant: Plant) -> None:
    first, late = decision("Anna", NOW_UTC), decision("Bert", NOW_UTC + timedelta(seconds=20), REJECTED)
    ledger = ledger_of(plant, [first])
    feed = LiveOnly(plant, ledger)
    feed.live = Live(connected=True, decisions={"R-0421": (first, late)})
    board = board_of(plant, feed, ledger)
    cards = {c.recommendation.recommendation: c for c in asyncio.run(board.view(plan_view)).cards}
    board.close()
    assert cards["R-0421"].decision == first


@pytest.mark.cluster
def test_two_servers_and_a_controller_at_a_real_broker_agree_on_one_decision(
    plant: Plant, stack_kafka: Any, namespace: str
) -> None:
    from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics
    from console.live import KafkaFeed

    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    names = [f"R-{n}" for n in range(8)]
    advice = {name: replace(ADVICE, recommendation=name) for name in names}
    with RecordProducer(settings, linger_ms=0) as controller:
        feeds = [KafkaFeed(settings, plant, frozen_clock()) for _ in range(2)]
        boards = [board_of(plant, feed, ledger_of(plant, advice=list(advice.values()))) for feed in feeds]
        try:
            for feed in feeds:
                assert _comes(lambda feed=feed: feed.picture().connected)
            found = {
                name: all_at_once(
                    [
                        lambda name=name: outcome(boards[0], "Anna", ACCEPTED, name),
                        lambda name=name: outcome(boards[1], "Bert", REJECTED, name),
                        lambda name=name: controller.send(DECISIONS, decision("controller", NOW_UTC, ACCEPTED, name)).get(
                            timeout=10
                        ),
                    ]
                )[:2]
                for name in names
            }
        finally:
            for board in boards:
                board.close()
    with RecordConsumer(settings, [DECISIONS]) as consumer:
        logged = [message.record() for message in consumer.read_to_end()]
    for name, (anna, bert) in found.items():
        first: Recommendation | Decision | None = deciding(advice[name], logged)
        assert isinstance(first, Decision)
        for who, one in (("Anna", anna), ("Bert", bert)):
            assert (one == first) if first.by == who else (isinstance(one, NotDecidable) and one.by == first.by), name


@pytest.mark.cluster
def test_two_server_processes_answer_one_202_and_one_409_with_who_was_first(
    tmp_path: Path, stack_kafka: Any, namespace: str
) -> None:
    from connectors.kafka.client import KafkaSettings, RecordConsumer, RecordProducer, ensure_topics

    settings = KafkaSettings(stack_kafka.bootstrap, namespace)
    ensure_topics(settings)
    demo_plant.write(tmp_path / "plant")
    names = [f"R-{n}" for n in range(6)]
    ports = [free_port(), free_port()]
    arguments = [
        "--plant",
        str(tmp_path / "plant"),
        "--kafka",
        settings.bootstrap,
        "--namespace",
        namespace,
        "--ledger",
        str(tmp_path / "none.sqlite"),
    ]
    environment = {**os.environ, "LASTGANG_CLOCK": frozen_clock().as_setting()}
    servers = [
        subprocess.Popen([sys.executable, "-m", "lastgang.cli", "console", *arguments, "--port", str(port)], env=environment)
        for port in ports
    ]
    try:
        with ExitStack() as open_:
            clients = [open_.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60)) for port in ports]
            assert all(_comes(lambda client=client: _answers(client)) for client in clients)
            with RecordProducer(settings, linger_ms=0) as producer:
                for name in names:
                    producer.send(RECOMMENDATIONS, replace(ADVICE, recommendation=name))
                producer.flush()
            for client in clients:
                assert _comes(lambda client=client: len(client.get("/recommendations").json()) == len(names))
            bodies = ({"kind": "accepted", "by": "Anna"}, {"kind": "rejected", "by": "Bert", "reason": "order"})
            for name in names:
                answers = all_at_once(
                    [
                        lambda client=client, body=body, name=name: client.post(f"/recommendations/{name}/decision", json=body)
                        for client, body in zip(clients, bodies, strict=True)
                    ]
                )
                taken, refused = sorted(answers, key=lambda answer: answer.status_code)
                assert (taken.status_code, refused.status_code) == (202, 409), [answer.text for answer in answers]
                assert (refused.json()["by"], refused.json()["status"]) == (taken.json()["by"], taken.json()["kind"])
                with RecordConsumer(settings, [DECISIONS]) as consumer:
                    logged = [message.record() for message in consumer.read_to_end()]
                first = deciding(replace(ADVICE, recommendation=name), logged)
                assert first is not None and first.by == taken.json()["by"]
    finally:
        for server in servers:
            server.terminate()
        assert [server.wait(30) for server in servers] in ([0, 0], [-15, -15])


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def _comes(is_there: Callable[[], bool]) -> bool:
    """Whether it comes true within half a minute."""
    done = threading.Event()
    for _ in range(600):
        if is_there():
            return True
        done.wait(0.05)
    return False
