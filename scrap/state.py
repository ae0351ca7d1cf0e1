"""What the step of the room remembers of one site, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.codec import decode, encode
from domain.quality import QualityEvent
from domain.stored_state import StateForm
from domain.texts import Key
from domain.units import Int64
from quarters.series import QuarterSeries, notes_and_series, with_series
from scrap.counting import CountNotes
from scrap.rising import Watched

MOST_WATCHED = 500
"""Products, each on one machine, that are watched: those that were made last."""
MOST_WAITING = 500
MOST_SEEN = 400
"""Events of a machine that are remembered, so that one that is written twice counts once."""


@dataclass(slots=True)
class ScrapNotes:
    """Everything but quarter hours. Changed in place."""

    counting: CountNotes = field(default_factory=CountNotes)
    watched: list[Watched] = field(default_factory=list)
    waiting: list[QualityEvent] = field(default_factory=list)
    """Counts of the newest quarter hour whose energy has not come yet: they are judged with it, or when the next one is over."""
    seen: dict[Key, list[Key]] = field(default_factory=dict)
    """Machine -> its newest events by id."""
    counted_slot: dict[Key, Int64] = field(default_factory=dict)
    """Machine -> first quarter hour that its counters have not reported: what cuts an earlier span into pieces is no news."""
    counts_scrap: list[Key] = field(default_factory=list)
    """Machines of which somebody counts scrap at all."""

    def of(self, machine: str, product: str) -> Watched:
        """What is known of a product on a machine, new if it is nothing yet."""
        found = next((one for one in self.watched if (one.machine, one.product) == (machine, product)), None)
        if found is None:
            found = Watched(machine, product)
            if len(self.watched) >= MOST_WATCHED:
                self.watched.remove(min(self.watched, key=lambda one: (one.incident is not None, one.newest_slot)))
            self.watched.append(found)
        return found

    def is_new(self, machine: str, event: str) -> bool:
        """Whether an event was not seen before; it is noted."""
        known = self.seen.setdefault(machine, [])
        if event in known:
            return False
        known.append(event)
        del known[:-MOST_SEEN]
        return True


@dataclass(slots=True)
class ScrapState:
    """Notes, and quarter hours by meter; `encoded` is what was written last, None after a change."""

    notes: ScrapNotes = field(default_factory=ScrapNotes)
    series: dict[str, QuarterSeries] = field(default_factory=dict)
    encoded: bytes | None = None


FORM = StateForm("scrap", 1)


def encode_state(state: ScrapState) -> bytes:
    """The state as bytes: the notes as JSON, then meter by meter its name and its columns as they lie in memory."""
    if state.encoded is None:
        state.encoded = FORM.header + with_series(encode(state.notes), state.series)
    return state.encoded


def decode_state(stored: bytes) -> ScrapState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If it is of another step or version.
    """
    notes, series = notes_and_series(FORM.content(stored))
    return ScrapState(decode(ScrapNotes, notes), series, stored)
