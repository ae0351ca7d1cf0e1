"""Calls of the page *Meters*: the tree, and quarter hours of one register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from console.board import Board
from console.context import Console
from console.faults import none_such, refuse, responses
from console.requests import MOST_DAYS, AsOf, Channel, End, MeterName, Span, Start
from console.stream import streamed
from console.views.gaps import MeterGap, gaps_of
from console.views.meters import MetersView, meters_view
from console.views.scene import Scene
from domain.intervals import Interval
from quarters.gaps import QuarterRevisions


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/meters", tags=["meters"])
    async def meters() -> MetersView:
        """The tree with last values."""
        return await board.view(meters_view)

    @api.get("/meters/{meter}/intervals", tags=["meters"], response_model=list[Interval], responses=responses(404))
    async def intervals(
        meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None, as_of_utc: AsOf = None
    ) -> Response:
        """Quarter hours of one register, latest revisions; the meter's energy register unless another is named."""
        return await streamed(board, Interval, _intervals, _checked(board, meter, from_utc, to_utc, channel), as_of_utc)

    @api.get("/meters/{meter}/revisions", tags=["meters"], response_model=list[QuarterRevisions], responses=responses(404))
    async def revisions(meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None) -> Response:
        """Quarter hours of one register with all their revisions, oldest first, and when each was recorded."""
        return await streamed(board, QuarterRevisions, _revisions, _checked(board, meter, from_utc, to_utc, channel))

    @api.get("/meters/{meter}/gaps", tags=["meters"], responses=responses(404))
    async def gaps(meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None) -> list[MeterGap]:
        """Gaps of all registers of a meter, or of one: from, to, energy, how they were filled, revision, what was published before."""
        return await board.once(_gaps, _checked(board, meter, from_utc, to_utc, channel), channel)


def _checked(board: Board, meter: str, from_utc: datetime, to_utc: datetime, channel: str | None) -> Span:
    found = next((m for m in board.plant.meters if m.id == meter), None)
    register = channel or (found.main_channel() if found is not None else None)
    if found is None or register is None:
        none_such("meter", meter, [m.id for m in board.plant.meters])
    if not from_utc <= to_utc <= from_utc + timedelta(days=MOST_DAYS):
        expected = f"an instant 0 to {MOST_DAYS} days after from_utc; ask for longer spans in parts"
        refuse("query.to_utc", f"{to_utc:%Y-%m-%dT%H:%M:%SZ}", expected)
    return Span(found.id, register, from_utc, to_utc)


def _intervals(scene: Scene, span: Span, as_of_utc: datetime | None) -> Sequence[Interval]:
    return scene.ledger.intervals(span.meter, span.channel, span.from_utc, span.to_utc, as_of_utc)


def _revisions(scene: Scene, span: Span) -> Sequence[QuarterRevisions]:
    return scene.ledger.revisions(span.meter, span.channel, span.from_utc, span.to_utc)


def _gaps(scene: Scene, span: Span, channel: str | None) -> list[MeterGap]:
    return gaps_of(scene, scene.plant.meter_by_id(span.meter), span.from_utc, span.to_utc, channel)
