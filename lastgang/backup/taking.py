"""Takes a backup, of a stack that runs or of one that is stopped.

In: the plant folder and the home folder of its stack.  Out: a folder with all of it, whole or not there at all.

Of a running stack each job gives a savepoint first, then the ledger follows what they wrote, then it is copied: so it is never behind the
jobs. The broker's log is not copied: the ledger has what was made of it, and a restored plant begins a new log.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.flink.failures import ClusterFailed
from deploy.flink.rest import FlinkRest
from deploy.flink.states import JobStates
from deploy.parts import LEDGER
from deploy.settings import StackSettings, load_settings
from deploy.state_file import StackState, read_state
from domain.errors import Fault, InputFaults
from domain.files import check_output_folder, scratch_folder
from domain.instants import instant_text
from domain.plant import load_plant
from lastgang.backup.contents import (
    HOME,
    PLANT,
    REPORTS,
    BackupManifest,
    Progress,
    entry_of,
    files_below,
    silent,
    write_manifest,
)

_LEFT_OUT = ("kafka", "flink", "log", "lock", "stack.json")
"""Of the home folder: the broker's log, what Flink makes again, logs, and what is true of the running processes only."""
_SQLITE_MAGIC = b"SQLite format 3\x00"
_BESIDE_SQLITE = ("-wal", "-shm", "-journal")
_SAVEPOINT_S = 60.0
_FOLLOWS_WITHIN_S = 30.0


@dataclass(slots=True)
class _Taking:
    """A backup while it is made."""

    plant_dir: Path
    settings: StackSettings
    home: Path
    state: StackState | None
    out: Path
    jobs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        return self.state is not None and self.state.is_supervised()


def take_backup(
    plant_dir: Path, out: Path, now_utc: datetime, software: str, progress: Progress = silent
) -> tuple[Path, BackupManifest]:
    """Write a backup of the plant in `plant_dir` as a new folder in `out`; gives it and its list.

    Raises
    ------
    InputFaults
        If plant file or settings are at fault, there is no ledger yet, or nothing can be written in `out`.
    """
    plant_dir = plant_dir.resolve()
    plant = load_plant(plant_dir / "plant.toml")
    settings = load_settings(plant_dir)
    home = settings.home_of(plant_dir)
    if not (home / LEDGER).is_file():
        raise InputFaults([Fault(str(home / LEDGER), None, "ledger", "no such file", "the ledger of a plant that has run")])
    _check_place(out, plant_dir, home)
    check_output_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    name = f"{plant.site.id}-backup-{now_utc:%Y%m%dT%H%M%SZ}"
    target = out / name
    if target.exists():
        raise InputFaults([Fault(str(target), None, "folder", "there already", "a backup of another second")])
    with scratch_folder(out, name) as beside:
        beside.chmod(0o700)  # it holds private keys
        taking = _Taking(plant_dir, settings, home, read_state(home), beside)
        progress("states of the jobs", 0, 1)
        _take_states(taking, progress)
        if taking.is_running:
            progress("waiting for the ledger", 0, 1)
            _await_ledger(taking)
        _take_files(taking, progress)
        entries = tuple(entry_of(beside, path) for path in files_below(beside))
        manifest = BackupManifest(
            plant.site.id, instant_text(now_utc), software, str(home), taking.is_running, tuple(taking.jobs), tuple(taking.notes), entries
        )  # fmt: skip
        write_manifest(beside, manifest)
        beside.rename(target)
    return target, manifest


def _check_place(out: Path, plant_dir: Path, home: Path) -> None:
    """A backup within what is backed up would hold itself."""
    for place in (plant_dir, home):
        if out.resolve().is_relative_to(place):
            raise InputFaults(
                [Fault(str(out), None, "folder", f"within {place}", "a folder outside of plant and home, on another disk at best")]
            )


# -- states of the jobs ------------------------------------------------------------------------------------------------


def _take_states(taking: _Taking, progress: Progress) -> None:
    states = JobStates(taking.home / "flink", taking.settings.flink.savepoints_kept)
    target = taking.out / HOME / "flink"
    names = states.names()
    kept: dict[str, list[str]] = {}
    for done, name in enumerate(names, 1):
        if (job_id := _state_of(taking, states, name, target)) is not None:
            kept[name] = [job_id]
            taking.jobs.append(name)
        progress("states of the jobs", done, len(names))
    if kept:
        (target / "jobs.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


def _state_of(taking: _Taking, states: JobStates, name: str, target: Path) -> str | None:
    """Put a savepoint of a job into the backup; gives the id of the job that it is of, None where none could be had."""
    job_id = states.newest_job_id(name)
    if taking.is_running and taking.state is not None and job_id is not None:
        rest = FlinkRest(taking.state.ports["flink.rest_port"], taking.home / "log" / "flink-jobmanager.log")
        folder = target / "savepoints" / job_id
        folder.mkdir(parents=True)
        try:
            rest.savepoint(job_id, folder, _SAVEPOINT_S)
            return job_id
        except ClusterFailed as error:
            shutil.rmtree(folder)
            taking.notes.append(f"job {name}: no savepoint could be made ({error})")
    point = states.newest_savepoint(name)
    if point is None:
        taking.notes.append(f"job {name}: no savepoint is there; it begins with an empty state, as `lastgang down` was not awaited")
        return None
    job_id = point.parent.name
    shutil.copytree(point, target / "savepoints" / job_id / point.name)
    return job_id


def _await_ledger(taking: _Taking) -> None:
    """Return when the ledger has what the topics held just now."""
    from connectors.kafka.client import BrokerUnavailable, RecordConsumer
    from deploy.whereabouts import Whereabouts
    from reporting.historian import TOPICS_KEPT
    from reporting.ledger import Ledger

    try:
        consumer = RecordConsumer(Whereabouts(taking.plant_dir).kafka(), TOPICS_KEPT)
        with contextlib.closing(consumer):
            ends = consumer.end_offsets()
    except BrokerUnavailable as error:
        taking.notes.append(f"the ledger may be behind the jobs: {error}")
        return
    deadline = time.monotonic() + _FOLLOWS_WITHIN_S
    with Ledger.open(taking.home / LEDGER, readonly=True) as ledger:
        while behind := [place for place, end in ends.items() if end > ledger.offsets().get(place, 0)]:
            if time.monotonic() > deadline:
                taking.notes.append(f"the ledger was behind the topics by {len(behind)} partitions after {_FOLLOWS_WITHIN_S:g} s")
                return
            time.sleep(0.1)


# -- files -------------------------------------------------------------------------------------------------------------


def _take_files(taking: _Taking, progress: Progress) -> None:
    reports = taking.settings.reports_of(taking.plant_dir)
    left_out = [taking.home / name for name in _LEFT_OUT]
    roots = [
        (PLANT, taking.plant_dir, [taking.home, reports]),
        (HOME, taking.home, [*left_out, reports]),
        *([(REPORTS, reports, [])] if reports.is_dir() else []),
    ]
    copies = [
        (path, taking.out / name / path.relative_to(root)) for name, root, closed in roots for path in files_below(root, closed)
    ]
    for done, (source, target) in enumerate(copies, 1):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not source.name.endswith(_BESIDE_SQLITE):
            _copy(source, target)
        progress("files", done, len(copies))


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    if not is_database:
        shutil.copy2(source, target)
        return
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
    with contextlib.closing(reading), contextlib.closing(sqlite3.connect(target)) as copy:
        reading.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(source.stat().st_mode & 0o777)
