"""How a file is to be read, with the evidence for each part of it; where the evidence does not decide, the questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import cast

from domain.errors import Fault, InputFaults
from quarters.profiles.cells import Numbers, Unit
from quarters.profiles.sniff.clocks import Clock, Edge, Order, Walls, clock_of_file, edge_of, order_of, walls_of, with_whole_years
from quarters.profiles.sniff.columns import Columns, axis_of, columns_of, kinds_of
from quarters.profiles.sniff.grids import Grid, Numeral, Row, grids_of
from quarters.profiles.sniff.marks import Mark, mark_of, without_unit
from quarters.profiles.sniff.reading import Assumption, Layout, Question, Reading, ReadOptions, Skipped, Unclear
from quarters.profiles.sniff.rows import RowFault, Rows, dates_beside, days_in, rows_beside, rows_of, rows_of_days, sums_in
from quarters.profiles.sniff.spelling import NONE, kind_of
from quarters.profiles.sniff.tables import Table, table_of
from quarters.profiles.sniff.units import is_energy, unit_of, units_in
from quarters.profiles.stamps import Label, StampFault

UNITS: tuple[Unit, ...] = ("kW", "kWh", "W", "Wh", "MW", "MWh")
_WITH_UNIT = re.compile(r"\d\s*[kM]?Wh?(?![A-Za-z])")
_ABOUT_ZONE = re.compile(
    r"zeit(?:zone|basis|angabe|en\b|stempel)|time ?(?:zone|base|stamp)|\btz\b|all times|alle zeiten|winterzeit|normalzeit",
    re.IGNORECASE,
)
_BEGIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reading and the rows that it reads."""

    reading: Reading
    rows: Rows
    walls: Walls | None
    """None for numbers without stamps."""
    clock: Clock
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class _Laid:
    """A table as rows of intervals, and what its headings say of them."""

    layout: Layout
    rows: Rows
    header: tuple[str, ...]
    header_line: int | None
    time_columns: tuple[str, ...]
    value_column: str
    value_place: int
    status_column: str | None
    unit_cell: str
    label: Label | None
    """That the headings name."""
    label_heading: str
    assumptions: tuple[Assumption, ...]


def propose(path: Path, options: ReadOptions | None = None) -> Reading | tuple[Question, ...]:
    """How the file `path` is to be read, or all that must be asked first.

    Raises
    ------
    InputFaults
        Where it holds no load profile at all, or rows that nobody could place.
    """
    try:
        return proposal(path, options or ReadOptions()).reading
    except Unclear as unclear:
        return unclear.questions


def proposal(path: Path, options: ReadOptions) -> Proposal:
    """A reading with the rows that it reads.

    Raises
    ------
    Unclear
        With all questions that are open.
    InputFaults
        As `propose`.
    """
    grid, table = _table(path, options)
    if table is None:
        return _bare(grid, options)
    try:
        laid = _laid(table, options)
    except StampFault as fault:
        raise InputFaults([Fault(str(path), fault.row, "row", fault.found, fault.expected)]) from fault
    if isinstance(laid, Question):
        raise Unclear(path, (laid,))
    if not laid.rows.lines:
        raise InputFaults([Fault(str(path), None, "file", "a header only", "a row for each start")])
    return _clocked(table, laid, options)


def _table(path: Path, options: ReadOptions) -> tuple[Grid, Table | None]:
    """The sheet with a table in it."""
    grids = grids_of(path, options.skip_lines)
    if options.sheet is not None:
        named = [grid for grid in grids if grid.sheet == options.sheet]
        if not named:
            raise InputFaults(
                [Fault(str(path), None, "--sheet", repr(options.sheet), f"one of {', '.join(grid.sheet for grid in grids)}")]
            )
        grids = named
    if len(grids) == 1:
        return grids[0], table_of(grids[0])
    found = [(grid, table) for grid in grids if (table := table_of(grid)) is not None]
    if len(found) == 1:
        return found[0]
    if not found:
        return grids[0], None
    names = tuple(grid.sheet for grid, _ in found)
    shown = ", ".join(names)
    raise Unclear(
        path,
        (
            Question(
                "--sheet", "sheet", f"sheets with load profiles: {shown}", "the sheet to read: --sheet", names, {"sheets": shown}
            ),
        ),
    )


def _laid(table: Table, options: ReadOptions) -> _Laid | Question:
    days = days_in(table)
    if days is not None:
        label: Label | None = "start" if days.is_begin else None
        name = table.header[days.date_place]
        why = Assumption("days", {"columns": str(len(days.clocks)), "column": name})
        place = min(days.clocks)
        return _Laid(
            "days",
            rows_of_days(table, days),
            table.header,
            table.header_line,
            (name,),
            table.header[place],
            place,
            None,
            "",
            label,
            "",
            (why,),
        )
    beside = dates_beside(table)
    if beside:
        rows, is_begin = rows_beside(table, beside)
        why = Assumption("days_beside", {"columns": str(len(beside))})
        place = min(beside)
        return _Laid(
            "days", rows, table.header, table.header_line, table.header[:1], table.header[place], place, None, "", "start" if is_begin else None, "", (why,),
        )  # fmt: skip
    kinds = kinds_of(table.body, len(table.header))
    axis = axis_of(table, kinds, options)
    if isinstance(axis, Question):
        return axis
    columns = columns_of(table, kinds, axis, options)
    if isinstance(columns, Question):
        return columns
    return _laid_rows(table, columns)


def _laid_rows(table: Table, columns: Columns) -> _Laid:
    axis, header = columns.axis, table.header
    label: Label | None = "start" if axis.is_begin else "end" if axis.is_end else None
    rows = [
        row
        for row in table.body
        if columns.key_place is None or row.cells[columns.key_place : columns.key_place + 1] == [columns.key]
    ]
    units = (
        {cell for row in rows for cell in row.cells[columns.unit_place : columns.unit_place + 1]}
        if columns.unit_place is not None
        else set()
    )
    if len(units) > 1:
        expected = "one unit in all rows that are read (--file-meter names those of one meter or quantity)"
        raise InputFaults([Fault(str(table.grid.path), None, header[columns.unit_place or 0], ", ".join(sorted(units)), expected)])
    used = {*axis.places, axis.ends_place, columns.value, columns.status, columns.unit_place, columns.key_place}
    unread = [name for place, name in enumerate(header) if place not in used]
    assumptions = (*columns.assumptions, *([Assumption("columns_unread", {"columns": ", ".join(unread)})] if unread else []))
    return _Laid(
        "rows", rows_of(table, columns), header, table.header_line, tuple(header[place] for place in axis.places), header[columns.value], columns.value,
        None if columns.status is None else header[columns.status], " ".join(units), label, header[axis.places[-1]], assumptions,
    )  # fmt: skip


def _clocked(table: Table, laid: _Laid, options: ReadOptions) -> Proposal:
    """All that is decided from the rows of a table."""
    path, rows = table.grid.path, laid.rows
    open_questions: list[Question] = []
    mark = _mark(rows.values, table.grid, options)
    if isinstance(mark, Question):
        open_questions.append(mark)
    unit = _unit(table, laid, mark if isinstance(mark, Mark) else None, options)
    if isinstance(unit, Question):
        open_questions.append(unit)
    order = order_of(rows.stamps, options)
    if isinstance(order, Question):
        raise Unclear(path, (*open_questions, order))
    rows.stamps = with_whole_years(rows.stamps)
    try:
        walls = walls_of(rows.stamps, order.order, options)
    except StampFault as fault:
        raise InputFaults(
            [Fault(str(path), rows.lines[fault.row], "+".join(laid.time_columns), fault.found, fault.expected)]
        ) from fault
    edge = edge_of(walls, laid.label, laid.label_heading, options)
    if isinstance(edge, Question):
        open_questions.append(edge)
    clock = _clock(table, laid, walls, edge if isinstance(edge, Edge) else Edge("start"), options)
    if isinstance(clock, Question):
        open_questions.append(clock)
    if open_questions:
        raise Unclear(path, tuple(open_questions))
    assert isinstance(mark, Mark) and isinstance(unit, _Unit) and isinstance(edge, Edge) and isinstance(clock, Clock)
    return Proposal(
        _reading(table, laid, options, mark, unit, order, walls, edge, clock), rows, walls, clock, _numbers(mark, options)
    )


def _clock(table: Table, laid: _Laid, walls: Walls, edge: Edge, options: ReadOptions) -> Clock | Question:
    has_value = [value.lower() not in NONE for value in laid.rows.values]
    if walls.newest_first:
        has_value.reverse()
    lines = [" ".join(row.cells) for row in table.preamble]
    above = " ".join(line for line in lines if _ABOUT_ZONE.search(line))  # when the file was written is no evidence
    return clock_of_file(walls, has_value, edge.label, " ".join(laid.time_columns), options, above)


def _reading(
    table: Table, laid: _Laid, options: ReadOptions, mark: Mark, unit: _Unit, order: Order, walls: Walls, edge: Edge, clock: Clock
) -> Reading:
    assumptions = [
        *_of_file(table, mark),
        *laid.assumptions,
        *unit.assumptions,
        *order.assumptions,
        *walls.assumptions,
        *edge.assumptions,
        *clock.assumptions,
    ]
    if walls.has_24:
        assumptions.append(Assumption("hour_24"))
    return Reading(
        laid.layout, table.grid.encoding, table.grid.delimiter, table.grid.sheet, mark.decimal, laid.header_line, laid.time_columns, laid.value_column,
        unit.unit, walls.step, edge.label, clock.zone, order.order, walls.midnight, laid.status_column, walls.newest_first, None, table.skipped,
        tuple(assumptions),
    )  # fmt: skip


def _of_file(table: Table, mark: Mark) -> list[Assumption]:
    names = {";": "; ", "\t": "tab", "|": "|", ",": ","}
    found = [
        Assumption("workbook", {"sheet": table.grid.sheet}) if not table.grid.delimiter
        else Assumption("text", {"encoding": table.grid.encoding, "delimiter": names.get(table.grid.delimiter, table.grid.delimiter).strip()})
    ]  # fmt: skip
    if mark.why in ("proven", "both_marks", "delimiter"):
        found.append(Assumption(f"decimal_{mark.why}", {"decimal": mark.decimal}))
    for why in ("preamble", "footer", "heading_again"):
        lines = [one.line for one in table.skipped if one.why == why]
        if lines:
            shown = ", ".join(map(str, lines[:8])) + (" ..." if len(lines) > 8 else "")
            found.append(Assumption(f"skipped_{why}", {"lines": shown}))
    return found


def _mark(values: Sequence[str], grid: Grid, options: ReadOptions) -> Mark | Question:
    if options.decimal is not None:
        return Mark(options.decimal, True, "option")
    texts = [value for value in values if not isinstance(value, Numeral)]
    if not any("," in text or "." in text for text in texts):
        return Mark(
            "." if not grid.delimiter else mark_without(grid.delimiter), False, "workbook" if not grid.delimiter else "no_mark"
        )
    mark = mark_of(texts, grid.delimiter)
    if mark is not None:
        return mark
    sample = next(text for text in texts if "," in text or "." in text)
    expected = "which mark is decimal: --decimal , or --decimal ."
    return Question("--decimal", "decimal", f"numbers such as {sample}", expected, (",", "."), {"number": sample})


def mark_without(delimiter: str) -> str:
    """The mark of numbers that have none."""
    return "," if delimiter == ";" else "."


def _numbers(mark: Mark, options: ReadOptions) -> Numbers:
    return Numbers(mark.decimal, mark.grouped or options.decimal is not None, "--decimal")


@dataclass(frozen=True, slots=True)
class _Unit:
    unit: Unit
    assumptions: tuple[Assumption, ...] = ()


def _unit(table: Table, laid: _Laid, mark: Mark | None, options: ReadOptions) -> _Unit | Question:
    """What the values are: as stated, as a heading, a column of units, the cells, the lines above or a sum says; else a question."""
    if mark is not None and (counter := _counter(laid, mark)):
        return counter
    stated, why, evidence = _named_unit(table, laid)
    if options.unit is not None:
        if stated is not None and stated != options.unit and not options.unit_confirmed:
            expected = f"--unit {stated}, or --confirm unit if {options.unit} is right"
            return Question(
                "--unit",
                "unit_contradicted",
                f"{options.unit} as stated, {stated} in {evidence!r}",
                expected,
                UNITS,
                {"unit": stated, "evidence": evidence},
            )
        return _Unit(options.unit)
    if stated is None:
        stated, why, evidence = _unit_by_sum(table, laid, mark)
    elif contradiction := _sum_contradicts(table, laid, mark, stated):
        return contradiction
    if stated is not None:
        return _Unit(stated, (Assumption(f"unit_{why}", {"unit": stated, "evidence": evidence}),))
    expected = f"what the values are: --unit {' or '.join(UNITS[:2])}, W, Wh, MW, MWh"
    return Question(
        "--unit", "unit", f"no unit in the heading {laid.value_column!r}", expected, UNITS, {"column": laid.value_column}
    )


def _named_unit(table: Table, laid: _Laid) -> tuple[Unit | None, str, str]:
    """The unit that the file names, where and in which words; None where it names none, or two of them."""
    suffixes = {
        one for value in laid.rows.values if value[-1:] in "hHWw" and value != without_unit(value) for one in units_in(value)
    }
    heading = laid.value_column if laid.layout == "rows" else " ".join(dict.fromkeys(laid.time_columns))
    above = [" ".join(cell for cell in row.cells if cell) for row in table.preamble if _may_name_a_unit(row)]
    near = [("column", [laid.unit_cell]), ("heading", [heading]), ("cells", sorted(suffixes))]
    named = [(why, texts) for why, texts in near if any(map(units_in, texts))] or [
        ("above", [text for text in above if units_in(text)])
    ]
    units = set().union(*(units_in(text) for _, texts in named for text in texts))
    if len(units) != 1:
        return None, "", ""
    return cast("Unit", units.pop()), named[0][0], " ".join(named[0][1])[:80]


def _may_name_a_unit(row: Row) -> bool:
    """A line without a number: "120 kW" above a table is what was agreed, not what the values are."""
    return not any(kind_of(cell) == "number" or _WITH_UNIT.search(cell) for cell in row.cells)


def _total(laid: _Laid, numbers: Numbers) -> Decimal:
    found = (numbers.read(without_unit(value)) for value in laid.rows.values if value.lower() not in NONE)
    return sum((number for number in found if isinstance(number, Decimal)), Decimal(0))


def _sum_ratio(table: Table, laid: _Laid, mark: Mark | None) -> tuple[str, str] | None:
    """``energy`` or ``power``, and the row: a sum below the table that is the sum of the column, or a quarter of it."""
    if mark is None or laid.layout != "rows":
        return None
    numbers = Numbers(mark.decimal, True)
    for cell, text in sums_in(table, laid.value_place):
        stated, total = numbers.read(without_unit(cell)), _total(laid, numbers)
        if isinstance(stated, Decimal) and total:
            for kind, expected in (("energy", total), ("power", total / 4)):
                if abs(stated - expected) <= max(Decimal("0.0002") * abs(expected), Decimal("0.06")):
                    return kind, text
    return None


def _unit_by_sum(table: Table, laid: _Laid, mark: Mark | None) -> tuple[Unit | None, str, str]:
    """Where the row of a sum names a unit of energy: the values are energies if it is their sum, powers if it is a quarter of it."""
    ratio = _sum_ratio(table, laid, mark)
    if ratio is None:
        return None, "", ""
    kind, text = ratio
    unit = unit_of([text])
    if unit is None or not is_energy(unit):
        return None, "", ""
    return cast("Unit", unit if kind == "energy" else unit[:-1]), "sum", text[:80]


def _sum_contradicts(table: Table, laid: _Laid, mark: Mark | None, unit: str) -> Question | None:
    ratio = _sum_ratio(table, laid, mark)
    if ratio is None or not is_energy(unit) or ratio[0] == "energy":
        return None
    found = f"{unit} in the heading {laid.value_column!r}, and a sum that is a quarter of the column's"
    return Question(
        "--unit",
        "unit_sum",
        found,
        f"what the values are: --unit {unit[:-1]} --confirm unit, or --unit {unit}",
        UNITS,
        {"unit": unit, "sum": ratio[1][:80]},
    )


def _counter(laid: _Laid, mark: Mark) -> Question | None:
    """A column that only ever rises, far above what it rises by, is a counter and no load."""
    numbers = Numbers(mark.decimal, True)
    read = [numbers.read(without_unit(value)) for value in laid.rows.values if value.lower() not in NONE]
    found = [number for number in read if isinstance(number, Decimal)]
    if len(found) < 24:
        return None
    steps = [after - before for before, after in pairwise(found)]
    falls, rises = any(step < 0 for step in steps), any(step > 0 for step in steps)
    if falls == rises or min(abs(found[0]), abs(found[-1])) < 5 * max(map(abs, steps)):
        return None
    column = laid.value_column
    text = f"values that only rise, from {min(found)} to {max(found)}, as a counter does, in column {column!r}"
    return Question(
        "--column",
        "counter",
        text,
        "another column, with the power or the energy of each interval: --column",
        (),
        {"column": column},
    )


def _bare(grid: Grid, options: ReadOptions) -> Proposal:
    """One column of numbers without stamps, a quarter hour each."""
    rows = Rows()
    cells = [(row.line, row.cells) for row in grid.rows]
    heading = ""
    if cells and all(kind_of(cell) == "text" for cell in cells[0][1]):
        heading, cells = cells[0][1][0], cells[1:]
    if not cells or any(len(found) != 1 or kind_of(found[0]) not in ("number", "none", "epoch") for _, found in cells):
        expected = "rows with a date, a time and a number, or one column of numbers"
        raise InputFaults([Fault(str(grid.path), None, "file", "no row with a time and a number", expected)])
    rows.lines, rows.values = [line for line, _ in cells], [found[0] for _, found in cells]
    questions: list[Question] = []
    mark = _mark(rows.values, grid, options)
    unit = options.unit or cast("Unit | None", unit_of([heading]))
    if isinstance(mark, Question):
        questions.append(mark)
    if options.first_start is None:
        expected = "when the first row begins, with offset: --first-start 2020-01-01T00:00+01:00"
        questions.append(
            Question(
                "--first-start", "first_start", f"{len(cells)} numbers without a time", expected, values={"count": str(len(cells))}
            )
        )
    if unit is None:
        expected = f"what the values are: --unit {', '.join(UNITS)}"
        questions.append(
            Question("--unit", "unit", f"no unit in the heading {heading!r}", expected, UNITS, {"column": heading or "1"})
        )
    if questions or isinstance(mark, Question) or unit is None:
        raise Unclear(grid.path, tuple(questions))
    assumptions = (Assumption("bare", {"count": str(len(cells))}),)
    reading = Reading(
        "bare", grid.encoding, grid.delimiter, grid.sheet, mark.decimal, None, (), heading, unit, _BEGIN, "start", None, None, "begins-day",
        first_start=options.first_start, assumptions=assumptions,
    )  # fmt: skip
    return Proposal(reading, rows, None, Clock(None), _numbers(mark, options))


__all__ = ["Proposal", "RowFault", "Skipped", "proposal", "propose"]
