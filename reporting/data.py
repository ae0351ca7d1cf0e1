"""A month's numbers as plain data: what ``report.json`` holds and what the other files are made from.

Nothing in it depends on when or by whom the report is made: the same ledger at the same data cut-off gives the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from domain.instants import instant_text
from domain.intervals import Interval
from domain.units import kwh
from reporting.cost import MonthCost, WindowPeak
from reporting.gaps import SOUND, Gap
from reporting.month import TOP_PEAKS, Balance, MonthReport, SeriesMonth
from words.sentences import advice_in_each_language, anomaly_in_each_language, names_of
from words.speech import of_report

SCHEMA = "lastgang-month-1"
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def report_data(report: MonthReport, cost: MonthCost) -> dict[str, Any]:
    """Everything that the report says, with exact energies [µWh] beside those for people [kWh]."""
    period, plant = report.period, report.plant
    return {
        "schema": SCHEMA,
        "site": plant.site.id,
        "organisation": plant.site.name or plant.site.id,
        "period": {
            "month": period.label, "timezone": period.timezone, "from_utc": instant_text(period.from_utc),
            "to_utc": instant_text(period.to_utc), "quarter_hours_expected": period.expected,
        },
        "data_cut_off_utc": instant_text(report.data_cut_off_utc),
        "known_until_utc": instant_text(report.known_until_utc),
        "status": status_of(report, cost),
        "billing_meter": None if report.billing is None else report.billing.meter.id,
        "target_kw": plant.site.target_kw,
        "meters": [_series(series) for series in report.series],
        "top_peaks": [] if report.billing is None else [_quarter(i) for i in report.billing.highest(TOP_PEAKS)],
        "daily_peaks": []
        if report.billing is None
        else [{"day": day.isoformat(), **(_quarter(peak) or {})} for day, peak in report.billing.daily_peaks(period)],
        "balance": [_balance(balance) for balance in report.balances],
        "cost": _cost(cost),
        "anomalies": [
            {
                "id": a.anomaly, "meter": a.meter, "kind": str(a.kind), "since_utc": instant_text(a.since_utc),
                "until_utc": None if a.until_utc is None else instant_text(a.until_utc), "excess_kwh": a.excess_kwh,
                "eur_per_day": a.eur_per_day, "texts": anomaly_in_each_language(a, plant.site.zone, names_of(plant), of_report),
            }
            for a in report.anomalies
        ],
        "recommendations": [_recommendation(report, number) for number in range(len(report.recommendations))],
        "rejected_readings": [
            {"meter": meter, "reason": reason, "count": count} for (meter, reason), count in sorted(report.rejections.items())
        ],
        "conflicts": len(report.conflicts),
    }  # fmt: skip


def status_of(report: MonthReport, cost: MonthCost) -> str:
    """``final`` if the month is over, every quarter hour of the grid connection has a value and the bill lacks nothing."""
    return "final" if report.is_over and report.is_whole and not cost.is_provisional else "provisional"


def as_json(data: dict[str, Any]) -> str:
    """The data as text: fixed order, two spaces, a line end at the end. Half a surrogate pair, which UTF-8 has not, stays escaped."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return _HALF_PAIR.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _series(series: SeriesMonth) -> dict[str, Any]:
    slots = len(series.slots)
    total = sum(share.energy_uwh for share in series.by_quality.values())
    return {
        "meter": series.meter.id,
        "name": series.meter.label,
        "parent": series.meter.parent,
        "channel": series.channel,
        "unit": series.unit,
        "energy_uwh": series.energy_uwh,
        "energy_kwh": kwh(series.energy_uwh),
        "quarter_hours_with_value": series.with_value,
        "coverage": round(series.coverage, 9),
        "share_of_quarter_hours_measured": round(series.covered_share, 9),
        "worst_quality": str(series.worst_quality),
        "quality": {
            str(quality): {
                "quarter_hours": share.quarters, "share_of_quarter_hours": round(share.quarters / slots, 9),
                "energy_uwh": share.energy_uwh, "share_of_energy": round(share.energy_uwh / total, 9) if total else 0.0,
            }
            for quality, share in series.by_quality.items()
        },
        "peak": _quarter(series.peak),
        "gaps": [_gap(gap) for gap in series.gaps],
        "events": [_quarter(interval) for interval in series.events],
        "restatements": [
            {
                "start_utc": instant_text(r.revisions[0].start_utc),
                "revisions": [
                    {"revision": i.revision, "energy_uwh": i.energy_uwh, "quality": str(i.quality), "method": str(i.method),
                     "origin": str(i.origin), "recorded_utc": instant_text(at)}
                    for i, at in zip(r.revisions, r.recorded_utc, strict=True)
                ],
            }
            for r in series.restatements
        ],
    }  # fmt: skip


def _quarter(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None or interval.energy_uwh is None:
        return None
    return {
        "start_utc": instant_text(interval.start_utc), "energy_uwh": interval.energy_uwh, "power_kw": interval.power_kw,
        "quality": str(interval.quality), "method": str(interval.method), "revision": interval.revision,
        "rests_on_substitute": interval.quality not in SOUND,
    }  # fmt: skip


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "from_utc": instant_text(gap.from_utc), "to_utc": instant_text(gap.to_utc), "quarter_hours": gap.quarters,
        "quality": str(gap.quality), "reason": gap.reason, "filled_by": str(gap.filling),
        "energy_uwh": gap.energy_uwh if gap.has_value else None, "revision": gap.revision,
        "told_first": None if gap.revision is None else
            {"energy_uwh": gap.first_energy_uwh, "quarter_hours_without_value": gap.first_without_value,
             "quality": str(gap.first_quality), "method": gap.first_method},
        "told_before": [
            {"quality": str(e.quality), "method": str(e.method), "quarter_hours": e.quarters, "energy_uwh": e.energy_uwh} for e in gap.earlier
        ],
        "last_recorded_utc": None if gap.last_recorded_utc is None else instant_text(gap.last_recorded_utc),
    }  # fmt: skip


def _balance(balance: Balance) -> dict[str, Any]:
    return {
        "meter": balance.meter.id, "meters_below": [child.id for child in balance.children], "meter_uwh": balance.meter_uwh,
        "below_uwh": balance.children_uwh, "residual_uwh": balance.residual_uwh, "quarter_hours": balance.quarters,
        "quarter_hours_left_out": balance.left_out,
        "below_by_quality": {
            str(quality): {
                "quarter_hours": share.quarters, "energy_uwh": share.energy_uwh,
                "share_of_energy": round(balance.share_of_energy(quality), 9),
            }
            for quality, share in balance.by_quality.items()
        },
    }  # fmt: skip


def _cost(cost: MonthCost) -> dict[str, Any]:
    tariff = {"id": cost.tariff_id, "version": cost.tariff_version, "source": cost.tariff_source} if cost.tariff_id else None
    windows = [_window(window) for window in cost.windows]
    if cost.bill is None:
        return {"tariff": tariff, "bill": None, "why_not": cost.why_not, "windows": windows}
    return {"tariff": tariff, "bill": cost.bill.as_json(), "windows": windows}


def _window(window: WindowPeak) -> dict[str, Any]:
    return {"component": window.component, "where": window.where, "calendar": window.calendar, "peak": _quarter(window.peak)}


def _recommendation(report: MonthReport, number: int) -> dict[str, Any]:
    r = report.recommendations[number]
    decision = report.decisions.get(r.recommendation)
    texts = advice_in_each_language(r, report.plant.site.zone, names_of(report.plant), of_report)
    return {
        "id": r.recommendation, "status": str(r.status), "issued_utc": instant_text(r.issued_utc), "job": r.job, "machine": r.machine,
        "from_start_utc": instant_text(r.from_start_utc), "to_start_utc": instant_text(r.to_start_utc),
        "reduction_kw": r.reduction_kw, "expected_saving_eur": r.saving_eur,
        "texts": {language: said.reason for language, said in texts.items()},
        "decision": None if decision is None else
            {"kind": str(decision.kind), "by": decision.by, "at_utc": instant_text(decision.at_utc), "comment": decision.comment},
    }  # fmt: skip
