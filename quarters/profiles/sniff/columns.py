"""Which columns say when, which one holds the load, and what the others are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quarters.profiles.sniff.grids import Row
from quarters.profiles.sniff.reading import Assumption, Question, ReadOptions
from quarters.profiles.sniff.spelling import Kind, kind_of
from quarters.profiles.sniff.tables import Table
from quarters.profiles.sniff.units import OF_REACTIVE, units_in
from quarters.profiles.status import folded, known_words

_SAMPLE = 400
_BEGINS = re.compile(r"(?<![a-z])(?:von|ab|from|since)(?![a-z])|beginn|start|begin", re.IGNORECASE)
_ENDS = re.compile(r"(?<![a-z])(?:bis|to|until|till|stop|end)(?![a-z])|ende(?:zeit)?(?![a-z])|endzeit|end_?time", re.IGNORECASE)
_STATUS = re.compile(r"status|kennung|qualit|quality|flag|güte|ersatz|plausib", re.IGNORECASE)
_STATUS_ALONE = re.compile(
    r"^(?:mess)?(?:wert)?\W?(?:status|(?:status)?kennung|qualität|qualitaet|quality|flag|güte|ersatzwert(?:kennzeichen)?)$",
    re.IGNORECASE,
)
_METER = re.compile(
    r"z[äa]hlpunkt|z[äa]hler(?:nummer|nr|-nr|id)?$|malo|melo|marktlokation|messlokation|meter|messstelle|ger[äa]t|obis|kennziffer|kanal|channel|sensor|entity",
    re.IGNORECASE,
)
_UNIT = re.compile(r"^(?:einheit|unit|uom|mengeneinheit|unit_of_measurement)$", re.IGNORECASE)
_EXPORT = re.compile(
    r"einspeis|liefer|r[üu]ckspeis|export|-a(?![a-z])|(?:^|[^\d.])2\.\d{1,2}\.0|erzeug|generation|pv", re.IGNORECASE
)
_IMPORT = re.compile(r"bezug|import|\+a(?![a-z])|(?:^|[^\d.])1\.\d{1,2}\.0|verbrauch|entnahme|consumption|usage", re.IGNORECASE)
_LOAD = re.compile(
    r"leistung|last(?!g)|lastgang|wirk|power|load|energ|arbeit|wert|value|p[_ ]?(?:el|ges|sum)|usage|consum|verbrauch|bezug|menge|demand",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"cos ?phi|cosφ|factor|faktor|temp|°c|spannung|voltage|strom(?!be|ver)|current(?!.*power$)|preis|price|eur|€|co2|nr\.?$|index|nummer|z[äa]hlerstand|stand$|"
    r"monat|month|jahr|year|kw$(?<=kw)(?=z)|woche|week|wochentag|day|nsm|frequen|hz|max|min(?!e)", re.IGNORECASE,
)  # fmt: skip

AxisKind = Literal["stamp", "date+clock", "date+range", "epoch"]


@dataclass(frozen=True, slots=True)
class Axis:
    """Columns that say when a row is."""

    places: tuple[int, ...]
    kind: AxisKind
    ends_place: int | None = None
    """Another column with the ends, where there are both."""
    is_end: bool = False
    """The heading says that it names the ends."""
    is_begin: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """What was chosen, with why."""

    axis: Axis
    value: int
    status: int | None
    unit_place: int | None
    key_place: int | None
    key: str
    """Of the rows to read, where the table has rows of several meters."""
    assumptions: tuple[Assumption, ...]


def kinds_of(body: Sequence[Row], width: int) -> list[Counter[Kind]]:
    """How often each column of a sample of rows has each kind of cell."""
    step = max(1, len(body) // _SAMPLE)
    sample = [*body[:50], *body[::step], *body[-20:]]
    return [Counter(kind_of(row.cells[place]) if place < len(row.cells) else "none" for row in sample) for place in range(width)]


def axis_of(table: Table, kinds: Sequence[Counter[Kind]], options: ReadOptions) -> Axis | Question:
    """The columns that say when."""
    if options.time_columns:
        return _stated_axis(table, kinds, options.time_columns)
    whole = [
        place
        for place in range(len(kinds))
        if _mostly(kinds[place], "stamp", "compact") or (_mostly(kinds[place], "stamp", "date") and kinds[place]["stamp"])
    ]
    moving = [place for place in whole if _moves(table.body, place)]
    if moving:
        return _pair(table, moving, "stamp")
    dates = [place for place in range(len(kinds)) if _dated(kinds[place])]
    ranges = [place for place in range(len(kinds)) if _mostly(kinds[place], "range")]
    clocks = [place for place in range(len(kinds)) if _mostly(kinds[place], "clock") or _digits(table, place, kinds[place])]
    if dates and ranges:
        return Axis((dates[0], ranges[0]), "date+range", is_begin=True)
    if dates and clocks:
        found = _pair(table, clocks, "date+clock")
        return Axis((dates[0], *found.places), found.kind, found.ends_place, found.is_end, found.is_begin)
    epochs = [place for place in range(len(kinds)) if _mostly(kinds[place], "epoch") and _moves(table.body, place)]
    if epochs:
        return _pair(table, epochs, "epoch")
    expected = "a column with date and time, or one with the date and one with the time: name them with --time-column"
    return Question(
        "--time-column",
        "time",
        f"the columns {', '.join(table.header)[:150]}",
        expected,
        values={"columns": ", ".join(table.header)},
    )


def _stated_axis(table: Table, kinds: Sequence[Counter[Kind]], names: Sequence[str]) -> Axis | Question:
    for name in names:
        if table.header.count(name) != 1:
            expected = f"one of the columns {', '.join(table.header)}"
            return Question("--time-column", "time", repr(name), expected, table.header, {"columns": ", ".join(table.header)})
    places = tuple(table.header.index(name) for name in names)
    if len(places) == 1:
        kind: AxisKind = "epoch" if _mostly(kinds[places[0]], "epoch") else "stamp"
    else:
        kind = "date+range" if _mostly(kinds[places[1]], "range") else "date+clock"
    return _headed(table, Axis(places, kind, is_begin=kind == "date+range"))


def _mostly(kinds: Counter[Kind], *wanted: Kind) -> bool:
    total = sum(kinds.values())
    return total > 0 and sum(kinds[kind] for kind in wanted) >= 0.9 * total


def _dated(kinds: Counter[Kind]) -> bool:
    """Dates, of which a program may write only the first of a day."""
    return kinds["date"] > 0 and kinds["date"] + kinds["none"] >= 0.9 * sum(kinds.values())


def _digits(table: Table, place: int, kinds: Counter[Kind]) -> bool:
    """Times as four digits, below a heading that says so."""
    named = re.search(r"zeit|time|uhr", table.header[place], re.IGNORECASE) is not None
    return (
        named
        and _mostly(kinds, "number")
        and all(re.fullmatch(r"\d{4}", row.cells[place]) for row in table.body[:200] if place < len(row.cells))
    )


def _moves(body: Sequence[Row], place: int) -> bool:
    """Whether a column is not the same in every row, as the date of an export is."""
    return (
        len(body) < 2 or len({row.cells[place] for row in (body[0], body[len(body) // 2], body[-1]) if place < len(row.cells)}) > 1
    )


def _pair(table: Table, places: Sequence[int], kind: AxisKind) -> Axis:
    """One column, and the one with the ends beside it where there are two that say begin and end."""
    if len(places) > 1:
        begins = [place for place in places if _BEGINS.search(table.header[place])]
        ends = [place for place in places if _ENDS.search(table.header[place])]
        if begins and ends:
            return Axis((begins[0],), kind, ends[0], is_begin=True)
    return _headed(table, Axis((places[0],), kind))


def _headed(table: Table, axis: Axis) -> Axis:
    heading = table.header[axis.places[-1]]
    is_begin, is_end = _BEGINS.search(heading) is not None, _ENDS.search(heading) is not None
    return Axis(axis.places, axis.kind, axis.ends_place, is_end and not is_begin, axis.is_begin or (is_begin and not is_end))


def columns_of(table: Table, kinds: Sequence[Counter[Kind]], axis: Axis, options: ReadOptions) -> Columns | Question:
    """The column of the load and what belongs to it."""
    taken = {*axis.places, axis.ends_place}
    free = [place for place in range(len(kinds)) if place not in taken]
    status = _status_place(table, kinds, free, options)
    if isinstance(status, Question):
        return status
    unit_place = next((place for place in free if _UNIT.match(table.header[place])), None)
    keyed = _key(table, [place for place in free if place not in (status, unit_place)], kinds, options)
    if isinstance(keyed, Question):
        return keyed
    key_place, key, assumed = keyed
    value = _value_place(table, kinds, [place for place in free if place not in (status, unit_place, key_place)], options)
    if isinstance(value, Question):
        return value
    place, why = value
    return Columns(axis, place, status, unit_place, key_place, key, (*assumed, *why))


def _status_place(table: Table, kinds: Sequence[Counter[Kind]], free: Sequence[int], options: ReadOptions) -> int | Question | None:
    if options.status_column is not None:
        if options.status_column in table.header:
            return table.header.index(options.status_column)
        return Question(
            "--status-column",
            "status_column",
            repr(options.status_column),
            f"one of the columns {', '.join(table.header)}",
            table.header,
        )
    named = [place for place in free if _STATUS.search(table.header[place]) and not kinds[place]["stamp"]]
    return next((place for place in named if _STATUS_ALONE.match(table.header[place]) or _has_known_word(table, place)), None)


def _has_known_word(table: Table, place: int) -> bool:
    return any(
        place < len(row.cells) and folded(row.cells[place]) in known_words()
        for row in table.body[:: max(1, len(table.body) // 500)]
    )


def _key(
    table: Table, free: Sequence[int], kinds: Sequence[Counter[Kind]], options: ReadOptions
) -> tuple[int | None, str, tuple[Assumption, ...]] | Question:
    """The column that says whose row it is, where there are several meters or quantities, and the one to read."""
    for place in free:
        if not _METER.search(table.header[place]) or units_in(table.header[place]):
            continue
        found = list(dict.fromkeys(row.cells[place] for row in table.body if place < len(row.cells) and row.cells[place]))
        if len(found) < 2 or len(found) > len(table.body) // 2:
            continue
        if options.meter is not None and options.meter in found:
            return place, options.meter, (Assumption("meter_option", {"meter": options.meter}),)
        imports = [one for one in found if _IMPORT.search(one) and not _EXPORT.search(one)]
        if len(imports) == 1 and all(
            one == imports[0] or _EXPORT.search(one) or OF_REACTIVE.search(one) or _reactive_code(one) for one in found
        ):
            return place, imports[0], (Assumption("meter_import", {"meter": imports[0], "column": table.header[place]}),)
        shown = ", ".join(found[:8]) + (" ..." if len(found) > 8 else "")
        expected = "the meter to read, as it stands there: --file-meter"
        values = {"column": table.header[place], "meters": shown}
        return Question(
            "--file-meter", "meter", f"rows of {shown} in column {table.header[place]!r}", expected, tuple(found), values
        )
    return None, "", ()


def _reactive_code(text: str) -> bool:
    return re.search(r"(?:^|[^\d.])[3-8]\.\d{1,2}\.0", text) is not None


def _value_place(
    table: Table, kinds: Sequence[Counter[Kind]], free: Sequence[int], options: ReadOptions
) -> tuple[int, tuple[Assumption, ...]] | Question:
    if options.column is not None:
        if table.header.count(options.column) == 1:
            return table.header.index(options.column), ()
        return Question(
            "--column",
            "column",
            repr(options.column),
            f"one of the columns {', '.join(table.header)}",
            table.header,
            {"columns": ", ".join(table.header)},
        )
    numbers = [place for place in free if _numeric(kinds[place])]
    if len(numbers) == 1:
        return numbers[0], ()
    names = {place: table.header[place] for place in numbers}
    active = [place for place in numbers if units_in(names[place]) and not OF_REACTIVE.search(names[place])]
    drawn = [place for place in active if not _EXPORT.search(names[place])]
    for chosen, key in ((active, "column_unit"), (drawn, "column_import")):
        if len(chosen) == 1:
            return chosen[0], (_chosen(key, names, chosen[0]),)
    if not active:
        plain = [
            place
            for place in numbers
            if not _OTHER.search(names[place]) and not OF_REACTIVE.search(names[place]) and not _EXPORT.search(names[place])
        ]
        named = [place for place in plain if _LOAD.search(names[place])]
        if len(named) == 1:
            return named[0], (_chosen("column_name", names, named[0]),)
    same = _same_load(table, drawn)
    if same is not None:
        return same, (_chosen("column_same", names, same),)
    shown = drawn or active or numbers
    if not shown:
        expected = "a column of numbers: name it with --column"
        return Question(
            "--column",
            "column",
            f"the columns {', '.join(table.header)[:150]}",
            expected,
            values={"columns": ", ".join(table.header)},
        )
    choices = tuple(names[place] for place in shown)
    listed = ", ".join(choices)
    return Question(
        "--column",
        "column",
        f"{len(choices)} columns that may hold the load: {listed[:150]}",
        "the one to read: --column",
        choices,
        {"columns": listed},
    )


def _chosen(key: str, names: dict[int, str], place: int) -> Assumption:
    others = ", ".join(name for other, name in names.items() if other != place)
    return Assumption(key, {"column": names[place], "others": others})


def _numeric(kinds: Counter[Kind]) -> bool:
    return kinds["number"] > 0 and kinds["number"] + kinds["none"] + kinds["epoch"] >= 0.8 * sum(kinds.values())


def _same_load(table: Table, places: Sequence[int]) -> int | None:
    """Of a column of energies and one of powers with the same load: the energies. Quarter hours only: four kW are one kWh."""
    if len(places) != 2:
        return None
    units = [units_in(table.header[place]) for place in places]
    if sorted(map(tuple, units)) != [("kW",), ("kWh",)]:
        return None
    energy, power = (places[0], places[1]) if units[0] == {"kWh"} else (places[1], places[0])
    for row in table.body:
        try:
            kwh, kw = (float(row.cells[place].replace(",", ".")) for place in (energy, power))
        except (ValueError, IndexError):
            continue
        if abs(kwh * 4 - kw) > 1e-3 + 0.005 * abs(kw):
            return None
    return energy
