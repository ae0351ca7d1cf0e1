"""The period beside the year before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from domain.instants import instant_text
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.quarters import power_text, quarter_data
from reporting.sections.section import Content, DataFile, Section, Sheet, SheetPart
from reporting.tables import Cell, Column, exact_kwh
from reporting.year_before import Compared, SeriesYear
from words.numbers import NOTHING
from words.speech import Words


def _rows(report: MonthReport) -> Sequence[Compared]:
    return () if report.before is None else report.before.series


def _data(content: Content) -> dict[str, Any]:
    before = content.month.before
    if before is None:
        return {"year_before": None}
    return {
        "year_before": {
            "period": before.period.label, "from_utc": instant_text(before.period.from_utc), "to_utc": instant_text(before.period.to_utc),
            "meters": [_compared_data(one) for one in before.series],
        }
    }  # fmt: skip


def _compared_data(one: Compared) -> dict[str, Any]:
    return {
        "meter": one.meter.id, "channel": one.channel, "unit": one.unit, "why_not": None if one.why_not is None else str(one.why_not),
        "energy_difference_uwh": one.difference_uwh, "energy_change": _rounded(one.change), "peak_change": _rounded(one.peak_change),
        "workday_change": _rounded(one.workday_change), "now": _year_data(one.now), "before": _year_data(one.before),
    }  # fmt: skip


def _year_data(year: SeriesYear) -> dict[str, Any]:
    return {
        "energy_uwh": year.sum.energy_uwh if year.sum.with_value else None, "quarter_hours_expected": year.sum.quarters,
        "quarter_hours_with_value": year.sum.with_value, "coverage": round(year.sum.coverage, 9), "peak": quarter_data(year.peak),
        "working_days": year.workdays.days, "energy_of_a_working_day_uwh": year.workdays.mean_uwh,
    }  # fmt: skip


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 9)


# tables --------------------------------------------------------------------------------------------------------------


def _both(name: str, before: str, cell: Callable[[SeriesYear], Cell]) -> list[Column[Compared]]:
    return [Column(name, lambda row: cell(row.now)), Column(f"{name}{before}", lambda row: cell(row.before))]


def _energy(year: SeriesYear) -> Cell:
    return exact_kwh(year.sum.energy_uwh) if year.sum.with_value else None


def _peak(year: SeriesYear) -> Cell:
    return None if year.peak is None else exact_kwh(year.peak.energy_uwh, 4)


def _workday(year: SeriesYear) -> Cell:
    return exact_kwh(year.workdays.mean_uwh)


_FOR_MACHINES: list[Column[Compared]] = [
    Column("meter", lambda row: row.meter.id),
    Column("channel", lambda row: row.channel),
    Column("unit", lambda row: row.unit),
    *_both("energy", "_before", _energy),
    Column("energy_difference", lambda row: exact_kwh(row.difference_uwh)),
    Column("energy_change", lambda row: _rounded(row.change)),
    *_both("peak_power", "_before", _peak),
    Column("peak_change", lambda row: _rounded(row.peak_change)),
    *_both("working_days", "_before", lambda year: year.workdays.days),
    *_both("energy_of_a_working_day", "_before", _workday),
    Column("workday_change", lambda row: _rounded(row.workday_change)),
    *_both("coverage", "_before", lambda year: round(year.sum.coverage, 9)),
    Column("why_not", lambda row: None if row.why_not is None else str(row.why_not)),
]


def _for_people(words: Words) -> list[Column[Compared]]:
    before, change = f": {words['before_year']}", f"{words['change']} [0..1]"
    energy, peak, workday = f"{words['energy']} [kWh, kvarh]", f"{words['peak']} [kW, kvar]", words["workday_energy"]
    return [
        Column(words["meter"], lambda row: row.meter.id),
        Column(words["channel"], lambda row: row.channel),
        Column(words["unit"], lambda row: row.unit),
        *_both(energy, before, _energy),
        Column(words["difference"], lambda row: exact_kwh(row.difference_uwh)),
        Column(f"{words['energy']}: {change}", lambda row: _rounded(row.change)),
        *_both(peak, before, _peak),
        Column(f"{words['peak']}: {change}", lambda row: _rounded(row.peak_change)),
        *_both(words["workdays"], before, lambda year: year.workdays.days),
        *_both(workday, before, _workday),
        Column(f"{workday}: {change}", lambda row: _rounded(row.workday_change)),
        *_both(f"{words['coverage']} [0..1]", before, lambda year: round(year.sum.coverage, 9)),
        Column(words["why_not"], lambda row: None if row.why_not is None else words[f"compare.{row.why_not}"]),
    ]


# the page ------------------------------------------------------------------------------------------------------------


def _page(content: Content, words: Words) -> list[Block]:
    before = content.month.before
    if before is None:
        return []
    compared = [one for one in before.series if one.why_not is None]
    reasons = Counter(one.why_not for one in before.series if one.why_not is not None)
    notes: list[Block] = [
        Paragraph(words.fill("compare.left_out", count=words.number(count), why=words[f"compare.{why}"]), is_small=True)
        for why, count in reasons.items()
    ]
    heading = Heading(words.fill("compare", period=words.period(before.period.label)))
    if not compared:
        return [heading, *notes]
    note = Paragraph(words["compare.note"], is_small=True, stays_with_next=True)
    return [heading, note, printed(_print_columns(words), compared, 7.2), *notes]


def _print_columns(words: Words) -> list[PrintColumn[Compared]]:
    return [
        PrintColumn(words["meter"], lambda row: f"{row.meter.id}/{row.channel}", "1fr"),
        PrintColumn(f"{words['energy']}\n[kWh, kvarh]", lambda row: words.energy(row.now.sum.energy_uwh), is_number=True),
        PrintColumn(words["before_year"], lambda row: words.energy(row.before.sum.energy_uwh), is_number=True),
        PrintColumn(words["change"], lambda row: change_text(row.change, words), is_number=True),
        PrintColumn(f"{words['highest']}\n[kW, kvar]", lambda row: power_text(row.now.peak, words), is_number=True),
        PrintColumn(words["before_year"], lambda row: power_text(row.before.peak, words), is_number=True),
        PrintColumn(words["change"], lambda row: change_text(row.peak_change, words), is_number=True),
        PrintColumn(words["workday_short"], lambda row: _day_energy(row.now, words), is_number=True),
        PrintColumn(words["before_year"], lambda row: _day_energy(row.before, words), is_number=True),
        PrintColumn(words["change"], lambda row: change_text(row.workday_change, words), is_number=True),
    ]


def change_text(share: float | None, words: Words) -> str:
    """``+3.4 %``."""
    return NOTHING if share is None else words.unit(100 * share, "%", 1, sign=True)


def _day_energy(year: SeriesYear, words: Words) -> str:
    mean_uwh = year.workdays.mean_uwh
    return NOTHING if mean_uwh is None else f"{words.energy(mean_uwh)}\n({year.workdays.days})"


SECTION = Section(
    data=_data,
    files=(DataFile("year-before", _rows, _FOR_MACHINES, _for_people),),
    sheets=(SheetPart(Sheet("before_year", _for_people, (16, 18, 10), place=14), lambda content, _: _rows(content.month)),),
    page=_page,
)
