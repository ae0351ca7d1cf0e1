"""Sheets of the workbook on which several sections have rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reporting.sections.section import Sheet
from reporting.tables import Cell, Column, local_time
from words.speech import Words


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One key figure."""

    name: str | None = None
    value: Cell = None
    unit: str | None = None


def _summary_columns(words: Words) -> list[Column[SummaryRow]]:
    return [
        Column(words["key_figures"], lambda row: row.name),
        Column(words["quantity"], lambda row: row.value),
        Column(words["unit"], lambda row: row.unit),
    ]


SUMMARY = Sheet("summary", _summary_columns, (70, 24, 60), place=0)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something that was found, advised or set aside."""

    kind: str
    meter: str
    finding: str
    status: str
    at_utc: datetime | None = None
    power_kw: float | None = None
    money: Cell = None
    """Expected [EUR], or the word for unknown."""
    decided: str | None = None


def _finding_columns(words: Words) -> list[Column[FindingRow]]:
    return [
        Column(words["kind"], lambda row: row.kind),
        Column(words["start_local"], lambda row: None if row.at_utc is None else local_time(row.at_utc, words.zone)),
        Column(words["start_utc"], lambda row: row.at_utc),
        Column(words["meter"], lambda row: row.meter),
        Column(words["status"], lambda row: row.status),
        Column("kW", lambda row: row.power_kw),
        Column(words["money.expected"], lambda row: row.money),
        Column(words["finding"], lambda row: row.finding),
        Column(words["decided"], lambda row: row.decided),
    ]


FINDINGS = Sheet("findings", _finding_columns, (24, 18, 22, 18, 26, 10, 12, 90, 40), place=50)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A heading, what changed in a series, or one revision of a quarter hour."""

    meter: str
    """Or the words of a heading."""
    channel: str | None = None
    start_local: Cell = None
    """Or how many quarter hours."""
    start_utc: datetime | None = None
    revision: int | None = None
    energy: Decimal | None = None
    quality: str | None = None
    method: str | None = None
    origin: str | None = None
    recorded_utc: datetime | None = None


def _change_columns(words: Words) -> list[Column[ChangeRow]]:
    return [
        Column(words["meter"], lambda row: row.meter),
        Column(words["channel"], lambda row: row.channel),
        Column(words["start_local"], lambda row: row.start_local),
        Column(words["start_utc"], lambda row: row.start_utc),
        Column(words["revision"], lambda row: row.revision),
        Column(f"{words['energy']} [kWh, kvarh]", lambda row: row.energy),
        Column(words["quality"], lambda row: row.quality),
        Column(words["method"], lambda row: row.method),
        Column(words["origin"], lambda row: row.origin),
        Column(words["recorded"], lambda row: row.recorded_utc),
    ]


CHANGELOG = Sheet("changelog", _change_columns, (24, 18, 20, 22), place=60)


def money_cell(amount_eur: float | None, words: Words) -> Cell:
    """Euros, or a word where no tariff says how many."""
    return words["unknown"] if amount_eur is None else amount_eur
