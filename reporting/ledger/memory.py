"""Answers of a ledger, remembered until the topic that they come from has new records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeVar

from domain.forecasts import Forecast
from domain.topics import Topic
from quarters.gaps import QuarterRevisions
from reporting.ledger.entries import Place

Answer = TypeVar("Answer")
Question = tuple[Any, ...]
MOST_RECORDS = 50_000
"""Quarter hours of a topic that are kept: about 30 MB."""


class Answers:
    """Answers by question; where they grow beyond `most` records, those that were used longest ago go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: dict[Question, tuple[int, Any]] = {}

    def __contains__(self, question: object) -> bool:
        return question in self._kept

    def __getitem__(self, question: Question) -> Any:
        kept = self._kept.pop(question)
        self._kept[question] = kept
        return kept[1]

    @property
    def weight(self) -> int:
        """Records in all answers, about."""
        return self._weight

    def keep(self, question: Question, answer: Any) -> None:
        """Remember an answer; it stays at least until the next one."""
        weight = weight_of(answer)
        self._kept[question] = (weight, answer)
        self._weight += weight
        while self._weight > self._most and len(self._kept) > 1:
            dropped, _ = self._kept.pop(next(iter(self._kept)))
            self._weight -= dropped


def weight_of(answer: Any) -> int:
    """About how many quarter hours' worth of memory it takes."""
    match answer:
        case QuarterRevisions():
            return len(answer.revisions)
        case Forecast():
            return 1 + len(answer.q50_kw)
        case list() | tuple():
            return 1 + sum(weight_of(one) for one in answer)
        case _:
            return 1


class Memory:
    """What one reader remembers. `refresh` forgets; between two calls of it all answers are of the same moment.

    Attributes
    ----------
    offsets
        As they were at the last `refresh`: all answers hold at least what lies before them.
    """

    def __init__(self, most_records: int = MOST_RECORDS) -> None:
        self._most = most_records
        self._marks: dict[str, int] = {}
        self._slow: dict[Question, tuple[float, Any]] = {}
        self.offsets: dict[Place, int] = {}
        self.answers: dict[str, Answers] = {}

    def refresh(self, offsets: Mapping[Place, int]) -> None:
        """Forget the answers of topics whose offsets have moved."""
        self.offsets = dict(offsets)
        marks: dict[str, int] = {}
        for (topic, _), offset in self.offsets.items():
            marks[topic] = marks.get(topic, 0) + offset
        for topic in {*marks, *self._marks}:
            if marks.get(topic) != self._marks.get(topic):
                self.answers.pop(topic, None)
        self._marks = marks

    def answer(self, topic: Topic, question: Question, find: Callable[[], Answer]) -> Answer:
        """The remembered answer, or what `find` gives."""
        answers = self.answers.setdefault(topic.name, Answers(self._most))
        if question not in answers:
            answers.keep(question, find())
        answer: Answer = answers[question]
        return answer

    def slow_answer(self, question: Question, keep_s: float, find: Callable[[], Answer]) -> Answer:
        """The remembered answer to a question that is looked up at most once in `keep_s` [real s], whatever has moved."""
        known = self._slow.get(question)
        if known is None or monotonic() - known[0] > keep_s:
            known = self._slow[question] = (monotonic(), find())
        answer: Answer = known[1]
        return answer
