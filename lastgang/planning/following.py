"""Follows the planning problems of a site and answers the newest one, until it is stopped.

A newer problem replaces one that waits, and follows one that is being solved: cutting a search short at each event would leave a plant with
many events without any plan, and a search ends within its seconds anyway. Whoever reads the plan checks it against the present.

The place reached is kept on the broker when nothing waits. After a death the problems since then are read again and the newest is solved
again: an answer may come twice, and none is lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from connectors.kafka.greeting import BrokerUnavailable
from domain.codec import UnreadableRecord
from domain.planning import PlanningProblem, PlanStatus, ProposedPlan
from domain.topics import PLANS, Topic
from lastgang.planning.answers import Solved, answer_to

POLL_S = 0.2
"""How long a look at the topic takes, and so how late an answer is noticed at most."""
DELIVERY_S = 10.0


class Message(Protocol):
    """One record and its place in the log."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    def record(self) -> Any: ...


class Consumer(Protocol):
    """Reads the problems; `connectors.kafka.client.RecordConsumer` with a group is one."""

    def poll(self, timeout_s: float) -> Sequence[Message]: ...
    def commit(self) -> None: ...


class Producer(Protocol):
    """Writes the plans; `connectors.kafka.client.RecordProducer` is one."""

    def deliver(self, topic: Topic, record: Any, timeout_s: float) -> None: ...


class Solver(Protocol):
    """`lastgang.planning.solver.SolverProcess` is one."""

    def start(self, body: str) -> None: ...
    def result(self) -> Solved | None: ...
    def stop(self) -> None: ...


class Following:
    """The newest problem that waits, the one that is being solved, and the answer that is to be delivered."""

    def __init__(self, consumer: Consumer, producer: Producer, solver: Solver, site: str) -> None:
        self._consumer, self._producer, self._solver, self._site = consumer, producer, solver, site
        self._log = structlog.get_logger()
        self._waiting: PlanningProblem | None = None
        self._solving: tuple[PlanningProblem, float] | None = None
        self._answer: ProposedPlan | None = None
        self._is_kept = True
        self._is_away = False

    def turn(self) -> bool:
        """Look at the topic and at the solver once; whether an answer was delivered."""
        self._read()
        if self._solving is not None and (found := self._solver.result()) is not None:
            self._take(*self._solving, found)
        if self._answer is not None and not self._is_delivered(self._answer):
            return False
        has_answered, self._answer = self._answer is not None, None
        if self._solving is None and self._waiting is not None:
            self._solving, self._waiting = (self._waiting, time.monotonic()), None
            self._solver.start(self._solving[0].body)
        if self._solving is None and not self._is_kept:
            self._keep_place()
        return has_answered

    def _read(self) -> None:
        for message in self._consumer.poll(POLL_S):
            self._is_kept = False
            try:
                problem: PlanningProblem = message.record()
            except UnreadableRecord as error:
                self._log.warning("unreadable_record", partition=message.partition, offset=message.offset, reason=str(error))
                continue
            if problem.site == self._site:
                self._waiting = problem

    def _take(self, problem: PlanningProblem, since_s: float, found: Solved) -> None:
        self._solving = None
        self._answer = answer_to(problem, found, time.monotonic() - since_s)
        if found.status is PlanStatus.NO_ANSWER:
            self._log.warning("no_answer", problem=problem.problem, answer=found.body)

    def _is_delivered(self, answer: ProposedPlan) -> bool:
        try:
            self._producer.deliver(PLANS, answer, DELIVERY_S)
        except BrokerUnavailable as error:
            if not self._is_away:
                self._log.warning("broker_away", problem=answer.problem, reason=str(error))
            self._is_away = True
            return False
        self._is_away = False
        return True

    def _keep_place(self) -> None:
        try:
            self._consumer.commit()
        except BrokerUnavailable:
            return  # the place before is still good: what follows it is read again
        self._is_kept = True


def follow_problems(consumer: Consumer, producer: Producer, solver: Solver, site: str, stop: threading.Event) -> int:
    """Answer the problems of `site` until `stop` is set; gives the number of answers."""
    following, answers = Following(consumer, producer, solver, site), 0
    try:
        while not stop.is_set():
            answers += following.turn()
    finally:
        solver.stop()
    return answers
