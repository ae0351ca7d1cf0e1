"""The forecast as a stream step: loads and jobs in, forecasts out; time comes only from the records.

State is what was seen and what was learnt of one series: half a year of loads, the jobs, the models' merits; 140 kB.
A quarter hour is an update (the ring, and now and then a lesson); an issue asks the models; a fit happens only for a series that is new,
that has doubled what is known of it, or whose errors say that it has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import numpy as np

from billing.tariff import Tariff
from domain.channels import IMPORT
from domain.forecasts import Forecast
from domain.intervals import Interval, IntervalOrigin
from domain.known_changes import with_change
from domain.orders import Order
from domain.plant import Plant, planned_orders, virtual_parts
from domain.shift_changes import ShiftChange
from forecasting.days import SiteDays
from forecasting.forecaster import CAUGHT_UP, FRESH, Forecaster
from forecasting.inputs import Inputs
from forecasting.issue import Subject
from forecasting.jobs import JobPlan, with_order, with_plant_file
from forecasting.price_of_error import worth_by
from forecasting.slots import KEPT_SLOTS, LEADS, SLOTS_PER_DAY
from forecasting.state import ForecastState
from quarters.newest import admit
from quarters.numbers import slot_of, slot_start
from quarters.quality import makes_maximum

HEAD_TOLERANCE = timedelta(hours=1)
"""An order older than the newest quarter hour by more than this is history being sent again: it is learnt, not answered."""
SITE_CHANNEL = IMPORT


class ForecastStep:
    """48 h of quantiles for the grid import of one site, or for one meter below it.

    A forecast is issued on every new quarter hour that came by way of metering (imported history is only learnt), on an
    order that changes the planned load of the next 48 h, and on a change of their shifts, unless it is older than the newest quarter hour by more than an hour.
    Which quarter hours are answered depends on the records alone, so a replay issues the same forecasts; the clock only keeps wrong dates
    out, and says what the present is for `issue_for_the_present`: what a job issues after an import that no live quarter hour follows.

    Parameters
    ----------
    meter
        A meter or virtual meter; None for the site.
    inputs
        What is known ahead beside orders.
    tariff
        Says what an error of the site's forecast is worth; of a meter below it no price says so.
    """

    def __init__(self, plant: Plant, meter: str | None = None, inputs: Inputs | None = None, tariff: Tariff | None = None) -> None:
        self._plant = plant
        billing = plant.billing_meter()
        self._meter = meter if meter is not None else None if billing is None else billing.id
        self._channel = SITE_CHANNEL if meter is None else _channel_of(plant, meter)
        self._machines = None if meter is None else {machine.id for machine in plant.machines if machine.meter == meter}
        self._subject = Subject(plant, meter or "", SiteDays(plant))
        price = None if tariff is None or meter is not None else partial(worth_by, tariff)
        self.forecaster = Forecaster(self._subject, inputs, price)

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
        """Learn one quarter hour of the series; others are passed over. Of `now_utc` see `quarters.newest.admit`."""
        issued: list[Forecast] = []
        for one, is_newer, is_first in self.admitted(state, interval, now_utc):
            if is_newer and one.origin is IntervalOrigin.METERING:
                newest = self.forecaster.issue(state, one.end_utc)
                issued += [*(self.forecaster.replayed(state) if is_first and not self._subject.meter else ()), newest]
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
            state.experts = None  # learnt on the way, from a part of the history
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
        if teaches and before is not None and state.experts is not None:
            self.forecaster.learn(state, before + 1)
        return True

    def put_order(self, state: ForecastState, order: Order) -> JobPlan | None:
        """Note one revision of a job without answering; the job's plan, None where nothing has changed."""
        before = state.jobs.get(order.job)
        after = with_order(before, order)
        if after is before or not self._concerns(order.machine):
            return None
        state.jobs[order.job] = after
        state.encoded_jobs = None
        return after

    def take_order(
        self, state: ForecastState, order: Order, now_utc: datetime | None = None
    ) -> tuple[ForecastState, list[Forecast]]:
        """Learn one revision of a job; answer with a new forecast if it changes what is planned for the next 48 h."""
        before = state.jobs.get(order.job)
        after = self.put_order(state, order)
        if after is None:
            return state, []
        newest = state.ring.newest
        if newest is None or state.issued_slot is None:
            return state, []
        first = self._present_slot(state, now_utc)
        begins_utc = slot_start(first)
        if order.at_utc < begins_utc - HEAD_TOLERANCE or not _changes_horizon(before, after, first):
            return state, []
        # An order is dated by its own system's clock, which must not date the forecast.
        return state, [self.forecaster.issue(state, min(max(begins_utc, order.at_utc), begins_utc + HEAD_TOLERANCE), first)]

    def put_change(self, state: ForecastState, change: ShiftChange) -> bool:
        """Note one change of shifts without answering; whether it says something new."""
        if change.site != self._plant.site.id:
            return False
        newest = state.ring.newest
        before = state.changes
        state.changes = with_change(before, change, None if newest is None else self._subject.days.date_of(newest))
        return state.changes is not before

    def take_change(
        self, state: ForecastState, change: ShiftChange, now_utc: datetime | None = None
    ) -> tuple[ForecastState, list[Forecast]]:
        """Learn one change of shifts; answer with a new forecast if it is about the next 48 h."""
        if not self.put_change(state, change) or state.ring.newest is None or state.issued_slot is None:
            return state, []
        first = self._present_slot(state, now_utc)
        days = self._subject.days
        # The night shift of the day before is part of the horizon.
        about = days.date_of(first - SLOTS_PER_DAY).isoformat() <= change.day_local <= days.date_of(first + LEADS).isoformat()
        begins_utc = slot_start(first)
        if not about or change.at_utc < begins_utc - HEAD_TOLERANCE:
            return state, []
        return state, [self.forecaster.issue(state, min(max(begins_utc, change.at_utc), begins_utc + HEAD_TOLERANCE), first)]

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
        return self.forecaster.issue(state, max(now_utc, slot_start(first)), first)

    def _present_slot(self, state: ForecastState, now_utc: datetime | None) -> int:
        """The quarter hour that is to come: after the newest known one, or by the clock where nothing newer is likely to come soon."""
        after_newest = (state.ring.newest or 0) + 1
        if now_utc is None or slot_of(now_utc) - after_newest < FRESH:
            return after_newest
        return slot_of(now_utc)

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
