"""All that is remembered of one meter."""

from __future__ import annotations

from metering.book import RowBook
from metering.counter import CounterTrack
from metering.gauge import GaugeTrack

Track = CounterTrack | GaugeTrack


class MeterState:
    """What is remembered of one meter."""

    __slots__ = ("books", "floor_quarter", "grid_from", "leap_ms", "next_seal", "site_ms", "stored", "tracks", "used")

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = {}
        self.books: dict[str, RowBook] = {}
        self.stored: bytes | None = None
        """What is still to be read, by the step that knows the registers."""
        self.grid_from: int | None = None
        """First quarter hour of the site, as far as this meter has heard."""
        self.floor_quarter = 0
        """Nothing before it is published: it is beyond the horizon."""
        self.site_ms = 0
        """The site's event time."""
        self.leap_ms = 0
        """Where it has leapt to without having gone on from there; 0 if nowhere."""
        self.next_seal: dict[str, int] = {}
        self.used: dict[int, int] = {}
        """Readings used, by quarter hour, as far as no row has their number."""
