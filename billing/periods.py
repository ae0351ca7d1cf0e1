"""Local days, months and years as a tariff counts them. Pure; knows nothing of tariffs.

A demand charge is billed for a month, a calendar year (Sec. 17(2) StromNEV: the Jahreshöchstleistung) or a season; all of them begin at
local midnight.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from billing.sums import Ints
from domain.clock import EPOCH

Reset = Literal["month", "year", "season"]
"""The period after which a charge begins again."""
MONTHS = tuple(range(1, 13))


def months_before(day: date, months: int) -> date:
    """First day of the month that lies `months` before the month of `day`."""
    return date(*year_month((day.year - 1970) * 12 + day.month - 1 - months), 1)


def year_month(number: int) -> tuple[int, int]:
    """Year and month (1 to 12) of a month's number since January 1970."""
    return 1970 + number // 12, number % 12 + 1


def hours_of_year(year: int) -> int:
    """8,760, or 8,784 in a leap year [h]; the two clock changes make up for each other."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 24 * (366 if leap else 365)


def local_minutes(from_utc: datetime, size: int, step_min: int, zone: ZoneInfo) -> Ints:
    """Minutes of the local clock since 1970-01-01T00:00 local time at the start of each of `size` intervals of `step_min`.

    The clock is looked up at both ends of each day, and interval by interval only on days on which it changes.

    Returns
    -------
    Ints
        Shape ``(size,)``; not rising where the clock is put back.
    """
    utc_min = (from_utc - EPOCH) // timedelta(minutes=1) + step_min * np.arange(size, dtype=np.int64)
    offsets = np.empty(size, dtype=np.int64)
    per_day = 1440 // step_min
    for first in range(0, size, per_day):
        last = min(first + per_day, size)
        begin, end = (_offset_min(int(utc_min[i]), zone) for i in (first, last - 1))
        if begin == end:
            offsets[first:last] = begin
        else:
            offsets[first:last] = [_offset_min(int(minute), zone) for minute in utc_min[first:last]]
    return utc_min + offsets


def _offset_min(utc_minute: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(minutes=utc_minute)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(minutes=1)
