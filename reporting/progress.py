"""How far a report is, for whoever waits for it: on a terminal, or on the page that reads it from the process line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from words.speech import Words


class Stage(StrEnum):
    """What is being done."""

    SERIES = "series"
    """Quarter hours are read, series by series."""
    YEAR_BEFORE = "year_before"
    """The same of the year before."""
    REMAINDERS = "remainders"
    BILL = "bill"
    TABLES = "tables"
    WORKBOOK = "workbook"
    PAPER = "paper"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Step:
    """Part `done` of `of` of a stage is done."""

    stage: Stage
    done: int = 0
    of: int = 1


Progress = Callable[[Step], None]
"""Called with each step, in order."""


def silent(_: Step) -> None:
    """For whoever does not wait."""


def step_text(step: Step, words: Words) -> str:
    """``Reading series 3 of 40``, in the words of the page."""
    return words.fill(f"reports.stage.{step.stage}", done=words.number(step.done), of=words.number(step.of))


def step_line(step: Step) -> str:
    """A step as a line of JSON."""
    return json.dumps({"report": asdict(step)})


def step_of(line: str) -> Step | None:
    """The step in a line of a process's talk; None for any other line."""
    try:
        found = json.loads(line)["report"]
        return Step(Stage(found["stage"]), int(found["done"]), int(found["of"]))
    except (ValueError, KeyError, TypeError):
        return None
