"""The site's event time: how far it is believed, and when a quarter hour is due by it. Pure."""

from __future__ import annotations

from bisect import bisect_left

from domain.intervals import QUARTER_MS
from metering.meter_rules import DAY_MS
from metering.rules import OUT_OF_ORDER_MS
from metering.state import Track

LEAP_MS = DAY_MS
"""Event time that leaps farther is not believed at once: one clock that is wrong must not fill a month with quarter hours."""
LEAP_SEEN_MS = 60_000
"""It is believed when it has gone on by so much from there."""


def believed(site_ms: int, leap_ms: int, now_ms: int) -> tuple[int, int]:
    """The site's event time as far as it is believed, and where it has leapt to without having gone on from there.

    Parameters
    ----------
    site_ms, leap_ms
        The same as they were; 0: not yet known, and nowhere.
    now_ms
        The newest event time of the site that was reported [ms since 1970].
    """
    if site_ms == 0:
        return now_ms, 0 if now_ms > 0 else leap_ms
    if now_ms <= site_ms:
        return site_ms, leap_ms
    if now_ms <= site_ms + LEAP_MS or (leap_ms and now_ms >= leap_ms + LEAP_SEEN_MS):
        return now_ms, 0
    return site_ms, min(leap_ms or now_ms, now_ms)


def due_ms(track: Track, quarter: int) -> int:
    """When a quarter hour can be published: readings after its end have come, and late ones have had their time."""
    end_ms = (quarter + 1) * QUARTER_MS
    latest_ms = end_ms + OUT_OF_ORDER_MS + 2 * track.rules.sampling_ms
    times = track.points.times
    after = bisect_left(times, end_ms)
    return min(latest_ms, times[after] + OUT_OF_ORDER_MS) if after < len(times) else latest_ms
