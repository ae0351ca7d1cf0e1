"""How instants are written in data files."""

from __future__ import annotations

from datetime import datetime


def instant_text(instant_utc: datetime) -> str:
    """``2026-10-23T09:00:00Z``, with milliseconds only where there are some."""
    text = instant_utc.isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"
