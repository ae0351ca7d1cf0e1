"""A planning problem from its JSON file: every fault at once, each with the job, machine or shift that it concerns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from domain.errors import Fault, InputFaults, first_faults
from domain.files import read_text_input
from domain.strictness import strict_validator
from scheduling.planner.problem import Problem
from scheduling.planner.validity import problem_faults

_VALIDATOR = strict_validator(Problem.__pydantic_core_schema__)
_NAMES = ("id", "crew", "machine", "job")
"""Keys by which an entry of a list is named in a message, instead of by its place."""


def load_problem(path: Path) -> Problem:
    """Read a planning problem.

    Raises
    ------
    InputFaults
        Naming every fault; faults of form (no JSON, keys, types) hide faults of meaning (an unknown machine).
    """
    return problem_in(read_text_input(path), str(path))


def problem_in(text: str, where: str) -> Problem:
    """The planning problem in a JSON text.

    Parameters
    ----------
    where
        Where the text comes from, for messages.

    Raises
    ------
    InputFaults
        As `load_problem`.
    """
    document = _document(text, where)
    try:
        problem: Problem = _VALIDATOR.validate_python(document)
    except ValidationError as error:
        faults = [_form_fault(where, document, detail) for detail in error.errors()]
        raise InputFaults(first_faults(faults, where, "a planning problem")) from error
    if faults := [Fault(where, None, *stated) for stated in problem_faults(problem)]:
        raise InputFaults(first_faults(faults, where, "a planning problem"))
    return problem


def _document(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise InputFaults([Fault(where, error.lineno, "file", f"no JSON: {error.msg}", "a JSON object")]) from error
    except _RepeatedKey as error:
        raise InputFaults([Fault(where, None, error.key, "the key twice in one object", "each key once")]) from error
    except (ValueError, RecursionError) as error:
        raise InputFaults([Fault(where, None, "file", f"JSON beyond all use ({error})", "a planning problem")]) from error


class _RepeatedKey(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _refuse(key)
        found[key] = value
    return found


def _refuse(key: str) -> NoReturn:
    raise _RepeatedKey(key)


def _form_fault(where: str, document: Any, detail: Any) -> Fault:
    found = "nothing" if detail["type"] == "missing" else repr(detail["input"])[:80]
    expected = {
        "missing": "a value: the key is required",
        "extra_forbidden": "no such key (unknown keys are errors; check the spelling)",
    }.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return Fault(where, None, _field(document, detail["loc"]), found, expected)


def _field(document: Any, loc: Sequence[str | int]) -> str:
    """Path of a value, with entries of lists by their id: ``jobs[J1].dead_line``."""
    parts = []
    for part in loc:
        inner = _inside(document, part)
        parts.append(f"[{_name(inner, part)}]" if isinstance(part, int) else f".{part}")
        document = inner
    return "".join(parts).lstrip(".") or "file"


def _inside(document: Any, part: str | int) -> Any:
    try:
        return document[part]
    except (LookupError, TypeError):
        return None


def _name(entry: Any, place: int) -> str:
    names: Iterator[str] = (
        (entry[key] for key in _NAMES if isinstance(entry.get(key), str)) if isinstance(entry, dict) else iter(())
    )
    return next(names, str(place))
