"""The ledger: nothing lost, nothing twice, nothing overwritten, and the past can be asked for."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contracts import EXAMPLES
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.readings import Rejection, RejectionReason
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FORECASTS, INTERVALS, ORDERS, READINGS, RECOMMENDATIONS, REJECTED
from reporting.ledger import Entry, Ledger, LedgerError, RejectedReadings, Unreadable

NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)


@dataclass
class StepClock:
    """Stands until it is moved."""

    now: datetime = NINE
    speed: float = 1.0

    def now_utc(self) -> datetime:
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


def interval(start: datetime = NINE, energy: int | None = 150_000_000_000, revision: int = 1, **others: Any) -> Interval:
    quality = IntervalQuality.MISSING if energy is None else IntervalQuality.MEASURED
    method = IntervalMethod.NONE if energy is None else IntervalMethod.REGISTER
    first = Interval(
        "werk-nord", "main", "energy_import", start, energy, 0.0 if energy is None else 1.0, quality, method, revision, 180
    )
    return replace(first, **others)


def sent(*records: Any, topic: Any = INTERVALS, first: int = 0) -> list[Entry]:
    return [(topic, 0, first + number, record) for number, record in enumerate(records)]


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: StepClock) -> Any:
    with Ledger.open(tmp_path / "ledger.sqlite", clock=clock) as opened:
        yield opened


def all_of(ledger: Ledger) -> list[Interval]:
    return ledger.intervals("main", "energy_import", NINE - timedelta(days=9), NINE + timedelta(days=9))


def test_the_latest_revision_counts_and_older_ones_stay(ledger: Ledger) -> None:
    ledger.append(sent(interval(revision=1, energy=100), interval(revision=2, energy=120), interval(NINE + QUARTER)))
    assert [(i.start_utc, i.revision, i.energy_uwh) for i in all_of(ledger)] == [
        (NINE, 2, 120),
        (NINE + QUARTER, 1, 150_000_000_000),
    ]
    assert [i.energy_uwh for i in ledger.interval_revisions("main", "energy_import", NINE)] == [100, 120]
    (restated,) = ledger.restatements("main", "energy_import", NINE, NINE + QUARTER)
    assert [i.revision for i in restated.revisions] == [1, 2]


def test_a_lower_revision_that_comes_later_does_not_count(ledger: Ledger) -> None:
    ledger.append(sent(interval(revision=2, energy=120)))
    ledger.append(sent(interval(revision=0, energy=7, origin=IntervalOrigin.IMPORT), first=1))
    assert [i.energy_uwh for i in all_of(ledger)] == [120]


def test_the_past_is_answered_as_it_was_known_then(ledger: Ledger, clock: StepClock) -> None:
    ledger.append(sent(interval(energy=100)))
    clock.now = NINE + timedelta(hours=1)
    ledger.append(sent(interval(energy=120, revision=2), first=1))
    known = ledger.intervals("main", "energy_import", NINE, NINE + QUARTER, as_of_utc=NINE + timedelta(minutes=30))
    assert [i.energy_uwh for i in known] == [100]
    assert ledger.recorded_until_utc() == clock.now


def test_a_record_sent_again_is_no_new_row(ledger: Ledger) -> None:
    ledger.append(sent(interval()))
    ledger.append(sent(interval(), first=1))
    assert len(ledger.interval_revisions("main", "energy_import", NINE)) == 1
    assert ledger.conflicts() == []
    assert ledger.offsets() == {(INTERVALS.name, 0): 2}


def test_the_same_identity_with_another_value_is_kept_as_a_conflict_and_does_not_count(ledger: Ledger) -> None:
    ledger.append(sent(interval(energy=100), interval(energy=101), interval(energy=101)))
    assert [i.energy_uwh for i in all_of(ledger)] == [100]
    (conflict,) = ledger.conflicts()
    assert conflict.place == "energy.intervals.v1/0/1"
    assert '"energy_uwh":101' in conflict.payload


def test_missing_stays_missing(ledger: Ledger) -> None:
    ledger.append(sent(interval(energy=None)))
    (found,) = all_of(ledger)
    assert (found.energy_uwh, found.quality) == (None, IntervalQuality.MISSING)


def test_every_record_comes_back_as_it_was_sent(ledger: Ledger) -> None:
    for topic in (INTERVALS, ANOMALIES, FORECASTS, ORDERS, RECOMMENDATIONS, DECISIONS, DEMAND, REJECTED):
        ledger.append(sent(EXAMPLES[topic.name], topic=topic))
    assert all_of(ledger) == [EXAMPLES[INTERVALS.name]]
    assert ledger.anomalies() == [EXAMPLES[ANOMALIES.name]]
    assert ledger.latest_forecast() == EXAMPLES[FORECASTS.name]
    assert ledger.orders() == ledger.order_revisions("H-2207") == [EXAMPLES[ORDERS.name]]
    assert ledger.order_revisions("2207") == []
    assert ledger.recommendations() == [EXAMPLES[RECOMMENDATIONS.name]]
    assert ledger.decisions() == [EXAMPLES[DECISIONS.name]]
    assert ledger.latest_demand() == EXAMPLES[DEMAND.name]
    assert ledger.rejections_by_reason() == {"clock_in_future": 1}


def test_a_topic_that_is_not_kept_is_refused_and_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=r"keeps nothing of energy\.readings\.v1"):
        ledger.append([*sent(interval()), *sent(EXAMPLES[READINGS.name], topic=READINGS)])
    assert ledger.offsets() == {}
    ledger.append(sent(interval()))
    assert len(all_of(ledger)) == 1


def test_an_anomaly_is_open_until_a_revision_ends_it(ledger: Ledger) -> None:
    lasting = EXAMPLES[ANOMALIES.name]
    ledger.append(sent(lasting, topic=ANOMALIES))
    assert ledger.anomalies(open_only=True) == [lasting]
    ledger.append(sent(replace(lasting, revision=3, until_utc=NINE + timedelta(hours=9)), topic=ANOMALIES, first=1))
    assert ledger.anomalies(open_only=True) == []
    assert [a.revision for a in ledger.anomalies()] == [3]


def test_only_the_last_demand_of_each_quarter_hour_is_kept(ledger: Ledger) -> None:
    first = EXAMPLES[DEMAND.name]
    states = [
        replace(first, at_utc=NINE + timedelta(minutes=minute), start_utc=NINE + QUARTER * (minute // 15), energy_kwh=float(minute))
        for minute in range(5, 40, 5)
    ]
    for number, state in enumerate(states):
        ledger.append(sent(state, topic=DEMAND, first=number))
    ledger.append(sent(*states[:3], topic=DEMAND, first=len(states)))
    assert [d.energy_kwh for d in ledger.demands(NINE, NINE + timedelta(hours=1))] == [10.0, 25.0]
    latest = ledger.latest_demand()
    assert latest is not None
    assert latest.energy_kwh == 35.0


def test_a_running_demand_of_a_wrong_year_does_not_hide_those_that_follow(ledger: Ledger) -> None:
    now = replace(EXAMPLES[DEMAND.name], at_utc=NINE, start_utc=NINE, energy_kwh=1.0)
    wrong = replace(now, at_utc=NINE + timedelta(days=36), start_utc=NINE + timedelta(days=36))
    ledger.append(sent(now, wrong, replace(now, at_utc=NINE + timedelta(minutes=1), energy_kwh=2.0), topic=DEMAND))
    latest = ledger.latest_demand()
    assert latest is not None
    assert (latest.at_utc, latest.energy_kwh) == (NINE + timedelta(minutes=1), 2.0)


def test_a_rejection_is_counted_once_by_its_source(ledger: Ledger) -> None:
    one = Rejection("werk-nord", "main", RejectionReason.DUPLICATE, "{}", source="energy.readings.v1/0/7", at_utc=NINE)
    ledger.append(sent(one, one, replace(one, source="energy.readings.v1/0/8"), topic=REJECTED))
    ledger.append(sent(replace(one, source=""), replace(one, source=""), topic=REJECTED, first=3))
    assert ledger.rejections_by_reason() == {"duplicate": 4}
    assert ledger.rejections(NINE, NINE + QUARTER) == [RejectedReadings("main", "duplicate", 4)]


def test_bytes_that_are_no_record_are_kept_and_reading_goes_on(ledger: Ledger) -> None:
    ledger.append([*sent(Unreadable(b"\xff", "no JSON")), *sent(interval(), first=1)])
    assert ledger.unreadable() == [(INTERVALS.name, 0, 0, "no JSON")]
    assert len(all_of(ledger)) == 1


def test_the_peak_is_the_earliest_highest_and_never_a_faulty_one(ledger: Ledger) -> None:
    faulty = interval(NINE, 900, quality=IntervalQuality.FAULTY)
    ledger.append(
        sent(faulty, interval(NINE + QUARTER, 500), interval(NINE + 2 * QUARTER, 500), interval(NINE + 3 * QUARTER, None))
    )
    peak = ledger.peak("main", "energy_import", NINE, NINE + 4 * QUARTER)
    assert peak is not None
    assert peak.start_utc == NINE + QUARTER
    assert ledger.peak("main", "energy_export", NINE, NINE + QUARTER) is None


@pytest.mark.parametrize(
    "change",
    ["UPDATE interval SET energy_uwh = 1", "DELETE FROM interval", "DELETE FROM conflict", "UPDATE entry SET revision = 9"],
)
def test_rows_cannot_be_changed_even_by_hand(ledger: Ledger, tmp_path: Path, change: str) -> None:
    ledger.append([*sent(interval(), interval(energy=1)), *sent(EXAMPLES[ORDERS.name], topic=ORDERS)])
    by_hand = sqlite3.connect(tmp_path / "ledger.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        by_hand.execute(change)
    by_hand.close()


def test_a_reader_needs_no_writer_and_does_not_hold_it_up(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(sent(interval()))
    with Ledger.open(tmp_path / "ledger.sqlite", readonly=True) as reader:
        reading = reader._database.execute("SELECT * FROM interval UNION ALL SELECT * FROM interval")
        assert reading.fetchone() is not None
        ledger.append(sent(interval(NINE + QUARTER), first=1))
        reading.close()
        assert len(all_of(reader)) == 2
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.append(sent(interval(NINE + 2 * QUARTER), first=2))


def test_what_is_no_ledger_is_refused_with_words(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger at"):
        Ledger.open(tmp_path / "absent.sqlite", readonly=True)
    (tmp_path / "text").write_text("Strom" * 1000)
    with pytest.raises(LedgerError, match="no ledger that can be opened"):
        Ledger.open(tmp_path / "text")
    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(LedgerError, match="version 99"):
        Ledger.open(tmp_path / "newer", readonly=True)


def test_another_log_is_read_from_its_beginning_and_adds_nothing_twice(ledger: Ledger) -> None:
    ledger.append(sent(interval(), interval(NINE + QUARTER)))
    ledger.follow_another_log("the broker's disk was replaced")
    assert ledger.offsets() == {}
    ledger.append(sent(interval(), interval(NINE + QUARTER), interval(NINE + 2 * QUARTER)))
    assert len(all_of(ledger)) == 3


def stream(seed: int) -> list[Entry]:
    """A log of intervals with revisions, repeats and contradictions, and of demand, in one partition each."""
    chance = random.Random(seed)
    entries: list[Entry] = []
    for number in range(120):
        start = NINE + QUARTER * chance.randrange(30)
        entries.append((INTERVALS, 0, 2 * number, interval(start, chance.randrange(3), revision=chance.randrange(1, 4))))
        at = NINE + timedelta(minutes=chance.randrange(number, number + 20))
        demand = replace(EXAMPLES[DEMAND.name], at_utc=at, start_utc=NINE + QUARTER * ((at - NINE) // QUARTER))
        entries.append((DEMAND, 0, number, demand))
    return entries


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), cuts=st.lists(st.tuples(st.integers(0, 240), st.integers(0, 60)), max_size=6))
def test_killed_anywhere_and_resumed_the_ledger_says_the_same(
    seed: int, cuts: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ledgers")
    log = stream(seed)
    with Ledger.open(folder / "whole") as whole:
        whole.append(log)
        expected = list(whole.content())
    at = 0
    for end, read_again in [*sorted(cuts), (len(log), 0)]:
        # Killed after `end`: it resumes from its offsets, or from before them where a message is delivered twice.
        with Ledger.open(folder / "cut") as cut:
            cut.append(log[max(0, at - read_again) : end])
        at = max(at, end)
    with Ledger.open(folder / "cut", readonly=True) as cut:
        assert list(cut.content()) == expected


@pytest.mark.parametrize(
    ("topic", "good", "bad"),
    [
        (ORDERS, EXAMPLES[ORDERS.name], {"revision": 2**63}),
        (ORDERS, EXAMPLES[ORDERS.name], {"job": "a\ud800b"}),
        (INTERVALS, interval(), {"energy_uwh": 2**63}),
        (INTERVALS, interval(), {"revision": -(2**70)}),
        (REJECTED, EXAMPLES[REJECTED.name], {"meter": "\udfff"}),
    ],
)
def test_a_record_that_the_ledger_cannot_hold_is_set_aside_with_its_reason_and_the_rest_is_written(
    ledger: Ledger, topic: Any, good: Any, bad: dict[str, Any]
) -> None:
    """No decoder lets such a record through; should one ever come, it must not stop the others."""
    before = sum(1 for _ in ledger.content())
    others = [replace(good, **_other(topic, number)) for number in range(7)]
    assert ledger.append(sent(*others[:3], replace(good, **bad), *others[3:], topic=topic)) == 8
    (aside,) = ledger.unreadable()
    assert aside[:3] == (topic.name, 0, 3)
    assert type(good).__name__ in aside[3]
    assert ledger.offsets() == {(topic.name, 0): 8}
    assert sum(1 for _ in ledger.content()) - before == 7 + 1 + 1  # the good ones, the one set aside, the offset


def _other(topic: Any, number: int) -> dict[str, Any]:
    """Makes a record one of its own."""
    return {
        ORDERS: {"job": f"J{number}"},
        INTERVALS: {"start_utc": NINE + number * QUARTER},
        REJECTED: {"source": f"file:{number}"},
    }[topic]


def test_rows_written_under_looser_rules_are_read_with_their_texts_made_printable(ledger: Ledger) -> None:
    decision, order = EXAMPLES[DECISIONS.name], EXAMPLES[ORDERS.name]
    ledger.append(sent(replace(decision, by="M. Adler\x0bSchicht A"), topic=DECISIONS))
    ledger.append(sent(order, replace(order, job="no such date", start_utc=datetime(1, 1, 1, tzinfo=UTC)), topic=ORDERS))
    assert [decision.by for decision in ledger.decisions()] == ["M. Adler\ufffdSchicht A"]
    assert ledger.orders() == [order]  # the other one says nothing that can be counted with; its row stays
