"""How one quarter hour stands in the data and on paper, for the sections that name some."""

from __future__ import annotations

from typing import Any

from domain.instants import instant_text
from domain.intervals import Interval
from quarters.quality import is_sound
from words.speech import Words


def quarter_data(interval: Interval | None) -> dict[str, Any] | None:
    """A quarter hour in ``report.json``; None where it has no value."""
    if interval is None or interval.energy_uwh is None:
        return None
    return {
        "start_utc": instant_text(interval.start_utc), "energy_uwh": interval.energy_uwh, "power_kw": interval.power_kw,
        "quality": str(interval.quality), "method": str(interval.method), "revision": interval.revision,
        "rests_on_substitute": not is_sound(interval.quality),
    }  # fmt: skip


def power_text(interval: Interval | None, words: Words) -> str:
    """Its mean power [kW]."""
    return "–" if interval is None else words.number(interval.power_kw or 0.0, 1)


def start_text(interval: Interval | None, words: Words) -> str:
    """Its start on the wall clock."""
    return "–" if interval is None else words.moment(interval.start_utc)


def quality_text(interval: Interval | None, words: Words) -> str:
    """The word for its quality."""
    return "–" if interval is None else words.either("q", str(interval.quality))
