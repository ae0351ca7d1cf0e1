"""A site with cold stores that can wait, minute by minute through the live governor."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.clock import epoch_ms
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.governing import Governing
from domain.plant import Plant
from domain.readings import Reading
from domain.recommendations import Action, Decision, DecisionKind, Recommendation
from domain.steps import Records
from domain.topics import DECISIONS, DEMAND, FORECASTS, GOVERNING, READINGS, RECOMMENDATIONS
from governor.live.state import GovernorState
from governor.live.step import GovernorStep

SITE = "werk-1"
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
BILLED_KW = 500.0


COLD_STORE = """
lower_c = -24.0
upper_c = -20.0
heat_capacity_kwh_per_k = 50.0
loss_kw_per_k = 0.5
surroundings_c = 30.0
max_kw = 40.0
cop = 2.0
most_gain_kw = 20.0
usual_gain_kw = 8.0
"""
"""Its physics as in a plant file: it draws 40 kW, and from -22 to -20 °C it can wait 100 h * ln(92 / 90) = 131.9 min."""


def cold_store(name: str, **more: Any) -> dict[str, Any]:
    """The cold store on the machine of its name."""
    return {"id": name, "machine": name, "level_channel": "temperature", **tomllib.loads(COLD_STORE), **more}


def site(*stores: Mapping[str, Any], **flexible: Any) -> Plant:
    """A plant with these cold stores, each with a meter of its own."""
    power = {"channel": "power", "kind": "gauge", "unit": "kW", "resolution": 0.1, "sampling_s": 5}
    counter = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "resolution": 0.1, "sampling_s": 5}
    return Plant.model_validate({
        "site": {"id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main"},
        "meter": [
            {"id": "main", "max_power_kw": 1000, "register": [counter]},
            *({"id": one["id"], "parent": "main", "max_power_kw": 60, "register": [power]} for one in stores),
        ],
        "machine": [{"id": one["id"], "meter": one["id"], "rated_kw": 40} for one in stores],
        "flexible": {"cold_store": list(stores), **flexible},
    })  # fmt: skip


@dataclass
class Live:
    """Drives the step; what came out of it lies in `advice` (newest revision by name), `revisions` and `stated`."""

    plant: Plant
    ahead_kw: Sequence[float] = (480.0,) * 40
    state: GovernorState = field(default_factory=GovernorState)
    advice: dict[str, Recommendation] = field(default_factory=dict)
    revisions: list[Recommendation] = field(default_factory=list)
    stated: list[Governing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.step = GovernorStep(self.plant)
        self.forecast(self.ahead_kw)

    def take(self, records: Records) -> list[Recommendation]:
        """The recommendations that these records lead to."""
        self.state, outputs = self.step.take(SITE, self.state, records)
        new = [record for topic, record in outputs if topic is RECOMMENDATIONS]
        self.stated += [record for topic, record in outputs if topic is GOVERNING]
        self.advice |= {one.recommendation: one for one in new}
        self.revisions += new
        return new

    def forecast(self, q50_kw: Sequence[float], issued_utc: datetime = START - 2 * QUARTER, first_utc: datetime = START) -> None:
        """A forecast from `first_utc` on."""
        values = tuple(q50_kw)
        self.take(
            [(FORECASTS, Forecast(SITE, issued_utc, first_utc, values, values, values, (), "like-days", issued_utc, 100, None))]
        )

    def show(self, at: datetime, level: float | None = -22.0, kw: float | None = 40.0, loads: Sequence[str] | None = None) -> None:
        """What the instruments of these loads (of all) show."""
        for load in [one.id for one in self.plant.flexible.loads()] if loads is None else loads:
            for channel, value in (("temperature", level), ("power", kw)):
                self.take([(READINGS, Reading(SITE, load, channel, epoch_ms(at), epoch_ms(at), value))])

    def demand(self, at: datetime, projected_kw: float, band_kw: float = 4.0, **more: Any) -> list[Recommendation]:
        """A projection at `at`, with a band of so much to each side."""
        return self.take([(DEMAND, demand_at(at, projected_kw, band_kw, **more))])

    def quarter(
        self, projected_kw: float, start: datetime = START, minutes: Sequence[int] = range(15), **more: Any
    ) -> list[Recommendation]:
        """A whole quarter hour with the same projection all the time, with instruments that show the same."""
        found = []
        for minute in minutes:
            self.show(start + minute * MINUTE)
            found += self.demand(start + minute * MINUTE, projected_kw, **more)
        return found

    def decide(self, name: str, at: datetime, kind: DecisionKind = DecisionKind.ACCEPTED) -> list[Recommendation]:
        """A person's word."""
        return self.take([(DECISIONS, Decision(SITE, name, kind, "operator", at))])

    def holds(self) -> list[Recommendation]:
        """All holds, in the order of their issue."""
        return [one for one in self.advice.values() if one.action is Action.HOLD]


def demand_at(at: datetime, projected_kw: float, band_kw: float = 4.0, **more: Any) -> Demand:
    """A projection of the quarter hour that `at` lies in."""
    start = START + (at - START) // QUARTER * QUARTER
    elapsed = (at - start).total_seconds()
    known: dict[str, Any] = {
        "site": SITE, "meter": "main", "at_utc": at, "start_utc": start, "elapsed_s": elapsed, "remaining_s": 900 - elapsed,
        "energy_kwh": projected_kw * elapsed / 3600, "now_kw": projected_kw, "mean_so_far_kw": projected_kw, "projected_kw": projected_kw,
        "projected_low_kw": projected_kw - band_kw, "projected_high_kw": projected_kw + band_kw, "target_kw": BILLED_KW, "allowed_kw": 0.0,
        "headroom_kw": BILLED_KW - projected_kw, "billed_peak_kw": BILLED_KW, "confidence": "early" if elapsed < 120 else "measured",
        "synchronised": True,
    }  # fmt: skip
    return Demand(**{**known, **more})
