"""Calls of the page *Plan*: load, forecasts, jobs, recommendations and the decisions on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from console.api.access import writer_of
from console.board import Board
from console.context import Console
from console.faults import none_such, refuse, responses
from console.requests import DecisionRequest, IssuedBy
from console.views.outlook import is_billing_meter
from console.views.plan import AdviceCard, PlanView, plan_view
from console.views.scene import Scene
from domain.forecasts import Forecast
from domain.recommendations import Decision, DecisionKind, DeclineReason
from domain.texts import Key
from words.sentences import WordedAdvice, names_of, worded

Most = Annotated[int, Query(ge=1, le=5_000, description="Maximum number of records.")]
MOST = 1_000


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

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
        below = _below(board, meter)
        if below is not None and as_of_utc is not None:
            refuse(
                "query.as_of",
                f"{as_of_utc:%Y-%m-%dT%H:%M:%SZ}",
                f"nothing where a meter is named: of meter {below!r} only the newest forecast can be had",
            )
        return await board.once(_forecast, below, as_of_utc)

    @api.get("/recommendations", tags=["plan"])
    async def recommendations(most: Most = MOST) -> list[WordedAdvice]:
        """Recommendations, latest revisions, newest first, each with its sentences by language."""
        return await board.once(_recommendations, most)

    @api.get("/recommendations/cards", tags=["plan"])
    async def cards() -> tuple[AdviceCard, ...]:
        """Open and lately decided recommendations with the state of their buttons."""
        return (await board.view(plan_view)).cards

    @api.post(
        "/recommendations/{recommendation:path}/decision", tags=["plan"], status_code=202, dependencies=[Depends(writer_of(console))],
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


def _below(board: Board, meter: str | None) -> str | None:
    """The meter below the grid connection whose forecast is requested; None: the site's."""
    known = [*(m.id for m in board.plant.meters), *(m.id for m in board.plant.virtual_meters)]
    if meter is None or is_billing_meter(board.plant, meter):
        return None
    if meter not in known:
        none_such("meter", meter, known)
    return meter


def _forecast(scene: Scene, meter: str | None, as_of_utc: datetime | None) -> Forecast | None:
    if meter is not None:
        return scene.ledger.meter_forecast(meter)
    return scene.ledger.latest_forecast() if as_of_utc is None else scene.ledger.forecast_before(as_of_utc)


def _recommendations(scene: Scene, most: int) -> list[WordedAdvice]:
    latest = sorted(scene.recommendations(), key=lambda r: r.issued_utc, reverse=True)[:most]
    names, zone = names_of(scene.plant), scene.plant.site.zone
    return [worded(one, zone, names) for one in latest]
