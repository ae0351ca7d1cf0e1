"""What a machine usually does, learnt once a day from four weeks of its quarter hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detection.levels import HOURLY
from detection.site.machines import SiteMachine
from quarters.numbers import slot_start
from quarters.series import SLOTS, QuarterSeries

KEPT_DAYS = 28
KEPT_SLOTS = KEPT_DAYS * SLOTS
ENOUGH_REST = 48
"""Quarter hours at rest: 12 h, a night or half a weekend."""
MARGIN_KW, MARGIN_OF_RATED, MARGIN_OF_REST = 1.0, 0.02, 0.25
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Levels:
    """What is known of one machine."""

    days: float
    """Days of which there are sound quarter hours."""
    kwh_per_day: float
    rest_kw: float | None
    """Median at rest; None: too little of it was seen."""
    rest_low_kw: float
    """One in ten quarter hours at rest is below."""
    rest_high_kw: float
    """One in ten quarter hours at rest is above."""
    rest_h_per_week: float
    """Hours a week in the dead of which nobody needs it: without running down and warming up."""
    most_idle_kwh: float
    """Energy above that at rest of the longest span in which it was on in a shift and worked on no job."""
    idle_spans: int
    idle_kwh_per_day: float
    """All that it draws in such spans."""
    knows_jobs: bool = False
    """Whether it was known from which power on a job is on it: else nothing is known of its idling."""


def sound_kw(series: QuarterSeries, first_slot: int, end_slot: int) -> Floats:
    """Powers [kW], NaN where nothing sound is known: what was put in for a gap teaches nothing."""
    found = series.loads_kw(first_slot, end_slot)
    found[series.in_doubt(first_slot, end_slot)] = np.nan
    return found


def on_limit_kw(machine: SiteMachine, rest_kw: float) -> float:
    """Above this the machine is on [kW]."""
    return rest_kw + max(MARGIN_KW, MARGIN_OF_RATED * machine.machine.rated_kw, MARGIN_OF_REST * rest_kw)


def learn(machine: SiteMachine, series: QuarterSeries, end_slot: int, job_limit_kw: float | None) -> Levels:
    """What is known of `machine` before `end_slot`.

    Parameters
    ----------
    job_limit_kw
        From this on a job is on it; None: not known, and so is when it idles.
    """
    first = end_slot - KEPT_SLOTS
    kw = sound_kw(series, first, end_slot)
    known = ~np.isnan(kw)
    days = float(known.sum()) / SLOTS
    kwh_per_day = float(kw[known].sum() / 4 / days) if days else 0.0
    if not machine.rests:
        return Levels(days, kwh_per_day, None, 0.0, 0.0, 0.0, 0.0, 0, 0.0)
    phases = [machine.staffing.off_phase(slot_start(slot)) for slot in range(first, end_slot)]
    at_rest = np.array([one is not None and one.phase in HOURLY for one in phases])
    rest_h_per_week = float(at_rest.sum()) / 4 / (KEPT_DAYS / 7)
    resting = kw[at_rest & known]
    if len(resting) < ENOUGH_REST:
        return Levels(days, kwh_per_day, None, 0.0, 0.0, rest_h_per_week, 0.0, 0, 0.0)
    low, rest_kw, high = (float(one) for one in np.quantile(resting, (0.1, 0.5, 0.9)))
    spans: list[Floats] = []
    if machine.runs_jobs and job_limit_kw is not None:
        staffed = np.array([one is None for one in phases])
        spans = list(_spans(kw, staffed & known & (kw > on_limit_kw(machine, rest_kw)) & (kw < job_limit_kw)))
    most = max((float((one - rest_kw).sum() / 4) for one in spans), default=0.0)
    idle_kwh = sum(float(one.sum() / 4) for one in spans if len(one) >= 4)
    return Levels(
        days, kwh_per_day, rest_kw, low, high, rest_h_per_week, most, len(spans), idle_kwh / days, job_limit_kw is not None
    )


def _spans(kw: Floats, idle: npt.NDArray[np.bool_]) -> Iterator[Floats]:
    """The powers of each span without a gap in which `idle` holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], idle, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        yield kw[begin:end]
