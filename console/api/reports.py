"""Calls of the page *Reports*."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response, StreamingResponse

from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, responses
from console.reports import MadeReport, chunks
from console.requests import ReportRequest
from console.views.reports import Month, can_be_reported, months_view
from domain.texts import Key

BYTES = {"schema": {"type": "string", "format": "binary"}}
ZIP: dict[str, Any] = {"description": "All files of the report.", "content": {"application/zip": BYTES}}
FILE: dict[str, Any] = {"description": "The file.", "content": {"application/octet-stream": BYTES}}


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/reports", tags=["reports"])
    async def reports() -> tuple[MadeReport, ...]:
        """Reports that lie ready."""
        return console.shelf.made()

    @api.get("/reports/months", tags=["reports"])
    async def months() -> tuple[Month, ...]:
        """Months that can be reported."""
        return await board.view(months_view)

    @api.post("/reports", tags=["reports"], status_code=201, dependencies=[Depends(writer_of(console))],
              responses=responses(400, 401, 404, 408, 413, 429))  # fmt: skip
    async def make_report(wanted: ReportRequest) -> MadeReport:
        """Make a month's report; answers when it is ready."""
        if not await board.view(can_be_reported, wanted.month):
            none_such("quarter hour in the ledger of month", wanted.month, [m.name for m in await board.view(months_view)])
        return await console.shelf.make(wanted.month)

    @api.get("/reports/{month}.zip", tags=["reports"], response_class=StreamingResponse, responses={**responses(404), 200: ZIP})
    async def report_zip(month: Key) -> Response:
        """All files of a report."""
        packed = await console.shelf.zipped(month)
        if packed is None:
            none_such("report of month", month, [r.month for r in console.shelf.made()])
        disposition = {"Content-Disposition": f'attachment; filename="lastgang-{month}.zip"'}
        return StreamingResponse(chunks(packed), media_type="application/zip", headers=disposition)

    @api.get(
        "/reports/{month}/files/{name:path}", tags=["reports"], response_class=FileResponse, responses={**responses(404), 200: FILE}
    )
    async def report_file(month: Key, name: Key) -> Response:
        """One file of a report."""
        path = console.shelf.file(month, name)
        if path is None:
            none_such("file in this report", name, [n for r in console.shelf.made() if r.month == month for n, _ in r.files])
        return FileResponse(path, filename=path.name)
