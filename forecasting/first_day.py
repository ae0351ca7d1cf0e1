"""The forecast of a new site, before there are days to compare with: a standard load profile of its sector, scaled by the plant file.

In: the plant file, and the quarter hours that are known so far, from none to a few days.  Out: quantiles, honestly wide.

The standard load profile (SLP) of a sector is a base load and a few blocks with soft edges, set by hand; no published table is shipped.
Where the plant file has shifts, they give the profile. A profile has two sizes: its base load, and what work adds. Both begin as guesses
(a past peak, else machines, else the size of the meter) with a standard deviation, and every measured quarter hour updates them by Bayes'
rule for a linear model: after an hour the level fits the site, after a day so does the work, and a measured day lends its shape to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from domain.plant import Plant, Sector
from forecasting.days import LocalDay, SiteDays
from forecasting.slots import SLOTS_PER_DAY, Floats

Block = tuple[float, float, float]
"""From and to which hour of the local clock it adds how much; to an hour past 24 runs into the next morning."""
ABOVE_90 = 1.2816
"""Standard deviations from the middle of a normal distribution to its 90 % quantile."""

TYPICAL_OF_PEAK, PEAK_ODDS = 0.75, 0.3
"""A working day's highest quarter hour over the peak of the year, and how far that is off, as a share. Ours, from a few plants."""
TYPICAL_OF_RATED, RATED_ODDS = 0.35, 0.5
TYPICAL_OF_METER, METER_ODDS = 0.25, 0.8
BELIED = 4.0
"""A load this many times what was thought shows that what is written down is wrong, or a placeholder."""
NOISE = 0.25
"""Standard deviation of a quarter hour around a load profile that is right, over the profile's highest."""
ALIKE = 24
"""Quarter hours that count as one observation, because their errors are correlated."""
FADES = 12.0
"""After how many quarter hours a third of the newest difference is left."""
NEWEST = 4
USUAL_STEPS, STEPS = 0.9, 4.0
"""Share of the changes from one quarter hour to the next that are usual, and how many times their mean a change may be."""
SOFT_SHIFT = 4
"""Quarter hours over which a shift begins to be felt."""
KEPT_IN_BREAKS = 0.5
"""Share of what work adds that goes on in a break: machines idle and ovens hold. Ours; what is measured corrects it."""


@dataclass(frozen=True, slots=True)
class StandardWeek:
    """A sector's week: 1 is about a working day's highest."""

    base: float
    workday: tuple[Block, ...]
    saturday: tuple[Block, ...]
    sunday: tuple[Block, ...]
    soft_h: float = 0.5
    """How long an edge takes."""
    winter: float = 0.0
    """By which share January is above the year's mean, and July below."""


STANDARD_WEEKS = {
    Sector.BUSINESS: StandardWeek(
        0.27, ((7.6, 18.6, 0.5), (8.4, 12.8, 0.2)), ((7.5, 13.8, 0.55),), ((10.0, 22.5, 0.12),), 0.8, 0.04
    ),
    Sector.OFFICE: StandardWeek(0.06, ((7.2, 16.6, 0.65), (7.6, 12.8, 0.3)), ((8.5, 12.8, 0.08),), (), 0.6, 0.16),
    Sector.EVENING: StandardWeek(
        0.14,
        ((6.0, 23.5, 0.2), (9.0, 23.0, 0.35), (15.5, 22.0, 0.3)),
        ((6.0, 22.5, 0.2), (9.0, 22.0, 0.4), (16.0, 20.5, 0.2)),
        ((9.5, 22.0, 0.45), (16.5, 20.5, 0.2)),
        0.7,
        0.13,
    ),
    Sector.CONTINUOUS: StandardWeek(
        0.61, ((7.8, 20.5, 0.32), (6.0, 24.0, 0.07)), ((8.0, 13.5, 0.3), (8.0, 21.5, 0.1)), ((6.0, 22.0, 0.08),), 0.8
    ),
    Sector.SHOP: StandardWeek(
        0.31, ((7.6, 19.0, 0.45), (8.3, 12.8, 0.22), (15.0, 18.3, 0.2)), ((7.0, 13.6, 0.68),), ((17.0, 22.0, 0.09),), 0.6, 0.03
    ),
    Sector.BAKERY: StandardWeek(
        0.22, ((3.0, 12.5, 0.75), (12.5, 18.5, 0.28)), ((0.6, 8.6, 0.75), (3.8, 7.6, 0.1), (8.6, 13.5, 0.3)), (), 0.6
    ),
    Sector.WEEKEND: StandardWeek(
        0.22,
        ((9.5, 15.0, 0.45), (11.0, 13.5, 0.3), (16.5, 23.5, 0.5), (18.0, 22.0, 0.25)),
        ((9.5, 23.5, 0.6), (17.0, 22.0, 0.6)),
        ((8.5, 22.5, 0.6), (9.8, 14.5, 0.5), (17.5, 20.8, 0.4)),
        0.8,
        0.07,
    ),
    Sector.HOUSEHOLD: StandardWeek(
        0.25,
        ((5.8, 23.5, 0.45), (11.2, 13.6, 0.1), (17.6, 21.6, 0.3)),
        ((7.5, 24.5, 0.5), (9.5, 13.8, 0.25), (17.5, 20.2, 0.3)),
        ((8.0, 23.8, 0.45), (9.2, 13.0, 0.45), (18.5, 21.5, 0.15)),
        0.7,
        0.08,
    ),
    Sector.FARM: StandardWeek(
        0.27,
        ((6.2, 22.8, 0.23), (7.1, 9.9, 0.42), (9.9, 12.9, 0.18), (17.6, 20.4, 0.47)),
        ((6.2, 22.8, 0.2), (7.4, 9.9, 0.45), (9.9, 12.9, 0.28), (17.8, 20.3, 0.45)),
        ((6.2, 22.8, 0.23), (6.9, 9.9, 0.45), (9.9, 12.9, 0.22), (17.6, 20.3, 0.47)),
        0.9,
        0.1,
    ),
    Sector.ONE_SHIFT: StandardWeek(0.2, ((6.0, 15.5, 0.8),), (), (), 0.5, 0.05),
    Sector.TWO_SHIFTS: StandardWeek(0.2, ((5.6, 22.2, 0.7), (6.0, 14.5, 0.1)), ((6.0, 12.5, 0.2),), (), 0.5, 0.05),
    Sector.THREE_SHIFTS: StandardWeek(
        0.35, ((0.0, 24.0, 0.55), (6.0, 22.0, 0.1)), ((0.0, 6.0, 0.55), (6.0, 14.0, 0.2)), ((22.0, 24.0, 0.55),), 0.4
    ),
}


@dataclass(frozen=True, slots=True)
class FirstDay:
    """Quantiles on little, and what they are made of."""

    kw: Floats
    """q10, q50, q90: (3, count) kW."""
    profile: str
    """Of which sector, or ``shifts``."""
    scaled_by: str
    """What its size was taken from: ``billed_peak``, ``machines``, ``meter``, ``measured``."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much a working day's highest quarter hour is thought to be before any is measured."""

    highest_kw: float
    odds: float
    """Standard deviation as a share of it."""
    taken_from: str


def first_day(plant: Plant, meter: str, days: SiteDays, first_slot: int, count: int, seen_kw: Floats) -> FirstDay | None:
    """Quantiles of the `count` quarter hours from `first_slot` on; None where nothing says how large the load is.

    Parameters
    ----------
    meter
        A meter below the grid connection; empty: the site.
    seen_kw
        The quarter hours just before `first_slot`, oldest first, nan where missing; may be empty.
    """
    seen_kw = confirmed(seen_kw)
    size = size_of(plant, meter, seen_kw)
    known = seen_kw[np.isfinite(seen_kw)]
    if size is not None and known.size and float(known.max()) > BELIED * size.highest_kw:
        size = Size(float(known.max()), METER_ODDS, "measured")
    if size is None:
        return None
    sector = plant.site.sector
    name = "shifts" if plant.shifts and sector is None else (sector or Sector.BUSINESS).value
    begin = first_slot - len(seen_kw)
    spanned = days.between(begin, first_slot + count - 1)
    cut = slice(begin - spanned[0].first_slot, begin - spanned[0].first_slot + len(seen_kw) + count)
    shape = np.concatenate([profile_of(plant, day) for day in spanned])[cut]
    base, work = shape[:, 0], shape[:, 1]
    clock = (
        np.concatenate([day.clock for day in spanned])[cut]
        + SLOTS_PER_DAY * np.concatenate([np.full(len(day.clock), int(day.rests)) for day in spanned])[cut]
    )
    rows = np.stack([base, work], axis=1)
    seen, ahead = rows[: len(seen_kw)], rows[len(seen_kw) :]
    effects, doubt, noise = _sized(size, seen, seen_kw)
    left = seen_kw - seen @ effects
    middle = ahead @ effects + _shape_seen(left, clock) + _newest(left, count)
    spread = np.sqrt(np.einsum("ni,ij,nj->n", ahead, doubt, ahead) + noise**2)
    kw = np.maximum(middle + np.array([[-ABOVE_90], [0.0], [ABOVE_90]]) * spread, 0.0)
    return FirstDay(kw, name, size.taken_from)


def confirmed(seen_kw: Floats) -> Floats:
    """Loads in which a single quarter hour that is like neither of its neighbours counts as a usual step away from them.

    In the first days one zero, or one value of ten times the load, would size the whole site; two in a row are believed.
    """
    places = np.flatnonzero(np.isfinite(seen_kw))
    if len(places) < 3:
        return seen_kw
    loads = seen_kw[places]
    beside = np.stack([np.append(loads[1], loads[:-1]), np.append(loads[1:], loads[-2])])
    beside[:, 0], beside[:, -1] = loads[1:3], loads[-3:-1]
    steps = np.sort(np.abs(np.diff(loads)))
    usual_kw = STEPS * steps[: max(1, int(USUAL_STEPS * len(steps)))].mean()
    found = seen_kw.copy()
    found[places] = np.clip(loads, beside.min(axis=0) - usual_kw, beside.max(axis=0) + usual_kw)
    return found


def size_of(plant: Plant, meter: str, seen_kw: Floats) -> Size | None:
    """How large the load is, by the best of what is written down; by what was measured where nothing is."""
    site = plant.site
    if not meter and site.billed_peak_kw > 0:
        return Size(TYPICAL_OF_PEAK * site.billed_peak_kw, PEAK_ODDS, "billed_peak")
    rated_kw = sum(machine.rated_kw for machine in plant.machines if not meter or machine.meter == meter)
    if rated_kw > 0:
        return Size(TYPICAL_OF_RATED * rated_kw, RATED_ODDS, "machines")
    found = plant.billing_meter() if not meter else next((one for one in plant.meters if one.id == meter), None)
    if found is not None:
        return Size(TYPICAL_OF_METER * found.max_power_kw, METER_ODDS, "meter")
    known = seen_kw[np.isfinite(seen_kw)]
    return Size(float(known.max()), METER_ODDS, "measured") if known.size and known.max() > 0 else None


def profile_of(plant: Plant, day: LocalDay) -> Floats:
    """Base load and what work adds to it, of each quarter hour of `day`: (quarter hours, 2), together about 1 at most."""
    sector = plant.site.sector
    week = STANDARD_WEEKS[sector or Sector.BUSINESS]
    season = 1 + week.winter * _winter(day.day)
    if plant.shifts and sector is None:
        work = _soft(day.at_work.astype(np.float64)) * (1 - (1 - KEPT_IN_BREAKS) * day.on_break) * (1 - week.base)
    else:
        blocks = week.sunday if day.weekday == 6 else week.saturday if day.weekday == 5 else week.workday
        work = added(blocks, (day.clock + 0.5) / 4, week.soft_h)
    found: Floats = np.stack([np.full(len(work), week.base), work], axis=1) * season
    return found


def added(blocks: tuple[Block, ...], hour: Floats, soft_h: float) -> Floats:
    """What `blocks` add at each `hour` of the local clock."""
    total = np.zeros(len(hour))
    for begin, end, height in blocks:
        for turn in (-24.0, 0.0, 24.0):
            at = hour + turn
            total += height * (_edge((at - begin) / soft_h) - _edge((at - end) / soft_h))
    return total


def _edge(at: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(2 * at))
    return found


def _soft(at_work: Floats) -> Floats:
    """Shifts come on and go off within an hour."""
    padded = np.concatenate([np.full(SOFT_SHIFT // 2, at_work[0]), at_work, np.full(SOFT_SHIFT - SOFT_SHIFT // 2 - 1, at_work[-1])])
    found: Floats = np.convolve(padded, np.full(SOFT_SHIFT, 1 / SOFT_SHIFT), mode="valid")
    return found


def _winter(day: date) -> float:
    return float(np.cos(2 * np.pi * (day.timetuple().tm_yday - 15) / 365.25))


def _sized(size: Size, seen: Floats, seen_kw: Floats) -> tuple[Floats, Floats, float]:
    """Sizes of base and work, their covariance, and what a quarter hour deviates from the profile [kW]."""
    known = np.isfinite(seen_kw)
    rows, loads = seen[known], seen_kw[known]
    scale = size.highest_kw
    effects = np.array([scale, scale])
    # The whole may be larger or smaller, and each part by itself: many plants have twice the base load of their sector.
    prior = scale**2 * (size.odds**2 + np.diag([0.4**2, 0.25**2]))
    doubt, noise = prior, NOISE * scale
    for _ in range(3 if len(loads) else 0):
        precision = np.linalg.inv(prior) + rows.T @ rows / (ALIKE * noise**2)
        doubt = np.linalg.inv(precision)
        moment = np.linalg.solve(prior, np.array([scale, scale])) + rows.T @ loads / (ALIKE * noise**2)
        effects = np.maximum(doubt @ moment, 0.0)
        own = float(((loads - rows @ effects) ** 2).sum()) / len(loads)
        share = len(loads) / (len(loads) + SLOTS_PER_DAY)
        guess = NOISE * max(float(effects.max()), 1e-3 * scale)
        noise = max(float(np.sqrt(share * own + (1 - share) * guess**2)), 1e-6)
    return effects, doubt, noise


def _shape_seen(left: Floats, clock: Floats) -> Floats:
    """What seen days of rest, or of work, were off at the same time of day: half of it after one day, two thirds after two."""
    total, times = np.zeros(2 * SLOTS_PER_DAY), np.zeros(2 * SLOTS_PER_DAY)
    known = np.isfinite(left)
    at = clock[: len(left)][known]
    np.add.at(total, at, left[known])
    np.add.at(times, at, 1.0)
    found: Floats = (total / (times + 1))[clock[len(left) :]]
    return found


def _newest(left: Floats, count: int) -> Floats:
    """What the newest quarter hours are off, fading."""
    newest = left[-NEWEST:]
    newest = newest[np.isfinite(newest)]
    if not newest.size:
        return np.zeros(count)
    found: Floats = float(newest.mean()) * np.exp(-(np.arange(count) + 1) / FADES)
    return found
