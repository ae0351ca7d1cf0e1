"""Orders and quarter hours of one machine, for the tests of the room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.units import UWH_PER_KWH
from production.runs import Loads
from quarters.numbers import slot_of

SITE = "works"
MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
COUNTER = {"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 30, "resolution": 1}


def plant(*machines: tuple[str, str], **site: Any) -> Plant:
    """Machines with the meters that they name; ``main`` is the billed one, ``hall`` lies below it, all others below ``hall``."""
    meters = [name for name in dict.fromkeys(meter for _, meter in machines) if name not in ("main", "hall")]
    return Plant.model_validate({
        "site": {"id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main", **site},
        "meter": [
            {"id": "main", "max_power_kw": 1000, "register": [COUNTER]},
            {"id": "hall", "parent": "main", "max_power_kw": 800, "register": [COUNTER]},
            *({"id": name, "parent": "hall", "max_power_kw": 300, "register": [COUNTER]} for name in meters),
        ],
        "machine": [{"id": name, "meter": meter, "rated_kw": 160, "standby_kw": 5} for name, meter in machines],
    })  # fmt: skip


PLANT = plant(("furnace", "furnace"), ("mill", "mill"), ("saw", "hall"), ("drill", "hall"))
"""Two machines with meters of their own, two that share the hall's."""


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
