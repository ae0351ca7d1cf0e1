"""Calls of the page *Orders*: orders as planned, handed in and cancelled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from connectors.orders.judging import Judgement, Outcome, Result
from connectors.orders.keyed import rows_of_objects
from connectors.orders.known import API_SOURCE
from connectors.orders.mapping import FIELDS
from connectors.orders.table import RowFault
from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, refuse, responses
from console.order_desk import NotReportable, NotStanding, UnknownOrder
from console.views.scene import Scene
from domain.orders import Order
from domain.texts import Key, printable
from production.clicks import JobEvent
from words.catalogue import languages
from words.order_faults import MOST_FOUND, expected_text, fault_in_each_language
from words.speech import of_page

Most = Annotated[int, Query(ge=1, le=5_000, description="Maximum number of records.")]
Job = Annotated[Key, Path(description="The job's id.")]
DryRun = Annotated[bool, Query(description="Whether to answer only what would become of the orders, and send nothing.")]
MOST, MOST_ROWS = 1_000, 2_000
FIELDS_TEXT = (
    f"Fields as in an order sheet: {', '.join(FIELDS)}; a heading that the sheet may have is as good. Values are texts, numbers or booleans; instants "
    "are ISO 8601 with an offset, or on the plant's clock. A field that is left out stays as it is, an empty one or null is emptied."
)
OrderObject = Annotated[dict[str, Any], Body(description=FIELDS_TEXT, examples=[{
    "job": "4711", "product": "gear M4", "quantity": 250, "machine": "press-1", "due": "2026-10-24T12:00:00Z", "rate": 100,
}])]  # fmt: skip
OrderObjects = Annotated[list[dict[str, Any]], Body(max_length=MOST_ROWS, description=f"One object an order. {FIELDS_TEXT}")]


class FieldFault(BaseModel):
    """One thing wrong with an order."""

    field: str
    found: str
    expected: str
    texts: dict[str, str]
    """Language -> sentence."""


class OrderAnswer(BaseModel):
    """What became of one order."""

    job: str
    outcome: Outcome
    order: Order | None = Field(description="As it is known now; null where it was refused.")
    changed: list[str] = Field(description="Fields that differ from the revision before.")
    faults: list[FieldFault]


class OrdersAnswer(BaseModel):
    """What became of each order of a list, in its order."""

    results: list[OrderAnswer]
    notes: list[dict[str, str]] = Field(description="Language -> sentence: where a job without a start was put, and the like.")


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board
    writes = [Depends(writer_of(console))]

    @api.get("/orders", tags=["plan"])
    async def orders(most: Most = MOST) -> list[Order]:
        """Jobs by their start, latest revisions; where there are more than `most`, those planned last."""
        return await board.once(_orders, most)

    @api.put("/orders", tags=["plan"], dependencies=writes, responses=responses(400, 401, 408, 413))
    async def put_orders(orders: OrderObjects, dry_run: DryRun = False) -> OrdersAnswer:
        """Hand in orders, each judged for itself: good ones are taken, the others come back with what is wrong. Longer lists go in parts."""
        judgement = await board.put_orders(rows_of_objects(orders, API_SOURCE), API_SOURCE, dry_run=dry_run)
        return _answers(judgement, console)

    @api.get("/orders/{job:path}", tags=["plan"], responses=responses(404))
    async def order(job: Job) -> Order:
        """The newest revision of one job."""
        found = await board.once(_order, job)
        if found is None:
            none_such("order of job", job, await board.once(_jobs))
        return found

    @api.put("/orders/{job:path}", tags=["plan"], dependencies=writes, responses=responses(400, 401, 404, 408, 413))
    async def put_order(job: Job, order: OrderObject, dry_run: DryRun = False) -> OrderAnswer:
        """Hand in one order. An answer 422 names every field that is wrong."""
        if order.get("job", job) != job:
            refuse("body.job", order["job"], f"{job!r}, as in the address, or nothing")
        judgement = await board.put_orders(rows_of_objects([{**order, "job": job}], API_SOURCE), API_SOURCE, dry_run=dry_run)
        answer = _answers(judgement, console).results[0]
        if answer.faults:
            raise RequestValidationError([_as_refusal(fault) for fault in answer.faults])
        return answer

    @api.post("/orders/{job:path}/{event}", tags=["plan"], dependencies=writes, responses=responses(401, 404))
    async def report_job(job: Job, event: JobEvent) -> Order:
        """Report that a job has started or is done now, on the nearest quarter hour: for a machine that shows neither by itself.

        A job that nobody reported as started, and whose planned start has passed, is taken to have started as planned.
        """
        try:
            return await board.report_job(job, event)
        except UnknownOrder:
            none_such("order of job", job, await board.once(_jobs))
        except NotReportable as error:
            refuse(
                "path.event",
                f"{event} of a job that is {error.status}",
                "the start of a planned job, or the end of one that has started",
            )

    @api.delete("/orders/{job:path}", tags=["plan"], dependencies=writes, responses=responses(401, 404))
    async def cancel_order(job: Job) -> Order:
        """Cancel one job: its next revision has the status `cancelled`. Nothing is deleted."""
        try:
            return await board.cancel_order(job, API_SOURCE)
        except UnknownOrder:
            none_such("order of job", job, await board.once(_jobs))
        except NotStanding as error:
            refuse("path.job", error.status.value, "a job that is planned or running")


def _as_refusal(fault: FieldFault) -> dict[str, Any]:
    return {"loc": ("body", fault.field), "msg": fault.expected, "input": fault.found or None, "type": "value_error"}


def _orders(scene: Scene, most: int) -> list[Order]:
    latest = sorted(scene.orders(), key=lambda o: o.at_utc, reverse=True)[:most]
    return sorted(latest, key=lambda o: (o.start_utc, o.job))


def _order(scene: Scene, job: str) -> Order | None:
    return next((order for order in scene.orders() if order.job == job), None)


def _jobs(scene: Scene) -> list[str]:
    return sorted(order.job for order in scene.orders())


def _answers(judgement: Judgement, console: Console) -> OrdersAnswer:
    zone = console.board.plant.site.zone
    notes = [
        {code: of_page(code, zone).fill(f"order_note.{note.key}", **note.values) for code in languages()}
        for note in judgement.notes
    ]
    return OrdersAnswer(results=[_answer(result, console) for result in judgement.results], notes=notes)


def _answer(result: Result, console: Console) -> OrderAnswer:
    faults = [_fault(fault, console) for fault in result.faults]
    return OrderAnswer(
        job=printable(result.job, 200), outcome=result.outcome, order=result.order, changed=list(result.changed), faults=faults
    )


def _fault(fault: RowFault, console: Console) -> FieldFault:
    zone = console.board.plant.site.zone
    return FieldFault(
        field=printable(fault.fault.field, MOST_FOUND), found=printable(fault.fault.found, MOST_FOUND),
        expected=expected_text(fault.fault, of_page("en", zone)), texts=fault_in_each_language(fault.fault, zone),
    )  # fmt: skip
