"""One worked example per topic, and the files that describe the records to other programs.

In: `domain.topics`.  Out: a JSON Schema and an example a topic, both made from the dataclasses that the code uses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.anomalies import AlsoFound, Anomaly, AnomalyKind
from domain.asyncapi import document_text
from domain.codec import encode, json_schema
from domain.demand import Demand
from domain.effects import Autopsy, Basis, Effect, EffectStatus, Figure, Outcome, PeakShare
from domain.entered_measures import EnteredMeasure, EntryKind
from domain.facts import VALUES, fact
from domain.feedback import Feedback, FeedbackGiven, FeedbackKind
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from domain.governing import CanWait, Governing, GovernorMode
from domain.intervals import Interval, IntervalMethod, IntervalQuality
from domain.job_power import JobPower, PowerSource
from domain.machine_health import ChannelHealth, HealthStatus, MachineHealth
from domain.orders import Order, OrderStatus, Predecessor, Workers
from domain.own_use import EnergyBasis, OwnUse, PartUse
from domain.planning import PlanningCause, PlanningProblem, PlanStatus, ProposedPlan
from domain.prices import Prices
from domain.quality import QualityEvent
from domain.readings import Reading, Rejection, RejectionReason
from domain.recommendations import (
    Action,
    Alternative,
    Decision,
    DecisionKind,
    Driver,
    JobPlace,
    LineChange,
    Places,
    Recommendation,
    RecommendationStatus,
    Versions,
)
from domain.shift_changes import ShiftChange
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DECISIONS,
    DEMAND,
    EFFECTS,
    FEEDBACK,
    FINDINGS,
    FORECASTS,
    GOVERNING,
    INTERVALS,
    JOB_POWERS,
    MACHINE_HEALTH,
    MEASURES,
    METER_FORECASTS,
    ORDERS,
    OWN_USE,
    PLANNING_PROBLEMS,
    PLANS,
    PRICES,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
    TOPICS,
    Topic,
)

_NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)


def _at_furnace_2(start_utc: datetime) -> Places:
    return Places((JobPlace("H-2207", "furnace-2", start_utc, start_utc + 4 * _QUARTER),))


_VERSIONS = Versions(_NINE, "ensemble", 41, "9f86d081", "lastgang 0.1.0")
# One furnace job that may start one quarter hour later, where it no longer meets the base load's peak.
_PROBLEM = {
    "format": "lastgang.planning-problem.v1",
    "site": "werk-nord",
    "slots": {"start_utc": "2026-10-23T09:15:00Z", "minutes": 15, "count": 4, "timezone": "Europe/Berlin"},
    "energy_price_eur_per_kwh": [0.21, 0.21, 0.21, 0.21],
    "base_load": {"q50_kw": [480, 420, 420, 420], "q90_kw": [500, 440, 440, 440]},
    "demand_charges": [{"id": "network-demand", "price_eur_per_kw": 67.0, "incumbent_peak_kw": 580.0}],
    "machines": [{"id": "furnace-2"}],
    "shifts": [],
    "jobs": [
        {
            "id": "H-2207", "order": "4711", "family": "carburising", "earliest": 0, "due": 4, "tardiness_eur_per_slot": 5.0,
            "alternatives": [{"machine": "furnace-2", "phases": [{"slots": 2, "power_kw": 140}]}],
        }
    ],
    "current_plan": {"jobs": [{"id": "H-2207", "machine": "furnace-2", "start": 0}]},
    "changes": {"eur_per_moved_job": 20.0, "max_moved_jobs": None},
}  # fmt: skip
_PLAN = {
    "status": "optimal",
    "jobs": [{"id": "H-2207", "machine": "furnace-2", "start": 1}],
    "open_shifts": [],
    "conflicts": [],
    "cost": {
        "energy_eur": 106.05, "demand_eur": {"network-demand": 0.0}, "tardiness_eur": 0.0, "shifts_eur": 0.0, "skipped_eur": 0.0,
        "changes_eur": 20.0, "total_eur": 126.05,
    },
    "peak_kw": 580.0,
    "demand_peaks_kw": {"network-demand": 580.0},
}  # fmt: skip

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
        (
            fact("on_while_off.lasting", machine="furnace-1", since_utc=_NINE + timedelta(hours=3), actual_kw=61.5, expected_kw=2.0, excess_kwh=44.6),
            fact("on_while_off.per_day", kwh_per_day=1428.0, eur_per_day=199.92),
        ),
        {"off_level_kw": "2.0", "intervals": "3"},
        also=(AlsoFound("hall-1", AnomalyKind.LEFT_ON, 0.93),),
        feedback=FeedbackGiven(FeedbackKind.KNOWN, "M. Adler", _NINE + timedelta(hours=3, minutes=40), "warms up for the night shift"),
    ),
    FEEDBACK.name: Feedback(
        "werk-nord", "furnace-1", "furnace-1/on_while_off/1792756800", FeedbackKind.KNOWN, "M. Adler",
        _NINE + timedelta(hours=3, minutes=40), "warms up for the night shift",
    ),
    FINDINGS.name: Anomaly(
        "werk-nord", "press-1", "press-1/on_while_off/1792756800", 0, AnomalyKind.ON_WHILE_OFF, _NINE + timedelta(hours=3),
        None, _NINE + timedelta(hours=3, minutes=30), 4.0, 21.5, 8.75, 420.0, 58.8,
        (fact("on_while_off.lasting", machine="press-1", since_utc=_NINE + timedelta(hours=3), actual_kw=21.5, expected_kw=4.0, excess_kwh=8.75),),
        {"quarter_hours": "2"},
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
    OWN_USE.name: OwnUse(
        "werk-nord", _NINE, _NINE + 4 * _QUARTER, (PartUse("flink-taskmanager", 61.2), PartUse("kafka", 9.4), PartUse("historian", 6.3)),
        (PartUse("metering", 22.1), PartUse("forecast", 3.8)), 0.0854, EnergyBasis.MODEL, "plant-server",
    ),
    ORDERS.name: Order(
        "werk-nord", "H-2207", 2, "furnace-2", "gear rings", _NINE + 6 * _QUARTER, (140.0, 140.0, 95.0, 95.0), _NINE - 4 * _QUARTER,
        _NINE + 40 * _QUARTER, True, OrderStatus.PLANNED, _NINE, "recommendation werk-nord-H-2207-0930-1030",
        order="4711", quantity=120.0, family="carburising", predecessors=(Predecessor("W-2207", 30),), workers=(Workers("furnaceman", 1),),
    ),
    JOB_POWERS.name: JobPower(
        "werk-nord", "furnace-2", "gear rings", 4, (131.0, 133.0, 88.0, 90.0), (140.0, 140.0, 95.0, 95.0), (148.0, 149.0, 103.0, 101.0),
        17, PowerSource.SUB_METER, 1.9, _NINE, 6.0,
    ),
    MEASURES.name: EnteredMeasure(
        "werk-nord", "leaks-2026", 1, EntryKind.MEASURE, "2026-10-05", _NINE, "2026-10-07", description="leaks of the compressed air fixed",
        meters=("compressor",), by="M. Adler",
    ),
    SHIFT_CHANGES.name: ShiftChange(
        "werk-nord", "early", "2026-10-24", 1, True, _NINE, "06:00", "12:00", (Workers("furnaceman", 1),), by="M. Adler",
        reason="special Saturday for order 4711",
    ),
    PRICES.name: Prices(
        "werk-nord", "DE-LU", datetime(2026, 10, 23, 22, 0, tzinfo=UTC), 1, 60, (84.1, 79.9, 77.3), _NINE, "day-ahead.csv",
    ),
    QUALITY.name: QualityEvent(
        "werk-nord", "moulding-1", "camera-3/2026-10-23/0142", 0, _NINE, _NINE + _QUARTER, _NINE + _QUARTER, "housing", "H-2209",
        good=31, scrap=2, reason="short shot", source="camera-3",
    ),
    PLANNING_PROBLEMS.name: PlanningProblem(
        "werk-nord", "werk-nord/2026-10-23T09:00:00Z/hour", _NINE, _NINE + _QUARTER, PlanningCause.HOUR, json.dumps(_PROBLEM),
        replace(_VERSIONS, planner=""),
    ),
    PLANS.name: ProposedPlan(
        "werk-nord", "werk-nord/2026-10-23T09:00:00Z/hour", _NINE, _NINE + _QUARTER, PlanStatus.OPTIMAL, json.dumps(_PLAN),
        "lastgang 0.1.0", 0.4, _VERSIONS,
    ),
    RECOMMENDATIONS.name: Recommendation(
        "werk-nord", "H-2207-0930-1030", 1, RecommendationStatus.OPEN, _NINE, _NINE, _NINE + 2 * _QUARTER,
        Action.MOVE_JOB, _at_furnace_2(_NINE + 2 * _QUARTER), _at_furnace_2(_NINE + 6 * _QUARTER), _NINE + 2 * _QUARTER, 702.0, 638.0, 64.0, 268_410.0, 264_122.0,
        4288.0, 4288.0, 0.0, 0.86,
        (
            fact(
                "advice.move", job="H-2207", machine="furnace-2", from_utc=_NINE + 2 * _QUARTER, to_utc=_NINE + 6 * _QUARTER,
                peak_utc=_NINE + 2 * _QUARTER, before_kw=702.0, after_kw=638.0,
            ),
            fact("advice.saves", saving_eur=4288.0),
        ),
        (
            Alternative(Action.MOVE_JOB, _at_furnace_2(_NINE + 10 * _QUARTER), 641.0, 4087.0, (fact("alternative.higher", more_kw=3.0),)),
            Alternative(Action.DO_NOTHING, _at_furnace_2(_NINE + 2 * _QUARTER), 702.0, 0.0, (fact("alternative.nothing", more_kw=64.0, more_eur=4288.0),)),
        ),
        (fact("condition.dates"), fact("condition.machine_free")), (fact("condition.material"),),
        lines=(LineChange("network-demand", 91_260.0, 86_972.0),), drivers=(Driver("furnace-2", 140.0, 0.2), Driver("furnace-1", 120.0, 0.171)),
        binding_rule="condition.machine_free",
        versions=_VERSIONS,
    ),
    DECISIONS.name: Decision(
        "werk-nord", "H-2207-0930-1030", DecisionKind.ACCEPTED, "M. Adler", _NINE + timedelta(minutes=4), comment="crew informed"
    ),
    EFFECTS.name: Effect(
        "werk-nord", "H-2207-0930-1030", 1, _NINE + timedelta(hours=5), EffectStatus.PROVISIONAL, Outcome.AS_ADVISED, Basis.SUB_METER, "furnace-2",
        datetime(2025, 12, 31, 23, 0, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC), _NINE + 2 * _QUARTER, 64.0, 4288.0,
        relief_kw=Figure(138.2, 127.0, 147.9), reduction_kw=Figure(51.6, 40.8, 58.3), saving_eur=Figure(3457.2, 2733.6, 3906.1),
        shared_with=("W-2207-0915-1100",),
    ),
    AUTOPSIES.name: Autopsy(
        "werk-nord", _NINE + 2 * _QUARTER, 0, _NINE + 3 * _QUARTER, 671.4, 637.0, IntervalQuality.MEASURED,
        datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
        (PeakShare("furnace-2", 140.9, 44.3, "H-2207"), PeakShare("compressor-1", 52.0, 41.5)), 478.5, 470.2,
        advised=("H-2207-0930-1030",), cost_eur=2304.8, usual_days=12, usual_share=1.0,
    ),
    GOVERNING.name: Governing(
        "werk-nord", _NINE + timedelta(minutes=6), GovernorMode.WATCHING, _NINE, 637.0,
        (CanWait("charger-1", 11.0, _NINE + 6 * _QUARTER), CanWait("compressor-1", 33.0, _NINE + timedelta(minutes=14))), 44.0,
        (fact("governor.unknown", load=("cold-store-1",)),),
    ),
    MACHINE_HEALTH.name: MachineHealth(
        "werk-nord", "press-1", "press-1", _NINE, HealthStatus.LIMIT_AHEAD, "Execute", 58.0, 1.31, 0.42, 1.0, 15,
        (
            ChannelHealth("vibration", "mm/s", 3.1, 1.7, 1.3, 2.1, 7.1, 0.42, 9.5, 7.9, 11.8),
            ChannelHealth("power", "kW", 61.2, 60.8, 55.0, 66.9, None, 0.1, None, None, None),
        ),
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
    files["README.md"] = _README + "\n".join(rows) + "\n" + _SENTENCES
    files["asyncapi.yaml"] = document_text(EXAMPLES)
    files["facts.md"] = _FACTS + "".join(f"| `{key}` | {_listed(values)} |\n" for key, values in VALUES.items())
    return files


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or "–"


_README = """# Topics

Every topic carries UTF-8 JSON, keyed as shown. The version is in the name: a field may be added, never renamed or given another
unit; readers ignore what they do not know. Instants are ISO-8601 UTC; `_ms` is milliseconds since 1970; `energy_uwh` is whole
micro-watt-hours (1 kWh = 1,000,000,000). All of them are in one [AsyncAPI 3.0 document](asyncapi.yaml), with what another program may send.
How to [read recommendations and answer](../how-to/read-and-answer-recommendations.md). Written by `lastgang contracts` from the types in `domain/`.

| topic | key (example) | what one record says | |
|---|---|---|---|
"""

_SENTENCES = """
## From a record to sentences

Anomalies, recommendations and the governor carry facts, keys with values ([all of them](facts.md)), and no sentence. [Three ways](../how-to/sentences.md) to sentences:

- the API: `/api/v1/anomalies` and `/api/v1/recommendations` add `texts`, the sentences by language;
- a pipe: `kafka-console-consumer ... | lastgang sentences --plant PLANT --language de`, a line in, a line out;
- Python: `anomaly_text(record, words, names)` and `advice_texts(record, words, names)` of `words.sentences`, with
  `words = of_page("de", zone)` of `words.speech` and `names = names_of(plant)`.

A key that a reader does not know is shown with its values; it is no reason to refuse a record.
"""

_FACTS = """# Facts

What `energy.anomalies.v1` (`facts`), `energy.recommendations.v1` (`reason`, `checked`, `not_checked`) and `energy.effects.v1` and `energy.governing.v1` (`reason`) say: keys with values. The texts are in
[`words/languages/`](../../words/languages/), under `[fact.…]`. Written by `lastgang contracts` from `domain/facts.py`.

`numbers`: a name ends in its unit (`_kw`, `_kwh`, `_eur`, `_min`, energy and money `_per_day`); without one it is a count (`spans`, `weeks`) or a
share of 0..1 (`growth`, `before`, `after`). `instants`: names end in `_utc`. `ids`: the others, a list each; `lack` is `inductive`, `capacitive`,
`too_fine` or `spot`.

| key | values |
|---|---|
"""
