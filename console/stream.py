"""Long answers piece by piece, so that a year of quarter hours takes no more memory than a month of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from console.board import Board
from console.requests import Span

PIECE = timedelta(days=31)

Query = Callable[..., Sequence[Any]]
"""``(scene, span, *arguments)`` -> rows of that span."""


async def streamed(board: Board, row_type: Any, query: Query, span: Span, *arguments: object) -> StreamingResponse:
    """A JSON array of what `query` finds in the whole span. The first piece is there before the answer begins: what can fail, fails then."""
    rows = TypeAdapter(list[row_type])
    first = await board.once(query, _until(span, span.from_utc + PIECE), *arguments)

    async def pieces() -> AsyncIterator[bytes]:
        piece, start_utc, mark = first, span.from_utc, b"["
        while True:
            if piece:
                yield mark + rows.dump_json(list(piece))[1:-1]
                mark = b","
            start_utc += PIECE
            if start_utc >= span.to_utc:
                break
            piece = await board.once(query, _until(replace(span, from_utc=start_utc), start_utc + PIECE), *arguments)
        yield b"]" if mark == b"," else b"[]"

    return StreamingResponse(pieces(), media_type="application/json")


def _until(span: Span, to_utc: datetime) -> Span:
    return replace(span, to_utc=min(span.to_utc, to_utc))
