"""A month's report as a folder: written beside, then renamed, so that there is a whole report or none; earlier versions stay.

In: ledger, plant folder, a month.  Out: ``<site>-<month>-v<N>/`` with data, workbook, PDF, manifest and checksums.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from contextlib import nullcontext, suppress
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
from reporting.contents import Read, read_all
from reporting.cost import MonthCost
from reporting.cover import cover_rows
from reporting.data import as_json, report_data
from reporting.evidence.bundle import Evidence
from reporting.ledger import LedgerReader
from reporting.manifest import EarlierVersion, earlier_versions, file_entries, write_manifest
from reporting.month import Change, MonthReport, Period, changes_since
from reporting.pdf import glyph_notice, report_pdf
from reporting.progress import Progress, Stage, Step, silent
from reporting.sections import SECTIONS
from reporting.sections.section import Content
from reporting.signing import Signer
from reporting.tables import cells, german_lines, headings, plain_lines
from reporting.typesetting import STANDARD
from reporting.verifier import SIGNED_FORMAT
from words.catalogue import DEFAULT
from words.speech import Words, of_report

_MOST_TRIES = 20
_ABANDONED_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """The request."""

    plant_folder: Path
    out: Path
    language: str = DEFAULT
    author: str = ""
    approver: str = ""
    as_of_utc: datetime | None = None
    signer: Signer | None = None
    """Who signs the PDF; None: it is not signed."""
    evidence: Evidence | None = None
    """What seals the ledger and signs the manifest; None: the report proves nothing."""
    data_only: bool = False
    """Without tables, workbook and PDF, for trials that make many reports."""
    progress: Progress = silent
    """Called with each step."""


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What was made."""

    folder: Path
    report: str
    version: int
    status: str
    manifest_sha256: str
    notes: tuple[str, ...] = ()
    """Notes for whoever requested it."""


def write_report(ledger: LedgerReader, plant: Plant, period: Period, order: ReportOrder, now_utc: datetime) -> WrittenReport:
    """Write the next version of the month's report into `order.out`; another process may do the same at the same moment.

    Raises
    ------
    InputFaults
        If the ledger has nothing of the month.
    """
    with nullcontext() if order.evidence is None else order.evidence.reading(ledger):
        read = read_all(ledger, plant, order.plant_folder, period, order.as_of_utc, now_utc, order.progress)
    name = f"{plant.site.id}-{period.label}"
    order.out.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(order.out, name)
    # Each try takes the next free number; it fails only where another report has taken that while this one was made.
    for _ in range(_MOST_TRIES):
        made = _next_version(ledger, read, order, name, now_utc)
        if made is not None:
            return made
    msg = f"{order.out}: {_MOST_TRIES} other reports of {name} were made meanwhile; try again"
    raise LastgangError(msg)


def _next_version(ledger: LedgerReader, read: Read, order: ReportOrder, name: str, now_utc: datetime) -> WrittenReport | None:
    """Make the next version whole, then put it in its place; None if another process was faster."""
    month, cost = read.month, read.cost
    earlier = earlier_versions(order.out, name)
    replaced = next(reversed(earlier), None)
    number = 1 if replaced is None else replaced.version + 1
    target = order.out / f"{name}-v{number}"
    with scratch_folder(order.out, name) as beside:
        with nullcontext() if order.evidence is None else order.evidence.noting(ledger):
            changes = _changes(ledger, month, replaced)
        content = Content(month, cost, changes, "" if replaced is None else f"{name}-v{replaced.version}", read.own)
        data = report_data(content)
        header = _manifest_header(month, cost, order, name, number, replaced, now_utc, data["status"])
        notes = _write_files(beside, content, data, header, order, now_utc)
        if order.evidence is None:
            digest = write_manifest(beside, header)
        else:
            order.progress(Step(Stage.EVIDENCE))
            header |= order.evidence.write(beside, order.plant_folder, month, cost, name, earlier, changes)
            digest = write_manifest(beside, header, SIGNED_FORMAT)
            order.evidence.sign(beside)
        try:
            beside.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return None
    if order.evidence is not None:
        order.evidence.ledger.note_report(name, number, digest)
    return WrittenReport(target, name, number, data["status"], digest, tuple(notes))


def _clear_abandoned(out: Path, name: str) -> None:
    """Remove what reports that were killed left behind."""
    for part in out.glob(f".{name}.*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED_AFTER_S:
                shutil.rmtree(part)


def _write_files(
    folder: Path, content: Content, data: dict[str, Any], header: dict[str, Any], order: ReportOrder, now_utc: datetime
) -> list[str]:
    """Write all files of a report but its manifest; gives what whoever requested it should know."""
    from reporting.workbook import workbook

    zone = content.month.period.zone
    words = of_report(order.language, zone)
    json_text = as_json(data)
    (folder / "report.json").write_text(json_text, encoding="utf-8")
    if order.data_only:
        return []
    _write_tables(folder, content.month, of_report("de", zone), order.progress)
    cover = cover_rows(content, header, words)
    order.progress(Step(Stage.WORKBOOK))
    (folder / "report.xlsx").write_bytes(workbook(content, cover, words, now_utc))
    order.progress(Step(Stage.PAPER))
    paper, missing = report_pdf(content, cover, file_entries(folder), json_text, words, now_utc)
    if order.signer is not None:
        paper = order.signer.sign(paper, f"{header['report']} version {header['version']}")
    (folder / "report.pdf").write_bytes(paper)
    return [glyph_notice(missing, of_report("en", zone))] if missing else []


def _write_tables(folder: Path, month: MonthReport, german: Words, progress: Progress) -> None:
    """Each section's tables, for machines and for a German Excel."""
    files = [file for section in SECTIONS for file in section.files if file.fits(month.period)]
    for number, file in enumerate(files):
        progress(Step(Stage.TABLES, number, len(files)))
        machines, people = file.for_machines, file.for_people(german)
        with (folder / f"{file.name}.csv").open("wb") as to:
            to.writelines(plain_lines(headings(machines), cells(machines, file.rows(month))))
        with (folder / f"{file.name}-excel.csv").open("wb") as to:
            to.writelines(german_lines(headings(people), cells(people, file.rows(month))))


def _changes(ledger: LedgerReader, month: MonthReport, replaced: EarlierVersion | None) -> list[Change] | None:
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
            "label": period.label, "kind": str(period.kind), "from_utc": instant_text(period.from_utc), "to_utc": instant_text(period.to_utc), "timezone": period.timezone,
            "quarter_hours_expected": period.expected,
        },
        "data_cut_off_utc": instant_text(month.data_cut_off_utc),
        "generated_at_utc": instant_text(now_utc),
        "software": {"name": "lastgang", "version": installed_version("lastgang")},
        "config_sha256": config_hash(order.plant_folder, month.plant),
        "tariff": {"id": cost.tariff_id, "version": cost.tariff_version} if cost.tariff_id else None,
        "emission_factors": _factors(month.plant),
        "pdf_standard": f"PDF/{STANDARD.upper()[:-1]}{STANDARD[-1]}",
        "signed_by": None if order.signer is None else {"subject": order.signer.subject, "certificate_sha256": order.signer.sha256},
        "author": printable(order.author, KEY_LENGTH) or None,
        "approver": printable(order.approver, KEY_LENGTH) or None,
    }  # fmt: skip


def _factors(plant: Plant) -> list[dict[str, Any]] | None:
    rows = plant.factors.rows
    named = [
        {
            "carrier": row.carrier.value,
            "method": row.method.value,
            "g_per_kwh": row.g_per_kwh,
            "of_year": row.of_year,
            "source": row.source,
        }
        for row in rows
    ]
    return named or None


def config_hash(folder: Path, plant: Plant) -> str:
    """SHA-256 over the names and hashes of plant file, hourly emission factors, tariff and device files."""
    files = [folder / "plant.toml"]
    files += [folder / row.file for row in plant.emission_factors if row.file is not None]
    if plant.tariff is not None:
        files.append(folder / plant.tariff.file)
    if plant.connections is not None:
        files += sorted((folder / plant.connections.devices).glob("*.toml"))
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(folder).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
