"""The HTTP API: the same views as the pages, as JSON. Its description is at ``/api/v1/openapi.json``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel

from console.context import Console
from console.faults import Route, none_such, refuse, responses
from console.reports import MadeReport, chunks
from console.requests import MOST_DAYS, Asked, AsOf, Channel, DecisionRequest, End, IssuedBy, MeterName, ReportRequest, Start
from console.stream import streamed
from console.views.findings import Finding, open_findings
from console.views.gaps import MeterGap, gaps_of
from console.views.meters import MetersView, meters_view
from console.views.now import NowView, now_view
from console.views.outlook import is_billing_meter
from console.views.plan import AdviceCard, PlanView, plan_view
from console.views.platform import PlatformView, platform_view
from console.views.reports import Month, can_be_reported, months_view
from console.views.scene import Scene
from domain.forecasts import Forecast
from domain.intervals import Interval
from domain.orders import Order
from domain.recommendations import Decision, DecisionKind, DeclineReason
from domain.texts import Key
from reporting.gaps import Told
from words.sentences import WordedAdvice, names_of, worded

BYTES = {"schema": {"type": "string", "format": "binary"}}
ZIP: dict[str, Any] = {"description": "All files of the report.", "content": {"application/zip": BYTES}}
FILE: dict[str, Any] = {"description": "The file.", "content": {"application/octet-stream": BYTES}}
Most = Annotated[int, Query(ge=1, le=5_000, description="At most so many.")]
MOST = 1_000


class Health(BaseModel):
    """Whether the server can tell anything."""

    status: str
    broker: str
    ledger: str
    now_utc: datetime


def router(console: Console) -> APIRouter:
    """All calls."""
    api = APIRouter(prefix="/api/v1", route_class=Route, responses=responses(422, 503))
    board = console.board

    def writer(authorization: Annotated[str, Header(description="`Bearer TOKEN`, where a token is set.")] = "") -> None:
        scheme, _, token = authorization.partition(" ")
        allowed = console.access.allows(token.strip() if scheme.lower() == "bearer" else "")
        if not allowed:
            raise HTTPException(401, "send 'Authorization: Bearer TOKEN'", headers={"WWW-Authenticate": "Bearer"})

    def forecast_meter(meter: str | None) -> str | None:
        """The meter below the grid connection whose forecast is asked for; None: the site's."""
        known = [*(m.id for m in board.plant.meters), *(m.id for m in board.plant.virtual_meters)]
        if meter is None or is_billing_meter(board.plant, meter):
            return None
        if meter not in known:
            none_such("meter", meter, known)
        return meter

    @api.get("/health", tags=["platform"])
    async def health() -> Health:
        """Whether broker and ledger are there."""
        view = await board.view(platform_view)
        return Health(status="ok", broker=view.broker, ledger=view.ledger, now_utc=view.now_utc)

    @api.get("/now", tags=["now"])
    async def now() -> NowView:
        """The running quarter hour and the last 24 h."""
        return await board.view(now_view)

    @api.get("/plan", tags=["plan"])
    async def plan() -> PlanView:
        """Load of three days, jobs before and after, recommendations."""
        return await board.view(plan_view)

    @api.get("/forecast", tags=["plan"], responses=responses(404))
    async def forecast(
        meter: Annotated[Key | None, Query(description="A meter or virtual meter; the site without it.")] = None,
        as_of_utc: IssuedBy = None,
    ) -> Forecast | None:
        """The forecast issued last, or last at or before `as_of`; null while there is none.

        Of the site, or of a meter; the billing meter's is the site's. `replayed` marks one that was made afterwards, of what was
        known when it would have been issued: for looking back, not for acting.
        """
        below = forecast_meter(meter)
        if below is not None and as_of_utc is not None:
            refuse(
                "query.as_of",
                f"{as_of_utc:%Y-%m-%dT%H:%M:%SZ}",
                f"nothing where a meter is named: of meter {below!r} only the newest forecast can be had",
            )
        return await board.once(_forecast, below, as_of_utc)

    @api.get("/orders", tags=["plan"])
    async def orders(most: Most = MOST) -> list[Order]:
        """Jobs by their start, latest revisions; where there are more than `most`, those planned last."""
        return await board.once(_orders, most)

    @api.get("/recommendations", tags=["plan"])
    async def recommendations(most: Most = MOST) -> list[WordedAdvice]:
        """Recommendations, latest revisions, newest first, each with its sentences by language."""
        return await board.once(_recommendations, most)

    @api.get("/recommendations/cards", tags=["plan"])
    async def cards() -> tuple[AdviceCard, ...]:
        """Open and lately decided recommendations with the state of their buttons."""
        return (await board.view(plan_view)).cards

    @api.post(
        "/recommendations/{recommendation:path}/decision", tags=["plan"], status_code=202, dependencies=[Depends(writer)],
        responses=responses(400, 401, 404, 408, 409, 413),
    )  # fmt: skip
    async def decide(recommendation: Key, wanted: DecisionRequest) -> Decision:
        """Accept or reject. One recommendation has one decision: the first in the log.

        The answer comes once the decision is kept and is the first; then the recommendation's status follows when the advice job has
        answered. Whoever comes later gets 409 with who decided and when; who repeats the same decision gets that decision again.
        """
        if wanted.kind is DecisionKind.REJECTED and wanted.reason is DeclineReason.NONE:
            reasons = [r.value for r in DeclineReason if r is not DeclineReason.NONE]
            refuse("body.reason", wanted.reason.value, f"a reason for rejecting, one of {reasons}")
        return await board.decide(recommendation, wanted.kind, wanted.by, wanted.reason, wanted.comment.strip())

    @api.get("/anomalies", tags=["meters"])
    async def anomalies() -> tuple[Finding, ...]:
        """What is abnormal now, the dearest first."""
        return await board.view(open_findings)

    @api.get("/meters", tags=["meters"])
    async def meters() -> MetersView:
        """The tree with last values."""
        return await board.view(meters_view)

    def checked(meter: str, from_utc: datetime, to_utc: datetime, channel: str | None) -> Asked:
        found = next((m for m in board.plant.meters if m.id == meter), None)
        register = channel or (found.energy_channel() if found is not None else None)
        if found is None or register is None:
            none_such("meter", meter, [m.id for m in board.plant.meters])
        if not from_utc <= to_utc <= from_utc + timedelta(days=MOST_DAYS):
            expected = f"an instant 0 to {MOST_DAYS} days after from_utc; ask for longer spans in parts"
            refuse("query.to_utc", f"{to_utc:%Y-%m-%dT%H:%M:%SZ}", expected)
        return Asked(found.id, register, from_utc, to_utc)

    @api.get("/meters/{meter}/intervals", tags=["meters"], response_model=list[Interval], responses=responses(404))
    async def intervals(
        meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None, as_of_utc: AsOf = None
    ) -> Response:
        """Quarter hours of one register, latest revisions; the meter's energy register unless another is named."""
        return await streamed(board, Interval, _intervals, checked(meter, from_utc, to_utc, channel), as_of_utc)

    @api.get("/meters/{meter}/revisions", tags=["meters"], response_model=list[Told], responses=responses(404))
    async def revisions(meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None) -> Response:
        """Quarter hours of one register with all their revisions, oldest first, and when each was recorded."""
        return await streamed(board, Told, _told, checked(meter, from_utc, to_utc, channel))

    @api.get("/meters/{meter}/gaps", tags=["meters"], responses=responses(404))
    async def gaps(meter: MeterName, from_utc: Start, to_utc: End, channel: Channel = None) -> list[MeterGap]:
        """Gaps of all registers of a meter, or of one: from, to, energy, how they were filled, revision, what was published before."""
        return await board.once(_gaps, checked(meter, from_utc, to_utc, channel), channel)

    @api.get("/platform", tags=["platform"])
    async def platform() -> PlatformView:
        """Connections, lag, processes, rejected readings."""
        return await board.view(platform_view)

    @api.get("/reports", tags=["reports"])
    async def reports() -> tuple[MadeReport, ...]:
        """Reports that lie ready."""
        return console.shelf.made()

    @api.get("/reports/months", tags=["reports"])
    async def months() -> tuple[Month, ...]:
        """Months that can be reported."""
        return await board.view(months_view)

    @api.post("/reports", tags=["reports"], status_code=201, dependencies=[Depends(writer)],
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

    @api.get("/{path:path}", include_in_schema=False)
    async def nothing_there(path: str) -> None:
        """A JSON answer, where the pages' own would be a page."""
        raise HTTPException(404, "there is no such call; /api/v1/openapi.json names all")

    return api


def _forecast(scene: Scene, meter: str | None, as_of_utc: datetime | None) -> Forecast | None:
    if meter is not None:
        return scene.history.meter_forecast(meter)
    return scene.history.latest_forecast() if as_of_utc is None else scene.history.forecast_before(as_of_utc)


def _orders(scene: Scene, most: int) -> list[Order]:
    latest = sorted(scene.orders(), key=lambda o: o.at_utc, reverse=True)[:most]
    return sorted(latest, key=lambda o: (o.start_utc, o.job))


def _recommendations(scene: Scene, most: int) -> list[WordedAdvice]:
    latest = sorted(scene.recommendations(), key=lambda r: r.issued_utc, reverse=True)[:most]
    names, zone = names_of(scene.plant), scene.plant.site.zone
    return [worded(one, zone, names) for one in latest]


def _intervals(scene: Scene, asked: Asked, as_of_utc: datetime | None) -> Sequence[Interval]:
    return scene.history.intervals(asked.meter, asked.channel, asked.from_utc, asked.to_utc, as_of_utc)


def _told(scene: Scene, asked: Asked) -> Sequence[Told]:
    return scene.history.told(asked.meter, asked.channel, asked.from_utc, asked.to_utc)


def _gaps(scene: Scene, asked: Asked, channel: str | None) -> list[MeterGap]:
    return gaps_of(scene, scene.plant.meter_by_id(asked.meter), asked.from_utc, asked.to_utc, channel)
