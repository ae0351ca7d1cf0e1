"""Every row of the ledger has its link, whoever writes, and what was changed past the program is found."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_sample import NOON, StepClock, put, quarter

from domain.contracts import EXAMPLES
from domain.intervals import QUARTER
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FINDINGS, INTERVALS, REJECTED
from reporting.evidence.keys import KeyFolder
from reporting.evidence.ledger_check import check_ledger
from reporting.ledger import Ledger, LedgerError, Unreadable
from reporting.ledger.chain import Linked, leaf_of, linked
from reporting.ledger.file import MIGRATIONS
from reporting.ledger.merkle import proof_of, root_of
from reporting.ledger.seals import last_link, seals_of

SCHEMA_1 = MIGRATIONS[0]


def rows_of(ledger: Ledger) -> list[Linked]:
    found = list(linked(ledger.database, 1, last_link(ledger.database)))
    assert all(isinstance(row, Linked) for row in found)
    return [row for row in found if isinstance(row, Linked)]


def faults_of(ledger: Ledger, keys: KeyFolder | None = None) -> tuple[str, ...]:
    return check_ledger(ledger, keys.keys() if keys is not None else ()).faults


def test_the_canonical_bytes_are_those_of_the_page(ledger: Ledger) -> None:
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, None))
    first, second = rows_of(ledger)[-2:]
    tail = "1793512800000]"
    assert first.row.decode() == (
        f'["interval","werk-nord","main","energy_import",1790848800,1,100000000000,1.0,"measured","register",180,"metering",{tail}'
    )
    assert second.row.decode() == (
        f'["interval","werk-nord","main","energy_import",1790849700,1,null,0.0,"missing","none",180,"metering",{tail}'
    )
    assert second.head == sha256(first.head + sha256(b"\x00" + second.row).digest()).digest()


def test_rows_of_every_kind_have_one_link_each(ledger: Ledger) -> None:
    put(ledger, quarter(NOON, 100.0))
    for topic in (ANOMALIES, DECISIONS, REJECTED):
        ledger.append([(topic, 0, 0, EXAMPLES[topic.name])])
    ledger.append([(INTERVALS, 0, 5, Unreadable(b"\xff\x00", "no JSON")), (INTERVALS, 0, 6, quarter(NOON, 101.0))])
    ledger.note_documents({"plant.toml": b"a", "tariff.toml": b"b"})
    ledger.note_report("werk-nord-2026-10", 1, "0" * 64)
    kinds = [json.loads(row.row)[0] for row in rows_of(ledger)]
    assert kinds[-9:] == [
        "interval", "entry", "entry", "rejection", "unreadable", "conflict", "document", "document", "report",
    ]  # fmt: skip
    assert faults_of(ledger) == ()


def test_a_record_sent_again_has_no_second_link(ledger: Ledger) -> None:
    put(ledger, quarter(NOON, 100.0))
    before = last_link(ledger.database)
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, 90.0))
    assert last_link(ledger.database) == before + 1
    assert faults_of(ledger) == ()


def test_a_running_quarter_hour_is_linked_when_it_is_over(ledger: Ledger) -> None:
    demand = EXAMPLES[DEMAND.name]
    from dataclasses import replace

    ledger.append([(DEMAND, 0, 0, demand)])
    before = last_link(ledger.database)
    later = replace(demand, start_utc=demand.start_utc + QUARTER, at_utc=demand.at_utc + QUARTER)
    ledger.append([(DEMAND, 0, 1, later)])
    assert last_link(ledger.database) == before + 1
    assert faults_of(ledger) == ()


def test_configuration_is_kept_when_it_changes_and_when_it_changes_back(ledger: Ledger) -> None:
    for content in (b"a", b"a", b"b", b"a"):
        ledger.note_documents({"plant.toml": content})
    assert [row[0] for row in ledger.database.execute("SELECT content FROM document ORDER BY document")] == [b"a", b"b", b"a"]


def test_a_batch_that_is_rolled_back_leaves_no_link(ledger: Ledger) -> None:
    put(ledger, quarter(NOON, 100.0))
    before = last_link(ledger.database)
    with pytest.raises(LedgerError, match="keeps nothing of"):
        ledger.append([(INTERVALS, 0, 7, quarter(NOON + QUARTER, 1.0)), (FINDINGS, 0, 0, EXAMPLES[FINDINGS.name])])
    assert last_link(ledger.database) == before
    put(ledger, quarter(NOON + 2 * QUARTER, 100.0))
    assert faults_of(ledger) == ()


def test_two_writers_continue_one_chain(ledger: Ledger, folder: Path, clock: StepClock) -> None:
    with Ledger.open(folder / "ledger.sqlite", clock=clock) as other:
        for number in range(4):
            put(ledger if number % 2 else other, quarter(NOON + number * QUARTER, 100.0))
    assert faults_of(ledger) == ()


def test_no_row_can_be_added_without_this_program(ledger: Ledger, folder: Path) -> None:
    with (
        sqlite3.connect(folder / "ledger.sqlite") as by_hand,
        pytest.raises(sqlite3.OperationalError, match="no such function: lastgang_head"),
    ):
        by_hand.execute("INSERT INTO event (recorded_ms, what) VALUES (0, 'nothing happened')")


CHANGES = {
    "a value": ("UPDATE interval SET energy_uwh = 1 WHERE start_s = {s}", "row 5: changed"),
    "a revision": ("UPDATE interval SET revision = 9 WHERE start_s = {s}", "row 5: the interval that it was is gone"),
    "a row gone": ("DELETE FROM interval WHERE start_s = {s}", "row 5: the interval that it was is gone"),
    "a row and its link gone": ("DELETE FROM link WHERE link = 5", "rows 5 to 5: their links are gone"),
    "a head": ("UPDATE link SET head = zeroblob(32) WHERE link = 5", "row 5: changed"),
    "a meter's name": ("UPDATE series SET meter = 'other'", "row 4: changed"),
    "a row put in": ("INSERT INTO interval SELECT series, start_s + 90000, revision, 1, 1.0, quality, method, readings, origin, 0 FROM interval LIMIT 1",
                     "interval: 4 rows, 3 of them linked"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_an_administrator_changes_is_found_with_its_row(change: str, ledger: Ledger, folder: Path, keys: KeyFolder) -> None:
    ledger.sign_with(keys.signer)
    put(ledger, *(quarter(NOON + n * QUARTER, 100.0) for n in range(3)))
    assert ledger.seal() is not None
    sql, words = CHANGES[change]
    with sqlite3.connect(folder / "ledger.sqlite") as by_hand:
        for (trigger,) in by_hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            by_hand.execute(f"DROP TRIGGER {trigger}")
        by_hand.execute(sql.format(s=int((NOON + QUARTER).timestamp())))
    by_hand.close()
    assert any(fault.startswith(words) for fault in faults_of(ledger, keys)), faults_of(ledger, keys)


def test_nothing_is_sealed_over_a_changed_row_and_the_ledger_goes_on(
    ledger: Ledger, folder: Path, keys: KeyFolder, clock: StepClock
) -> None:
    put(ledger, quarter(NOON, 100.0))
    ledger.database.execute("DROP TRIGGER interval_no_update")
    ledger.database.execute("UPDATE interval SET energy_uwh = 1")
    ledger.sign_with(keys.signer)
    with pytest.raises(LedgerError, match=r"row 4 of the ledger is changed: it is \[\"interval\""):
        ledger.seal()
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON + QUARTER, 100.0))
    assert seals_of(ledger.database) == []
    assert len(ledger.intervals("main", "energy_import", NOON, NOON + timedelta(hours=1))) == 2


def test_each_day_is_sealed_when_the_next_one_brings_its_first_row(ledger: Ledger, keys: KeyFolder, clock: StepClock) -> None:
    ledger.sign_with(keys.signer)
    for day in range(3):
        for _ in range(2):
            put(ledger, quarter(NOON + QUARTER * last_link(ledger.database), 100.0))
        assert len(seals_of(ledger.database)) == day
        clock.now += timedelta(days=1)
    first, second = seals_of(ledger.database)
    assert (first.first_link, second.first_link) == (1, first.last_link + 1)
    assert json.loads(second.statement)[8] == sha256(first.statement.encode()).hexdigest()
    assert faults_of(ledger, keys) == ()


def test_a_ledger_from_before_the_chain_is_linked_when_it_is_opened(folder: Path, clock: StepClock, keys: KeyFolder) -> None:
    path = folder / "old.sqlite"
    with sqlite3.connect(path) as old:
        old.executescript(SCHEMA_1)
        old.execute("INSERT INTO series VALUES (1, 'werk-nord', 'main', 'energy_import')")
        old.execute("INSERT INTO interval VALUES (1, 1790848800, 1, 25, 1.0, 'measured', 'register', 1, 'metering', 7)")
        old.execute("INSERT INTO entry VALUES (1, 't', 's', 0, 0, '{}', 7)")
        old.execute("PRAGMA user_version = 1")
    old.close()
    with pytest.raises(LedgerError, match="start `lastgang historian` on it once"):
        Ledger.open(path, readonly=True)
    with Ledger.open(path, clock=clock) as ledger:
        ledger.sign_with(keys.signer)
        put(ledger, quarter(NOON + QUARTER, 100.0))
        ledger.seal()
        texts = [row.row.decode() for row in rows_of(ledger)]
        assert texts[0].startswith('["interval","werk-nord","main","energy_import",1790848800,1,25,')
        assert texts[1] == '["entry","t","s",0,0,"{}",7]'
        assert '"chain begins with 2 rows that were there before"' in texts[2]
        assert faults_of(ledger, keys) == ()


leaves = st.integers(1, 70).map(lambda count: [leaf_of(bytes([number])) for number in range(count)])


def reference_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + reference_root(hashes[:k]) + reference_root(hashes[k:])).digest()


@settings(deadline=None)
@given(leaves)
def test_the_root_is_that_of_rfc_6962(hashes: list[bytes]) -> None:
    assert root_of(hashes) == reference_root(hashes)


@settings(deadline=None)
@given(leaves, st.data())
def test_a_proof_gives_the_root_with_the_disclosed_leaves_and_with_no_others(hashes: list[bytes], data: Any) -> None:
    from reporting.evidence.check import _root

    places = sorted(data.draw(st.sets(st.integers(0, len(hashes) - 1), min_size=1)))
    known = {place: hashes[place] for place in places}
    proof = proof_of(hashes, places)
    assert _root(dict(known), places, 0, len(hashes), list(proof)) == root_of(hashes)
    known[places[0]] = leaf_of(b"another row altogether")
    assert _root(known, places, 0, len(hashes), list(proof)) != root_of(hashes)
