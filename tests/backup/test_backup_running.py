"""A stack that runs is backed up; the plant that is made of it counts on, on a broker with a new log."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "deploy"))
from test_stack import answer_to, counting_stack

from lastgang.backup.restoring import restore_backup
from lastgang.backup.taking import take_backup
from reporting.ledger import Ledger
from simulation import demo_plant


def test_jobs_of_a_restored_plant_go_on_from_the_savepoint_that_the_running_stack_gave(tmp_path: Path) -> None:
    plant_dir = tmp_path / "plant"
    demo_plant.write(plant_dir)
    Ledger.open(plant_dir / ".lastgang" / "ledger.sqlite").close()
    with counting_stack(plant_dir) as stack:
        stack.start()
        assert answer_to(stack, "a") == "a is number 1"
        assert answer_to(stack, "b") == "b is number 2"
        copy, manifest = take_backup(plant_dir, tmp_path / "backups", datetime(2026, 11, 2, tzinfo=UTC), "1")
        assert answer_to(stack, "c") == "c is number 3"  # it ran on
    assert manifest.was_running
    assert manifest.jobs == ("count",)
    assert manifest.notes == ()

    restore_backup(copy, tmp_path / "again")
    with counting_stack(tmp_path / "again") as stack:
        stack.start()
        assert answer_to(stack, "d") == "d is number 3"


def test_a_stopped_stack_gives_the_savepoints_of_its_stop(tmp_path: Path) -> None:
    plant_dir = tmp_path / "plant"
    demo_plant.write(plant_dir)
    Ledger.open(plant_dir / ".lastgang" / "ledger.sqlite").close()
    flink = plant_dir / ".lastgang" / "flink"
    point = flink / "savepoints" / "0ld" / "savepoint-1"
    point.mkdir(parents=True)
    (point / "_metadata").write_bytes(bytes.fromhex("4960672d00000004") + (7).to_bytes(8, "big"))
    (flink / "jobs.json").write_text('{"count": ["0ld", "newer"], "other": ["none"]}')
    copy, manifest = take_backup(plant_dir, tmp_path / "backups", datetime(2026, 11, 2, tzinfo=UTC), "1")
    assert manifest.jobs == ("count",)
    assert manifest.notes == (
        "job other: no savepoint is there; it begins with an empty state, as `lastgang down` was not awaited",
    )
    restore_backup(copy, tmp_path / "again")
    assert (tmp_path / "again" / ".lastgang" / "flink" / "savepoints" / "0ld" / "savepoint-1" / "_metadata").is_file()
