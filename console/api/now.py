"""Calls of the page *Now*."""

from __future__ import annotations

from fastapi import APIRouter

from console.context import Console
from console.views.now import NowView, now_view


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/now", tags=["now"])
    async def now() -> NowView:
        """The running quarter hour and the last 24 h."""
        return await board.view(now_view)
