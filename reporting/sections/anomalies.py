"""Anomalies of the month: excess energy and what it costs a day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.anomalies import Anomaly
from domain.instants import instant_text
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import ADVICE_ROWS, NAME, SENTENCES, Content, Section, SheetPart
from reporting.sections.shared_sheets import FINDINGS, FindingRow, money_cell
from reporting.typesetting import one_line
from words.sentences import anomaly_in_each_language, anomaly_text, names_of
from words.speech import Words, of_report


def _data(content: Content) -> dict[str, Any]:
    zone, names = content.month.period.zone, names_of(content.month.plant)
    return {
        "anomalies": [
            {
                "id": a.anomaly, "meter": a.meter, "kind": str(a.kind), "since_utc": instant_text(a.since_utc),
                "until_utc": None if a.until_utc is None else instant_text(a.until_utc), "excess_kwh": a.excess_kwh,
                "eur_per_day": a.eur_per_day, "texts": anomaly_in_each_language(a, zone, names, of_report),
            }
            for a in content.month.anomalies
        ]
    }  # fmt: skip


def _rows(content: Content, words: Words) -> Iterator[FindingRow]:
    names = names_of(content.month.plant)
    for a in content.month.anomalies:
        status = words["lasting"] if a.until_utc is None else f"{words['until']} {words.moment(a.until_utc)}"
        money = money_cell(a.eur_per_day, words)
        yield FindingRow(words["anomalies"], a.meter, anomaly_text(a, words, names), status, a.since_utc, a.actual_kw, money)


def _page(content: Content, words: Words) -> list[Block]:
    names = names_of(content.month.plant)
    columns: list[PrintColumn[Anomaly]] = [
        PrintColumn(words["meter"], lambda a: one_line(a.meter, NAME)),
        PrintColumn(words["since"], lambda a: words.moment(a.since_utc)),
        PrintColumn(words["until"], lambda a: words["lasting"] if a.until_utc is None else words.moment(a.until_utc)),
        PrintColumn(f"{words['excess']} [kWh]", lambda a: words.number(a.excess_kwh, 1), is_number=True),
        PrintColumn(words["eur_per_day"], lambda a: words.money(a.eur_per_day), is_number=True),
        PrintColumn(words["finding"], lambda a: one_line(anomaly_text(a, words, names), SENTENCES), "1fr"),
    ]
    table = shortened(printed(columns, content.month.anomalies), ADVICE_ROWS, words)
    note = Paragraph(words["anomalies.note"], is_small=True, stays_with_next=True)
    return [Heading(words["anomalies"]), *table_or(words["anomalies.none"], table, note)]


SECTION = Section(data=_data, sheets=(SheetPart(FINDINGS, _rows),), page=_page)
