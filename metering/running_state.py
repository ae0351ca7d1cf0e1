"""What is remembered of the running quarter hour, and its bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from domain.intervals import QUARTER_MS
from domain.stored_state import StateForm
from metering.block_sync import Bounds, Sign
from metering.live_count import LiveCount
from metering.rules import GaugeRules
from quarters.series import Highest, QuarterSeries

FORM = StateForm("running-quarter", 7)
NOW_MS = 60_000
"""`now_kw` is the mean over this time: one sample is no trend."""
SYNC_MS = 1_000
"""A quarter hour that was begun so near to where the meter's begin follows it."""


@dataclass(slots=True)
class RunningState:
    """What is remembered of the billing meter: a few kilobytes, and eleven bytes a quarter hour of the billing period."""

    quarter: int = 0
    start_count_uwh: int | None = None
    """The count at the quarter hour's start; None if its start was not seen."""
    count: LiveCount = field(default_factory=LiveCount)
    newest: tuple[str | None, int, int] | None = None
    """Gateway, number and time [ms] of the newest numbered reading."""
    gauge_uwh: int = 0
    """The same from the power gauge, for a meter whose counter has not given the start."""
    gauge_seen_ms: int = 0
    """For how long the gauge was seen in it."""
    powers: list[tuple[int, int]] = field(default_factory=list)
    """Samples of the power gauge within `NOW_MS` of the newest: (time [ms], µW)."""
    minutes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each recent minute (since 1970) the sum of its samples [µW] and how many there are."""
    published_ms: int = 0
    sign: Sign | None = None
    """Newest reading of the channel that shows where the meter's quarter hours begin."""
    bounds: Bounds | None = None
    """Where they begin, as far as that was shown."""
    offset_ms: int = 0
    """By how much later than UTC's the running quarter hour began."""
    known: QuarterSeries = field(default_factory=QuarterSeries)
    """Quarter hours of the billing period, newest revisions: whichever of them is restated, the peak is looked up among all."""
    peak: tuple[int, Highest | None] | None = None
    """The quarter hour for which the peak was looked up last, and what was found; None once a row has changed."""

    @property
    def start_ms(self) -> int:
        """Where the running quarter hour began, on the clock of the meter's readings."""
        return self.quarter * QUARTER_MS + self.offset_ms

    def is_shown(self, now_ms: int) -> bool:
        """Whether the billing meter has shown of late where its quarter hours begin, and this one follows it."""
        return self.bounds is not None and self.bounds.holds_at(now_ms) and abs(self.bounds.offset_ms - self.offset_ms) <= SYNC_MS

    def held(self, gauge: GaugeRules | None) -> tuple[int | None, int]:
        """The gauge's newest power [µW], and for how long it stands [ms]."""
        if gauge is None or not self.powers:
            return None, 0
        return self.powers[-1][1], gauge.hold_ms

    def begin_again(self) -> None:
        """Nothing is known of the running quarter hour; what was dated ahead must not keep it silent."""
        self.quarter = self.published_ms = self.offset_ms = self.gauge_uwh = self.gauge_seen_ms = 0
        self.start_count_uwh, self.count, self.powers, self.minutes = None, LiveCount(), [], {}
        self.sign = self.bounds = None


_FIELDS = tuple(entry.name for entry in fields(RunningState) if entry.name not in ("known", "peak"))


def encode_state(state: RunningState) -> bytes:
    """A line of JSON, then the quarter hours as they lie in memory."""
    shown = {name: getattr(state, name) for name in _FIELDS}
    head = json.dumps({**shown, "count": asdict(state.count)}).encode()
    return b"".join((FORM.header, head, b"\n", state.known.to_bytes()))


def decode_state(stored: bytes) -> RunningState:
    """The state that `encode_state` made.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    head, _, rows = FORM.content(stored).partition(b"\n")
    document = json.loads(head)
    document["known"] = QuarterSeries.from_bytes(rows)
    if document["sign"] is not None:
        document["sign"] = Sign(*document["sign"])
    if document["bounds"] is not None:
        document["bounds"] = Bounds(*document["bounds"])
    if document["newest"] is not None:
        document["newest"] = tuple(document["newest"])
    document["count"] = _count_of(document["count"])
    document["powers"] = [(time_ms, value) for time_ms, value in document["powers"]]
    document["minutes"] = {int(minute): (total, count) for minute, (total, count) in document["minutes"].items()}
    return RunningState(**document)


def _count_of(count: dict[str, Any]) -> LiveCount:
    count["changes"] = [(time_ms, count_uwh) for time_ms, count_uwh in count["changes"]]
    return LiveCount(**count | {name: tuple(count[name]) if count[name] else None for name in ("read", "strange")})
