"""The report on paper: PDF/A-3a by typst, with ``report.json`` attached; all words and numbers are made here, the template only sets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from billing.lines import BillLine
from domain.intervals import QUALITIES_BEST_FIRST, Interval, IntervalQuality
from reporting.cost import MonthCost, why_no_bill
from reporting.data import status_of
from reporting.gaps import SOUND, Gap
from reporting.month import TOP_PEAKS, Balance, Change, MonthReport, SeriesMonth
from reporting.typesetting import STANDARD, code_of, fitted, one_line, plain
from words.sentences import advice_texts, anomaly_text, names_of
from words.speech import Words

TEMPLATE = Path(__file__).parent / "report.typ"
_GAP_ROWS, _RESTATED_ROWS, _ADVICE_ROWS, _REJECTION_ROWS = 36, 12, 12, 36
_NAME, _SENTENCES = 120, 600
"""Characters of somebody's text that a table cell has room for; report.json and report.xlsx have all of them."""
_MOST_CODES = 12


def report_pdf(
    report: MonthReport,
    cost: MonthCost,
    header: Sequence[tuple[str, str]],
    changes: Sequence[Change] | None,
    files: Sequence[dict[str, Any]],
    json_text: str,
    words: Words,
    made_utc: datetime,
    replaced: str,
) -> tuple[bytes, list[str]]:
    """The PDF's bytes, and the characters of names and texts that its fonts do not have: they stand as codes.

    Parameters
    ----------
    header
        Rows of the first page's table.
    files
        Name, size and hash of the data files, to be printed.
    """
    import typst

    page = page_data(report, cost, header, changes, files, words, replaced)
    page["date"] = [made_utc.year, made_utc.month, made_utc.day, made_utc.hour, made_utc.minute, made_utc.second]
    fit, missing = fitted(page)
    try:
        return _compiled(fit, missing, json_text, words, made_utc), missing
    except typst.TypstError:
        # Characters that can each be shown, but not together: a mark of one font on a letter of another.
        fit, missing = plain(page)
        return _compiled(fit, missing, json_text, words, made_utc), missing


def _compiled(page: dict[str, Any], missing: Sequence[str], json_text: str, words: Words, made_utc: datetime) -> bytes:
    import typst

    if missing:
        notice = page["notice"] or {"title": words["note"], "texts": []}
        page = {**page, "notice": {**notice, "texts": [*notice["texts"], glyph_notice(missing, words)]}}
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(),
            sys_inputs={"page": json.dumps(page), "data": json_text},
            pdf_standards=[STANDARD],
            timestamp=made_utc.replace(microsecond=0),
            ignore_system_fonts=True,
        )
    )


def glyph_notice(missing: Sequence[str], words: Words) -> str:
    """Which characters stand as codes."""
    codes = ", ".join(map(code_of, missing[:_MOST_CODES]))
    if len(missing) > _MOST_CODES:
        codes = words.say("and_more", codes=codes, count=words.number(len(missing) - _MOST_CODES))
    return words.say("glyphs", codes=codes)


def page_data(
    report: MonthReport,
    cost: MonthCost,
    header: Sequence[tuple[str, str]],
    changes: Sequence[Change] | None,
    files: Sequence[dict[str, Any]],
    words: Words,
    replaced: str,
) -> dict[str, Any]:
    """What the template sets: texts and tables, and numbers for the two charts."""
    notices = _notices(report, cost, words)
    is_final = status_of(report, cost) == "final"
    return {
        "lang": words.language,
        "title": words["title"],
        "month": words.month(report.period.label),
        "organisation": one_line(report.plant.site.name or report.plant.site.id, _NAME),
        "subtitle": words["subtitle"],
        "notice": {"title": words["note" if is_final else "provisional"], "texts": notices} if notices else None,
        "header": [[name, one_line(value, _SENTENCES)] for name, value in header],
        "figures": _figures(report, cost, words),
        "words": {
            key: words[key]
            for key in (
                "key_figures", "load_chart", "load_chart.alt", "daily_peaks", "daily_peaks.alt", "target", "no_value", "q.substituted", "top_peaks", "meters",
                "quality_by_meter", "balance", "balance.note", "gaps", "gaps.none", "gaps.note", "events", "events.none", "restatements",
                "restatements.none", "versions", "bill", "bill.note", "total", "anomalies", "anomalies.none", "recommendations",
                "recommendations.none", "anomalies.note", "advice.note", "rejections", "rejections.none", "statements", "files", "files.note", "signature", "author", "approver", "page",
                "windows",
            )
        },
        "chart": _chart(report, words),
        "top_peaks": _top_peaks(report, words),
        "windows": _windows(cost, words),
        "meters": _meters(report, words),
        "quality": _quality(report, words),
        "balance": _balance(report, words),
        "gaps": _gaps(report, words),
        "events": _events(report, words),
        "restatements": _restatements(report, words),
        "versions": _versions(changes, replaced, words),
        "bill": _bill(report, cost, words),
        "anomalies": _anomalies(report, words),
        "recommendations": _recommendations(report, words),
        "rejections": _rejections(report, words),
        "conflicts": words.say("conflicts.text", count=len(report.conflicts)) if report.conflicts else None,
        "statements": list(words.each("statement")),
        "files": [[entry["name"], words.number(entry["bytes"]), entry["sha256"]] for entry in files],
    }  # fmt: skip


def _notices(report: MonthReport, cost: MonthCost, words: Words) -> list[str]:
    notices = []
    billing = report.billing
    peak = None if billing is None else billing.peak
    if peak is not None and peak.quality not in SOUND:
        notices.append(
            words.say(
                "peak.notice", moment=words.moment(peak.start_utc), power=words.number(peak.power_kw or 0.0, 1),
                quality=words.either("q", str(peak.quality)), method=words.either("m", str(peak.method)), revision=peak.revision,
            )
        )  # fmt: skip
    if billing is not None and report.is_over and billing.covered_share < 1:
        notices.append(words.say("peak.unknown", share=words.percent(billing.covered_share, 2)))
    if not report.is_over:
        notices.append(words.say("provisional.running", until=words.moment(report.known_until_utc)))
    without = 0 if billing is None else len(billing.slots) - billing.with_value
    if billing is not None and without:
        share = words.percent(without / len(billing.slots), 2)
        notices.append(words.say("provisional.values", count=words.number(without), share=share))
    if cost.is_provisional:
        notices.append(words.say("provisional.bill", what=", ".join(words.either("missing", column) for column in cost.missing)))
    return notices


def _figures(report: MonthReport, cost: MonthCost, words: Words) -> list[dict[str, str]]:
    billing, figures = report.billing, []
    if billing is not None:
        measured = billing.by_quality[IntervalQuality.MEASURED]
        share = measured.energy_uwh / billing.energy_uwh if billing.energy_uwh else 0.0
        note = f"{words.percent(share, 1)} {words['measured_share']}"
        figures.append({"name": words["consumption"], "value": words.energy(billing.energy_uwh), "unit": "kWh", "note": note})
        figures.append(_peak_figure(billing, words))
        note = f"{words.number(billing.with_value)} / {words.number(len(billing.slots))} {words['quarters']}"
        figures.append({"name": words["coverage"], "value": words.percent(billing.coverage, 2), "unit": "", "note": note})
    if cost.bill is not None:
        note = one_line(cost.tariff_id, _NAME) + (f" · {words['provisional'].lower()}" if cost.is_provisional else "")
        figures.append({"name": words["cost"], "value": words.number(float(cost.bill.total_eur), 2), "unit": "EUR", "note": note})
    return figures


def _peak_figure(billing: SeriesMonth, words: Words) -> dict[str, str]:
    peak = billing.peak
    if peak is None:
        return {"name": words["peak"], "value": "–", "unit": "", "note": ""}
    quality = words.either("q", str(peak.quality))
    note = f"{words.moment(peak.start_utc)} · {quality if peak.quality in SOUND else words.say('peak.rests', quality=quality)}"
    if billing.covered_share < 1:
        note += f" · {words.say('peak.of_covered', share=words.percent(billing.covered_share, 2))}"
    return {"name": words["peak"], "value": words.number(peak.power_kw or 0.0, 1), "unit": "kW", "note": note}


def _chart(report: MonthReport, words: Words) -> dict[str, Any] | None:
    billing = report.billing
    if billing is None or billing.peak is None:
        return None
    days = [
        {
            "label": f"{day.day}", "weekend": day.weekday() >= 5, "kw": None if peak is None else peak.power_kw,
            "is_peak": peak is not None and peak.start_utc == billing.peak.start_utc,
        }
        for day, peak in billing.daily_peaks(report.period)
    ]  # fmt: skip
    starts = [report.period.slot(_midnight(report, number)) for number in range(len(days))]
    powers = [None if interval is None or interval.power_kw is None else round(interval.power_kw, 1) for interval in billing.slots]
    unsure = [
        [report.period.slot(gap.from_utc), report.period.slot(gap.to_utc)] for gap in billing.gaps if gap.has_value and not gap.is_healed
    ]  # fmt: skip
    return {"kw": powers, "unsure": unsure, "days": days, "day_starts": starts, "target": report.plant.site.target_kw, "axis": "kW"}


def _midnight(report: MonthReport, number: int) -> datetime:
    day = report.period.first_day + timedelta(days=number)
    return datetime.combine(day, time(0), tzinfo=report.period.zone).astimezone(UTC)


def _quarter_cells(interval: Interval, words: Words) -> list[str]:
    return [words.moment(interval.start_utc), words.number(interval.power_kw or 0.0, 1), words.either("q", str(interval.quality))]


def _top_peaks(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = [] if report.billing is None else report.billing.highest(TOP_PEAKS)
    return {
        "header": ["", words["start_local"], f"{words['power']} [kW]", words["quality"]],
        "rows": [[f"{n}.", *_quarter_cells(i, words)] for n, i in enumerate(rows, 1)],
    }


def _windows(cost: MonthCost, words: Words) -> list[list[str]]:
    return [
        [
            one_line(window.component, _NAME),
            f"{words[window.where]} {one_line(window.calendar, _NAME)}",
            *(_quarter_cells(window.peak, words) if window.peak else ["–", "–", "–"]),
        ]
        for window in cost.windows
    ]


def _meters(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = []
    for s in report.series:
        peak = s.peak
        rows.append([
            s.meter.id, one_line(s.meter.name, _NAME), s.meter.parent or "–", s.channel, words.energy(s.energy_uwh), s.unit,
            "–" if peak is None else words.number(peak.power_kw or 0.0, 1), "–" if peak is None else words.moment(peak.start_utc),
            words.percent(s.coverage, 2),
        ])  # fmt: skip
    power = f"{words['highest']} [kW, kvar]"
    header = [
        words["meter"], words["name"], words["parent"], words["channel"], words["energy"], "", power, words["start_local"], words["coverage"],
    ]  # fmt: skip
    return {"header": header, "rows": rows}


def _quality(report: MonthReport, words: Words) -> dict[str, Any]:
    """Per series and quality: quarter hours, and share of the energy."""
    qualities = [
        q for q in QUALITIES_BEST_FIRST if q is IntervalQuality.MISSING or any(s.by_quality[q].quarters for s in report.series)
    ]
    header = [words["meter"], words["channel"], *(words[f"q.{q}"] for q in qualities)]
    rows = []
    for s in report.series:
        shares = s.by_quality
        cells = []
        for quality in qualities:
            share = shares[quality]
            if not share.quarters:
                cells.append("–")
                continue
            text = f"{words.number(share.quarters)} ({words.percent(share.quarters / len(s.slots), 1)})"
            if quality is not IntervalQuality.MISSING:
                part = share.energy_uwh / s.energy_uwh if s.energy_uwh else 0.0
                text += f"\n{words.energy(share.energy_uwh)} {s.unit} ({words.percent(part, 1)})"
            cells.append(text)
        rows.append([s.meter.id, s.channel, *cells])
    return {"header": header, "rows": rows}


def _balance(report: MonthReport, words: Words) -> dict[str, Any]:
    header = [
        words["meter"], words["meters_below"], f"{words['meter']} [kWh]", f"{words['sum_below']} [kWh]", f"{words['residual']} [kWh]",
        words["q.measured"], words["quarters"], words["left_out"],
    ]  # fmt: skip
    rows = []
    for b in report.balances:
        share = f" ({words.number(b.residual_uwh * 100 / b.meter_uwh, 1)} %)" if b.meter_uwh else ""
        rows.append([
            b.meter.id, ", ".join(child.id for child in b.children), words.energy(b.meter_uwh), words.energy(b.children_uwh),
            words.energy(b.residual_uwh) + share, _qualities(b, words), words.number(b.quarters), words.number(b.left_out),
        ])  # fmt: skip
    return {"header": header, "rows": rows}


def _gaps(report: MonthReport, words: Words) -> dict[str, Any]:
    """Gaps of all series; those without any value that many series have alike are one row."""
    alike: dict[tuple[Any, ...], list[tuple[SeriesMonth, Gap]]] = {}
    for series in report.series:
        for gap in series.gaps:
            own = f"{series.meter.id}/{series.channel}" if gap.has_value or gap.earlier else ""
            alike.setdefault((gap.from_utc, own, gap.to_utc, str(gap.quality), gap.reason), []).append((series, gap))
    rows = []
    for _, found in sorted(alike.items(), key=lambda item: item[0]):
        gap = found[0][1]
        names = list(dict.fromkeys(f"{series.meter.id}/{series.channel}" for series, _ in found))
        rows.append([
            _some(names), f"{words.span(gap.from_utc, gap.to_utc)}\n{_utc_span(gap)}",
            f"{words.lasting(gap.duration)}\n{words.number(gap.quarters)}", _told_before(gap, words), _told_last(gap, words),
            words.either("f", str(gap.filling)) if gap.revision is not None else words.either("m", gap.reason),
            "–" if gap.revision is None else words.number(gap.revision),
        ])  # fmt: skip
    header = [
        words["meter"], words["gaps.span"], f"{words['duration']},\n¼\u202fh", f"{words['before']}\n[kWh, kvarh]",
        f"{words['now']}\n[kWh, kvarh]", words["filled"], "Rev.",
    ]  # fmt: skip
    return _cut({"header": header, "rows": rows}, _GAP_ROWS, words)


def _utc_span(gap: Gap) -> str:
    end = f"{gap.to_utc:%H:%M}" if gap.from_utc.date() == gap.to_utc.date() else f"{gap.to_utc:%Y-%m-%d %H:%M}"
    return f"{gap.from_utc:%Y-%m-%d %H:%M} – {end} UTC"


def _told_before(gap: Gap, words: Words) -> str:
    """Everything that was said and no longer counts."""
    said = [
        words.say("without_value", count=words.number(e.quarters))
        if e.energy_uwh is None
        else f"{words.energy(e.energy_uwh, 3)}\n({words.either('q', str(e.quality))})"
        for e in gap.earlier
    ]
    return "\n".join(said) or "–"


def _told_last(gap: Gap, words: Words) -> str:
    value = [words.energy(gap.energy_uwh, 3)] if gap.has_value else ["–"]
    return "\n".join([*value, f"({words.either('q', str(gap.quality))})"])


def _qualities(balance: Balance, words: Words) -> str:
    """Shares of the sum below by quality: measured first, then what else there is."""
    measured = words.percent(balance.share_of_energy(IntervalQuality.MEASURED), 1)
    others = [
        f"{words.either('q', str(quality))} {words.percent(balance.share_of_energy(quality), 1)}"
        for quality, share in balance.by_quality.items()
        if share.energy_uwh and quality is not IntervalQuality.MEASURED
    ]
    return "\n".join([measured, *others])


def _some(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} + {len(names) - most}"


def _cut(table: dict[str, Any], most: int, words: Words) -> dict[str, Any]:
    left = len(table["rows"]) - most
    return table if left <= 0 else {**table, "rows": table["rows"][:most], "more": words.say("more", count=words.number(left))}


def _events(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = [
        [
            f"{s.meter.id}/{s.channel}", words.moment(i.start_utc), words.either("m", str(i.method)), words.either("q", str(i.quality)),
            words.energy(i.energy_uwh or 0, 1),
        ]
        for s in report.series
        for i in s.events
    ]  # fmt: skip
    header = [words["meter"], words["start_local"], words["method"], words["quality"], f"{words['energy']} [kWh, kvarh]"]
    return _cut({"header": header, "rows": rows}, _GAP_ROWS, words)


def _restatements(report: MonthReport, words: Words) -> dict[str, Any]:
    found = [(series, restated) for series in report.series for restated in series.restatements]
    found.sort(key=lambda item: -abs((item[1].last.energy_uwh or 0) - (item[1].first.energy_uwh or 0)))
    shown = sorted(found[:_RESTATED_ROWS], key=lambda item: (item[0].meter.id, item[0].channel, item[1].start_utc))
    found[:_RESTATED_ROWS] = shown

    def cells(interval: Interval) -> str:
        energy = "–" if interval.energy_uwh is None else words.energy(interval.energy_uwh, 3)
        return f"{energy} ({words.either('q', str(interval.quality))})"

    rows = [
        [f"{s.meter.id}/{s.channel}", words.moment(r.start_utc), cells(r.first), cells(r.last), f"{r.first.revision} → {r.last.revision}",
         f"{r.recorded_utc[-1]:%Y-%m-%d %H:%M}"]
        for s, r in found
    ]  # fmt: skip
    header = [
        words["meter"],
        words["start_local"],
        f"{words['before']} [kWh, kvarh]",
        f"{words['after']} [kWh, kvarh]",
        "Rev.",
        words["recorded"],
    ]
    intro = words.say("restatements.count", count=words.number(len(found))) if found else words["restatements.none"]
    return {"intro": intro, **_cut({"header": header, "rows": rows}, _RESTATED_ROWS, words)}


def _versions(changes: Sequence[Change] | None, replaced: str, words: Words) -> dict[str, Any]:
    if changes is None:
        intro = f"{words['replaces']}: {replaced}. {words['versions.unknown']}" if replaced else words["versions.none"]
        return {"intro": intro, "header": [], "rows": []}
    rows = [
        [f"{c.meter}/{c.channel}", words.number(c.quarters), words.energy(c.before_uwh, 3), words.energy(c.after_uwh, 3)]
        for c in changes
    ]
    header = [words["meter"], words["quarters"], f"{words['before']} [kWh, kvarh]", f"{words['after']} [kWh, kvarh]"]
    return {
        "intro": f"{words['replaces']}: {replaced}." + ("" if rows else f" {words['versions.same']}"),
        "header": header,
        "rows": rows,
    }


def _bill(report: MonthReport, cost: MonthCost, words: Words) -> dict[str, Any]:
    if cost.bill is None:
        return {
            "intro": words.say("bill.none", why=one_line(why_no_bill(cost, words), _SENTENCES)),
            "header": [],
            "rows": [],
            "total": "",
        }
    rows = []
    for line in cost.bill.lines:
        price = "" if line.price_eur is None else words.number(float(line.price_eur), 4)
        quantity = "" if line.quantity is None else f"{_quantity(line, words)} {words.either('per', line.unit or '')}"
        cause = ", ".join(words.moment(start) for start in line.cause)
        rows.append(
            [
                one_line(line.id, _NAME),
                words.either("k", line.kind),
                quantity,
                price,
                words.number(float(line.amount_eur), 2),
                cause,
            ]
        )
    header = [
        words["line"],
        words["kind"],
        words["quantity"],
        f"{words['price']} [EUR]",
        f"{words['amount']} [EUR]",
        words["cause"],
    ]
    names = [one_line(name, _NAME) for name in (cost.tariff_id, cost.tariff_version, cost.tariff_source)]
    intro = f"{names[0]}, {words['version']} {names[1]}. {names[2]}."
    return {"intro": intro, "header": header, "rows": rows, "total": words.number(float(cost.bill.total_eur), 2)}


def _rejections(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = [
        [one_line(meter, _NAME), words.either("r", reason), words.number(count)]
        for (meter, reason), count in sorted(report.rejections.items())
    ]
    return _cut({"header": [words["meter"], words["reason"], words["count"]], "rows": rows}, _REJECTION_ROWS, words)


def _anomalies(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = [
        [
            one_line(a.meter, _NAME), words.moment(a.since_utc), words["lasting"] if a.until_utc is None else words.moment(a.until_utc),
            words.number(a.excess_kwh, 1), words.money(a.eur_per_day),
            one_line(anomaly_text(a, words, names_of(report.plant)), _SENTENCES),
        ]
        for a in report.anomalies
    ]  # fmt: skip
    header = [words["meter"], words["since"], words["until"], f"{words['excess']} [kWh]", words["eur_per_day"], words["finding"]]
    return _cut({"header": header, "rows": rows}, _ADVICE_ROWS, words)


def _quantity(line: BillLine, words: Words) -> str:
    """A line's quantity; parts of a year as the twelfths of which its price sheet speaks."""
    assert line.quantity is not None
    return str(line.quantity) if line.unit == "year" else words.number(float(line.quantity), 2)


def _recommendations(report: MonthReport, words: Words) -> dict[str, Any]:
    rows = []
    for r in report.recommendations:
        decision = report.decisions.get(r.recommendation)
        said = "" if decision is None else f"{words.either('rs', str(decision.kind))}: {one_line(decision.by, _NAME)}"
        reason = one_line(advice_texts(r, words, names_of(report.plant)).reason, _SENTENCES)
        status = words.either("rs", str(r.status))
        rows.append([words.moment(r.issued_utc), status, words.number(r.reduction_kw, 1), words.money(r.saving_eur), reason, said])
    header = [
        words["issued"],
        words["status"],
        f"{words['reduction']}\n[kW]",
        f"{words['saving']}\n[EUR]",
        words["advice"],
        words["decided"],
    ]
    return _cut({"header": header, "rows": rows}, _ADVICE_ROWS, words)
