"""How each meter's quarter hours and energy are known."""

from __future__ import annotations

from typing import Any

from domain.intervals import QUALITIES_BEST_FIRST, IntervalQuality
from reporting.month import SeriesMonth
from reporting.sections.blocks import Block, Heading, PrintColumn, printed
from reporting.sections.section import Content, Section
from words.speech import Words


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    known = series.sum
    return {
        "quality": {
            str(quality): {
                "quarter_hours": share.quarters, "share_of_quarter_hours": round(known.share_of_quarters(quality), 9),
                "energy_uwh": share.energy_uwh, "share_of_energy": round(known.share_of_energy(quality), 9),
            }
            for quality, share in known.by_quality.items()
        }
    }  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    """Per series and quality: quarter hours, and share of the energy."""
    rows = content.month.series
    shown = [q for q in QUALITIES_BEST_FIRST if q is IntervalQuality.MISSING or any(row.sum.by_quality[q].quarters for row in rows)]
    columns: list[PrintColumn[SeriesMonth]] = [
        PrintColumn(words["meter"], lambda row: row.meter.id),
        PrintColumn(words["channel"], lambda row: row.channel),
        *(_quality_column(quality, words) for quality in shown),
    ]
    return [Heading(words["quality_by_meter"]), printed(columns, rows, size_pt=6.8)]


def _quality_column(quality: IntervalQuality, words: Words) -> PrintColumn[SeriesMonth]:
    return PrintColumn(words[f"q.{quality}"], lambda row: _share_text(row, quality, words), "1fr", is_number=True)


def _share_text(series: SeriesMonth, quality: IntervalQuality, words: Words) -> str:
    share = series.sum.by_quality[quality]
    if not share.quarters:
        return "–"
    text = f"{words.number(share.quarters)} ({words.percent(series.sum.share_of_quarters(quality), 1)})"
    if quality is not IntervalQuality.MISSING:
        part = words.percent(series.sum.share_of_energy(quality), 1)
        text += f"\n{words.energy(share.energy_uwh)} {series.unit} ({part})"
    return text


SECTION = Section(series_data=_series_data, page=_page)
