"""Which problems are answered, in which order, and what is read again after a death."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kafka.client import Message
from connectors.kafka.greeting import BrokerUnavailable
from domain.codec import encode
from domain.planning import PlanStatus, ProposedPlan
from domain.topics import PLANNING_PROBLEMS, PLANS
from lastgang.planning.answers import Solved, unsolved
from lastgang.planning.following import Following
from tests.planner_process.planning_records import SITE, problem


@dataclass
class HandLog:
    """A topic of one partition, a reader's committed place in it, and the topic of plans; the broker may be away."""

    problems: list[bytes] = field(default_factory=list)
    plans: list[ProposedPlan] = field(default_factory=list)
    committed: int = 0
    is_away: bool = False

    def add(self, *names: str, site: str = SITE) -> None:
        self.problems += [encode(problem(name, site=site)) for name in names]


class HandReader:
    """Reads from the committed place on."""

    def __init__(self, log: HandLog) -> None:
        self.log, self.at = log, log.committed

    def poll(self, timeout_s: float) -> list[Message]:
        if self.log.is_away:
            return []
        found = [Message(PLANNING_PROBLEMS, 0, n, 0, b"", self.log.problems[n]) for n in range(self.at, len(self.log.problems))]
        self.at = len(self.log.problems)
        return found

    def commit(self) -> None:
        self._check()
        self.log.committed = self.at

    def deliver(self, topic, record, timeout_s) -> None:
        assert topic is PLANS
        self._check()
        self.log.plans.append(record)

    def _check(self) -> None:
        if self.log.is_away:
            msg = "nobody answers"
            raise BrokerUnavailable(msg)


@dataclass
class HandSolver:
    """Has the answer that the test gives it."""

    bodies: list[str] = field(default_factory=list)
    answer: Solved | None = None

    def start(self, body: str) -> None:
        self.bodies.append(body)

    def result(self) -> Solved | None:
        found, self.answer = self.answer, None
        return found

    def stop(self) -> None:
        self.answer = None


@dataclass
class Desk:
    """A planner that is started, given answers by its solver, and killed."""

    log: HandLog
    solver: HandSolver = field(default_factory=HandSolver)

    def __post_init__(self) -> None:
        reader = HandReader(self.log)
        self.following = Following(reader, reader, self.solver, SITE)

    def solve(self) -> bool:
        self.solver.answer = Solved(PlanStatus.FEASIBLE, "{}")
        return self.following.turn()


def names(log: HandLog) -> list[str]:
    return [plan.problem for plan in log.plans]


def test_of_several_that_wait_only_the_newest_is_solved():
    log = HandLog()
    log.add("A", "B", "C")
    desk = Desk(log)
    desk.following.turn()
    assert desk.solve()
    assert not desk.solve()
    assert names(log) == ["C"]


def test_a_newer_problem_follows_the_one_that_is_being_solved():
    log = HandLog()
    log.add("A")
    desk = Desk(log)
    desk.following.turn()
    log.add("B", "C")
    desk.following.turn()
    assert desk.solve()
    assert desk.solve()
    assert names(log) == ["A", "C"]


def test_a_planner_that_died_while_it_solved_solves_the_newest_again():
    log = HandLog()
    log.add("A", "B")
    Desk(log).following.turn()
    again = Desk(log)
    again.following.turn()
    assert again.solve()
    assert names(log) == ["B"]
    assert log.committed == 2


def test_what_was_answered_is_not_solved_again_after_a_restart():
    log = HandLog()
    log.add("A")
    desk = Desk(log)
    desk.following.turn()
    desk.solve()
    again = Desk(log)
    again.following.turn()
    assert again.solver.bodies == []


def test_a_problem_without_an_answer_holds_up_none_that_follows():
    log = HandLog()
    log.add("A")
    desk = Desk(log)
    desk.following.turn()
    desk.solver.answer = unsolved("cannot be read")
    assert desk.following.turn()
    log.add("B")
    desk.following.turn()
    desk.solve()
    assert [(plan.problem, plan.status) for plan in log.plans] == [("A", PlanStatus.NO_ANSWER), ("B", PlanStatus.FEASIBLE)]


def test_what_is_no_record_and_what_is_of_another_site_is_passed_over():
    log = HandLog()
    log.add("theirs", site="elsewhere")
    log.problems.append(b"{")
    desk = Desk(log)
    desk.following.turn()
    assert desk.solver.bodies == []
    assert log.committed == 2


def test_an_answer_waits_for_a_broker_that_is_away():
    log = HandLog()
    log.add("A")
    desk = Desk(log)
    desk.following.turn()
    log.is_away = True
    assert not desk.solve()
    assert not desk.following.turn()
    log.is_away = False
    log.add("B")
    assert desk.following.turn()
    desk.solve()
    assert names(log) == ["A", "B"]


@pytest.mark.parametrize("is_away", [True, False])
def test_a_place_that_cannot_be_kept_is_kept_later(is_away):
    log = HandLog()
    log.problems.append(b"{")
    desk = Desk(log)
    desk.following._read()
    log.is_away = is_away
    desk.following.turn()
    assert log.committed == (0 if is_away else 1)
    log.is_away = False
    desk.following.turn()
    assert log.committed == 1


STEPS = st.lists(st.sampled_from(["problem", "turn", "solve", "kill", "away", "back"]), max_size=40)


@settings(deadline=None, max_examples=300)
@given(STEPS)
def test_whatever_happens_the_newest_problem_is_answered_in_the_end_and_answers_come_in_order(steps):
    log, count = HandLog(), 0
    desk = Desk(log)
    for step in steps:
        if step == "problem":
            log.add(f"{count:03}")
            count += 1
        elif step == "kill":
            desk = Desk(log)
        elif step in ("away", "back"):
            log.is_away = step == "away"
        else:
            desk.solve() if step == "solve" and desk.following._solving else desk.following.turn()
    log.is_away = False
    for _ in range(4):
        desk.solve() if desk.following._solving else desk.following.turn()
    found = names(log)
    assert not count or found[-1] == f"{count - 1:03}"
    assert found == sorted(found)
    assert log.committed == count
