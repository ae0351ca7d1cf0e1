"""The canonical bytes of the ledger's rows, as `docs/evidence-format.md` has them: what is hashed and what a report discloses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_array = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode
_text = json.JSONEncoder(ensure_ascii=True).encode
Names = Callable[[int], str]
"""Number of a series -> its site, meter and channel as the beginning of a canonical array."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows of one table are named by a link, and which columns their canonical bytes have."""

    key: str
    """SQL of the columns ``a, b, c, name`` of a link."""
    columns: str
    """What follows the kind in the canonical array, but for `interval` and `unreadable`, which are put together by hand."""


KINDS: Mapping[str, Kind] = {
    "interval": Kind(
        "series, start_s, revision, NULL",
        "series, start_s, revision, energy_uwh, coverage, quality, method, readings, origin, recorded_ms",
    ),
    "entry": Kind("entry, NULL, NULL, NULL", "topic, subject, revision, at_ms, payload, recorded_ms"),
    "rejection": Kind("rejection, NULL, NULL, NULL", "source, meter, reason, at_ms, payload, recorded_ms"),
    "demand": Kind("start_s, NULL, NULL, site", "site, start_s, payload, recorded_ms"),
    "conflict": Kind("conflict, NULL, NULL, NULL", "topic, subject, revision, payload, place, recorded_ms"),
    "unreadable": Kind("unreadable, NULL, NULL, NULL", "topic, partition, offset, reason, original, recorded_ms"),
    "event": Kind("event, NULL, NULL, NULL", "recorded_ms, what"),
    "document": Kind("document, NULL, NULL, NULL", "name, sha256, recorded_ms"),
    "report": Kind("report, NULL, NULL, NULL", "name, version, manifest_sha256, recorded_ms"),
}


def beginning_of_interval(site: str, meter: str, channel: str) -> str:
    """The canonical array of a quarter hour as far as its series decides it."""
    return f'["interval",{_text(site)},{_text(meter)},{_text(channel)},'


def canonical(kind: str, values: Sequence[Any], names: Names) -> bytes:
    """The canonical bytes of a row.

    Parameters
    ----------
    values
        Of the columns of its kind, in their order.
    """
    if kind == "interval":
        # Written out: nine of ten rows are quarter hours. Their words are those of enumerations and need no escape.
        series, start_s, revision, energy_uwh, coverage, quality, method, readings, origin, recorded_ms = values
        energy = "null" if energy_uwh is None else energy_uwh
        return (
            f'{names(series)}{start_s},{revision},{energy},{coverage!r},"{quality}","{method}",{readings},"{origin}",{recorded_ms}]'
        ).encode("ascii")
    shown = [value.hex() if isinstance(value, bytes) else value for value in values]
    return _array([kind, *shown]).encode("ascii")
