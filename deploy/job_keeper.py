"""Keeps Flink jobs running: submits them together, says how each of them is, submits again what the JobManager has lost or given up.

A job that does not run is reported with what Flink says of it; it keeps neither the other jobs nor the rest of the stack from running.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.pause import Pause
from deploy import processes
from deploy.flink.cluster import FlinkCluster
from deploy.flink.failures import ClusterFailed, SubmissionFailed
from deploy.flink.submission import JobRequest
from deploy.kept_job import KeptJob
from deploy.parts import JobPart
from deploy.processes import ProcessId, Usage
from deploy.running import PartFailed, Progress
from deploy.state_file import PartState
from domain.errors import LastgangError

_CHECK_S, _LAST_BACKOFF_S = 2.0, 60.0
_RUNS_WITHIN_S = 90.0
_ENDS_WITHIN_S = 60.0


class JobKeeper:
    """Flink jobs of one cluster; all methods may be called from any thread.

    Parameters
    ----------
    jobs
        What is to run.
    on_change
        Called after the state of a job has changed.
    """

    def __init__(self, cluster: FlinkCluster, jobs: Iterable[JobPart], on_change: Callable[[], None] = lambda: None) -> None:
        self._cluster = cluster
        self._kept = {job.name: KeptJob(job) for job in jobs}
        self._on_change = on_change
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.RLock()
        """Held by whoever submits: one at a time."""
        self._client_use: dict[ProcessId, Usage] = {}

    def add(self, jobs: Iterable[JobPart]) -> None:
        """Further jobs; call it before they are submitted."""
        self._kept |= {job.name: KeptJob(job) for job in jobs}

    def job(self, name: str) -> JobPart:
        """The job called `name` as it is kept running; KeyError if there is none."""
        return self._kept[name].part

    def states(self) -> list[PartState]:
        """Every job as it was seen last."""
        return [kept.as_state() for kept in self._kept.values()]

    def client_cpu_s(self) -> float:
        """CPU-seconds of all submissions."""
        return sum(use.cpu_s for use in self._client_use.values())

    # -- submitting ----------------------------------------------------------------------------------------------------

    def submit(self, names: Sequence[str] | None = None, progress: Progress = lambda name, state: None) -> None:
        """Submit jobs (default: all) together and return when each runs, or it is clear that it will not soon; `states` names which."""
        with self._turn:
            chosen = [self._kept[name] for name in (list(self._kept) if names is None else names)]
            for kept in chosen:
                kept.restarts += kept.job_id != ""
                if kept.state != "failed":  # one that failed and is tried again is failed until it runs
                    kept.note_state("starting", kept.note, progress)
            accepted = self._submitted([kept.part for kept in chosen], progress)
            for kept in chosen:
                kept.changes_s.clear()
                kept.job_id = accepted.get(kept.part.name, kept.job_id)
            self._await([kept for kept in chosen if kept.part.name in accepted], progress)
        self._on_change()

    def _submitted(self, parts: Sequence[JobPart], progress: Progress) -> dict[str, str]:
        """Name -> id of the jobs that were accepted; the others are set failed."""
        requests = [JobRequest(part.name, part.script, part.arguments, part.settings) for part in parts]
        if not requests:
            return {}
        with ThreadPoolExecutor(1, thread_name_prefix="submit") as pool:
            submission = pool.submit(
                self._cluster.submitter.submit, requests, on_submitted=lambda name: progress(f"job {name}", "submitted")
            )
            try:
                while not submission.done() and not self._stopping.is_set():
                    self._measure_clients()
                    self._glance({part.name for part in parts})
                    self._stopping.wait(0.5)
            finally:
                self._cluster.submitter.end()
        try:
            return submission.result()
        except SubmissionFailed as error:
            for name, why in error.refused.items():
                self._kept[name].note_state("failed", why, progress)
            return error.accepted

    def _await(self, waiting: Sequence[KeptJob], progress: Progress) -> None:
        """Return when each of the jobs runs or is given up for now."""
        left, deadline = list(waiting), time.monotonic() + _RUNS_WITHIN_S
        while left and not self._stopping.is_set():
            try:
                known = {job.job_id: job for job in self._cluster.rest.jobs()}
            except ClusterFailed as error:
                for kept in left:
                    kept.note_state("waiting", str(error), progress)
                return
            for kept in list(left):
                kept.judge(known.get(kept.job_id), self._cluster)
                if kept.is_settled(self._cluster) or time.monotonic() > deadline:
                    kept.note_state(kept.state, kept.note, progress)
                    left.remove(kept)
            self._stopping.wait(0.2)

    def _measure_clients(self) -> None:
        for client in list(self._cluster.submitter.clients.values()):
            self._client_use.update(processes.usage(client))

    # -- keeping -------------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Look after the jobs from now on; a JobManager that was killed forgets them."""
        self._thread = threading.Thread(target=self._keep_on, name="job-keeper", daemon=True)
        self._thread.start()

    def _keep_on(self) -> None:
        pause = Pause(_CHECK_S)
        while not self._stopping.wait(pause.next_s(_LAST_BACKOFF_S)):
            missing: list[str] = []
            try:
                with self._turn:
                    missing = self._check()
                    if missing and self._cluster.is_ready():
                        self.submit(missing)
                is_well = all(self._kept[name].state == "running" for name in missing)
            except ClusterFailed as error:  # the supervisor is bringing the JobManager back
                for kept in self._kept.values():
                    kept.note_state("waiting", str(error))
                is_well = True
            except LastgangError as error:
                for name in missing:
                    self._kept[name].note_state("failed", str(error))
                is_well = False
            if is_well:
                pause.reset()

    def _glance(self, submitted: set[str]) -> None:
        """Note how the jobs are that are not being submitted, which may take a while."""
        with contextlib.suppress(ClusterFailed):
            known = {job.job_id: job for job in self._cluster.rest.jobs()}
            for name, kept in self._kept.items():
                if name not in submitted and kept.job_id in known:
                    kept.judge(known[kept.job_id], self._cluster)

    def _check(self) -> list[str]:
        """Note how every job is; names of those that have to be submitted again."""
        known = {job.job_id: job for job in self._cluster.rest.jobs()}
        missing = []
        for name, kept in self._kept.items():
            kept.job_id = self._cluster.states.newest_job_id(name) or ""
            job = known.get(kept.job_id)
            if job is None or job.is_over:
                missing.append(name)
            if job is not None:
                kept.judge(job, self._cluster)
        return missing

    def restart(self, part: JobPart) -> None:
        """Stop the job of this name with a savepoint and let `part` go on from it: with other settings, or as another version.

        Where no savepoint can be had, because the job is restarting just then, it goes on from its newest checkpoint.

        Raises
        ------
        PartFailed
            If it was not accepted or does not run; it is tried again by and by.
        """
        with self._turn:
            self._kept[part.name].part = part
            job_id = self._cluster.states.newest_job_id(part.name)
            if job_id is not None:
                _end(self._cluster, job_id)
            self.submit([part.name])
            kept = self._kept[part.name]
        if kept.state != "running":
            msg = f"job {part.name} does not run ({kept.state}): {kept.note}"
            raise PartFailed(msg)

    # -- stopping ------------------------------------------------------------------------------------------------------

    def stop_keeping(self) -> None:
        """From now on what is gone stays gone; submissions under way end."""
        self._stopping.set()
        self._cluster.submitter.end()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def stop(self, progress: Progress = lambda name, state: None) -> None:
        """End all jobs, each with a savepoint if it can be had."""

        def end(kept: KeptJob, job_id: str) -> None:
            progress(f"job {kept.part.name}", "stopping")
            with contextlib.suppress(ClusterFailed):  # then the newest checkpoint is where it goes on
                self._cluster.stop_with_savepoint(job_id)

        try:
            living = {job.job_id for job in self._cluster.rest.jobs() if job.is_running}
        except ClusterFailed:
            living = set()
        chosen = [
            (kept, job_id)
            for name, kept in self._kept.items()
            if (job_id := self._cluster.states.newest_job_id(name)) in living and job_id
        ]
        if chosen:
            with ThreadPoolExecutor(len(chosen)) as pool:
                list(pool.map(lambda pair: end(*pair), chosen))
        for kept in self._kept.values():
            kept.note_state("stopped", "", progress)


def _end(cluster: FlinkCluster, job_id: str) -> None:
    """Stop a job, with a savepoint if it can be had, and return when it is over."""
    with contextlib.suppress(ClusterFailed):
        cluster.stop_with_savepoint(job_id)
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while (job := cluster.rest.job(job_id)) is not None and not job.is_over:
        with contextlib.suppress(ClusterFailed):
            cluster.rest.cancel(job_id)
        if time.monotonic() > deadline:
            msg = f"job {job_id} does not end ({job.state}); see {cluster.log_folder / 'flink-jobmanager.log'}"
            raise PartFailed(msg)
        time.sleep(0.2)
