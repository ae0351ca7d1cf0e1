"""The topics: names, keys, partitions and what one record is. Everything that touches Kafka imports from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.anomalies import Anomaly
from domain.demand import Demand
from domain.effects import Autopsy, Effect
from domain.entered_measures import EnteredMeasure
from domain.feedback import Feedback
from domain.forecasts import Forecast
from domain.governing import Governing
from domain.intervals import Interval
from domain.job_power import JobPower
from domain.machine_health import MachineHealth
from domain.minutes import Minute
from domain.orders import Order
from domain.own_use import OwnUse
from domain.planning import PlanningProblem, ProposedPlan
from domain.prices import Prices
from domain.quality import QualityEvent
from domain.readings import Reading, Rejection
from domain.recommendations import Decision, Recommendation
from domain.shift_changes import ShiftChange

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: `key` makes the Kafka key of a record; records of one key keep their order."""

    name: str
    record: type[Any]
    key: Callable[[Any], str]
    says: str
    retention_ms: int = -1
    """How long the broker keeps it [ms]; -1 keeps it for ever."""

    def key_bytes(self, record: Any) -> bytes:
        """The record's key as it goes onto the wire."""
        return self.key(record).encode()


READINGS = Topic("energy.readings.v1", Reading, lambda r: f"{r.site}/{r.meter}",
    "one value of one register at the device's clock; also gateway heartbeats", 90 * DAY_MS)  # fmt: skip
REJECTED = Topic("energy.rejected.v1", Rejection, lambda r: f"{r.site}/{r.meter}",
    "what could not be used: the original, where from, the reason")  # fmt: skip
INTERVALS = Topic("energy.intervals.v1", Interval, lambda r: f"{r.site}/{r.meter}",
    "one 15-minute interval; the latest revision counts, older ones stay")  # fmt: skip
DEMAND = Topic("energy.demand.v1", Demand, lambda r: r.site,
    "the running quarter hour: mean so far, projection with a band, headroom, target and billed peak", 30 * DAY_MS)  # fmt: skip
ANOMALIES = Topic("energy.anomalies.v1", Anomaly, lambda r: f"{r.site}/{r.meter}",
    "what is abnormal since when, expected and actual, kWh and EUR a day, evidence")  # fmt: skip
FINDINGS = Topic("energy.findings.v1", Anomaly, lambda r: f"{r.site}/{r.meter}",
    "what single watches found, before what belongs together is one anomaly", 90 * DAY_MS)  # fmt: skip
FEEDBACK = Topic("energy.anomaly_feedback.v1", Feedback, lambda r: f"{r.site}/{r.meter}",
    "who reported which anomaly as normal, known or fixed, or took that back")  # fmt: skip
FORECASTS = Topic("energy.forecasts.v1", Forecast, lambda r: r.site,
    "quantiles of the load for 48 h and of each day's peak; model, score, when issued", 400 * DAY_MS)  # fmt: skip
METER_FORECASTS = Topic("energy.meter_forecasts.v1", Forecast, lambda r: f"{r.site}/{r.meter}",
    "the same for a meter below the grid connection", 90 * DAY_MS)  # fmt: skip
ORDERS = Topic("energy.orders.v1", Order, lambda r: f"{r.site}/{r.job}",
    "production jobs as planned")  # fmt: skip
JOB_POWERS = Topic("energy.job_powers.v1", JobPower, lambda r: f"{r.site}/{r.machine}/{r.product}",
    "what a product's jobs draw on a machine, learned from those that ran")  # fmt: skip
SHIFT_CHANGES = Topic("energy.shift_changes.v1", ShiftChange, lambda r: f"{r.site}/{r.shift}/{r.day_local}",
    "a shift that is worked, dropped or moved on one day, against the weekly pattern")  # fmt: skip
PRICES = Topic("energy.prices.v1", Prices, lambda r: f"{r.site}/{r.zone}",
    "day-ahead prices of the bidding zone that a site buys in")  # fmt: skip
QUALITY = Topic("energy.quality.v1", QualityEvent, lambda r: f"{r.site}/{r.machine}",
    "good pieces, scrap and rework of a machine in a span, by counter, file, API or a camera system")  # fmt: skip
MEASURES = Topic("energy.measures.v1", EnteredMeasure, lambda r: f"{r.site}/{r.measure}",
    "measures that people took to save energy, and events that change what is drawn, as entered")  # fmt: skip
PLANNING_PROBLEMS = Topic("energy.planning_problems.v1", PlanningProblem, lambda r: r.site,
    "what the planner is asked: jobs, shifts, prices and load of a site over the next days", 7 * DAY_MS)  # fmt: skip
PLANS = Topic("energy.plans.v1", ProposedPlan, lambda r: r.site,
    "the planner's answer: a plan with its cost, or the rules in conflict", 7 * DAY_MS)  # fmt: skip
RECOMMENDATIONS = Topic("energy.recommendations.v1", Recommendation, lambda r: f"{r.site}/{r.recommendation}",
    "change of a plan, of jobs or shifts from A to B: why, kW, EUR, confidence, until when it helps, status")  # fmt: skip
DECISIONS = Topic("energy.decisions.v1", Decision, lambda r: f"{r.site}/{r.recommendation}",
    "who accepted or rejected what, when, why")  # fmt: skip
EFFECTS = Topic("energy.effects.v1", Effect, lambda r: r.site,
    "what an accepted recommendation changed, by measurement: kW, EUR, each with its interval; the highest revision counts")  # fmt: skip
AUTOPSIES = Topic("energy.autopsies.v1", Autopsy, lambda r: r.site,
    "who made a new highest quarter hour of the billing period, what was advised, what it costs")  # fmt: skip
GOVERNING = Topic("energy.governing.v1", Governing, lambda r: r.site,
    "whether the governor of the running quarter hour watches, holds, gives back or is silent, why, and what could wait", 30 * DAY_MS)  # fmt: skip
MACHINE_HEALTH = Topic("energy.machine_health.v1", MachineHealth, lambda r: f"{r.site}/{r.meter}",
    "health of a machine in each quarter hour: index, distances from what is usual, trend of each channel and days to its limit", 400 * DAY_MS)  # fmt: skip
OWN_USE = Topic("energy.own_use.v1", OwnUse, lambda r: r.site,
    "what the platform itself used in an hour: CPU time by part and job, and electricity")  # fmt: skip

TOPICS = (
    READINGS, REJECTED, INTERVALS, DEMAND, ANOMALIES, FINDINGS, FEEDBACK, FORECASTS, METER_FORECASTS,
    ORDERS, JOB_POWERS, SHIFT_CHANGES, PRICES, QUALITY, MEASURES, PLANNING_PROBLEMS, PLANS, RECOMMENDATIONS, DECISIONS, EFFECTS, AUTOPSIES, GOVERNING,
    MACHINE_HEALTH, OWN_USE,
)  # fmt: skip
BY_NAME = {topic.name: topic for topic in TOPICS}

MINUTES = Topic("energy.minutes.v1", Minute, lambda r: f"{r.site}/{r.meter}",
    "gauges by the minute; goes from the JVM to a step and is on no log")  # fmt: skip
WITHIN_JOBS = {topic.name: topic for topic in (MINUTES,)}
"""Names by which a step is given records that never were on a topic."""
