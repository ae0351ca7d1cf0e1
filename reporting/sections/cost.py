"""The bill of the month, line by line, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from billing.lines import BillLine
from reporting.cost import BilledMonth, MonthCost, WindowPeak, why_no_bill
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
    if cost.months:
        total_eur = None if cost.total_eur is None else float(cost.total_eur)
        months = [{"period": one.period.label, **_bill_data(one.cost)} for one in cost.months]
        return {"cost": {"tariff": tariff, "bill": None, "months": months, "total_eur": total_eur, "windows": windows}}
    if cost.bill is None:
        return {"cost": {"tariff": tariff, "bill": None, "why_not": cost.why_not, "windows": windows}}
    return {"cost": {"tariff": tariff, "bill": cost.bill.as_json(), "windows": windows}}


def _bill_data(cost: MonthCost) -> dict[str, Any]:
    """The bill of one of several months."""
    windows = [_window_data(window) for window in cost.windows]
    if cost.bill is None:
        return {"bill": None, "why_not": cost.why_not, "windows": windows}
    return {"bill": cost.bill.as_json(), "windows": windows}


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
    if cost.months:
        yield from _rows_of_months(cost, words)
        return
    if cost.bill is None:
        yield CostRow(words.fill("bill.none", why=why_no_bill(cost, words)))
        return
    yield from (_line_row(line, words) for line in cost.bill.lines)
    total_eur = float(cost.bill.total_eur)
    yield CostRow(words["total"], words.either("status", cost.bill.status), amount_eur=total_eur)
    yield CostRow(f"{cost.tariff_id} {cost.tariff_version}", cost.tariff_source)


def _rows_of_months(cost: MonthCost, words: Words) -> Iterator[CostRow]:
    for one in cost.months:
        name, bill = words.period(one.period.label), one.cost.bill
        if bill is None:
            yield CostRow(name, words.fill("bill.none", why=why_no_bill(one.cost, words)), period=one.period.label)
            continue
        yield from (_line_row(line, words) for line in bill.lines)
        total_eur = float(bill.total_eur)
        yield CostRow(name, words.either("status", bill.status), amount_eur=total_eur, period=one.period.label)
    if cost.total_eur is not None:
        yield CostRow(words["total"], _months_billed(cost, words), amount_eur=float(cost.total_eur))
        yield CostRow(f"{cost.tariff_id} {cost.tariff_version}", cost.tariff_source)


def _months_billed(cost: MonthCost, words: Words) -> str:
    """Of how many months it is the sum."""
    return words.fill("bill.months_billed", count=len(cost.bills), all=len(cost.months))


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
    cost, bill = content.cost, content.cost.bill
    if cost.months and cost.total_eur is not None:
        yield SummaryRow(words["cost"], float(cost.total_eur), f"EUR ({_months_billed(cost, words)})")
    if bill is not None:
        yield SummaryRow(words["cost"], float(bill.total_eur), f"EUR ({words.either('status', bill.status)})")


# the page ------------------------------------------------------------------------------------------------------------


def _page(content: Content, words: Words) -> list[Block]:
    if content.cost.months:
        return _page_of_months(content.cost, words)
    bill = content.cost.bill
    blocks: list[Block] = [Heading(words["bill"]), Paragraph(_intro(content.cost, words), stays_with_next=True)]
    if bill is None or not bill.lines:
        return blocks
    total = (words["total"], "", "", "", words.number(float(bill.total_eur), 2), "")
    return [*blocks, printed(_columns(words), bill.lines, 7.8, total), Paragraph(words["bill.note"], is_small=True)]


def _page_of_months(cost: MonthCost, words: Words) -> list[Block]:
    """A row a month, then the lines of all bills by what they are for."""
    months: list[PrintColumn[BilledMonth]] = [
        PrintColumn(words["period"], lambda one: words.period(one.period.label)),
        PrintColumn(f"{words['amount']} [EUR]", lambda one: _total(one.cost, words), is_number=True),
        PrintColumn(words["status"], lambda one: _status(one.cost, words), "1fr"),
    ]
    lines: list[PrintColumn[tuple[str, str, Fraction]]] = [
        PrintColumn(words["line"], lambda line: one_line(line[0], NAME)),
        PrintColumn(words["kind"], lambda line: words.either("k", line[1]), "1fr"),
        PrintColumn(f"{words['amount']} [EUR]", lambda line: words.number(float(line[2]), 2), is_number=True),
    ]
    named = Paragraph(_tariff_text(cost, words), stays_with_next=True) if cost.tariff_id else None
    blocks: list[Block] = [Heading(words["bill.months"]), *([] if named is None else [named])]
    if cost.total_eur is None:
        return [*blocks, printed(months, cost.months, 7.8)]
    total = words.number(float(cost.total_eur), 2)
    sums: dict[tuple[str, str], Fraction] = {}
    for line in (line for bill in cost.bills for line in bill.lines):
        sums[line.id, line.kind] = sums.get((line.id, line.kind), Fraction(0)) + line.amount_eur
    return [
        *blocks,
        printed(months, cost.months, 7.8, (words["total"], total, _months_billed(cost, words))),
        Heading(words["bill.by_line"], level=2),
        printed(lines, [(*key, amount) for key, amount in sums.items()], 7.8, (words["total"], "", total)),
        Paragraph(words["bill.note_months"], is_small=True),
    ]


def _total(cost: MonthCost, words: Words) -> str:
    return "–" if cost.bill is None else words.number(float(cost.bill.total_eur), 2)


def _status(cost: MonthCost, words: Words) -> str:
    if cost.bill is None:
        return words.fill("bill.none", why=one_line(why_no_bill(cost, words), SENTENCES))
    return words.either("status", cost.bill.status)


def _tariff_text(cost: MonthCost, words: Words) -> str:
    tariff, version, source = (one_line(name, NAME) for name in (cost.tariff_id, cost.tariff_version, cost.tariff_source))
    return f"{tariff}, {words['version']} {version}. {source}."


def _intro(cost: MonthCost, words: Words) -> str:
    if cost.bill is None:
        return words.fill("bill.none", why=one_line(why_no_bill(cost, words), SENTENCES))
    return _tariff_text(cost, words)


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
