"""Long answers piece by piece, so that a year of quarter hours takes no more memory than a month of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from console.board import Board
from console.requests import Asked

PIECE = timedelta(days=31)

Ask = Callable[..., Sequence[Any]]
"""``(scene, asked, *arguments)`` -> rows of that span."""


async def streamed(board: Board, row_type: Any, ask: Ask, asked: Asked, *arguments: object) -> StreamingResponse:
    """A JSON array of what `ask` finds in the whole span. The first piece is there before the answer begins: what can fail, fails then."""
    rows = TypeAdapter(list[row_type])
    first = await board.once(ask, _until(asked, asked.from_utc + PIECE), *arguments)

    async def pieces() -> AsyncIterator[bytes]:
        piece, start_utc, mark = first, asked.from_utc, b"["
        while True:
            if piece:
                yield mark + rows.dump_json(list(piece))[1:-1]
                mark = b","
            start_utc += PIECE
            if start_utc >= asked.to_utc:
                break
            piece = await board.once(ask, _until(replace(asked, from_utc=start_utc), start_utc + PIECE), *arguments)
        yield b"]" if mark == b"," else b"[]"

    return StreamingResponse(pieces(), media_type="application/json")


def _until(asked: Asked, to_utc: datetime) -> Asked:
    return replace(asked, to_utc=min(asked.to_utc, to_utc))
