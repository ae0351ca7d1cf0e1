"""Which machine has a job when, as orders have it, and how much a machine draws with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.instants import NEVER_UTC, UtcInstantOrNever
from domain.intervals import QUARTER
from domain.job_power import MOST_PRODUCTS, JobPower
from domain.orders import Order, OrderStatus
from domain.texts import Key
from domain.units import Int64

MOST_JOBS = 5_000
KEPT = timedelta(days=2)
OVERRUN = timedelta(hours=12)
"""How long after its planned end a job that runs is taken to run on while nobody reports its end."""
MOST_OF_RATED = 2.0
"""Of the rated power: no job adds more."""
SHARE_OF_JOB = 0.5
"""Of what a machine's smallest job adds: above it a job is on it, whatever orders say."""


@dataclass(frozen=True, slots=True)
class JobSpan:
    """When one job is or was on its machine, by the newest revision of its order."""

    revision: Int64
    machine: Key
    start_utc: UtcInstantOrNever
    end_utc: UtcInstantOrNever
    is_cancelled: bool

    @staticmethod
    def of(order: Order) -> JobSpan:
        """That of `order`: as it ran where that is known, else as planned."""
        start, end = order.began_utc or order.start_utc, order.ended_utc
        if end is None:
            end = start if start == NEVER_UTC else start + order.duration
            if order.status is OrderStatus.RUNNING and end < NEVER_UTC - OVERRUN:
                end += OVERRUN
        return JobSpan(order.revision, order.machine, start, max(start, end), order.status is OrderStatus.CANCELLED)


@dataclass(slots=True)
class Jobs:
    """What is known of a site's jobs. Changed in place."""

    spans: dict[str, JobSpan] = field(default_factory=dict)
    """Job -> when it is on its machine."""
    least_kw: dict[str, dict[str, float]] = field(default_factory=dict)
    """Machine -> product -> power [kW] from which on a job of it is on the machine."""

    def take_order(self, order: Order, now_utc: datetime | None) -> bool:
        """Note a newer revision; whether it is one. Jobs long past are forgotten; beyond `MOST_JOBS` those furthest from now."""
        known = self.spans.get(order.job)
        if known is not None and known.revision >= order.revision:
            return False
        self.spans[order.job] = JobSpan.of(order)
        if len(self.spans) > MOST_JOBS:
            self.forget(now_utc)
        if len(self.spans) > MOST_JOBS:
            about = order.at_utc if now_utc is None else now_utc
            del self.spans[max(self.spans, key=lambda job: (abs(self.spans[job].end_utc - about), job))]
        return True

    def forget(self, now_utc: datetime | None) -> None:
        """Drop what ended long ago."""
        if now_utc is not None:
            self.spans = {job: span for job, span in self.spans.items() if span.end_utc >= now_utc - KEPT}

    def take_power(self, power: JobPower, rated_kw: float) -> bool:
        """Note what a product's jobs draw; False where what the machine draws without one is not known, or not plausible."""
        adds_kw = sum(power.q10_kw) / len(power.q10_kw)
        if power.idle_kw is None or not 0 <= power.idle_kw <= rated_kw or not 0 < adds_kw <= MOST_OF_RATED * rated_kw:
            return False
        products = self.least_kw.setdefault(power.machine, {})
        products.pop(power.product, None)
        products[power.product] = round(power.idle_kw + SHARE_OF_JOB * adds_kw, 3)
        if len(products) > MOST_PRODUCTS:
            del products[next(iter(products))]
        return True

    def limit_kw(self, machine: str) -> float | None:
        """From this power on a job is on `machine` [kW]; None: not known."""
        return min(self.least_kw.get(machine, _NONE).values(), default=None)

    def has_job(self, machine: str, start_utc: datetime) -> bool:
        """Whether a job is or should be on `machine` in the quarter hour at `start_utc`, one quarter hour early or late included."""
        return any(
            span.machine == machine
            and not span.is_cancelled
            and span.start_utc < start_utc + 2 * QUARTER
            and span.end_utc > start_utc - QUARTER
            for span in self.spans.values()
        )


_NONE: Mapping[str, float] = {}
