"""The forecast as a stream step: loads and jobs in, forecasts out; time comes only from the records.

State is what was seen and what was learnt of one series: half a year of loads, the jobs, the models' merits; 140 kB.
A quarter hour is an update (the ring, and now and then a lesson); an issue asks the models; a fit happens only for a series that is new,
that has doubled what is known of it, or whose errors say that it has changed.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np

from domain.channels import IMPORT
from domain.codec import decode, encode
from domain.errors import LastgangError
from domain.forecasts import Forecast
from domain.intervals import Interval, IntervalOrigin
from domain.orders import Order
from domain.plant import Plant, planned_orders, virtual_parts
from forecasting.days import SiteDays
from forecasting.ensemble import MODELS
from forecasting.first_day import first_day
from forecasting.grid import lay_out
from forecasting.highs import STORED_SIZE, DayHighs
from forecasting.inputs import Inputs
from forecasting.issue import Subject, flat, issue, level
from forecasting.jobs import JobPlan, Jobs, decode_jobs, encode_jobs, job_loads, with_order, with_plant_file
from forecasting.learning import (
    CHANGED_DAYS,
    Guesses,
    Watched,
    drifting,
    due,
    fit,
    no_guesses,
    study,
    watched,
    with_guesses,
)
from forecasting.merit import NEAR_EVERY, Merit, decode_merit, encode_merit
from forecasting.regression import known_inputs
from forecasting.slots import KEPT_SLOTS, LEADS, SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats, LoadRing
from quarters.newest import Newest, admit
from quarters.numbers import slot_of, slot_start
from quarters.quality import makes_maximum

HEAD_TOLERANCE = timedelta(hours=1)
"""An order older than the newest quarter hour by more than this is history being told again: it is learnt, not answered."""
SITE_CHANNEL = IMPORT
TOO_LITTLE = 2 * SLOTS_PER_DAY
"""Below two days there is no day to compare with another."""
FIRST_WEEK = 8 * SLOTS_PER_DAY
"""Before there is a whole week and a day, a standard course moved by what was measured errs less than similar days, whose band would
hold less than half of what comes; not where jobs are planned, which only similar days know how to move."""
FRESH = 4
"""Quarter hours for which what is known is as good as new: the next live one is about to come, and is answered then."""
TOO_OLD = 13 * SLOTS_PER_WEEK
"""Quarter hours after which history says no more of the present than the plant file does: another season, perhaps other machines."""
REPLAYED_FROM = 14 * SLOTS_PER_DAY
FIT_TURNS = 16
"""Meters below the grid connection are fitted in turns, over so many quarter hours; until then all models count the same."""
CAUGHT_UP = 2 * SLOTS_PER_DAY
"""Quarter hours that came at once are learnt from as far back as this."""


@dataclass(slots=True)
class ForecastState:
    """What was seen of one series. A step changes the state it is given and returns it: history comes in bursts of rows."""

    ring: LoadRing = field(default_factory=LoadRing)
    jobs: Jobs = field(default_factory=dict)
    issued_slot: int | None = None
    """Newest quarter hour that a forecast was issued on; None before the first live one."""
    merit: Merit | None = None
    """What was learnt; None before the first fit."""
    fitted_on: int = 0
    """Known quarter hours at the newest fit."""
    changed_slot: int | None = None
    """Where the newest change of the load was recognised."""
    encoded_jobs: bytes | None = None
    """`jobs` as `encode_state` wrote them last; None after a change."""
    highs: DayHighs = field(default_factory=DayHighs)
    """Of the days that have left the ring; only the site's, whose peak is billed."""
    awaits_present: bool = False
    """Whether history has come since `issue_for_the_present` was asked last."""
    reach: Newest = field(default_factory=Newest)
    """How far the series reaches, whatever single records say."""


class ForecastStep:
    """48 h of quantiles for the grid import of one site, or for one meter below it.

    A forecast is issued on every new quarter hour that came by way of metering (imported history is only learnt), and on an
    order that changes the planned load of the next 48 h, unless it is older than the newest quarter hour by more than an hour.
    Which quarter hours are answered depends on the records alone, so a replay issues the same forecasts; the clock only keeps wrong dates
    out, and says what the present is for `issue_for_the_present`: what a job issues after an import that no live quarter hour follows.

    Parameters
    ----------
    meter
        A meter or virtual meter; None for the site.
    inputs
        What is known ahead beside orders.
    """

    def __init__(self, plant: Plant, meter: str | None = None, inputs: Inputs | None = None) -> None:
        self._plant = plant
        billing = plant.billing_meter()
        self._meter = meter if meter is not None else None if billing is None else billing.id
        self._channel = SITE_CHANNEL if meter is None else _channel_of(plant, meter)
        self._machines = None if meter is None else {machine.id for machine in plant.machines if machine.meter == meter}
        self._subject = Subject(plant, meter or "", SiteDays(plant))
        # A plant's meters become due for a fit at the same moment; each takes its turn, so that what shares their process goes on.
        self._turn = None if meter is None else crc32(meter.encode()) % FIT_TURNS
        self._inputs = inputs
        self._guesses: Guesses = no_guesses if inputs is None else known_inputs

    def initial(self) -> ForecastState:
        """Nothing seen yet but the jobs written down in the plant file, known since the plant was commissioned."""
        mine = (order for order in planned_orders(self._plant) if self._concerns(order.machine))
        return ForecastState(jobs={order.job: with_order(None, order) for order in mine})

    def resumed(self, state: ForecastState) -> ForecastState:
        """A stored state with the jobs that the plant file has now; those that also came on the topic stay as they came.

        The file does not say when a job was written, changed or struck out: from the next quarter hour on it counts as it stands now.
        """
        written = {order.job: order for order in planned_orders(self._plant) if self._concerns(order.machine)}
        now_slot = 0 if state.ring.newest is None else state.ring.newest + 1
        jobs = with_plant_file(state.jobs, written, now_slot)
        if jobs != state.jobs:
            state.jobs, state.encoded_jobs = jobs, None
        return state

    def take_interval(
        self, state: ForecastState, interval: Interval, now_utc: datetime | None = None
    ) -> tuple[ForecastState, list[Forecast]]:
        """Learn one quarter hour of the series; others are passed over. Of `now_utc` see `domain.newest.admit`."""
        issued: list[Forecast] = []
        for one, is_newer, is_first in self.admitted(state, interval, now_utc):
            if is_newer and one.origin is IntervalOrigin.METERING:
                newest = self.issue(state, one.end_utc)
                issued += [*(self.replayed(state) if is_first and not self._subject.meter else ()), newest]
        return state, issued

    def admitted(
        self, state: ForecastState, interval: Interval, now_utc: datetime | None = None
    ) -> Iterator[tuple[Interval, bool, bool]]:
        """Learn what counts now that `interval` has come: each with whether it is newer than all before, and the first live one."""
        if not self._is_of_the_series(interval):
            return
        is_first = state.reach.live_utc is None
        state.reach, counts = admit(state.reach, interval, now_utc)
        if not counts:
            return
        if state.reach.start_utc is not None and state.ring.newest is not None:
            reached = slot_of(state.reach.start_utc)
            if reached < state.ring.newest:
                state.ring.cut(reached - 1)
        is_first = is_first and state.reach.live_utc is not None
        if is_first:
            state.merit = None  # learnt on the way, from a part of the history
        for one in counts:
            yield one, self.put(state, one, teaches=not _is_long_ago(one, now_utc)), is_first

    def put(self, state: ForecastState, interval: Interval, teaches: bool = True) -> bool:
        """Note one quarter hour without answering; whether it is newer than all before.

        Parameters
        ----------
        teaches
            Whether the models learn from it at once. History in bulk is learnt by the next fit.
        """
        if not self._is_of_the_series(interval):
            return False
        before = state.ring.newest
        self._note_highs(state, interval)
        if not state.ring.put(interval):
            return False
        self._forget_old_jobs(state)
        if teaches and before is not None and state.merit is not None:
            self._learn(state, before + 1)
        return True

    def take_order(
        self, state: ForecastState, order: Order, now_utc: datetime | None = None
    ) -> tuple[ForecastState, list[Forecast]]:
        """Learn one revision of a job; answer with a new forecast if it changes what is planned for the next 48 h."""
        before = state.jobs.get(order.job)
        after = with_order(before, order)
        if after is before or not self._concerns(order.machine):
            return state, []
        state.jobs[order.job] = after
        state.encoded_jobs = None
        newest = state.ring.newest
        if newest is None or state.issued_slot is None:
            return state, []
        first = self._present_slot(state, now_utc)
        begins_utc = slot_start(first)
        if order.at_utc < begins_utc - HEAD_TOLERANCE or not _changes_horizon(before, after, first):
            return state, []
        # An order is dated by its own system's clock, which must not date the forecast.
        return state, [self.issue(state, min(max(begins_utc, order.at_utc), begins_utc + HEAD_TOLERANCE), first)]

    def issue_for_the_present(self, state: ForecastState, now_utc: datetime) -> Forecast | None:
        """What is known says of the 48 h from `now_utc` on; None where a forecast of the last hour says it, or nothing is known.

        For history that was imported: its newest quarter hour may be days old, which `trained_until_utc` and a note say.
        """
        state.awaits_present = False
        now_slot = slot_of(now_utc)
        is_answered = state.issued_slot is not None and now_slot - state.issued_slot <= FRESH
        if is_answered or not np.isfinite(state.ring.load_kw).any():
            return None
        first = max(now_slot, (state.ring.newest or 0) + 1)
        return self.issue(state, max(now_utc, slot_start(first)), first)

    def _present_slot(self, state: ForecastState, now_utc: datetime | None) -> int:
        """The quarter hour that is to come: after the newest known one, or by the clock where nothing newer is likely to come soon."""
        after_newest = (state.ring.newest or 0) + 1
        if now_utc is None or slot_of(now_utc) - after_newest < FRESH:
            return after_newest
        return slot_of(now_utc)

    def issue(self, state: ForecastState, issued_utc: datetime, first_slot: int | None = None) -> Forecast:
        """The forecast from all that is known; fits first where that is due.

        Parameters
        ----------
        first_slot
            First quarter hour that is said; None: the one after the newest that is known.
        """
        begin = time.thread_time_ns()
        state.issued_slot = state.ring.newest
        next_slot = first_slot or (slot_of(issued_utc) if state.ring.newest is None else state.ring.newest + 1)
        first, load_kw, trust = state.ring.unrolled(next_slot)
        known = int(np.isfinite(load_kw).sum())
        until_slot = first + int(np.flatnonzero(np.isfinite(load_kw))[-1]) + 1 if known else next_slot
        notes = (*_notes(state), *_age_note(until_slot, next_slot))
        if next_slot - until_slot > TOO_OLD:
            load_kw, trust, known = load_kw[:0], trust[:0], 0
        forecast = None
        if known < FIRST_WEEK and (known < TOO_LITTLE or not state.jobs):
            forecast = self._first_days(load_kw, next_slot, issued_utc, known, notes)
        if forecast is None and known >= TOO_LITTLE:
            seen = self._watched(state, first, load_kw, trust, next_slot)
            if (state.merit is None or known >= 2 * state.fitted_on) and self._turn in (None, next_slot % FIT_TURNS):
                state.merit, state.fitted_on = fit(seen, self._guesses), known
            merit = Merit.blank(MODELS) if state.merit is None else state.merit
            by_name = self._guesses(seen.grid, [seen.grid.origin]).get(seen.grid.origin, {})
            forecast = issue(self._subject, seen, merit, issued_utc, by_name, notes, state.highs)
        if forecast is None:
            said = (f"too little history: {known} quarter hours; a flat, wide band of what was seen", *notes)
            forecast = flat(self._subject, load_kw, next_slot, issued_utc, said)
        cpu_ms = round((time.thread_time_ns() - begin) / 1e6, 2)
        return replace(forecast, cpu_ms=cpu_ms, trained_until_utc=slot_start(until_slot))

    def _first_days(
        self, load_kw: Floats, next_slot: int, issued_utc: datetime, known: int, notes: tuple[str, ...]
    ) -> Forecast | None:
        """What a site is told before its days can be compared; None where nothing says how large its load is."""
        subject = self._subject
        found = first_day(subject.plant, subject.meter, subject.days, next_slot, LEADS, load_kw)
        if found is None:
            return None
        span = "two days" if known < TOO_LITTLE else "eight days"
        said = f"too little history: {known} quarter hours, less than {span}; a standard course ({found.course}), sized by the {found.scaled_by}"
        return level(subject, found.kw, next_slot, issued_utc, f"standard course ({found.course})", known, (said, *notes))

    def replayed(self, state: ForecastState) -> Iterator[Forecast]:
        """What would have been said at the beginning of yesterday and of today, had it been asked: a new site has something to look back on."""
        first, load_kw, trust = state.ring.unrolled()
        newest = state.ring.newest
        if newest is None:
            return
        days = self._subject.days
        today = days.date_of(newest)
        for day in (today - timedelta(days=1), today):
            midnight = days.day(day).first_slot
            known = int(np.isfinite(load_kw[: max(midnight - first, 0)]).sum())
            if known >= REPLAYED_FROM:
                count = midnight - first
                seen = self._watched(state, first, load_kw[:count], trust[:count], midnight)
                by_name = self._guesses(seen.grid, [seen.grid.origin]).get(seen.grid.origin, {})
                found = issue(self._subject, seen, fit(seen, self._guesses), slot_start(midnight), by_name)
                if found is not None:
                    yield replace(found, replayed=True)

    def _watched(self, state: ForecastState, first: int, load_kw: Floats, trust: Floats, next_slot: int) -> Watched:
        inputs = None if self._inputs is None else self._inputs.aligned(first, next_slot - first + LEADS)
        return watched(lay_out(self._subject.days, first, load_kw, trust, next_slot, job_loads(state.jobs.values()), inputs))

    def _learn(self, state: ForecastState, since: int) -> None:
        """The lessons that the quarter hours from `since` on have made possible."""
        newest = state.ring.newest
        if newest is None or state.merit is None:
            return
        days = self._subject.days
        nows = [slot + 1 for slot in range(max(since, newest - CAUGHT_UP + 1), newest + 1)]
        nows = [slot for slot in nows if days.clock_of(slot) % NEAR_EVERY == 0]
        if not nows:
            return
        first, load_kw, trust = state.ring.unrolled()
        if not len(load_kw):
            return
        seen = self._watched(state, first, load_kw, trust, newest + 1)
        grid = seen.grid
        changed = False
        for slot in nows:
            now = grid.origin - (newest + 1 - slot) if slot != newest + 1 else grid.origin
            lessons = [lesson for lesson in due(now) if lesson.origin >= 2 * SLOTS_PER_DAY]
            for lesson, by_name in with_guesses(grid, lessons, self._guesses):
                changed |= drifting(state.merit, study(seen, state.merit, lesson, by_name))
        if changed:
            state.merit = fit(seen, self._guesses, CHANGED_DAYS)
            state.changed_slot = newest

    def _is_of_the_series(self, interval: Interval) -> bool:
        return interval.channel == self._channel and (self._meter is None or interval.meter == self._meter)

    def _note_highs(self, state: ForecastState, interval: Interval) -> None:
        """What leaves the ring, or was never in it, may still be what the year is billed for."""
        if self._subject.meter:
            return
        slot, power_kw = slot_of(interval.start_utc), interval.power_kw
        gone = state.ring.leaving(slot)
        if state.ring.is_beyond(slot) and power_kw is not None and makes_maximum(interval.quality):
            gone = [(slot, power_kw)]
        for one, kw in gone:
            state.highs.note(self._subject.days.date_of(one).toordinal(), one, kw)

    def _concerns(self, machine: str) -> bool:
        return self._machines is None or machine in self._machines

    def _forget_old_jobs(self, state: ForecastState) -> None:
        newest = state.ring.newest
        if newest is not None and newest % 96 == 0:
            old = [job for job, plan in state.jobs.items() if plan.end_slot < newest - KEPT_SLOTS]
            for job in old:
                del state.jobs[job]
                state.encoded_jobs = None


def _channel_of(plant: Plant, meter: str) -> str:
    """The channel whose quarter hours stand for `meter`; KeyError if the plant has no such meter."""
    for virtual in virtual_parts(plant):
        if virtual.meter.id == meter:
            return virtual.channel
    return plant.meter_by_id(meter).energy_channel() or SITE_CHANNEL


def _notes(state: ForecastState) -> tuple[str, ...]:
    newest, changed = state.ring.newest, state.changed_slot
    if newest is None or changed is None or newest - changed > CHANGED_DAYS * SLOTS_PER_DAY:
        return ()
    return (f"the load has changed: recognised {slot_start(changed):%Y-%m-%d %H:%M} UTC, learnt anew since",)


def _age_note(until_slot: int, next_slot: int) -> tuple[str, ...]:
    """What the reader must know of a forecast that does not begin where knowledge ends."""
    gap = next_slot - until_slot
    if gap <= FRESH:
        return ()
    age = f"{gap / SLOTS_PER_DAY:.0f} days" if gap >= 2 * SLOTS_PER_DAY else f"{gap / 4:.0f} hours"
    known = f"the newest known quarter hour ends {slot_start(until_slot):%Y-%m-%d %H:%M} UTC, {age} before this forecast begins"
    return (f"{known}; too old to compare with" if gap > TOO_OLD else known,)


def is_history(interval: Interval, now_utc: datetime | None) -> bool:
    """Whether a quarter hour is answered by a forecast for the present and not for the hours after it.

    Imported ones are; so are those of a virtual meter, whose parts may have been imported, unless they are of the last hour.
    """
    if interval.origin is IntervalOrigin.CALCULATED and now_utc is not None:
        return slot_of(now_utc) - slot_of(interval.end_utc) > FRESH
    return interval.origin is IntervalOrigin.IMPORT


def _is_long_ago(interval: Interval, now_utc: datetime | None) -> bool:
    return now_utc is not None and slot_of(now_utc) - slot_of(interval.start_utc) > CAUGHT_UP


def _changes_horizon(before: JobPlan | None, after: JobPlan, first: int) -> bool:
    versions = [after.versions[-1]] + ([before.versions[-1]] if before is not None else [])
    if len(versions) == 2 and versions[0].same_load(versions[1]):
        return False
    return any(v.profile_kw and v.start_slot < first + LEADS and v.start_slot + len(v.profile_kw) > first for v in versions)


MAGIC = b"lastgang-forecast-3"
_HEAD = struct.Struct("<qqIqIII?")
_NONE = -(2**62)


class UnreadableState(LastgangError):
    """Stored state of another version. Operator: start the job without state; it reads its history again."""


def encode_state(state: ForecastState) -> bytes:
    """The state as bytes: a version, the ring as it lies in memory, what was learnt, how far it reaches and the jobs as JSON."""
    if state.encoded_jobs is None:
        state.encoded_jobs = encode_jobs(state.jobs)
    ring = state.ring
    newest, issued, changed = (_NONE if n is None else n for n in (ring.newest, state.issued_slot, state.changed_slot))
    merit = b"" if state.merit is None else encode_merit(state.merit)
    reach = encode(state.reach)
    head = _HEAD.pack(newest, issued, KEPT_SLOTS, changed, state.fitted_on, len(merit), len(reach), state.awaits_present)
    arrays = (ring.load_kw.tobytes(), ring.trust.tobytes(), ring.revision.tobytes())
    return b"".join((MAGIC, head, *arrays, state.highs.to_bytes(), merit, reach, state.encoded_jobs))


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
    newest, issued, kept, changed, fitted_on, merit_size, reach_size, awaits = _HEAD.unpack_from(payload, at)
    at += _HEAD.size
    load_kw = np.frombuffer(payload, np.float32, count=kept, offset=at).copy()
    trust = np.frombuffer(payload, np.uint8, count=kept, offset=at + 4 * kept).copy()
    revision = np.frombuffer(payload, np.int16, count=kept, offset=at + 5 * kept).copy()
    at += 7 * kept
    highs = DayHighs(payload[at : at + STORED_SIZE])
    at += STORED_SIZE
    ring = LoadRing(None if newest == _NONE else newest, load_kw, trust, revision)
    merit = decode_merit(payload[at : at + merit_size]).for_models(MODELS) if merit_size else None
    at += merit_size
    reach = decode(Newest, payload[at : at + reach_size])
    at += reach_size
    return ForecastState(
        ring,
        decode_jobs(payload[at:]),
        None if issued == _NONE else issued,
        merit,
        fitted_on,
        None if changed == _NONE else changed,
        payload[at:],
        highs,
        awaits,
        reach,
    )
