"""Calls of the page *Reports*."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response, StreamingResponse

from console.api.access import writer_of
from console.context import Console
from console.faults import none_such, responses
from console.reports import MadeReport, Making, chunks
from console.requests import ReportRequest
from console.views.reports import Month, Reportable, can_be_reported, months_view, periods_view
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

    @api.get("/reports/periods", tags=["reports"])
    async def periods() -> tuple[Reportable, ...]:
        """Months, quarters and years that can be reported; any other days as ``2026-10-03--2026-10-17``."""
        return await board.view(periods_view)

    @api.get("/reports/making", tags=["reports"])
    async def making() -> tuple[Making, ...]:
        """Reports that are being made, and how far they are."""
        return console.shelf.making()

    @api.post("/reports", tags=["reports"], status_code=201, dependencies=[Depends(writer_of(console))],
              responses=responses(400, 401, 404, 408, 413, 429))  # fmt: skip
    async def make_report(wanted: ReportRequest) -> MadeReport:
        """Make the report of a period; answers when it is ready."""
        if not await board.view(can_be_reported, wanted.label):
            none_such("quarter hour in the ledger of period", wanted.label, [one.label for one in await board.view(periods_view)])
        return await console.shelf.make(wanted.label)

    @api.get("/reports/{period}.zip", tags=["reports"], response_class=StreamingResponse, responses={**responses(404), 200: ZIP})
    async def report_zip(period: Key) -> Response:
        """All files of a report."""
        packed = await console.shelf.zipped(period)
        if packed is None:
            none_such("report of period", period, [r.period for r in console.shelf.made()])
        disposition = {"Content-Disposition": f'attachment; filename="lastgang-{period}.zip"'}
        return StreamingResponse(chunks(packed), media_type="application/zip", headers=disposition)

    @api.get(
        "/reports/{period}/files/{name:path}",
        tags=["reports"],
        response_class=FileResponse,
        responses={**responses(404), 200: FILE},
    )
    async def report_file(period: Key, name: Key) -> Response:
        """One file of a report."""
        path = console.shelf.file(period, name)
        if path is None:
            none_such("file in this report", name, [n for r in console.shelf.made() if r.period == period for n, _ in r.files])
        return FileResponse(path, filename=path.name)
