"""A Flink session cluster from the `apache-flink` package: one JobManager, one TaskManager, jobs written in Python.

Each process is ours by pid and can be killed and started alone. A TaskManager that dies takes no job with it: the JobManager
goes on from the last checkpoint. A JobManager that dies forgets its jobs (highly available Flink needs ZooKeeper or Kubernetes):
whoever supervises submits them again with `submit`, which resumes from the newest checkpoint or savepoint on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import struct
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from deploy import jars, processes
from deploy.processes import ProcessId
from domain.errors import LastgangError
from domain.files import write_whole

StateBackend = Literal["hashmap", "rocksdb"]


class ClusterFailed(LastgangError):
    """The cluster did not come up or does not answer. Operator: the message names the log to read."""


class SubmissionFailed(LastgangError):
    """A job was not accepted. Operator: the message ends with what Flink's client said; mend the job, then submit again.

    Parameters
    ----------
    refused
        Name of each job that was not accepted -> why.
    accepted
        Name of each one of the same submission that was -> its id.
    """

    def __init__(self, refused: Mapping[str, str], accepted: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"job {name!r}: {why}" for name, why in refused.items()))
        self.refused = dict(refused)
        self.accepted = dict(accepted)


@dataclass(frozen=True, slots=True)
class FlinkSizes:
    """Memory and pace of a cluster."""

    jobmanager_mb: int = 832
    """Process size of the JobManager [MiB]."""
    taskmanager_mb: int = 1408
    """Process size of the TaskManager [MiB], the Python code that runs inside it excluded."""
    slots: int = 8
    checkpoint_interval_s: float = 2.0
    state_backend: StateBackend = "hashmap"
    savepoints_kept: int = 3
    """Of each job, the newest; older ones are deleted when a new one is there."""


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


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job to submit; see `FlinkCluster.submit`."""

    name: str
    script: Path
    arguments: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    resume: bool = True


class FlinkCluster:
    """A session cluster whose configuration, checkpoints and savepoints live in `folder`.

    Parameters
    ----------
    folder
        Holds ``conf/ lib/ checkpoints/ savepoints/ tmp/`` and ``jobs.json`` (which job id had which name).
    rest_port, rpc_port
        Loopback ports of the JobManager.
    sizes
        Memory, slots, pace of checkpoints.
    log_folder
        Where processes write; default ``folder/log``.
    """

    def __init__(
        self, folder: Path, rest_port: int, rpc_port: int, sizes: FlinkSizes | None = None, log_folder: Path | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.rest_port = rest_port
        self.rpc_port = rpc_port
        self.sizes = sizes or FlinkSizes()
        self.log_folder = (log_folder or self.folder / "log").resolve()
        self.jobmanager: ProcessId | None = None
        self.taskmanager: ProcessId | None = None
        self.clients: dict[str, ProcessId] = {}
        """Submissions under way, by the name of the job."""

    # -- configuration -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Write the configuration and link the jars; existing checkpoints and savepoints stay."""
        for name in ("conf", "lib", "checkpoints", "savepoints", "tmp", "pid"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.log_folder.mkdir(parents=True, exist_ok=True)
        _empty(self.folder / "tmp")
        _empty(self.folder / "lib")
        home = jars.flink_home()
        for jar in [*(home / "lib").glob("*.jar"), *(home / "opt").glob("flink-python-*.jar"), *jars.flink_connector_jars()]:
            (self.folder / "lib" / jar.name).symlink_to(jar.resolve())
        java_options = shipped_java_options((home / "conf" / "config.yaml").read_text())
        settings = cluster_settings(self.folder, self.rest_port, self.rpc_port, self.sizes, java_options)
        lines = (f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
        (self.folder / "conf" / "config.yaml").write_text("".join(lines))
        (self.folder / "conf" / "log4j-console.properties").write_text(_LOGGING)
        (self.folder / "conf" / "log4j-cli.properties").write_text(_LOGGING.replace("INFO", "WARN"))

    def environment(self) -> dict[str, str]:
        """What the cluster's processes and its client need in their environment."""
        site_packages = sysconfig.get_paths()["purelib"]
        return {
            "FLINK_HOME": str(jars.flink_home()),
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LIB_DIR": str(self.folder / "lib"),
            "FLINK_LOG_DIR": str(self.log_folder),
            "FLINK_PID_DIR": str(self.folder / "pid"),
            "PYTHONPATH": os.pathsep.join([str(jars.PROJECT), site_packages]),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "TMPDIR": str(self.folder / "tmp"),
            # One malloc arena a thread is what makes a JVM with embedded Python grow; two are enough here.
            "MALLOC_ARENA_MAX": "2",
            # numpy's own threads gain nothing on these small arrays and fight for the cores.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def jobmanager_command(self) -> list[str]:
        """What starts the JobManager; the shell replaces itself by Java, so the pid stays."""
        return [str(jars.flink_home() / "bin" / "jobmanager.sh"), "start-foreground"]

    def taskmanager_command(self) -> list[str]:
        """What starts the TaskManager; its name holds its pid (``$$``), which stays through all the shells."""
        script = 'exec "$0" start-foreground -Dtaskmanager.resource-id=taskmanager-$$'
        return ["/bin/sh", "-c", script, str(jars.flink_home() / "bin" / "taskmanager.sh")]

    # -- processes -----------------------------------------------------------------------------------------------------

    def start(self, timeout_s: float = 90.0) -> None:
        """Start both processes and return when the slots are offered."""
        self.prepare()
        self.start_jobmanager()
        self.start_taskmanager()
        deadline = time.monotonic() + timeout_s
        while not self.is_ready():
            dead = [
                name
                for name, who in (("jobmanager", self.jobmanager), ("taskmanager", self.taskmanager))
                if not (who and who.is_alive())
            ]
            if dead or time.monotonic() > deadline:
                self.stop()
                msg = f"the Flink cluster did not come up ({', '.join(dead) or 'too slow'}); see {self.log_folder}"
                raise ClusterFailed(msg)
            time.sleep(0.2)

    def start_jobmanager(self) -> None:
        """Start the JobManager alone."""
        self.jobmanager = self._launch(self.jobmanager_command(), "flink-jobmanager.log")

    def start_taskmanager(self) -> None:
        """Start the TaskManager alone."""
        self.taskmanager = self._launch(self.taskmanager_command(), "flink-taskmanager.log")

    def kill_taskmanager(self) -> None:
        """End the TaskManager as a crash would."""
        if self.taskmanager is not None:
            processes.kill(self.taskmanager)
            self.taskmanager = None

    def kill_jobmanager(self) -> None:
        """End the JobManager as a crash would."""
        if self.jobmanager is not None:
            processes.kill(self.jobmanager)
            self.jobmanager = None

    def stop(self) -> None:
        """End both processes and submissions under way; checkpoints stay."""
        for client in list(self.clients.values()):
            processes.stop(client, timeout_s=0.0)
        for identity in (self.taskmanager, self.jobmanager):
            if identity is not None:
                processes.stop(identity, timeout_s=10.0)
        self.taskmanager = self.jobmanager = None
        _empty(self.folder / "tmp")

    def _launch(self, command: Sequence[str], log_name: str) -> ProcessId:
        process = processes.launch(command, self.environment(), self.log_folder / log_name, jars.PROJECT)
        identity = ProcessId.of(process.pid)
        if identity is None:
            msg = f"{command[0]} ended at once; see {self.log_folder / log_name}"
            raise ClusterFailed(msg)
        return identity

    # -- what the JobManager says --------------------------------------------------------------------------------------

    def is_answering(self) -> bool:
        """Whether the JobManager answers."""
        try:
            self._get("/overview")
        except ClusterFailed:
            return False
        return True

    def is_ready(self) -> bool:
        """Whether jobs could run now: the JobManager answers, and TaskManagers offer all slots."""
        return self._slots(lambda name: True) >= self.sizes.slots

    def has_slots_of(self, pid: int) -> bool:
        """Whether the TaskManager of this process offers its slots.

        Those of one that died are counted by `is_ready` until its death is noticed.
        """
        return self._slots(lambda name: name == f"taskmanager-{pid}") >= self.sizes.slots

    def _slots(self, counts: Callable[[str], bool]) -> int:
        try:
            found = self._get("/taskmanagers")["taskmanagers"]
        except ClusterFailed:
            return 0
        return sum(int(manager["slotsNumber"]) for manager in found if counts(manager["id"]))

    def jobs(self) -> list[Job]:
        """All jobs the JobManager knows, oldest first."""
        found = sorted(self._get("/jobs/overview")["jobs"], key=lambda job: int(job["start-time"]))
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
        metrics = self._get(f"/jobs/{job_id}/metrics?get=numRestarts")
        return int(float(metrics[0]["value"])) if metrics else 0

    def checkpoints_completed(self, job_id: str) -> int:
        """How many checkpoints the job has completed since it was submitted."""
        return int(self._get(f"/jobs/{job_id}/checkpoints")["counts"]["completed"])

    def state_misfit(self, job_id: str) -> str | None:
        """What Flink says where a job failed because its stored state does not fit its operators; None where it did not."""
        return misfit_in(self._last_exception(job_id))

    def why_failed(self, job_id: str) -> str:
        """The line that helps of what Flink says about a job's last failure; empty where it has not failed."""
        said = self._last_exception(job_id)
        misfit = misfit_in(said)
        if misfit is not None:
            return self._misfit_text(misfit)
        return _last_error(said) if said else ""

    def _last_exception(self, job_id: str) -> str:
        """The Java stack trace of a job's last failure."""
        history = self._get(f"/jobs/{job_id}/exceptions?maxExceptions=1").get("exceptionHistory", {}).get("entries", [])
        return str(history[0].get("stacktrace") or "") if history else ""

    def describe(self, path: str) -> Any:
        """What the JobManager says at `path` of its REST interface, such as ``/jobs/JOB/checkpoints``."""
        return self._get(path)

    def _get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.rest_port}{path}"))

    def _post(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.rest_port}{path}", data, headers, method=method))

    def _ask(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=10.0) as answer:
                text = answer.read()
            return json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            msg = f"Flink refused {request.get_method()} {request.selector}: {error.code} {said}"
            raise ClusterFailed(msg) from error
        except (OSError, ValueError) as error:
            msg = f"no JobManager answers at 127.0.0.1:{self.rest_port} ({error}); see {self.log_folder / 'flink-jobmanager.log'}"
            raise ClusterFailed(msg) from error

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def submit(
        self,
        script: Path,
        arguments: Sequence[str],
        name: str,
        *,
        resume: bool = True,
        settings: Mapping[str, str] | None = None,
        timeout_s: float = 180.0,
    ) -> str:
        """Submit a Python job and return its id.

        Parameters
        ----------
        script
            Run with the project's rooms importable.
        name
            Ours, stable over restarts: where to look for the state to resume from.
        resume
            Go on from the newest checkpoint or savepoint of this name, if there is one.
        settings
            Flink settings of this job alone, such as ``{"python.execution-mode": "process"}``.

        Raises
        ------
        SubmissionFailed
            With what went wrong.
        """
        return self.submit_all([JobRequest(name, script, tuple(arguments), settings or {}, resume)], timeout_s=timeout_s)[name]

    def submit_all(
        self, requests: Sequence[JobRequest], *, timeout_s: float = 180.0, on_submitted: Callable[[str], None] = lambda name: None
    ) -> dict[str, str]:
        """Submit several jobs from one client, which is much quicker than one by one; name -> job id.

        Raises
        ------
        SubmissionFailed
            Naming every job that was not accepted, and why; the others have been submitted.
        """
        spool = self.folder / "tmp" / f"submit-{uuid.uuid4().hex}.json"
        spool.write_text(json.dumps([self._as_spooled(request) for request in requests]))
        label = "-".join(request.name for request in requests)[:60]
        log = self.log_folder / f"submit-{label}.log"
        log.unlink(missing_ok=True)
        command = [
            str(jars.flink_home() / "bin" / "flink"),
            "run",
            "-d",
            "-pyexec",
            sys.executable,
            "-pyclientexec",
            sys.executable,
        ]
        command += ["-py", str(Path(__file__).with_name("submit_jobs.py")), str(spool)]
        client = processes.launch(command, self.environment(), log, jars.PROJECT)
        identity = ProcessId.of(client.pid)
        if identity is not None:
            self.clients[label] = identity
        results: dict[str, dict[str, str]] = {}
        deadline = time.monotonic() + timeout_s
        try:
            while client.poll() is None and time.monotonic() < deadline:
                results = self._take_results(spool, results, on_submitted)
                time.sleep(0.1)
        finally:
            if identity is not None and client.poll() is None:
                processes.stop(identity, timeout_s=0.0)
            self.clients.pop(label, None)
            results = self._take_results(spool, results, on_submitted)
            spool.unlink(missing_ok=True)
        unsaid = _last_error(log.read_text(errors="replace")) if time.monotonic() < deadline else f"not within {timeout_s:.0f} s"
        accepted = {name: result["job_id"] for name, result in results.items() if "job_id" in result}
        refused = {
            request.name: self._refusal(results.get(request.name, {}).get("error", unsaid), log)
            for request in requests
            if request.name not in accepted
        }
        if refused:
            raise SubmissionFailed(refused, accepted)
        return accepted

    def _refusal(self, said: str, log: Path) -> str:
        misfit = misfit_in(said)
        if misfit is not None:
            return self._misfit_text(misfit)
        return f"not accepted: {said} (see {log})"

    def _misfit_text(self, said: str) -> str:
        """What an operator reads where a job's stored state does not fit its operators."""
        return (
            f"its stored state does not fit this version of Lastgang (Flink: {said}); all records are still on the"
            f" topics. Stop the plant, rename {self.jobs_file} and start again: the jobs then begin with empty state and read their topics"
            f" from the start; or start the version that wrote the state"
        )

    def _take_results(
        self, spool: Path, known: dict[str, dict[str, str]], on_submitted: Callable[[str], None]
    ) -> dict[str, dict[str, str]]:
        try:
            results: dict[str, dict[str, str]] = json.loads(spool.with_suffix(".out").read_text())
        except (OSError, ValueError):  # not there yet, or being written
            return known
        for name, result in results.items():
            if name not in known and "job_id" in result:
                self._remember(name, result["job_id"])
                on_submitted(name)
        return results

    def _as_spooled(self, request: JobRequest) -> dict[str, object]:
        settings = dict(request.settings)
        point = self.resume_point(request.name) if request.resume else None
        if point is not None:
            settings["execution.state-recovery.path"] = point.as_uri()
            is_checkpoint = (self.folder / "checkpoints") in point.parents
            settings["execution.state-recovery.claim-mode"] = "CLAIM" if is_checkpoint else "NO_CLAIM"
        return {"name": request.name, "script": str(request.script), "arguments": list(request.arguments), "settings": settings}

    def cancel(self, job_id: str) -> None:
        """End a job; its newest checkpoint stays."""
        self._post(f"/jobs/{job_id}?mode=cancel", {}, method="PATCH")

    def stop_with_savepoint(self, job_id: str, timeout_s: float = 30.0) -> Path:
        """Stop a job after a savepoint and return where that is.

        Raises
        ------
        ClusterFailed
            If the savepoint did not succeed in time; the job's newest checkpoint is still there to resume from.
        """
        target = (self.folder / "savepoints" / job_id).as_uri()
        trigger = self._post(f"/jobs/{job_id}/stop", {"drain": False, "targetDirectory": target})["request-id"]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = self._get(f"/jobs/{job_id}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                operation = answer["operation"]
                if "location" in operation:
                    self._forget_old_savepoints(job_id)
                    return Path(str(operation["location"]).removeprefix("file:"))
                msg = f"job {job_id}: savepoint failed: {str(operation.get('failure-cause', {}).get('class'))[:200]}"
                raise ClusterFailed(msg)
            time.sleep(0.1)
        msg = f"job {job_id}: no savepoint within {timeout_s:.0f} s"
        raise ClusterFailed(msg)

    def _forget_old_savepoints(self, job_id: str) -> None:
        """Of the job's name; a job that goes on from a savepoint no longer needs it once it has a checkpoint of its own."""
        ids = next((ids for ids in self._all_job_ids().values() if job_id in ids), [job_id])
        saved = [point for one in ids for point in self._points(one, "savepoints")]
        for point in saved[: -self.sizes.savepoints_kept]:
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

    def resume_point(self, name: str) -> Path | None:
        """Newest state of any job that was submitted as `name`: that of the job submitted last that has any."""
        points = (self.latest_checkpoint(job_id) for job_id in reversed(self._job_ids(name)))
        return next((point for point in points if point is not None), None)

    def newest_job_id(self, name: str) -> str | None:
        """Id of the job that was submitted last as `name`."""
        ids = self._job_ids(name)
        return ids[-1] if ids else None

    def _job_ids(self, name: str) -> list[str]:
        return self._all_job_ids().get(name, [])

    def _all_job_ids(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = json.loads(self.jobs_file.read_text()) if self.jobs_file.exists() else {}
        return ids

    @property
    def jobs_file(self) -> Path:
        """Which job id had which name; without it jobs begin with empty state and read their topics from the start."""
        return self.folder / "jobs.json"

    def _remember(self, name: str, job_id: str) -> None:
        with _file_lock(self.folder / "jobs.lock"):
            ids = self._all_job_ids()
            ids.setdefault(name, []).append(job_id)
            write_whole(self.jobs_file, json.dumps(ids, indent=1))


_METADATA_MAGIC = 0x4960672D


def checkpoint_number(metadata: Path) -> int | None:
    """The number that Flink gave to a checkpoint or savepoint, from the head of its metadata; it rises over all jobs that went on from
    one another. None where the file is not whole, or has just been replaced by a newer one."""
    try:
        with metadata.open("rb") as file:
            magic, _, number = struct.unpack(">iiq", file.read(16))
    except (OSError, struct.error):
        return None
    return int(number) if magic == _METADATA_MAGIC else None


_MISFITS = ("Cannot map checkpoint/savepoint state", "StateMigrationException", "cannot be mapped to the new program")


def misfit_in(told: str) -> str | None:
    """The line of a Java stack trace that says that stored state does not fit the job's operators; None if none does."""
    line = next((line for line in told.splitlines() if any(misfit in line for misfit in _MISFITS)), None)
    return None if line is None else line.strip()[:400]


def shipped_java_options(config_yaml: str) -> str:
    """The ``env.java.opts.all`` of the configuration that Flink ships: what it opens of the Java platform's modules."""
    found = re.search(r"^\s+all:\s+(--add-exports.+)$", config_yaml, re.MULTILINE)
    if found is None:
        msg = "Flink's shipped config.yaml has no env.java.opts.all; this Flink is not the version that Lastgang is made for"
        raise ClusterFailed(msg)
    return found.group(1).strip()


def cluster_settings(folder: Path, rest_port: int, rpc_port: int, sizes: FlinkSizes, java_options: str) -> dict[str, object]:
    """Flink's whole configuration.

    Parameters
    ----------
    java_options
        The shipped ``--add-opens`` list: Flink does not run on Java 17 without it.
    """
    managed_mb = 64 if sizes.state_backend == "hashmap" else 256
    return {
        "env.java.opts.all": java_options,
        "env.java.opts.jobmanager": "-XX:+UseSerialGC",
        "env.java.opts.client": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx384m",
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": rpc_port,
        "jobmanager.bind-host": "localhost",
        "jobmanager.memory.process.size": f"{sizes.jobmanager_mb}m",
        "jobmanager.memory.jvm-metaspace.size": "160m",
        "taskmanager.bind-host": "localhost",
        "taskmanager.host": "localhost",
        "taskmanager.numberOfTaskSlots": sizes.slots,
        "taskmanager.memory.process.size": f"{sizes.taskmanager_mb}m",
        "taskmanager.memory.managed.size": f"{managed_mb}m",
        "parallelism.default": 1,
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
        "rest.port": rest_port,
        "rest.bind-port": str(rest_port),
        "web.submit.enable": False,
        # A dead TaskManager is noticed by two unanswered calls, a slow one is waited for.
        "heartbeat.interval": "2 s",
        "heartbeat.timeout": "60 s",
        "heartbeat.rpc-failure-threshold": 2,
        "python.execution-mode": "thread",
        "python.fn-execution.bundle.time": "20",
        "execution.buffer-timeout.interval": "5 ms",
        "state.backend.type": sizes.state_backend,
        "execution.checkpointing.interval": f"{round(sizes.checkpoint_interval_s * 1000)} ms",
        "execution.checkpointing.min-pause": "500 ms",
        "execution.checkpointing.timeout": "2 min",
        "execution.checkpointing.tolerable-failed-checkpoints": 1_000_000,
        "execution.checkpointing.dir": (folder / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (folder / "savepoints").as_uri(),
        "execution.checkpointing.num-retained": 2,
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "500 ms",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "restart-strategy.exponential-delay.backoff-multiplier": 1.5,
        "restart-strategy.exponential-delay.reset-backoff-threshold": "2 min",
        "io.tmp.dirs": str(folder / "tmp"),
    }


def _empty(folder: Path) -> None:
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


_PYTHON_INSIDE = re.compile(r"PythonException: <class '([\w.]+)'>: (.+)")
"""An exception of Python code that runs inside the JVM."""


def _last_error(said: str) -> str:
    """The line of a client's output that helps: Python's exception if there is one, else Java's last cause."""
    if inside := _PYTHON_INSIDE.findall(said):
        return ": ".join(inside[-1])[:500]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"(?!java|org\.|Caused)[\w.]+(Error|Exception|Faults|Exit): ", line)]
    java = [line for line in lines if line.startswith("Caused by: ")]
    return (python or java or lines or ["nothing was said"])[-1][:500]


class _file_lock:
    """Exclusive among threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        import fcntl

        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *exc: object) -> None:
        self._file.close()


_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} %m%n
# Two lines a job and checkpoint would fill the disk.
logger.checkpoint.name = org.apache.flink.runtime.checkpoint.CheckpointCoordinator
logger.checkpoint.level = WARN
logger.types.name = org.apache.flink.api.java.typeutils
logger.types.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
"""
