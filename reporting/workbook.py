"""The report as an Excel workbook: real numbers and dates, units in the headings, the same bytes for the same report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from domain.texts import LINE_BREAKS
from reporting.cost import MonthCost, why_no_bill
from reporting.gaps import SOUND
from reporting.month import Change, MonthReport, SeriesMonth, Share
from reporting.sheet_rows import with_rows
from reporting.tables import (
    Cell,
    LocalTime,
    exact_kwh,
    gap_header_for_people,
    gap_rows_for_people,
    interval_header_for_people,
    interval_rows_for_people,
    meter_header_for_people,
    meter_rows_for_people,
    text_cell,
)
from words.sentences import advice_texts, anomaly_text, names_of
from words.speech import Words

_HEADING = Font(bold=True, color="FFFFFF")
_FILL = PatternFill("solid", fgColor="1F4E5F")
_TITLE = Font(bold=True, size=16)
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")
_LOCAL = "dd.mm.yyyy hh:mm"
_UTC = 'yyyy-mm-dd"T"hh:mm"Z"'
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_FIRST_YEAR = 1900
_MOST_ROWS = 1_048_576
"""Of a sheet, its heading among them: Excel opens no more."""


def workbook(
    report: MonthReport,
    cost: MonthCost,
    header: Sequence[tuple[str, str]],
    changes: Sequence[Change] | None,
    replaced: str,
    words: Words,
    made_utc: datetime,
) -> bytes:
    """The workbook's bytes.

    Parameters
    ----------
    header
        Rows of the cover.
    changes
        What differs from the replaced version; None if this is the first, or the replaced one cannot be read.
    replaced
        Name of the replaced version; empty if this is the first.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "Lastgang"
    book.properties.title = f"{words['title']} {report.plant.site.id} {report.period.label}"
    book.properties.created = made_utc.replace(tzinfo=None)
    _cover(book, header, words)
    _summary(book, report, cost, words)
    _sheet(book, words["meters"], meter_header_for_people(words), meter_rows_for_people(report, words))
    rows = iter(interval_rows_for_people(report, words))
    _sheet(book, words["intervals"], interval_header_for_people(words), [next(rows)])
    gaps = [*gap_rows_for_people(report, words), *_event_rows(report, words)]
    _sheet(book, words["gaps.short"], gap_header_for_people(words), gaps, (18, 18, 18, 8, 20, 18, 8, 20, 12, 12, 16, 8, 14, 44, 44))
    _costs(book, cost, words)
    _findings(book, report, words)
    _changelog(book, report, changes, replaced, words)
    below = _at_most(rows, _MOST_ROWS - 2)
    return _bytes(book, made_utc, f"xl/worksheets/sheet{book.sheetnames.index(words['intervals']) + 1}.xml", below)


def _bytes(book: Workbook, made_utc: datetime, long_sheet: str, rows: Iterable[Sequence[Cell]]) -> bytes:
    """The saved book with `rows` put below what `long_sheet` has, and the clock times of saving taken out."""
    saved, clean = io.BytesIO(), io.BytesIO()
    book.properties.modified = made_utc.replace(tzinfo=None)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_STORED) as archive:
        ExcelWriter(book, archive).save()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = with_rows(source.read(name), rows) if name == long_sheet else source.read(name)
            target.writestr(zipfile.ZipInfo(name, _EPOCH_OF_ZIP), content, zipfile.ZIP_DEFLATED)
    return clean.getvalue()


def _sheet(book: Any, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int] = ()) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number in range(len(header)):
        width = widths[number] if number < len(widths) else min(40, max(12, len(header[number]) + 2))
        sheet.column_dimensions[get_column_letter(number + 1)].width = width
    sheet.append([_styled(sheet, heading, _HEADING, _FILL) for heading in header])
    for row in _at_most(rows, _MOST_ROWS - 1):
        sheet.append([_cell(sheet, value) for value in row])
    return sheet


def _at_most(rows: Iterable[Sequence[Cell]], most: int) -> Iterable[Sequence[Cell]]:
    """`rows`, or as many as a sheet takes and one that says so."""
    left = iter(rows)
    yield from islice(left, most - 1)
    last = next(left, None)
    if last is not None:
        yield ("… → *.csv",) if next(left, None) is not None else last


def _styled(sheet: Any, value: str, font: Font, fill: PatternFill | None = None) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.font = font
    if fill is not None:
        cell.fill = fill
        cell.alignment = _WRAP
    return cell


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, str):
        return text_cell(value, LINE_BREAKS)
    if isinstance(value, LocalTime):
        return _dated(sheet, value.local, _LOCAL)
    if isinstance(value, datetime):
        return _dated(sheet, value.replace(tzinfo=None), _UTC)
    if isinstance(value, Fraction):
        return _twelfths(sheet, value)
    return float(value) if isinstance(value, Decimal) else value


def _twelfths(sheet: Any, value: Fraction) -> Any:
    """A number that Excel shows as the fraction that it is."""
    cell = WriteOnlyCell(sheet, value=float(value))
    cell.number_format = "# ??/??"
    return cell


def _dated(sheet: Any, value: datetime, form: str) -> Any:
    if value.year < _FIRST_YEAR:
        return value.isoformat()  # the calendar of workbooks begins then
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = form
    return cell


def _cover(book: Any, header: Sequence[tuple[str, str]], words: Words) -> None:
    sheet = book.create_sheet(words["cover"])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 90
    sheet.append([_styled(sheet, words["title"], _TITLE)])
    sheet.append([])
    for name, value in header:
        sheet.append([_styled(sheet, name, _BOLD), _cell(sheet, value)])
    sheet.append([])
    sheet.append([_styled(sheet, words["statements"], _BOLD)])
    for text in words.each("statement"):
        cell = WriteOnlyCell(sheet, value=text)
        cell.alignment = _WRAP
        sheet.append([None, cell])


def _summary(book: Any, report: MonthReport, cost: MonthCost, words: Words) -> None:
    billing = report.billing
    rows: list[tuple[Cell, ...]] = []
    if billing is not None:
        peak = billing.peak
        rows.append((words["consumption"], exact_kwh(billing.energy_uwh), "kWh"))
        if peak is not None:
            rows.append((words["peak"], exact_kwh(peak.energy_uwh, 4), "kW"))
            rows.append(
                (
                    f"{words['peak']}: {words['start_local']}",
                    LocalTime(report.period.local(peak.start_utc).replace(tzinfo=None)),
                    None,
                )
            )
            rows.append((f"{words['peak']}: {words['quality']}", words.either("q", str(peak.quality)), None))
            rests = words["answer.no"] if peak.quality in SOUND else words["answer.yes"]
            rows.append(
                (words["peak.rests.name"], rests, words.say("peak.of_covered", share=words.percent(billing.covered_share, 2)))
            )
        rows.append((words["coverage"], billing.coverage, "0..1"))
        rows.append((f"{words['quarters']} {words['values']}", billing.with_value, f"/ {len(billing.slots)}"))
        for quality, share in billing.by_quality.items():
            if share.quarters:
                name = f"{words['consumption']}: {words.either('q', str(quality))}"
                rows.append((name, exact_kwh(share.energy_uwh), _share_words(share, billing, words)))
    if cost.bill is not None:
        rows.append((words["cost"], float(cost.bill.total_eur), f"EUR ({words.either('status', cost.bill.status)})"))
    rows.append((None, None, None))
    for balance in report.balances:
        below = ", ".join(child.id for child in balance.children)
        rows.append((f"{words['balance']}: {balance.meter.id}", exact_kwh(balance.meter_uwh), "kWh"))
        rows.append((f"  {words['sum_below']}: {below}", exact_kwh(balance.children_uwh), "kWh"))
        for quality, share in balance.by_quality.items():
            if share.energy_uwh:
                part = f"{words.percent(balance.share_of_energy(quality), 2)} {words['share_energy']}"
                rows.append((f"    {words.either('q', str(quality))}", exact_kwh(share.energy_uwh), part))
        rows.append((f"  {words['residual']}", exact_kwh(balance.residual_uwh), "kWh"))
        rows.append((f"  {words['quarters']}", balance.quarters, f"({balance.left_out} {words['left_out']})"))
    _sheet(book, words["summary"], [words["key_figures"], words["quantity"], words["unit"]], rows, (70, 24, 60))


def _share_words(share: Share, series: SeriesMonth, words: Words) -> str:
    energy = share.energy_uwh / series.energy_uwh if series.energy_uwh else 0.0
    quarters = share.quarters / len(series.slots)
    return f"{words.percent(energy, 2)} {words['share_energy']}, {words.percent(quarters, 2)} {words['share_quarters']}"


def _event_rows(report: MonthReport, words: Words) -> Iterable[tuple[Cell, ...]]:
    """Registers that were reset, rolled over, exchanged or jumped, in the columns of the gaps."""
    for series in report.series:
        for event in series.events:
            local = [report.period.local(instant) for instant in (event.start_utc, event.end_utc)]
            yield (
                series.meter.id, series.channel, LocalTime(local[0].replace(tzinfo=None)), f"{local[0]:%Z}", event.start_utc,
                LocalTime(local[1].replace(tzinfo=None)), f"{local[1]:%Z}", event.end_utc, 15, 1, exact_kwh(event.energy_uwh), series.unit,
                words.either("q", str(event.quality)), None, words.either("m", str(event.method)), event.revision,
            )  # fmt: skip


def _costs(book: Any, cost: MonthCost, words: Words) -> None:
    header = [
        words["line"],
        words["kind"],
        words["quantity"],
        words["unit"],
        f"{words['price']} [EUR]",
        f"{words['amount']} [EUR]",
        words["period"],
    ]
    rows: list[tuple[Cell, ...]] = []
    if cost.bill is None:
        rows.append((words.say("bill.none", why=why_no_bill(cost, words)),))
    else:
        for line in cost.bill.lines:
            quantity: Cell = line.quantity if line.quantity is None or line.unit == "year" else float(line.quantity)
            price = None if line.price_eur is None else float(line.price_eur)
            rows.append(
                (
                    line.id,
                    words.either("k", line.kind),
                    quantity,
                    words.either("per", line.unit or ""),
                    price,
                    float(line.amount_eur),
                    line.period,
                )
            )
        rows.append((words["total"], words.either("status", cost.bill.status), None, None, None, float(cost.bill.total_eur), None))
        rows.append((f"{cost.tariff_id} {cost.tariff_version}", cost.tariff_source))
    _sheet(book, words["costs"], header, rows, (26, 26))


def _findings(book: Any, report: MonthReport, words: Words) -> None:
    header = [
        words["kind"],
        words["start_local"],
        words["start_utc"],
        words["meter"],
        words["status"],
        "kW",
        words["money.expected"],
        words["finding"],
        words["decided"],
    ]
    rows: list[tuple[Cell, ...]] = []
    for a in report.anomalies:
        local = LocalTime(report.period.local(a.since_utc).replace(tzinfo=None))
        status = words["lasting"] if a.until_utc is None else f"{words['until']} {words.moment(a.until_utc)}"
        message = anomaly_text(a, words, names_of(report.plant))
        rows.append(
            (words["anomalies"], local, a.since_utc, a.meter, status, a.actual_kw, _money(a.eur_per_day, words), message, None)
        )
    for r in report.recommendations:
        local = LocalTime(report.period.local(r.issued_utc).replace(tzinfo=None))
        decision = report.decisions.get(r.recommendation)
        said = (
            None
            if decision is None
            else f"{words.either('rs', str(decision.kind))}: {decision.by}, {words.moment(decision.at_utc)}"
        )
        reason = advice_texts(r, words, names_of(report.plant)).reason
        status = words.either("rs", str(r.status))
        rows.append(
            (
                words["recommendations"],
                local,
                r.issued_utc,
                r.machine,
                status,
                r.reduction_kw,
                _money(r.saving_eur, words),
                reason,
                said,
            )
        )
    for (meter, reason), count in sorted(report.rejections.items()):
        rows.append((words["rejections"], None, None, meter, words.either("r", reason), None, None, f"{count}", None))
    _sheet(book, words["findings"], header, rows, (24, 18, 22, 18, 26, 10, 12, 90, 40))


def _money(amount_eur: float | None, words: Words) -> Cell:
    return words["unknown"] if amount_eur is None else amount_eur


def _changelog(book: Any, report: MonthReport, changes: Sequence[Change] | None, replaced: str, words: Words) -> None:
    header = [
        words["meter"], words["channel"], words["start_local"], words["start_utc"], words["revision"], f"{words['energy']} [kWh, kvarh]",
        words["quality"], words["method"], words["origin"], words["recorded"],
    ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    if changes is None:
        rows.append((words["versions.unknown" if replaced else "versions.none"],))
    else:
        rows.append((words["versions"] if changes else words["versions.same"],))
        rows += [
            (c.meter, c.channel, f"{c.quarters} {words['quarters']}", None, None, exact_kwh(c.after_uwh - c.before_uwh))
            for c in changes
        ]
    rows.append((words["restatements"],))
    for series in report.series:
        for restated in series.restatements:
            for interval, recorded in zip(restated.revisions, restated.recorded_utc, strict=True):
                local = LocalTime(report.period.local(interval.start_utc).replace(tzinfo=None))
                rows.append((
                    series.meter.id, series.channel, local, interval.start_utc, interval.revision, exact_kwh(interval.energy_uwh),
                    words.either("q", str(interval.quality)), words.either("m", str(interval.method)),
                    words.either("o", str(interval.origin)), recorded,
                ))  # fmt: skip
    _sheet(book, words["changelog"], header, rows, (24, 18, 20, 22))
