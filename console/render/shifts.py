"""Shifts of four weeks as a table: a row a shift, a column a day; what differs from the weekly pattern has a sign, not a colour alone."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from console.render.markup import Markup, join, tag
from console.views.shifts import CellState, ShiftCalendar, ShiftDay
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from words.speech import Words

SIGNS = {CellState.WORKED: "", CellState.RESTS: "", CellState.ADDED: "+", CellState.DROPPED: "×", CellState.CHANGED: "~"}


def calendar(content: ShiftCalendar, plant: Plant, words: Words) -> Markup:
    """The table and what its signs mean."""
    if not plant.shifts:
        return tag("p", words["shifts.none"])
    weeks = [(number, len(list(days))) for number, days in groupby(content.days, key=lambda day: day.isocalendar().week)]
    head = join(
        tag("tr", tag("td"), *(tag("th", words.fill("shifts.week", number=number), colspan=count, scope="colgroup") for number, count in weeks)),
        tag("tr", tag("td"), *(tag("th", _day_head(day, words), scope="col", class_="is-closed" if day in content.closed else None)
                               for day in content.days)),
    )  # fmt: skip
    rows = [
        tag("tr", tag("th", shift.name or shift.id, scope="row"), *(_cell(cell, plant, words) for cell in content.of(shift.id)))
        for shift in plant.shifts
    ]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="shift-table")
    keys = [
        tag("span", tag("span", SIGNS[state], class_=f"shift-key s-{state}"), words[f"shifts.state.{state}"]) for state in CellState
    ]
    return join(tag("div", table, class_="shift-calendar", tabindex=0, role="region", aria_label=words["shifts.title"]),
                tag("p", *keys, class_="shift-keys remark"))  # fmt: skip


def _day_head(day: date, words: Words) -> Markup:
    return join(
        words[f"weekday.{day.weekday()}"],
        tag("br"),
        f"{day.day}.{day.month}." if words.language == "de" else f"{day.day}/{day.month}",
    )


def _cell(cell: ShiftDay, plant: Plant, words: Words) -> Markup:
    text = cell_text(cell, plant, words)
    return tag("td", SIGNS[cell.state], tag("span", text, class_="sr-only"), class_=f"s-{cell.state}", title=text)


def cell_text(cell: ShiftDay, plant: Plant, words: Words) -> str:
    """What a cell is, for whoever points at it or listens."""
    crews = {crew.id: crew.name or crew.id for crew in plant.crews}
    parts = [words.day(cell.day_local), words[f"shifts.state.{cell.state}"]]
    if cell.start_utc is not None and cell.end_utc is not None:
        parts.append(f"{words.time(cell.start_utc)}–{words.time(cell.end_utc)}")
    parts += [crews.get(crew, crew) for crew in cell.crews]
    return ", ".join([*parts, *filter(None, (cell.reason, cell.by))])


def change_text(change: ShiftChange, plant: Plant, words: Words) -> str:
    """One change in a line."""
    names = {shift.id: shift.name or shift.id for shift in plant.shifts}
    crews = {crew.id: crew.name or crew.id for crew in plant.crews}
    what = words["shifts.is_worked" if change.worked else "shifts.is_dropped"]
    times = ""
    if change.from_local or change.to_local:
        shift = next((one for one in plant.shifts if one.id == change.shift), None)
        times = f"{change.from_local or (shift.from_ if shift else '')}–{change.to_local or (shift.to if shift else '')}"
    crew = crews.get(change.crew, change.crew) if change.crew else ""
    day = words.day(date.fromisoformat(change.day_local))
    return ", ".join(filter(None, (day, names.get(change.shift, change.shift), what, times, crew, change.reason, change.by)))
