"""Monthly reports to take home: made by ``lastgang report`` in a process of its own, kept in a folder, sent as a ZIP."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from console.commands import ended
from domain.errors import LastgangError

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
TIMEOUT_S = 300.0
MOST_AT_ONCE = 2
"""Reports that are made at the same time; each is a process of its own."""
CHUNK_BYTES = 65_536


class ReportFailed(LastgangError):
    """``lastgang report`` did not succeed; its last words are in the message."""


class ReportsBusy(LastgangError):
    """As many reports as the machine should make at once are being made. Person: try again when they are ready."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report's folder."""

    month: str
    files: tuple[tuple[str, int], ...]
    """Name within the folder and size in bytes."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)


class ReportShelf:
    """Reports by month in one folder.

    Parameters
    ----------
    command
        How to make one: ``{month}`` and ``{out}`` are filled in; it puts each version into a folder of its own in ``{out}``.
    """

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self.folder = folder
        self._command = tuple(command)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._packing = asyncio.Lock()

    def made(self) -> tuple[MadeReport, ...]:
        """What is there, newest month first."""
        if not self.folder.is_dir():
            return ()
        months = sorted((p for p in self.folder.iterdir() if p.is_dir() and MONTH.fullmatch(p.name)), reverse=True)
        return tuple(
            MadeReport(p.name, tuple((str(f.relative_to(p)), f.stat().st_size) for f in sorted(p.rglob("*")) if f.is_file()))
            for p in months
        )

    def making(self) -> tuple[str, ...]:
        """Months that are being made now."""
        return tuple(sorted(self._making))

    async def make(self, month: str) -> MadeReport:
        """Make (again) the report of `month` (``YYYY-MM``); requests while it is being made wait for the same one.

        Raises
        ------
        ReportFailed
            If it was not made; the message has the last words of ``lastgang report``.
        ReportsBusy
            If `MOST_AT_ONCE` others are being made.
        """
        if not MONTH.fullmatch(month):
            msg = f"month {month!r}: expected YYYY-MM such as 2026-10"
            raise ReportFailed(msg)
        task = self._making.get(month)
        if task is None:
            if len(self._making) >= MOST_AT_ONCE:
                msg = f"reports of {', '.join(self.making())} are being made, no more than {MOST_AT_ONCE} at once; try again in a minute"
                raise ReportsBusy(msg)
            task = self._making[month] = asyncio.create_task(self._make(month))
            task.add_done_callback(lambda _: self._making.pop(month, None))
        await asyncio.shield(task)
        made = self._made(month)
        if made is None:
            msg = f"`lastgang report` ended well, but there are no files in {self.folder / month}"
            raise ReportFailed(msg)
        return made

    async def _make(self, month: str) -> None:
        folder = self.folder / month
        folder.mkdir(parents=True, exist_ok=True)
        command = [word.replace("{month}", month).replace("{out}", str(folder)) for word in self._command]
        try:
            code, talk = await ended(command, TIMEOUT_S)
        except TimeoutError as error:
            raise ReportFailed(str(error)) from error
        finally:
            # The report's own versions are written whole or not at all; a month without any is not shown.
            if not any(folder.iterdir()):
                folder.rmdir()
        if code != 0:
            words = talk.strip().splitlines() or ["no word why"]
            msg = f"exit {code}: {words[-1][:300]}"
            raise ReportFailed(msg)

    def file(self, month: str, name: str) -> Path | None:
        """One file of a report; None if there is no such one in its folder."""
        known = {report.month: [n for n, _ in report.files] for report in self.made()}
        return self.folder / month / name if name in known.get(month, []) else None

    def _made(self, month: str) -> MadeReport | None:
        return next((report for report in self.made() if report.month == month), None)

    async def zipped(self, month: str) -> IO[bytes] | None:
        """All files of a report as one ZIP in a file without a name, read from its beginning; None where there is no report."""
        report = self._made(month)
        if report is None:
            return None
        async with self._packing:  # one at a time: many requests at once must not fill the disk
            return await asyncio.to_thread(self._packed, report)

    def _packed(self, report: MadeReport) -> IO[bytes]:
        packed = tempfile.TemporaryFile()  # noqa: SIM115  # whoever reads it closes it
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, _ in report.files:
                archive.write(self.folder / report.month / name, f"lastgang-{report.month}/{name}")
        packed.seek(0)
        return packed


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """What is in a file, piece by piece; closes it."""
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def report_command(plant: Path, ledger: Path) -> list[str]:
    """``lastgang report`` for this plant and ledger."""
    return [
        sys.executable, "-m", "lastgang.cli", "report",
        "--plant", str(plant), "--ledger", str(ledger), "--month", "{month}", "--out", "{out}",
    ]  # fmt: skip
