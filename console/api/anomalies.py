"""Calls about anomalies: what is abnormal now, and what people report of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from console.api.access import writer_of
from console.context import Console
from console.faults import responses
from console.requests import FeedbackRequest
from console.views.feedback import FeedbackEntry, feedback_view
from console.views.findings import Finding, open_findings
from console.views.scene import Scene
from domain.anomalies import Nature, Risk
from domain.feedback import Feedback
from domain.texts import Key
from words.catalogue import languages, texts

Most = Annotated[int, Query(ge=1, le=5_000, description="Maximum number of records.")]
MOST = 1_000


@dataclass(frozen=True, slots=True)
class OpenAnomaly(Finding):
    """One open anomaly, what it is about, and what to check first."""

    nature: Nature
    risk: Risk | None
    """How bad it may become, where no euros say it; null for energy."""
    check: Mapping[str, str]
    """Language -> what to check first."""


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/anomalies", tags=["meters"])
    async def anomalies() -> list[OpenAnomaly]:
        """What is abnormal now, the most expensive first; one for what belongs together, with the meters that show it too."""
        return await board.view(_open_anomalies)

    @api.get("/anomaly-feedback", tags=["meters"])
    async def feedback(most: Most = MOST) -> list[FeedbackEntry]:
        """What people reported of anomalies, the newest first, and whether it holds."""
        return await board.once(feedback_view, most)

    @api.post(
        "/anomalies/{anomaly:path}/feedback", tags=["meters"], status_code=202, dependencies=[Depends(writer_of(console))],
        responses=responses(400, 401, 404, 408, 409, 413),
    )  # fmt: skip
    async def report(anomaly: Key, wanted: FeedbackRequest) -> Feedback:
        """Report an anomaly as normal, known or fixed, or take back what was reported last.

        The answer comes once the broker has kept it; the anomaly's next revision follows. *Normal* ends it, and the like of it is silent from
        then on; *known* keeps it open; *fixed* ends it, and it opens again if it is still found two hours later. The newest report holds.
        Whoever repeats what holds gets it again; 409 where an anomaly that ended is reported as known or fixed, or nothing can be taken back.
        """
        return await board.feedback.report(anomaly, wanted.kind, wanted.by, wanted.comment.strip())


def _open_anomalies(scene: Scene) -> list[OpenAnomaly]:
    return [_open_anomaly(finding) for finding in open_findings(scene)]


def _open_anomaly(finding: Finding) -> OpenAnomaly:
    kind = finding.anomaly.kind
    check = {code: texts(code)[f"check.{kind}"] for code in languages()}
    return OpenAnomaly(finding.anomaly, finding.meter_label, finding.texts, kind.nature, kind.risk, check)
