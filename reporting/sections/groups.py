"""Halls and cost centres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.instants import instant_text
from reporting.groups import GroupKind, GroupSum
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.section import NAME, Content, DataFile, Section, Sheet, SheetPart
from reporting.tables import Column, exact_kwh, local_time
from reporting.typesetting import one_line
from words.numbers import NOTHING
from words.speech import Words


def _rows(report: MonthReport) -> Sequence[GroupSum]:
    return report.groups


def _data(content: Content) -> dict[str, Any]:
    return {"groups": [_group_data(one) for one in content.month.groups]}


def _group_data(one: GroupSum) -> dict[str, Any]:
    peak = one.peak
    return {
        "kind": str(one.kind), "name": one.group.name or None, "meters": one.group.added, "less_meters": one.group.taken_out,
        "energy_uwh": one.sum.energy_uwh if one.sum.with_value else None, "quarter_hours_expected": one.sum.quarters,
        "quarter_hours_with_value": one.sum.with_value, "coverage": round(one.sum.coverage, 9), "worst_quality": str(one.sum.worst),
        "peak": None if peak is None else
            {"start_utc": instant_text(peak.start_utc), "power_kw": peak.power_kw, "quality": str(peak.quality)},
    }  # fmt: skip


_FOR_MACHINES: list[Column[GroupSum]] = [
    Column("kind", lambda row: str(row.kind)),
    Column("name", lambda row: row.group.name or None),
    Column("meters", lambda row: " ".join(row.group.added)),
    Column("less_meters", lambda row: " ".join(row.group.taken_out) or None),
    Column("energy", lambda row: exact_kwh(row.sum.energy_uwh) if row.sum.with_value else None),
    Column("peak_power", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
    Column("peak_start_utc", lambda row: None if row.peak is None else row.peak.start_utc),
    Column("peak_quality", lambda row: None if row.peak is None else str(row.peak.quality)),
    Column("quarter_hours_expected", lambda row: row.sum.quarters),
    Column("quarter_hours_with_value", lambda row: row.sum.with_value),
    Column("coverage", lambda row: round(row.sum.coverage, 9)),
    Column("worst_quality", lambda row: str(row.sum.worst)),
]


def _name(row: GroupSum, words: Words) -> str:
    return row.group.name or words["groups.none"]


def _for_people(words: Words) -> list[Column[GroupSum]]:
    peak = words["peak"]
    return [
        Column(words["groups.kind"], lambda row: words[f"groups.{row.kind}"]),
        Column(words["name"], lambda row: _name(row, words)),
        Column(words["meters"], lambda row: ", ".join(row.group.added)),
        Column(words["groups.less"], lambda row: ", ".join(row.group.taken_out)),
        Column(f"{words['energy']} [kWh]", lambda row: exact_kwh(row.sum.energy_uwh) if row.sum.with_value else None),
        Column(f"{peak} [kW]", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
        Column(
            f"{peak}: {words['start_local']}", lambda row: None if row.peak is None else local_time(row.peak.start_utc, words.zone)
        ),
        Column(f"{peak}: {words['quality']}", lambda row: None if row.peak is None else words.either("q", str(row.peak.quality))),
        Column(words["expected"], lambda row: row.sum.quarters),
        Column(f"{words['quarters']} {words['values']}", lambda row: row.sum.with_value),
        Column(f"{words['coverage']} [0..1]", lambda row: round(row.sum.coverage, 9)),
        Column(words["quality"], lambda row: words.either("q", str(row.sum.worst))),
    ]


def _page(content: Content, words: Words) -> list[Block]:
    blocks: list[Block] = []
    for kind in GroupKind:
        rows = [one for one in content.month.groups if one.kind is kind]
        if rows:
            blocks += [Heading(words[f"groups.by.{kind}"]), printed(_columns(words), rows)]
    return [*blocks, Paragraph(words["groups.note"], is_small=True)] if blocks else []


def _columns(words: Words) -> list[PrintColumn[GroupSum]]:
    return [
        PrintColumn(words["name"], lambda row: one_line(_name(row, words), NAME)),
        PrintColumn(words["meters"], lambda row: ", ".join(row.group.added), "1fr"),
        PrintColumn(words["groups.less"], lambda row: ", ".join(row.group.taken_out) or NOTHING, "1fr"),
        PrintColumn(
            f"{words['energy']} [kWh]",
            lambda row: words.energy(row.sum.energy_uwh) if row.sum.with_value else NOTHING,
            is_number=True,
        ),
        PrintColumn(
            f"{words['highest']} [kW]",
            lambda row: NOTHING if row.peak is None else words.number(row.peak.power_kw, 1),
            is_number=True,
        ),
        PrintColumn(words["start_local"], lambda row: NOTHING if row.peak is None else words.moment(row.peak.start_utc)),
        PrintColumn(words["coverage"], lambda row: words.percent(row.sum.coverage, 2), is_number=True),
    ]


SECTION = Section(
    data=_data,
    files=(DataFile("groups", _rows, _FOR_MACHINES, _for_people),),
    sheets=(SheetPart(Sheet("groups", _for_people, (16, 24, 30, 30), place=16), lambda content, _: _rows(content.month)),),
    page=_page,
)
