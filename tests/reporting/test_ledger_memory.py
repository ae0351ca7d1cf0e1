"""A ledger in memory is a ledger, and one that is read through a memory gives the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_sample import StepClock

from domain.contracts import EXAMPLES
from domain.intervals import QUARTER
from domain.topics import BY_NAME, INTERVALS, MACHINE_HEALTH, ORDERS
from reporting.historian import TOPICS_KEPT
from reporting.ledger import Entry, Ledger, LedgerError, LedgerReader

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
ROW = EXAMPLES[INTERVALS.name]
HEALTH = EXAMPLES[MACHINE_HEALTH.name]
REGISTER = (ROW.meter, ROW.channel)
SPAN = (*REGISTER, FROM, TO)
QUESTIONS: dict[str, Callable[[LedgerReader], Any]] = {
    "intervals": lambda ledger: ledger.intervals(*SPAN),
    "intervals as of": lambda ledger: ledger.intervals(*SPAN, as_of_utc=TO),
    "interval_revisions": lambda ledger: ledger.interval_revisions(*REGISTER, ROW.start_utc),
    "revisions": lambda ledger: ledger.revisions(*SPAN),
    "restatements": lambda ledger: ledger.restatements(*SPAN),
    "doubtful": lambda ledger: ledger.doubtful(*SPAN),
    "peak": lambda ledger: ledger.peak(*SPAN),
    "interval_span": lambda ledger: ledger.interval_span(),
    "has_intervals": lambda ledger: ledger.has_intervals(FROM, TO),
    "series": lambda ledger: ledger.series(),
    "latest_forecast": lambda ledger: ledger.latest_forecast(),
    "forecasts": lambda ledger: ledger.forecasts(FROM, TO),
    "forecast_before": lambda ledger: ledger.forecast_before(TO),
    "meter_forecast": lambda ledger: ledger.meter_forecast("furnace-1"),
    "anomalies": lambda ledger: ledger.anomalies(),
    "feedback": lambda ledger: ledger.feedback(),
    "anomalies that last": lambda ledger: ledger.anomalies(open_only=True),
    "orders": lambda ledger: ledger.orders(),
    "order_history": lambda ledger: ledger.order_history(),
    "order_revisions": lambda ledger: ledger.order_revisions(EXAMPLES[ORDERS.name].job),
    "shift_changes": lambda ledger: ledger.shift_changes(),
    "measures": lambda ledger: ledger.measures(),
    "quality_events": lambda ledger: ledger.quality_events(),
    "machine_health": lambda ledger: ledger.machine_health(HEALTH.site, HEALTH.machine, FROM, TO),
    "newest_machine_health": lambda ledger: ledger.newest_machine_health(HEALTH.site, HEALTH.machine, TO),
    "own_use": lambda ledger: ledger.own_use(FROM, TO),
    "job_powers": lambda ledger: ledger.job_powers(),
    "prices": lambda ledger: ledger.prices(),
    "recommendations": lambda ledger: ledger.recommendations(),
    "effects": lambda ledger: ledger.effects(),
    "autopsies": lambda ledger: ledger.autopsies(),
    "decisions": lambda ledger: ledger.decisions(),
    "rejections": lambda ledger: ledger.rejections(FROM, TO),
    "rejections_by_reason": lambda ledger: ledger.rejections_by_reason(),
    "latest_demand": lambda ledger: ledger.latest_demand(),
    "demands": lambda ledger: ledger.demands(FROM, TO),
    "conflicts": lambda ledger: ledger.conflicts(),
    "unreadable": lambda ledger: ledger.unreadable(),
    "offsets": lambda ledger: ledger.offsets(),
    "recorded_until_utc": lambda ledger: ledger.recorded_until_utc(),
    "content": lambda ledger: list(ledger.content()),
}
NOT_ANSWERS = {"begun", "remembering", "refresh", "close", "noting"}
"""`begun` is kept for a time whatever comes; the others are no questions."""


def entries() -> Iterator[Entry]:
    """A record of each topic that is kept, and a correction of the quarter hour."""
    for name, record in EXAMPLES.items():
        if BY_NAME[name] in TOPICS_KEPT:
            yield BY_NAME[name], 0, 0, record
    yield INTERVALS, 0, 1, replace(ROW, revision=ROW.revision + 1, energy_uwh=1)
    yield INTERVALS, 0, 2, replace(ROW, start_utc=ROW.start_utc + QUARTER)


def test_the_list_of_questions_here_is_that_of_the_reader() -> None:
    public = {name for name in dir(LedgerReader) if not name.startswith("_")}
    assert public - NOT_ANSWERS == {name.split()[0] for name in QUESTIONS}


def test_a_ledger_in_memory_says_what_one_in_a_file_says(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite", clock=StepClock()) as file, Ledger.in_memory(StepClock()) as memory:
        for filled in (False, True):
            if filled:
                assert file.append(list(entries())) == memory.append(list(entries())) > 9
            for name, question in QUESTIONS.items():
                assert question(file) == question(memory), name
            assert file.begun() == memory.begun()


def test_a_ledger_in_memory_takes_no_change_of_its_rows() -> None:
    with Ledger.in_memory() as ledger, pytest.raises(Exception, match="append-only: interval takes no DELETE"):
        ledger.append(list(entries()))
        ledger._database.execute("DELETE FROM interval")


def test_an_empty_ledger_knows_nothing_and_fails_at_nothing() -> None:
    with Ledger.in_memory() as ledger:
        assert {name for name, question in QUESTIONS.items() if question(ledger)} == set()
        assert ledger.begun() == {}


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(list(range(len(list(entries()))))))
def test_a_reader_that_remembers_answers_like_the_ledger_after_each_record(order: list[int]) -> None:
    every, places = list(entries()), dict[str, int]()
    with Ledger.in_memory(StepClock()) as ledger:
        remembered = ledger.remembering()
        for number in order:
            topic, _, _, record = every[number]
            offset = places.get(topic.name, 0)
            places[topic.name] = offset + 1
            ledger.append([(topic, 0, offset, record)])
            remembered.refresh()
            for name, question in QUESTIONS.items():
                assert question(remembered) == question(ledger), name


def test_an_answer_stands_until_the_reader_is_refreshed_and_beginnings_stand_longer() -> None:
    with Ledger.in_memory(StepClock()) as ledger:
        remembered = ledger.remembering()
        assert (remembered.orders(), remembered.begun()) == ([], {})
        ledger.append(list(entries()))
        assert remembered.orders() == []
        remembered.refresh()
        assert len(remembered.orders()) == 1
        assert (remembered.begun(), list(ledger.begun())) == ({}, [ROW.meter])


def test_a_question_that_fails_is_not_remembered() -> None:
    with Ledger.in_memory(StepClock()) as ledger:
        ledger.append([(INTERVALS, 0, 0, ROW), (INTERVALS, 0, 1, replace(ROW, site="elsewhere"))])
        remembered = ledger.remembering()
        for _ in range(2):
            with pytest.raises(LedgerError, match="several sites"):
                remembered.peak(*REGISTER, FROM, FROM + timedelta(days=1))
