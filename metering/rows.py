"""What is known of one quarter hour, before it has a revision."""

from __future__ import annotations

from typing import NamedTuple

from domain.intervals import IntervalMethod, IntervalQuality


class Row(NamedTuple):
    """Energy [uWh], coverage, quality and method; the energy is None exactly where the quality is missing."""

    energy_uwh: int | None
    coverage: float
    quality: IntervalQuality
    method: IntervalMethod


MISSING = Row(None, 0.0, IntervalQuality.MISSING, IntervalMethod.NONE)


class Published(NamedTuple):
    """A row as it was last published."""

    row: Row
    revision: int
    readings: int
