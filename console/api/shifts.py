"""Calls of the page *Shifts*: changes of the weekly pattern as they are known, entered and withdrawn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, Field

from connectors.row_reader import RowFault
from connectors.shifts.judging import Judgement, Outcome, Result
from connectors.shifts.rows import FIELDS, rows_of_objects
from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, responses
from console.shift_desk import UnknownChange
from console.views.scene import Scene
from console.views.shifts import ShiftDay, shift_days
from domain.instants import LocalDay
from domain.shift_changes import ShiftChange
from domain.texts import Key, printable
from words.catalogue import languages
from words.order_faults import MOST_FOUND
from words.shift_faults import expected_text, fault_in_each_language, limit_text
from words.speech import of_page

SOURCE = "api"
MOST_ROWS = 500
Shift = Annotated[Key, Path(description="A shift of the plant file.")]
Day = Annotated[LocalDay, Path(description="The local day on which it begins, YYYY-MM-DD.")]
By = Annotated[str, Query(max_length=200, description="Who does it.")]
DryRun = Annotated[bool, Query(description="Whether to answer only what would become of the changes, and send nothing.")]
FIELDS_TEXT = (
    f"One object a shift and day. Fields: {', '.join(FIELDS)}; a heading that a shift sheet may have is as good. `worked` is yes, no or usual "
    "(the weekly pattern holds again); what is left out is as in the weekly pattern."
)
Changes = Annotated[list[dict[str, Any]], Body(max_length=MOST_ROWS, description=FIELDS_TEXT, examples=[[{
    "shift": "early", "day": "2026-10-24", "worked": "yes", "from": "06:00", "to": "12:00", "reason": "rush order", "by": "M. Adler",
}]])]  # fmt: skip


class ChangeFault(BaseModel):
    """One thing wrong with a change."""

    field: str
    found: str
    expected: str
    texts: dict[str, str]
    """Language -> sentence."""


class ChangeAnswer(BaseModel):
    """What became of one change."""

    outcome: Outcome
    change: ShiftChange | None = Field(description="As it is known now; null where it was refused.")
    faults: list[ChangeFault]


class ChangesAnswer(BaseModel):
    """What became of each change of a list, in its order."""

    results: list[ChangeAnswer]
    broken_limits: list[dict[str, str]] = Field(
        description="Language -> sentence: limits of working time that these changes break. They are taken all the same."
    )


class Shifts(BaseModel):
    """The shifts of the coming weeks, and the changes that are known."""

    days: list[ShiftDay]
    changes: list[ShiftChange] = Field(description="Newest revisions, withdrawn ones too, from yesterday on.")


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board
    writes = [Depends(writer_of(console))]

    @api.get("/shifts", tags=["plan"])
    async def shifts() -> Shifts:
        """Who works when in the four weeks from today on, changes counted."""
        return await board.once(_shifts)

    @api.put("/shifts", tags=["plan"], dependencies=writes, responses=responses(400, 401, 408, 413))
    async def put_shifts(changes: Changes, dry_run: DryRun = False, by: By = "") -> ChangesAnswer:
        """Enter changes of shifts, each judged for itself: good ones are taken, the others come back with what is wrong."""
        judgement = await board.shifts.put(rows_of_objects(changes, SOURCE), printable(by, 200), dry_run)
        return _answers(judgement, console)

    @api.delete("/shifts/{shift}/{day}", tags=["plan"], dependencies=writes, responses=responses(401, 404))
    async def withdraw_shift(shift: Shift, day: Day, by: By = "") -> ShiftChange:
        """Withdraw a change: its next revision says that the weekly pattern holds again. Nothing is deleted."""
        try:
            return await board.shifts.withdraw(shift, day, printable(by, 200))
        except UnknownChange:
            none_such("shift change", f"{shift}/{day}", await board.once(_known))


def _shifts(scene: Scene) -> Shifts:
    yesterday = scene.day(-1).isoformat()
    return Shifts(days=shift_days(scene), changes=[change for change in scene.shift_changes() if change.day_local >= yesterday])


def _known(scene: Scene) -> list[str]:
    return [f"{change.shift}/{change.day_local}" for change in scene.shift_changes() if not change.withdrawn]


def _answers(judgement: Judgement, console: Console) -> ChangesAnswer:
    plant = console.board.plant
    sentences = [
        {code: limit_text(broken, plant, of_page(code, plant.site.zone)) for code in languages()} for broken in judgement.broken
    ]
    return ChangesAnswer(results=[_answer(result, console) for result in judgement.results], broken_limits=sentences)


def _answer(result: Result, console: Console) -> ChangeAnswer:
    return ChangeAnswer(outcome=result.outcome, change=result.change, faults=[_fault(fault, console) for fault in result.faults])


def _fault(fault: RowFault, console: Console) -> ChangeFault:
    zone = console.board.plant.site.zone
    return ChangeFault(
        field=printable(fault.fault.field, MOST_FOUND), found=printable(fault.fault.found, MOST_FOUND),
        expected=expected_text(fault.fault, of_page("en", zone)), texts=fault_in_each_language(fault.fault, zone),
    )  # fmt: skip
