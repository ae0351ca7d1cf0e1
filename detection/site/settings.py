"""How machines could be set at less energy: what is found each day, before it is known whether it may be advised."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from detection.site import rests
from detection.site.gauges import GaugeDay
from detection.site.levels import Levels
from detection.site.machines import SiteMachine
from detection.site.prices import mean_price
from detection.site.saving import FLOW_TEMPERATURE, PRESSURE, Interval, PerUnit, holding_share
from detection.site.view import View
from domain.facts import Fact, fact
from domain.recommendations import Action, SetPoint
from domain.set_points import MachineSetPoint, SetPointKind

LEARNS_DAYS = 1
"""Days of a channel of eight hours or more, before anything is advised of it: what is set hardly changes."""
LEARNS_ENERGY_DAYS = 14.0
DAYS_PER_YEAR = 365.25
PRESSURE_STEP_BAR, LEAST_BAR, MOST_BAR = 0.1, 0.3, 1.0
FLOW_STEP_K, LEAST_FLOW_K, MOST_FLOW_K = 0.5, 1.0, 3.0
HOLD_STEP_K, LEAST_HOLD_K, MOST_HOLD_K = 10.0, 20.0, 150.0
"""Steps in which a set point is advised, the smallest change worth advising, and the largest at once."""
POWER = "power"


@dataclass(frozen=True, slots=True)
class Draft:
    """A setting that would take less energy."""

    subject: str
    """What it is about, the same from day to day."""
    action: Action
    before: tuple[SetPoint, ...]
    after: tuple[SetPoint, ...]
    kwh_per_day: float
    """What the machines take now."""
    saved: Interval
    """[kWh a year]."""
    price: float | None
    what: Fact
    checked: tuple[Fact, ...]
    not_checked: tuple[Fact, ...]


def drafts(view: View) -> Iterator[Draft]:
    """All that could be set otherwise by what is known at the beginning of a local day."""
    yield from _pressure(view)
    for machine in view.machines.machines:
        levels = view.levels(machine)
        if levels is None or levels.days < LEARNS_ENERGY_DAYS:
            continue
        yield from _flow_temperature(view, machine, levels)
        yield from _hold_temperature(view, machine, levels)
        yield from _switch_off(view, machine, levels)


def usual(view: View, machine: SiteMachine, point: MachineSetPoint) -> GaugeDay | None:
    """What a set point's channel usually shows; None where too few days are known."""
    gauge = view.notes.gauges.get(_name(machine, point))
    return None if gauge is None else gauge.usual(point, LEARNS_DAYS)


def _name(machine: SiteMachine, point: MachineSetPoint) -> str:
    return f"{machine.machine.id}/{point.channel}"


def _steps(distance: float, step: float, least: float, most: float) -> float:
    """`distance` down to whole steps, at most `most`; 0 where it is not worth it."""
    found = min(math.floor(distance / step + 1e-9) * step, most)
    return round(found, 3) if found >= least - 1e-9 else 0.0


def _set(machine: SiteMachine, point: MachineSetPoint, value: float) -> SetPoint:
    return SetPoint(machine.machine.id, point.channel, round(value, 2), point.unit)


def _measured(days: float, point: MachineSetPoint) -> tuple[Fact, ...]:
    return fact("condition.measured", days=math.floor(days)), fact("condition.within_limits", least=point.least, most=point.most)


def _pressure(view: View) -> Iterator[Draft]:
    """All compressors together: on one net one alone would leave the work to the others."""
    found = []
    for machine in view.machines.machines:
        point, levels = machine.set_point(SetPointKind.PRESSURE), view.levels(machine)
        shown = None if point is None else usual(view, machine, point)
        if point is not None:
            found.append((machine, point, levels, shown))
    ready = [
        (m, p, one, shown) for m, p, one, shown in found if one is not None and shown is not None and one.days >= LEARNS_ENERGY_DAYS
    ]
    if not ready or len(ready) < len(found):
        return
    bar = _steps(min(shown.low - point.least for _, point, _, shown in ready), PRESSURE_STEP_BAR, LEAST_BAR, MOST_BAR)
    if not bar:
        return
    machines = tuple(machine.machine.id for machine, *_ in ready)
    kwh_per_day, first = sum(levels.kwh_per_day for _, _, levels, _ in ready), ready[0]
    yield Draft(
        f"{SetPointKind.PRESSURE}/{machines[0]}", Action.SET_POINT,
        tuple(_set(machine, point, shown.middle) for machine, point, _, shown in ready),
        tuple(_set(machine, point, shown.middle - bar) for machine, point, _, shown in ready),
        kwh_per_day, _a_year(kwh_per_day, PRESSURE, bar), mean_price(view, lambda _: True),
        fact("setting.pressure", machine=machines, from_bar=first[3].middle, to_bar=first[3].middle - bar),
        _measured(min(levels.days for _, _, levels, _ in ready), first[1]), (fact("condition.consumers_pressure"),),
    )  # fmt: skip


def _flow_temperature(view: View, machine: SiteMachine, levels: Levels) -> Iterator[Draft]:
    point = machine.set_point(SetPointKind.FLOW_TEMPERATURE)
    shown = None if point is None else usual(view, machine, point)
    if point is None or shown is None:
        return
    kelvin = _steps(point.most - shown.high, FLOW_STEP_K, LEAST_FLOW_K, MOST_FLOW_K)
    if kelvin:
        yield Draft(
            f"{point.kind}/{machine.machine.id}", Action.SET_POINT, (_set(machine, point, shown.middle),),
            (_set(machine, point, shown.middle + kelvin),), levels.kwh_per_day, _a_year(levels.kwh_per_day, FLOW_TEMPERATURE, kelvin),
            mean_price(view, lambda _: True),
            fact("setting.flow_temperature", machine=machine.machine.id, from_c=shown.middle, to_c=shown.middle + kelvin),
            _measured(levels.days, point), (fact("condition.consumers_cold"),),
        )  # fmt: skip


def _hold_temperature(view: View, machine: SiteMachine, levels: Levels) -> Iterator[Draft]:
    """What the machine takes while it waits, known from quarter hours in shifts without a job."""
    point = machine.set_point(SetPointKind.HOLD_TEMPERATURE)
    shown = None if point is None else usual(view, machine, point)
    if point is None or shown is None or not levels.idle_kwh_per_day:
        return
    kelvin = _steps(shown.middle - point.least, HOLD_STEP_K, LEAST_HOLD_K, MOST_HOLD_K)
    if kelvin:
        saved = holding_share(shown.middle, shown.middle - kelvin).times(levels.idle_kwh_per_day * DAYS_PER_YEAR)
        yield Draft(
            f"{point.kind}/{machine.machine.id}", Action.SET_POINT, (_set(machine, point, shown.middle),),
            (_set(machine, point, shown.middle - kelvin),), levels.kwh_per_day, saved, mean_price(view, lambda _: True),
            fact("setting.hold_temperature", machine=machine.machine.id, from_c=shown.middle, to_c=shown.middle - kelvin),
            _measured(levels.days, point), (fact("condition.heat_up"),),
        )  # fmt: skip


def _switch_off(view: View, machine: SiteMachine, levels: Levels) -> Iterator[Draft]:
    if levels.rest_kw is None or levels.rest_kw < rests.LEAST_KW:
        return
    ids, hours = machine.machine.id, levels.rest_h_per_week
    saved = Interval(*(rests.kwh_per_year(levels, kw) for kw in (levels.rest_low_kw, levels.rest_kw, levels.rest_high_kw)))
    if not rests.is_worth_finding(saved.middle, rests.rest_price(view, machine)):
        return
    yield Draft(
        f"{Action.SWITCH_OFF}/{ids}", Action.SWITCH_OFF, (SetPoint(ids, POWER, round(levels.rest_kw, 2), "kW"),), (SetPoint(ids, POWER, 0.0, "kW"),),
        levels.kwh_per_day, saved, rests.rest_price(view, machine),
        fact("setting.switch_off", machine=ids, kw=levels.rest_kw, rest_h_per_week=hours),
        (fact("condition.measured", days=math.floor(levels.days)),), (fact("condition.needed_at_rest"),),
    )  # fmt: skip


def _a_year(kwh_per_day: float, per_unit: PerUnit, units: float) -> Interval:
    return per_unit.share(units).times(kwh_per_day * DAYS_PER_YEAR)
