"""What people report about an anomaly: that it is normal, known or fixed, and that this holds no longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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


MOST_STANDING = 8
"""Feedback on one anomaly that can be taken back step by step."""


class NoEffect(StrEnum):
    """Why feedback changes nothing."""

    REPEATED = "repeated"
    OVERTAKEN = "overtaken"
    """Something that is dated later came before it."""
    NOTHING_TO_TAKE_BACK = "nothing_to_take_back"


@dataclass(slots=True)
class Standing:
    """What was reported of one anomaly."""

    given: list[FeedbackGiven] = field(default_factory=list)
    """What holds, the newest last; what was taken back is not in it."""
    newest: FeedbackGiven | None = None
    """What came last, be it taken back."""

    @property
    def holds(self) -> FeedbackGiven | None:
        """What holds now."""
        return self.given[-1] if self.given else None

    def no_effect(self, given: FeedbackGiven) -> NoEffect | None:
        """Why `given` would change nothing; None: it would."""
        if given == self.newest or given in self.given:
            return NoEffect.REPEATED
        if self.newest is not None and given.at_utc < self.newest.at_utc:
            return NoEffect.OVERTAKEN
        if given.kind is FeedbackKind.TAKEN_BACK and not self.given:
            return NoEffect.NOTHING_TO_TAKE_BACK
        return None

    def take(self, given: FeedbackGiven) -> None:
        """Take feedback in; what has no effect changes nothing."""
        if self.no_effect(given) is not None:
            return
        if given.kind is FeedbackKind.TAKEN_BACK:
            self.given.pop()
        else:
            self.given.append(given)
            del self.given[:-MOST_STANDING]
        self.newest = given


def standing_by_anomaly(reports: Iterable[Feedback]) -> dict[str, Standing]:
    """Anomaly -> what was reported of it, from feedback in the order of the log."""
    found: dict[str, Standing] = {}
    for one in reports:
        found.setdefault(one.anomaly, Standing()).take(one.given)
    return found
