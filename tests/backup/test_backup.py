"""A plant is backed up while its ledger is written, and made again elsewhere: equal reports, one chain, one line of versions."""

from __future__ import annotations

import json
import sqlite3
import stat
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reporting"))
from report_sample import FIRST, NOW, PLANT, TARIFF, StepClock, put, quarter, whole_month

from domain.errors import InputFaults
from domain.intervals import QUARTER
from domain.plant import load_plant
from lastgang.backup.contents import MANIFEST
from lastgang.backup.restoring import restore_backup
from lastgang.backup.taking import take_backup
from lastgang.cli import run as lastgang
from reporting.evidence.bundle import Evidence
from reporting.evidence.check import check_evidence
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOME = ".lastgang"


@pytest.fixture
def plant_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "plant"
    folder.mkdir()
    (folder / "plant.toml").write_text(PLANT)
    (folder / "tariff.toml").write_text(TARIFF)
    (folder / "stack.toml").write_text("[kafka]\nport = 0\n")
    home = folder / HOME
    KeyFolder(home / "keys", StepClock()).add("werk-nord", bytes(32))
    (home / "log").mkdir()
    (home / "log" / "gateway.log").write_text("much\n")
    (home / "kafka").mkdir()
    (home / "kafka" / "00.log").write_bytes(b"readings")
    with sqlite3.connect(home / "gateway.db") as unsent:
        unsent.execute("PRAGMA journal_mode=WAL")
        unsent.execute("CREATE TABLE reading (at INTEGER)")
        unsent.execute("INSERT INTO reading VALUES (7)")
    with opened(folder) as ledger:
        put(ledger, *whole_month())
    return folder


def opened(plant_dir: Path) -> Ledger:
    return Ledger.open(plant_dir / HOME / "ledger.sqlite", clock=StepClock())


def report(plant_dir: Path, as_of_utc: datetime | None = None) -> WrittenReport:
    with opened(plant_dir) as ledger:
        plant = load_plant(plant_dir / "plant.toml")
        evidence = Evidence.of(ledger, KeyFolder(plant_dir / HOME / "keys", StepClock()))
        order = ReportOrder(plant_dir, plant_dir / HOME / "reports", as_of_utc=as_of_utc, evidence=evidence, data_only=True)
        return write_report(ledger, plant, month_period("2026-10", plant.site.timezone), order, NOW)


def backup(plant_dir: Path, out: Path) -> Path:
    return take_backup(plant_dir, out, AT, "1")[0]


def test_a_restored_plant_gives_equal_reports_and_goes_on_with_chain_and_versions(plant_dir: Path, tmp_path: Path) -> None:
    first = report(plant_dir)
    copy = backup(plant_dir, tmp_path / "backups")
    restore_backup(copy, tmp_path / "again")

    second = report(tmp_path / "again")

    assert (second.folder / "report.json").read_bytes() == (first.folder / "report.json").read_bytes()
    assert second.version == 2  # the restored folder of reports has the first one
    assert json.loads((second.folder / "manifest.json").read_text())["replaces"]["manifest_sha256"] == first.manifest_sha256
    assert check_evidence(second.folder) == []


def test_a_ledger_that_is_written_meanwhile_is_copied_at_one_moment(plant_dir: Path, tmp_path: Path) -> None:
    begun, enough = threading.Event(), threading.Event()

    def write_on() -> None:
        with opened(plant_dir) as ledger:
            at = FIRST + timedelta(days=40)
            while not enough.is_set():
                put(ledger, quarter(at, 1.0), quarter(at, 1.0, "furnace-1"))  # both in one transaction
                at += QUARTER
                begun.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        assert begun.wait(30)
        copy = backup(plant_dir, tmp_path / "backups")
    finally:
        enough.set()
        writer.join()
    restore_backup(copy, tmp_path / "again")
    with opened(tmp_path / "again") as ledger:
        of_meter = {row[0]: row[1] for row in ledger.database.execute("SELECT series, count(*) FROM interval GROUP BY series")}
        assert len(of_meter) == 2
        assert len(set(of_meter.values())) == 1
        assert ledger.offsets() == {}  # the broker begins a new log
        put(ledger, quarter(FIRST + timedelta(days=90), 1.0))  # the chain takes further rows


def test_what_is_in_a_backup(plant_dir: Path, tmp_path: Path) -> None:
    copy = backup(plant_dir, tmp_path / "backups")
    listed = {entry["name"] for entry in json.loads((copy / MANIFEST).read_text())["files"]}
    keys = {name for name in listed if name.startswith("home/keys/")}
    assert listed - keys == {"plant/plant.toml", "plant/tariff.toml", "plant/stack.toml", "home/ledger.sqlite", "home/gateway.db"}
    assert len(keys) == 2
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700

    restore_backup(copy, tmp_path / "again")
    private = next((tmp_path / "again" / HOME / "keys").glob("*.key"))
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / "again" / HOME / "gateway.db") as unsent:
        assert unsent.execute("SELECT at FROM reading").fetchall() == [(7,)]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda copy: (copy / "plant" / "tariff.toml").write_text("id = 1"), "tariff.toml: SHA-256"),
        (lambda copy: (copy / "home" / "gateway.db").unlink(), "gateway.db: file: found missing"),
        (lambda copy: (copy / "plant" / "more.toml").write_text(""), "more.toml: file: found not on the list"),
        (lambda copy: (copy / MANIFEST).unlink(), MANIFEST),
        (lambda copy: _rename_in_list(copy, "plant/tariff.toml", "../tariff.toml"), "'../tariff.toml'; expected a path within the backup"),
        (lambda copy: _rename_in_list(copy, "plant/tariff.toml", "/etc/tariff.toml"), "'/etc/tariff.toml'"),
        (lambda copy: (copy / MANIFEST).write_text("{}"), "expected the list of a backup"),
    ],
)  # fmt: skip
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_written(
    harm: Any, says: str, plant_dir: Path, tmp_path: Path
) -> None:
    copy = backup(plant_dir, tmp_path / "backups")
    harm(copy)
    with pytest.raises(InputFaults) as refused:
        restore_backup(copy, tmp_path / "again")
    assert says in str(refused.value)
    assert not (tmp_path / "again").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups", "plant"]


def _rename_in_list(copy: Path, name: str, other: str) -> None:
    document = json.loads((copy / MANIFEST).read_text())
    next(entry for entry in document["files"] if entry["name"] == name)["name"] = other
    (copy / MANIFEST).write_text(json.dumps(document))


def test_a_damaged_ledger_is_refused_though_the_list_was_made_after_the_damage(plant_dir: Path, tmp_path: Path) -> None:
    from hashlib import sha256

    copy = backup(plant_dir, tmp_path / "backups")
    ledger = copy / "home" / "ledger.sqlite"
    content = bytearray(ledger.read_bytes())
    content[8192:8300] = bytes(108)
    ledger.write_bytes(content)
    document = json.loads((copy / MANIFEST).read_text())
    next(entry for entry in document["files"] if entry["name"] == "home/ledger.sqlite")["sha256"] = sha256(content).hexdigest()
    (copy / MANIFEST).write_text(json.dumps(document))
    with pytest.raises(InputFaults, match="a database without damage"):
        restore_backup(copy, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_nothing_that_is_there_is_overwritten(plant_dir: Path, tmp_path: Path) -> None:
    copy = backup(plant_dir, tmp_path / "backups")
    assert lastgang(["restore", str(copy), "--plant", str(plant_dir)]) == 2
    (tmp_path / "stands").mkdir()
    assert lastgang(["restore", str(copy), "--plant", str(tmp_path / "stands")]) == 0


def test_a_home_elsewhere_that_is_taken_is_not_overwritten(plant_dir: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "data"
    (plant_dir / HOME).rename(elsewhere)
    (plant_dir / "stack.toml").write_text(f'home = "{elsewhere}"\n')
    copy = backup(plant_dir, tmp_path / "backups")
    before = sorted(elsewhere.rglob("*"))
    with pytest.raises(InputFaults, match="nothing is overwritten"):
        restore_backup(copy, tmp_path / "again")
    assert sorted(elsewhere.rglob("*")) == before


def test_a_backup_within_the_plant_is_refused(plant_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lastgang(["backup", "--plant", str(plant_dir), "--out", str(plant_dir / "backups")]) == 2
    assert "outside of plant and home" in capsys.readouterr().err


def test_a_plant_that_never_ran_has_nothing_to_back_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant" / "plant.toml").write_text(PLANT)
    (tmp_path / "plant" / "tariff.toml").write_text(TARIFF)
    assert lastgang(["backup", "--plant", str(tmp_path / "plant"), "--out", str(tmp_path / "out")]) == 2
    assert "a plant that has run" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
