"""An order sheet to fill in: the plant's machines to choose from, the reader's own headings, an explanation at each of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from domain.plant import Machine, MachineGroup, Plant
from words.speech import Words

COLUMNS = (
    "job",
    "product",
    "quantity",
    "machine",
    "earliest",
    "due",
    "start",
    "duration",
    "setup",
    "rate",
    "predecessors",
    "workers",
    "locked",
)
ROWS = 2_000
"""Rows that are prepared."""
_WIDTHS = {"product": 26, "machine": 20, "earliest": 18, "due": 18, "start": 18, "predecessors": 22, "workers": 24}
_DATES = ("earliest", "due", "start")
_DATE_FORM = {"de": "dd.mm.yyyy hh:mm"}
_UNITS = {"setup": " [min]"}


def write_template(path: Path, plant: Plant, words: Words) -> None:
    """Write the XLSX file `path`."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = words["orders.sheet"]
    machines = book.create_sheet(words["orders.machines_sheet"])
    count = _write_machines(machines, plant, words)
    _write_headings(sheet, words)
    _write_formats(sheet, words)
    _write_choices(sheet, machines.title, count, words)
    # The library writes piece by piece and, where the disk is full, tries again when its file is forgotten.
    whole = BytesIO()
    book.save(whole)
    path.write_bytes(whole.getvalue())


def _write_machines(sheet: Any, plant: Plant, words: Words) -> int:
    """One row each; how many there are."""
    both: tuple[Machine | MachineGroup, ...] = (*plant.machines, *plant.machine_groups)
    for one in both:
        sheet.append([one.id, one.name, ", ".join(getattr(one, "machines", ()))])
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 28
    return len(both)


def _write_headings(sheet: Any, words: Words) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    for number, name in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, number, words[f"orders.column.{name}"] + _UNITS.get(name, ""))
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0E4A52")
        cell.comment = Comment(words[f"orders.hint.{name}"], "Lastgang", width=320, height=90)
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(name, 14)
    sheet.freeze_panes = "A2"


def _write_formats(sheet: Any, words: Words) -> None:
    """Whole columns, so that no empty cell has to be written."""
    from openpyxl.utils import get_column_letter

    for number, name in enumerate(COLUMNS, start=1):
        letter = get_column_letter(number)
        if name in _DATES:
            sheet.column_dimensions[letter].number_format = _DATE_FORM.get(words.language, "yyyy-mm-dd hh:mm")
        elif name == "duration":
            sheet.column_dimensions[letter].number_format = "[h]:mm"
        elif name in ("job", "predecessors"):
            sheet.column_dimensions[letter].number_format = "@"  # 0010 stays 0010


def _write_choices(sheet: Any, machines: str, count: int, words: Words) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    def choose(name: str, **rule: Any) -> None:
        letter = get_column_letter(COLUMNS.index(name) + 1)
        found = DataValidation(allow_blank=True, showErrorMessage=True, error=words[f"orders.hint.{name}"][:220], **rule)
        sheet.add_data_validation(found)
        found.add(f"{letter}2:{letter}{ROWS}")

    if count:
        choose("machine", type="list", formula1=f"'{machines}'!$A$1:$A${count}")
    choose("locked", type="list", formula1=f'"{words["orders.yes"]},{words["orders.no"]}"')
    choose("quantity", type="decimal", operator="greaterThanOrEqual", formula1="0")
    choose("rate", type="decimal", operator="greaterThan", formula1="0")
