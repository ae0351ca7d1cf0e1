"""Calls about scrap: counts as they are handed in and taken back, and the account of energy, money and CO2."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, Field

from connectors.row_reader import RowFault
from connectors.scrap.judging import Judgement, Outcome, Result
from connectors.scrap.rows import FIELDS, rows_of_objects
from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, refuse, responses
from console.requests import MOST_DAYS, End, Start
from console.scrap_desk import UnknownEvent
from console.views.scene import Scene
from console.views.scrap import scrap_of
from domain.quality import QualityEvent
from domain.texts import Key, printable
from scrap.account import MachineEnergy, ScrapAccount, ScrapRow
from words.order_faults import MOST_FOUND
from words.scrap_faults import expected_text, fault_in_each_language
from words.speech import of_page

SOURCE = "api"
MOST_ROWS = 500
MachineName = Annotated[Key, Path(description="The machine's id.")]
EventName = Annotated[Key, Path(description="The record's id.")]
By = Annotated[str, Query(max_length=200, description="Who does it.")]
DryRun = Annotated[bool, Query(description="Whether to answer only what would become of the counts, and send nothing.")]
FIELDS_TEXT = (
    f"One object a count. Fields: {', '.join(FIELDS)}; a heading that a sheet may have is as good. `from` and `to` are instants, or `day` and `shift` "
    "name a span; a count that is left out is not known, 0 is none. `id` identifies it for corrections."
)
Counts = Annotated[list[dict[str, Any]], Body(max_length=MOST_ROWS, description=FIELDS_TEXT, examples=[[{
    "machine": "moulding-1", "from": "2026-10-23T09:00:00Z", "to": "2026-10-23T09:15:00Z", "product": "housing", "good": 31, "scrap": 2,
    "reason": "short shot", "id": "camera-3/0142",
}]])]  # fmt: skip


class CountFault(BaseModel):
    """One thing wrong with a count."""

    field: str
    found: str
    expected: str
    texts: dict[str, str]
    """Language -> sentence."""


class CountAnswer(BaseModel):
    """What became of one count."""

    outcome: Outcome
    event: QualityEvent | None = Field(description="As it is known now; null where it was refused.")
    faults: list[CountFault]


class CountsAnswer(BaseModel):
    """What became of each count of a list, in its order."""

    results: list[CountAnswer]


class Scrap(BaseModel):
    """The account of a span."""

    rows: list[ScrapRow] = Field(description="By machine, product and shift.")
    machines: list[ScrapRow]
    products: list[ScrapRow]
    shifts: list[ScrapRow]
    total: ScrapRow | None = Field(description="Null: nobody has counted anything.")
    energy: list[MachineEnergy] = Field(description="Of each machine: energy while it made pieces, and idle.")
    without_meter: list[str] = Field(description="Machines whose energy no meter measures alone.")


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board
    writes = [Depends(writer_of(console))]

    @api.get("/quality", tags=["quality"])
    async def scrap(from_utc: Start, to_utc: End) -> Scrap:
        """Energy, money and CO2 that went into scrap: of what was made from `from_utc` on, before `to_utc`."""
        if not from_utc < to_utc <= from_utc + timedelta(days=MOST_DAYS):
            refuse("query.to_utc", to_utc.isoformat(), f"an instant up to {MOST_DAYS} days after from_utc")
        return await board.once(_scrap, from_utc, to_utc)

    @api.post("/quality", tags=["quality"], dependencies=writes, responses=responses(400, 401, 408, 413))
    async def put_counts(counts: Counts, dry_run: DryRun = False, by: By = "") -> CountsAnswer:
        """Hand in counts of good pieces, scrap and rework, each judged for itself: good ones are taken, the others come back with what is wrong."""
        judgement = await board.pieces.put(rows_of_objects(counts, SOURCE), SOURCE, printable(by, 200), dry_run)
        return _answers(judgement, console)

    @api.delete("/quality/{machine}/{event:path}", tags=["quality"], dependencies=writes, responses=responses(401, 404))
    async def take_back(machine: MachineName, event: EventName, by: By = "") -> QualityEvent:
        """Take a count back: its next revision says that it counts no more. Nothing is deleted."""
        try:
            return await board.pieces.take_back(machine, event, printable(by, 200))
        except UnknownEvent:
            none_such("record of pieces", f"{machine}/{event}", await board.once(_known))


def _scrap(scene: Scene, from_utc: datetime, to_utc: datetime) -> Scrap:
    account: ScrapAccount = scrap_of(scene, from_utc, to_utc)
    return Scrap(
        rows=list(account.rows),
        machines=list(account.by_machine()),
        products=list(account.by_product()),
        shifts=list(account.by_shift()),
        total=account.total,
        energy=list(account.machines),
        without_meter=list(account.without_meter),
    )


def _known(scene: Scene) -> list[str]:
    return [f"{event.machine}/{event.event}" for event in scene.ledger.quality_events()[-MOST_ROWS:] if not event.withdrawn]


def _answers(judgement: Judgement, console: Console) -> CountsAnswer:
    return CountsAnswer(results=[_answer(result, console) for result in judgement.results])


def _answer(result: Result, console: Console) -> CountAnswer:
    return CountAnswer(outcome=result.outcome, event=result.event, faults=[_fault(fault, console) for fault in result.faults])


def _fault(fault: RowFault, console: Console) -> CountFault:
    zone = console.board.plant.site.zone
    return CountFault(
        field=printable(fault.fault.field, MOST_FOUND), found=printable(fault.fault.found, MOST_FOUND),
        expected=expected_text(fault.fault, of_page("en", zone)), texts=fault_in_each_language(fault.fault, zone),
    )  # fmt: skip
