"""What is asked of the planner: one site over a horizon of quarter hours, its jobs, machines, shifts, crews and prices.

Time is counted in slots of a quarter hour from 0. A span ``(first, end)`` holds ``first`` and not ``end``. Powers are means over a slot
[kW], money is EUR without VAT. The format is described in ``docs/how-to/plan-jobs-and-shifts.md``.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from domain.toml_files import Settings
from scheduling.planner.plan import Place, Plan

FORMAT = "lastgang.planning-problem.v1"
SLOT_H = 0.25
SLOTS_PER_DAY = 96

Amount = Annotated[float, Field(ge=0)]
Whole = Annotated[int, Field(ge=0)]
Span = tuple[int, int]
Series = tuple[float, ...]
"""One value a slot."""


class Slots(Settings):
    """The horizon; local time is for texts only."""

    start_utc: str
    minutes: Literal[15]
    count: Annotated[int, Field(ge=1, le=100_000)]
    timezone: str


class BaseLoad(Settings):
    """Load that nobody schedules [kW]: its median counts in the energy, its 90 % quantile in the peaks."""

    q50_kw: Series
    q90_kw: Series


class Photovoltaics(Settings):
    """Generation behind the meter [kW]; the energy uses its median, the peaks its 10 % quantile."""

    q50_kw: Series
    q10_kw: Series
    feed_in_eur_per_kwh: Series


class DemandCharge(Settings):
    """Price of a peak above the one that is billed already; it counts in `windows` only, where there are any."""

    id: str
    price_eur_per_kw: Amount
    incumbent_peak_kw: Amount
    windows: tuple[Span, ...] | None = None

    def slots(self, count: int) -> list[int]:
        """Slots of a horizon of `count` slots in which the charge counts."""
        windows = ((0, count),) if self.windows is None else self.windows
        return sorted({slot for first, end in windows for slot in range(first, end)})


class Setup(Settings):
    """Changeover of a machine from one family to another."""

    before: Annotated[str, Field(alias="from")]
    after: Annotated[str, Field(alias="to")]
    slots: Whole


class Machine(Settings):
    """A machine, what it is set up for, and when it cannot be used."""

    id: str
    initial_family: str | None = None
    setups: tuple[Setup, ...] = ()
    unavailable: tuple[Span, ...] = ()

    @cached_property
    def setup_slots(self) -> dict[tuple[str, str], int]:
        """Slots of each listed changeover."""
        return {(setup.before, setup.after): setup.slots for setup in self.setups}

    def setup(self, before: str | None, after: str) -> int:
        """Slots between the end of a job of family `before` and the start of one of `after`."""
        return 0 if before is None else self.setup_slots.get((before, after), 0)


class CrewPrice(Settings):
    """A crew that may work a shift, and what that costs."""

    crew: str
    eur_per_worker_slot: Amount


class Shift(Settings):
    """Workers of one skill in a span; an optional shift counts, and costs, only if it is opened."""

    id: str
    skill: str
    first: Annotated[int, Field(alias="from")]
    end: Annotated[int, Field(alias="to")]
    workers: Whole
    optional: bool
    eur_per_worker_slot: Amount | None = None
    crews: tuple[CrewPrice, ...] = ()
    also: dict[str, Whole] = Field(default_factory=dict)
    """Workers of further skills that come with it; they cost nothing beside `workers`."""

    @cached_property
    def workers_by_skill(self) -> dict[str, int]:
        """Everybody who comes with it."""
        return {**self.also, self.skill: self.also.get(self.skill, 0) + self.workers}

    @property
    def span(self) -> Span:
        """When it is worked."""
        return self.first, self.end

    @cached_property
    def crew_prices(self) -> dict[str, float]:
        """Crew -> price [EUR per worker and slot]."""
        return {price.crew: price.eur_per_worker_slot for price in self.crews}

    def cost_eur(self, crew: str | None) -> float:
        """What it costs if it runs, worked by `crew`."""
        price = (self.eur_per_worker_slot or 0.0) if crew is None else self.crew_prices[crew]
        return self.workers * (self.end - self.first) * price


class Crew(Settings):
    """People who work together; `worked` are their spans before the horizon, in slots below 0."""

    id: str
    worked: tuple[Span, ...] = ()
    max_work_slots: Whole | None = None


class WorkingTime(Settings):
    """Limits for every crew: rest between working days, and work in any 24 hours."""

    min_rest_slots: Whole
    max_work_slots_in_24_h: Whole


class Phase(Settings):
    """A stretch of a job in which power and crew stay the same."""

    slots: Annotated[int, Field(ge=1)]
    power_kw: Amount
    crew: dict[str, Whole] = Field(default_factory=dict)


class Alternative(Settings):
    """One way to run a job: on `machine`, phase after phase, without interruption."""

    machine: str
    phases: tuple[Phase, ...]

    @cached_property
    def duration_slots(self) -> int:
        """Slots from its start to its end."""
        return sum(phase.slots for phase in self.phases)

    @cached_property
    def power_kw(self) -> Series:
        """Power in each of its slots."""
        return tuple(phase.power_kw for phase in self.phases for _ in range(phase.slots))

    @cached_property
    def workers(self) -> dict[str, tuple[int, ...]]:
        """Workers in each of its slots, by skill."""
        skills = sorted({skill for phase in self.phases for skill in phase.crew})
        return {skill: tuple(phase.crew.get(skill, 0) for phase in self.phases for _ in range(phase.slots)) for skill in skills}


class Predecessor(Settings):
    """`job` must have ended `min_gap_slots` before its successor starts."""

    job: str
    min_gap_slots: Whole


class Locked(Settings):
    """Where a job stays that has begun or is promised."""

    machine: str
    start: int


class Job(Settings):
    """One production job; without `skip_penalty_eur` it must run."""

    id: str
    order: str
    family: str
    alternatives: tuple[Alternative, ...]
    earliest: Whole
    due: Whole
    tardiness_eur_per_slot: Amount
    deadline: Whole | None = None
    predecessors: tuple[Predecessor, ...] = ()
    skip_penalty_eur: Amount | None = None
    locked: Locked | None = None

    @cached_property
    def on(self) -> dict[str, Alternative]:
        """Machine -> how the job runs there."""
        return {alternative.machine: alternative for alternative in self.alternatives}

    def end(self, place: Place) -> int:
        """First slot after the job."""
        return place.start + self.on[place.machine].duration_slots


class PlacedJob(Settings):
    """A job of the current plan: on a machine from a slot on, or skipped."""

    id: str
    machine: str | None = None
    start: int | None = None
    skipped: bool = False


class CurrentPlan(Settings):
    """What the plant has planned until now; it may break rules."""

    jobs: tuple[PlacedJob, ...]
    open_shifts: tuple[str, ...] = ()
    crew_of_shift: dict[str, str] = Field(default_factory=dict)


class Changes(Settings):
    """What moving a job costs, and how many may be moved (None: any number)."""

    eur_per_moved_job: Amount
    max_moved_jobs: Whole | None


class Stay(Settings):
    """A vehicle at its charge point. Minutes count from the begin of slot 0, and may lie before it or after the horizon."""

    load: Annotated[str, Field(min_length=1)]
    """Id of the charge point."""
    vehicle: str
    from_min: float
    ready_min: float
    level_kwh: Amount
    """Charge when it is plugged in, or at slot 0 where it stands there already."""
    needed_kwh: Amount
    """Charge that it must have at `ready_min`."""
    capacity_kwh: Annotated[float, Field(gt=0)]
    max_kw: Annotated[float, Field(gt=0)]
    efficiency: Annotated[float, Field(gt=0, le=1)]
    most_charge: Annotated[float, Field(ge=0, le=1)] = 1.0
    gentle_kw: Amount | None = None
    in_base_load: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Which part of its usual charging the base load has in it already."""


class Problem(Settings):
    """One planning problem."""

    format: Literal["lastgang.planning-problem.v1"]
    site: str
    slots: Slots
    energy_price_eur_per_kwh: Series
    base_load: BaseLoad
    demand_charges: tuple[DemandCharge, ...]
    machines: tuple[Machine, ...]
    shifts: tuple[Shift, ...]
    jobs: tuple[Job, ...]
    current_plan: CurrentPlan
    changes: Changes
    pv: Photovoltaics | None = None
    crews: tuple[Crew, ...] | None = None
    working_time: WorkingTime | None = None
    charging: tuple[Stay, ...] | None = None

    @property
    def slot_count(self) -> int:
        """Length of the horizon."""
        return self.slots.count

    @cached_property
    def job(self) -> dict[str, Job]:
        """Jobs by id."""
        return {job.id: job for job in self.jobs}

    @cached_property
    def machine(self) -> dict[str, Machine]:
        """Machines by id."""
        return {machine.id: machine for machine in self.machines}

    @cached_property
    def shift(self) -> dict[str, Shift]:
        """Shifts by id."""
        return {shift.id: shift for shift in self.shifts}

    @cached_property
    def crew(self) -> dict[str, Crew]:
        """Crews by id."""
        return {crew.id: crew for crew in self.crews or ()}

    @cached_property
    def current(self) -> Plan:
        """The current plan."""
        raw = self.current_plan
        return Plan(
            {job.id: Place(job.machine, job.start) for job in raw.jobs if job.machine is not None and job.start is not None},
            frozenset(job.id for job in raw.jobs if job.skipped),
            frozenset(raw.open_shifts),
            dict(raw.crew_of_shift),
        )
