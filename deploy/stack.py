"""The stack of one plant: settings and parts put together, started, watched and stopped as one thing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from connectors.kafka.client import KafkaSettings, ensure_topics
from deploy import processes
from deploy.ground import broker_parts, cluster_parts, ground_of, stop_in_turn
from deploy.home import Home
from deploy.job_keeper import JobKeeper
from deploy.own_use import started_keeper
from deploy.parts import JobPart, Part, Stage, job_parts, service_parts
from deploy.ports import assign_ports
from deploy.running import PartFailed, ProcessUse, Progress
from deploy.settings import FILE_NAME, StackSettings, load_settings
from deploy.signals import deaf_to_signals
from deploy.stack_record import StackRecord, losses_of
from deploy.state_file import PartState, read_state
from deploy.supervisor import Supervisor
from domain.errors import Fault, InputFaults, LastgangError
from domain.plant import load_plant

_CHILD_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",
    # Small arrays: numpy's own threads gain nothing and fight for the cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


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
        Given to every part; `before` may still change ``supervisor.environment``.
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
        self._before: dict[Stage, Callable[[Stack], None]] = {**dict.fromkeys(Stage, _nothing), **(before or {})}
        self._extra_parts = list(extra_parts)
        self._taken = Home(self.home, self.plant_dir)
        try:
            _check_namespace(self.home, self.settings.namespace)
            self.ports = assign_ports(self.settings.ports(), FILE_NAME)
        except LastgangError:
            self._taken.release()
            raise
        self.broker, self.cluster = ground_of(self.settings, self.ports, self.home)
        self.supervisor = Supervisor(
            self.log_folder, {**_CHILD_ENVIRONMENT, "LASTGANG_HOME": str(self.home), **(environment or {})}, self._write_state
        )
        table = job_parts(self.plant_dir, self.broker.bootstrap, self.settings.namespace) if jobs is None else jobs
        self.jobs = JobKeeper(self.cluster, table, self._write_state)
        self._services = services
        self._losses = losses
        self._record = StackRecord(self._taken, self.plant_dir, self.ports, self.settings.namespace, self.console_url)
        self._stopping = threading.Event()
        self._closing = ExitStack()

    @property
    def kafka(self) -> KafkaSettings:
        """Broker and namespace, for clients."""
        return KafkaSettings(self.broker.bootstrap, self.settings.namespace)

    @property
    def console_url(self) -> str:
        """Address of the web page."""
        return self.settings.console.url(self.ports["console.port"])

    def add_parts(self, parts: Sequence[Part]) -> None:
        """Further processes, for those who need the stack's addresses to name them; call it before `start`."""
        self._extra_parts.extend(parts)

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
            self._before[Stage.SERVICES](self)
            self.supervisor.launch(services, progress)
            self._before[Stage.JOBS](self)
            self.jobs.submit(progress=progress)
            self._settle(services, progress)
            self.jobs.keep()
            self._before[Stage.EDGE](self)
            self.supervisor.launch(edge, progress)
            self._settle(edge, progress)
            if self._losses == "stop" and (losses := self.losses()):
                raise PartFailed("\n".join(losses))
        except BaseException as error:
            self._record.message = str(error) or type(error).__name__
            self.stop(progress, phase="failed")
            raise
        self._note_phase("ready")
        self._closing.callback(started_keeper(self.plant_dir, self.supervisor, self.kafka, self.processes).stop)

    def _service_table(self) -> Sequence[Part]:
        if self._services is not None:
            return self._services
        return service_parts(self.plant_dir, self.home, self.broker.bootstrap, self.settings, self.ports["console.port"])

    def _start_ground(self, progress: Progress) -> None:
        progress("kafka", "preparing")
        parts = [*broker_parts(self.broker), *cluster_parts(self.cluster)]
        self.supervisor.launch(parts, progress)
        self._settle(parts, progress)
        ensure_topics(self.kafka)

    def _settle(self, parts: Sequence[Part], progress: Progress) -> None:
        names = [part.name for part in parts]
        if self._losses == "bear":
            self.supervisor.settle(names, progress)
        else:
            self.supervisor.await_ready(names, progress)

    def wait(self, until: Callable[[], bool] = lambda: False, poll_s: float = 0.5) -> None:
        """Return when `until` says so.

        Raises
        ------
        PartFailed
            If a part has been given up whose loss is not borne.
        """
        while True:
            if given_up := self.supervisor.failed(only_essential=self._losses == "bear"):
                msg = "\n".join(line for line in self.losses() if line.startswith(tuple(given_up)))
                raise PartFailed(msg)
            if until():
                return
            self._stopping.wait(poll_s)

    def losses(self) -> list[str]:
        """A line for each part and job that does not run: its name, how it is, and why."""
        return losses_of(self.states())

    def processes(self) -> list[ProcessUse]:
        """Memory and CPU of every part over its whole life, of the submissions, and of this process itself."""
        self.supervisor.measure()
        own = processes.own_usage()
        return [
            *self.supervisor.uses(),
            ProcessUse("flink-submission", 0.0, round(self.jobs.client_cpu_s(), 2)),
            ProcessUse("supervisor", round(own.memory_mb, 1), round(own.cpu_s, 2)),
        ]

    def states(self) -> list[PartState]:
        """Every part and job as it is now."""
        return [*self.supervisor.states(), *self.jobs.states()]

    # -- stop ----------------------------------------------------------------------------------------------------------

    def stop(self, progress: Progress = lambda name, state: None, phase: str = "stopped") -> None:
        """End everything in reverse order; jobs leave a savepoint. Safe to call twice."""
        if self._stopping.is_set():
            return
        with deaf_to_signals():
            self._stopping.set()
            self._note_phase("stopping")
            self._closing.close()
            self.jobs.stop_keeping()
            by_stage = _names_by_stage(self.supervisor.parts())
            self.supervisor.stop_watching()
            self.supervisor.stop(by_stage.get(Stage.EDGE, []), progress)
            self.jobs.stop(progress)
            self.supervisor.stop(by_stage.get(Stage.SERVICES, []) + by_stage.get(Stage.JOBS, []), progress)
            stop_in_turn(self.supervisor, by_stage.get(Stage.GROUND, []), progress)
            self._note_phase(phase)
            self._taken.release()

    def _note_phase(self, phase: str) -> None:
        self._record.phase = phase
        self._write_state()

    def _write_state(self) -> None:
        with self.supervisor.lock:
            self._record.write(self.states())

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _names_by_stage(parts: Sequence[Part]) -> dict[Stage, list[str]]:
    found: dict[Stage, list[str]] = {}
    for part in parts:
        found.setdefault(part.stage, []).append(part.name)
    return found


def _nothing(stack: Stack) -> None:
    """What is done before a stage that nobody wants anything of."""


def _check_namespace(home: Path, namespace: str) -> None:
    """Jobs that went on from states of another namespace would read its topics, find no place for the results, and fail at each start."""
    before = read_state(home)
    if before is not None and before.namespace != namespace:
        expected = f"{before.namespace!r}, to which the data in {home} belong; or rename that folder and begin without them"
        raise InputFaults([Fault(FILE_NAME, None, "namespace", repr(namespace), expected)])
