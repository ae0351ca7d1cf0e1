"""What people reported of incidents, the newest first, and which of it holds."""

from __future__ import annotations

from dataclasses import dataclass

from console.views.findings import MOST_SHOWN
from console.views.scene import Scene
from domain.anomalies import AnomalyKind
from domain.feedback import Feedback, FeedbackKind
from words.sentences import names_of


@dataclass(frozen=True, slots=True)
class GivenFeedback:
    """One word of one person."""

    feedback: Feedback
    kind: AnomalyKind | None
    """Of the incident; None where it is not known."""
    meter_label: str
    holds: bool
    """Whether it is the newest on its incident, and not taken back."""


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """The list of feedback."""

    rows: tuple[GivenFeedback, ...]
    left_out: int


def feedback_view(scene: Scene) -> FeedbackView:
    """All that the ledger has, the newest first."""
    names = names_of(scene.plant)
    kinds = {one.anomaly: one.kind for one in scene.ledger.anomalies()}
    everything = scene.ledger.feedback()
    newest = {one.anomaly: one for one in everything}
    rows = [
        GivenFeedback(
            one, kinds.get(one.anomaly), names.get(("meter", one.meter), one.meter),
            newest[one.anomaly] == one and one.kind is not FeedbackKind.TAKEN_BACK,
        )
        for one in reversed(everything)
    ]  # fmt: skip
    return FeedbackView(tuple(rows[:MOST_SHOWN]), max(0, len(rows) - MOST_SHOWN))
