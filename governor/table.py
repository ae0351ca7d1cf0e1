"""A governor's backtest as files. In: CSV of minutes, CSV of the plan.  Out: CSV of actions."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from domain.clock import EPOCH
from domain.errors import InputFaults, fault
from domain.instants import instant_text
from governor.backtest import Action, Past
from governor.flexibility import MINUTES
from governor.least_peak import Floats
from quarters.numbers import slot_of, slot_start
from quarters.profiles.cells import Faults
from quarters.profiles.grid import MINUTE, QUARTER_HOURS, checked_resolution
from quarters.profiles.load import read_profile
from quarters.profiles.table import Layout, open_table, read_rows

PLANNED = "planned_kw"
HEADER = ("issued_utc", "start_utc", "end_utc", "shift_kw", "reason")
_MINUTES_ONLY = (1,)


def read_past(load: Path, plan: Path) -> Past:
    """A load by the minute, and the plan of each of its quarter hours.

    Raises
    ------
    InputFaults
        With every fault of both files; also where the plan leaves out a quarter hour of the load.
    """
    faults = []
    try:
        profile = read_profile(load, _MINUTES_ONLY)
    except InputFaults as found:
        faults += found.faults
    try:
        first_planned, planned_kw = _read_plan(plan)
    except InputFaults as found:
        faults += found.faults
    if faults:
        raise InputFaults(faults)
    first = slot_of(profile.start_utc)
    count = slot_of(profile.end_utc - MINUTE) + 1 - first
    minute_kw = np.full(count * MINUTES, np.nan)
    places = [(start - EPOCH) // MINUTE - first * MINUTES for start in profile.starts]
    minute_kw[places] = [np.nan if value is None else float(value) for value in profile.power_kw()]
    return Past(first, minute_kw.reshape(count, MINUTES), _plan_of(plan, first_planned, planned_kw, first, count))


def _read_plan(path: Path) -> tuple[int, Floats]:
    table, faults = open_table(path), Faults(path)
    layout = Layout((PLANNED,))
    if not layout.fits(table.header):
        faults.wrong(table.line, "header", repr(",".join(table.header)), str(layout))
        faults.raise_if_any()
    rows = read_rows(table, layout)
    checked_resolution(rows.stamps, QUARTER_HOURS, faults)
    faults.raise_if_any()
    slots = [slot_of(start) for start in rows.stamps.starts]
    planned_kw = np.full(slots[-1] + 1 - slots[0], np.nan)
    planned_kw[[slot - slots[0] for slot in slots]] = [np.nan if kw is None else float(kw) for kw in rows.values[PLANNED]]
    return slots[0], planned_kw


def _plan_of(path: Path, first_planned: int, planned_kw: Floats, first: int, count: int) -> Floats:
    places = np.arange(count) + first - first_planned
    inside = (places >= 0) & (places < len(planned_kw))
    found = np.where(inside, planned_kw[np.clip(places, 0, len(planned_kw) - 1)], np.nan)
    if np.isnan(found).any():
        missing = instant_text(slot_start(first + int(np.isnan(found).argmax())))
        left_out = f"nothing for {missing} and {int(np.isnan(found).sum()) - 1} more quarter hours of the load"
        raise InputFaults([fault(path, PLANNED, left_out, "a planned power for each quarter hour of the load")])
    return found


def write_actions(path: Path, actions: Iterable[Action]) -> int:
    """Write actions as CSV; how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for action in actions:
            count += 1
            times = (instant_text(instant) for instant in (action.issued_utc, action.start_utc, action.end_utc))
            reason = f"expected_kw={action.expected_kw:.1f} level_kw={action.level_kw:.1f}"
            rows.writerow([*times, f"{action.shift_kw:.3f}", reason])
    return count
