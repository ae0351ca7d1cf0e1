"""The stack of one plant: settings and parts put together, started, watched and stopped as one thing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import IO

from connectors.kafka.client import KafkaSettings, ensure_topics
from deploy import processes
from deploy.flink_cluster import ClusterFailed, FlinkCluster, JobRequest, SubmissionFailed
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JobPart, Part, Stage, ground_parts, job_parts, service_parts
from deploy.ports import assign_ports
from deploy.processes import ProcessId
from deploy.settings import FILE_NAME, StackSettings, load_settings
from deploy.state_file import PartState, ProcessState, StackState, read_state, write_state
from deploy.supervisor import PartFailed, ProcessUse, Progress, Supervisor
from domain.errors import LastgangError
from domain.plant import load_plant

_JOB_CHECK_S = 2.0
_JOB_END_S = 60.0
_CHILD_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",
    # Small arrays: numpy's own threads gain nothing and fight for the cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class AlreadyRunning(LastgangError):
    """A stack of this plant runs. Operator: `lastgang status` shows it, `lastgang down` ends it."""


class Stack:
    """Everything that runs for one plant; a context manager that leaves nothing behind.

    Parameters
    ----------
    plant_dir
        Folder with ``plant.toml``.
    settings
        Default: what ``stack.toml`` and the environment say.
    extra_parts
        Further processes, such as a simulated factory; each starts in its stage.
    environment
        Given to every part; `before` may still change `Stack.environment`.
    before
        Called when a stage is about to start, with this stack: the stage before it serves by then. Topics exist from
        `Stage.SERVICES` on.
    jobs, services
        Instead of the plant's jobs, and instead of historian, page, gateway and sinks.

    Raises
    ------
    InputFaults
        If plant file or settings are at fault, or a port is taken; nothing has been started then.
    """

    def __init__(
        self,
        plant_dir: Path,
        settings: StackSettings | None = None,
        *,
        extra_parts: Sequence[Part] = (),
        environment: Mapping[str, str] | None = None,
        before: Mapping[Stage, Callable[[Stack], None]] | None = None,
        jobs: Sequence[JobPart] | None = None,
        services: Sequence[Part] | None = None,
    ) -> None:
        self.plant_dir = plant_dir.resolve()
        load_plant(self.plant_dir / "plant.toml")
        self.settings = settings or load_settings(self.plant_dir)
        self.home = self.settings.home_of(self.plant_dir)
        self.log_folder = self.home / "log"
        self._before = dict(before or {})
        self._extra_parts = list(extra_parts)
        self._lock_file: IO[str] | None = None
        self._take_home()
        try:
            self.ports = assign_ports(self.settings.ports(), FILE_NAME)
        except LastgangError:
            self._release_home()
            raise
        self.broker = KafkaBroker(
            self.home / "kafka", self.ports["kafka.port"], self.ports["kafka.controller_port"], self.settings.kafka.heap_mb
        )
        self.cluster = FlinkCluster(
            self.home / "flink",
            self.ports["flink.rest_port"],
            self.ports["flink.rpc_port"],
            self.settings.flink.sizes(),
            self.log_folder,
        )
        self.supervisor = Supervisor(
            self.log_folder, {**_CHILD_ENVIRONMENT, "LASTGANG_HOME": str(self.home), **(environment or {})}, self._write_state
        )
        table = job_parts(self.plant_dir, self.broker.bootstrap, self.settings.namespace) if jobs is None else jobs
        self._jobs = {job.name: job for job in table}
        self._services = services
        self._job_states: dict[str, PartState] = {}
        self._client_cpu_s: dict[ProcessId, processes.Usage] = {}
        self._phase, self._message = "starting", ""
        self._stopping = threading.Event()
        self._job_keeper: threading.Thread | None = None
        self._job_turn = threading.RLock()
        """Held by whoever submits jobs: one at a time."""
        self._state_lock = threading.Lock()

    @property
    def kafka(self) -> KafkaSettings:
        """Broker and namespace, for clients."""
        return KafkaSettings(self.broker.bootstrap, self.settings.namespace)

    @property
    def console_url(self) -> str:
        """Address of the web page."""
        host = self.settings.console.host
        return f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{self.ports['console.port']}/"

    @property
    def environment(self) -> dict[str, str]:
        """What every part gets that is started from now on."""
        return self.supervisor.environment

    def add_parts(self, parts: Sequence[Part]) -> None:
        """Further processes, for those who need the stack's addresses to name them; call it before `start`."""
        self._extra_parts.extend(parts)

    def add_jobs(self, jobs: Sequence[JobPart]) -> None:
        """Further Flink jobs; call it before `start`."""
        self._jobs |= {job.name: job for job in jobs}

    # -- start ---------------------------------------------------------------------------------------------------------

    def start(self, progress: Progress = lambda name, state: None) -> None:
        """Start all stages and return when everything is ready.

        Raises
        ------
        PartFailed
            If a part does not start; everything has been stopped again then.
        """
        try:
            self._start_ground(progress)
            parts = [*self._service_table(), *self._extra_parts]
            services = [part for part in parts if part.stage is not Stage.EDGE]
            edge = [part for part in parts if part.stage is Stage.EDGE]
            self._announce(Stage.SERVICES)
            self.supervisor.launch(services, progress)
            self._announce(Stage.JOBS)
            self._submit(list(self._jobs.values()), progress, lambda: self.supervisor.check(part.name for part in services))
            self.supervisor.await_ready([part.name for part in services], progress)
            self._job_keeper = threading.Thread(target=self._keep_jobs, name="job-keeper", daemon=True)
            self._job_keeper.start()
            self._announce(Stage.EDGE)
            self.supervisor.launch(edge, progress)
            self.supervisor.await_ready([part.name for part in edge], progress)
        except BaseException as error:
            self._message = str(error) or type(error).__name__
            self.stop(progress, phase="failed")
            raise
        self._phase = "ready"
        self._write_state()

    def _service_table(self) -> Sequence[Part]:
        if self._services is not None:
            return self._services
        return service_parts(self.plant_dir, self.home, self.broker.bootstrap, self.settings, self.ports["console.port"])

    def _start_ground(self, progress: Progress) -> None:
        progress("kafka", "preparing")
        self.broker.prepare()
        self.cluster.prepare()
        parts = ground_parts(self.broker, self.cluster)
        self.supervisor.launch(parts, progress)
        self.supervisor.await_ready([part.name for part in parts], progress)
        ensure_topics(self.kafka)

    def _announce(self, stage: Stage) -> None:
        if stage in self._before:
            self._before[stage](self)

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def _submit(
        self, jobs: Sequence[JobPart], progress: Progress = lambda name, state: None, check: Callable[[], None] = lambda: None
    ) -> None:
        """Submit at once, and wait until all of them run; `check` is called meanwhile and may raise."""
        if not jobs:
            return
        requests = [JobRequest(job.name, job.script, job.arguments, job.settings) for job in jobs]
        for job in jobs:
            self._job_states[job.name] = self._job_state(job.name, "starting")
            progress(f"job {job.name}", "starting")
        with ThreadPoolExecutor(1, thread_name_prefix="submit") as pool:
            submission = pool.submit(
                self.cluster.submit_all, requests, on_submitted=lambda name: progress(f"job {name}", "submitted")
            )
            try:
                while not submission.done() and not self._stopping.is_set():
                    check()
                    self._measure_clients()
                    self._stopping.wait(0.5)
            finally:
                self._end_submissions()
        try:
            ids = submission.result()
        except SubmissionFailed as error:
            raise PartFailed(str(error)) from error
        for name, job_id in ids.items():
            self._await_job(name, job_id)
            self._job_states[name] = self._job_state(name, "running")
            progress(f"job {name}", "ready")
        self._write_state()

    def _await_job(self, name: str, job_id: str) -> None:
        deadline = time.monotonic() + 90.0
        while not (job := self.cluster.job(job_id)) or not job.is_running:
            if time.monotonic() > deadline or (job and job.is_over) or self._stopping.is_set():
                log = self.log_folder / "flink-taskmanager.log"
                if (misfit := self.cluster.state_misfit(job_id) if job else None) is not None:
                    raise PartFailed(self.cluster.misfit_text(name, misfit))
                msg = f"job {name} was accepted but does not run ({job.state if job else 'unknown'}); see {log}"
                raise PartFailed(msg)
            time.sleep(0.2)

    def _end_submissions(self) -> None:
        for client in list(self.cluster.clients.values()):
            processes.stop(client, timeout_s=0.0)

    def _job_state(self, name: str, state: str, note: str = "") -> PartState:
        earlier = self._job_states.get(name)
        restarts = earlier.restarts if earlier else 0
        if state == "starting" and earlier is not None:
            restarts += 1
        return PartState(name=f"job {name}", state=state, restarts=restarts, note=note)

    def _measure_clients(self) -> None:
        for client in list(self.cluster.clients.values()):
            self._client_cpu_s.update(processes.usage(client))

    def _keep_jobs(self) -> None:
        """Submit again what the JobManager has lost or given up; a JobManager that was killed forgets its jobs."""
        backoff_s = _JOB_CHECK_S
        while not self._stopping.wait(backoff_s):
            missing: list[JobPart] = []
            try:
                with self._job_turn:
                    missing = self._missing_jobs()
                    if missing and self.cluster.is_ready():
                        self._submit(missing)
                backoff_s = _JOB_CHECK_S
            except ClusterFailed:
                continue  # the supervisor is bringing the JobManager back
            except LastgangError as error:
                for job in missing:
                    self._job_states[job.name] = self._job_state(job.name, "failed", str(error)[:300])
                backoff_s = min(60.0, backoff_s * 2)

    def restart_job(self, job: JobPart) -> None:
        """Stop the job of this name with a savepoint and let `job` go on from it: with other settings, or as another version.

        Where no savepoint can be had, because the job is restarting just then, it goes on from its newest checkpoint.

        Raises
        ------
        PartFailed
            If it was not accepted or does not run; the supervision goes on trying.
        """
        with self._job_turn:
            self._jobs[job.name] = job
            job_id = self.cluster.newest_job_id(job.name)
            if job_id is not None:
                self._end_job(job_id)
            self._submit([job])

    def _end_job(self, job_id: str) -> None:
        with contextlib.suppress(ClusterFailed):
            self.cluster.stop_with_savepoint(job_id)
        deadline = time.monotonic() + _JOB_END_S
        while (job := self.cluster.job(job_id)) is not None and not job.is_over:
            with contextlib.suppress(ClusterFailed):
                self.cluster.cancel(job_id)
            if time.monotonic() > deadline:
                msg = f"job {job_id} does not end ({job.state}); see {self.log_folder / 'flink-jobmanager.log'}"
                raise PartFailed(msg)
            time.sleep(0.2)

    def job(self, name: str) -> JobPart:
        """The job called `name` as it is kept running; KeyError if there is none."""
        return self._jobs[name]

    def _missing_jobs(self) -> list[JobPart]:
        known = {job.job_id: job for job in self.cluster.jobs()}
        missing = []
        for name, part in self._jobs.items():
            current = known.get(self.cluster.newest_job_id(name) or "")
            if current is None or current.is_over:
                missing.append(part)
                continue
            self._job_states[name] = self._job_state(name, "running" if current.is_running else current.state.lower())
        return missing

    # -- while it runs -------------------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], bool] = lambda: False, poll_s: float = 0.5) -> None:
        """Return when `until` says so.

        Raises
        ------
        PartFailed
            If a part has been given up.
        """
        while True:
            if failed := self.supervisor.failed():
                msg = f"{', '.join(failed)} ended with a wrong input (exit 2); see the logs in {self.log_folder}"
                raise PartFailed(msg)
            if until():
                return
            self._stopping.wait(poll_s)

    def processes(self) -> list[ProcessUse]:
        """Memory and CPU of every part over its whole life, of the submissions, and of this process itself."""
        self.supervisor.measure()
        own = processes.own_usage()
        clients = sum(use.cpu_s for use in self._client_cpu_s.values())
        return [
            *self.supervisor.uses(),
            ProcessUse("flink-submission", 0.0, round(clients, 2)),
            ProcessUse("supervisor", round(own.rss_mb, 1), round(own.cpu_s, 2)),
        ]

    def states(self) -> list[PartState]:
        """Every part and job as it is now."""
        return [*self.supervisor.states(), *self._job_states.values()]

    # -- stop ----------------------------------------------------------------------------------------------------------

    def stop(self, progress: Progress = lambda name, state: None, phase: str = "stopped") -> None:
        """End everything in reverse order; jobs leave a savepoint. Safe to call twice."""
        if self._stopping.is_set():
            return
        with deaf_to_signals():
            self._stopping.set()
            self._phase = "stopping"
            self._write_state()
            self._end_submissions()
            if self._job_keeper is not None:
                self._job_keeper.join()
            by_stage: dict[Stage, list[str]] = {}
            for part in self.supervisor.parts():
                by_stage.setdefault(part.stage, []).append(part.name)
            self.supervisor.stop_watching()
            self.supervisor.stop(by_stage.get(Stage.EDGE, []), progress)
            self._stop_jobs(progress)
            self.supervisor.stop(by_stage.get(Stage.SERVICES, []) + by_stage.get(Stage.JOBS, []), progress)
            for name in reversed(by_stage.get(Stage.GROUND, [])):  # a TaskManager without its JobManager is slow to go
                self.supervisor.stop([name], progress)
            self._phase = phase
            self._write_state()
            self._release_home()

    def _stop_jobs(self, progress: Progress) -> None:
        def end(job_id: str, name: str) -> None:
            progress(f"job {name}", "stopping")
            with contextlib.suppress(ClusterFailed):  # then the newest checkpoint is where it goes on
                self.cluster.stop_with_savepoint(job_id)
            self._job_states[name] = self._job_state(name, "stopped")
            progress(f"job {name}", "stopped")

        try:
            living = {job.job_id for job in self.cluster.jobs() if job.is_running}
        except ClusterFailed:
            return
        chosen = [(job_id, name) for name in self._jobs if (job_id := self.cluster.newest_job_id(name)) in living and job_id]
        if chosen:
            with ThreadPoolExecutor(len(chosen)) as pool:
                list(pool.map(lambda pair: end(*pair), chosen))

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- the home folder -----------------------------------------------------------------------------------------------

    def _take_home(self) -> None:
        """Be the only stack of this home, and clear away what a crashed one left running."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock_file = (self.home / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            state = read_state(self.home)
            who = f" (process {state.supervisor.pid})" if state else ""
            msg = f"a stack of {self.plant_dir} runs already{who}; `lastgang status` shows it, `lastgang down` ends it"
            raise AlreadyRunning(msg) from error
        sweep(self.home)

    def _release_home(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _write_state(self) -> None:
        own = ProcessId.of(os.getpid())
        if own is None or self._lock_file is None:
            return
        with self._state_lock:
            state = StackState(
                phase=self._phase,
                supervisor=ProcessState.of(own),
                plant=str(self.plant_dir),
                message=self._message,
                ports=self.ports,
                parts=tuple(self.states()),
            )
            write_state(self.home, state)


def sweep(home: Path) -> list[str]:
    """End what a supervisor that is gone has left running, newest part first; returns the names."""
    state = read_state(home)
    if state is None or state.is_supervised():
        return []
    left = state.living()
    for part in reversed(left):
        for member in part.family:
            processes.stop(member.identity(), timeout_s=10.0)
    return [part.name for part in left]


@contextlib.contextmanager
def deaf_to_signals() -> Iterator[None]:
    """Within it a second Ctrl-C does nothing: what is being stopped is stopped to the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Within it SIGTERM does what Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)
