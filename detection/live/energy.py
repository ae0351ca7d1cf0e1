"""Energy that is drawn at the wrong time, or always: hours that were judged as incidents with their kilowatt-hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan

from detection.live.incidents import DAY_S, HOUR_S, Incident, Sign
from detection.streams.base_load import CREEP, STEP
from detection.streams.hours import KEPT_HOURS, Hour, Hours
from detection.streams.meter import Judged, Meter
from detection.streams.row import HOURS_OF_DAY
from detection.streams.shifts import Shifts

STILL_ON = 0.5
"""Share of the margin above which what was found left on still is."""
CALM_HOURS = 2
CALM_WORK_HOURS = 3
RISEN_WITHIN_DAYS = 21
"""A rise that history has shown is reported in the first live hour if it began no longer ago."""
SMALLEST_KW = 0.5
SMALLEST_RISE_KW, SMALLEST_RISE = 0.2, 0.03
"""Less, in kW and as a share of the working load, is no finding about a base load."""
NOT_WORKED_HOURS = 3
IDLE = 0.1
"""Of the way from rest to work: below it nobody works."""


@dataclass(slots=True)
class Energy:
    """What goes on from hour to hour."""

    idle_special: int = 0
    """Hours in a row of a special shift in which nobody worked."""
    is_risen: bool = False
    """Whether the rise of the base load that the detector follows has been reported, or is not to be reported."""
    rise_kwh: float = 0.0
    """Its energy before it was reported."""
    reported_day: int = -1
    """Last local day on which another finding reported that more is drawn at rest."""
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Of the open *left on*: hours, and kWh drawn in them."""


def left_on(
    energy: Energy, incident: Incident, judged: Judged, hour: Hour, hour_s: int, meter: Meter, off_hours: float, opens: bool
) -> bool:
    """Count an hour; whether the incident is to be published.

    Parameters
    ----------
    hour_s
        Start of the hour [s since 1970].
    off_hours
        Hours of a day in which nobody is meant to work.
    opens
        Whether a new incident may open; else one that is open only goes on.
    """
    if not hour.good:
        return False
    end_s = hour_s + HOUR_S
    if hour.staffed:
        return incident.end(end_s)
    watch = meter.left_on
    is_found = judged.left_on.strength >= 1.0 and sum(watch.excess_kwh) >= SMALLEST_KW * len(watch.excess_kwh)
    goes_on = incident.is_open and watch.margins and watch.margins[-1] >= STILL_ON
    if not (goes_on or (is_found and (opens or incident.is_open))):
        return incident.not_seen(CALM_HOURS, end_s)
    first = not incident.is_open
    hours = len(watch.margins) if first else 1
    since_s = end_s - (hour.local_hour - watch.local_hours[-hours] + 1) * HOUR_S
    excess_kwh = sum(watch.excess_kwh) if first else watch.excess_kwh[-1]
    usual_kw = hour.mean_kw - watch.excess_kwh[-1]
    if first and (incident.revision < 0 or since_s - incident.until_s >= DAY_S):
        energy.sums = [0.0, 0.0]
    energy.sums[0] += hours
    energy.sums[1] += excess_kwh
    mean_excess_kw = energy.sums[1] / energy.sums[0]
    like_day = meter.hours.like_day(hour.local_hour, staffed=False)
    sign = Sign(
        since_s, end_s, excess_kwh, usual_kw, usual_kw + mean_excess_kw, mean_excess_kw * off_hours,
        -1 if like_day is None else like_day,
    )  # fmt: skip
    return incident.seen(sign, end_s)


def unplanned_work(incident: Incident, judged: Judged, hour: Hour, hour_s: int, meter: Meter) -> bool:
    """Count an hour; whether the incident of *work at other times* is to be published. Its energy is what was drawn above rest in hours that nobody planned."""
    if not hour.good or not meter.hours.works():
        return False
    shifts, end_s = meter.shifts, hour_s + HOUR_S
    is_wrong = bool(shifts.extra[-1] or shifts.missing[-1])
    if not is_wrong or (judged.shifts.strength < 1.0 and not incident.is_open):
        return incident.not_seen(CALM_WORK_HOURS, end_s)
    rest_kw, opens = meter.hours.rest_kw, not incident.is_open
    past = len(shifts.extra) if opens else 1
    places = range(hour.local_hour - past + 1, hour.local_hour + 1)
    drawn = [hour.mean_kw if place == hour.local_hour else meter.hours.kw[place % KEPT_HOURS] for place in places]
    extra_kw = [kw for kw, extra in zip(drawn, shifts.extra[-past:], strict=True) if extra and not isnan(kw)]
    excess_kwh = sum(kw - rest_kw for kw in extra_kw)
    first = _first_wrong(shifts) if opens else 1
    actual_kw = sum(extra_kw) / len(extra_kw) if extra_kw else hour.mean_kw
    extra_hours, missing_hours = sum(shifts.extra), sum(shifts.missing)
    per_day = max(incident.excess_kwh, 0.0) + excess_kwh if not opens else excess_kwh
    like_day = meter.hours.like_day(hour.local_hour, hour.staffed)
    sign = Sign(
        end_s - first * HOUR_S, end_s, excess_kwh, rest_kw, actual_kw, per_day, -1 if like_day is None else like_day,
        (extra_hours, missing_hours),
    )  # fmt: skip
    return incident.seen(sign, end_s)


def _first_wrong(shifts: Shifts) -> int:
    """How many hours ago the first of the hours that are wrong began."""
    wrong = [bool(extra or missing) for extra, missing in zip(shifts.extra, shifts.missing, strict=True)]
    return len(wrong) - wrong.index(True)


def not_worked(energy: Energy, incident: Incident, hour: Hour, hour_s: int, hours: Hours, special: bool) -> bool:
    """Count an hour; whether the incident of a *special shift without anybody* is to be published.

    Parameters
    ----------
    special
        Whether the hour is one of a shift that was entered beside the weekly pattern.
    """
    span_kw, end_s = hours.work_kw - hours.rest_kw, hour_s + HOUR_S
    if not hour.good or not hours.works():
        return False
    is_idle = special and hour.mean_kw - hours.rest_kw < IDLE * span_kw
    energy.idle_special = energy.idle_special + 1 if is_idle else 0
    if energy.idle_special < NOT_WORKED_HOURS:
        return False
    sign = Sign(
        end_s - energy.idle_special * HOUR_S,
        end_s,
        0.0,
        hours.work_kw,
        hour.mean_kw,
        0.0,
        hour.day - 7,
        (0.0, float(energy.idle_special)),
    )
    return incident.seen(sign, end_s)


def base_load(
    energy: Energy,
    incident: Incident,
    judged: Judged,
    hour: Hour,
    hour_s: int,
    meter: Meter,
    midnight_s: int,
    live: bool,
    reported: bool,
    confirming_days: int,
) -> bool:
    """Count an hour; whether the incident of a *risen base load* is to be published.

    Parameters
    ----------
    midnight_s
        Start of the day on which the detector says that the rise began [s since 1970].
    live
        Whether a finding may be made: history trains only.
    reported
        Whether another finding says it just now: then this rise is never reported.
    confirming_days
        Days that must confirm it: what was left on over a weekend is no level.
    """
    base, end_s = meter.base_load, hour_s + HOUR_S
    if reported:
        energy.reported_day = hour.day
    risen = base.risen
    if judged.base.strength >= 1.0 and judged.base.kind == STEP and not incident.is_open:
        energy.is_risen, energy.rise_kwh = False, 0.0
    if not risen.days_left:
        energy.is_risen, energy.rise_kwh = False, 0.0
        return incident.end(end_s)
    if not incident.is_open:
        energy.rise_kwh += judged.base.excess_kwh
    if base.step_since_day <= energy.reported_day or (judged.base.strength >= 1.0 and judged.base.kind == CREEP):
        energy.is_risen = True
    is_small = risen.by_kw < max(SMALLEST_RISE_KW, SMALLEST_RISE * meter.hours.working_kw)
    is_new = not is_small and not energy.is_risen and live and base.step_since_day >= 0
    if is_new and hour.day - base.step_since_day > RISEN_WITHIN_DAYS:
        energy.is_risen = True
        return False
    if not (is_new and risen.days >= confirming_days) and not incident.is_open:
        return False
    excess_kwh = judged.base.excess_kwh if incident.is_open else energy.rise_kwh
    energy.is_risen = True
    sign = Sign(
        midnight_s if not incident.is_open else hour_s, end_s, excess_kwh, risen.usual_kw, risen.usual_kw + risen.by_kw,
        max(risen.by_kw, 0.0) * HOURS_OF_DAY, base.step_since_day - 1,
    )  # fmt: skip
    return incident.seen(sign, end_s, DAY_S)
