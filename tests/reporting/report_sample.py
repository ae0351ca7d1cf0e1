"""A small plant and its ledger for the tests of reports: a grid connection and a furnace below it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.topics import INTERVALS
from domain.units import UWH_PER_KWH
from reporting.cost import month_cost
from reporting.emissions import with_emissions
from reporting.key_figures.month import with_key_figures
from reporting.ledger import Ledger
from reporting.month import month_period, month_report
from reporting.pdf import page_data
from reporting.report import WrittenReport
from reporting.scrap import with_scrap
from reporting.sections.section import Content
from words.speech import of_report

PLANT = """
[site]
id = "werk-nord"
name = "Werk Nord"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
billing_meter = "main"
target_kw = 640.0
[tariff]
file = "tariff.toml"
[[meter]]
id = "main"
name = "Netzanschluss"
max_power_kw = 1000
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "Wh"
sampling_s = 5
resolution = 1
[[meter]]
id = "furnace-1"
name = "Härteofen"
parent = "main"
max_power_kw = 200
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "Wh"
sampling_s = 5
resolution = 1
"""
TARIFF = """
id = "ms-2026"
version = "2026-01-01"
source = "price sheet"
valid_from = 2026-01-01
valid_to = 2027-01-01
currency = "EUR"
timezone = "Europe/Berlin"
[[energy]]
id = "supply"
price = "10 ct/kWh"
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "month"
price = "2 EUR/kW/month"
inside = "day"
[[calendar]]
id = "day"
[[calendar.band]]
days = ["all"]
from = "06:00"
to = "22:00"
"""
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
NOON = FIRST + timedelta(hours=12)


class StepClock:
    """Stands until it is moved."""

    speed = 1.0

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)

    def now_utc(self) -> datetime:
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


def quarter(start: datetime, kwh: float | None, meter: str = "main", **others: Any) -> Interval:
    known: dict[str, Any] = {
        "coverage": 1.0,
        "quality": IntervalQuality.MEASURED,
        "method": IntervalMethod.REGISTER,
        "revision": 1,
        **others,
    }
    if kwh is None:
        known |= {"coverage": 0.0, "quality": IntervalQuality.MISSING, "method": IntervalMethod.NONE}
    energy = None if kwh is None else round(kwh * UWH_PER_KWH)
    return Interval("werk-nord", meter, "energy_import", start, energy, readings=180, origin=IntervalOrigin.METERING, **known)


def whole_month() -> list[Interval]:
    """100 kWh a quarter hour at the connection, 25 at the furnace; at 12:00 on the first day 160 kWh (640 kW)."""
    rows = [quarter(FIRST + QUARTER * n, 160.0 if n == 48 else 100.0) for n in range(2980)]
    return rows + [quarter(FIRST + QUARTER * n, 25.0, "furnace-1") for n in range(2980)]


def put(ledger: Ledger, *records: Interval) -> None:
    first = ledger.offsets().get((INTERVALS.name, 0), 0)
    ledger.append([(INTERVALS, 0, first + n, record) for n, record in enumerate(records)])


def data_of(made: WrittenReport) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((made.folder / "report.json").read_text())
    return data


def content_of(ledger: Ledger, folder: Path) -> Content:
    """What October's first report would be made from."""
    month = month_report(ledger, load_plant(folder / "plant" / "plant.toml"), month_period("2026-10", "Europe/Berlin"))
    return Content(
        with_emissions(with_key_figures(ledger, with_scrap(ledger, month, folder / "plant"), folder / "plant")),
        month_cost(month, folder / "plant"),
        None,
        "",
    )


def page_of(ledger: Ledger, folder: Path, language: str = "de") -> dict[str, Any]:
    """What the PDF of October would say."""
    return page_data(content_of(ledger, folder), [], [], of_report(language, BERLIN))


def blocks_under(page: dict[str, Any], heading: str) -> list[dict[str, Any]]:
    """What stands under a heading of the PDF."""
    blocks = page["blocks"]
    first = next(n for n, block in enumerate(blocks) if block["kind"] == "heading" and block["text"] == heading) + 1
    return list(takewhile(lambda block: block["kind"] != "heading", blocks[first:]))


def table_under(page: dict[str, Any], heading: str) -> dict[str, Any]:
    """The table that stands under a heading of the PDF."""
    return next(block for block in blocks_under(page, heading) if block["kind"] == "table")
