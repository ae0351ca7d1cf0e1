"""What people reported of anomalies, and what of it holds."""

from __future__ import annotations

from dataclasses import dataclass

from console.views.scene import Scene
from domain.anomalies import AnomalyKind
from domain.feedback import Feedback, FeedbackKind, standing_by_anomaly
from words.sentences import names_of


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """One report of a person."""

    feedback: Feedback
    meter_label: str
    anomaly_kind: AnomalyKind | None
    """None where the anomaly is not known."""
    holds: bool
    """Whether it is what holds on its anomaly: newer feedback has not replaced it, and it was not taken back."""


def feedback_view(scene: Scene, most: int) -> list[FeedbackEntry]:
    """The newest first."""
    reports = list(dict.fromkeys([*scene.ledger.feedback(), *scene.feedback_sent]))
    standing = standing_by_anomaly(reports)
    kinds = {one.anomaly: one.kind for one in scene.ledger.anomalies()}
    names = names_of(scene.plant)
    newest = sorted(reports, key=lambda one: one.at_utc, reverse=True)[:most]
    return [
        FeedbackEntry(
            one, names.get(("meter", one.meter), one.meter), kinds.get(one.anomaly),
            one.kind is not FeedbackKind.TAKEN_BACK and standing[one.anomaly].holds == one.given,
        )
        for one in newest
    ]  # fmt: skip
