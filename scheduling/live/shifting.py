"""From a plan of vehicles to advice: charge points that draw elsewhen, with what that does to the peak and the bill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zlib import crc32

import numpy as np

from domain.facts import Fact, fact
from domain.instants import instant_text
from domain.load_facts import LOADS_CHECKED, shifted
from domain.orders import Order
from domain.recommendations import (
    MOST_LOAD_PLACES,
    OF_LOADS,
    Action,
    LoadPlace,
    Places,
    Recommendation,
    RecommendationStatus,
)
from quarters.numbers import slot_of, slot_start
from scheduling.explain import lines_of, not_checked, nothing
from scheduling.live.writing import FOLLOWING, versions_of
from scheduling.pen import Pen, free_name
from scheduling.problem import Load, Outlook
from scheduling.solve import peak_of
from scheduling.state import Notes
from scheduling.worth import cents

QUARTER_H = 0.25
LEAST_KWH = 0.5
"""A load whose energy would move by less stays as it is [kWh]."""
BALANCED_KWH = 0.05
"""Rounding of a sum of means [kWh]."""
MOST_TRIED = 24
"""Of more loads it is not tried which of them could stay as they are."""
LEAST_EUR = 1.0
"""Advice on loads that saves less is not given [EUR]."""
_LIVE = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class PlannedLoad:
    """A charge point in a plan: means of each slot [kW]."""

    load: str
    before_kw: tuple[float, ...]
    after_kw: tuple[float, ...]
    not_in_base_kw: tuple[float, ...]
    """What of `before_kw` the expected load of the site does not have in it."""

    def first_change(self) -> PlannedLoad:
        """The same up to where what was put off or brought forward is made up: what is further ahead is planned again before it comes."""
        ahead_kwh = np.cumsum(np.subtract(self.after_kw, self.before_kw)) * QUARTER_H
        differs = np.abs(ahead_kwh) > BALANCED_KWH
        if not differs.any():
            return self
        first = int(np.argmax(differs))
        even = np.flatnonzero(~differs[first:])
        end = len(differs) if len(even) == 0 else first + int(even[0]) + 1
        rest = (0.0,) * (len(differs) - end)
        return PlannedLoad(self.load, (*self.before_kw[:end], *rest), (*self.after_kw[:end], *rest), self.not_in_base_kw)

    @property
    def moved_kwh(self) -> float:
        """Energy that is drawn elsewhen."""
        return sum(max(then - was, 0.0) for was, then in zip(self.before_kw, self.after_kw, strict=True)) * QUARTER_H


@dataclass(frozen=True)
class Present:
    """What is known when a plan comes back."""

    notes: Notes
    orders: Mapping[str, Order]
    pen: Pen
    outlook: Outlook
    """The expected load with all advice on jobs that is accepted or open."""
    planner: str


def planned_loads(body: str) -> list[PlannedLoad]:
    """The charge points in an answer of the planner; empty where it has none.

    Raises
    ------
    ValueError, KeyError, TypeError
        For a text that no planner writes.
    """
    answer = json.loads(body)
    found = [
        PlannedLoad(str(one["load"]), *(tuple(map(float, one[key])) for key in ("before_kw", "after_kw", "not_in_base_kw")))
        for one in answer.get("charging", {}).get("loads", ())
    ]
    if any(len({len(one.before_kw), len(one.after_kw), len(one.not_in_base_kw)}) > 1 for one in found):
        msg = "charging: as many values before, after and not in the base load"
        raise ValueError(msg)
    return found


def shift_advice(first_start_utc: datetime, loads: Iterable[PlannedLoad], present: Present) -> list[Recommendation]:
    """Advice on the charge points of a plan whose slot 0 began at `first_start_utc`: one recommendation, or none.

    A charge point that is in open or accepted advice that is not over keeps that: a plan that changes every hour is followed by nobody.
    Of the others those move that draw elsewhen, if that saves something by the difference of two bills.
    """
    notes, pen, outlook = present.notes, present.pen, present.outlook
    loads = list(loads)
    taken, now_utc = _taken(notes, pen.rules.now_utc), pen.rules.now_utc
    for one in loads:
        outlook = outlook.plus(_on(outlook, first_start_utc, one.not_in_base_kw))
    changes = [one.first_change() for one in loads if one.load not in taken]
    moving = _needed([one for one in changes if one.moved_kwh >= LEAST_KWH], outlook, first_start_utc, pen)
    change_kw = _change(moving, outlook, first_start_utc)
    before, after = (_places(first_start_utc, moving, which) for which in ("before_kw", "after_kw"))
    if not moving or not before or not after or len(before) > MOST_LOAD_PLACES or len(after) > MOST_LOAD_PLACES:
        return []
    until_utc = min(place.start_utc for place in (*before, *after))
    saving = pen.saving_by(outlook, change_kw)
    if until_utc <= now_utc or saving.total_eur is None or saving.total_eur < LEAST_EUR:
        return []
    if _is_declined(notes, moving, pen.day_of(slot_start(peak_of(outlook).slot))):
        return []
    name = free_name(_name(before, after), notes.decided)
    known = notes.recommendations.get(name)
    peak, low = peak_of(outlook), peak_of(outlook.plus(change_kw))
    advice = Recommendation(
        site=pen.basis.plant.site.id, recommendation=name, revision=1 if known is None else known.revision + 1,
        status=RecommendationStatus.OPEN, issued_utc=now_utc, at_utc=now_utc, valid_until_utc=until_utc, action=Action.SHIFT_LOAD,
        before=Places(loads=before), after=Places(loads=after), peak_start_utc=slot_start(peak.slot), peak_before_kw=round(peak.median_kw, 1),
        peak_after_kw=round(low.median_kw, 1), reduction_kw=round(peak.median_kw - low.median_kw, 1),
        bill_before_eur=cents(saving.before_eur), bill_after_eur=cents(saving.after_eur), saving_eur=cents(saving.total_eur),
        saving_demand_eur=cents(saving.demand_eur), saving_energy_eur=cents(saving.energy_eur),
        confidence=pen.confidence(outlook, change_kw, None, peak.slot, (), name),
        reason=_reason(before, after, slot_start(peak.slot), peak.median_kw, low.median_kw, saving.total_eur),
        alternatives=(nothing(Places(loads=before), peak.median_kw, peak.median_kw - low.median_kw, cents(saving.total_eur)),),
        checked=LOADS_CHECKED, not_checked=tuple(one for one in not_checked(saving) if one.key != FOLLOWING), lines=lines_of(saving),
        versions=versions_of(pen.forecast, present.orders, present.planner),
    )  # fmt: skip
    notes.recommendations[name] = advice
    return [advice]


def is_about_loads(advice: Recommendation) -> bool:
    """Whether it is about loads that can wait: neither orders nor a new forecast bear on it."""
    return advice.action in OF_LOADS


def _needed(loads: list[PlannedLoad], outlook: Outlook, first_start_utc: datetime, pen: Pen) -> list[PlannedLoad]:
    """The loads without those that save nothing by drawing elsewhen: what brings nothing is not advised."""
    if len(loads) > MOST_TRIED:
        return loads
    found = list(loads)
    saved = pen.saving_by(outlook, _change(found, outlook, first_start_utc)).total_eur
    for one in loads:
        others = [other for other in found if other is not one]
        less = pen.saving_by(outlook, _change(others, outlook, first_start_utc)).total_eur
        if saved is not None and less is not None and less >= saved - LEAST_EUR:
            found, saved = others, less
    return found


def _change(loads: Iterable[PlannedLoad], outlook: Outlook, first_start_utc: datetime) -> Load:
    """What loads that draw elsewhen change in the load of the site [kW]."""
    found = np.zeros(len(outlook.median_kw))
    for one in loads:
        found += _on(outlook, first_start_utc, np.subtract(one.after_kw, one.before_kw))
    return found


def _taken(notes: Notes, now_utc: datetime) -> frozenset[str]:
    live = [one for one in notes.recommendations.values() if one.status in _LIVE and is_about_loads(one)]
    return frozenset(
        place.load for one in live for place in one.after.loads
        if max(each.end_utc for each in (*one.before.loads, *one.after.loads)) > now_utc
    )  # fmt: skip


def _is_declined(notes: Notes, moving: Iterable[PlannedLoad], day: str) -> bool:
    """Whether somebody has declined for that day to let one of these loads draw elsewhen."""
    declined = {one.subject for one in notes.declined if one.peak_day == day}
    return any(one.load in declined for one in moving)


def _on(outlook: Outlook, first_start_utc: datetime, kw: Iterable[float]) -> Load:
    """Slots of a plan in the slots of an outlook; what lies outside is left out."""
    found = np.zeros(len(outlook.median_kw))
    first = slot_of(first_start_utc) - outlook.first_slot
    for place, power in enumerate(kw, first):
        if 0 <= place < len(found):
            found[place] = power
    return found


def _places(first_start_utc: datetime, loads: Iterable[PlannedLoad], which: str) -> tuple[LoadPlace, ...]:
    """Spans of even power in which the loads draw something, by load and time."""
    first, found = slot_of(first_start_utc), []
    for one in loads:
        at = first
        for kw, same in groupby(round(kw, 1) for kw in getattr(one, which)):
            end = at + len(list(same))
            if kw > 0:
                found.append(LoadPlace(one.load, kw, slot_start(at), slot_start(end)))
            at = end
    return tuple(found)


def _name(before: Iterable[LoadPlace], after: Sequence[LoadPlace]) -> str:
    text = "".join(f"{one.load} {one.kw:g} {instant_text(one.start_utc)} {instant_text(one.end_utc)};" for one in (*before, *after))
    return f"charging-{after[0].start_utc:%y%m%d%H%M}-{crc32(text.encode()):08x}"


def _reason(
    before: Sequence[LoadPlace], after: Sequence[LoadPlace], peak_utc: datetime, before_kw: float, after_kw: float, eur: float
) -> tuple[Fact, ...]:
    found = [shifted(before, after, peak_utc, before_kw, after_kw)]
    return (*found, fact("advice.saves", saving_eur=eur)) if round(eur, 2) > 0 else tuple(found)
