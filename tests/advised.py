"""Recommendations for tests that need one, whatever it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.orders import Order
from domain.recommendations import Action, JobPlace, Places, Recommendation, RecommendationStatus


def places(job: str, machine: str, start_utc: datetime, minutes: int = 120) -> Places:
    """One job's place."""
    return Places((JobPlace(job, machine, start_utc, start_utc + timedelta(minutes=minutes)),))


def moving(job: str, machine: str, from_utc: datetime, to_utc: datetime, minutes: int = 120) -> dict[str, Any]:
    """The fields that say what is changed."""
    return {
        "action": Action.MOVE_JOB, "before": places(job, machine, from_utc, minutes), "after": places(job, machine, to_utc, minutes),
    }  # fmt: skip


def advice_for(order: Order, to_utc: datetime, name: str = "r-1", **changes: Any) -> Recommendation:
    """Advice to start `order` at `to_utc`, worth a hundred kilowatts and a euro."""
    fields: dict[str, Any] = {
        "site": order.site, "recommendation": name, "revision": 1, "status": RecommendationStatus.OPEN, "issued_utc": order.at_utc,
        "at_utc": order.at_utc, "valid_until_utc": order.start_utc, **moving(order.job, order.machine, order.start_utc, to_utc),
        "peak_start_utc": order.start_utc, "peak_before_kw": 700, "peak_after_kw": 600, "reduction_kw": 100, "bill_before_eur": 1.0,
        "bill_after_eur": 0.0, "saving_eur": 1.0, "saving_demand_eur": 1.0, "saving_energy_eur": 0.0, "confidence": 0.9, **changes,
    }  # fmt: skip
    return Recommendation(**fields)
