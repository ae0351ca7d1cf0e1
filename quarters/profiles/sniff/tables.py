"""Where the rows of intervals begin and end in a file, and what stands around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import Fault, InputFaults
from quarters.profiles.sniff.grids import Grid, Row
from quarters.profiles.sniff.reading import Skipped
from quarters.profiles.sniff.spelling import kind_of, looks_timed

_SAMPLE = 300
_FOOTERS = re.compile(
    r"^(?:∑|Σ|ø|summen?|gesamt(?:summe)?|total|sum|max(?:imum|imal\w*)?|min(?:imum|imal\w*)?|mittel(?:wert)?|durchschnitt|average|mean|anzahl|count|"
    r"ende|end|erstellt|stand|quelle|source|seite|page|jahres\w+|monats\w+|tages\w+)\b", re.IGNORECASE,
)  # fmt: skip
SUM = re.compile(r"^(?:∑|Σ|summen?|gesamt(?:summe)?|total|sum)(?!\w)", re.IGNORECASE)
_UNIT_CELL = re.compile(
    r"^[\[(]?\s*(?:[kM]?W(?:h)?|[kM]?var(?:h)?|°C|-|%|V|A|Status|dd\.mm\.yyyy.*|hh:mm.*|TT\.MM\.JJJJ.*)?\s*[\])]?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of intervals below a heading."""

    grid: Grid
    header: tuple[str, ...]
    """A name a column, each once: a second one of the same name has its number behind it; without a heading ``column 1`` and so on."""
    header_line: int | None
    body: list[Row]
    preamble: list[Row]
    footers: list[Row]
    skipped: tuple[Skipped, ...]


def table_of(grid: Grid) -> Table | None:
    """The table in `grid`; None where no row has a time and a number.

    Raises
    ------
    InputFaults
        Naming rows between those of intervals that are neither that nor sums.
    """
    first = _first_data(grid.rows)
    if first is None:
        return None
    timed = _timed_places(grid.rows[first])
    header, header_line, rows_of_header = _header(grid.rows[:first], grid.rows[first])
    above = grid.rows[: first - len(rows_of_header)]
    if header:
        _check_widths(grid, grid.rows[first:], len(header), header_line)
    body, footers, skipped = _body(grid, first, timed, [row.cells for row in rows_of_header])
    skipped = [*(Skipped(row.line, "preamble") for row in above), *skipped]
    return Table(
        grid, _named(header, max(len(header), len(grid.rows[first].cells))), header_line, body, above, footers, tuple(skipped)
    )


def _check_widths(grid: Grid, rows: Sequence[Row], width: int, header_line: int | None) -> None:
    """A row with more cells than its heading has names may have a decimal comma between commas: nobody knows which part is the number.

    Raises
    ------
    InputFaults
        Naming the first such row.
    """
    wide = next((row for row in rows if any(row.cells[width:]) and not _is_footer(row)), None)
    if wide is not None:
        found = f"{len(wide.cells)} cells ({grid.delimiter.join(wide.cells)[:60]})"
        raise InputFaults(
            [Fault(str(grid.path), wide.line, "row", found, f"{width} cells, as the heading in line {header_line} has")]
        )


def _timed_places(row: Row) -> tuple[int, ...]:
    return tuple(place for place, cell in enumerate(row.cells) if looks_timed(cell))


def _is_candidate(row: Row) -> bool:
    timed = _timed_places(row)
    return (
        bool(timed)
        and len(timed) < 20
        and any(kind_of(cell) == "number" for place, cell in enumerate(row.cells) if place not in timed)
    )


def _first_data(rows: Sequence[Row]) -> int | None:
    """The first row of the most frequent shape of those that have a time and a number."""
    sample = [*rows[:_SAMPLE], *rows[_SAMPLE :: max(1, len(rows) // _SAMPLE)]]
    shapes = Counter(_shape(row) for row in sample if _is_candidate(row))
    if not shapes:
        return None
    shape = shapes.most_common(1)[0][0]
    # Rows of other widths, or without a value, may come first: none of them may be taken for a title.
    return next(at for at, row in enumerate(rows) if _is_first(row, shape))


def _shape(row: Row) -> tuple[int, str, int]:
    """Place and kind of the last cell that says when, and the number of cells."""
    place = _timed_places(row)[-1]
    kind = kind_of(row.cells[place])
    return place, "stamp" if kind in ("date", "compact") else kind, len(row.cells)


def _is_first(row: Row, shape: tuple[int, str, int]) -> bool:
    """Whether a row can be one of those of intervals: rather one too many, which is a fault then, than one taken for a title."""
    timed = _timed_places(row)
    if not timed or len(timed) >= 20 or timed[-1] != shape[0]:
        return False
    is_wide, is_blank = len(row.cells) == shape[2], not any(kind_of(cell) == "text" for cell in row.cells[: max(timed)])
    return (is_wide and is_blank) or (_is_candidate(row) and (is_wide or _shape(row)[1] == shape[1]))


def _header(above: Sequence[Row], data: Row) -> tuple[list[str], int | None, list[Row]]:
    """Names of the columns, their line and the rows they stand in: the last row above the data, with a row of units below the names."""
    if not above or len([cell for cell in above[-1].cells if cell]) < min(2, len(data.cells)):
        return [], None, []
    last = above[-1]
    is_units = len(above) > 1 and all(_UNIT_CELL.match(cell) for cell in last.cells) and len(above[-2].cells) == len(last.cells)
    if not is_units:
        return list(last.cells), last.line, [last]
    names = [f"{name} {unit}".strip() for name, unit in zip(above[-2].cells, last.cells, strict=True)]
    return names, above[-2].line, [above[-2], last]


def _named(header: Sequence[str], width: int) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    names = []
    for place in range(width):
        name = header[place] if place < len(header) and header[place] else f"column {place + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _body(grid: Grid, first: int, timed: Sequence[int], headers: Sequence[list[str]]) -> tuple[list[Row], list[Row], list[Skipped]]:
    rows = grid.rows[first:]

    def is_timed(row: Row) -> bool:
        return any(place < len(row.cells) and looks_timed(row.cells[place]) for place in timed)

    last = max(at for at, row in enumerate(rows) if is_timed(row) and not _is_footer(row))
    body, footers, skipped, faults = [], [], [], []
    for at, row in enumerate(rows):
        if row.cells in headers:
            skipped.append(Skipped(row.line, "heading_again"))
        elif _is_footer(row) or (at > last and _has_words(row)):
            footers.append(row)
            skipped.append(Skipped(row.line, "footer"))
        elif is_timed(row):
            body.append(row)
        else:
            found = grid.delimiter.join(row.cells)[:80]
            faults.append(Fault(str(grid.path), row.line, "row", repr(found), "a row with a date and a time, or a sum at the end"))
    if faults:
        raise InputFaults(faults[:20])
    return body, footers, skipped


def _is_footer(row: Row) -> bool:
    return _FOOTERS.match(next((cell for cell in row.cells if cell), "")) is not None


def _has_words(row: Row) -> bool:
    """Whether a row begins with text, as notes and sums do, and a row that lost its time does not."""
    return kind_of(next((cell for cell in row.cells if cell), "")) == "text"
