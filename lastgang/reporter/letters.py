"""The mail that a report goes out with."""

from __future__ import annotations

import io
import json
import zipfile
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.mail.settings import MailSection
from domain.plant import Plant
from domain.scheduled_reports import ScheduledReport
from lastgang.reporter.book import Letter, Run
from reporting.verifier import SIGNATURE
from words.speech import Words


def letter_of(plant: Plant, report: ScheduledReport, run: Run, letter: Letter, mail: MailSection) -> EmailMessage:
    """Subject and text in the recipient's language, with the PDF and all files as a ZIP up to the size that the settings allow.

    It has the same Message-ID whenever it is sent again, so that a reader can recognise a repetition.
    """
    folder = run.folder
    if folder is None:
        msg = f"report {run.report}: there is no version to send"
        raise ValueError(msg)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    language = next((one.language for one in report.recipients if one.address == letter.address), None) or report.language
    words = Words(language, ZoneInfo(plant.site.timezone), section="mail", is_dated=True)
    holes = {
        "site": plant.site.name or plant.site.id,
        "period": words.period(run.period),
        "version": manifest["version"],
        "status": words[f"status.{manifest['status']}"],
    }
    files = _attachments(folder, int(mail.attach_up_to_mb * 1_000_000))
    lines = [words.fill("text", **holes), words["replaces" if manifest["replaces"] else "first"]]
    lines += [words["provisional"]] if manifest["status"] != "final" else []
    lines += [words["signed" if (folder / SIGNATURE).is_file() else "not_signed"]]
    lines += [words.fill("place", place=folder)] if len(files) < 2 else []
    message = EmailMessage()
    message["Subject"] = " ".join(words.fill("subject", **holes).split())
    message["From"], message["To"] = mail.sender, letter.address
    message["Date"] = format_datetime(run.due_utc)
    message["Message-ID"] = _message_id(run, letter, mail)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(lines) + "\n")
    for name, content, subtype in files:
        message.add_attachment(content, maintype="application", subtype=subtype, filename=name)
    return message


def _attachments(folder: Path, most_bytes: int) -> list[tuple[str, bytes, str]]:
    """PDF and ZIP; the PDF alone, or neither, where they are too large together."""
    pdf = (f"{folder.name}.pdf", (folder / "report.pdf").read_bytes(), "pdf")
    bundle = (f"{folder.name}.zip", _zipped(folder), "zip")
    for files in ([pdf, bundle], [pdf]):
        if sum(len(content) for _, content, _ in files) <= most_bytes:
            return files
    return []


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    return packed.getvalue()


def _message_id(run: Run, letter: Letter, mail: MailSection) -> str:
    import hashlib

    digest = hashlib.sha256(f"{run.report} {run.due_utc.isoformat()} {run.folder} {letter.address}".encode()).hexdigest()[:32]
    return f"<{digest}@{mail.sender.rpartition('@')[2]}>"
