"""Energy, money and CO2 that went into scrap, by machine, product and shift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened
from reporting.sections.section import ADVICE_ROWS, NAME, Content, DataFile, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import money_cell
from reporting.tables import Column, field_columns
from reporting.typesetting import one_line
from scrap.account import MachineEnergy, ScrapRow
from words.speech import Words


@dataclass(frozen=True, slots=True)
class Row:
    """One machine's pieces of one product in one shift."""

    machine: str
    product: str
    shift: str
    good: int | None
    scrap: int | None
    rework: int | None
    scrap_share: float | None
    scrap_kwh: float | None
    scrap_eur: float | None
    scrap_co2_kg: float | None
    coverage: float | None
    kwh_per_piece: float | None


def _rows(month: MonthReport) -> Iterator[Row]:
    for one in () if month.scrap is None else month.scrap.rows:
        yield Row(
            one.machine, one.product, one.shift, one.good, one.scrap, one.rework, _rounded(one.scrap_share, 5), _rounded(one.scrap_kwh, 3),
            _rounded(one.scrap_eur, 2), _rounded(one.scrap_co2_kg, 3), _rounded(one.coverage, 4), _rounded(one.kwh_per_piece, 5),
        )  # fmt: skip


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def _for_people(words: Words) -> list[Column[Row]]:
    return [
        Column(words["scrap.machine"], lambda row: row.machine),
        Column(words["scrap.product"], lambda row: row.product or None),
        Column(words["scrap.shift"], lambda row: row.shift or None),
        Column(words["scrap.good"], lambda row: row.good),
        Column(words["scrap.scrap"], lambda row: row.scrap),
        Column(words["scrap.rework"], lambda row: row.rework),
        Column(words["scrap.share"], lambda row: row.scrap_share),
        Column(f"{words['scrap.energy']} [kWh]", lambda row: row.scrap_kwh),
        Column(f"{words['scrap.energy']} [EUR]", lambda row: money_cell(row.scrap_eur, words)),
        Column("CO2 [kg]", lambda row: row.scrap_co2_kg),
        Column(words["scrap.coverage"], lambda row: row.coverage),
        Column(words["scrap.kwh_per_piece"], lambda row: row.kwh_per_piece),
    ]


SCRAP = Sheet("scrap.sheet", _for_people, (24, 24, 14), place=56)


def _data(content: Content) -> dict[str, Any]:
    account = content.month.scrap
    if account is None:
        return {"scrap": None}
    factor = content.month.plant.drawn_factor(content.month.period.from_utc)
    return {
        "scrap": {
            "rows": [_row_data(row) for row in account.rows],
            "machines": [_row_data(row) for row in account.by_machine()],
            "products": [_row_data(row) for row in account.by_product()],
            "shifts": [_row_data(row) for row in account.by_shift()],
            "total": None if account.total is None else _row_data(account.total),
            "energy": [_energy_data(one) for one in account.machines],
            "without_meter": list(account.without_meter),
            "emission_factor": None
            if factor is None
            else {"g_per_kwh": factor.g_per_kwh, "of_year": factor.of_year, "source": factor.source},
        }
    }


def _row_data(row: ScrapRow) -> dict[str, Any]:
    return {
        "machine": row.machine, "product": row.product, "shift": row.shift, "good": row.good, "scrap": row.scrap, "rework": row.rework,
        "scrap_kwh": _rounded(row.scrap_kwh, 3), "scrap_eur": _rounded(row.scrap_eur, 2), "scrap_co2_kg": _rounded(row.scrap_co2_kg, 3),
        "coverage": _rounded(row.coverage, 4), "kwh_per_piece": _rounded(row.kwh_per_piece, 5),
    }  # fmt: skip


def _energy_data(one: MachineEnergy) -> dict[str, Any]:
    return {
        "machine": one.machine, "working_kwh": round(one.working_kwh, 3), "idle_kwh": round(one.idle_kwh, 3), "coverage": round(one.coverage, 4),
    }  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    month = content.month
    account = month.scrap
    if account is None or account.total is None:
        return []
    names = {machine.id: machine.label for machine in month.plant.machines}
    rows = sorted(account.by_machine(), key=lambda row: -(row.scrap_kwh or 0.0))

    def columns_of(first: str) -> list[PrintColumn[ScrapRow]]:
        return [
            PrintColumn(words[f"scrap.{first}"], lambda row: one_line(names.get(row.machine, row.machine), NAME), "1fr"),
            PrintColumn(words["scrap.scrap"], lambda row: words.number(row.scrap), is_number=True),
            PrintColumn(words["scrap.share"], lambda row: words.percent(row.scrap_share, 1), is_number=True),
            PrintColumn(f"{words['scrap.energy']}\n[kWh]", lambda row: words.number(row.scrap_kwh, 1), is_number=True),
            PrintColumn("\n[EUR]", lambda row: words.money(row.scrap_eur), is_number=True),
            PrintColumn("CO2\n[kg]", lambda row: words.number(row.scrap_co2_kg, 1), is_number=True),
            PrintColumn(words["scrap.coverage"], lambda row: words.percent(row.coverage, 0), is_number=True),
        ]

    total = account.total
    sums = [
        "", words.number(total.scrap), words.percent(total.scrap_share, 1), words.number(total.scrap_kwh, 1), words.money(total.scrap_eur),
        words.number(total.scrap_co2_kg, 1), words.percent(total.coverage, 0),
    ]  # fmt: skip
    factor = month.plant.drawn_factor(month.period.from_utc)
    co2 = words["scrap.no_factor"] if factor is None else words.fill("scrap.factor", g=words.number(factor.g_per_kwh), year=str(factor.of_year), source=factor.source)  # fmt: skip
    return [
        Heading(words["scrap"]),
        shortened(printed(columns_of("machine"), rows, total=sums), ADVICE_ROWS, words),
        Paragraph(one_line(f"{words['scrap.note']} {co2}", 600), is_small=True),
    ]


SECTION = Section(
    data=_data,
    files=(DataFile("scrap", _rows, field_columns(Row), _for_people),),
    sheets=(SheetPart(SCRAP, lambda content, _: _rows(content.month)),),
    page=_page,
)
