"""One Flink job that is kept running, and how it is by what the JobManager reports of it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass, field

from deploy.flink.cluster import FlinkCluster
from deploy.flink.failures import ClusterFailed
from deploy.flink.rest import Job
from deploy.parts import JobPart
from deploy.running import Progress
from deploy.state_file import PartState

_RESTARTS_OF_A_LOOP, _LOOP_S = 3, 30.0
_NOTE_CHARACTERS = 400


@dataclass(slots=True)
class KeptJob:
    """A job and what has become of it."""

    part: JobPart
    state: str = "waiting"
    note: str = ""
    restarts: int = 0
    job_id: str = ""
    changed_ms: int = 0
    """When its state changed last, as Flink reports it."""
    changes_s: deque[float] = field(default_factory=lambda: deque(maxlen=_RESTARTS_OF_A_LOOP + 1))
    """When we noticed such changes."""

    def note_state(self, state: str, note: str, progress: Progress = lambda name, state: None) -> None:
        """Note its state, and report it to `progress`."""
        self.state, self.note = state, note[:_NOTE_CHARACTERS]
        progress(f"job {self.part.name}", "ready" if state == "running" else state)

    def judge(self, job: Job | None, cluster: FlinkCluster) -> None:
        """Note how it is by what the JobManager reports: `job`, or None where it knows none."""
        if job is None:
            self.note_state("waiting", "the JobManager does not know it (yet)")
        elif job.is_running and not self._is_looping(job):
            self.note_state("running", "")
        elif job.is_running or job.is_restarting:
            self.note_state("restarting", self._why(cluster))
        elif job.is_over:
            self.note_state("failed", self._why(cluster) or f"Flink says {job.state}")
        else:
            self.note_state("starting", f"Flink says {job.state}, {job.tasks_running} of {job.tasks_total} tasks run")

    def is_settled(self, cluster: FlinkCluster) -> bool:
        """Whether it runs, or is given up for now."""
        if self.state == "restarting":
            with contextlib.suppress(ClusterFailed):
                return cluster.rest.restarts(self.job_id) >= _RESTARTS_OF_A_LOOP
        return self.state in {"running", "failed"}

    def as_state(self) -> PartState:
        """It as the state file has it."""
        return PartState(name=f"job {self.part.name}", state=self.state, restarts=self.restarts, note=self.note)

    def _is_looping(self, job: Job) -> bool:
        """Whether a job that runs just now has failed and been restarted again and again until a moment ago."""
        if job.changed_ms != self.changed_ms:
            self.changed_ms = job.changed_ms
            self.changes_s.append(time.monotonic())
        is_full = len(self.changes_s) == self.changes_s.maxlen
        return is_full and time.monotonic() - self.changes_s[0] < _LOOP_S

    def _why(self, cluster: FlinkCluster) -> str:
        with contextlib.suppress(ClusterFailed):
            return cluster.why_failed(self.job_id)
        return ""
