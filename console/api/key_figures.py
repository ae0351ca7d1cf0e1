"""Calls about key figures: the figures themselves, and measures and events as they are entered and taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, Field

from connectors.measures.judging import Outcome
from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, refuse, responses
from console.measure_desk import UnknownMeasure
from console.views.key_figures import FiguresView
from domain.clock import Clock
from domain.entered_measures import FIRST_REVISION, MOST_METERS, EnteredMeasure, EntryKind
from domain.errors import InputFaults
from domain.instants import LocalDay
from domain.texts import Key, Name, Text, printable
from domain.units import Amount
from reporting.key_figures.as_json import figures_json

MOST_ENTRIES = 200
MeasureName = Annotated[Key, Path(description="The id of a measure or event.")]
By = Annotated[str, Query(max_length=200, description="Who does it.")]


class StatedMeasure(BaseModel):
    """One measure or event as it is entered."""

    id: Key = Field(description="By which it is corrected and taken back.")
    kind: EntryKind = Field(
        EntryKind.MEASURE, description="An event has nothing to do with any measure; its days are adjusted by name."
    )
    first_local: LocalDay = Field(description="First local day on which a measure may show, or of an event.")
    complete_local: LocalDay | None = Field(None, description="First local day on which a measure acts in full.")
    last_local: LocalDay | None = Field(None, description="Last local day of an event, which belongs to it.")
    description: Text = ""
    meters: list[Key] = Field(
        default_factory=list, max_length=MOST_METERS, description="On which it shows; none: the grid connection."
    )
    kwh_per_day: Amount | None = Field(
        None, description="What an event added to each of its days [kWh]; null: its days count for nothing."
    )
    by: Name = ""


class EntryAnswer(BaseModel):
    """What became of one entry."""

    outcome: Outcome
    entry: EnteredMeasure = Field(description="As it is known now.")


Stated = Annotated[
    list[StatedMeasure], Body(max_length=MOST_ENTRIES, description="Measures and events; one that is there already is corrected.")
]


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board
    writes = [Depends(writer_of(console))]

    @api.get("/key-figures", tags=["reports"])
    async def figures() -> dict[str, Any]:
        """Energy per unit with its expected band, standby, baselines with their fit, savings claimed or refused with the reason: of the last four weeks."""
        view: FiguresView = await board.view(board.figures.view)
        return figures_json(view.found)

    @api.get("/measures", tags=["reports"])
    async def measures() -> list[EnteredMeasure]:
        """Measures and events that hold."""
        view: FiguresView = await board.view(board.figures.view)
        return list(view.entered)

    @api.put("/measures", tags=["reports"], dependencies=writes, responses=responses(400, 401, 408, 413))
    async def put_measures(stated: Stated) -> list[EntryAnswer]:
        """Enter measures and events. One that cannot be taken refuses the list."""
        try:
            entries = [entry_of(one, board.plant.site.id, board.clock) for one in stated]
            results = await board.measures.put(entries)
        except InputFaults as error:
            first = error.faults[0]
            refuse(f"body.{first.field}", first.found, first.expected)
        except ValueError as error:
            refuse("body", [one.id for one in stated], printable(str(error), 300))
        return [EntryAnswer(outcome=one.outcome, entry=one.entry) for one in results]

    @api.delete("/measures/{measure:path}", tags=["reports"], dependencies=writes, responses=responses(401, 404))
    async def take_back_measure(measure: MeasureName, by: By = "") -> EnteredMeasure:
        """Take a measure or event back: its next revision says that it counts no more. Nothing is deleted."""
        try:
            return await board.measures.take_back(measure, printable(by, 200))
        except UnknownMeasure:
            view: FiguresView = await board.view(board.figures.view)
            none_such("measure or event", measure, [one.measure for one in view.entered])


def entry_of(stated: StatedMeasure, site: str, clock: Clock) -> EnteredMeasure:
    """The record of what somebody states.

    Raises
    ------
    ValueError
        If it contradicts itself.
    """
    return EnteredMeasure(
        site, stated.id, FIRST_REVISION, stated.kind, stated.first_local, clock.now_utc(), stated.complete_local, stated.last_local,
        stated.description, tuple(stated.meters), stated.kwh_per_day, stated.by,
    )  # fmt: skip
