"""A month's report as a folder: written beside, then renamed, so that there is a whole report or none; earlier versions stay.

In: ledger, plant folder, a month.  Out: ``<site>-<month>-v<N>/`` with data, workbook, PDF, manifest and checksums.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from domain.errors import LastgangError
from domain.files import scratch_folder
from domain.instants import as_utc, instant_text
from domain.plant import Plant
from domain.texts import KEY_LENGTH, printable
from reporting.cost import MonthCost, month_cost, why_no_bill
from reporting.data import as_json, report_data
from reporting.ledger import Ledger
from reporting.manifest import EarlierVersion, earlier_versions, file_entries, write_manifest
from reporting.month import Change, MonthReport, Period, changes_since, month_report
from reporting.pdf import glyph_notice, report_pdf
from reporting.tables import (
    GAP_COLUMNS,
    INTERVAL_COLUMNS,
    METER_COLUMNS,
    gap_header_for_people,
    gap_rows,
    gap_rows_for_people,
    german_excel,
    interval_header_for_people,
    interval_rows,
    interval_rows_for_people,
    meter_header_for_people,
    meter_rows,
    meter_rows_for_people,
    plain,
)
from reporting.typesetting import STANDARD
from words.catalogue import DEFAULT
from words.speech import Words, of_report

_MOST_TRIES = 20
_ABANDONED_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """What is asked for."""

    plant_folder: Path
    out: Path
    language: str = DEFAULT
    author: str = ""
    approver: str = ""
    as_of_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What was made."""

    folder: Path
    report: str
    version: int
    status: str
    manifest_sha256: str
    notes: tuple[str, ...] = ()
    """What whoever asked for it should know."""


def write_report(ledger: Ledger, plant: Plant, period: Period, order: ReportOrder, now_utc: datetime) -> WrittenReport:
    """Write the next version of the month's report into `order.out`; another process may do the same at the same moment.

    Raises
    ------
    InputFaults
        If the ledger has nothing of the month.
    """
    month = month_report(ledger, plant, period, order.as_of_utc, now_utc)
    cost = month_cost(month, order.plant_folder)
    name = f"{plant.site.id}-{period.label}"
    order.out.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(order.out, name)
    # Each try takes the next free number; it fails only where another report has taken that while this one was made.
    for _ in range(_MOST_TRIES):
        made = _next_version(ledger, month, cost, order, name, now_utc)
        if made is not None:
            return made
    msg = f"{order.out}: {_MOST_TRIES} other reports of {name} were made meanwhile; try again"
    raise LastgangError(msg)


def _next_version(
    ledger: Ledger, month: MonthReport, cost: MonthCost, order: ReportOrder, name: str, now_utc: datetime
) -> WrittenReport | None:
    """Make the next version whole, then put it in its place; None if somebody else was faster."""
    replaced = next(reversed(earlier_versions(order.out, name)), None)
    number = 1 if replaced is None else replaced.version + 1
    target = order.out / f"{name}-v{number}"
    with scratch_folder(order.out, name) as beside:
        data = report_data(month, cost)
        header = _manifest_header(month, cost, order, name, number, replaced, now_utc, data["status"])
        notes = _write_files(beside, month, cost, data, header, _changes(ledger, month, replaced), order, now_utc)
        digest = write_manifest(beside, header)
        try:
            beside.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return None
    return WrittenReport(target, name, number, data["status"], digest, tuple(notes))


def _clear_abandoned(out: Path, name: str) -> None:
    """Remove what reports that were killed left behind."""
    for part in out.glob(f".{name}.*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED_AFTER_S:
                shutil.rmtree(part)


def _write_files(
    folder: Path, month: MonthReport, cost: MonthCost, data: dict[str, Any], header: dict[str, Any], changes: list[Change] | None,
    order: ReportOrder, now_utc: datetime,
) -> list[str]:  # fmt: skip
    """Write all files of a report but its manifest; gives what whoever asked for it should know."""
    from reporting.workbook import workbook

    words, german = of_report(order.language, month.period.zone), of_report("de", month.period.zone)
    json_text = as_json(data)
    (folder / "report.json").write_text(json_text, encoding="utf-8")
    (folder / "intervals.csv").write_bytes(plain(INTERVAL_COLUMNS, interval_rows(month)))
    (folder / "meters.csv").write_bytes(plain(METER_COLUMNS, meter_rows(month)))
    (folder / "intervals-excel.csv").write_bytes(
        german_excel(interval_header_for_people(german), interval_rows_for_people(month, german))
    )
    (folder / "meters-excel.csv").write_bytes(german_excel(meter_header_for_people(german), meter_rows_for_people(month, german)))
    (folder / "gaps.csv").write_bytes(plain(GAP_COLUMNS, gap_rows(month)))
    (folder / "gaps-excel.csv").write_bytes(german_excel(gap_header_for_people(german), gap_rows_for_people(month, german)))
    cover = cover_rows(month, cost, header, words)
    replaced = header["replaces"]["report"] if header["replaces"] else ""
    (folder / "report.xlsx").write_bytes(workbook(month, cost, cover, changes, replaced, words, now_utc))
    printed = file_entries(folder)
    paper, missing = report_pdf(month, cost, cover, changes, printed, json_text, words, now_utc, replaced)
    (folder / "report.pdf").write_bytes(paper)
    return [glyph_notice(missing, of_report("en", month.period.zone))] if missing else []


def _changes(ledger: Ledger, month: MonthReport, replaced: EarlierVersion | None) -> list[Change] | None:
    """What differs from the replaced version; None if there is none, or its manifest does not say up to when it knew."""
    if replaced is None:
        return None
    try:
        cut_off_utc = as_utc(datetime.fromisoformat(str(replaced.manifest["data_cut_off_utc"])))
    except (KeyError, ValueError):
        return None
    return changes_since(ledger, month, cut_off_utc)


def _manifest_header(
    month: MonthReport, cost: MonthCost, order: ReportOrder, name: str, number: int, replaced: EarlierVersion | None, now_utc: datetime,
    status: str,
) -> dict[str, Any]:  # fmt: skip
    period = month.period
    return {
        "report": name,
        "version": number,
        "replaces": None
        if replaced is None
        else {"report": f"{name}-v{replaced.version}", "version": replaced.version, "manifest_sha256": replaced.manifest_sha256},
        "status": status,
        "organisation": printable(month.plant.site.name, KEY_LENGTH) or month.plant.site.id,
        "site": month.plant.site.id,
        "period": {
            "from_utc": instant_text(period.from_utc), "to_utc": instant_text(period.to_utc), "timezone": period.timezone,
            "quarter_hours_expected": period.expected,
        },
        "data_cut_off_utc": instant_text(month.data_cut_off_utc),
        "generated_at_utc": instant_text(now_utc),
        "software": {"name": "lastgang", "version": installed_version("lastgang")},
        "config_sha256": config_hash(order.plant_folder, month.plant),
        "tariff": {"id": cost.tariff_id, "version": cost.tariff_version} if cost.tariff_id else None,
        "emission_factors": None,
        "pdf_standard": f"PDF/{STANDARD.upper()[:-1]}{STANDARD[-1]}",
        "author": printable(order.author, KEY_LENGTH) or None,
        "approver": printable(order.approver, KEY_LENGTH) or None,
    }  # fmt: skip


def config_hash(folder: Path, plant: Plant) -> str:
    """SHA-256 over the names and hashes of plant file, tariff and device files."""
    files = [folder / "plant.toml"]
    if plant.tariff is not None:
        files.append(folder / plant.tariff.file)
    if plant.connections is not None:
        files += sorted((folder / plant.connections.devices).glob("*.toml"))
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(folder).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def cover_rows(month: MonthReport, cost: MonthCost, header: dict[str, Any], words: Words) -> list[tuple[str, str]]:
    """The header of a report for people."""
    period = month.period
    replaces = header["replaces"]
    tariff = (
        f"{cost.tariff_id}, {words['version']} {cost.tariff_version}"
        if cost.tariff_id
        else words.say("tariff.none", why=why_no_bill(cost, words))
    )
    return [
        (words["organisation"], header["organisation"]),
        (words["site"], header["site"]),
        (words["boundary"], boundary_text(month.plant, words)),
        (words["period"], words.say("period.text", from_=words.moment(period.from_utc), to=words.moment(period.to_utc))),
        (words["expected"], f"{words.number(period.expected)} ({period.timezone})"),
        (words["report"], header["report"]),
        (words["version"], str(header["version"])),
        (words["replaces"], words["replaces.none"] if replaces is None else replaces["report"]),
        (words["cut_off"], header["data_cut_off_utc"]),
        (words["generated"], header["generated_at_utc"]),
        (words["software"], f"Lastgang {header['software']['version']}"),
        (words["config"], header["config_sha256"]),
        (words["tariff"], tariff),
        (words["factors"], words["factors.none"]),
        (words["author"], header["author"] or words["open"]),
        (words["approver"], header["approver"] or words["open"]),
    ]


def boundary_text(plant: Plant, words: Words) -> str:
    """What the report is about: the grid connection and the meters behind it, and how many others there are."""
    billing = plant.billing_meter()
    if billing is None:
        return words.say("boundary.none", count=len(plant.meters))
    behind = {billing.id}
    while more := {meter.id for meter in plant.meters if meter.parent in behind} - behind:
        behind |= more
    text = words.say("boundary.text", meter=billing.id, count=len(behind) - 1)
    others = len(plant.meters) - len(behind)
    return text + words.say("boundary.others", count=others) if others else text
