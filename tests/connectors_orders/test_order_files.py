"""Files as people and programs write them: encodings, headings, merged cells, the template and back."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from order_works import NOW, after, local, words_of

from connectors.orders.judging import Handing, Judgement, judge
from connectors.orders.known import known_orders
from connectors.orders.mapping import FIELDS, NO_MAPPING, OrderMapping, field_of, load_mapping, rows_of
from connectors.orders.sheets import read_sheets
from connectors.orders.template import COLUMNS, write_template
from connectors.orders.writing import cells_of
from domain.errors import InputFaults
from domain.intervals import QUARTER
from domain.plant import Plant
from words.catalogue import languages, texts
from words.speech import of_page

CSV = """Auftrag;Artikel;Maschine;Liefertermin;Start;Dauer [min]
4711;Zähne;Säge;24.10.2026;23.10.2026 06:00;90
"""


def imported(path: Path, plant: Plant, mapping: OrderMapping = NO_MAPPING) -> Judgement:
    sheets = read_sheets(path)
    rows, _ = rows_of(sheets, mapping)
    epoch = any(sheet.epoch_1904 for sheet in sheets)
    return judge(rows, Handing(plant, NOW, path.name, mapping, epoch_1904=epoch), known_orders([], plant))


def test_every_field_has_its_heading_in_every_language_and_each_heading_means_one_field() -> None:
    for code in languages():
        assert {name: field_of(texts(code)[f"orders.column.{name}"]) for name in FIELDS} == {name: name for name in FIELDS}
    listed = [heading for headings in FIELDS.values() for heading in headings]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    "change",
    [
        ("", ""),
        (";", ","),
        (";", "\t"),
        ("\n", "\r\n"),
        ("Auftrag;", "sep=;\nAuftrag;"),
        ("Auftrag;", "Liste vom 22.10.;;\n;;\nAuftrag;"),
    ],
)
def test_a_csv_file_is_read_as_programs_write_it(plant: Plant, tmp_path: Path, encoding: str, change: tuple[str, str]) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(CSV.replace(*change).encode(encoding))
    judgement = imported(path, plant)
    assert words_of(judgement, plant) == []
    [order] = judgement.revisions
    assert (order.product, order.machine, order.quarters, order.start_utc) == ("Zähne", "saw", 6, local("2026-10-23T06:00"))


def test_a_fault_names_the_row_of_the_file_also_below_a_cell_of_several_lines(plant: Plant, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(CSV + '4712;"zwei\nZeilen";laser;;;60\n\n4713;x;laser;;;60\n', encoding="utf-8")
    places = [str(fault.place) for fault in imported(path, plant).faults]
    assert places == ["orders.csv, row 3, column C (Maschine)", "orders.csv, row 6, column C (Maschine)"]


def german_book(path: Path) -> None:
    """As a planner keeps it: a title, merged orders, dates as dates, a blank row, a note below."""
    book = Workbook()
    book.active.title = "Deckblatt"  # type: ignore[union-attr]
    sheet: Any = book.create_sheet("Fertigung KW 43")
    sheet.append(["Fertigungsplan Halle 2"])
    sheet.merge_cells("A1:F1")
    sheet.append([])
    sheet.append(
        ["Auftrags-Nr.", "AVO", "Arbeitsplatz", "Freigabe", "Endtermin", "Geplanter Start", "Bearbeitungszeit (min)", "Bemerkung"]
    )
    release, due = datetime(2026, 10, 22), datetime(2026, 10, 24, 12, 0)  # noqa: DTZ001
    sheet.append([4711, 10, "Säge", release, due, datetime(2026, 10, 23, 6, 0), 50, "eilig"])  # noqa: DTZ001
    sheet.append([None, 20, "Große Presse", release, due, datetime(2026, 10, 23, 7, 15), "100", None])  # noqa: DTZ001
    sheet.merge_cells("A4:A5")
    sheet.append([])
    sheet.append([4712, 10, "Kl. Presse", release, due, None, 30])
    book.save(path)


def test_a_german_workbook_with_merged_cells_is_taken_row_by_row(plant: Plant, tmp_path: Path) -> None:
    german_book(tmp_path / "plan.xlsx")
    judgement = imported(tmp_path / "plan.xlsx", plant)
    assert [(o.job, o.machine, o.quarters, o.start_utc) for o in judgement.revisions] == [
        ("4711/10", "saw", 4, local("2026-10-23T06:00")), ("4711/20", "press-1", 7, local("2026-10-23T07:15")),
    ]  # fmt: skip
    [fault] = judgement.faults
    assert str(fault.place) == "plan.xlsx, sheet Fertigung KW 43, row 7, column C (Arbeitsplatz)"
    assert words_of(judgement, plant)[0].startswith("C (Arbeitsplatz): found “Kl. Presse”; expected a machine")


def test_a_mapping_file_says_what_an_erp_export_means(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "erp.toml").write_text(
        'header_row = 2\ndate_order = "day-first"\nduration_unit = "h"\nignore_other_columns = true\n[columns]\njob = "AUFNR"\nmachine = "ARBPL"\n'
        'start = ["GSTRS", "GSUZS"]\nduration = "VGW01"\n[machines]\nARB-01 = "presses"\n'
    )
    (tmp_path / "erp.csv").write_text(
        "Order;x\nAUFNR;ARBPL;GSTRS;GSUZS;VGW01;Auftrag\n000100;ARB-01;23/10/2026;060000;1,5;zweiter\n"
    )
    [order] = imported(tmp_path / "erp.csv", plant, load_mapping(tmp_path / "erp.toml")).revisions
    assert (order.job, order.machine, order.start_utc, order.quarters) == ("000100", "press-1", local("2026-10-23T06:00"), 6)
    assert [other.machine for other in order.other_machines] == ["press-2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a;b\n1;2\n", "found a, b; expected a row of headings with at least a job and a machine"),
        ("", "an empty sheet"),
        ("Auftrag;Maschine;Anlage\n1;saw;saw\n", "'Maschine' and 'Anlage'; expected one column for machine"),
    ],
)
def test_a_file_without_usable_headings_is_one_clear_error(plant: Plant, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "orders.csv").write_text(text)
    with pytest.raises(InputFaults, match=words):
        imported(tmp_path / "orders.csv", plant)


@pytest.mark.parametrize("text", ['[columns]\njobb = "A"\n', "colums = 1\n", 'decimal = "x"\n', "[columns]\njob = []\n"])
def test_a_faulty_mapping_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(InputFaults, match="expected"):
        load_mapping(tmp_path / "m.toml")


def test_a_mapped_heading_that_is_not_there_is_named(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(CSV)
    with pytest.raises(InputFaults, match=r"columns.quantity: found no such heading; expected a heading such as 'GAMNG'"):
        imported(tmp_path / "orders.csv", plant, OrderMapping(columns={"quantity": ("GAMNG",)}))


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)])
def test_what_is_no_workbook_is_one_clear_error(plant: Plant, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.xlsx").write_bytes(content)
    with pytest.raises(InputFaults, match="expected"):
        imported(tmp_path / "orders.xlsx", plant)


def test_a_workbook_that_unpacks_without_end_is_not_unpacked(plant: Plant, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", bytes(120 << 20))
    (tmp_path / "orders.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(InputFaults, match="120 MiB unpacked"):
        imported(tmp_path / "orders.xlsx", plant)


# -- the template ------------------------------------------------------------------------------------------------------


def test_the_template_lists_machines_and_groups_and_is_an_empty_sheet_of_orders(plant: Plant, tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx", plant, of_page("de", plant.site.zone))
    book: Any = load_workbook(tmp_path / "t.xlsx")
    assert [cell.value for cell in book["Maschinen"]["A"]] == ["press-1", "press-2", "saw", "presses"]
    rules = {rule.sqref.ranges.pop().coord: rule for rule in book["Aufträge"].data_validations.dataValidation}
    assert rules["D2:D2000"].formula1 == "'Maschinen'!$A$1:$A$4"
    assert rules["M2:M2000"].formula1 == '"ja,nein"'
    judgement = imported(tmp_path / "t.xlsx", plant)
    assert (judgement.results, judgement.faults) == ((), ())


@pytest.mark.parametrize(
    ("number_format", "starts"),
    [("dd.mm.yyyy hh:mm", datetime(2026, 10, 25, 23, 0, tzinfo=UTC)), ("dd.mm.yyyy", datetime(2026, 10, 26, 5, 0, tzinfo=UTC))],
)
def test_midnight_is_an_hour_where_the_cell_shows_the_clock_and_else_the_whole_day(
    plant: Plant, tmp_path: Path, number_format: str, starts: datetime
) -> None:
    """On Monday the saw is staffed from 06:00 local, 05:00 UTC; a start that is stated stays, with the note that no shift covers it."""
    path = tmp_path / "t.xlsx"
    write_template(path, plant, of_page("de", plant.site.zone))
    book: Any = load_workbook(path)
    sheet = book["Aufträge"]
    for name, value in {"job": "J1", "machine": "saw", "start": datetime(2026, 10, 26), "duration": QUARTER}.items():  # noqa: DTZ001
        sheet.cell(2, COLUMNS.index(name) + 1, value)
    sheet.cell(2, COLUMNS.index("start") + 1).number_format = number_format
    book.save(path)
    assert [order.start_utc for order in imported(path, plant).revisions] == [starts]


START = datetime(2026, 10, 24, tzinfo=UTC)
FILLED = st.fixed_dictionaries(
    {
        "product": st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12),
        "quantity": st.none() | st.integers(0, 10**6),
        "machine": st.sampled_from(["press-1", "press-2", "saw", "presses"]),
        "start": st.integers(0, 600),
        "quarters": st.integers(1, 200),
        "locked": st.booleans(),
        "workers": st.none() | st.integers(1, 30),
    }
)


@pytest.mark.parametrize("language", languages())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(FILLED, min_size=1, max_size=6))
def test_a_template_that_is_filled_in_comes_back_as_it_was_meant(
    plant: Plant, tmp_path: Path, language: str, rows: list[dict[str, Any]]
) -> None:
    """Also over the days on which the clock changes; the hours that come twice are left out, since a cell of a spreadsheet has no offset."""
    words = of_page(language, plant.site.zone)
    path = tmp_path / "t.xlsx"
    write_template(path, plant, words)
    book: Any = load_workbook(path)
    sheet = book[words["orders.sheet"]]
    meant = {}
    for number, row in enumerate(rows):
        start = START + row["start"] * QUARTER
        if datetime(2026, 10, 24, 23, 45, tzinfo=UTC) <= start < datetime(2026, 10, 25, 2, 0, tzinfo=UTC):
            start += timedelta(hours=4)
        meant[f"J{number}"] = (row, start)
        cells = {
            "job": f"J{number}", "product": row["product"], "quantity": row["quantity"], "machine": row["machine"],
            "start": start.astimezone(plant.site.zone).replace(tzinfo=None), "duration": row["quarters"] * QUARTER,
            "workers": row["workers"], "locked": words["orders.yes" if row["locked"] else "orders.no"],
        }  # fmt: skip
        for name, value in cells.items():
            sheet.cell(number + 2, COLUMNS.index(name) + 1, value)
    book.save(path)
    judgement = imported(path, plant)
    assert words_of(judgement, plant) == []
    for order in judgement.revisions:
        row, start = meant[order.job]
        assert (order.start_utc, order.quarters, order.movable) == (start, row["quarters"], not row["locked"])
        assert (order.product, order.quantity) == (row["product"], row["quantity"])
        assert {order.machine, *(o.machine for o in order.other_machines)} == {"presses": {"press-1", "press-2"}}.get(
            row["machine"], {row["machine"]}
        )
        assert sum(w.workers for w in order.workers) == (row["workers"] or 0)
    again = judge(rows_of(read_sheets(path), NO_MAPPING)[0], Handing(plant, NOW, path.name), after(plant, judgement.revisions))
    assert again.revisions == ()
    # What is written of them, as the page and `orders list` do, is read as the same.
    written = [cells_of(order, plant, words) for order in judgement.revisions]
    from order_works import judged

    headings = [words[f"orders.column.{name}"] for name in written[0]]
    back = judged(
        plant, *([*row.values()] for row in written), headings=headings, known=after(plant, judgement.revisions), source="page"
    )
    assert (words_of(back, plant), back.revisions) == ([], ())
