"""What people report about an anomaly: that it is normal, known or fixed, and that this holds no longer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.instants import UtcInstant
from domain.texts import Key, Text


class FeedbackKind(StrEnum):
    """What a person reports."""

    NORMAL = "normal"
    """It belongs to the plant: it closes, and the like of it is silent from then on."""
    KNOWN = "known"
    """Somebody looks after it: it stays open, is shown as known, and is published again only when it costs much more or ends."""
    FIXED = "fixed"
    """It is put right: it closes, and opens again if it is still found after a while."""
    TAKEN_BACK = "taken_back"
    """The report before this one holds no longer, as if it had never been made."""


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """The feedback that holds on an anomaly: who reported what, when and why."""

    kind: FeedbackKind
    by: Key
    at_utc: UtcInstant
    comment: Text = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One report of one person about one anomaly.

    It may come before its anomaly: two topics have no order between them. Repeated, it changes nothing.
    """

    site: Key
    meter: Key
    """The anomaly's."""
    anomaly: Key
    """Id of the anomaly."""
    kind: FeedbackKind
    by: Key
    at_utc: UtcInstant
    comment: Text = ""

    @property
    def given(self) -> FeedbackGiven:
        """The same, without what it is about."""
        return FeedbackGiven(self.kind, self.by, self.at_utc, self.comment)
