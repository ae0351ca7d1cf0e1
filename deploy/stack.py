"""The stack of one plant: settings and parts put together, started, watched and stopped as one thing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Literal

from connectors.kafka.client import KafkaSettings, ensure_topics
from deploy import processes
from deploy.flink_cluster import FlinkCluster
from deploy.job_keeper import JobKeeper
from deploy.kafka_broker import KafkaBroker
from deploy.parts import JobPart, Part, Stage, ground_parts, job_parts, service_parts
from deploy.ports import assign_ports
from deploy.processes import ProcessId
from deploy.settings import FILE_NAME, StackSettings, load_settings
from deploy.state_file import PartState, ProcessState, StackState, read_state, write_state
from deploy.supervisor import PartFailed, ProcessUse, Progress, Supervisor
from domain.errors import Fault, InputFaults, LastgangError
from domain.plant import load_plant

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
    losses
        What a part means that does not run though the broker does: ``stop`` raises and stops everything, ``bear`` reports it and
        keeps the others running.

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
        losses: Literal["stop", "bear"] = "stop",
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
        self._jobs = JobKeeper(self.cluster, table, self._write_state)
        self._services = services
        self._losses = losses
        self._phase, self._message = "starting", ""
        self._stopping = threading.Event()

    @property
    def kafka(self) -> KafkaSettings:
        """Broker and namespace, for clients."""
        return KafkaSettings(self.broker.bootstrap, self.settings.namespace)

    @property
    def console_url(self) -> str:
        """Address of the web page."""
        return self.settings.console.url(self.ports["console.port"])

    @property
    def environment(self) -> dict[str, str]:
        """What every part gets that is started from now on."""
        return self.supervisor.environment

    def add_parts(self, parts: Sequence[Part]) -> None:
        """Further processes, for those who need the stack's addresses to name them; call it before `start`."""
        self._extra_parts.extend(parts)

    def add_jobs(self, jobs: Sequence[JobPart]) -> None:
        """Further Flink jobs; call it before `start`."""
        self._jobs.add(jobs)

    # -- start ---------------------------------------------------------------------------------------------------------

    def start(self, progress: Progress = lambda name, state: None) -> None:
        """Start all stages and return when everything is ready, or, where losses are borne, when it is clear what is not.

        Raises
        ------
        PartFailed
            If the broker does not start, or any part where losses are not borne; everything has been stopped again then.
        """
        try:
            self._start_ground(progress)
            parts = [*self._service_table(), *self._extra_parts]
            services = [part for part in parts if part.stage is not Stage.EDGE]
            edge = [part for part in parts if part.stage is Stage.EDGE]
            self._announce(Stage.SERVICES)
            self.supervisor.launch(services, progress)
            self._announce(Stage.JOBS)
            self._jobs.submit(progress=progress)
            self._settle(services, progress)
            self._jobs.keep()
            self._announce(Stage.EDGE)
            self.supervisor.launch(edge, progress)
            self._settle(edge, progress)
            self._check_losses()
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
        self._settle(parts, progress)
        ensure_topics(self.kafka)

    def _settle(self, parts: Sequence[Part], progress: Progress) -> None:
        names = [part.name for part in parts]
        if self._losses == "bear":
            self.supervisor.settle(names, progress)
        else:
            self.supervisor.await_ready(names, progress)

    def _announce(self, stage: Stage) -> None:
        if stage in self._before:
            self._before[stage](self)

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def restart_job(self, job: JobPart) -> None:
        """Stop the job of this name with a savepoint and let `job` go on from it: with other settings, or as another version.

        Raises
        ------
        PartFailed
            If it was not accepted or does not run; the supervision goes on trying.
        """
        self._jobs.restart(job)

    def job(self, name: str) -> JobPart:
        """The job called `name` as it is kept running; KeyError if there is none."""
        return self._jobs.job(name)

    # -- while it runs -------------------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], bool] = lambda: False, poll_s: float = 0.5) -> None:
        """Return when `until` says so.

        Raises
        ------
        PartFailed
            If a part has been given up whose loss is not borne.
        """
        while True:
            given_up = [name for name in self.supervisor.failed() if self._losses == "stop" or self.supervisor.is_essential(name)]
            if given_up:
                msg = "\n".join(line for line in self.losses() if line.startswith(tuple(given_up)))
                raise PartFailed(msg)
            if until():
                return
            self._stopping.wait(poll_s)

    def losses(self) -> list[str]:
        """A line for each part and job that does not run: its name, how it is, and why."""
        return losses_of(self.states())

    def _check_losses(self) -> None:
        if self._losses == "stop" and (losses := self.losses()):
            raise PartFailed("\n".join(losses))

    def processes(self) -> list[ProcessUse]:
        """Memory and CPU of every part over its whole life, of the submissions, and of this process itself."""
        self.supervisor.measure()
        own = processes.own_usage()
        return [
            *self.supervisor.uses(),
            ProcessUse("flink-submission", 0.0, round(self._jobs.client_cpu_s(), 2)),
            ProcessUse("supervisor", round(own.rss_mb, 1), round(own.cpu_s, 2)),
        ]

    def states(self) -> list[PartState]:
        """Every part and job as it is now."""
        return [*self.supervisor.states(), *self._jobs.states()]

    # -- stop ----------------------------------------------------------------------------------------------------------

    def stop(self, progress: Progress = lambda name, state: None, phase: str = "stopped") -> None:
        """End everything in reverse order; jobs leave a savepoint. Safe to call twice."""
        if self._stopping.is_set():
            return
        with deaf_to_signals():
            self._stopping.set()
            self._phase = "stopping"
            self._write_state()
            self._jobs.stop_keeping()
            by_stage: dict[Stage, list[str]] = {}
            for part in self.supervisor.parts():
                by_stage.setdefault(part.stage, []).append(part.name)
            self.supervisor.stop_watching()
            self.supervisor.stop(by_stage.get(Stage.EDGE, []), progress)
            self._jobs.stop(progress)
            self.supervisor.stop(by_stage.get(Stage.SERVICES, []) + by_stage.get(Stage.JOBS, []), progress)
            for name in reversed(by_stage.get(Stage.GROUND, [])):  # a TaskManager without its JobManager is slow to go
                self.supervisor.stop([name], progress)
            self._phase = phase
            self._write_state()
            self._release_home()

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- the home folder -----------------------------------------------------------------------------------------------

    def _take_home(self) -> None:
        """Be the only stack of this home, and clear away what a crashed one left running."""
        make_home(self.home)
        self._lock_file = (self.home / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(already_running(self.plant_dir, read_state(self.home))) from error
        sweep(self.home)

    def _release_home(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _write_state(self) -> None:
        own = ProcessId.of(os.getpid())
        if own is None or self._lock_file is None:
            return
        with self.supervisor.lock:
            parts = tuple(self.states())
            losses = losses_of(parts) if self._phase == "ready" else []
            state = StackState(
                phase="degraded" if losses else self._phase,
                supervisor=ProcessState.of(own),
                plant=str(self.plant_dir),
                message="\n".join(losses) or self._message,
                ports=self.ports,
                namespace=self.settings.namespace,
                page=self.console_url,
                parts=parts,
            )
            write_state(self.home, state)


def already_running(plant_dir: Path, state: StackState | None) -> str:
    """What is said to whoever starts a second stack of one plant."""
    who = f" (process {state.supervisor.pid}, {state.phase})" if state else ""
    return f"a stack of {plant_dir} runs already{who}; `lastgang status` shows it, `lastgang down` ends it"


def make_home(home: Path) -> None:
    """Make the folder of a stack's data where it is not there yet.

    Raises
    ------
    InputFaults
        If nothing can be written there.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("a"):
            pass
    except OSError as error:
        expected = "a folder that can be written (set `home` in stack.toml, or LASTGANG_HOME, to one)"
        raise InputFaults([Fault(FILE_NAME, None, "home", f"{str(home)!r}: {error.strerror}", expected)]) from error


def losses_of(parts: Sequence[PartState]) -> list[str]:
    """A line for each part that does not run: its name, how it is, and why."""
    return [f"{part.name} {part.state}: {part.note}".removesuffix(": ") for part in parts if part.state != "running"]


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
