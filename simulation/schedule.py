"""Which job a machine runs at an instant. A machine runs one job at a time; where two overlap, the later start waits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.lifelike import Nature
from simulation.surroundings import QUARTER_S

QUARTERS_A_DAY = 96


@dataclass(frozen=True, slots=True)
class Job:
    """One production job as the factory sees it."""

    job: str
    machine: str
    start_s: int
    quarters: int
    moved: bool = False
    """Whether advice has moved it."""

    @property
    def end_s(self) -> int:
        """First second after it."""
        return self.start_s + self.quarters * QUARTER_S


class Schedule:
    """All jobs, by machine; read every tick, changed rarely.

    Parameters
    ----------
    nature
        How much later than planned jobs begin and end; not at all if None.
    """

    def __init__(self, nature: Nature | None = None) -> None:
        self._nature = nature
        self._jobs: dict[str, Job] = {}
        self._rows: dict[str, list[Job]] = {}
        self._known: dict[str, tuple[str, float]] = {}

    def put(self, job: Job) -> None:
        """Add a job, or replace the one of its name."""
        known = self._jobs.get(job.job)
        if known is not None:
            self._rows[known.machine].remove(known)
        self._jobs[job.job] = job
        row = self._rows.setdefault(job.machine, [])
        row.append(job)
        row.sort(key=lambda j: (j.start_s, j.job))
        self._known.pop(job.machine, None)

    def move(self, job: str, start_s: int) -> None:
        """Give a job another start."""
        self.put(replace(self._jobs[job], start_s=start_s))

    def forget_before(self, t_s: float) -> None:
        """Drop jobs that ended before `t_s`, so that a long run stays small."""
        kept_s = 0 if self._nature is None else QUARTERS_A_DAY * QUARTER_S
        for job in [j for j in self._jobs.values() if j.end_s + kept_s < t_s]:
            del self._jobs[job.job]
            self._rows[job.machine].remove(job)

    def jobs(self) -> list[Job]:
        """All jobs there are."""
        return list(self._jobs.values())

    def running(self, machine: str, t_s: float) -> str:
        """Name of the job on `machine` at `t_s`, empty if there is none."""
        known = self._known.get(machine)
        if known is not None and t_s < known[1]:
            return known[0]
        name, until = self._look(machine, t_s)
        self._known[machine] = (name, until)
        return name

    def spans(self, machine: str) -> list[tuple[str, float, float]]:
        """Job, real begin and real end [s since 1970] of every job on `machine`, in order."""
        free_from, found = 0.0, []
        for job in self._rows.get(machine, ()):
            begin, end = self._span(job, free_from)
            found.append((job.job, begin, end))
            free_from = end
        return found

    def _look(self, machine: str, t_s: float) -> tuple[str, float]:
        free_from = 0.0
        for job in self._rows.get(machine, ()):
            begin, end = self._span(job, free_from)
            if t_s < begin:
                return "", begin
            if t_s < end:
                return job.job, end
            free_from = end
        return "", float("inf")

    def _span(self, job: Job, free_from_s: float) -> tuple[float, float]:
        """When a job really begins and ends on a machine that is free from `free_from_s` on."""
        length_s = float(job.quarters * QUARTER_S)
        if self._nature is None:
            begin = max(job.start_s, free_from_s)
            return begin, begin + length_s
        begin = max(job.start_s + self._nature.delay_s(job.job, job.moved), free_from_s)
        return begin, self._nature.end_s(job.job, job.machine, begin, length_s)
