"""What an administrator with the disk, and with the key, can and cannot do: section 9 of the format, each attack tried on a real ledger."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from report_sample import NOON, NOW, StepClock, put, quarter

from domain.intervals import QUARTER
from domain.plant import load_plant
from lastgang.cli import run as lastgang
from reporting.evidence.against_ledger import beside_ledger
from reporting.evidence.bundle import Evidence
from reporting.evidence.check import check_evidence
from reporting.evidence.keys import KeyFolder
from reporting.evidence.ledger_check import check_ledger
from reporting.ledger import Ledger
from reporting.ledger.seals import seals_of
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.verifier import verify

Sign = Callable[[Ledger], WrittenReport]


@pytest.fixture
def sign(folder: Path, keys: KeyFolder) -> Sign:
    def write(ledger: Ledger) -> WrittenReport:
        plant = load_plant(folder / "plant" / "plant.toml")
        order = ReportOrder(folder / "plant", folder / "out", evidence=Evidence.of(ledger, keys), data_only=True)
        return write_report(ledger, plant, month_period("2026-10", plant.site.timezone), order, NOW)

    return write


def by_hand(path: Path, *statements: str) -> None:
    """As somebody with the disk: past this program, with the guards taken away."""
    with sqlite3.connect(path) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            database.execute(statement)
    database.close()


def faults(path: Path, keys: KeyFolder) -> tuple[str, ...]:
    with Ledger.open(path, readonly=True) as ledger:
        return check_ledger(ledger, keys.keys()).faults


def beside(report: WrittenReport, path: Path) -> str:
    """All that the ledger contradicts of a report."""
    with Ledger.open(path, readonly=True) as ledger:
        return "\n".join(beside_ledger(report.folder, ledger).faults)


def test_rows_taken_away_at_the_end_hold_by_themselves_and_are_seen_beside_a_later_report(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign, clock: StepClock
) -> None:
    put(ledger, quarter(NOON, 100.0))
    first = sign(ledger)
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 250.0, revision=2))
    second = sign(ledger)
    ledger.close()
    sealed = json.loads((first.folder / "evidence" / "seals.jsonl").read_text().splitlines()[-1])["statement"]
    last = json.loads(sealed)[5]
    path = folder / "ledger.sqlite"
    by_hand(
        path, "DELETE FROM interval WHERE revision = 2", f"DELETE FROM link WHERE link > {last}", "DELETE FROM seal WHERE seal > 1",
        "DELETE FROM report",
    )  # fmt: skip
    assert faults(path, keys) == (), "nothing in what is left shows it"
    assert "the ledger ends before it" in beside(second, path)


def test_rows_since_the_last_seal_can_be_taken_away_unseen_and_no_earlier_ones(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign
) -> None:
    put(ledger, quarter(NOON, 100.0))
    sign(ledger)
    put(ledger, quarter(NOON + QUARTER, 250.0))
    ledger.close()
    path, second = folder / "ledger.sqlite", int((NOON + QUARTER).timestamp())
    before = path.read_bytes()
    cut = f"DELETE FROM interval WHERE start_s = {second}"
    by_hand(path, cut, "DELETE FROM link WHERE link = (SELECT max(link) FROM link)")
    assert faults(path, keys) == ()
    path.write_bytes(before)
    by_hand(path, cut)
    assert any("the interval that it was is gone" in fault for fault in faults(path, keys)), "its link alone tells"


def test_an_older_backup_in_its_place_is_seen_beside_a_later_report_and_makes_no_second_version(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign, clock: StepClock
) -> None:
    put(ledger, quarter(NOON, 100.0))
    first = sign(ledger)
    ledger.database.execute("VACUUM INTO ?", (str(folder / "backup.sqlite"),))
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 250.0, revision=2))
    second = sign(ledger)
    backup = folder / "backup.sqlite"
    assert faults(backup, keys) == ()
    assert beside(first, backup) == ""
    assert "seal 2: the ledger ends before it" in beside(second, backup)
    with Ledger.open(backup, clock=clock) as old:
        put(old, quarter(NOON, 90.0, revision=2))
        third = sign(old)
    assert check_evidence(third.folder) == [], "who has disk and key can go on from a backup"
    assert "seal 2: the ledger says" in beside(second, backup), "and the report that was handed over shows it"


def test_another_ledger_from_its_beginning_signed_by_the_stolen_key_is_seen_beside_any_report_of_the_first(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign, clock: StepClock
) -> None:
    put(ledger, quarter(NOON, 100.0))
    report = sign(ledger)
    with Ledger.open(folder / "forged.sqlite", clock=clock) as forged:
        put(forged, quarter(NOON, 50.0))
        shutil.move(folder / "out", folder / "handed-over")
        lie = sign(forged)
    handed = WrittenReport(folder / "handed-over" / report.folder.name, report.report, 1, report.status, report.manifest_sha256)
    assert faults(folder / "forged.sqlite", keys) == ()
    assert check_evidence(lie.folder, keys.keys()[0].fingerprint) == []
    assert "it is another ledger, or one that was made again" in beside(handed, folder / "forged.sqlite")


def test_seals_signed_again_over_changed_rows_are_seen_beside_a_report(
    ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign, clock: StepClock
) -> None:
    """Who has disk and key changes a row, links all again and seals again: whole by itself, and another seal under the same number."""
    put(ledger, quarter(NOON, 100.0))
    report = sign(ledger)
    ledger.close()
    path = folder / "ledger.sqlite"
    by_hand(path, "UPDATE interval SET energy_uwh = 1", "DELETE FROM link", "DELETE FROM seal", "DROP TABLE link", "DROP TABLE seal",
            "DROP TABLE document", "DROP TABLE report", "PRAGMA user_version = 1")  # fmt: skip
    with Ledger.open(path, clock=clock) as again:
        again.sign_with(keys.signer)
        again.seal()
    assert faults(path, keys) == ()
    assert "seal 1: the ledger says" in beside(report, path)


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_was_set_changes_neither_order_nor_what_is_proved(
    days: int, ledger: Ledger, folder: Path, keys: KeyFolder, sign: Sign, clock: StepClock
) -> None:
    """Rows keep their order whatever the clock says; a row dated back does not come into a report that is out, and shows as recorded then."""
    put(ledger, quarter(NOON, 100.0))
    first = sign(ledger)
    clock.now += timedelta(days=days)
    put(ledger, quarter(NOON, 250.0, revision=2))
    ledger.sign_with(keys.signer)
    ledger.seal()
    seals = [json.loads(seal.statement) for seal in seals_of(ledger.database)]
    assert [seal[2] for seal in seals] == list(range(1, len(seals) + 1))
    assert [after[4] for after in seals[1:]] == [before[5] + 1 for before in seals[:-1]]
    ledger.close()
    path = folder / "ledger.sqlite"
    assert faults(path, keys) == ()
    output = beside(first, path)
    # Dated back, the row would have been in the report that was made before it: beside the ledger that shows.
    assert ("the rows give" in output) == (days < 0), output


def test_a_late_reading_after_the_seal_is_a_new_version_with_its_difference_and_the_old_one_stays(
    ledger: Ledger, folder: Path, sign: Sign, clock: StepClock, capsys: pytest.CaptureFixture[str]
) -> None:
    put(ledger, quarter(NOON, None), quarter(NOON + QUARTER, 100.0))
    first = sign(ledger)
    sealed = seals_of(ledger.database)
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    clock.now += timedelta(days=3)
    put(ledger, quarter(NOON, 40.0, revision=2))
    second = sign(ledger)
    assert seals_of(ledger.database)[: len(sealed)] == sealed, "what is sealed stays sealed"
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
    (change,) = json.loads((second.folder / "manifest.json").read_text())["changes"]
    assert (change["quarters"], change["before_uwh"], change["after_uwh"]) == (1, 0, 40 * 10**9)
    assert [verify(one.folder).holds and not check_evidence(one.folder) for one in (first, second)] == [True, True]
    tariff = folder / "plant" / "tariff.toml"
    tariff.write_text(tariff.read_text().replace("10 ct", "20 ct"))
    ledger.note_documents({"tariff.toml": tariff.read_bytes()})
    ledger.close()
    with pytest.raises(SystemExit) as ended:
        lastgang(["verify", str(first.folder), "--ledger", str(folder / "ledger.sqlite")])
    output: Any = capsys.readouterr().out
    assert ended.value.code == 0, output
    assert "ledger.sqlite is its ledger and gives it again as it was" in output
    assert "main energy_import: 1 quarter hours restated since, 0.000 kWh then, 40.000 kWh today" in output
    assert "bills by its own tariff: 810.00 EUR then, 814.00 EUR today" in output
    assert "tariff.toml has become another since" in output
