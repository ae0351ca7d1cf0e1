"""Puts a backup into a new plant folder, whole or not at all.

In: a backup.  Out: a plant that `lastgang up` starts: its ledger goes on, its jobs go on from their states, its broker begins a new log.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

from deploy.parts import LEDGER
from deploy.settings import load_settings
from domain.errors import Fault, InputFaults
from domain.files import check_output_folder, scratch_folder
from lastgang.backup.contents import HOME, PLANT, REPORTS, BackupManifest, FileEntry, Progress, check, read_manifest, silent
from reporting.ledger import Ledger


def restore_backup(backup: Path, plant_dir: Path, progress: Progress = silent) -> BackupManifest:
    """Check `backup` and put it into `plant_dir`, which must not be there or be empty; gives its list.

    Raises
    ------
    InputFaults
        If a file of the backup is missing or changed, its ledger is damaged, or there is something where it should go. Nothing is written then.
    """
    manifest = read_manifest(backup)
    check(backup, manifest, progress)
    _check_ledger(backup / HOME / LEDGER)
    plant_dir = plant_dir.resolve()
    _refuse_taken(plant_dir, "plant")
    check_output_folder(plant_dir.parent)
    plant_dir.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(plant_dir.parent, plant_dir.name) as beside:
        _copy(backup, [entry for entry in manifest.files if entry.name.startswith(f"{PLANT}/")], PLANT, beside, progress)
        settings = load_settings(beside)
        home, reports = settings.home_of(beside), settings.reports_of(beside)
        for what, place in (("home", home), ("reports", reports)):
            if not place.is_relative_to(beside):
                _refuse_taken(place, what)
        for name, place in ((HOME, home), (REPORTS, reports)):
            _copy(backup, [entry for entry in manifest.files if entry.name.startswith(f"{name}/")], name, place, progress)
        home.chmod(0o700)
        _begin_new_log(home / LEDGER, manifest)
        if plant_dir.exists():
            plant_dir.rmdir()
        beside.rename(plant_dir)
    return manifest


def _refuse_taken(folder: Path, what: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputFaults(
            [Fault(str(folder), None, what, "something is there", "no folder yet, or an empty one: nothing is overwritten")]
        )


def _copy(backup: Path, entries: list[FileEntry], root: str, target: Path, progress: Progress) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for done, entry in enumerate(entries, 1):
        place = target / Path(entry.name).relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / entry.name, place)
        place.chmod(entry.mode)
        progress(f"{root} files", done, len(entries))


def _check_ledger(path: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise InputFaults([Fault(str(path), None, "ledger", "; ".join(found)[:200], "a database without damage")])


def _begin_new_log(path: Path, manifest: BackupManifest) -> None:
    with Ledger.open(path) as ledger:
        ledger.follow_another_log(f"restored from the backup of {manifest.made_at_utc}")
