"""What the known production jobs add to the load: who planned what, and since when that was known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from domain.orders import Order, OrderStatus
from forecasting.slots import Floats, Ints, slot_of


@dataclass(frozen=True, slots=True)
class Version:
    """What a job was planned to add, from `known_slot` on until the next version."""

    known_slot: int
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


def planned(order: Order) -> Version:
    """The load that `order` says."""
    profile = () if order.status is OrderStatus.CANCELLED else tuple(order.profile_kw)
    return Version(slot_of(order.at_utc), slot_of(order.start_utc), profile)


def with_order(plan: JobPlan | None, order: Order) -> JobPlan:
    """The plan after one more record of the job; an older or repeated revision changes nothing."""
    version = planned(order)
    if plan is None:
        return JobPlan(order.revision, (version,))
    if order.revision <= plan.revision:
        return plan
    if version.same_load(plan.versions[-1]):
        return JobPlan(order.revision, plan.versions)
    return JobPlan(order.revision, (*plan.versions, version))


@dataclass(frozen=True, slots=True)
class JobLoads:
    """All versions of all jobs, laid out flat: one entry a version and quarter hour."""

    slot: Ints
    kw: Floats
    known_from: Ints
    known_until: Ints

    def as_known_at(self, origin: int, first_slot: int, count: int) -> Floats:
        """Sum of jobs [kW] in `count` quarter hours from `first_slot`, by the plan as it stood when `origin` began."""
        inside = (self.slot >= first_slot) & (self.slot < first_slot + count)
        valid = inside & (self.known_from <= origin) & (origin < self.known_until)
        total: Floats = np.bincount(self.slot[valid] - first_slot, weights=self.kw[valid], minlength=count).astype(np.float64)
        return total


FOREVER = np.iinfo(np.int64).max // 2


def job_loads(jobs: Iterable[JobPlan]) -> JobLoads:
    """Lay out `jobs` for `JobLoads.as_known_at`."""
    slots: list[int] = []
    kw: list[float] = []
    since: list[int] = []
    until: list[int] = []
    for job in jobs:
        for index, version in enumerate(job.versions):
            replaced = job.versions[index + 1].known_slot if index + 1 < len(job.versions) else FOREVER
            length = len(version.profile_kw)
            slots.extend(range(version.start_slot, version.start_slot + length))
            kw.extend(version.profile_kw)
            since.extend([version.known_slot] * length)
            until.extend([replaced] * length)
    return JobLoads(np.array(slots, np.int64), np.array(kw, np.float64), np.array(since, np.int64), np.array(until, np.int64))
