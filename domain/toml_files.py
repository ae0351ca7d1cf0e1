"""TOML files into typed, frozen settings: every fault at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import SchemaValidator

from domain.errors import Fault, InputFaults
from domain.files import MIB, read_input
from domain.instants import FIRST_YEAR, LAST_YEAR
from domain.strictness import strict_validator

Model = TypeVar("Model", bound="Settings")

_MOST_BYTES = 8 * MIB
"""A plant file of two thousand meters is one tenth of it."""

_HEADER = re.compile(r"^[ \t]*(\[\[?)([^\[\]]+)\]\]?[ \t\r]*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?:"([^"]*)"|([A-Za-z0-9_-]+))\s*=""")


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Site, meter, machine, shift and job ids: they become Kafka keys, tags and file names."""


def _clock_time(text: str) -> str:
    if text != "24:00":
        time.fromisoformat(text)
    return text


ClockTime = Annotated[str, Field(pattern=r"^\d\d:\d\d$"), AfterValidator(_clock_time)]
"""Local wall-clock time ``HH:MM``, up to ``24:00``."""


def _only_dates(found: object) -> object:
    # As lax input an instant at midnight would pass for a date, and its zone be lost.
    if isinstance(found, date) and not isinstance(found, datetime) and FIRST_YEAR <= found.year <= LAST_YEAR:
        return found
    msg = f"a local date such as 2026-08-03, in the years {FIRST_YEAR} to {LAST_YEAR}"
    raise ValueError(msg)


LocalDate = Annotated[date, BeforeValidator(_only_dates)]
"""A local day; an instant is refused."""


class Settings(BaseModel):
    """Base of everything read from TOML: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load_toml(path: Path, model: type[Model]) -> Model:
    """The settings in `path`.

    Raises
    ------
    InputFaults
        Naming every fault: file, line, field, what was found, what is expected.
    """
    text, document = read_toml(path)
    try:
        settings: Model = _reader(model).validate_python(document)
    except ValidationError as error:
        lines = key_lines(text)
        raise InputFaults([_fault(path, lines, detail) for detail in error.errors()]) from error
    return settings


@cache
def _reader(model: type[Settings]) -> SchemaValidator:
    return strict_validator(model.__pydantic_core_schema__)


def read_toml(path: Path, parse_float: Callable[[str], Any] = float) -> tuple[str, dict[str, Any]]:
    """Text and parsed document of a TOML file; raises `InputFaults` where it cannot be read or is no TOML."""
    content = read_input(path, _MOST_BYTES)
    try:
        text = content.decode()  # with its line ends as they are: TOML has its own rule for them
        return text, tomllib.loads(text, parse_float=parse_float)
    except UnicodeDecodeError as error:
        raise InputFaults([Fault(str(path), None, "file", f"byte {error.start} is no UTF-8", "UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where.group(1)) if where else None
        raise InputFaults([Fault(str(path), line, "file", f"no TOML: {error}", "a TOML document")]) from error
    except (ValueError, ArithmeticError) as error:
        found = "a number with more digits than any has use for"
        raise InputFaults([Fault(str(path), None, "file", found, "numbers of a few digits")]) from error
    except RecursionError as error:
        raise InputFaults([Fault(str(path), None, "file", "brackets within brackets without end", "a TOML document")]) from error


def is_file(path: Path) -> bool:
    """Whether there is such a file; no, too, where no file can have that name."""
    try:
        return path.is_file()
    except OSError:
        return False


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Line number (1-based) of each table and key of a TOML text, by path; array tables count from 0.

    Good for messages: keys inside inline tables are not listed, their parents are.
    """
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            names = [part.strip().strip('"') for part in header.group(2).split(".")]
            table = ()
            for depth, name in enumerate(names):
                table = (*table, name)
                is_array = header.group(1) == "[["
                if is_array and depth == len(names) - 1:
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key.group(2) or key.group(1)), number)
    return lines


def _fault(path: Path, lines: dict[tuple[str | int, ...], int], detail: Any) -> Fault:
    loc = tuple(part for part in detail["loc"])
    line = next((lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in lines), None)
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    found = "nothing" if detail["type"] == "missing" else repr(detail["input"])[:80]
    expected = {
        "missing": "a value: the key is required",
        "extra_forbidden": "no such key (unknown keys are errors; check the spelling)",
    }.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return Fault(str(path), line, field or "file", found, expected)
