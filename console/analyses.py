"""Load profiles that people upload: analysed by ``lastgang analyse`` in a process of its own; nothing is kept.

In: a file's name and bytes, answers to what it leaves open.  Out: one HTML page; or the last words of the command.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console.commands import ended
from domain.errors import LastgangError

TIMEOUT_S = 120.0
MOST_WAITING = 4
"""Uploads that wait for the one that is analysed; more are refused."""
MOST_WORDS = 2_000
ANSWERS = {
    "unit": ("kW", "W", "MW", "kWh", "Wh", "MWh"),
    "label": ("start", "end"),
    "date-order": ("day-first", "month-first"),
    "decimal": (",", "."),
}
"""Options of the command that a person can choose beside the file, with their values."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class AnalysisFailed(LastgangError):
    """The file could not be analysed; the message has what the command wrote. Person: do what it says."""


class AnalysesBusy(LastgangError):
    """Enough uploads wait already. Person: try again in a moment."""


@dataclass
class AnalysisDesk:
    """Analyses one upload after the other.

    Attributes
    ----------
    tariff
        The plant's price sheet; None: typical ones are compared.
    timezone
        Whose days and nights count.
    """

    tariff: Path | None = None
    timezone: str = "Europe/Berlin"
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def page_of(self, name: str, body: bytes, language: str, answers: Mapping[str, str]) -> str:
        """The page of an uploaded file.

        Parameters
        ----------
        answers
            Values of `ANSWERS` by their option; empty ones are left out.

        Raises
        ------
        AnalysisFailed
            If the file cannot be read or billed.
        AnalysesBusy
            If too many wait.
        """
        if self._waiting >= MOST_WAITING:
            msg = f"{MOST_WAITING} files wait already; try again in a moment"
            raise AnalysesBusy(msg)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._made(name, body, language, answers)
        finally:
            self._waiting -= 1

    async def _made(self, name: str, body: bytes, language: str, answers: Mapping[str, str]) -> str:
        with tempfile.TemporaryDirectory(prefix="lastgang-analyse-") as folder:
            file = Path(folder) / (_UNSAFE.sub("_", name).lstrip(".-")[-100:] or "load.csv")
            await asyncio.to_thread(file.write_bytes, body)
            out = Path(folder) / "out"
            command = [sys.executable, "-m", "lastgang.cli", "analyse", str(file), "--out", str(out), "--language", language]
            command += ["--timezone", self.timezone]
            command += [] if self.tariff is None else ["--tariff", str(self.tariff)]
            for option, value in answers.items():
                if value in ANSWERS.get(option, ()):
                    command += [f"--{option}", value]
            try:
                code, talk = await ended(command, TIMEOUT_S)
            except TimeoutError as error:
                raise AnalysisFailed(str(error)) from error
            pages = sorted(out.glob("*.html")) if code == 0 else []
            if not pages:
                words = talk.replace(f"{folder}/", "").strip() or "no word why"
                raise AnalysisFailed(words[-MOST_WORDS:])
            return await asyncio.to_thread(pages[0].read_text, "utf-8")
