"""How each meter's quarter hours and energy are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality
from quarters.sums import Share
from reporting.month import SeriesMonth
from reporting.sections.blocks import Block, Heading, PrintColumn, printed
from reporting.sections.section import Content, Section
from words.speech import Words


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    slots = len(series.slots)
    total = sum(share.energy_uwh for share in series.by_quality.values())
    return {
        "quality": {
            str(quality): {
                "quarter_hours": share.quarters, "share_of_quarter_hours": round(share.quarters / slots, 9),
                "energy_uwh": share.energy_uwh, "share_of_energy": round(share.energy_uwh / total, 9) if total else 0.0,
            }
            for quality, share in series.by_quality.items()
        }
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shares:
    """A meter's channel and its quarter hours by quality."""

    series: SeriesMonth
    by_quality: Mapping[IntervalQuality, Share]


def _page(content: Content, words: Words) -> list[Block]:
    """Per series and quality: quarter hours, and share of the energy."""
    rows = [_Shares(series, series.by_quality) for series in content.month.series]
    shown = [q for q in QUALITIES_BEST_FIRST if q is IntervalQuality.MISSING or any(row.by_quality[q].quarters for row in rows)]
    columns: list[PrintColumn[_Shares]] = [
        PrintColumn(words["meter"], lambda row: row.series.meter.id),
        PrintColumn(words["channel"], lambda row: row.series.channel),
        *(_quality_column(quality, words) for quality in shown),
    ]
    return [Heading(words["quality_by_meter"]), printed(columns, rows, size_pt=6.8)]


def _quality_column(quality: IntervalQuality, words: Words) -> PrintColumn[_Shares]:
    return PrintColumn(words[f"q.{quality}"], lambda row: _share_text(row, quality, words), "1fr", is_number=True)


def _share_text(row: _Shares, quality: IntervalQuality, words: Words) -> str:
    series, share = row.series, row.by_quality[quality]
    if not share.quarters:
        return "–"
    text = f"{words.number(share.quarters)} ({words.percent(share.quarters / len(series.slots), 1)})"
    if quality is not IntervalQuality.MISSING:
        part = share.energy_uwh / series.energy_uwh if series.energy_uwh else 0.0
        text += f"\n{words.energy(share.energy_uwh)} {series.unit} ({words.percent(part, 1)})"
    return text


SECTION = Section(series_data=_series_data, page=_page)
