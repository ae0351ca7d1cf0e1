"""The bill of the month, line by line, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.lines import BillLine
from reporting.cost import MonthCost, WindowPeak, why_no_bill
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.quarters import quarter_data
from reporting.sections.section import NAME, SENTENCES, Content, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import SUMMARY, SummaryRow
from reporting.tables import Cell, Column
from reporting.typesetting import one_line
from words.speech import Words


def _data(content: Content) -> dict[str, Any]:
    cost = content.cost
    tariff = {"id": cost.tariff_id, "version": cost.tariff_version, "source": cost.tariff_source} if cost.tariff_id else None
    windows = [_window_data(window) for window in cost.windows]
    if cost.bill is None:
        return {"cost": {"tariff": tariff, "bill": None, "why_not": cost.why_not, "windows": windows}}
    return {"cost": {"tariff": tariff, "bill": cost.bill.as_json(), "windows": windows}}


def _window_data(window: WindowPeak) -> dict[str, Any]:
    return {"component": window.component, "where": window.where, "calendar": window.calendar, "peak": quarter_data(window.peak)}


# the sheets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CostRow:
    """A line of the bill, or words about it."""

    line: str
    kind: str | None = None
    quantity: Cell = None
    unit: str | None = None
    price_eur: float | None = None
    amount_eur: float | None = None
    period: str | None = None


def _rows(content: Content, words: Words) -> Iterator[CostRow]:
    cost = content.cost
    if cost.bill is None:
        yield CostRow(words.fill("bill.none", why=why_no_bill(cost, words)))
        return
    yield from (_line_row(line, words) for line in cost.bill.lines)
    total_eur = float(cost.bill.total_eur)
    yield CostRow(words["total"], words.either("status", cost.bill.status), amount_eur=total_eur)
    yield CostRow(f"{cost.tariff_id} {cost.tariff_version}", cost.tariff_source)


def _line_row(line: BillLine, words: Words) -> CostRow:
    quantity: Cell = line.quantity if line.quantity is None or line.unit == "year" else float(line.quantity)
    price_eur = None if line.price_eur is None else float(line.price_eur)
    unit = words.either("per", line.unit or "")
    return CostRow(line.id, words.either("k", line.kind), quantity, unit, price_eur, float(line.amount_eur), line.period)


def _sheet_columns(words: Words) -> list[Column[CostRow]]:
    return [
        Column(words["line"], lambda row: row.line),
        Column(words["kind"], lambda row: row.kind),
        Column(words["quantity"], lambda row: row.quantity),
        Column(words["unit"], lambda row: row.unit),
        Column(f"{words['price']} [EUR]", lambda row: row.price_eur),
        Column(f"{words['amount']} [EUR]", lambda row: row.amount_eur),
        Column(words["period"], lambda row: row.period),
    ]


COSTS = Sheet("costs", _sheet_columns, (26, 26), place=40)


def _summary(content: Content, words: Words) -> Iterator[SummaryRow]:
    bill = content.cost.bill
    if bill is not None:
        yield SummaryRow(words["cost"], float(bill.total_eur), f"EUR ({words.either('status', bill.status)})")


# the page ------------------------------------------------------------------------------------------------------------


def _page(content: Content, words: Words) -> list[Block]:
    bill = content.cost.bill
    blocks: list[Block] = [Heading(words["bill"]), Paragraph(_intro(content.cost, words), stays_with_next=True)]
    if bill is None or not bill.lines:
        return blocks
    total = (words["total"], "", "", "", words.number(float(bill.total_eur), 2), "")
    return [*blocks, printed(_columns(words), bill.lines, 7.8, total), Paragraph(words["bill.note"], is_small=True)]


def _intro(cost: MonthCost, words: Words) -> str:
    if cost.bill is None:
        return words.fill("bill.none", why=one_line(why_no_bill(cost, words), SENTENCES))
    tariff, version, source = (one_line(name, NAME) for name in (cost.tariff_id, cost.tariff_version, cost.tariff_source))
    return f"{tariff}, {words['version']} {version}. {source}."


def _columns(words: Words) -> list[PrintColumn[BillLine]]:
    return [
        PrintColumn(words["line"], lambda line: one_line(line.id, NAME)),
        PrintColumn(words["kind"], lambda line: words.either("k", line.kind)),
        PrintColumn(words["quantity"], lambda line: _quantity(line, words), is_number=True),
        PrintColumn(f"{words['price']} [EUR]", lambda line: _price(line, words), is_number=True),
        PrintColumn(f"{words['amount']} [EUR]", lambda line: words.number(float(line.amount_eur), 2), is_number=True),
        PrintColumn(words["cause"], lambda line: ", ".join(words.moment(start) for start in line.cause), "1fr"),
    ]


def _quantity(line: BillLine, words: Words) -> str:
    """A line's quantity with its unit; parts of a year as the twelfths of its price sheet."""
    if line.quantity is None:
        return ""
    quantity = str(line.quantity) if line.unit == "year" else words.number(float(line.quantity), 2)
    return f"{quantity} {words.either('per', line.unit or '')}"


def _price(line: BillLine, words: Words) -> str:
    return "" if line.price_eur is None else words.number(float(line.price_eur), 4)


SECTION = Section(data=_data, sheets=(SheetPart(SUMMARY, _summary), SheetPart(COSTS, _rows)), page=_page)
