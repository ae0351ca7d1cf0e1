"""A section of the report is one module and one row: files, workbook and PDF take it from there."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from report_sample import NOON, blocks_under, content_of, data_of, page_of, put, quarter, table_under

from reporting import sections
from reporting.ledger import Ledger
from reporting.report import WrittenReport
from reporting.sections.blocks import Heading, Paragraph, PrintColumn, printed, shortened, table_or
from reporting.sections.section import DataFile, Section, Sheet, SheetPart
from reporting.sections.shared_sheets import SUMMARY, SummaryRow
from reporting.tables import Column, field_columns
from words.speech import Words, of_report

WHO_TAKES_THEM = ("reporting.data", "reporting.report", "reporting.workbook", "reporting.pdf")


@dataclass(frozen=True)
class Draught:
    """A row of a table that no report has."""

    meter: str
    speed: float


ROWS = (Draught("main", 1.5), Draught("furnace-1", -2.0))


def draught_columns(words: Words) -> list[Column[Draught]]:
    return [Column(words["meter"], lambda row: row.meter), Column("m/s", lambda row: row.speed)]


DRAUGHT = Section(
    data=lambda content: {"draught": {"month": content.month.period.label}},
    series_data=lambda series: {"draught_of": series.meter.id},
    files=(DataFile("draught", lambda _: ROWS, field_columns(Draught), draught_columns),),
    sheets=(
        SheetPart(Sheet("note", draught_columns), lambda *_: ROWS),
        SheetPart(SUMMARY, lambda *_: [SummaryRow("Draught", 7, "m/s")], place=9),
    ),
    page=lambda _, words: [
        Heading("Draught"),
        printed([PrintColumn(words["meter"], lambda row: row.meter), PrintColumn("m/s", lambda row: f"{row.speed}")], ROWS),
    ],
)


@pytest.fixture
def with_draught(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in WHO_TAKES_THEM:
        monkeypatch.setattr(import_module(module), "SECTIONS", (*sections.SECTIONS, DRAUGHT))


@pytest.mark.usefixtures("with_draught")
def test_a_row_in_the_table_brings_a_section_into_every_file(
    ledger: Ledger, make: Callable[..., WrittenReport], folder: Path
) -> None:
    put(ledger, quarter(NOON, 100.0))
    made = make()
    data = data_of(made)
    assert (data["draught"], data["meters"][1]["draught_of"]) == ({"month": "2026-10"}, "furnace-1")
    assert (made.folder / "draught.csv").read_text() == "meter,speed\nmain,1.5\nfurnace-1,-2.0\n"
    assert (made.folder / "draught-excel.csv").read_text("utf-8-sig").splitlines()[1] == '"main";1,5'
    book: Any = load_workbook(made.folder / "report.xlsx")
    assert [[cell.value for cell in row] for row in book["Hinweis"].iter_rows()][1:] == [["main", 1.5], ["furnace-1", -2]]
    assert [cell.value for cell in list(book["Übersicht"].iter_rows())[-1]] == ["Draught", 7, "m/s"]
    assert table_under(page_of(ledger, folder), "Draught")["rows"] == [["main", "1.5"], ["furnace-1", "-2.0"]]


def test_every_module_with_a_section_is_in_the_table() -> None:
    modules = [import_module(f"reporting.sections.{found.name}") for found in pkgutil.iter_modules(sections.__path__)]
    own = [module.SECTION for module in modules if hasattr(module, "SECTION")]
    assert len(own) == len(sections.SECTIONS)
    assert all(section in sections.SECTIONS for section in own)


def test_no_two_sections_claim_the_same_key_or_file(ledger: Ledger, folder: Path) -> None:
    put(ledger, quarter(NOON, 100.0))
    content = content_of(ledger, folder)
    keys = [key for section in sections.SECTIONS for key in section.data(content)]
    of_series = [key for section in sections.SECTIONS for key in section.series_data(content.month.series[0])]
    files = [file.name for section in sections.SECTIONS for file in section.files]
    assert len({*keys, "meters"}) == len(keys) + 1
    assert len(set(of_series)) == len(of_series) > 12
    assert len(set(files)) == len(files) == 13


def test_sheets_stand_in_their_order_and_every_part_of_one_names_the_same_sheet() -> None:
    parts = [part for section in sections.SECTIONS for part in section.sheets]
    by_title = {part.sheet.title: part.sheet for part in parts}
    assert all(part.sheet is by_title[part.sheet.title] for part in parts)
    assert len({sheet.place for sheet in by_title.values()}) == len(by_title)


def test_a_table_without_rows_is_words_and_a_long_one_says_how_many_are_left_out() -> None:
    words = of_report("en", ZoneInfo("UTC"))
    columns: list[PrintColumn[int]] = [PrintColumn("n", str, "1fr", is_number=True)]
    assert table_or("none", printed(columns, []), Heading("x")) == [Paragraph("none")]
    table = shortened(printed(columns, range(5)), 3, words)
    assert (table.rows, table.more, table.numeric, table.widths) == (
        [["0"], ["1"], ["2"]], "and 2 more in report.xlsx", [0], ["1fr"],
    )  # fmt: skip
    assert shortened(table, 3, words) == table


def test_sections_are_printed_in_the_order_of_the_table(ledger: Ledger, folder: Path) -> None:
    put(ledger, quarter(NOON, 100.0))
    page = page_of(ledger, folder, "en")
    headings = [block["text"] for block in page["blocks"] if block["kind"] == "heading"]
    assert headings == [
        "Load profile of the grid connection",
        "Daily peaks",
        "The ten highest quarter hours",
        "Windows of the tariff",
        "Meters",
        "Balance of the meters",
        "Quality by meter",
        "Gaps and substitute values",
        "Registers: reset, rollover, exchange, jump",
        "Restatements",
        "Changes since the replaced version",
        "Readings that were not used",
        "Bill of the month",
        "Anomalies",
        "Recommendations",
        "CO₂ of what was burnt and purchased",
        "Key figures",
        "The platform's own electricity",
    ]
    assert blocks_under(page, "Anomalies") == [
        {"text": "None in the period.", "is_small": False, "stays_with_next": False, "kind": "paragraph"}
    ]
