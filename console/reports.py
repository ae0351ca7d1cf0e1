"""Reports to take home: made by ``lastgang report`` in a process of its own, kept in a folder, sent as a ZIP."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from console.commands import ended
from domain.errors import LastgangError
from reporting.periods import LABEL, PeriodKind, period_of
from reporting.progress import Step, step_of

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

    period: str
    """Its label: ``2026-10``, ``2026-Q4``, ``2026``, ``2026-10-03--2026-10-17``"""
    files: tuple[tuple[str, int], ...]
    """Name within the folder and size in bytes."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)


@dataclass(frozen=True, slots=True)
class Making:
    """A report that is being made."""

    period: str
    step: Step | None
    """What it does just now, as its process reports it; None before it has reported anything."""


class ReportShelf:
    """Reports by period in one folder.

    Parameters
    ----------
    command
        How to make one: ``{period}`` (the options that name it) and ``{out}`` are filled in; it puts each version into a folder of its own
        in ``{out}``.
    """

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self.folder = folder
        self._command = tuple(command)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._steps: dict[str, Step] = {}
        self._packing = asyncio.Lock()

    def made(self) -> tuple[MadeReport, ...]:
        """What is there, newest period first."""
        if not self.folder.is_dir():
            return ()
        folders = [p for p in self.folder.iterdir() if p.is_dir() and LABEL.fullmatch(p.name)]
        return tuple(
            MadeReport(p.name, tuple((str(f.relative_to(p)), f.stat().st_size) for f in sorted(p.rglob("*")) if f.is_file()))
            for p in sorted(folders, key=lambda p: p.name, reverse=True)
        )

    def making(self) -> tuple[Making, ...]:
        """What is being made now."""
        return tuple(Making(label, self._steps.get(label)) for label in sorted(self._making))

    async def make(self, label: str) -> MadeReport:
        """Make (again) the report of a period; requests while it is being made wait for the same one.

        Raises
        ------
        ReportFailed
            If it was not made; the message has the last words of ``lastgang report``.
        ReportsBusy
            If `MOST_AT_ONCE` others are being made.
        """
        try:
            options = period_options(label)
        except ValueError as error:
            raise ReportFailed(str(error)) from error
        task = self._making.get(label)
        if task is None:
            if len(self._making) >= MOST_AT_ONCE:
                names = ", ".join(one.period for one in self.making())
                msg = f"reports of {names} are being made, no more than {MOST_AT_ONCE} at once; try again in a minute"
                raise ReportsBusy(msg)
            task = self._making[label] = asyncio.create_task(self._make(label, options))
            task.add_done_callback(lambda _: self._done(label))
        await asyncio.shield(task)
        made = self._made(label)
        if made is None:
            msg = f"`lastgang report` ended well, but there are no files in {self.folder / label}"
            raise ReportFailed(msg)
        return made

    def _done(self, label: str) -> None:
        self._making.pop(label, None)
        self._steps.pop(label, None)

    async def _make(self, label: str, options: Sequence[str]) -> None:
        folder = self.folder / label
        folder.mkdir(parents=True, exist_ok=True)
        command: list[str] = []
        for word in self._command:
            command += options if word == "{period}" else [word.replace("{out}", str(folder))]

        def heard(line: str) -> None:
            step = step_of(line)
            if step is not None:
                self._steps[label] = step

        try:
            code, talk = await ended(command, TIMEOUT_S, heard)
        except TimeoutError as error:
            raise ReportFailed(str(error)) from error
        finally:
            # The report's own versions are written whole or not at all; a period without any is not shown.
            if not any(folder.iterdir()):
                folder.rmdir()
        if code != 0:
            words = [line for line in talk.strip().splitlines() if step_of(line) is None] or ["no word why"]
            msg = f"exit {code}: {words[-1][:300]}"
            raise ReportFailed(msg)

    def file(self, label: str, name: str) -> Path | None:
        """One file of a report; None if there is no such one in its folder."""
        known = {report.period: [n for n, _ in report.files] for report in self.made()}
        return self.folder / label / name if name in known.get(label, []) else None

    def _made(self, label: str) -> MadeReport | None:
        return next((report for report in self.made() if report.period == label), None)

    async def zipped(self, label: str) -> IO[bytes] | None:
        """All files of a report as one ZIP in a file without a name, read from its beginning; None where there is no report."""
        report = self._made(label)
        if report is None:
            return None
        async with self._packing:  # one at a time: many requests at once must not fill the disk
            return await asyncio.to_thread(self._packed, report)

    def _packed(self, report: MadeReport) -> IO[bytes]:
        packed = tempfile.TemporaryFile()  # noqa: SIM115  # whoever reads it closes it
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, _ in report.files:
                archive.write(self.folder / report.period / name, f"lastgang-{report.period}/{name}")
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
        "--plant", str(plant), "--ledger", str(ledger), "{period}", "--out", "{out}", "--progress", "lines",
    ]  # fmt: skip


def period_options(label: str) -> list[str]:
    """The options of ``lastgang report`` that name a period; raises `ValueError` for what is no label."""
    period = period_of(label, "UTC")
    if period.kind is PeriodKind.SPAN:
        return ["--from", period.first_day.isoformat(), "--to", period.last_day.isoformat()]
    return [f"--{period.kind}", label]
