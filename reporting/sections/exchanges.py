"""Meters that were exchanged, with the readings that the fitter wrote down: they stand in the plant file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.instants import instant_text
from domain.plant import Exchange, Meter
from reporting.month import MonthReport
from reporting.sections.blocks import Block, Heading, PrintColumn, printed
from reporting.sections.section import NAME, Content, DataFile, Section
from reporting.tables import Column, field_columns, local_time
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One counter that was exchanged in the period."""

    meter: str
    channel: str
    at_utc: datetime
    old_serial: str
    final_reading: float
    """Of the meter that was taken out [`unit`]."""
    new_serial: str
    start_reading: float
    """Of the meter that was put in [`unit`]."""
    unit: str


def _rows(report: MonthReport) -> Iterator[ExchangeRow]:
    period = report.period
    for meter in report.plant.meters:
        for one in meter.exchanges:
            if period.from_utc <= one.at_utc < period.to_utc:
                yield _row(meter, one)


def _row(meter: Meter, one: Exchange) -> ExchangeRow:
    unit = next(register.unit for register in meter.registers if register.channel == one.channel)
    return ExchangeRow(
        meter.id, one.channel, one.at_utc, one.old_serial, one.final_reading, one.new_serial, one.start_reading, unit
    )


def _data(content: Content) -> dict[str, Any]:
    return {
        "exchanges": [
            {"meter": row.meter, "channel": row.channel, "at_utc": instant_text(row.at_utc), "old_serial": row.old_serial,
             "final_reading": row.final_reading, "new_serial": row.new_serial, "start_reading": row.start_reading, "unit": row.unit}
            for row in _rows(content.month)
        ]
    }  # fmt: skip


def _for_people(words: Words) -> list[Column[ExchangeRow]]:
    return [
        Column(words["meter"], lambda row: row.meter),
        Column(words["channel"], lambda row: row.channel),
        Column(words["exchange.at"], lambda row: local_time(row.at_utc, words.zone)),
        Column(words["exchange.old"], lambda row: row.old_serial),
        Column(words["exchange.final"], lambda row: row.final_reading),
        Column(words["exchange.new"], lambda row: row.new_serial),
        Column(words["exchange.start"], lambda row: row.start_reading),
        Column(words["unit"], lambda row: row.unit),
    ]


def _page(content: Content, words: Words) -> list[Block]:
    rows = list(_rows(content.month))
    columns: list[PrintColumn[ExchangeRow]] = [
        PrintColumn(words["meter"], lambda row: f"{row.meter}/{row.channel}"),
        PrintColumn(words["exchange.at"], lambda row: words.moment(row.at_utc)),
        PrintColumn(words["exchange.old"], lambda row: one_line(row.old_serial, NAME), "1fr"),
        PrintColumn(words["exchange.final"], lambda row: f"{words.number(row.final_reading, 3)} {row.unit}", is_number=True),
        PrintColumn(words["exchange.new"], lambda row: one_line(row.new_serial, NAME), "1fr"),
        PrintColumn(words["exchange.start"], lambda row: f"{words.number(row.start_reading, 3)} {row.unit}", is_number=True),
    ]
    return [Heading(words["exchange"], level=2), printed(columns, rows)] if rows else []


SECTION = Section(data=_data, files=(DataFile("exchanges", _rows, field_columns(ExchangeRow), _for_people),), page=_page)
