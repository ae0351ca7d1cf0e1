"""What a kilowatt-hour costs on average, over the hours of the last week that count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from statistics import fmean

from detection.site.view import View
from quarters.numbers import slot_start

WEEK_SLOTS = 7 * 96
HOURLY = 4


def mean_price(view: View, counts: Callable[[datetime], bool]) -> float | None:
    """Mean price [EUR/kWh] of the hours of the week before the view's quarter hour of which `counts` holds; None where one is not known."""
    starts = (slot_start(slot) for slot in range(view.slot - WEEK_SLOTS, view.slot, HOURLY))
    found = [view.price(at_utc) for at_utc in starts if counts(at_utc)]
    known = [price for price in found if price is not None]
    return fmean(known) if known and len(known) == len(found) else None
