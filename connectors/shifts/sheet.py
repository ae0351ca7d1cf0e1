"""A shift sheet to fill in, and changes as rows that the same reader takes back."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

from connectors.shifts.judging import people_text
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from words.speech import Words

COLUMNS = ("shift", "day", "worked", "from", "to", "workers", "crew", "reason", "by")
ROWS = 500
"""Rows that are prepared."""
_WIDTHS = {"shift": 16, "day": 14, "workers": 24, "reason": 30, "by": 18}


def cells_of(change: ShiftChange, words: Words) -> dict[str, str]:
    """Field -> text."""
    day = date.fromisoformat(change.day_local)
    return {
        "shift": change.shift, "day": f"{day:%d.%m.%Y}" if words.language == "de" else day.isoformat(),
        "worked": words["shifts.usual" if change.withdrawn else "shifts.yes" if change.worked else "shifts.no"],
        "from": change.from_local, "to": change.to_local, "workers": people_text(change.workers), "crew": change.crew or "",
        "reason": change.reason, "by": change.by,
    }  # fmt: skip


def write_template(path: Path, plant: Plant, words: Words) -> None:
    """Write the XLSX file `path`, with the plant's shifts and crews to choose from."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = words["shifts.sheet"]
    names = book.create_sheet(words["shifts.names_sheet"])
    for shift in plant.shifts:
        names.append([shift.id, shift.name, f"{shift.from_}-{shift.to}"])
    for number, crew in enumerate(plant.crews, start=1):
        names.cell(number, 5, crew.id)
        names.cell(number, 6, crew.name)
    for number, name in enumerate(COLUMNS, start=1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, words[f"shifts.column.{name}"])
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0E4A52")
        cell.comment = Comment(words[f"shifts.hint.{name}"], "Lastgang", width=320, height=90)
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, 12)
        choices = {
            "shift": f"'{names.title}'!$A$1:$A${len(plant.shifts)}" if plant.shifts else "",
            "crew": f"'{names.title}'!$E$1:$E${len(plant.crews)}" if plant.crews else "",
            "worked": f'"{words["shifts.yes"]},{words["shifts.no"]},{words["shifts.usual"]}"',
        }.get(name)
        if choices:
            rule = DataValidation(type="list", formula1=choices, allow_blank=True, showErrorMessage=True)
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{ROWS}")
        if name == "day":
            sheet.column_dimensions[letter].number_format = "dd.mm.yyyy" if words.language == "de" else "yyyy-mm-dd"
        elif name in ("from", "to"):
            sheet.column_dimensions[letter].number_format = "[hh]:mm"
    sheet.freeze_panes = "A2"
    whole = BytesIO()
    book.save(whole)
    path.write_bytes(whole.getvalue())
