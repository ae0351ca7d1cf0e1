"""Asks the models for a forecast of one series, and teaches them; what it knows is in the state that it is given."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np

from domain.facts import Fact, fact
from domain.forecasts import Forecast
from forecasting.ensemble import MODELS
from forecasting.expert_weights import NEAR_EVERY, ExpertWeights
from forecasting.first_day import first_day
from forecasting.grid import Grid, lay_out
from forecasting.inputs import Inputs, without_whole_plan
from forecasting.issue import Subject, flat, issue, level
from forecasting.jobs import job_loads
from forecasting.learning import (
    CHANGED_DAYS,
    FIT_DAYS,
    Guesses,
    Watched,
    decide,
    drifting,
    due,
    fit,
    no_guesses,
    study,
    watched,
    with_guesses,
)
from forecasting.price_of_error import Price
from forecasting.regression import known_inputs
from forecasting.rungs import Ladder
from forecasting.slots import LEADS, SLOTS_PER_DAY, SLOTS_PER_WEEK, Floats
from forecasting.special_days import put_together
from forecasting.state import ForecastState
from forecasting.two_step import NAME as TWO_STEP
from forecasting.two_step import two_step
from quarters.numbers import slot_of, slot_start

TOO_LITTLE = 2 * SLOTS_PER_DAY
"""Below two days there is no day to compare with another."""
FIRST_WEEK = 8 * SLOTS_PER_DAY
"""Before there is a whole week and a day, a standard load profile moved by what was measured errs less than similar days, whose band would
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


class Forecaster:
    """Forecasts of one series from all that is known of it.

    Parameters
    ----------
    subject
        Whose load it is. Meters below the grid connection are fitted in turns.
    inputs
        What is known ahead beside orders.
    price
        What an error is worth, by quarter hour: rungs that are not worth their electricity are not asked. None: nobody says, and all are asked.
    """

    def __init__(self, subject: Subject, inputs: Inputs | None = None, price: Price | None = None) -> None:
        self._plain = self._subject = subject
        # A plant's meters become due for a fit at the same moment; each takes its turn, so that what shares their process goes on.
        self._turn = crc32(subject.meter.encode()) % FIT_TURNS if subject.meter else None
        self._inputs = inputs
        self._price = price
        self._guesses: Guesses = no_guesses if inputs is None else known_inputs

    def _subject_of(self, state: ForecastState) -> Subject:
        """By the calendar that the state knows."""
        if self._subject.changes is not state.changes:
            self._subject = self._plain if not state.changes else self._subject.under(state.changes)
        return self._subject

    def issue(self, state: ForecastState, issued_utc: datetime, first_slot: int | None = None) -> Forecast:
        """The forecast from all that is known; fits first where that is due.

        Parameters
        ----------
        first_slot
            First quarter hour that is forecast; None: the one after the newest that is known.
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
        subject = self._subject_of(state)
        forecast = None
        if known < FIRST_WEEK and (known < TOO_LITTLE or not state.jobs):
            forecast = self._first_days(subject, load_kw, next_slot, issued_utc, known, notes)
        if forecast is None and known >= TOO_LITTLE:
            seen = self.watched(state, first, load_kw, trust, next_slot)
            if (state.experts is None or known >= 2 * state.fitted_on) and self._turn in (None, next_slot % FIT_TURNS):
                ladder = None if state.experts is None else state.experts.ladder
                state.experts, state.fitted_on = fit(seen, self._guesses, FIT_DAYS, self._price, ladder), known
            experts = ExpertWeights.blank(MODELS) if state.experts is None else state.experts
            by_name = self._by_name(seen.grid, experts)
            forecast = issue(subject, seen, experts, issued_utc, by_name, notes, state.highs)
            partly = [day for day in subject.days.between(next_slot, next_slot + LEADS - 1) if day.is_partly_ordinary]
            if forecast is not None and partly:
                seen = self.watched(state, first, load_kw, trust, next_slot, at_rest=True)
                at_rest = issue(subject, seen, experts, issued_utc, by_name, notes, state.highs)
                forecast = forecast if at_rest is None else put_together(forecast, at_rest, partly, subject.target_kw)
        if forecast is None:
            forecast = flat(subject, load_kw, next_slot, issued_utc, (fact("forecast.flat", quarters=known), *notes))
        ladder = None if state.experts is None else state.experts.ladder
        if ladder is not None and self._price is not None:
            rungs = ladder.account(self._price(next_slot))
            forecast = replace(forecast, rungs=rungs, notes=(*forecast.notes, *ladder.notes(next_slot)))
        cpu_ms = round((time.thread_time_ns() - begin) / 1e6, 2)
        return replace(forecast, cpu_ms=cpu_ms, trained_until_utc=slot_start(until_slot))

    def _by_name(self, grid: Grid, experts: ExpertWeights) -> Mapping[str, Floats]:
        """Loads by models that are not worked out with the others, from the grid's origin on."""
        found = self._guesses(grid, [grid.origin]).get(grid.origin, {})
        if TWO_STEP in experts.off:
            return found
        smooth_kw = two_step(grid, [grid.origin]).get(grid.origin)
        return found if smooth_kw is None else {**found, TWO_STEP: smooth_kw}

    def _first_days(
        self, subject: Subject, load_kw: Floats, next_slot: int, issued_utc: datetime, known: int, notes: tuple[Fact, ...]
    ) -> Forecast | None:
        """The forecast before there are days to compare with; None where nothing says how large the load is."""
        found = first_day(subject.plant, subject.meter, subject.days, next_slot, LEADS, load_kw)
        if found is None:
            return None
        remark = fact("forecast.standard_profile", quarters=known, profile=found.profile, size=found.scaled_by)
        return level(subject, found.kw, next_slot, issued_utc, f"standard load profile ({found.profile})", known, (remark, *notes))

    def replayed(self, state: ForecastState) -> Iterator[Forecast]:
        """The forecasts of the beginnings of yesterday and today, as they would have been issued: a new site has something to look back on."""
        first, load_kw, trust = state.ring.unrolled()
        newest = state.ring.newest
        if newest is None:
            return
        subject = self._subject_of(state)
        days = subject.days
        today = days.date_of(newest)
        for day in (today - timedelta(days=1), today):
            midnight = days.day(day).first_slot
            known = int(np.isfinite(load_kw[: max(midnight - first, 0)]).sum())
            if known >= REPLAYED_FROM:
                count = midnight - first
                seen = self.watched(state, first, load_kw[:count], trust[:count], midnight)
                by_name = self._guesses(seen.grid, [seen.grid.origin]).get(seen.grid.origin, {})
                found = issue(subject, seen, fit(seen, self._guesses), slot_start(midnight), by_name)
                if found is not None:
                    yield replace(found, replayed=True)

    def watched(
        self, state: ForecastState, first: int, load_kw: Floats, trust: Floats, next_slot: int, at_rest: bool = False
    ) -> Watched:
        """Loads up to `next_slot` [kW, from slot `first` on] with all that is known ahead of it; of `at_rest` see `grid.lay_out`."""
        jobs, inputs = job_loads(state.jobs.values()), None
        if self._inputs is not None:
            inputs, planned_kw = without_whole_plan(self._inputs.aligned(first, next_slot - first + LEADS))
            jobs = jobs if planned_kw is None else jobs.with_plan(first, planned_kw)
        return watched(lay_out(self._subject_of(state).days, first, load_kw, trust, next_slot, jobs, inputs, at_rest))

    def learn(self, state: ForecastState, since: int) -> None:
        """The lessons that the quarter hours from `since` on have made possible."""
        newest = state.ring.newest
        if newest is None or state.experts is None:
            return
        days = self._subject_of(state).days
        nows = [slot + 1 for slot in range(max(since, newest - CAUGHT_UP + 1), newest + 1)]
        nows = [slot for slot in nows if days.clock_of(slot) % NEAR_EVERY == 0]
        if not nows:
            return
        first, load_kw, trust = state.ring.unrolled()
        if not len(load_kw):
            return
        seen = self.watched(state, first, load_kw, trust, newest + 1)
        grid = seen.grid
        changed = False
        if state.experts.ladder is None and self._price is not None:
            state.experts.ladder = Ladder.new(newest)
        for slot in nows:
            now = grid.origin - (newest + 1 - slot) if slot != newest + 1 else grid.origin
            lessons = [lesson for lesson in due(now) if lesson.origin >= 2 * SLOTS_PER_DAY]
            for lesson, by_name in with_guesses(grid, lessons, self._guesses, state.experts):
                changed |= drifting(state.experts, study(seen, state.experts, lesson, by_name, judges=True))
                if lesson.is_midnight:
                    decide(grid, state.experts, lesson, self._price)
        if changed:
            state.experts = fit(seen, self._guesses, CHANGED_DAYS, self._price)
            state.changed_slot = newest


def _notes(state: ForecastState) -> tuple[Fact, ...]:
    newest, changed = state.ring.newest, state.changed_slot
    if newest is None or changed is None or newest - changed > CHANGED_DAYS * SLOTS_PER_DAY:
        return ()
    return (fact("forecast.load_changed", since_utc=slot_start(changed)),)


def _age_note(until_slot: int, next_slot: int) -> tuple[Fact, ...]:
    """What the reader must know of a forecast that does not begin where knowledge ends."""
    gap = next_slot - until_slot
    if gap <= FRESH:
        return ()
    return (fact("forecast.too_old" if gap > TOO_OLD else "forecast.not_current", until_utc=slot_start(until_slot), age_h=gap / 4),)
