"""Energy per unit of what was made, standby, savings of measures: those of the page and of ``lastgang key-figures``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reporting.key_figures.as_json import figures_json
from reporting.key_figures.texts import (
    MeasureText,
    SpecificText,
    StandbyText,
    account_texts,
    baseline_texts,
    measure_texts,
    notes,
    of_figures,
    specific_texts,
    standby_texts,
)
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened
from reporting.sections.section import ADVICE_ROWS, NAME, SENTENCES, Content, DataFile, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import money_cell
from reporting.tables import Column, field_columns
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """Energy per unit of one series in one month."""

    meter: str
    series: str
    month_local: str
    days: int
    energy_kwh: float
    amount: float
    kwh_per_unit: float | None
    expected_kwh_per_unit: float | None
    expected_low: float | None
    expected_high: float | None
    is_within: bool | None


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure on one meter."""

    measure: str
    meter: str
    is_claimed: bool
    saved_kwh: float | None
    saved_low_kwh: float | None
    saved_high_kwh: float | None
    saved_eur: float | None
    saved_co2_kg: float | None
    reasons: str
    """Keys of what speaks against it."""


def _energies(month: MonthReport) -> Iterator[EnergyRow]:
    for meter in () if month.key_figures is None else month.key_figures.meters:
        for name, months in meter.specific.items():
            for one in months:
                each, band = one.kwh_per_unit, one.expected
                yield EnergyRow(
                    meter.meter, name, f"{one.month:%Y-%m}", one.days, round(one.energy_kwh, 3), round(one.amount, 3), _rounded(each),
                    _rounded(None if band is None else band.value), _rounded(None if band is None else band.low),
                    _rounded(None if band is None else band.high), one.is_within,
                )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _measures(month: MonthReport) -> Iterator[MeasureRow]:
    for meter in () if month.key_figures is None else month.key_figures.meters:
        for one in meter.measures:
            saving = one.saving
            keys = ", ".join(fact.key for fact in one.refusals)
            if saving is None:
                yield MeasureRow(one.measure.id, meter.meter, False, None, None, None, None, None, keys)
                continue
            kwh, eur, co2 = saving.saved_kwh, saving.saved_eur, saving.saved_co2_kg
            yield MeasureRow(
                one.measure.id, meter.meter, not one.refusals, round(kwh.value, 3), round(kwh.low, 3), round(kwh.high, 3),
                None if eur is None else round(eur.value, 2), None if co2 is None else round(co2.value, 3), keys,
            )  # fmt: skip


def _energy_columns(words: Words) -> list[Column[EnergyRow]]:
    w = of_figures(words)
    return [
        Column(words["meter"], lambda row: row.meter),
        Column(w["column.series"], lambda row: w.either("unit", row.series)),
        Column(w["column.month"], lambda row: row.month_local),
        Column(w["column.days"], lambda row: row.days),
        Column("kWh", lambda row: row.energy_kwh),
        Column(w["column.amount"], lambda row: row.amount),
        Column(w["column.kwh_per_unit"], lambda row: row.kwh_per_unit),
        Column(w["column.expected"], lambda row: row.expected_kwh_per_unit),
        Column(f"{w['column.expected']} 10 %", lambda row: row.expected_low),
        Column(f"{w['column.expected']} 90 %", lambda row: row.expected_high),
        Column(w["column.verdict"], lambda row: None if row.is_within is None else w["within" if row.is_within else "outside"]),
    ]


def _measure_columns(words: Words) -> list[Column[MeasureRow]]:
    w = of_figures(words)
    return [
        Column(w["column.measure"], lambda row: row.measure),
        Column(words["meter"], lambda row: row.meter),
        Column(w["column.verdict"], lambda row: w["claimed" if row.is_claimed else "refused"]),
        Column(f"{w['column.saved']} [kWh]", lambda row: row.saved_kwh),
        Column(f"{w['column.saved']} 10 % [kWh]", lambda row: row.saved_low_kwh),
        Column(f"{w['column.saved']} 90 % [kWh]", lambda row: row.saved_high_kwh),
        Column(f"{w['column.saved']} [EUR]", lambda row: money_cell(row.saved_eur, words)),
        Column(f"{w['column.saved']} [kg CO2]", lambda row: row.saved_co2_kg),
        Column(w["column.reasons"], lambda row: row.reasons or None),
    ]


KEY_FIGURES = Sheet("figures.sheet", _energy_columns, (24, 18, 12), place=57)
MEASURES = Sheet("figures.measures_sheet", _measure_columns, (24, 24, 16), place=59)


def _data(content: Content) -> dict[str, Any]:
    found = content.month.key_figures
    return {"key_figures": None if found is None else figures_json(found)}


def _page(content: Content, words: Words) -> list[Block]:
    found = content.month.key_figures
    if found is None:
        return []
    w = of_figures(words)
    energies: list[PrintColumn[SpecificText]] = [
        PrintColumn(w["column.per"], lambda row: one_line(row.label, NAME), "1fr"),
        PrintColumn(w["column.month"], lambda row: row.month),
        PrintColumn(w["column.amount"], lambda row: row.amount, is_number=True),
        PrintColumn("kWh", lambda row: row.kwh_per_unit, is_number=True),
        PrintColumn(w["column.band"], lambda row: row.band, is_number=True),
        PrintColumn(w["column.verdict"], lambda row: row.verdict),
    ]
    standby: list[PrintColumn[StandbyText]] = [
        PrintColumn(words["meter"], lambda row: one_line(row.label, NAME), "1fr"),
        PrintColumn(w["column.standby"], lambda row: row.share, is_number=True),
        PrintColumn(w["column.between"], lambda row: row.between, is_number=True),
    ]
    measures: list[PrintColumn[MeasureText]] = [
        PrintColumn(w["column.measure"], lambda row: one_line(row.description or row.measure, NAME), "1fr"),
        PrintColumn(words["meter"], lambda row: one_line(row.meter, NAME)),
        PrintColumn(w["column.verdict"], lambda row: row.verdict),
        PrintColumn("kWh", lambda row: row.saved, is_number=True),
        PrintColumn(w["column.interval"], lambda row: row.interval, is_number=True),
        PrintColumn("EUR", lambda row: row.eur, is_number=True),
        PrintColumn("CO2\n[kg]", lambda row: row.co2, is_number=True),
    ]
    blocks: list[Block] = [Heading(w["title"])]
    if rows := specific_texts(found, w):
        blocks.append(shortened(printed(energies, rows), ADVICE_ROWS, words))
    else:
        blocks.append(Paragraph(w["nothing_made"]))
    blocks.append(shortened(printed(standby, standby_texts(found, w)), ADVICE_ROWS, words))
    if entered := measure_texts(found, w):
        blocks.append(shortened(printed(measures, entered), ADVICE_ROWS, words))
        blocks += [_small(f"{one.measure}: {note}") for one in entered[:ADVICE_ROWS] for note in one.notes]
    blocks += [_small(f"{name}: {text}") for name, text in account_texts(found, w)]
    blocks += [_small(f"{label}: {' '.join(lines)}") for label, lines in baseline_texts(found, w)[:ADVICE_ROWS]]
    return blocks + [_small(text) for text in notes(found, w)]


def _small(text: str) -> Paragraph:
    return Paragraph(one_line(text, SENTENCES), is_small=True)


SECTION = Section(
    data=_data,
    files=(
        DataFile("key-figures", _energies, field_columns(EnergyRow), _energy_columns),
        DataFile("measures", _measures, field_columns(MeasureRow), _measure_columns),
    ),
    sheets=(
        SheetPart(KEY_FIGURES, lambda content, _: _energies(content.month)),
        SheetPart(MEASURES, lambda content, _: _measures(content.month)),
    ),
    page=_page,
)
