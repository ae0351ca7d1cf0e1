"""Machines whose load rose in the same quarter hour and made it the highest of its day, near the peak that is billed. Looked at once a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detection.site.incidents import Incident, Report, published
from detection.site.levels import KEPT_SLOTS, Floats
from detection.site.machines import SiteMachine
from detection.site.view import View
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import fact
from domain.plant import MachineKind
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw

KIND = AnomalyKind.SIMULTANEOUS_STARTS
NEAR = 0.97
"""Of the billed peak, and of the highest quarter hour of the last four weeks."""
FEWEST_SLOTS = 80
"""Quarter hours of the day that must be known."""
SHARE_EACH, SHARE_ALL = 0.03, 0.12
"""Of the peak: what one machine's load rises by at least, and all together."""
FROM_LOW = 0.6
"""A machine started where it drew less than this part before."""
LEAST_RELIEF = 0.02
"""Of the peak."""
QUIET_SLOTS = 14 * 96
"""After one was reported only a higher one is, for two weeks."""
RUNS_ON = 48
"""Quarter hours that a later start is followed through."""


@dataclass(frozen=True, slots=True)
class Start:
    """A machine that started into the peak."""

    machine: SiteMachine
    rise_kw: float
    peak_after_kw: float
    """The day's highest quarter hour if it had started one later."""


def watch_day(view: View) -> Iterator[Anomaly]:
    """Judge the day before, at the beginning of a local day."""
    billing = view.machines.billing
    if not billing:
        return
    first, end = view.day_slots(1)
    site_kw = view.sound_kw(billing, first, end)
    if np.isfinite(site_kw).sum() < FEWEST_SLOTS:
        return
    place = int(np.nanargmax(site_kw))
    slot, peak_kw = first + place, float(site_kw[place])
    notes = view.notes
    is_quiet = notes.starts_slot is not None and slot - notes.starts_slot < QUIET_SLOTS and peak_kw <= 1.02 * notes.starts_kw
    if is_quiet or peak_kw < NEAR * _reference_kw(view, first, slot):
        return
    starts = [
        start for machine in view.machines.machines if (start := _start(view, machine, slot, peak_kw, site_kw, first)) is not None
    ]
    together_kw = sum(one.rise_kw for one in starts)
    best = min(starts, key=lambda one: (one.peak_after_kw, one.machine.machine.id), default=None)
    if (
        best is None
        or len(starts) < 2
        or together_kw < SHARE_ALL * peak_kw
        or peak_kw - best.peak_after_kw < LEAST_RELIEF * peak_kw
    ):
        return
    notes.starts_slot, notes.starts_kw = slot, peak_kw
    yield _published(view, starts, best, slot, peak_kw)


def _reference_kw(view: View, first_slot: int, slot: int) -> float:
    """What a peak is high against: the billed one, and the highest of the last four weeks before the day."""
    billing = view.series(view.machines.billing)
    period = billing_period(view.plant.site, slot_start(slot))
    lately = billing.highest(first_slot - KEPT_SLOTS, first_slot)
    of_period = billing.highest(max(slot_of(period.start_utc), first_slot - KEPT_SLOTS), first_slot)
    return max(
        known_peak_kw(view.plant.site, slot_start(slot)), *(one.power_kw for one in (lately, of_period) if one is not None), 0.0
    )


def _start(view: View, machine: SiteMachine, slot: int, peak_kw: float, site_kw: Floats, first: int) -> Start | None:
    """How `machine` started into the quarter hour `slot`; None where it did not."""
    if machine.machine.kind is MachineKind.PHOTOVOLTAIC:
        return None
    kw = view.sound_kw(machine.meter, slot - 2, slot + 1)
    if np.isnan(kw).any():
        return None
    before_kw = float(min(kw[0], kw[1]))
    rise_kw = float(kw[2]) - before_kw
    if rise_kw < SHARE_EACH * peak_kw or before_kw > FROM_LOW * float(kw[2]):
        return None
    began = slot if kw[1] <= FROM_LOW * kw[2] else slot - 1
    return Start(machine, rise_kw, _peak_if_later(view, machine, began, site_kw, first))


def _peak_if_later(view: View, machine: SiteMachine, began: int, site_kw: Floats, first: int) -> float:
    """The day's highest quarter hour with all that the machine drew from `began` on one quarter hour later."""
    end = min(first + len(site_kw), began + RUNS_ON)
    own = view.sound_kw(machine.meter, began - 1, end)  # one before the start: what it draws while it waits
    later = site_kw.copy()
    moved = own[:-1] - own[1:]
    moved[np.isnan(moved)] = 0.0
    later[began - first : began - first + len(moved)] += moved
    return float(np.nanmax(later))


def _published(view: View, starts: list[Start], best: Start, slot: int, peak_kw: float) -> Anomaly:
    ids = [one.machine.machine.id for one in sorted(starts, key=lambda one: -one.rise_kw)]
    facts = (
        fact(
            "starts.together", machine=ids, start_utc=slot_start(slot), peak_kw=peak_kw, rise_kw=sum(one.rise_kw for one in starts)
        ),
        fact(
            "starts.one_later", machine=best.machine.machine.id, relief_kw=peak_kw - best.peak_after_kw, after_kw=best.peak_after_kw
        ),
    )
    # Kilowatts alone: what they are worth is a bill before and after, which the advice on jobs works out for the peak that comes.
    report = Report(
        view.site, view.machines.billing, KIND, view.slot, slot + 1, facts, expected_kw=best.peak_after_kw, actual_kw=peak_kw,
        like_day=view.like_day(view.machines.billing, slot), evidence={"machines": ", ".join(ids), "start_later": best.machine.machine.id},
    )  # fmt: skip
    return published(Incident(slot), report)
