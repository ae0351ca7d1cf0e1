"""What the desk remembers of a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.anomalies import Anomaly, AnomalyKind
from domain.codec import decode, encode
from domain.feedback import Feedback, FeedbackGiven, Standing
from domain.stored_state import StateForm

FORM = StateForm("desk", 1)
MOST_OPEN = 1_000
"""Incidents that are open at a time; the one that was heard of longest ago ends."""
MOST_ENDED = 500
KEPT_ENDED = timedelta(days=7)
"""How long feedback on an ended incident still finds it."""
MOST_MEMBERS = 200
"""Findings of one incident that are held singly; what has ended before is summed up."""
MOST_RULES = 500
MOST_WAITING = 500
"""Feedback that waits for its anomaly."""


@dataclass(slots=True)
class Member:
    """One finding, as far as it decides what belongs together and what it costs."""

    finding: str
    meter: str
    kind: AnomalyKind
    revision: int
    since_utc: datetime
    until_utc: datetime | None
    at_utc: datetime
    kw: float | None
    """What is drawn above the expected power; None where it is no matter of power."""
    kwh: float
    kwh_per_day: float
    eur_per_day: float | None
    machine: str = ""
    """What the watch names as the cause."""

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.until_utc is None

    @property
    def end_utc(self) -> datetime:
        """Its end; while it lasts, how far it was seen."""
        return self.at_utc if self.until_utc is None else self.until_utc


@dataclass(slots=True)
class Published:
    """What an incident was published with last, as far as it decides when it is published again."""

    at_utc: datetime
    until_utc: datetime | None
    cost: float
    """EUR a day, or kWh a day where no price is known."""
    cause: str
    also: int
    facts: tuple[str, ...]
    feedback: FeedbackGiven | None

    @property
    def is_open(self) -> bool:
        """Whether it was published as one that lasts."""
        return self.until_utc is None


@dataclass(slots=True)
class Incident:
    """Findings that belong together. Its id, meter, kind and beginning are those of the finding that opened it."""

    lead: Anomaly
    """The newest finding at the meter that opened it: its values and sentences are the incident's."""
    opened_by: str
    meter: str
    kind: AnomalyKind
    since_utc: datetime
    members: dict[str, Member] = field(default_factory=dict)
    settled_kwh: float = 0.0
    """Of findings that are no longer held singly."""
    revision: int = -1
    """-1 while it was never published."""
    published: Published | None = None
    standing: Standing = field(default_factory=Standing)
    """What was reported of it."""
    silenced_by: str = ""
    """The incident whose like it is; empty: none."""
    is_still_found: bool = False
    """Whether it was found long after it was reported as fixed, or has outgrown what was reported as normal."""

    @property
    def feedback(self) -> FeedbackGiven | None:
        """The feedback that holds."""
        return self.standing.holds

    @property
    def at_utc(self) -> datetime:
        """How far it was seen."""
        return max((member.at_utc for member in self.members.values()), default=self.lead.at_utc)


@dataclass(frozen=True, slots=True)
class Like:
    """What is normal at one meter."""

    meter: str
    kind: AnomalyKind
    since_utc: datetime
    kw: float | None
    is_cause: bool
    """Whether it is where the incident comes from; a meter above is silent only together with its cause."""


@dataclass(slots=True)
class Rule:
    """What a person reported as normal."""

    given: FeedbackGiven
    likes: tuple[Like, ...]


@dataclass(slots=True)
class Notes:
    """Everything that is stored."""

    reached_utc: datetime | None = None
    """How far findings go."""
    incidents: dict[str, Incident] = field(default_factory=dict)
    """By id, in the order in which they were opened."""
    belongs: dict[str, str] = field(default_factory=dict)
    """Finding -> incident."""
    rules: dict[str, Rule] = field(default_factory=dict)
    """Incident -> what is normal since."""
    waiting: list[Feedback] = field(default_factory=list)
    """Feedback on what is not known yet, in the order in which it came."""


@dataclass(slots=True)
class DeskState:
    """Notes; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    encoded: bytes | None = None


def encode_state(state: DeskState) -> bytes:
    """The state as bytes: the notes as JSON."""
    if state.encoded is None:
        state.encoded = FORM.header + encode(state.notes)
    return state.encoded


def decode_state(stored: bytes) -> DeskState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    return DeskState(decode(Notes, FORM.content(stored)), stored)
