"""One look at the book after another: make what is due, send what is made."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.mail.client import MailRefused, MailUnavailable, send_mail
from connectors.mail.settings import MailSection
from domain.clock import Clock
from domain.plant import Plant
from domain.scheduled_reports import ScheduledReport
from lastgang.reporter.book import GIVEN_UP_AFTER, Letter, Run, read_book, wait_after, write_book
from lastgang.reporter.letters import letter_of

LOCK = "reporter.lock"
_OPTION = {"Q": "--quarter", "-": "--month", "": "--year"}


@dataclass(frozen=True, slots=True)
class Reporter:
    """Makes and sends the scheduled reports of one plant.

    Parameters
    ----------
    plant_dir, home, out
        Folders of the plant, of book and ledger, and of the reports: each period has its own in `out`.
    publish
        Called with a line for people on what was done, or why it was not.
    """

    plant_dir: Path
    plant: Plant
    home: Path
    out: Path
    reports: tuple[ScheduledReport, ...]
    mail: MailSection | None
    password: str
    clock: Clock
    publish: Callable[[str], None]

    def look(self, by_hand: ScheduledReport | None = None) -> None:
        """Do all that is due now; `by_hand` is due whatever its cron expression says.

        Only one process at a time does it: the lock is also held by ``lastgang report`` that was begun for it, and outlives us with it.
        """
        with _locked(self.home / LOCK) as lock:
            now_utc = self.clock.now_utc()
            book = read_book(self.home).with_due(self.reports, self.plant.site.zone, now_utc)
            if by_hand is not None:
                book = book.with_run(_run_by_hand(by_hand, self.plant, now_utc))
            write_book(self.home, book)
            for run in book.runs:
                report = next((one for one in self.reports if one.name == run.report), None)
                if report is not None:
                    self._work_off(report, run, lock)

    def _work_off(self, report: ScheduledReport, run: Run, lock: int) -> None:
        if run.state == "making" and (folder := self._made_since(run)) is not None:
            run = self._note(_made(run, folder, report, self.clock.now_utc()))  # we were killed between making and noting it
        if run.state in {"waiting", "making"} and run.next_utc <= self.clock.now_utc():
            run = self._make(report, run, lock)
        if run.state == "made":
            for letter in run.letters:
                if letter.state == "waiting" and letter.next_utc <= self.clock.now_utc():
                    run = self._note(_with_letter(run, self._send(report, run, letter)))

    def _note(self, run: Run) -> Run:
        write_book(self.home, read_book(self.home).with_run(run))
        return run

    def _make(self, report: ScheduledReport, run: Run, lock: int) -> Run:
        now_utc = self.clock.now_utc()
        run = self._note(run.model_copy(update={"state": "making", "tries": run.tries + 1, "begun_utc": now_utc}))
        made = subprocess.run(
            self._command(report, run), capture_output=True, text=True, check=False, pass_fds=[lock], stdin=subprocess.DEVNULL
        )
        if made.returncode == 0:
            folder = Path(made.stdout.splitlines()[0])
            self.publish(f"{run.report}: made {folder}")
            return self._note(_made(run, folder, report, self.clock.now_utc()))
        why = (made.stderr.strip().splitlines() or [f"exit {made.returncode}"])[-1][:500]
        is_over = now_utc - run.due_utc > GIVEN_UP_AFTER
        self.publish(f"{run.report} of {run.period}: not made: {why}")
        change = {"state": "given up" if is_over else "waiting", "next_utc": now_utc + wait_after(run.tries), "note": why}
        return self._note(run.model_copy(update=change))

    def _command(self, report: ScheduledReport, run: Run) -> list[str]:
        if "--" in run.period:
            first, last = run.period.split("--")
            days = ["--from", first, "--to", last]
        else:
            days = [next(option for mark, option in _OPTION.items() if mark in run.period), run.period]
        return [
            sys.executable, "-m", "lastgang.cli", "report", "--plant", str(self.plant_dir), "--ledger", str(self.home / "ledger.sqlite"), *days,
            "--out", str(self.out / run.period), "--language", report.language, "--author", report.author,
        ]  # fmt: skip

    def _made_since(self, run: Run) -> Path | None:
        """A version of the period that was made since we began: ours, or one as new that somebody requested."""
        for path in sorted((self.out / run.period).glob("*/manifest.json"), key=lambda one: one.stat().st_mtime, reverse=True):
            at_utc = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["generated_at_utc"])
            if run.begun_utc is not None and at_utc >= run.begun_utc - timedelta(seconds=1):
                return path.parent
        return None

    def _send(self, report: ScheduledReport, run: Run, letter: Letter) -> Letter:
        now_utc = self.clock.now_utc()
        tries, mail = letter.tries + 1, self.mail
        try:
            if mail is None:
                raise MailUnavailable("stack.toml has no [mail]")  # noqa: EM101  # one word for the book
            send_mail(mail, self.password, letter_of(self.plant, report, run, letter, mail), letter.address)
            state, note = "sent", ""
        except MailRefused as error:
            state, note = "refused", str(error)
        except (MailUnavailable, OSError) as error:
            state, note = "given up" if now_utc - run.due_utc > GIVEN_UP_AFTER else "waiting", str(error)
        self.publish(f"{run.report} of {run.period} to {letter.address}: {state}{': ' + note if note else ''}")
        change = {"state": state, "tries": tries, "at_utc": now_utc, "note": note, "next_utc": now_utc + wait_after(tries)}
        return letter.model_copy(update=change)


def _made(run: Run, folder: Path, report: ScheduledReport, now_utc: datetime) -> Run:
    letters = tuple(Letter(address=one.address, next_utc=now_utc) for one in report.recipients)
    return run.model_copy(update={"state": "made", "folder": folder.resolve(), "note": "", "letters": letters})


def _with_letter(run: Run, letter: Letter) -> Run:
    letters = tuple(letter if one.address == letter.address else one for one in run.letters)
    return run.model_copy(update={"letters": letters})


def _run_by_hand(report: ScheduledReport, plant: Plant, now_utc: datetime) -> Run:
    from domain.scheduled_reports import label_of

    return Run(
        report=report.name,
        due_utc=now_utc,
        period=label_of(report.span, now_utc.astimezone(plant.site.zone).date()),
        next_utc=now_utc,
    )


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)
