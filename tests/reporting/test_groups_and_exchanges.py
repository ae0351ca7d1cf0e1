"""Halls, cost centres and exchanged meters in every file of a report."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from report_sample import PLANT, put, whole_month

from reporting.ledger import Ledger
from reporting.report import WrittenReport

EXCHANGES = """
[[meter.exchange]]
channel = "energy_import"
at_utc = 2026-10-12T08:00:00Z
old_serial = "A-1"
final_reading = 123456.5
new_serial = "B-2"
start_reading = 0.25
[[meter.exchange]]
channel = "energy_import"
at_utc = 2026-09-30T21:59:00Z
old_serial = "before"
final_reading = 1.0
new_serial = "the month"
start_reading = 0.0
"""


def test_halls_and_cost_centres_are_in_data_and_tables(ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]) -> None:
    text = PLANT.replace('name = "Härteofen"', 'name = "Härteofen"\nhall = "Halle 1"\ncost_centre = "4711"')
    (folder / "plant" / "plant.toml").write_text(text)
    put(ledger, *whole_month())
    made = make(language="en")
    found = json.loads((made.folder / "report.json").read_text())["groups"]
    assert [(one["kind"], one["name"], one["energy_uwh"] // 10**9, one["meters"], one["less_meters"]) for one in found] == [
        ("hall", "Halle 1", 74_500, ["furnace-1"], []), ("hall", None, 223_560, ["main"], ["furnace-1"]),
        ("cost_centre", "4711", 74_500, ["furnace-1"], []), ("cost_centre", None, 223_560, ["main"], ["furnace-1"]),
    ]  # fmt: skip
    # 160 kWh of the connection less 25 of the furnace, together in one quarter hour
    assert found[1]["peak"] == {"start_utc": "2026-10-01T10:00:00Z", "power_kw": 540.0, "quality": "measured"}
    with (made.folder / "groups.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], row["name"], row["energy"]) for row in rows][:2] == [
        ("hall", "Halle 1", "74500.000"),
        ("hall", "", "223560.000"),
    ]
    german = (made.folder / "groups-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert german[2].startswith('"Halle";"ohne";"main";"furnace-1";223560,000;540,000;01.10.2026 12:00;"gemessen";2980;2980;1,0;')


def test_without_halls_there_are_no_groups(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month()[:10])
    assert json.loads((make().folder / "report.json").read_text())["groups"] == []


def test_an_exchange_stands_with_both_readings_in_the_month_it_was_in(
    ledger: Ledger, folder: Path, make: Callable[..., WrittenReport]
) -> None:
    (folder / "plant" / "plant.toml").write_text(PLANT + EXCHANGES)
    put(ledger, *whole_month()[:10])
    made = make()
    (found,) = json.loads((made.folder / "report.json").read_text())["exchanges"]
    assert (found["old_serial"], found["final_reading"], found["new_serial"], found["start_reading"], found["unit"]) == (
        "A-1", 123456.5, "B-2", 0.25, "Wh",
    )  # fmt: skip
    german = (made.folder / "exchanges-excel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert german[1] == '"furnace-1";"energy_import";12.10.2026 10:00;"A-1";123456,5;"B-2";0,25;"Wh"'
