"""Stored states of jobs on disk: which job id had which name, and where its checkpoints and savepoints lie."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

from domain.files import write_whole

_METADATA_MAGIC = 0x4960672D


class JobStates:
    """Checkpoints, savepoints and ``jobs.json`` of a cluster in `folder`.

    Parameters
    ----------
    savepoints_kept
        Of each job, the newest.
    """

    def __init__(self, folder: Path, savepoints_kept: int) -> None:
        self.folder = folder
        self._savepoints_kept = savepoints_kept

    @property
    def jobs_file(self) -> Path:
        """Which job id had which name; without it jobs begin with empty state and read their topics from the start."""
        return self.folder / "jobs.json"

    def remember(self, name: str, job_id: str) -> None:
        """Note that `job_id` was submitted as `name`."""
        with _locked(self.folder / "jobs.lock"):
            ids = self._all_job_ids()
            ids.setdefault(name, []).append(job_id)
            write_whole(self.jobs_file, json.dumps(ids, indent=1))

    def newest_job_id(self, name: str) -> str | None:
        """Id of the job that was submitted last as `name`."""
        ids = self._all_job_ids().get(name, [])
        return ids[-1] if ids else None

    def names(self) -> list[str]:
        """Every name under which a job was submitted."""
        return sorted(self._all_job_ids())

    def newest_savepoint(self, name: str) -> Path | None:
        """Newest savepoint of any job that was submitted as `name`: unlike a checkpoint it can be used in another place."""
        return self._newest_point(name, "savepoints")

    def resume_point(self, name: str) -> Path | None:
        """Newest state of any job that was submitted as `name`: that of the job submitted last that has any."""
        return self._newest_point(name, "checkpoints", "savepoints")

    def _newest_point(self, name: str, *kinds: str) -> Path | None:
        points = (self._points(job_id, *kinds) for job_id in reversed(self._all_job_ids().get(name, [])))
        return next((found[-1] for found in points if found), None)

    def resume_settings(self, name: str) -> dict[str, str]:
        """Flink settings by which a job goes on from its newest state; none where there is none."""
        point = self.resume_point(name)
        if point is None:
            return {}
        is_checkpoint = (self.folder / "checkpoints") in point.parents
        return {
            "execution.state-recovery.path": point.as_uri(),
            "execution.state-recovery.claim-mode": "CLAIM" if is_checkpoint else "NO_CLAIM",
        }

    def savepoint_folder(self, job_id: str) -> Path:
        """Where savepoints of a job are written."""
        return self.folder / "savepoints" / job_id

    def forget_old_savepoints(self, job_id: str) -> None:
        """Of the job's name; a job that goes on from a savepoint no longer needs it once it has a checkpoint of its own."""
        ids = next((ids for ids in self._all_job_ids().values() if job_id in ids), [job_id])
        saved = [point for one in ids for point in self._points(one, "savepoints")]
        for point in saved[: -self._savepoints_kept]:
            shutil.rmtree(point, ignore_errors=True)
            with contextlib.suppress(OSError):  # holds another savepoint
                point.parent.rmdir()

    def latest_checkpoint(self, job_id: str) -> Path | None:
        """Newest complete checkpoint or savepoint of a job on disk; None if there is none."""
        points = self._points(job_id, "checkpoints", "savepoints")
        return points[-1] if points else None

    def _points(self, job_id: str, *kinds: str) -> list[Path]:
        """Folders of a job's complete checkpoints or savepoints, oldest first: by the number that Flink gave them, for the computer's
        clock may have been set back between two of them."""
        found = []
        for kind in kinds:
            for metadata in (self.folder / kind / job_id).glob("*/_metadata"):
                number = checkpoint_number(metadata)
                if number is not None:
                    found.append((number, metadata.parent))
        return [folder for _, folder in sorted(found)]

    def _all_job_ids(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = json.loads(self.jobs_file.read_text()) if self.jobs_file.exists() else {}
        return ids


def checkpoint_number(metadata: Path) -> int | None:
    """The number that Flink gave to a checkpoint or savepoint, from the head of its metadata; it rises over all jobs that went on from
    one another. None where the file is not whole, or has just been replaced by a newer one."""
    try:
        with metadata.open("rb") as file:
            magic, _, number = struct.unpack(">iiq", file.read(16))
    except (OSError, struct.error):
        return None
    return int(number) if magic == _METADATA_MAGIC else None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Exclusive among threads and processes."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
