"""Readings of one register as columns: what the hot path hands over instead of one object a reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from domain.readings import Reading, ReadingQuality
from metering.packing import FEW, least, most, thousandths_of

NO_SEQUENCE = -1
"""Stands in the column for a reading without a number."""


@dataclass(frozen=True, slots=True)
class ReadingRun:
    """Good numeric readings of one meter, channel and route, in order of arrival."""

    site: str
    meter: str
    channel: str
    gateway: str | None
    origin: Literal["live", "history"]
    observed_ms: NDArray[np.int64]
    received_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    sequences: NDArray[np.int64]
    """`NO_SEQUENCE` where a reading has none."""

    def __len__(self) -> int:
        return len(self.observed_ms)

    def readings(self) -> list[Reading]:
        """The same readings as records."""
        columns = (self.observed_ms.tolist(), self.received_ms.tolist(), self.values.tolist(), self.sequences.tolist())
        return [
            Reading(
                self.site, self.meter, self.channel, observed_ms, received_ms, value,
                gateway=self.gateway, sequence=None if sequence == NO_SEQUENCE else sequence, origin=self.origin,
            )
            for observed_ms, received_ms, value, sequence in zip(*columns, strict=True)
        ]  # fmt: skip


class RunShape:
    """What is computed once of the columns of a run of at least `FEW` readings."""

    __slots__ = ("elapsed", "lags", "least_lag_ms", "shortest_ms", "thousandths", "widest_ms")

    def __init__(self, run: ReadingRun) -> None:
        observed = run.observed_ms
        self.elapsed = observed[1:] - observed[:-1]
        self.shortest_ms, self.widest_ms = int(least(self.elapsed)), int(most(self.elapsed))
        self.lags = run.received_ms - observed
        self.least_lag_ms = int(least(self.lags))
        self.thousandths = thousandths_of(run.values)


class ListedRun:
    """A run as it is put after all other readings: its columns as lists, and its shape where it is long enough."""

    __slots__ = ("received", "run", "sequences", "shape", "times", "values")

    def __init__(self, run: ReadingRun) -> None:
        self.run = run
        self.times: list[int] = run.observed_ms.tolist()
        self.received: list[int] = run.received_ms.tolist()
        self.values: list[float] = run.values.tolist()
        self.sequences: list[int] = run.sequences.tolist()
        self.shape = RunShape(run) if len(self.times) >= FEW else None
        """None where the run is too short for columns to be worth while."""


def run_of(readings: Iterable[Reading]) -> ReadingRun:
    """One run of readings that share meter, channel and route, are good and have a number."""
    taken = list(readings)
    first = taken[0]
    return ReadingRun(
        first.site, first.meter, first.channel, first.gateway, first.origin,
        np.array([r.observed_ms for r in taken], np.int64),
        np.array([r.received_ms for r in taken], np.int64),
        np.array([r.value for r in taken], np.float64),
        np.array([NO_SEQUENCE if r.sequence is None else r.sequence for r in taken], np.int64),
    )  # fmt: skip


def runs_of(readings: Iterable[Reading]) -> Iterator[ReadingRun | Reading]:
    """`readings` cut into runs, in order of arrival; what fits in no run comes by itself."""
    held: list[Reading] = []
    for reading in readings:
        fits = reading.quality is ReadingQuality.GOOD and isinstance(reading.value, float) and reading.text is None
        if held and not (fits and _route(held[0]) == _route(reading)):
            yield run_of(held)
            held = []
        if fits:
            held.append(reading)
        else:
            yield reading
    if held:
        yield run_of(held)


def _route(reading: Reading) -> tuple[str, str, str, str | None, str]:
    return reading.site, reading.meter, reading.channel, reading.gateway, reading.origin
