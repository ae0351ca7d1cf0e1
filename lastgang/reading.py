"""Load profiles as commands read them: the options that answer what a file leaves open, the questions at a terminal, what was assumed on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from quarters.profiles.sniff.reading import Assumption, Question, ReadOptions

Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")
UNITS = ("kW", "W", "MW", "kWh", "Wh", "MWh")
_FIELDS = {
    "--timezone": "timezone", "--label": "label", "--column": "column", "--unit": "unit", "--status-column": "status_column",
    "--decimal": "decimal", "--date-order": "date_order", "--first-start": "first_start", "--file-meter": "meter", "--sheet": "sheet",
}  # fmt: skip
"""Option that a question names -> field of `ReadOptions`; what is not here cannot be asked at a terminal."""
_MOST_ROUNDS = 12

_LABEL = click.option(
    "--label",
    type=click.Choice(["start", "end"]),
    default=None,
    help="Of the load file: which edge of the interval its times name.",
)
_TIME = click.option(
    "--time-column", "time_columns", multiple=True, help="Of the load file: column with date and time; twice: date, time."
)
_COLUMN = click.option("--column", "--power-column", "column", default=None, help="Of the load file: column with the values.")
_UNIT = click.option("--unit", type=click.Choice(UNITS), default=None, help="Of the load file: what its values are.")
_STATUS_COLUMN = click.option("--status-column", default=None, help="Of the load file: column with status words.")
_STATUS = click.option(
    "--status", multiple=True, metavar="WORD=QUALITY", help="What a status word means that is not known. Repeatable."
)
_DECIMAL = click.option("--decimal", type=click.Choice([",", "."]), default=None, help="Of the load file: its decimal mark.")
_ORDER = click.option(
    "--date-order", type=click.Choice(["day-first", "month-first"]), default=None, help="Of the load file: of dates with slashes."
)
_MIDNIGHT = click.option(
    "--midnight",
    type=click.Choice(["begins-day", "ends-day"]),
    default=None,
    help="Whether 00:00 begins the date beside it or ends it.",
)
_SKIP = click.option("--skip-lines", type=click.IntRange(min=0), default=0, help="Of the load file: lines before its header.")
_METER = click.option("--file-meter", default=None, help="Of a load file of several meters: the one to read.")
_SHEET = click.option("--sheet", default=None, help="Of a workbook of several sheets: the one to read.")
_CONFIRM = click.option(
    "--confirm", "confirmed", multiple=True, type=click.Choice(["unit"]), help="A unit that the file contradicts is right."
)
_FIRST = click.option(
    "--first-start", default=None, metavar="INSTANT", help="Start of the first row of a file without times, with offset."
)
_ZONE = click.option(
    "--timezone",
    default=None,
    metavar="ZONE",
    help="Of local times in the load file: Europe/Berlin, or +01:00 for winter time all year.",
)
_FILE_ZONE = click.option(
    "--file-timezone", default=None, metavar="ZONE", help="Of local times in the load file, where it is not the plant's."
)
ALL = (_LABEL, _TIME, _COLUMN, _UNIT, _STATUS_COLUMN, _STATUS, _DECIMAL, _ORDER, _MIDNIGHT, _SKIP, _METER, _SHEET, _CONFIRM, _FIRST)


def reading_options(command: Command) -> Command:
    """Options that say how a load file is to be read; the command is given them by their names, for `options_of`."""
    for option in reversed((_ZONE, *ALL)):
        command = option(command)
    return command


def reading_options_beside_a_zone(command: Command) -> Command:
    """The same for a command whose ``--timezone`` is the plant's: that of the file is ``--file-timezone``."""
    for option in reversed((_FILE_ZONE, *ALL)):
        command = option(command)
    return command


def reading_options_of_import(command: Command) -> Command:
    """The same for the import, whose ``--confirm`` has more to confirm."""
    for option in reversed((_ZONE, *(one for one in ALL if one is not _CONFIRM))):
        command = option(command)
    return command


def options_of(given: Mapping[str, Any], home: str | None = None) -> ReadOptions:
    """What a command line says of a load file.

    Parameters
    ----------
    given
        The options of `reading_options` by name.
    home
        Zone that local times are assumed to be of, unless the file contradicts it.
    """
    from quarters.profiles.sniff.reading import ReadOptions

    named = {key: value for key, value in given.items() if key not in ("confirmed", "file_timezone", "file_meter", "timezone")}
    zone = given.get("file_timezone") or given.get("timezone")
    named |= {"timezone": zone, "meter": given.get("file_meter"), "unit_confirmed": "unit" in given.get("confirmed", ())}
    return ReadOptions(**named, home=home)


def asking(
    path: Path, options: ReadOptions, read: Callable[[ReadOptions], Result], renamed: Mapping[str, str] | None = None
) -> Result:
    """What `read` gives of a file; at a terminal its questions are asked and their answers added to the options.

    Raises
    ------
    Unclear
        In a script, where questions are open; named by the options that the command has (`renamed`).
    """
    from quarters.profiles.sniff.reading import Unclear

    for _ in range(_MOST_ROUNDS):
        try:
            return read(options)
        except Unclear as unclear:
            may_prompt = sys.stdin.isatty() and sys.stderr.isatty() and all(one.option in _FIELDS for one in unclear.questions)
            if not may_prompt:
                names = renamed or {}
                raise Unclear(path, tuple(_renamed(one, names) for one in unclear.questions)) from None
            answers: dict[str, Any] = {_FIELDS[one.option]: _answer(one) for one in unclear.questions}
            options = replace(options, **answers)
            if any(one.key in ("unit_contradicted", "unit_sum") for one in unclear.questions):
                options = replace(options, unit_confirmed=True)
    return read(options)


def _renamed(question: Question, names: Mapping[str, str]) -> Question:
    expected = question.expected
    for old, new in names.items():
        expected = expected.replace(old, new)
    return replace(question, option=names.get(question.option, question.option), expected=expected)


def _answer(question: Question) -> str:
    from words.reader import question_text

    text = question_text(question.key, question.values, _words())
    kind = click.Choice(question.choices) if question.choices else str
    return str(click.prompt(text, type=kind, err=True))


def show_assumptions(assumptions: tuple[Assumption, ...]) -> None:
    """How the file was read, with the evidence, a line each on stderr."""
    from words.reader import assumption_text

    for one in assumptions:
        click.echo(assumption_text(one.key, one.values, _words()), err=True)


def _words() -> Any:
    from zoneinfo import ZoneInfo

    from words.speech import of_page

    return of_page("en", ZoneInfo("UTC"))
