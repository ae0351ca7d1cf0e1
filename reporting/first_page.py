"""The first page: notices, and the key figures in their boxes."""

from __future__ import annotations

from dataclasses import dataclass

from domain.intervals import IntervalQuality
from quarters.quality import is_sound
from reporting.month import SeriesMonth
from reporting.sections.section import NAME, Content
from reporting.typesetting import one_line
from words.speech import Words


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure."""

    name: str
    value: str
    unit: str
    note: str


def notices(content: Content, words: Words) -> list[str]:
    """What a reader must know before the first number."""
    found = []
    report, cost = content.month, content.cost
    billing = report.billing
    peak = None if billing is None else billing.peak
    if peak is not None and not is_sound(peak.quality):
        found.append(
            words.fill(
                "peak.notice", moment=words.moment(peak.start_utc), power=words.number(peak.power_kw or 0.0, 1),
                quality=words.either("q", str(peak.quality)), method=words.either("m", str(peak.method)), revision=peak.revision,
            )
        )  # fmt: skip
    if billing is not None and report.is_over and billing.sum.sound_share < 1:
        found.append(words.fill("peak.unknown", share=words.percent(billing.sum.sound_share, 2)))
    if not report.is_over:
        found.append(words.fill("provisional.running", until=words.moment(report.known_until_utc)))
    if billing is not None and billing.sum.missing:
        share = words.percent(billing.sum.share_of_quarters(IntervalQuality.MISSING), 2)
        found.append(words.fill("provisional.values", count=words.number(billing.sum.missing), share=share))
    if cost.is_provisional:
        found.append(words.fill("provisional.bill", what=", ".join(words.either("missing", column) for column in cost.missing)))
    return found


def figures(content: Content, words: Words) -> list[Figure]:
    """The key figures."""
    cost, billing, found = content.cost, content.month.billing, []
    if billing is not None:
        note = f"{words.percent(billing.sum.share_of_energy(IntervalQuality.MEASURED), 1)} {words['measured_share']}"
        found.append(Figure(words["consumption"], words.energy(billing.sum.energy_uwh), "kWh", note))
        found.append(_peak_figure(billing, words))
        note = f"{words.number(billing.sum.with_value)} / {words.number(billing.sum.quarters)} {words['quarters']}"
        found.append(Figure(words["coverage"], words.percent(billing.sum.coverage, 2), "", note))
    if cost.total_eur is not None:
        note = one_line(cost.tariff_id, NAME) + (f" · {words['provisional'].lower()}" if cost.is_provisional else "")
        if cost.months:
            note += f" · {words.fill('bill.months_billed', count=len(cost.bills), all=len(cost.months))}"
        found.append(Figure(words["cost"], words.number(float(cost.total_eur), 2), "EUR", note))
    return found


def _peak_figure(billing: SeriesMonth, words: Words) -> Figure:
    peak = billing.peak
    if peak is None:
        return Figure(words["peak"], "–", "", "")
    quality = words.either("q", str(peak.quality))
    note = f"{words.moment(peak.start_utc)} · {quality if is_sound(peak.quality) else words.fill('peak.rests', quality=quality)}"
    if billing.sum.sound_share < 1:
        note += f" · {words.fill('peak.of_covered', share=words.percent(billing.sum.sound_share, 2))}"
    return Figure(words["peak"], words.number(peak.power_kw or 0.0, 1), "kW", note)
