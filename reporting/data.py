"""A month's numbers as plain data: what ``report.json`` holds.

Nothing in it depends on when or by whom the report is made: the same ledger at the same data cut-off gives the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from domain.instants import instant_text
from reporting.cost import MonthCost
from reporting.month import MonthReport, SeriesMonth
from reporting.sections import SECTIONS
from reporting.sections.section import Content

SCHEMA = "lastgang-month-1"
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def report_data(content: Content) -> dict[str, Any]:
    """Everything that the report says, with exact energies [µWh] beside those for people [kWh]."""
    report = content.month
    period, plant = report.period, report.plant
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "site": plant.site.id,
        "organisation": plant.site.name or plant.site.id,
        "period": {
            "label": period.label, "kind": str(period.kind), "timezone": period.timezone, "from_utc": instant_text(period.from_utc),
            "to_utc": instant_text(period.to_utc), "quarter_hours_expected": period.expected,
        },
        "data_cut_off_utc": instant_text(report.data_cut_off_utc),
        "known_until_utc": instant_text(report.known_until_utc),
        "status": status_of(report, content.cost),
        "billing_meter": None if report.billing is None else report.billing.meter.id,
        "target_kw": plant.site.target_kw,
        "meters": [_series_data(series) for series in report.series],
    }  # fmt: skip
    for section in SECTIONS:
        data |= section.data(content)
    return data


def _series_data(series: SeriesMonth) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for section in SECTIONS:
        data |= section.series_data(series)
    return data


def status_of(report: MonthReport, cost: MonthCost) -> str:
    """``final`` if the month is over, every quarter hour of the grid connection has a value and the bill lacks nothing."""
    return "final" if report.is_over and report.is_whole and not cost.is_provisional else "provisional"


def as_json(data: Any) -> str:
    """The data as text: fixed order, two spaces, a line end at the end. Half a surrogate pair, which UTF-8 has not, stays escaped."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return _HALF_PAIR.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
