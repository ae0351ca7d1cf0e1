"""Calls of the page *Platform*."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from console.context import Console
from console.views.platform import PlatformView, platform_view


class Health(BaseModel):
    """Whether the server has any data."""

    status: str
    broker: str
    ledger: str
    now_utc: datetime


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/health", tags=["platform"])
    async def health() -> Health:
        """Whether broker and ledger are there."""
        view = await board.view(platform_view)
        return Health(status="ok", broker=view.broker, ledger=view.ledger, now_utc=view.now_utc)

    @api.get("/platform", tags=["platform"])
    async def platform() -> PlatformView:
        """Connections, lag, processes, rejected readings."""
        return await board.view(platform_view)
