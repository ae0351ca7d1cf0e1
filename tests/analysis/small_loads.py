"""Loads that can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from analysis.local_load import LocalLoad
from quarters.numbers import slot_of

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 4, 23, 0, tzinfo=UTC)
"""Midnight at the works, Monday 5 January 2026."""


def load_of(kw, start=MONDAY) -> LocalLoad:
    """A load that begins on a Monday."""
    return LocalLoad(slot_of(start), np.asarray(kw, dtype=float), BERLIN)


def days(count: int, kw: float = 100.0) -> np.ndarray:
    """Flat days of winter."""
    return np.full(96 * count, kw)
