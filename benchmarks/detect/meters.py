"""Meters of plants of our own with one known fault each: half a year of quarter hours, three phases, a shift calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from detection.streams.row import HOURS_OF_DAY, Row

QUARTERS = 96
WEEK = 7 * QUARTERS
WEEKS = 26
FIRST_FAULT_WEEK = 8
HOUR = 4
MONDAY_HOUR = 20_696 * HOURS_OF_DAY
SHARES = (0.36, 0.33, 0.31)
REST_KW, WORK_KW = 22.0, 100.0
SATURDAY = 5
UNPLANNED_OVERTIME = 0.08
"""Of the working days, that last one to two and a half hours longer than the calendar says."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Rows with the fault in them; it lies in rows `start` up to but not including `stop`, and counts as found until `until`."""

    rows: list[Row]
    start: int
    stop: int
    until: int


def planned(place: int) -> bool:
    """Monday to Friday, 6 to 22."""
    return place // QUARTERS % 7 < SATURDAY and 24 <= place % QUARTERS < 88


def clean_kw(random: Random, first: int = 24, end: int = 88) -> list[float]:
    """Half a year without fault: noise that lasts, base load that wanders, overtime that nobody planned [kW]; work from quarter hour `first` to `end` of a weekday."""
    found, noise, base, longer = [], 0.0, 0.0, 0
    for place in range(WEEKS * WEEK):
        if place % QUARTERS == 0:
            base = 0.9 * base + random.gauss(0, 0.6)
            longer = random.randint(4, 10) if random.random() < UNPLANNED_OVERTIME else 0
        noise = 0.8 * noise + random.gauss(0, 3.0)
        is_weekday, quarter = place // QUARTERS % 7 < SATURDAY, place % QUARTERS
        overtime = is_weekday and end <= quarter < end + longer
        at_work = WORK_KW - REST_KW + noise if is_weekday and first <= quarter < end else 0.6 * (WORK_KW - REST_KW) * overtime
        found.append(max(REST_KW + base + at_work + random.gauss(0, 0.7), 0.5))
    return found


Change = Callable[[list[float], Random], tuple[int, int, int]]
"""Puts a fault into powers; start, stop and until when it counts as found."""


def _night(random: Random) -> int:
    """A Monday to Thursday at 22:00."""
    return random.randrange(FIRST_FAULT_WEEK, WEEKS - 2) * WEEK + random.randrange(4) * QUARTERS + 88


def _left_on(kw: list[float], random: Random) -> tuple[int, int, int]:
    start, more_kw = _night(random), random.uniform(0.2, 0.4) * (WORK_KW - REST_KW)
    for place in range(start, start + 8 * HOUR):
        kw[place] += more_kw
    return start, start + 8 * HOUR, start + 9 * HOUR


def _wrong_shift(kw: list[float], random: Random) -> tuple[int, int, int]:
    start = _night(random) // QUARTERS * QUARTERS
    early = random.randint(3 * HOUR, 4 * HOUR)
    kw[start : start + QUARTERS] = kw[start + early : start + QUARTERS] + kw[start : start + early]
    return start, start + QUARTERS, start + 2 * QUARTERS


def _step(kw: list[float], random: Random) -> tuple[int, int, int]:
    start, more_kw = _night(random), random.uniform(0.08, 0.16) * WORK_KW
    for place in range(start, min(start + 4 * WEEK, len(kw))):
        kw[place] += more_kw
    return start, start + 4 * WEEK, start + WEEK


def _creep(kw: list[float], random: Random) -> tuple[int, int, int]:
    start = random.randrange(FIRST_FAULT_WEEK, WEEKS - 9) * WEEK
    mean_kw = sum(kw[:start]) / start
    for place in range(start, start + 8 * WEEK):
        kw[place] += 0.01 * mean_kw * (place - start) / WEEK
    return start, start + 8 * WEEK, start + 8 * WEEK


def _spike(kw: list[float], random: Random) -> tuple[int, int, int]:
    start = random.randrange(FIRST_FAULT_WEEK * WEEK, len(kw) - WEEK)
    kw[start] = random.uniform(2, 4) * max(kw[start - 4 * WEEK : start])
    return start, start + 1, start + 1 + HOUR


def _stuck(kw: list[float], random: Random) -> tuple[int, int, int]:
    start, length = _night(random) - 12 * HOUR, random.randint(6, 24) * HOUR
    kw[start : start + length] = [kw[start]] * length
    return start, start + length, start + length + HOUR


def _unit_jump(kw: list[float], random: Random) -> tuple[int, int, int]:
    start, length = random.randrange(FIRST_FAULT_WEEK * WEEK, len(kw) - WEEK), random.randint(4, 48) * HOUR
    for place in range(start, start + length):
        kw[place] *= 1000
    return start, start + length, start + length + HOUR


def _phase_drop(kw: list[float], random: Random) -> tuple[int, int, int]:
    start, length = _night(random) - 12 * HOUR, random.randint(4, 24) * HOUR
    return start, start + length, start + length + HOUR


FAULTS: dict[str, Change] = {
    "spike": _spike, "stuck": _stuck, "unit jump": _unit_jump, "phase drop": _phase_drop, "left on": _left_on, "wrong shift": _wrong_shift,
    "step of the base load": _step, "creep of the base load": _creep,
}  # fmt: skip


def meter(fault: str | None, seed: int) -> Meter:
    """A meter with this fault, or without any."""
    random = Random(seed)
    kw = clean_kw(random)
    start, stop, until = FAULTS[fault](kw, random) if fault else (0, 0, 0)
    rows: list[Row] = []
    for place, power_kw in enumerate(kw):
        phases = [round(power_kw * share * (1 + random.gauss(0, 0.005)), 2) for share in SHARES]
        if stuck := fault == "stuck" and start < place < stop:
            phases = list(rows[-1].values[1:])
        if fault == "phase drop" and start <= place < stop and not stuck:
            phases[seed % 3] = 0.0
        local_hour = MONDAY_HOUR + place // HOUR
        rows.append(Row(local_hour * 3600.0 + place % HOUR * 900.0, local_hour, (round(sum(phases), 2), *phases), planned(place)))
    return Meter(rows, start, stop, until)
