"""Series made by hand for the detectors of `detection/streams`, and what they say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from detection.streams.meter import Meter
from detection.streams.row import Row, Verdict

MONDAY_DAY = 20_696
"""31 August 2026, as local days since 1970."""
QUARTERS = 96
WEEK = 7 * QUARTERS
SHARES = (0.36, 0.33, 0.31)


def staffed(place: int) -> bool:
    """Monday to Friday, 6 to 22."""
    return place // QUARTERS % 7 < 5 and 24 <= place % QUARTERS < 88


def plant_kw(place: int, random: Random) -> float:
    """About 100 kW at work and 20 kW at rest."""
    return round((100.0 if staffed(place) else 20.0) * random.uniform(0.97, 1.03), 2)


def meter_rows(weeks: int, change: Callable[[int, float], float] = lambda _, kw: kw, phases: bool = False) -> list[Row]:
    """Quarter hours of a plant from a Monday on; `change` is given the place of a row and its power [kW]."""
    random, rows = Random(3), []
    for place in range(weeks * WEEK):
        kw = change(place, plant_kw(place, random))
        split = tuple(round(kw * share, 2) for share in SHARES) if phases else ()
        local_hour = MONDAY_DAY * 24 + place // 4
        rows.append(Row(local_hour * 3600.0 + place % 4 * 900.0, local_hour, (kw, *split), staffed(place)))
    return rows


def verdicts(rows: Sequence[Row], meter: Meter | None = None) -> list[Verdict]:
    """Of each row."""
    meter = meter or Meter()
    return [meter.update(row) for row in rows]


def alarms(found: Sequence[Verdict], kind: str) -> list[int]:
    """Places of the rows with an alarm of this kind."""
    return [place for place, verdict in enumerate(found) if verdict.alarm and verdict.reason.split()[0] == kind]
