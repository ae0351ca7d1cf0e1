"""Advice as a contract: what to change in the plan, and a person's decision on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Fact, Facts
from domain.instants import LocalDay, UtcInstant
from domain.orders import Workers
from domain.texts import Key, Name, Text
from domain.units import Amount, Count, Int64, Power, Share

Conditions = Annotated[tuple[Fact, ...], Field(max_length=20)]

MOST_LOAD_PLACES = 400
"""Spans of loads in one recommendation."""
ADVICE_QUARTERS = 4
"""The newest quarter hours of the billing meter that must be known and sound before anything is advised."""


class RecommendationStatus(StrEnum):
    """Where a recommendation stands. ``carried_out``: its jobs ran where it was advised to; what that was worth is not measured."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CARRIED_OUT = "carried_out"


class Action(StrEnum):
    """What is to be changed in the plan."""

    MOVE_JOB = "move_job"
    """A job starts earlier or later on its machine."""
    SWAP_JOBS = "swap_jobs"
    """Several jobs change their places."""
    OTHER_MACHINE = "other_machine"
    """A job runs on another machine that can do it."""
    SHIFT_EARLIER = "shift_earlier"
    SHIFT_LATER = "shift_later"
    OPEN_SHIFT = "open_shift"
    """An optional shift is worked."""
    DROP_SHIFT = "drop_shift"
    """An optional shift is not worked."""
    HOLD = "hold"
    """Loads that can wait are held back inside the running quarter hour."""
    RELEASE = "release"
    """Loads that are held back may draw again."""
    SHIFT_LOAD = "shift_load"
    """Loads that can wait draw at other times."""
    SET_POINT = "set_point"
    """A set point of machines is changed for good: a pressure, a temperature."""
    SWITCH_OFF = "switch_off"
    """A machine is switched off wholly while nobody needs it, instead of left at rest."""
    DO_NOTHING = "do_nothing"
    """Of an alternative only: the plan stays."""


CHANGES_WORKING_TIME = frozenset({Action.SHIFT_EARLIER, Action.SHIFT_LATER, Action.OPEN_SHIFT, Action.DROP_SHIFT})
"""Actions that a works council has a say in (in Germany: BetrVG section 87)."""
_SHIFTS = {  # action -> shifts before and after
    Action.SHIFT_EARLIER: (1, 1),
    Action.SHIFT_LATER: (1, 1),
    Action.OPEN_SHIFT: (0, 1),
    Action.DROP_SHIFT: (1, 0),
}
OF_LOADS = frozenset({Action.HOLD, Action.RELEASE, Action.SHIFT_LOAD})
"""Actions on loads that can wait; they change neither jobs nor shifts."""
OF_SETTINGS = frozenset({Action.SET_POINT, Action.SWITCH_OFF})
"""Actions on how machines are set; they are for good, and for no peak."""


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Where and when a job runs.

    Raises
    ------
    ValueError
        If it ends before it starts.
    """

    job: Key
    machine: Key
    start_utc: UtcInstant
    end_utc: UtcInstant

    def __post_init__(self) -> None:
        _check_span(self.start_utc, self.end_utc)


@dataclass(frozen=True, slots=True)
class ShiftPlace:
    """When a shift is worked, and by whom.

    Raises
    ------
    ValueError
        If it ends before it starts.
    """

    shift: Key
    """A shift of the plant file."""
    day_local: LocalDay
    """The day on which it begins."""
    start_utc: UtcInstant
    end_utc: UtcInstant
    crew: Name = ""
    """Empty: not named."""
    workers: Annotated[tuple[Workers, ...], Field(max_length=20)] = ()

    def __post_init__(self) -> None:
        _check_span(self.start_utc, self.end_utc)


@dataclass(frozen=True, slots=True)
class LoadPlace:
    """When a load that can wait draws `kw`, or is held back by that much.

    Raises
    ------
    ValueError
        If it ends before it starts.
    """

    load: Key
    """Its id in the plant file (``[[flexible.*]]``)."""
    kw: Power
    """Mean over the span."""
    start_utc: UtcInstant
    end_utc: UtcInstant

    def __post_init__(self) -> None:
        _check_span(self.start_utc, self.end_utc)


@dataclass(frozen=True, slots=True)
class SetPoint:
    """How a machine is set: the mean of what one of its channels shows, or is to show."""

    machine: Key
    channel: Key
    """A channel of the machine's meter, as the plant file names it; ``power`` where the machine is to be switched off."""
    value: Amount
    """In `unit`."""
    unit: Name


def _check_span(start_utc: datetime, end_utc: datetime) -> None:
    if end_utc < start_utc:
        msg = f"{start_utc.isoformat()} to {end_utc.isoformat()}: expected an end after the start"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Places:
    """The part of a plan that is to be changed, as it is or as it would be."""

    jobs: Annotated[tuple[JobPlace, ...], Field(max_length=100)] = ()
    shifts: Annotated[tuple[ShiftPlace, ...], Field(max_length=100)] = ()
    loads: Annotated[tuple[LoadPlace, ...], Field(max_length=MOST_LOAD_PLACES)] = ()
    """A load may stand here several times, once for each span."""
    set_points: Annotated[tuple[SetPoint, ...], Field(max_length=50)] = ()

    @property
    def starts_utc(self) -> tuple[datetime, ...]:
        """When each of them begins: shifts first, loads last."""
        jobs, loads = ((place.start_utc for place in self.jobs), (place.start_utc for place in self.loads))
        return (*(shift.start_utc for shift in self.shifts), *jobs, *loads)


@dataclass(frozen=True, slots=True)
class Driver:
    """What a machine's jobs draw in the quarter hour of the peak, and which share of the whole peak that is."""

    machine: Key
    kw: Power
    share: Share


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line of the bill of the billing period, before and after."""

    line: Key
    """Its id in the tariff."""
    before_eur: Amount
    after_eur: Amount

    @property
    def saving_eur(self) -> float:
        """By how much the line falls."""
        return self.before_eur - self.after_eur


@dataclass(frozen=True, slots=True)
class Versions:
    """What a recommendation was made from."""

    forecast_issued_utc: UtcInstant
    forecast_model: Name
    orders: Count
    """How many jobs were known."""
    orders_hash: Name
    """Of their revisions: two equal ones are the same plan."""
    planner: Name
    """Which planner found it: its name and version."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another change for the same peak, or *do nothing*, and why it is second."""

    action: Action
    after: Places
    """The plan that it leads to; for *do nothing* as it is."""
    peak_after_kw: Power
    saving_eur: Amount | None
    """Against *do nothing*; None where no tariff prices it."""
    reason: Facts = field(default=())


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Change a plan from `before` to `after`; the record with the highest `revision` counts.

    `before.jobs` and `after.jobs` hold the same jobs in the same order, the one that it is about first; jobs that a shift takes along
    belong to it. Accepting it means all of it.

    Of loads that can wait: ``hold`` names in `after.loads` what is held back, by how much and from when to when, and `valid_until_utc` is the
    last instant at which that still helps; ``release`` names in `before.loads` what was held back and in `after.loads` from when the same loads
    may draw it again; ``shift_load`` names what loads would draw and what they draw instead.

    Of settings (``set_point``, ``switch_off``): `before.set_points` and `after.set_points` hold the same channels of the same machines in the same
    order. They are for no peak: `peak_start_utc` is the quarter hour of the issue, `peak_before_kw`, `peak_after_kw` and `reduction_kw` are what
    the machines draw in the mean over all hours, `saving_eur` is what their energy costs less in a year of days like those measured (the demand
    charge is taken to stay), and `confidence` is the probability that they save at least the lower end of the interval in `reason`.

    Of all others `saving_eur` is ``bill(before) - bill(after)`` for the billing period (law 5), the mean over days as they may come, less what the
    change itself costs (surcharges of a shift): 0 where the billed peak does not fall. `peak_before_kw`, `peak_after_kw` and `reduction_kw`
    are those of the forecast's median alone: the peak that comes falls by less, and often by nothing (`confidence`). All money is None where no tariff prices it: unknown is not zero.
    Charges that cannot be priced are in neither bill and named in `reason` and `not_checked`; `saving_energy_eur` is None where the
    price of the energy that moves is one of them.

    Raises
    ------
    ValueError
        If what is changed does not fit the action.
    """

    site: Key
    recommendation: Key
    revision: Int64
    status: RecommendationStatus
    issued_utc: UtcInstant
    at_utc: UtcInstant
    """Event time of this revision."""
    valid_until_utc: UtcInstant
    """Latest useful time; after it the recommendation expires."""
    action: Action
    before: Places
    after: Places
    peak_start_utc: UtcInstant
    """The quarter hour whose forecast peak it lowers."""
    peak_before_kw: Power
    peak_after_kw: Power
    reduction_kw: Power
    bill_before_eur: Amount | None
    bill_after_eur: Amount | None
    saving_eur: Amount | None
    saving_demand_eur: Amount | None
    saving_energy_eur: Amount | None
    confidence: Share
    """Probability that the peak until the end of its day is lower with it than without, all other advice as it stands, 0..1."""
    reason: Facts = field(default=())
    """Why, sentence by sentence; `words.sentences` makes text of it."""
    alternatives: Annotated[tuple[Alternative, ...], Field(max_length=100)] = field(default=())
    checked: Conditions = field(default=())
    not_checked: Conditions = field(default=())
    decided_by: Name | None = None
    lines: Annotated[tuple[LineChange, ...], Field(max_length=100)] = ()
    """Lines of the bill that change; empty where the bill is not known."""
    cost_eur: Amount = 0.0
    """What the change itself costs, in no line of the bill: surcharges of shifts."""
    co2_kg: Amount | None = None
    """By how much emissions fall; None: not known."""
    drivers: Annotated[tuple[Driver, ...], Field(max_length=100)] = ()
    """Machines with jobs in the quarter hour of the peak, the largest first."""
    binding_rule: Key | None = None
    """The condition (`domain.facts`, ``condition.*``) that keeps a better change from being advised; None: none does."""
    needs_works_council: bool = False
    """Whether working time changes."""
    versions: Versions | None = None

    def __post_init__(self) -> None:
        if self.action in OF_LOADS or self.before.loads or self.after.loads:
            self._check_loads()
            return
        if self.action in OF_SETTINGS or self.before.set_points or self.after.set_points:
            self._check_settings()
            return
        shifts = len(self.before.shifts), len(self.after.shifts)
        jobs = [place.job for place in self.before.jobs]
        least = 0 if self.action in CHANGES_WORKING_TIME else 2 if self.action is Action.SWAP_JOBS else 1
        fits = self.action is not Action.DO_NOTHING and shifts == _SHIFTS.get(self.action, (0, 0)) and len(jobs) >= least
        if not fits or jobs != [place.job for place in self.after.jobs]:
            msg = f"{self.recommendation}: {self.action} does not fit {len(jobs)} jobs and {shifts[0]} shifts before, "
            msg += f"{len(self.after.jobs)} jobs and {shifts[1]} shifts after: expected the same jobs in the same order, and what the action names"
            raise ValueError(msg)

    def _check_loads(self) -> None:
        before, after = ([place.load for place in places.loads] for places in (self.before, self.after))
        fits = {
            Action.HOLD: bool(after) and not before and max(Counter(after).values()) == 1,
            Action.RELEASE: bool(after) and before == after,
            Action.SHIFT_LOAD: bool(after) and set(before) == set(after),
        }
        others = any((self.before.jobs, self.before.shifts, self.after.jobs, self.after.shifts))
        if others or not fits.get(self.action, False):
            msg = f"{self.recommendation}: {self.action} does not fit the loads {before} before and {after} after: expected loads alone; to "
            msg += "hold each once and after only, to release the same before and after, to shift the same set before and after"
            raise ValueError(msg)

    def _check_settings(self) -> None:
        before, after = (
            [(one.machine, one.channel, one.unit) for one in places.set_points] for places in (self.before, self.after)
        )
        others = any((self.before.jobs, self.before.shifts, self.after.jobs, self.after.shifts))
        if others or self.action not in OF_SETTINGS or not before or before != after:
            msg = f"{self.recommendation}: {self.action} does not fit the set points {before} before and {after} after: expected set points alone, "
            msg += "of the same channels in the same order"
            raise ValueError(msg)

    @property
    def set_points(self) -> tuple[SetPoint, ...]:
        """How machines are to be set; empty where it is about jobs, shifts or loads."""
        return self.after.set_points

    @property
    def loads(self) -> tuple[LoadPlace, ...]:
        """What loads that can wait are to do: held back, drawing again, or drawing elsewhen; empty where it is about jobs and shifts."""
        return self.after.loads

    @property
    def shift(self) -> ShiftPlace | None:
        """The shift that it is about, as it would be, else as it was; None where it is about a job."""
        return next(iter((*self.after.shifts, *self.before.shifts)), None)

    @property
    def subject(self) -> str:
        """Id of the shift, the job, the (first) load or the (first) machine to be set that it is about."""
        if self.loads:
            return self.loads[0].load
        if self.set_points:
            return self.set_points[0].machine
        return self.before.jobs[0].job if self.shift is None else self.shift.shift

    @property
    def machine(self) -> str:
        """The machine on which the job that it is about is planned; empty where it is about a shift, a load or a setting."""
        return self.before.jobs[0].machine if self.shift is None and not self.loads and not self.set_points else ""

    @property
    def from_utc(self) -> datetime | None:
        """When what it is about begins as planned; None for a shift that is not worked and a load that is not held yet."""
        return _first_start(self.before, self.shift)

    @property
    def to_utc(self) -> datetime | None:
        """When it would begin; None for a shift that would not be worked."""
        return _first_start(self.after, self.shift)

    @property
    def begins_utc(self) -> datetime:
        """The first instant that it changes: what is held back already changes when it may draw again."""
        if self.action is Action.RELEASE:
            return min(self.after.starts_utc)
        return min((*self.before.starts_utc, *self.after.starts_utc), default=self.issued_utc)

    @property
    def last_start_utc(self) -> datetime:
        """When the last of what it changes would begin."""
        return max(self.after.starts_utc or self.before.starts_utc, default=self.issued_utc)

    def changes(self, job: str) -> bool:
        """Whether it moves `job`."""
        return any(place.job == job for place in self.before.jobs)

    def moves(self) -> list[tuple[JobPlace, JobPlace]]:
        """Each job's place before and after."""
        return list(zip(self.before.jobs, self.after.jobs, strict=True))


def _first_start(places: Places, shift: ShiftPlace | None) -> datetime | None:
    if shift is not None:
        return next((place.start_utc for place in places.shifts), None)
    return next(iter(places.starts_utc), None)


class DecisionKind(StrEnum):
    """What a person decided."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DeclineReason(StrEnum):
    """Why a recommendation was declined."""

    NONE = "none"
    QUALITY = "quality"
    ORDER = "order"
    SAFETY = "safety"
    STAFF = "staff"
    TECHNICAL = "technical"
    NOT_TRUE = "not_true"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who accepted or rejected which recommendation, when and why."""

    site: Key
    recommendation: Key
    kind: DecisionKind
    by: Key
    at_utc: UtcInstant
    reason: DeclineReason = DeclineReason.NONE
    comment: Text = ""


_MAY_HAVE_DECIDED = {
    RecommendationStatus.WITHDRAWN: frozenset[DecisionKind](),
    RecommendationStatus.ACCEPTED: frozenset({DecisionKind.ACCEPTED}),
    RecommendationStatus.CARRIED_OUT: frozenset({DecisionKind.ACCEPTED}),
    RecommendationStatus.REJECTED: frozenset({DecisionKind.REJECTED}),
}
"""Which decisions a status can follow from; a status that is not named can follow from either, or from none."""


def deciding(recommendation: Recommendation, decisions: Iterable[Decision]) -> Decision | None:
    """The decision that counts: the first in the log that was made in time; None where there is none.

    One precedence for all readers (advice, page, ledger, reports): whoever comes second has decided nothing. Advice that is given again
    after a decision has an id of its own.

    Parameters
    ----------
    recommendation
        Its newest revision.
    decisions
        In the order of the log; those of other recommendations are passed over.
    """
    possible = _MAY_HAVE_DECIDED.get(recommendation.status, frozenset(DecisionKind))
    ours = (one for one in decisions if one.recommendation == recommendation.recommendation and one.site == recommendation.site)
    in_time = (one for one in ours if one.at_utc <= recommendation.valid_until_utc)
    return next((one for one in in_time if one.kind in possible), None)
