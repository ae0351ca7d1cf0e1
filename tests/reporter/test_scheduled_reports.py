"""Reports that are due are made once and reach those who should have them, through a real mail server, restarts and kills."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "reporting"))
from mail_peer import PASSWORD, MailPeer
from report_sample import PLANT, TARIFF, put, whole_month

from deploy.settings import load_settings
from domain.errors import InputFaults
from domain.scheduled_reports import ReportSpan, ScheduledReport, due_since, label_of
from lastgang.cli import run as lastgang
from lastgang.reporter.book import Book, read_book
from reporting.ledger import Ledger
from reporting.periods import period_of

BERLIN = ZoneInfo("Europe/Berlin")
STACK = """
[mail]
server = "127.0.0.1"
port = {port}
sender = "lastgang@example.com"
user = "lastgang"
ca_file = "{ca}"
[[report]]
name = "month"
cron = "30 6 1 * *"
language = "de"
"""
RECIPIENT = '[[report.recipient]]\naddress = "{}"\nlanguage = "{}"\n'


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[arg-type,misc]


def at(monkeypatch: pytest.MonkeyPatch, plant_utc: datetime) -> None:
    """The plant's clock shows `plant_utc` now, for us and for our children."""
    monkeypatch.setenv("LASTGANG_CLOCK", f"{datetime.now(UTC).isoformat()},{plant_utc.isoformat()},1.0")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    folder = tmp_path / "plant"
    (folder / ".lastgang").mkdir(parents=True)
    (folder / "plant.toml").write_text(PLANT)
    (folder / "tariff.toml").write_text(TARIFF)
    with Ledger.open(folder / ".lastgang" / "ledger.sqlite") as ledger:
        put(ledger, *whole_month())
    return folder


def sends_to(plant: Path, peer: MailPeer, *recipients: tuple[str, str]) -> None:
    stack = STACK.format(port=peer.port, ca=peer.file) + "".join(RECIPIENT.format(*one) for one in recipients)
    (plant / "stack.toml").write_text(stack)


def versions(plant: Path) -> list[str]:
    return sorted(path.name for path in (plant / ".lastgang" / "reports" / "2026-10").iterdir())


def test_the_last_whole_days_before_the_day_it_is_due() -> None:
    days = (date(2026, 1, 1), date(2026, 11, 2), date(2026, 3, 31))
    labels = {span: [label_of(span, day) for day in days] for span in ReportSpan}
    assert labels == {
        ReportSpan.LAST_WEEK: ["2025-12-22--2025-12-28", "2026-10-26--2026-11-01", "2026-03-23--2026-03-29"],
        ReportSpan.LAST_MONTH: ["2025-12", "2026-10", "2026-02"],
        ReportSpan.LAST_QUARTER: ["2025-Q4", "2026-Q3", "2025-Q4"],
        ReportSpan.LAST_YEAR: ["2025", "2025", "2025"],
    }
    assert all(
        period_of(label, "Europe/Berlin").end_day <= day
        for found in labels.values()
        for label, day in zip(found, days, strict=True)
    )


def test_both_clock_changes_give_one_run_each() -> None:
    daily = ScheduledReport(name="d", cron="30 2 * * *", span=ReportSpan.LAST_WEEK)
    spring = list(due_since(daily, BERLIN, local(2026, 3, 28, 12), local(2026, 3, 29, 12)))
    autumn = list(due_since(daily, BERLIN, local(2026, 10, 24, 12), local(2026, 10, 25, 12)))
    assert [due for due, _ in spring] == [
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    ]  # 02:30 is left out: 03:00, when the clock has moved on
    assert [due for due, _ in autumn] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]  # the first 02:30 of two


def test_what_a_long_stop_left_behind_is_made_once_a_period() -> None:
    daily = ScheduledReport(name="d", cron="0 6 * * *")
    book = Book().with_due([daily], BERLIN, local(2026, 8, 15, 12))
    assert book.runs == ()  # a schedule begins when it is first seen
    book = book.with_due([daily], BERLIN, local(2026, 11, 3, 12))
    assert [run.period for run in book.runs] == ["2026-07", "2026-08", "2026-09", "2026-10"]
    assert book.with_due([daily], BERLIN, local(2026, 11, 3, 13)).runs == book.runs
    assert Book.model_validate_json(book.model_dump_json()) == book


def test_a_due_report_reaches_each_in_their_language_and_one_refusal_stops_nobody(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LASTGANG_MAIL_PASSWORD", PASSWORD)
    with MailPeer(tmp_path) as peer:
        sends_to(plant, peer, ("nobody@example.com", "de"), ("adler@example.com", "de"), ("boss@example.com", "en"))
        peer.off.add("boss@example.com")
        once = ["reporter", "--plant", str(plant), "--once"]
        at(monkeypatch, local(2026, 11, 1, 6, 29))
        assert lastgang(once) == 0
        assert peer.mailbox == []
        at(monkeypatch, local(2026, 11, 1, 6, 31))
        assert lastgang(once) == 0
        assert [address for address, _ in peer.mailbox] == ["adler@example.com"]
        peer.off.clear()
        assert lastgang(once) == 0  # not before its wait is over
        assert len(peer.mailbox) == 1
        at(monkeypatch, local(2026, 11, 1, 6, 33))
        assert lastgang(once) == 0
    assert versions(plant) == ["werk-nord-2026-10-v1"]
    german, english = (message for _, message in peer.mailbox)
    assert german["Subject"].startswith("Werk Nord: Energiebericht Oktober 2026, Version 1")
    assert english["Subject"].startswith("Werk Nord: energy report October 2026, version 1")
    pdf, bundle = german.iter_attachments()
    assert pdf.get_content().startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(bundle.get_content())) as archive:
        assert "werk-nord-2026-10-v1/manifest.json" in archive.namelist()
    states = {letter.address: letter.state for letter in read_book(plant / ".lastgang").runs[0].letters}
    assert states == {"nobody@example.com": "refused", "adler@example.com": "sent", "boss@example.com": "sent"}
    assert lastgang(["reporter", "--plant", str(plant), "--list"]) == 0
    assert "nobody@example.com: refused" in capsys.readouterr().out


def test_killed_while_the_mail_goes_out_it_sends_the_same_version_again(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTGANG_MAIL_PASSWORD", PASSWORD)
    at(monkeypatch, local(2026, 11, 2, 9))
    command = [sys.executable, "-m", "lastgang.cli", "reporter", "--plant", str(plant)]
    with MailPeer(tmp_path) as peer:
        sends_to(plant, peer, ("adler@example.com", "de"))
        peer.hangs = True
        killed = subprocess.Popen([*command, "--send", "month"], env=os.environ)
        assert peer.taken.wait(120)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        peer.hangs = False
        assert lastgang([*command[3:], "--once"]) == 0
    (_, first), (_, second) = peer.mailbox
    assert first["Message-ID"] == second["Message-ID"]
    assert versions(plant) == ["werk-nord-2026-10-v1"]
    assert [letter.state for letter in read_book(plant / ".lastgang").runs[0].letters] == ["sent"]


def test_a_wrong_password_or_an_unknown_certificate_sends_nothing_and_says_why(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LASTGANG_MAIL_PASSWORD", "wrong")
    at(monkeypatch, local(2026, 11, 2, 9))
    with MailPeer(tmp_path) as peer:
        sends_to(plant, peer, ("adler@example.com", "de"))
        assert lastgang(["reporter", "--plant", str(plant), "--send", "month"]) == 1
        assert "refuses the login" in capsys.readouterr().err
        text = (plant / "stack.toml").read_text()
        (plant / "stack.toml").write_text(text.replace(f'ca_file = "{peer.file}"\n', ""))
        at(monkeypatch, local(2026, 11, 2, 10))
        assert lastgang(["reporter", "--plant", str(plant), "--once"]) == 0
        assert "certificate verify failed" in capsys.readouterr().err
    assert peer.mailbox == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('[[report]]\nname = "m"\ncron = "0 25 * * *"', "a cron expression of five fields"),
        ('[[report]]\nname = "m"\ncron = "0 6 1 * *"\n[[report.recipient]]\naddress = "a b@example.com"', "one mail address"),
        ('[[report]]\nname = "m"\ncron = "0 6 1 * *"\n[[report.recipient]]\naddress = "a@example.com"', "a \\[mail\\] with server"),
        ('[mail]\nserver = "m"\nsender = "a@b.de"\nsecurity = "plain"\nuser = "u"', "could be read on the network"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, wrong: str, words: str) -> None:
    (tmp_path / "stack.toml").write_text(wrong)
    with pytest.raises(InputFaults, match=words):
        load_settings(tmp_path, {})
