"""What the stack itself uses: CPU time by part and by Flink job, and electricity, once an hour of the plant's time as a record.

In: the processes of the parts, the threads of Flink's TaskManager, the processor's energy counters where they can be read.  Out: `OwnUse` records on their topic.
What can be read is measured, and the record says how; nothing of it stops the stack.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from connectors.kafka.client import KafkaSettings, RecordProducer
from deploy.event_log import EventLog
from deploy.ground import TASKMANAGER
from deploy.processes import ProcessId
from deploy.running import ProcessUse
from deploy.supervisor import Supervisor
from domain.clock import Clock, clock_from_setting
from domain.own_use import EnergyBasis, OwnUse, PartUse
from domain.plant import load_plant
from domain.topics import OWN_USE
from domain.units import WATTS_PER_CORE
from stream_jobs.jobs import Job, jobs_of

HOUR = timedelta(hours=1)
LOOK_S = 5.0
"""Of the computer's clock, between two looks: a thread that ended in between is missed."""
THREAD_NAME = 15
"""Characters that Linux keeps of a thread's name."""
_UJ_PER_WH = 3.6e9
_DELIVERY_MS = 10_000
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def thread_seconds(pid: int) -> dict[tuple[int, str], float]:
    """(thread id, name) -> CPU-seconds since it began, of each thread of a process; empty where Linux does not say."""
    found: dict[tuple[int, str], float] = {}
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                before, _, after = (task / "stat").read_text(errors="replace").rpartition(")")
                fields = after.split()
                found[int(task.name), before.partition("(")[2]] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    return found


def job_of_thread(jobs: Iterable[Job]) -> dict[str, str]:
    """Beginning of a task thread's name -> the job that it works for.

    Flink calls a thread after its chain of operators (``advice step -> ...``), and `stream_jobs.pipeline` the first of them after its uid.
    """
    return {row.uid.replace("-", " ")[:THREAD_NAME]: job.name for job in jobs for row in job.steps}


class PackageEnergy:
    """Energy counters of the processor packages (RAPL), as far as this process may read them.

    Parameters
    ----------
    folder
        Where Linux shows them.
    """

    def __init__(self, folder: Path = Path("/sys/class/powercap")) -> None:
        self._counters = [one for one in sorted(folder.glob("intel-rapl:[0-9]*")) if one.name.count(":") == 1]
        self._before = self._read()

    def wh_since(self) -> float | None:
        """Energy of all packages since the last call [Wh]; None where it cannot be read."""
        before, self._before = self._before, self._read()
        if not before or before.keys() != self._before.keys():
            return None
        total_uj = 0
        for counter, now_uj in self._before.items():
            advance = now_uj - before[counter]
            total_uj += advance if advance >= 0 else advance + self._range_uj(counter)  # it begins again at zero
        return total_uj / _UJ_PER_WH

    def _read(self) -> dict[Path, int]:
        with contextlib.suppress(OSError, ValueError):
            return {one: int((one / "energy_uj").read_text()) for one in self._counters}
        return {}

    @staticmethod
    def _range_uj(counter: Path) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int((counter / "max_energy_range_uj").read_text())
        return 0


def machine_cpu_s() -> float | None:
    """CPU-seconds that all processes of the computer have used since it started; None where Linux does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        user, nice, system, _, _, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
        return (user + nice + system + irq + softirq) / _TICKS_PER_S
    return None


@dataclass(slots=True)
class UseMeter:
    """CPU time since the last record, from counters that only grow; whatever begins again counts from its own beginning."""

    before: dict[str, float] = field(default_factory=dict)
    threads: dict[tuple[int, str], float] = field(default_factory=dict)
    jobs: dict[str, float] = field(default_factory=dict)

    def look(self, threads: Mapping[tuple[int, str], float], job_of: Mapping[str, str]) -> None:
        """Add what each thread used since the last look to its job."""
        for thread, cpu_s in threads.items():
            job = next((job for begin, job in job_of.items() if thread[1].startswith(begin)), None)
            if job is not None:
                self.jobs[job] = self.jobs.get(job, 0.0) + max(cpu_s - self.threads.get(thread, 0.0), 0.0)
        self.threads = dict(threads)

    def taken(self, uses: Iterable[ProcessUse]) -> tuple[tuple[PartUse, ...], tuple[PartUse, ...]]:
        """Parts and jobs since the last call, the largest first."""
        now = {use.name: use.cpu_s for use in uses}
        parts = {name: max(cpu_s - self.before.get(name, 0.0), 0.0) for name, cpu_s in now.items()}
        jobs, self.before, self.jobs = self.jobs, now, {}
        return _sorted(parts), _sorted(jobs)


def _sorted(cpu_s: Mapping[str, float]) -> tuple[PartUse, ...]:
    return tuple(PartUse(name, round(value, 3)) for name, value in sorted(cpu_s.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures come from."""

    uses: Callable[[], Sequence[ProcessUse]]
    """Of every part over its whole life."""
    taskmanager: Callable[[], ProcessId | None]
    energy: PackageEnergy = field(default_factory=PackageEnergy)
    machine_cpu_s: Callable[[], float | None] = machine_cpu_s


class OwnUseKeeper:
    """Publishes a record at each full hour of the plant's time.

    Parameters
    ----------
    deliver
        Sends a record; what it raises goes to `note`.
    """

    def __init__(
        self,
        site: str,
        jobs: Iterable[Job],
        clock: Clock,
        sources: Sources,
        deliver: Callable[[OwnUse], None],
        note: Callable[[str], None],
    ) -> None:
        self._site, self._clock, self._sources, self._deliver, self._note = site, clock, sources, deliver, note
        self._job_of = job_of_thread(jobs)
        self._meter = UseMeter()
        self._since_utc = clock.now_utc()
        self._machine_cpu_s = sources.machine_cpu_s()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="own-use", daemon=True)

    def start(self) -> None:
        """Begin; what the parts used before counts into the first record."""
        self._thread.start()

    def stop(self) -> None:
        """End, with a record of the hour that has begun."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look(self._clock.now_utc())
        self.publish(self._clock.now_utc())

    def look(self, now_utc: datetime) -> None:
        """Look at the threads, and publish where an hour has ended."""
        process = self._sources.taskmanager()
        self._meter.look({} if process is None else thread_seconds(process.pid), self._job_of)
        if now_utc.replace(minute=0, second=0, microsecond=0) > self._since_utc:
            self.publish(now_utc)

    def publish(self, now_utc: datetime) -> None:
        """Publish what was used since the last record."""
        if now_utc <= self._since_utc:
            return
        parts, jobs = self._meter.taken(self._sources.uses())
        energy_wh, basis = self._energy_wh(sum(part.cpu_s for part in parts))
        record = OwnUse(self._site, self._since_utc, now_utc, parts, jobs, round(energy_wh, 6), basis, platform.node()[:200])
        self._since_utc = now_utc
        try:
            self._deliver(record)
        except Exception as error:  # the broker is away: the stack has other worries than its own electricity
            self._note(f"{type(error).__name__}: {error}")

    def _energy_wh(self, cpu_s: float) -> tuple[float, EnergyBasis]:
        """Our share of what the processor drew, by CPU time; by the model where that cannot be read."""
        package_wh, before, now = self._sources.energy.wh_since(), self._machine_cpu_s, self._sources.machine_cpu_s()
        self._machine_cpu_s = now
        if package_wh is None or before is None or now is None or now <= before:
            return cpu_s * WATTS_PER_CORE / 3600, EnergyBasis.MODEL
        return package_wh * min(cpu_s / (now - before), 1.0), EnergyBasis.RAPL


def started_keeper(
    plant_dir: Path, supervisor: Supervisor, kafka: KafkaSettings, uses: Callable[[], Sequence[ProcessUse]]
) -> OwnUseKeeper:
    """The keeper of a stack, begun: on the clock that its parts have, to its broker."""
    plant = load_plant(plant_dir / "plant.toml")
    clock = clock_from_setting(supervisor.environment.get("LASTGANG_CLOCK", os.environ.get("LASTGANG_CLOCK")))
    sources = Sources(uses, lambda: supervisor.identity(TASKMANAGER))

    events = EventLog(supervisor.log_folder / "supervisor.log")

    def note(why: str) -> None:
        events.write("own_use_not_recorded", why=why)

    def deliver(use: OwnUse) -> None:
        with RecordProducer(kafka, delivery_timeout_ms=_DELIVERY_MS) as producer:
            producer.deliver(OWN_USE, use, _DELIVERY_MS / 1000)

    keeper = OwnUseKeeper(plant.site.id, jobs_of(plant), clock, sources, deliver, note)
    keeper.start()
    return keeper
