"""The JobManager's REST interface: what it knows of slots and jobs, and what it is to do with a job."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.flink.failures import ClusterFailed


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the JobManager knows it."""

    job_id: str
    name: str
    state: str
    """Flink's word: RUNNING, RESTARTING, FAILED, CANCELED, FINISHED ..."""
    tasks_running: int
    tasks_total: int
    changed_ms: int = 0
    """When its state, or that of one of its tasks, changed last."""

    @property
    def is_restarting(self) -> bool:
        """It has failed and is about to be tried again."""
        return self.state in {"RESTARTING", "FAILING"}

    @property
    def is_running(self) -> bool:
        """All its tasks run."""
        return self.state == "RUNNING" and self.tasks_running == self.tasks_total > 0

    @property
    def is_over(self) -> bool:
        """It will not run again by itself."""
        return self.state in {"FAILED", "CANCELED", "FINISHED", "SUSPENDED"}


class FlinkRest:
    """Calls of one JobManager on loopback; each raises `ClusterFailed` where it does not answer.

    Parameters
    ----------
    log
        Of the JobManager, for messages.
    """

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    def is_answering(self) -> bool:
        """Whether the JobManager answers."""
        try:
            self.describe("/overview")
        except ClusterFailed:
            return False
        return True

    def slots(self, of_pid: int | None = None) -> int:
        """How many slots TaskManagers offer; with `of_pid` only the TaskManager of that process, else also one that has just died."""
        try:
            found = self.describe("/taskmanagers")["taskmanagers"]
        except ClusterFailed:
            return 0
        return sum(int(manager["slotsNumber"]) for manager in found if of_pid is None or manager["id"] == f"taskmanager-{of_pid}")

    def jobs(self) -> list[Job]:
        """All jobs the JobManager knows, oldest first."""
        found = sorted(self.describe("/jobs/overview")["jobs"], key=lambda job: int(job["start-time"]))
        return [
            Job(
                job["jid"],
                job["name"],
                job["state"],
                int(job["tasks"]["running"]),
                int(job["tasks"]["total"]),
                int(job["last-modification"]),
            )
            for job in found
        ]

    def job(self, job_id: str) -> Job | None:
        """One job; None if the JobManager does not know it."""
        return next((job for job in self.jobs() if job.job_id == job_id), None)

    def restarts(self, job_id: str) -> int:
        """How often the job has been restarted since it was submitted."""
        metrics = self.describe(f"/jobs/{job_id}/metrics?get=numRestarts")
        return int(float(metrics[0]["value"])) if metrics else 0

    def checkpoints_completed(self, job_id: str) -> int:
        """How many checkpoints the job has completed since it was submitted."""
        return int(self.describe(f"/jobs/{job_id}/checkpoints")["counts"]["completed"])

    def last_exception(self, job_id: str) -> str:
        """The Java stack trace of a job's last failure."""
        history = self.describe(f"/jobs/{job_id}/exceptions?maxExceptions=1").get("exceptionHistory", {}).get("entries", [])
        return str(history[0].get("stacktrace") or "") if history else ""

    def cancel(self, job_id: str) -> None:
        """End a job; its newest checkpoint stays."""
        self._post(f"/jobs/{job_id}?mode=cancel", {}, method="PATCH")

    def stop_with_savepoint(self, job_id: str, target: Path, timeout_s: float) -> Path:
        """Stop a job after a savepoint below `target` and return where that is."""
        body = {"drain": False, "targetDirectory": target.as_uri()}
        return self._savepoint_of(job_id, self._post(f"/jobs/{job_id}/stop", body)["request-id"], timeout_s)

    def savepoint(self, job_id: str, target: Path, timeout_s: float) -> Path:
        """Make a savepoint of a job below `target`, while it runs on, and return where that is."""
        body = {"cancel-job": False, "target-directory": target.as_uri()}
        return self._savepoint_of(job_id, self._post(f"/jobs/{job_id}/savepoints", body)["request-id"], timeout_s)

    def _savepoint_of(self, job_id: str, trigger: str, timeout_s: float) -> Path:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = self.describe(f"/jobs/{job_id}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                operation = answer["operation"]
                if "location" in operation:
                    return Path(str(operation["location"]).removeprefix("file:"))
                msg = f"job {job_id}: savepoint failed: {str(operation.get('failure-cause', {}).get('class'))[:200]}"
                raise ClusterFailed(msg)
            time.sleep(0.1)
        msg = f"job {job_id}: no savepoint within {timeout_s:.0f} s"
        raise ClusterFailed(msg)

    def describe(self, path: str) -> Any:
        """What the JobManager answers at `path` of its REST interface, such as ``/jobs/JOB/checkpoints``."""
        return self._request(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def _post(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._request(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method))

    def _request(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=10.0) as answer:
                text = answer.read()
            return json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")[:300]
            msg = f"Flink refused {request.get_method()} {request.selector}: {error.code} {body}"
            raise ClusterFailed(msg) from error
        except (OSError, ValueError) as error:
            msg = f"no JobManager answers at 127.0.0.1:{self.port} ({error}); see {self._log}"
            raise ClusterFailed(msg) from error
