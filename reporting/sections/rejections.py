"""Readings that were not used, by meter and reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reporting.ledger import RejectedReadings
from reporting.sections.blocks import Block, Heading, PrintColumn, printed, shortened, table_or
from reporting.sections.section import NAME, Content, Section, SheetPart
from reporting.sections.shared_sheets import FINDINGS, FindingRow
from reporting.typesetting import one_line
from words.speech import Words

_PRINTED_ROWS = 36


def _data(content: Content) -> dict[str, Any]:
    return {"rejected_readings": [{"meter": r.meter, "reason": r.reason, "count": r.count} for r in content.month.rejections]}


def _rows(content: Content, words: Words) -> Iterator[FindingRow]:
    for r in content.month.rejections:
        yield FindingRow(words["rejections"], r.meter, f"{r.count}", words.either("r", r.reason))


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[RejectedReadings]] = [
        PrintColumn(words["meter"], lambda r: one_line(r.meter, NAME)),
        PrintColumn(words["reason"], lambda r: words.either("r", r.reason), "1fr"),
        PrintColumn(words["count"], lambda r: words.number(r.count), is_number=True),
    ]
    table = shortened(printed(columns, content.month.rejections), _PRINTED_ROWS, words)
    return [Heading(words["rejections"]), *table_or(words["rejections.none"], table)]


SECTION = Section(data=_data, sheets=(SheetPart(FINDINGS, _rows, place=1),), page=_page)
