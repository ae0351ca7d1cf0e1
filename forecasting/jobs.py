"""What the known production jobs add to the load: who planned what, and since when that was known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from domain.instants import NEVER_UTC
from domain.orders import Order, OrderStatus
from domain.plant import PLANT_FILE_REVISION
from forecasting.slots import Floats, Ints
from quarters.numbers import slot_of


@dataclass(frozen=True, slots=True)
class Version:
    """What a job was planned to add, until the next version."""

    known_slot: int
    """First quarter hour whose beginning knows it: the plan was made before."""
    start_slot: int
    profile_kw: tuple[float, ...]
    """Empty once cancelled."""

    def same_load(self, other: Version) -> bool:
        """Whether both add the same to the same quarter hours."""
        return self.profile_kw == other.profile_kw and (self.start_slot == other.start_slot or not self.profile_kw)


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job: its newest revision and every version that would have been used at some time."""

    revision: int
    versions: tuple[Version, ...]

    @property
    def end_slot(self) -> int:
        """First quarter hour after the last of its versions."""
        return max(version.start_slot + len(version.profile_kw) for version in self.versions)


Jobs = dict[str, JobPlan]


REPORTED_AFTERWARDS = 192
"""A job first heard of when it is done does not say when it was planned: taken to be 48 h before, as the horizon of a forecast.
Jobs that are seen from their planning on say it themselves, and soon outnumber these."""


def planned(order: Order) -> Version:
    """The load that `order` says; none once it is cancelled, or while it is not planned (`NEVER_UTC`)."""
    known_slot = slot_of(order.at_utc) + 1
    if order.status is OrderStatus.CANCELLED or order.start_utc >= NEVER_UTC:
        return Version(known_slot, known_slot, ())
    return Version(known_slot, slot_of(order.start_utc), tuple(order.profile_kw))


def with_order(plan: JobPlan | None, order: Order) -> JobPlan:
    """The plan after one more record of the job; an older or repeated revision changes nothing."""
    version = planned(order)
    if plan is None:
        if order.status is OrderStatus.DONE:
            version = replace(version, known_slot=version.start_slot - REPORTED_AFTERWARDS)
        return JobPlan(order.revision, (version,))
    if order.revision <= plan.revision:
        return plan
    if version.same_load(plan.versions[-1]):
        return JobPlan(order.revision, plan.versions)
    return JobPlan(order.revision, (*plan.versions, version))


def with_learned_power(plan: JobPlan, order: Order) -> JobPlan:
    """The plan once the power of its newest revision, planned without one, has been learned.

    What a job draws is often learned long after it was planned, even after it ran. Past days are seen as if it had been known: their
    loads have the job in them, which must be taken out before it is added where it is planned now.
    """
    version = replace(planned(order), known_slot=plan.versions[-1].known_slot)
    return JobPlan(plan.revision, (*plan.versions[:-1], version))


def with_plant_file(jobs: Jobs, written: Mapping[str, Order], now_slot: int) -> Jobs:
    """All jobs, those of the plant file as they are written in it now.

    Parameters
    ----------
    written
        The orders of the plant file, by job.
    now_slot
        From when on a change of the file counts.
    """
    found = dict(jobs)
    for job, order in written.items():
        known = jobs.get(job)
        if known is None:
            found[job] = with_order(None, order)
        elif known.revision == PLANT_FILE_REVISION:
            found[job] = _changed(known, replace(planned(order), known_slot=now_slot))
    for job, known in jobs.items():
        if known.revision == PLANT_FILE_REVISION and job not in written:
            found[job] = _changed(known, Version(now_slot, now_slot, ()))
    return found


def _changed(plan: JobPlan, version: Version) -> JobPlan:
    return plan if version.same_load(plan.versions[-1]) else JobPlan(plan.revision, (*plan.versions, version))


@dataclass(frozen=True, slots=True)
class JobLoads:
    """All versions of all jobs, laid out flat and by slot: one entry a version and quarter hour."""

    slot: Ints
    kw: Floats
    known_from: Ints
    known_until: Ints

    def scaled(self, share: float) -> JobLoads:
        """All jobs at `share` of the load that was planned."""
        return replace(self, kw=self.kw * share)

    def with_plan(self, first_slot: int, kw: Floats) -> JobLoads:
        """These, and a load [kW] by quarter hour from `first_slot` on that was known at all times."""
        count = len(kw)
        slot = np.concatenate([self.slot, first_slot + np.arange(count)])
        since = np.concatenate([self.known_from, np.full(count, -FOREVER)])
        until = np.concatenate([self.known_until, np.full(count, FOREVER)])
        order = np.argsort(slot, kind="stable")
        return JobLoads(slot[order], np.concatenate([self.kw, kw])[order], since[order], until[order])

    def as_known_at(self, origin: int, first_slot: int, count: int) -> Floats:
        """Sum of jobs [kW] in `count` quarter hours from `first_slot`, by the plan as it stood when `origin` began."""
        begin, end = np.searchsorted(self.slot, [first_slot, first_slot + count])
        valid = (self.known_from[begin:end] <= origin) & (origin < self.known_until[begin:end])
        weights = np.where(valid, self.kw[begin:end], 0.0)
        total: Floats = np.bincount(self.slot[begin:end] - first_slot, weights=weights, minlength=count).astype(np.float64)
        return total


FOREVER = np.iinfo(np.int64).max // 2


def job_loads(jobs: Iterable[JobPlan]) -> JobLoads:
    """Lay out `jobs` for `JobLoads.as_known_at`."""
    versions: list[tuple[int, int, int, int]] = []
    profiles: list[tuple[float, ...]] = []
    for job in jobs:
        replaced = [version.known_slot for version in job.versions[1:]] + [FOREVER]
        for version, until in zip(job.versions, replaced, strict=True):
            versions.append((version.start_slot, len(version.profile_kw), version.known_slot, until))
            profiles.append(version.profile_kw)
    start, length, since, until = np.array(versions, np.int64).reshape(-1, 4).T
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    slot = np.repeat(start, length) + within
    kw = np.fromiter(chain.from_iterable(profiles), np.float64, count=len(slot))
    order = np.argsort(slot, kind="stable")
    return JobLoads(slot[order], kw[order], np.repeat(since, length)[order], np.repeat(until, length)[order])


def encode_jobs(jobs: Jobs) -> bytes:
    """The jobs as JSON; profiles, of which few are different, stand apart and are referred to by number."""
    numbers: dict[tuple[float, ...], int] = {}
    rows = [
        [
            name,
            plan.revision,
            *((v.known_slot, v.start_slot, numbers.setdefault(v.profile_kw, len(numbers))) for v in plan.versions),
        ]
        for name, plan in jobs.items()
    ]
    return json.dumps({"profiles": list(numbers), "jobs": rows}, separators=(",", ":")).encode()


def decode_jobs(payload: bytes) -> Jobs:
    """The jobs that `encode_jobs` wrote."""
    stored = json.loads(payload)
    profiles = [tuple(profile) for profile in stored["profiles"]]
    return {
        name: JobPlan(revision, tuple(Version(known, start, profiles[number]) for known, start, number in versions))
        for name, revision, *versions in stored["jobs"]
    }
