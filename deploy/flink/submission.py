"""Submitting jobs: one run of Flink's client for several jobs, which is much quicker than one by one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import jars, processes
from deploy.flink.failures import SubmissionFailed, last_error, misfit_in, misfit_text
from deploy.flink.states import JobStates
from deploy.processes import ProcessId

_POLL_S = 0.1
Results = dict[str, dict[str, str]]
"""Name of a job -> its ``job_id``, or ``error``."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job to submit; see `Submitter.submit`."""

    name: str
    script: Path
    arguments: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    resume: bool = True


class Submitter:
    """Runs Flink's client and remembers in `states` which id each job got.

    Parameters
    ----------
    environment
        Of the client.
    """

    def __init__(self, states: JobStates, environment: Callable[[], Mapping[str, str]], log_folder: Path) -> None:
        self._states = states
        self._environment = environment
        self._log_folder = log_folder
        self.clients: dict[str, ProcessId] = {}
        """Submissions under way."""

    def end(self) -> None:
        """End submissions under way."""
        for client in list(self.clients.values()):
            processes.stop(client, timeout_s=0.0)

    def submit(
        self, requests: Sequence[JobRequest], *, timeout_s: float = 180.0, on_submitted: Callable[[str], None] = lambda name: None
    ) -> dict[str, str]:
        """Submit the jobs; name -> job id.

        Raises
        ------
        SubmissionFailed
            Naming every job that was not accepted, and why; the others have been submitted.
        """
        spool = self._states.folder / "tmp" / f"submit-{uuid.uuid4().hex}.json"
        spool.write_text(json.dumps([self._as_spooled(request) for request in requests]))
        label = "-".join(request.name for request in requests)[:60]
        log = self._log_folder / f"submit-{label}.log"
        log.unlink(missing_ok=True)
        client = processes.launch(_client_command(spool), self._environment(), log, jars.PROJECT)
        deadline = time.monotonic() + timeout_s
        results = self._results_of(client, label, spool, deadline, on_submitted)
        silent = last_error(log.read_text(errors="replace")) if time.monotonic() < deadline else f"not within {timeout_s:.0f} s"
        accepted = {name: result["job_id"] for name, result in results.items() if "job_id" in result}
        refused = {
            request.name: self._refusal(results.get(request.name, {}).get("error", silent), log)
            for request in requests
            if request.name not in accepted
        }
        if refused:
            raise SubmissionFailed(refused, accepted)
        return accepted

    def _results_of(
        self, client: subprocess.Popen[bytes], label: str, spool: Path, deadline: float, on_submitted: Callable[[str], None]
    ) -> Results:
        """Wait for the client, taking each job's result as it comes."""
        identity = ProcessId.of(client.pid)
        if identity is not None:
            self.clients[label] = identity
        results: Results = {}
        try:
            while client.poll() is None and time.monotonic() < deadline:
                results = self._take_results(spool, results, on_submitted)
                time.sleep(_POLL_S)
        finally:
            if identity is not None and client.poll() is None:
                processes.stop(identity, timeout_s=0.0)
            self.clients.pop(label, None)
            results = self._take_results(spool, results, on_submitted)
            spool.unlink(missing_ok=True)
        return results

    def _take_results(self, spool: Path, known: Results, on_submitted: Callable[[str], None]) -> Results:
        try:
            results: Results = json.loads(spool.with_suffix(".out").read_text())
        except (OSError, ValueError):  # not there yet, or being written
            return known
        for name, result in results.items():
            if name not in known and "job_id" in result:
                self._states.remember(name, result["job_id"])
                on_submitted(name)
        return results

    def _refusal(self, error: str, log: Path) -> str:
        misfit = misfit_in(error)
        return f"not accepted: {error} (see {log})" if misfit is None else misfit_text(misfit, self._states.jobs_file)

    def _as_spooled(self, request: JobRequest) -> dict[str, object]:
        settings = {**request.settings, **(self._states.resume_settings(request.name) if request.resume else {})}
        return {"name": request.name, "script": str(request.script), "arguments": list(request.arguments), "settings": settings}


def _client_command(spool: Path) -> list[str]:
    flink = str(jars.flink_home() / "bin" / "flink")
    script = str(Path(__file__).with_name("submit_jobs.py"))
    return [flink, "run", "-d", "-pyexec", sys.executable, "-pyclientexec", sys.executable, "-py", script, str(spool)]
