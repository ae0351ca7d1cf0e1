"""Orders and quarter hours of one machine, for the tests of the room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.units import UWH_PER_KWH
from production.runs import Loads
from quarters.numbers import slot_of

SITE = "works"
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def order(
    job: str, quarter: int, quarters: int = 4, *, machine: str = "furnace", product: str = "rings",
    status: OrderStatus = OrderStatus.DONE, revision: int = 1, source: str = "",
) -> Order:  # fmt: skip
    """A job that starts `quarter` quarter hours after `MONDAY`."""
    start = MONDAY + quarter * QUARTER
    return Order(
        SITE, job, revision, machine, product, start, (), MONDAY, MONDAY + 900 * QUARTER, True, status, MONDAY, quarters=quarters, source=source
    )  # fmt: skip


def loads(kw: Sequence[float]) -> Loads:
    """From `MONDAY` on."""
    return Loads(slot_of(MONDAY), np.array(kw, np.float64))


def interval(
    quarter: int, kw: float | None, *, meter: str = "furnace", revision: int = 1,
    quality: IntervalQuality = IntervalQuality.MEASURED, origin: IntervalOrigin = IntervalOrigin.METERING,
) -> Interval:  # fmt: skip
    """A quarter hour that begins `quarter` quarter hours after `MONDAY`; None: missing."""
    if kw is None:
        quality = IntervalQuality.MISSING
    return Interval(
        SITE, meter, "energy_import", MONDAY + quarter * QUARTER, None if kw is None else round(kw * UWH_PER_KWH / 4), 1.0, quality,
        IntervalMethod.REGISTER, revision, origin=origin,
    )  # fmt: skip
