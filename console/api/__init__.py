"""The HTTP API: the same views as the pages, as JSON. Its description is at ``/api/v1/openapi.json``.

The calls of each page are a module of their own; a new page's are a module and a name in `router`.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from console.api import (
    anomalies,
    effects,
    events,
    incidents,
    key_figures,
    meters,
    now,
    orders,
    plan,
    platform,
    quality,
    reports,
    shifts,
)
from console.context import Console
from console.faults import Route, responses


def router(console: Console) -> APIRouter:
    """All calls."""
    api = APIRouter(prefix="/api/v1", route_class=Route, responses=responses(422, 503))
    for page in (now, plan, effects, orders, shifts, anomalies, incidents, meters, quality, key_figures, platform, reports, events):
        page.calls(api, console)

    @api.get("/{path:path}", include_in_schema=False)
    async def nothing_there(path: str) -> None:
        """A JSON answer, where the pages' own would be a page."""
        raise HTTPException(404, "there is no such call; /api/v1/openapi.json names all")

    return api
