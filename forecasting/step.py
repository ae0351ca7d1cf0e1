"""The forecast as a stream step: loads and jobs in, forecasts out; time comes only from the records."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from domain.errors import LastgangError
from domain.forecasts import Forecast
from domain.intervals import Interval, IntervalOrigin
from domain.orders import Order
from domain.plant import PlannedJob, Plant
from forecasting.days import SiteDays
from forecasting.issue import issue
from forecasting.jobs import JobPlan, Jobs, Version, decode_jobs, encode_jobs, with_order
from forecasting.models import LEADS
from forecasting.slots import KEPT_SLOTS, LoadRing, slot_of, slot_start

HEAD_TOLERANCE = timedelta(hours=1)
"""An order older than the newest quarter hour by more than this is history being told again: it is learnt, not answered."""
CHANNEL = "energy_import"


@dataclass(slots=True)
class ForecastState:
    """What was seen of one site. A step changes the state it is given and returns it: history comes in bursts of rows."""

    ring: LoadRing = field(default_factory=LoadRing)
    jobs: Jobs = field(default_factory=dict)
    issued_slot: int | None = None
    """Newest quarter hour that a forecast was issued on; None before the first live one."""
    encoded_jobs: bytes | None = None
    """`jobs` as `encode_state` wrote them last; None after a change."""


class ForecastStep:
    """48 h of quantiles for the grid import of one site.

    A forecast is issued on every new quarter hour that came by way of metering (imported history is only learnt), and on an
    order that changes the planned load of the next 48 h, unless it is older than the newest quarter hour by more than an hour.
    Whether to issue depends on the records alone, so a replay issues the same forecasts.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        meter = plant.billing_meter()
        self._meter = None if meter is None else meter.id
        self._days = SiteDays(plant)

    def initial(self) -> ForecastState:
        """Nothing seen yet but the jobs written down in the plant file, known since the plant was commissioned."""
        return ForecastState(jobs={order.job: self._from_plant_file(order) for order in self._plant.orders})

    def take_interval(self, state: ForecastState, interval: Interval) -> tuple[ForecastState, list[Forecast]]:
        """Learn one quarter hour of the billing meter; others are passed over."""
        if interval.channel != CHANNEL or (self._meter is not None and interval.meter != self._meter):
            return state, []
        advanced = state.ring.put(interval)
        if not advanced or interval.origin is not IntervalOrigin.METERING:
            return state, []
        self._forget_old_jobs(state)
        state.issued_slot = state.ring.newest
        return state, [issue(self._plant, self._days, state.ring, state.jobs, interval.end_utc)]

    def take_order(self, state: ForecastState, order: Order) -> tuple[ForecastState, list[Forecast]]:
        """Learn one revision of a job; answer with a new forecast if it changes what is planned for the next 48 h."""
        before = state.jobs.get(order.job)
        after = with_order(before, order)
        if after is before:
            return state, []
        state.jobs[order.job] = after
        state.encoded_jobs = None
        newest = state.ring.newest
        if newest is None or state.issued_slot is None:
            return state, []
        now_utc = slot_start(newest + 1)
        if order.at_utc < now_utc - HEAD_TOLERANCE or not _changes_horizon(before, after, newest + 1):
            return state, []
        return state, [issue(self._plant, self._days, state.ring, state.jobs, max(now_utc, order.at_utc))]

    def _from_plant_file(self, order: PlannedJob) -> JobPlan:
        version = Version(slot_of(self._plant.site.commissioned_utc), slot_of(order.start_utc), tuple(order.profile_kw))
        return JobPlan(-1, (version,))

    def _forget_old_jobs(self, state: ForecastState) -> None:
        newest = state.ring.newest
        if newest is not None and newest % 96 == 0:
            old = [job for job, plan in state.jobs.items() if plan.end_slot < newest - KEPT_SLOTS]
            for job in old:
                del state.jobs[job]
                state.encoded_jobs = None


def _changes_horizon(before: JobPlan | None, after: JobPlan, first: int) -> bool:
    versions = [after.versions[-1]] + ([before.versions[-1]] if before is not None else [])
    if len(versions) == 2 and versions[0].same_load(versions[1]):
        return False
    return any(v.profile_kw and v.start_slot < first + LEADS and v.start_slot + len(v.profile_kw) > first for v in versions)


MAGIC = b"lastgang-forecast-1"
_HEAD = struct.Struct("<qqI")
_NONE = -(2**62)


class UnreadableState(LastgangError):
    """Stored state of another version. Operator: start the job without state; it reads its history again."""


def encode_state(state: ForecastState) -> bytes:
    """The state as bytes: a version, the ring as it lies in memory, the jobs as JSON."""
    if state.encoded_jobs is None:
        state.encoded_jobs = encode_jobs(state.jobs)
    ring = state.ring
    numbers = [_NONE if number is None else number for number in (ring.newest, state.issued_slot)]
    head = _HEAD.pack(*numbers, KEPT_SLOTS)
    return b"".join((MAGIC, head, ring.load_kw.tobytes(), ring.trust.tobytes(), ring.revision.tobytes(), state.encoded_jobs))


def decode_state(payload: bytes) -> ForecastState:
    """The state that `encode_state` wrote.

    Raises
    ------
    UnreadableState
        If the bytes are of another version.
    """
    if not payload.startswith(MAGIC):
        msg = f"forecast state begins with {payload[:24]!r}; expected {MAGIC!r}: start the job without it"
        raise UnreadableState(msg)
    at = len(MAGIC)
    newest, issued, kept = _HEAD.unpack_from(payload, at)
    at += _HEAD.size
    load_kw = np.frombuffer(payload, np.float32, count=kept, offset=at).copy()
    trust = np.frombuffer(payload, np.uint8, count=kept, offset=at + 4 * kept).copy()
    revision = np.frombuffer(payload, np.int16, count=kept, offset=at + 5 * kept).copy()
    at += 7 * kept
    ring = LoadRing(None if newest == _NONE else newest, load_kw, trust, revision)
    jobs = decode_jobs(payload[at:])
    return ForecastState(ring, jobs, None if issued == _NONE else issued, payload[at:])
