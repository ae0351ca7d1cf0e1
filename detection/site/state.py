"""What the watches over one site remember, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.site.gauges import Gauge
from detection.site.incidents import Incidents
from detection.site.jobs import Jobs
from detection.site.levels import Levels
from domain.codec import decode, encode
from domain.instants import UtcInstant
from domain.known_changes import Changes
from domain.recommendations import Recommendation
from domain.stored_state import StateForm
from domain.units import Int64
from quarters.newest import Newest
from quarters.series import QuarterSeries, notes_and_series, with_series


@dataclass(slots=True)
class Advised:
    """Advice on settings: what is open or accepted, and what is left alone for a while. Changed in place."""

    live: dict[str, Recommendation] = field(default_factory=dict)
    """Subject -> its advice, open or accepted."""
    quiet_until: dict[str, UtcInstant] = field(default_factory=dict)
    """Subject -> until when nothing is advised of it: it was rejected, has expired, or was carried out."""


@dataclass(slots=True)
class Notes:
    """Everything but quarter hours. Changed in place."""

    reach: dict[str, Newest] = field(default_factory=dict)
    """Meter -> how far its quarter hours reach."""
    judged_slot: Int64 | None = None
    """The newest quarter hour that was judged; None before the first live one."""
    learned_day: Int64 = 0
    """Local day (ordinal) at whose beginning `levels` were learnt."""
    levels: dict[str, Levels] = field(default_factory=dict)
    """By machine."""
    jobs: Jobs = field(default_factory=Jobs)
    changes: Changes = ()
    """`domain.known_changes.Changes` of the site."""
    gauges: dict[str, Gauge] = field(default_factory=dict)
    """By ``<machine>/<channel>``."""
    incidents: Incidents = field(default_factory=Incidents)
    starts_slot: Int64 | None = None
    """When starts at the same time were last reported."""
    starts_kw: float = 0.0
    """The highest quarter hour that they made."""
    advised: Advised = field(default_factory=Advised)


@dataclass(slots=True)
class SiteState:
    """Notes and quarter hours; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    series: dict[str, QuarterSeries] = field(default_factory=dict)
    """Meter -> its quarter hours of the last four weeks."""
    encoded: bytes | None = None


FORM = StateForm("site-watches", 1)


def encode_state(state: SiteState) -> bytes:
    """The state as bytes: the notes as JSON, then each meter and its quarter hours as they lie in memory."""
    if state.encoded is None:
        state.encoded = FORM.header + with_series(encode(state.notes), state.series)
    return state.encoded


def decode_state(stored: bytes) -> SiteState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If it is the state of another step or version.
    """
    notes, series = notes_and_series(FORM.content(stored))
    return SiteState(decode(Notes, notes), series, stored)
