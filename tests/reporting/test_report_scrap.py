"""The section on scrap: what stands in report.json, the CSV file, the workbook and on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from report_sample import FIRST, NOON, blocks_under, data_of, page_of, put, quarter, table_under, whole_month

from domain.quality import QualityEvent
from domain.topics import QUALITY
from reporting.ledger import Ledger
from reporting.report import WrittenReport

QUARTER = timedelta(minutes=15)
MACHINE = """
[[machine]]
id = "furnace-1"
meter = "furnace-1"
rated_kw = 150
"""


def made(number: int, revision: int = 0, **counts: int) -> QualityEvent:
    start_utc = FIRST + number * QUARTER
    return QualityEvent(
        "werk-nord", "furnace-1", f"e{number}", revision, start_utc, start_utc + QUARTER, start_utc + QUARTER, "ring", source="counter", **counts
    )  # fmt: skip


def append(ledger: Ledger, *events: QualityEvent) -> None:
    ledger.append([(QUALITY, 0, number, event) for number, event in enumerate(events)])


def test_a_month_with_scrap(ledger: Ledger, make: Callable[..., WrittenReport], folder: Path) -> None:
    """The furnace draws 25 kWh a quarter hour: 2 of 20 pieces are 2.5 kWh, 1 of 10 again 2.5 kWh; the first count was corrected."""
    path = folder / "plant" / "plant.toml"
    path.write_text(path.read_text() + MACHINE)
    put(ledger, *whole_month())
    append(ledger, made(40, good=10, scrap=10), made(40, 1, good=18, scrap=2), made(50, good=9, scrap=1, rework=0))
    written = make()
    data = data_of(written)["scrap"]
    assert data["total"]["scrap"] == 3
    assert data["total"]["scrap_kwh"] == pytest.approx(5.0)
    assert data["total"]["scrap_eur"] == pytest.approx(0.5)
    assert data["total"]["coverage"] == 1.0
    assert data["total"]["scrap_co2_kg"] is None
    assert [row["machine"] for row in data["machines"]] == ["furnace-1"]
    assert data["energy"][0]["working_kwh"] == pytest.approx(50.0)
    lines = (written.folder / "scrap.csv").read_text().splitlines()
    assert lines[0].startswith("machine,product,shift,good,scrap,rework,scrap_share,scrap_kwh,scrap_eur,scrap_co2_kg,coverage")
    assert "furnace-1,ring," in lines[1]
    book: Any = load_workbook(written.folder / "report.xlsx")
    assert [cell.value for cell in list(book["Ausschuss"].iter_rows())[1]][:6] == ["furnace-1", "ring", None, 27, 3, 0]
    page = page_of(ledger, folder)
    table = table_under(page, "Energie, die in Ausschuss ging")
    assert table["rows"][0][1] == "3"
    assert "ISO 14051" in str(blocks_under(page, "Energie, die in Ausschuss ging"))


def test_a_month_in_which_nobody_counted_says_nothing_of_it(
    ledger: Ledger, make: Callable[..., WrittenReport], folder: Path
) -> None:
    put(ledger, quarter(NOON, 100.0))
    data = data_of(make())
    assert data["scrap"]["total"] is None
    assert not [block for block in page_of(ledger, folder)["blocks"] if block.get("text") == "Energie, die in Ausschuss ging"]
