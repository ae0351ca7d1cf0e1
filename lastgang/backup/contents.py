"""What a backup holds: the list of its files with their SHA-256, and the checks before anything of it is used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from domain.errors import Fault, InputFaults
from domain.files import read_text_input, write_whole
from reporting.verifier import sha256_of

MANIFEST = "backup.json"
FORMAT = "lastgang-backup-1"
PLANT, HOME, REPORTS = "plant", "home", "reports"
"""Folders in it: the plant's files, the data of its stack, its reports."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how many files of how many are done."""


def silent(what: str, done: int, of: int) -> None:
    """A progress that nobody sees."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the backup."""

    name: str
    """Path within the backup, with ``/``."""
    sha256: str
    bytes: int
    mode: int
    """Its permissions."""


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What ``backup.json`` says."""

    site: str
    made_at_utc: str
    software: str
    home: str
    """Where the data were."""
    was_running: bool
    jobs: tuple[str, ...]
    """Names of the jobs whose state is in it."""
    notes: tuple[str, ...]
    """What is not in it, and why."""
    files: tuple[FileEntry, ...]


def entry_of(root: Path, file: Path) -> FileEntry:
    """The entry of a file below `root`."""
    found = file.stat()
    return FileEntry(file.relative_to(root).as_posix(), sha256_of(file), found.st_size, found.st_mode & 0o777)


def files_below(folder: Path, passed_over: Iterable[Path] = ()) -> list[Path]:
    """Regular files below `folder`, sorted, without what lies in `passed_over`; links to folders are not followed."""
    closed = {path.resolve() for path in passed_over}
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.resolve() in closed:
                continue
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)
            elif path.is_file():
                found.append(path)
    return sorted(found)


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    """Write ``backup.json``; the backup is whole from then on."""
    document = {"format": FORMAT, **asdict(manifest)}
    write_whole(folder / MANIFEST, json.dumps(document, indent=1) + "\n")


def read_manifest(folder: Path) -> BackupManifest:
    """The list of a backup.

    Raises
    ------
    InputFaults
        If there is none, it is of another format, or names a file outside of the backup.
    """
    path = folder / MANIFEST
    text = read_text_input(path)
    try:
        document = json.loads(text)
        if document.pop("format") != FORMAT:
            msg = "another format"
            raise ValueError(msg)
        files = tuple(FileEntry(**entry) for entry in document.pop("files"))
        notes, jobs = tuple(document.pop("notes")), tuple(document.pop("jobs"))
        manifest = BackupManifest(**document, jobs=jobs, notes=notes, files=files)
        outside = [entry.name for entry in files if not _is_inside(entry.name)]
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputFaults([Fault(str(path), None, "list", str(error), f"the list of a backup, format {FORMAT}")]) from error
    if outside:
        raise InputFaults([Fault(str(path), None, "file", repr(name), "a path within the backup") for name in outside])
    return manifest


def _is_inside(name: Any) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[:1] in {(PLANT,), (HOME,), (REPORTS,)}


def check(folder: Path, manifest: BackupManifest, progress: Progress = silent) -> None:
    """Whether every file is there and unchanged, and none besides.

    Raises
    ------
    InputFaults
        Naming each file that is missing, changed or not on the list.
    """
    faults: list[Fault] = []
    listed = {entry.name for entry in manifest.files}
    there = {path.relative_to(folder).as_posix() for path in files_below(folder)} - {MANIFEST}
    faults += [
        Fault(str(folder / name), None, "file", "not on the list", "only files of the backup") for name in sorted(there - listed)
    ]
    for done, entry in enumerate(manifest.files, 1):
        if entry.name not in there:
            faults.append(Fault(str(folder / entry.name), None, "file", "missing", f"{entry.bytes:,} bytes"))
        elif (found := sha256_of(folder / entry.name)) != entry.sha256:
            faults.append(Fault(str(folder / entry.name), None, "SHA-256", found, entry.sha256))
        progress("checking", done, len(manifest.files))
    if faults:
        raise InputFaults(faults)
