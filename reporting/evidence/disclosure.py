"""Which rows of the ledger a report rests on, and the proofs that they lie under its seals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.clock import epoch_ms
from domain.topics import ANOMALIES, AUTOPSIES, DECISIONS, EFFECTS, PRICES, RECOMMENDATIONS, Topic
from reporting.ledger.chain import Linked
from reporting.ledger.merkle import proof_of
from reporting.ledger.seals import Seal, as_written, head_before
from reporting.ledger.writer import subject_of
from reporting.month import MonthReport


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Rows with their proofs."""

    rows: tuple[Linked, ...]
    proofs: dict[int, list[bytes]]
    """Number of the seal -> hashes of `docs/evidence-format.md`, section 6."""


def disclose(database: sqlite3.Connection, month: MonthReport, report: str, seals: Iterable[Seal], last_link: int) -> Disclosure:
    """The rows that the figures of `month` rest on.

    Parameters
    ----------
    report
        Name of the report: its earlier versions are rows, too.
    seals
        All of the ledger.
    last_link
        The last one that had a row when `month` was read.

    Raises
    ------
    LedgerError
        If a row under one of the seals is not what it was when it was written.
    """
    wanted = sorted({*_data_links(database, month, last_link), *_other_links(database, report)})
    rows: list[Linked] = []
    proofs: dict[int, list[bytes]] = {}
    for seal in seals:
        links = [link for link in wanted if seal.first_link <= link <= seal.last_link]
        if links:
            sealed = list(as_written(database, seal.first_link, seal.last_link, head_before(database, seal.first_link)))
            places = [link - seal.first_link for link in links]
            rows += [sealed[place] for place in places]
            proofs[seal.number] = proof_of([row.leaf for row in sealed], places)
    return Disclosure(tuple(rows), proofs)


def _data_links(database: sqlite3.Connection, month: MonthReport, last_link: int) -> Iterator[int]:
    period, cut_off_ms = month.period, epoch_ms(month.data_cut_off_utc)
    span = (epoch_ms(period.from_utc) // 1000, epoch_ms(period.to_utc) // 1000)
    for one in month.series:
        yield from _links(
            database,
            "SELECT link FROM link JOIN interval i ON i.series = a AND i.start_s = b AND i.revision = c JOIN series s ON s.series = a "
            "WHERE kind = 'interval' AND link <= ? AND s.meter = ? AND s.channel = ? AND b >= ? AND b < ? AND recorded_ms <= ?",
            (last_link, one.meter.id, one.channel, *span, cut_off_ms),
        )
    entries = [number for topic, subject in _subjects(month) for number in _entries(database, topic, subject, cut_off_ms)]
    yield from _links_of(database, "entry", entries, last_link)
    rejections = _links(
        database,
        "SELECT rejection FROM rejection WHERE at_ms >= ? AND at_ms < ? AND recorded_ms <= ?",
        (epoch_ms(period.from_utc), epoch_ms(period.to_utc), cut_off_ms),
    )
    yield from _links_of(database, "rejection", rejections, last_link)
    conflicts = _links(database, "SELECT conflict FROM conflict WHERE recorded_ms <= ?", (cut_off_ms,))
    yield from _links_of(database, "conflict", conflicts, last_link)


def _subjects(month: MonthReport) -> set[tuple[Topic, str]]:
    """What the entries of the report are about, by topic."""
    records = {
        ANOMALIES: month.anomalies, RECOMMENDATIONS: month.recommendations, DECISIONS: tuple(month.decisions.values()), PRICES: month.prices,
        EFFECTS: month.effects, AUTOPSIES: month.autopsies,
    }  # fmt: skip
    return {(topic, subject_of(topic, record)) for topic, some in records.items() for record in some}


def _entries(database: sqlite3.Connection, topic: Topic, subject: str, cut_off_ms: int) -> list[int]:
    sql = "SELECT entry FROM entry WHERE topic = ? AND subject = ? AND recorded_ms <= ?"
    return _links(database, sql, (topic.name, subject, cut_off_ms))


def _other_links(database: sqlite3.Connection, report: str) -> Iterator[int]:
    """The configuration as it is now, the report's earlier versions, and what was done to the ledger."""
    newest = _links(database, "SELECT max(document) FROM document GROUP BY name", ())
    versions = _links(database, "SELECT report FROM report WHERE name = ?", (report,))
    for kind, numbers in (("document", newest), ("report", versions), ("event", None)):
        yield from _links_of(database, kind, numbers, 2**62)


def _links_of(database: sqlite3.Connection, kind: str, numbers: list[int] | None, last_link: int) -> Iterator[int]:
    """Links of rows of a kind by their numbers; of all where None."""
    if numbers == []:
        return
    wanted = None if numbers is None else set(numbers)
    for link, number in database.execute("SELECT link, a FROM link WHERE kind = ? AND link <= ?", (kind, last_link)):
        if wanted is None or number in wanted:
            yield link


def _links(database: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[int]:
    return [int(row[0]) for row in database.execute(sql, values)]
