"""CO2 of what was burnt and purchased, by location and by market, with the factors and what they do not cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.emission_factors import DatedFactor, Emitted, Method
from reporting.emissions import MeterEmissions
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.section import NAME, Content, DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, field_columns
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class Row:
    """One meter by one method."""

    scope: int
    carrier: str
    meter: str
    method: str
    energy_kwh: float | None
    co2_kg: float | None
    uncovered_kwh: float | None
    coverage: float | None
    sources: str


def _rows(month: MonthReport) -> Iterator[Row]:
    for one in month.emissions:
        for method, found in one.by_method.items():
            yield _row(one, method.value, found)
        if not one.by_method:
            yield _row(one, "", None)


def _row(one: MeterEmissions, method: str, found: Emitted | None) -> Row:
    energy_kwh = None if one.energy_kwh is None else round(one.energy_kwh, 3)
    if found is None:
        return Row(one.scope, one.carrier.value, one.meter.id, method, energy_kwh, None, None, None, "")
    return Row(
        one.scope, one.carrier.value, one.meter.id, method, energy_kwh, None if found.kg is None else round(found.kg, 3),
        round(found.uncovered_kwh, 3), round(found.coverage, 4), "; ".join(_source(row) for row in found.rows),
    )  # fmt: skip


def _source(row: DatedFactor) -> str:
    return f"{row.source} ({row.of_year})"


def _for_people(words: Words) -> list[Column[Row]]:
    return [
        Column(words["emissions.scope"], lambda row: row.scope),
        Column(words["emissions.carrier"], lambda row: words[f"emissions.{row.carrier}"]),
        Column(words["emissions.meter"], lambda row: row.meter),
        Column(words["emissions.method"], lambda row: words[f"emissions.{row.method}"] if row.method else None),
        Column(f"{words['emissions.energy']} [kWh]", lambda row: row.energy_kwh),
        Column("CO2 [kg]", lambda row: row.co2_kg),
        Column(f"{words['emissions.uncovered']} [kWh]", lambda row: row.uncovered_kwh),
        Column(words["emissions.coverage"], lambda row: row.coverage),
        Column(words["emissions.sources"], lambda row: row.sources or None),
    ]


EMISSIONS = Sheet("emissions.sheet", _for_people, (8, 14, 20, 14), place=51)


def _data(content: Content) -> dict[str, Any]:
    rows = [
        {
            "scope": one.scope, "carrier": one.carrier.value, "meter": one.meter.id,
            "energy_kwh": None if one.energy_kwh is None else round(one.energy_kwh, 6),
            **{method.value: _method_data(found) for method, found in one.by_method.items()},
        }
        for one in content.month.emissions
    ]  # fmt: skip
    return {"emissions": rows or None}


def _method_data(found: Emitted) -> dict[str, Any]:
    return {
        "co2_kg": None if found.kg is None else round(found.kg, 6), "covered_kwh": round(found.covered_kwh, 6),
        "uncovered_kwh": round(found.uncovered_kwh, 6), "quarter_hours_without_energy": found.without_energy,
        "quarter_hours_without_factor": found.without_factor,
        "factors": [
            {"g_per_kwh": row.g_per_kwh, "file": row.file, "of_year": row.of_year, "source": row.source} for row in found.rows
        ],
    }  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    rows = list(_rows(content.month))
    heading = Heading(words["emissions"])
    if not rows:
        return [heading, Paragraph(words["emissions.none"])]
    sources = dict.fromkeys(row.sources for row in rows if row.sources)
    named = words.fill("emissions.by", sources=one_line("; ".join(sources), 500)) if sources else ""
    lacks = [words["emissions.no_market"]] if _lacks_market(content.month) else []
    note = " ".join((words["emissions.note"], named, *lacks))
    return [heading, printed(_columns(words), rows), Paragraph(note, is_small=True)]


def _columns(words: Words) -> list[PrintColumn[Row]]:
    return [
        PrintColumn(words["emissions.scope"], lambda row: str(row.scope)),
        PrintColumn(
            words["emissions.meter"], lambda row: one_line(f"{row.meter} ({words[f'emissions.{row.carrier}']})", NAME), "1fr"
        ),
        PrintColumn(words["emissions.method"], lambda row: words[f"emissions.{row.method}"] if row.method else ""),
        PrintColumn(f"{words['emissions.energy']} [kWh]", lambda row: words.number(row.energy_kwh), is_number=True),
        PrintColumn("CO2 [kg]", lambda row: words.number(row.co2_kg), is_number=True),
        PrintColumn(words["emissions.coverage"], lambda row: words.percent(row.coverage, 0), is_number=True),
    ]


def _lacks_market(month: MonthReport) -> bool:
    """Whether something is stated by location only: the protocol asks for both."""
    return any(Method.LOCATION in one.by_method and Method.MARKET not in one.by_method for one in month.emissions)


SECTION = Section(
    data=_data,
    files=(DataFile("emissions", _rows, field_columns(Row), _for_people),),
    sheets=(SheetPart(EMISSIONS, lambda content, _: _rows(content.month)),),
    page=_page,
)
