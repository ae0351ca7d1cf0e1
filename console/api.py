"""The HTTP API: the same views as the pages, as JSON. Its description is at ``/api/v1/openapi.json``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from console.board import NotDecidable
from console.context import Console
from console.reports import MONTH, MadeReport, ReportFailed
from console.views.findings import Finding, open_findings
from console.views.gaps import MeterGap, gaps_of
from console.views.meters import MetersView, meters_view
from console.views.now import NowView, now_view
from console.views.outlook import is_billing_meter
from console.views.plan import AdviceCard, PlanView, plan_view
from console.views.platform import PlatformView, platform_view
from console.views.reports import Month, months_view
from console.views.scene import Scene
from domain.errors import LastgangError
from domain.forecasts import Forecast
from domain.intervals import Interval
from domain.orders import Order
from domain.recommendations import Decision, DecisionKind, DeclineReason, Recommendation
from reporting.gaps import Told

MOST_DAYS = 400


class DecisionRequest(BaseModel):
    """What a person says to a recommendation."""

    kind: DecisionKind
    by: str = Field(min_length=1, max_length=80, pattern=r"\S", description="Name of the person.")
    reason: DeclineReason = Field(DeclineReason.NONE, description="Must be named when the recommendation is rejected.")
    comment: str = Field("", max_length=500)


class ReportRequest(BaseModel):
    """Which month to report."""

    month: str = Field(pattern=MONTH.pattern, examples=["2026-10"])


class Health(BaseModel):
    """Whether the server can tell anything."""

    status: str
    broker: str
    ledger: str
    now_utc: datetime


class Fault(BaseModel):
    """Why it did not work."""

    detail: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A register and a span that there are."""

    meter: str
    channel: str
    from_utc: datetime
    to_utc: datetime


Start = Annotated[datetime, Query(description="With zone, on a quarter hour.")]
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Fault, "description": "No such meter."}}
REFUSED: dict[int | str, dict[str, Any]] = {401: {"model": Fault, "description": "The token is missing or wrong."}}


def router(console: Console) -> APIRouter:
    """All calls."""
    api = APIRouter(prefix="/api/v1")
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
            raise HTTPException(404, f"no meter {meter!r}; there are {known}")
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

    @api.get("/forecast", tags=["plan"], responses=UNKNOWN)
    async def forecast(
        meter: Annotated[str | None, Query(description="A meter or virtual meter; the site without it.")] = None,
        as_of_utc: Annotated[
            datetime | None, Query(alias="as_of", description="With zone: issued then at the latest. Of the site only.")
        ] = None,
    ) -> Forecast | None:
        """The forecast issued last, or last at or before `as_of`; null while there is none.

        Of the site, or of a meter; the billing meter's is the site's. `replayed` marks one that was made afterwards, of what was
        known when it would have been issued: for looking back, not for acting.
        """
        if as_of_utc is not None and as_of_utc.tzinfo is None:
            raise HTTPException(422, "as_of needs a zone, such as 2026-10-23T00:00:00Z")
        below = forecast_meter(meter)
        if below is not None and as_of_utc is not None:
            raise HTTPException(422, f"as_of is for the site's forecast; of meter {below!r} only the newest can be asked for")
        return await board.view(_forecast, below, None if as_of_utc is None else as_of_utc.astimezone(UTC))

    @api.get("/orders", tags=["plan"])
    async def orders() -> list[Order]:
        """All jobs, latest revisions."""
        return await board.view(_orders)

    @api.get("/recommendations", tags=["plan"])
    async def recommendations() -> list[Recommendation]:
        """All recommendations, latest revisions, newest first."""
        return await board.view(_recommendations)

    @api.get("/recommendations/cards", tags=["plan"])
    async def cards() -> tuple[AdviceCard, ...]:
        """Open and lately decided recommendations with the state of their buttons."""
        return (await board.view(plan_view)).cards

    @api.post(
        "/recommendations/{recommendation:path}/decision", tags=["plan"], status_code=202, dependencies=[Depends(writer)],
        responses={**REFUSED, 409: {"model": Fault, "description": "Not open."}, 503: {"model": Fault, "description": "No broker."}},
    )  # fmt: skip
    async def decide(recommendation: str, said: DecisionRequest) -> Decision:
        """Accept or reject; the recommendation's status follows once the advice job has answered."""
        if said.kind is DecisionKind.REJECTED and said.reason is DeclineReason.NONE:
            raise HTTPException(422, f"name a reason: one of {[r.value for r in DeclineReason if r is not DeclineReason.NONE]}")
        try:
            return await board.decide(recommendation, said.kind, said.by.strip(), said.reason, said.comment.strip())
        except NotDecidable as error:
            raise HTTPException(409, str(error)) from error
        except LastgangError as error:
            raise HTTPException(503, str(error)) from error

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
            raise HTTPException(404, f"no meter {meter!r}; there are {[m.id for m in board.plant.meters]}")
        if from_utc.tzinfo is None or to_utc.tzinfo is None:
            raise HTTPException(422, "from_utc and to_utc need a zone, such as 2026-10-23T00:00:00Z")
        if not 0 <= (to_utc - from_utc).days <= MOST_DAYS:
            raise HTTPException(422, f"to_utc must lie 0 to {MOST_DAYS} days after from_utc")
        return Asked(found.id, register, from_utc.astimezone(UTC), to_utc.astimezone(UTC))

    @api.get("/meters/{meter}/intervals", tags=["meters"], responses=UNKNOWN)
    async def intervals(
        meter: str,
        from_utc: Start,
        to_utc: datetime,
        channel: str | None = None,
        as_of_utc: Annotated[datetime | None, Query(description="With zone: what was known then.")] = None,
    ) -> list[Interval]:
        """Quarter hours of one register, latest revisions; the meter's energy register unless another is named."""
        asked = checked(meter, from_utc, to_utc, channel)
        if as_of_utc is not None and as_of_utc.tzinfo is None:
            raise HTTPException(422, "as_of_utc needs a zone, such as 2026-10-23T00:00:00Z")
        return await board.view(_intervals, asked, None if as_of_utc is None else as_of_utc.astimezone(UTC))

    @api.get("/meters/{meter}/revisions", tags=["meters"], responses=UNKNOWN)
    async def revisions(meter: str, from_utc: Start, to_utc: datetime, channel: str | None = None) -> list[Told]:
        """Quarter hours of one register with all that was said of them, oldest revision first, and when each was recorded."""
        return await board.view(_told, checked(meter, from_utc, to_utc, channel))

    @api.get("/meters/{meter}/gaps", tags=["meters"], responses=UNKNOWN)
    async def gaps(meter: str, from_utc: Start, to_utc: datetime, channel: str | None = None) -> list[MeterGap]:
        """Gaps of all registers of a meter, or of one: from, to, energy, how they were filled, revision, what was said before."""
        asked = checked(meter, from_utc, to_utc, channel)
        return await board.view(_gaps, asked, channel)

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
              responses={**REFUSED, 500: {"model": Fault, "description": "The report could not be made."}})  # fmt: skip
    async def make_report(wanted: ReportRequest) -> MadeReport:
        """Make a month's report; answers when it is ready."""
        try:
            await console.shelf.make(wanted.month)
        except ReportFailed as error:
            raise HTTPException(500, str(error)) from error
        return next(report for report in console.shelf.made() if report.month == wanted.month)

    @api.get("/reports/{month}.zip", tags=["reports"], response_class=Response, responses={404: {"model": Fault}})
    async def report_zip(month: str) -> Response:
        """All files of a report."""
        packed = console.shelf.zipped(month)
        if packed is None:
            raise HTTPException(404, f"no report of {month!r} has been made")
        disposition = {"Content-Disposition": f'attachment; filename="lastgang-{month}.zip"'}
        return Response(packed, media_type="application/zip", headers=disposition)

    @api.get("/reports/{month}/files/{name:path}", tags=["reports"], response_class=FileResponse, responses={404: {"model": Fault}})
    async def report_file(month: str, name: str) -> FileResponse:
        """One file of a report."""
        path = console.shelf.file(month, name)
        if path is None:
            raise HTTPException(404, f"no file {name!r} in a report of {month!r}")
        return FileResponse(path, filename=path.name)

    return api


def _forecast(scene: Scene, meter: str | None, as_of_utc: datetime | None) -> Forecast | None:
    if meter is not None:
        return scene.history.meter_forecast(meter)
    return scene.history.latest_forecast() if as_of_utc is None else scene.history.forecast_before(as_of_utc)


def _orders(scene: Scene) -> list[Order]:
    return list(scene.history.orders())


def _recommendations(scene: Scene) -> list[Recommendation]:
    return sorted(scene.recommendations(), key=lambda r: r.issued_utc, reverse=True)


def _intervals(scene: Scene, asked: Asked, as_of_utc: datetime | None) -> list[Interval]:
    return list(scene.history.intervals(asked.meter, asked.channel, asked.from_utc, asked.to_utc, as_of_utc))


def _told(scene: Scene, asked: Asked) -> list[Told]:
    return list(scene.history.told(asked.meter, asked.channel, asked.from_utc, asked.to_utc))


def _gaps(scene: Scene, asked: Asked, channel: str | None) -> list[MeterGap]:
    return gaps_of(scene, scene.plant.meter_by_id(asked.meter), asked.from_utc, asked.to_utc, channel)
