"""Consumption: the grid connection's key figures, and each meter's energy, peak, coverage and quality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.intervals import QUALITIES_BEST_FIRST, Interval, IntervalQuality
from domain.units import kwh
from quarters.quality import is_sound
from quarters.sums import EnergySum
from reporting.month import MonthReport, SeriesMonth
from reporting.sections.blocks import Block, Heading, PrintColumn, printed
from reporting.sections.quarters import power_text, quarter_data, start_text
from reporting.sections.section import NAME, Content, DataFile, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import SUMMARY, SummaryRow
from reporting.tables import Column, exact_kwh, local_time
from reporting.typesetting import one_line
from words.speech import Words

_WITH_VALUE = QUALITIES_BEST_FIRST[:-1]
"""All but missing."""


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    return {
        "meter": series.meter.id,
        "name": series.meter.label,
        "parent": series.meter.parent,
        "channel": series.channel,
        "unit": series.unit,
        "energy_uwh": series.sum.energy_uwh,
        "energy_kwh": kwh(series.sum.energy_uwh),
        "quarter_hours_with_value": series.sum.with_value,
        "coverage": round(series.sum.coverage, 9),
        "share_of_quarter_hours_measured": round(series.sum.sound_share, 9),
        "worst_quality": str(series.sum.worst),
        "peak": quarter_data(series.peak),
    }


# the meters' table ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One meter's channel, with what is worked out of all its quarter hours once."""

    series: SeriesMonth
    peak: Interval | None

    def share_of_energy(self, quality: IntervalQuality) -> float | None:
        """Share of the month's energy; None where there is none."""
        return round(self.series.sum.share_of_energy(quality), 9) if self.series.sum.energy_uwh else None

    @property
    def rests_on_substitute(self) -> str | None:
        """``yes`` or ``no``; None without a peak."""
        return None if self.peak is None else "no" if is_sound(self.peak.quality) else "yes"


def _rows(report: MonthReport) -> list[MeterRow]:
    return [MeterRow(series, series.peak) for series in report.series]


def _quality_columns(names: dict[str, str], words_of: dict[IntervalQuality, str]) -> list[Column[MeterRow]]:
    """Quarter hours and energy by quality, then both as shares; headings are made of `names` with the quality's word."""

    def quarters(quality: IntervalQuality) -> Column[MeterRow]:
        return Column(names["quarters"].format(words_of[quality]), lambda row: row.series.sum.by_quality[quality].quarters)

    def energy(quality: IntervalQuality) -> Column[MeterRow]:
        return Column(
            names["energy"].format(words_of[quality]), lambda row: exact_kwh(row.series.sum.by_quality[quality].energy_uwh)
        )

    def share_of_quarters(quality: IntervalQuality) -> Column[MeterRow]:
        return Column(
            names["share_quarters"].format(words_of[quality]), lambda row: round(row.series.sum.share_of_quarters(quality), 9)
        )

    def share_of_energy(quality: IntervalQuality) -> Column[MeterRow]:
        return Column(names["share_energy"].format(words_of[quality]), lambda row: row.share_of_energy(quality))

    return [
        *map(quarters, QUALITIES_BEST_FIRST), *map(energy, _WITH_VALUE),
        *map(share_of_quarters, QUALITIES_BEST_FIRST), *map(share_of_energy, _WITH_VALUE),
    ]  # fmt: skip


_MACHINE_NAMES = {
    "quarters": "quarter_hours_{}", "energy": "energy_{}", "share_quarters": "share_of_quarter_hours_{}", "share_energy": "share_of_energy_{}",
}  # fmt: skip
_FOR_MACHINES: list[Column[MeterRow]] = [
    Column("meter", lambda row: row.series.meter.id),
    Column("name", lambda row: row.series.meter.label),
    Column("parent", lambda row: row.series.meter.parent),
    Column("channel", lambda row: row.series.channel),
    Column("energy", lambda row: exact_kwh(row.series.sum.energy_uwh)),
    Column("unit", lambda row: row.series.unit),
    Column("peak_power", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
    Column("peak_start_utc", lambda row: None if row.peak is None else row.peak.start_utc),
    Column("peak_quality", lambda row: None if row.peak is None else str(row.peak.quality)),
    Column("quarter_hours_expected", lambda row: len(row.series.slots)),
    Column("quarter_hours_with_value", lambda row: row.series.sum.with_value),
    Column("coverage", lambda row: round(row.series.sum.coverage, 9)),
    *_quality_columns(_MACHINE_NAMES, {quality: str(quality) for quality in QUALITIES_BEST_FIRST}),
    Column("share_of_quarter_hours_covered", lambda row: round(row.series.sum.sound_share, 9)),
    Column("peak_rests_on_substitute", lambda row: row.rests_on_substitute),
]


def _for_people(words: Words) -> list[Column[MeterRow]]:
    names = {
        "quarters": f"{words['quarters']} {{}}", "energy": f"{words['energy']} {{}} [kWh, kvarh]",
        "share_quarters": f"{words['share_quarters']} {{}} [0..1]", "share_energy": f"{words['share_energy']} {{}} [0..1]",
    }  # fmt: skip
    peak = words["peak"]
    return [
        Column(words["meter"], lambda row: row.series.meter.id),
        Column(words["name"], lambda row: row.series.meter.label),
        Column(words["parent"], lambda row: row.series.meter.parent),
        Column(words["channel"], lambda row: row.series.channel),
        Column(f"{words['energy']} [kWh, kvarh]", lambda row: exact_kwh(row.series.sum.energy_uwh)),
        Column(words["unit"], lambda row: row.series.unit),
        Column(f"{peak} [kW, kvar]", lambda row: None if row.peak is None else exact_kwh(row.peak.energy_uwh, 4)),
        Column(
            f"{peak}: {words['start_local']}", lambda row: None if row.peak is None else local_time(row.peak.start_utc, words.zone)
        ),
        Column(f"{peak}: {words['start_utc']}", lambda row: None if row.peak is None else row.peak.start_utc),
        Column(f"{peak}: {words['quality']}", lambda row: None if row.peak is None else words.either("q", str(row.peak.quality))),
        Column(words["expected"], lambda row: len(row.series.slots)),
        Column(f"{words['quarters']} {words['values']}", lambda row: row.series.sum.with_value),
        Column(f"{words['coverage']} [0..1]", lambda row: round(row.series.sum.coverage, 9)),
        *_quality_columns(names, {quality: words[f"q.{quality}"] for quality in QUALITIES_BEST_FIRST}),
        Column(f"{words['peak.of_covered.name']} [0..1]", lambda row: round(row.series.sum.sound_share, 9)),
        Column(
            words["peak.rests.name"], lambda row: None if (answer := row.rests_on_substitute) is None else words[f"answer.{answer}"]
        ),
    ]


METERS = Sheet("meters", _for_people, place=10)


# the key figures -----------------------------------------------------------------------------------------------------


def _summary(content: Content, words: Words) -> Iterator[SummaryRow]:
    billing = content.month.billing
    if billing is None:
        return
    yield SummaryRow(words["consumption"], exact_kwh(billing.sum.energy_uwh), "kWh")
    yield from _peak_summary(billing, words)
    yield SummaryRow(words["coverage"], billing.sum.coverage, "0..1")
    yield SummaryRow(f"{words['quarters']} {words['values']}", billing.sum.with_value, f"/ {billing.sum.quarters}")
    for quality, share in billing.sum.by_quality.items():
        if share.quarters:
            name = f"{words['consumption']}: {words.either('q', str(quality))}"
            yield SummaryRow(name, exact_kwh(share.energy_uwh), _share_words(quality, billing.sum, words))


def _peak_summary(billing: SeriesMonth, words: Words) -> Iterator[SummaryRow]:
    peak = billing.peak
    if peak is None:
        return
    yield SummaryRow(words["peak"], exact_kwh(peak.energy_uwh, 4), "kW")
    yield SummaryRow(f"{words['peak']}: {words['start_local']}", local_time(peak.start_utc, words.zone))
    yield SummaryRow(f"{words['peak']}: {words['quality']}", words.either("q", str(peak.quality)))
    rests = words["answer.no"] if is_sound(peak.quality) else words["answer.yes"]
    yield SummaryRow(
        words["peak.rests.name"], rests, words.fill("peak.of_covered", share=words.percent(billing.sum.sound_share, 2))
    )


def _share_words(quality: IntervalQuality, of: EnergySum, words: Words) -> str:
    energy, quarters = (words.percent(share, 2) for share in (of.share_of_energy(quality), of.share_of_quarters(quality)))
    return f"{energy} {words['share_energy']}, {quarters} {words['share_quarters']}"


# the page ------------------------------------------------------------------------------------------------------------


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[MeterRow]] = [
        PrintColumn(words["meter"], lambda row: row.series.meter.id),
        PrintColumn(words["name"], lambda row: one_line(row.series.meter.name, NAME), "1fr"),
        PrintColumn(words["parent"], lambda row: row.series.meter.parent or "–"),
        PrintColumn(words["channel"], lambda row: row.series.channel),
        PrintColumn(words["energy"], lambda row: words.energy(row.series.sum.energy_uwh), is_number=True),
        PrintColumn("", lambda row: row.series.unit),
        PrintColumn(f"{words['highest']} [kW, kvar]", lambda row: power_text(row.peak, words), is_number=True),
        PrintColumn(words["start_local"], lambda row: start_text(row.peak, words)),
        PrintColumn(words["coverage"], lambda row: words.percent(row.series.sum.coverage, 2), is_number=True),
    ]
    return [Heading(words["meters"]), printed(columns, _rows(content.month))]


SECTION = Section(
    series_data=_series_data,
    files=(DataFile("meters", _rows, _FOR_MACHINES, _for_people),),
    sheets=(SheetPart(SUMMARY, _summary), SheetPart(METERS, lambda content, _: _rows(content.month))),
    page=_page,
)
