"""Readings of a file that a gateway's clock has dated far ahead, where no clock of ours says what the time was. Pure.

A gateway whose clock is ahead for a while stamps both dates of its readings wrongly.  It shows when its clock is right again: readings that it took
later, by its own numbers or by their place in the file, are dated long before.  So readings after a leap of the dates are held back until they go
on from there, as after a long silence, or until the dates are back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.readings import Reading

LEAP_MS = 3_600_000
"""Dates that leap farther ahead are looked at twice."""
SEEN_MS = 900_000
"""They are believed when they have gone on by so much from there."""


@dataclass(slots=True)
class _Gateway:
    time_ms: int
    number: int | None = None
    held: list[Reading] = field(default_factory=list)


def sifted(readings: Iterable[Reading]) -> Iterator[tuple[Reading, bool]]:
    """Each reading, and whether it was dated far ahead by a clock that was right again later.

    The order is that of `readings`, but for those that were held back.
    """
    gateways: dict[str | None, _Gateway] = {}
    for reading in readings:
        # Of two clocks the one that is behind cannot date ahead.
        stamp_ms = min(reading.observed_ms, reading.received_ms)
        gateway = gateways.get(reading.gateway)
        if gateway is None:
            gateways[reading.gateway] = _Gateway(stamp_ms, reading.sequence)
            yield reading, False
            continue
        taken_later = reading.origin == "live" and (
            reading.sequence is None or gateway.number is None or reading.sequence > gateway.number
        )  # fmt: skip
        if reading.sequence is not None:
            gateway.number = max(reading.sequence, gateway.number or 0)
        if stamp_ms > gateway.time_ms + LEAP_MS:
            gateway.held.append(reading)
            first = gateway.held[0]
            if stamp_ms - min(first.observed_ms, first.received_ms) < SEEN_MS:
                continue
            gateway.time_ms = stamp_ms
            yield from _released(gateway, False)
            continue
        if taken_later:
            yield from _released(gateway, True)
        gateway.time_ms = max(gateway.time_ms, stamp_ms)
        yield reading, False
    for gateway in gateways.values():
        yield from _released(gateway, False)


def _released(gateway: _Gateway, is_ahead: bool) -> Iterator[tuple[Reading, bool]]:
    held, gateway.held = gateway.held, []
    yield from ((reading, is_ahead) for reading in held)
