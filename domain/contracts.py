"""One worked example per topic, and the files that tell other programs what to expect.

In: `domain.topics`.  Out: a JSON Schema and an example a topic, both made from the dataclasses that the code uses.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.anomalies import Anomaly, AnomalyKind
from domain.codec import encode, json_schema
from domain.demand import Demand
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from domain.intervals import Interval, IntervalMethod, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.readings import Reading, Rejection, RejectionReason
from domain.recommendations import Alternative, Decision, DecisionKind, Recommendation, RecommendationStatus
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    METER_FORECASTS,
    ORDERS,
    READINGS,
    RECOMMENDATIONS,
    REJECTED,
    TOPICS,
    Topic,
)

_NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)

EXAMPLES: dict[str, Any] = {
    READINGS.name: Reading(
        "werk-nord", "main", "energy_import", 1792746305000, 1792746305040, 8_412_336_120.0, gateway="gateway-1", sequence=48_211
    ),
    REJECTED.name: Rejection(
        "werk-nord", "press-1", RejectionReason.CLOCK_IN_FUTURE,
        '{"site":"werk-nord","meter":"press-1","channel":"power","observed_ms":1802682305000,"received_ms":1792746305040,"value":41.2}',
        "observed 115 days after it was received", "energy.readings.v1/2/90311", _NINE,
    ),
    INTERVALS.name: Interval(
        "werk-nord", "main", "energy_import", _NINE, 158_402_000_000, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1, 724
    ),
    DEMAND.name: Demand(
        "werk-nord", "main", _NINE + timedelta(minutes=5), _NINE, 300.0, 600.0, 10.0, 150.0, 120.0, 140.0, 133.0, 147.0,
        120.0, 120.0, -20.0, 132.4, _NINE - timedelta(days=3), basis_observed_ms=1792746305000,
    ),
    ANOMALIES.name: Anomaly(
        "werk-nord", "furnace-1", "furnace-1/on_while_off/1792756800", 2, AnomalyKind.ON_WHILE_OFF, _NINE + timedelta(hours=3),
        None, _NINE + timedelta(hours=3, minutes=45), 2.0, 61.5, 44.6, 1428.0, 199.92,
        "Hardening furnace 1 draws 61.5 kW since 14:00 although its shift is off.",
        "Härteofen 1 zieht seit 14:00 Uhr 61,5 kW, obwohl keine Schicht ist.", {"off_level_kw": "2.0", "intervals": "3"},
    ),
    FORECASTS.name: Forecast(
        "werk-nord", _NINE, _NINE, (598.2, 601.0), (631.5, 640.2), (662.0, 671.9),
        (DayPeak("2026-10-23", 655.0, 688.0, 731.0, _NINE + 2 * _QUARTER, 0.81),), "like-days+orders", _NINE, 3360, 0.62, 14.1, coverage=0.79,
        period_peak=PeriodPeak(datetime(2026, 9, 30, 22, 0, tzinfo=UTC), datetime(2026, 10, 31, 23, 0, tzinfo=UTC), 676.4, 680.1, 695.0, 738.5, 0.84),
    ),
    METER_FORECASTS.name: Forecast(
        "werk-nord", _NINE, _NINE, (120.4, 121.0), (131.5, 130.2), (142.0, 141.9),
        (DayPeak("2026-10-23", 138.0, 144.0, 152.0, _NINE + 2 * _QUARTER, 0.0),), "like-days", _NINE, 3360, 0.71, 3.2,
        meter="furnace-2", coverage=0.81,
    ),
    ORDERS.name: Order(
        "werk-nord", "H-2207", 2, "furnace-2", "gear rings", _NINE + 6 * _QUARTER, (140.0, 140.0, 95.0, 95.0), _NINE - 4 * _QUARTER,
        _NINE + 40 * _QUARTER, True, OrderStatus.PLANNED, _NINE, "recommendation werk-nord-H-2207-0930-1030",
    ),
    RECOMMENDATIONS.name: Recommendation(
        "werk-nord", "H-2207-0930-1030", 1, RecommendationStatus.OPEN, _NINE, _NINE, _NINE + 2 * _QUARTER, "H-2207", "furnace-2",
        _NINE + 2 * _QUARTER, _NINE + 6 * _QUARTER, 60, _NINE + 2 * _QUARTER, 702.0, 638.0, 64.0, 268_410.0, 264_122.0,
        4288.0, 4288.0, 0.0, 0.86,
        "Start H-2207 on furnace 2 at 12:30 instead of 11:30: the quarter hour 11:30 then stays at 638 instead of 702 kW.",
        "H-2207 auf Ofen 2 um 12:30 statt 11:30 Uhr starten: Die Viertelstunde 11:30 bleibt dann bei 638 statt 702 kW.",
        (Alternative(_NINE + 10 * _QUARTER, 641.0, 4087.0, "ends one hour later", "endet eine Stunde später"),),
        ("due date", "machine free", "shift staffed"), ("furnace atmosphere", "material at the machine"),
    ),
    DECISIONS.name: Decision(
        "werk-nord", "H-2207-0930-1030", DecisionKind.ACCEPTED, "M. Adler", _NINE + timedelta(minutes=4), comment="crew informed"
    ),
}  # fmt: skip
"""Topic name -> a record as it could be on it."""


def example_json(topic: Topic) -> str:
    """The topic's example as indented JSON."""
    return json.dumps(json.loads(encode(EXAMPLES[topic.name])), indent=2, ensure_ascii=False) + "\n"


def contract_files() -> dict[str, str]:
    """File name -> content of everything in ``docs/contracts``."""
    files = {}
    rows = []
    for topic in TOPICS:
        schema = {**json_schema(topic.record), "title": topic.name, "description": topic.says}
        files[f"{topic.name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        files[f"{topic.name}.example.json"] = example_json(topic)
        key = topic.key(EXAMPLES[topic.name])
        links = f"[schema]({topic.name}.schema.json), [example]({topic.name}.example.json)"
        rows.append(f"| `{topic.name}` | `{key}` | {topic.says} | {links} |")
    files["README.md"] = _README + "\n".join(rows) + "\n"
    return files


_README = """# Topics

Every topic carries UTF-8 JSON, keyed as shown. The version is in the name: a field may be added, never renamed or given another
unit; readers ignore what they do not know. Instants are ISO-8601 UTC; `_ms` is milliseconds since 1970; `energy_uwh` is whole
micro-watt-hours (1 kWh = 1,000,000,000). Written by `lastgang contracts` from the types in `domain/`.

| topic | key (example) | what one record says | |
|---|---|---|---|
"""
