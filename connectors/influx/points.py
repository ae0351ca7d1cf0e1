"""Records to points. Pure: same record, same points, so a replay changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.demand import Demand
from domain.effects import Autopsy, Effect
from domain.forecasts import Forecast, ForecastQuarter
from domain.incident_cost import cost_so_far, known_until_utc
from domain.instants import instant_text
from domain.intervals import QUARTER, Interval
from domain.machine_health import MachineHealth
from domain.measurements import (
    DEMAND_NOW,
    EFFECT,
    EVENT,
    FORECAST,
    FORECAST_DAY_AHEAD,
    FORECAST_METER,
    FORECAST_PEAK,
    FORECAST_PERIOD,
    FORECAST_QUALITY,
    HEALTH,
    HEALTH_CHANNEL,
    INCIDENT,
    INTERVAL,
    PEAK,
    PEAK_SHARE,
    PIECES,
    PLAN,
    POWER,
    QUALITY_CODES,
    REVISIONS,
    Measurement,
)
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.quality import QualityEvent
from domain.readings import Reading, ReadingQuality
from domain.recommendations import Recommendation
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DEMAND,
    EFFECTS,
    FORECASTS,
    INTERVALS,
    MACHINE_HEALTH,
    METER_FORECASTS,
    ORDERS,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
    Topic,
)
from domain.units import KW_PER_UNIT
from words.sentences import advice_texts, anomaly_text, names_of
from words.speech import of_report

SOURCES = (
    READINGS, INTERVALS, DEMAND, FORECASTS, METER_FORECASTS, ORDERS, ANOMALIES, RECOMMENDATIONS, EFFECTS, AUTOPSIES, MACHINE_HEALTH, QUALITY,
)  # fmt: skip
"""Topics that become points."""
LANGUAGE = "en"
"""Of the dashboards, whose panels are English."""

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Point:
    """One point: identity is measurement, tags and time; fields are written as the measurement declares them."""

    measurement: Measurement
    tags: dict[str, str]
    fields: dict[str, Value]
    at_ms: int


class PointMaker:
    """Turns the records of one plant into points; keeps the last plan of each job, to clear where it was.

    Parameters
    ----------
    language
        Of the sentences in the field ``text``.
    """

    def __init__(self, plant: Plant, language: str = LANGUAGE) -> None:
        self._power_unit = {
            meter.id: register.unit for meter in plant.meters for register in meter.registers if register.channel == "power"
        }
        self._zone = plant.site.zone
        self._words, self._names = of_report(language, plant.site.zone), names_of(plant)
        self._plans: dict[str, Order] = {}
        self._makers: dict[Topic, Callable[[Any], Iterator[Point]]] = {
            READINGS: self._of_reading,
            INTERVALS: _of_interval,
            DEMAND: _of_demand,
            FORECASTS: self._of_forecast,
            METER_FORECASTS: _of_meter_forecast,
            ORDERS: self._of_order,
            ANOMALIES: self._of_anomaly,
            RECOMMENDATIONS: self._of_recommendation,
            EFFECTS: _of_effect,
            AUTOPSIES: _of_autopsy,
            MACHINE_HEALTH: _of_health,
            QUALITY: _of_pieces,
        }

    def points(self, topic: Topic, record: Any) -> list[Point]:
        """The points of one record; none where it has nothing to draw."""
        return list(self._makers[topic](record))

    def _of_reading(self, reading: Reading) -> Iterator[Point]:
        unit = self._power_unit.get(reading.meter)
        if reading.channel != "power" or unit is None or reading.value is None or reading.quality is not ReadingQuality.GOOD:
            return
        fields: dict[str, Value] = {"kw": reading.value * KW_PER_UNIT[unit], "quality": 0}
        yield Point(POWER, {"site": reading.site, "meter": reading.meter}, fields, reading.observed_ms)

    def _of_forecast(self, forecast: Forecast) -> Iterator[Point]:
        """The newest forecast, which the next issue overwrites; and, of the one from a local midnight, the day as forecast then."""
        site = {"site": forecast.site}
        begins = forecast.first_start_utc.astimezone(self._zone)
        if begins.hour == begins.minute == 0:
            of_day = (q for q in forecast.quarters() if q.start_utc.astimezone(self._zone).date() == begins.date())
            for quarter in of_day:
                yield Point(FORECAST_DAY_AHEAD, site, {**_quantiles(quarter), "model": forecast.model}, epoch_ms(quarter.start_utc))
        if forecast.replayed:
            return
        for quarter in forecast.quarters():
            yield Point(FORECAST, site, {**_quantiles(quarter), "model": forecast.model}, epoch_ms(quarter.start_utc))
        issued_ms = epoch_ms(forecast.issued_utc)
        for peak in forecast.peaks:
            peak_fields: dict[str, Value] = {name: float(getattr(peak, name)) for name in FORECAST_PEAK.fields}
            yield Point(FORECAST_PEAK, {**site, "day": peak.day_local}, peak_fields, issued_ms)
        if forecast.period_peak is not None:
            period = forecast.period_peak
            yield Point(FORECAST_PERIOD, site, {name: float(getattr(period, name)) for name in FORECAST_PERIOD.fields}, issued_ms)
        quality: dict[str, Value] = {"cpu_ms": float(forecast.cpu_ms)}
        quality |= {name: float(value) for name in ("score", "coverage") if (value := getattr(forecast, name)) is not None}
        yield Point(FORECAST_QUALITY, site, quality, issued_ms)

    def _of_order(self, order: Order) -> Iterator[Point]:
        before = self._plans.get(order.job)
        if before is not None and before.revision > order.revision:
            return
        self._plans[order.job] = order
        tags = {"site": order.site, "job": order.job, "machine": order.machine}
        planned = {} if order.status is OrderStatus.CANCELLED else _slots(order)
        cleared = {start: 0.0 for start in (_slots(before) if before else {}) if start not in planned}
        for start, kw in {**cleared, **planned}.items():
            yield Point(PLAN, tags, {"kw": kw, "status": str(order.status)}, epoch_ms(start))

    def _of_anomaly(self, anomaly: Anomaly) -> Iterator[Point]:
        fields: dict[str, Value] = {
            **_known(kw=anomaly.actual_kw, eur=anomaly.eur_per_day),
            "severity": 2,
            "revision": anomaly.revision,
            "title": f"{anomaly.kind}: {anomaly.meter}",
            "text": anomaly_text(anomaly, self._words, self._names),
            "status": "open" if anomaly.until_utc is None else "closed",
            "end_time": "" if anomaly.until_utc is None else instant_text(anomaly.until_utc),
        }
        begun_ms = epoch_ms(anomaly.since_utc)
        yield Point(EVENT, {"site": anomaly.site, "kind": "anomaly", "id": anomaly.anomaly}, fields, begun_ms)
        yield Point(INCIDENT, _incident_tags(anomaly), self._incident_fields(anomaly, str(fields["text"])), begun_ms)

    def _incident_fields(self, anomaly: Anomaly, text: str) -> dict[str, Value]:
        cost, texts = cost_so_far(anomaly), self._words.texts
        name = self._names.get(("meter", anomaly.meter), anomaly.meter)
        return {
            **_known(
                eur_per_day=anomaly.eur_per_day, eur_so_far=cost.eur, expected_kw=anomaly.expected_kw, actual_kw=anomaly.actual_kw,
                excess_kwh=cost.kwh, kwh_per_day=anomaly.kwh_per_day,
            ),
            "revision": anomaly.revision,
            "until_ms": epoch_ms(known_until_utc(anomaly)),
            "title": f"{texts[f'anomaly.{anomaly.kind}']}: {name}",
            "text": text,
            "check": texts[f"check.{anomaly.kind}"],
            "status": "open" if anomaly.until_utc is None else "closed",
            "feedback": "" if anomaly.feedback is None else str(anomaly.feedback.kind),
        }  # fmt: skip

    def _of_recommendation(self, recommendation: Recommendation) -> Iterator[Point]:
        fields: dict[str, Value] = {
            **_known(kw=recommendation.reduction_kw, eur=recommendation.saving_eur),
            "severity": 1,
            "revision": recommendation.revision,
            "title": ": ".join(part for part in (recommendation.subject, recommendation.machine) if part),
            "text": advice_texts(recommendation, self._words, self._names).reason,
            "status": str(recommendation.status),
            "end_time": instant_text(recommendation.valid_until_utc),
        }
        tags = {"site": recommendation.site, "kind": "recommendation", "id": recommendation.recommendation}
        yield Point(EVENT, tags, fields, epoch_ms(recommendation.issued_utc))


def _incident_tags(anomaly: Anomaly) -> dict[str, str]:
    return {
        "site": anomaly.site, "meter": anomaly.meter, "nature": str(anomaly.kind.nature), "kind": str(anomaly.kind), "id": anomaly.anomaly,
    }  # fmt: skip


def _slots(order: Order) -> dict[datetime, float]:
    return {order.start_utc + QUARTER * number: float(kw) for number, kw in enumerate(order.profile_kw)}


def _of_interval(interval: Interval) -> Iterator[Point]:
    """The newest word, which the next revision overwrites, and this revision's own word, which stays."""
    fields: dict[str, Value] = {"coverage": float(interval.coverage), "quality": QUALITY_CODES[interval.quality]}
    # Missing is never zero: a quarter hour without value has a quality and no energy.
    if interval.energy_kwh is not None and interval.power_kw is not None:
        fields |= {"kwh": interval.energy_kwh, "kw": interval.power_kw}
    tags = {"site": interval.site, "meter": interval.meter, "channel": interval.channel}
    at_ms = epoch_ms(interval.start_utc)
    yield Point(INTERVAL, tags, {**fields, "revision": interval.revision}, at_ms)
    yield Point(REVISIONS, {**tags, "revision": str(interval.revision)}, {**fields, "method": str(interval.method)}, at_ms)


def _of_effect(effect: Effect) -> Iterator[Point]:
    fields = _known(promised_kw=effect.promised_kw, promised_eur=effect.promised_eur)
    if effect.relief_kw is not None:
        fields["relief_kw"] = effect.relief_kw.value
    if effect.reduction_kw is not None:
        fields["reduction_kw"] = effect.reduction_kw.value
    if (saving := effect.saving_eur) is not None:
        fields |= {"measured_eur": saving.value, "measured_low_eur": saving.low, "measured_high_eur": saving.high}
    fields |= {"revision": effect.revision, "outcome": str(effect.outcome), "status": str(effect.status)}
    tags = {"site": effect.site, "recommendation": effect.recommendation, "machine": effect.machine}
    yield Point(EFFECT, tags, fields, epoch_ms(effect.quarter_utc))


def _of_autopsy(autopsy: Autopsy) -> Iterator[Point]:
    at_ms, site = epoch_ms(autopsy.quarter_utc), {"site": autopsy.site}
    fields = _known(kw=autopsy.peak_kw, before_kw=autopsy.before_kw, rest_kw=autopsy.rest_kw, eur=autopsy.cost_eur)
    yield Point(PEAK, site, {**fields, "revision": autopsy.revision}, at_ms)
    for share in autopsy.shares:
        shares = _known(kw=share.kw, usual_kw=share.usual_kw)
        yield Point(PEAK_SHARE, {**site, "machine": share.machine}, {**shares, "revision": autopsy.revision}, at_ms)


def _of_health(health: MachineHealth) -> Iterator[Point]:
    at_ms, machine = epoch_ms(health.at_utc), {"site": health.site, "machine": health.machine}
    fields = _known(index=health.index, t2=health.t2, q=health.q, learned=health.learned)
    fields |= {"minutes": health.minutes, "status": str(health.status), "state": health.state}
    yield Point(HEALTH, {**machine, "meter": health.meter}, fields, at_ms)
    for channel in health.channels:
        values = _known(**{name: getattr(channel, name) for name in HEALTH_CHANNEL.fields})
        if values:
            yield Point(HEALTH_CHANNEL, {**machine, "channel": channel.channel, "state": health.state}, values, at_ms)


def _of_pieces(event: QualityEvent) -> Iterator[Point]:
    counts = {name: getattr(event, name) for name in PIECES.fields}
    known = _known(**{name: 0.0 if event.withdrawn else float(count) for name, count in counts.items() if count is not None})
    texts: dict[str, Value] = {"product": event.product, "job": event.job, "reason": event.reason}
    tags = {"site": event.site, "machine": event.machine, "source": event.source}
    yield Point(PIECES, tags, {**known, "revision": event.revision, **texts}, epoch_ms(event.start_utc))


def _of_demand(demand: Demand) -> Iterator[Point]:
    fields: dict[str, Value] = {name: float(getattr(demand, name)) for name in DEMAND_NOW.fields}
    yield Point(DEMAND_NOW, {"site": demand.site}, fields, epoch_ms(demand.at_utc))


def _quantiles(quarter: ForecastQuarter) -> dict[str, Value]:
    return {"q10_kw": quarter.q10_kw, "q50_kw": quarter.q50_kw, "q90_kw": quarter.q90_kw}


def _of_meter_forecast(forecast: Forecast) -> Iterator[Point]:
    for quarter in forecast.quarters():
        tags = {"site": forecast.site, "meter": forecast.meter}
        yield Point(FORECAST_METER, tags, _quantiles(quarter), epoch_ms(quarter.start_utc))


def _known(**values: float | None) -> dict[str, Value]:
    """The fields that have a value: what is not known is not written, least of all as zero."""
    return {name: float(value) for name, value in values.items() if value is not None}
