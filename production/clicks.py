"""What a person beside the machine reports of a job: that it has begun, or ended.

In: the order as it is known, and when the report came.  Out: its next revision; instants on the nearest quarter hour.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from domain.intervals import QUARTER
from domain.job_power import stretched
from domain.orders import MOST_QUARTERS, PROGRESS_SOURCE, Order, OrderStatus
from quarters.numbers import quarter_start


class JobEvent(StrEnum):
    """What is reported."""

    STARTED = "started"
    DONE = "done"


def reported(order: Order, event: JobEvent, at_utc: datetime) -> Order | None:
    """The revision that says so; None where it cannot be: a job starts once, and ends after it has started.

    A job that nobody reported as started, and whose planned start has passed, is taken to have started as planned.
    """
    now = _nearest_quarter(at_utc)
    if event is JobEvent.STARTED:
        return (
            _revised(order, OrderStatus.RUNNING, now, order.duration_quarters, at_utc)
            if order.status is OrderStatus.PLANNED
            else None
        )
    if order.status.is_over or order.start_utc >= at_utc:
        return None
    quarters = min(max((now - order.start_utc) // QUARTER, 1), MOST_QUARTERS)
    return _revised(order, OrderStatus.DONE, order.start_utc, quarters, at_utc)


def _revised(order: Order, status: OrderStatus, start_utc: datetime, quarters: int, at_utc: datetime) -> Order:
    profile_kw = tuple(np.round(stretched(order.profile_kw, quarters), 3).tolist())
    return replace(
        order, revision=order.revision + 1, status=status, start_utc=start_utc, quarters=quarters, profile_kw=profile_kw, at_utc=at_utc,
        reason="", source=PROGRESS_SOURCE,
    )  # fmt: skip


def _nearest_quarter(at_utc: datetime) -> datetime:
    return quarter_start(at_utc + timedelta(minutes=7, seconds=30))
