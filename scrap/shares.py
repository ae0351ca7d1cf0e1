"""Whether the share of scrap has risen: a CUSUM on counts of good and bad pieces, against the machine's own past with the same product. Pure.

In: pieces and scrap, event by event; days of the past.  Out: an alarm with since when, or that it is over.

Log-likelihood ratio of a share `p1` against the usual share `p0`, added up and kept from falling below zero (Page 1954; for proportions: Reynolds
and Stoumbos 1999)::

    C = max(0, C + [scrap * ln(p1 / p0) + (pieces - scrap) * ln((1 - p1) / (1 - p0))] / dispersion)

Two of them run beside each other, for twice and for five times the usual share: the first finds a small rise at all, the second a large one soon.
With counts as independent as coins the mean time between false alarms of each is at least exp(limit) events (Lorden 1971): `ALARM` makes that a year
of quarter hours for both together. Real scrap comes in clumps, so the ratio is divided by the dispersion of the days of the past (variance over that of
a binomial count); few days say little of it, so it is drawn towards `PRIOR_DISPERSION`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from domain.units import Amount, Int64

QUARTERS_OF_A_YEAR = 35_040
FACTORS = (2.0, 5.0)
"""Times the usual share that is looked for."""
ALARM = math.log(len(FACTORS) * QUARTERS_OF_A_YEAR)
"""Limit of each CUSUM: one false alarm a year of quarter hours with pieces, at most, for each machine and product."""
OVER = math.log(100.0)
"""Limit of the test that the share is the usual one again: wrong once in a hundred times."""
LEAST_RISE = 0.005
"""A rise by less than half a percentage point is not looked for."""
FEWEST_DAYS, FEWEST_PIECES = 4, 400
"""Of the past, before anything is judged."""
MOST_DAYS = 35
MOST_DISPERSION = 25.0
PRIOR_DISPERSION, PRIOR_DAYS = 2.0, 6
"""What is believed of the dispersion before any day, and how many days outweigh it."""
_Many = Annotated[float, Field(ge=0, le=1e15)]


@dataclass(frozen=True, slots=True)
class Day:
    """What one machine made of one product on one local day."""

    day: Int64
    """Ordinal of the date."""
    pieces: _Many
    scrap: _Many
    kwh: Amount = 0.0
    """Energy of `measured` pieces."""
    measured: _Many = 0.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for one machine and product."""

    share: float
    """Of scrap, 0..1, half a piece added so that it is never zero."""
    dispersion: float
    """Variance of the days' scrap over that of independent pieces, at least 1."""
    pieces_per_day: float
    kwh_per_piece: float | None
    """None where no energy is known."""
    kwh_spread: float | None
    """Standard deviation of the days' energy per piece; None with fewer than `FEWEST_DAYS` days."""

    @property
    def risen(self) -> tuple[float, ...]:
        """The shares that are looked for: `FACTORS` times the usual one, at least `LEAST_RISE` above it."""
        most = (1 + self.share) / 2
        return tuple(min(max(factor * self.share, self.share + LEAST_RISE), most) for factor in FACTORS)

    def evidence_of_rise(self, pieces: float, scrap: float) -> tuple[float, ...]:
        """Log-likelihood ratio of each of the risen shares against the usual one."""
        return tuple(_ratio(pieces, scrap, self.share, risen) / self.dispersion for risen in self.risen)

    def begin_of(self, run: Sequence[tuple[float, float]]) -> int:
        """Where in a run of (pieces, scrap) the share has most likely risen: the place with the highest likelihood for what came from there on."""
        best, place, pieces, scrap = -math.inf, len(run) - 1, 0.0, 0.0
        for number in reversed(range(len(run))):
            pieces, scrap = pieces + run[number][0], scrap + run[number][1]
            share = min(scrap / pieces, 1 - 0.5 / (pieces + 1)) if pieces else 0.0
            found = _ratio(pieces, scrap, self.share, share) if share > self.share else -math.inf
            if found > best:
                best, place = found, number
        return place

    def evidence_of_end(self, pieces: float, scrap: float, share: float) -> float:
        """Log-likelihood ratio of the usual share against that of the incident."""
        return _ratio(pieces, scrap, max(share, self.risen[0]), self.share) / self.dispersion


def _ratio(pieces: float, scrap: float, of: float, against: float) -> float:
    """Log-likelihood of counts under the share `against` less that under the share `of`."""
    return scrap * math.log(against / of) + (pieces - scrap) * math.log((1 - against) / (1 - of))


@lru_cache(1_000)
def usual_of(days: tuple[Day, ...]) -> Usual | None:
    """What `days` show; None while they are too few."""
    pieces, scrap = sum(day.pieces for day in days), sum(day.scrap for day in days)
    if len(days) < FEWEST_DAYS or pieces < FEWEST_PIECES:
        return None
    share = (scrap + 0.5) / (pieces + 1)
    expected = sum((day.scrap - day.pieces * share) ** 2 / (day.pieces * share * (1 - share)) for day in days if day.pieces)
    found = (expected + PRIOR_DAYS * PRIOR_DISPERSION) / (len(days) - 1 + PRIOR_DAYS)
    dispersion = min(max(1.0, found), MOST_DISPERSION)
    per_day = sorted(day.pieces for day in days)[len(days) // 2]
    energies = [day for day in days if day.measured > 0]
    measured = sum(day.measured for day in energies)
    kwh_per_piece = sum(day.kwh for day in energies) / measured if measured else None
    spread = None
    if len(energies) >= FEWEST_DAYS and kwh_per_piece is not None:
        squares = [(day.kwh / day.measured - kwh_per_piece) ** 2 for day in energies]
        spread = math.sqrt(sum(squares) / (len(squares) - 1))
    return Usual(share, dispersion, per_day, kwh_per_piece, spread)


def with_day(days: tuple[Day, ...], day: Day) -> tuple[Day, ...]:
    """`days` with one more, added to that of the same date; in order, the newest `MOST_DAYS`."""
    same = next((one for one in days if one.day == day.day), None)
    if same is not None:
        day = Day(day.day, same.pieces + day.pieces, same.scrap + day.scrap, same.kwh + day.kwh, same.measured + day.measured)
    others = (one for one in days if one.day != day.day)
    return tuple(sorted((*others, day), key=lambda one: one.day))[-MOST_DAYS:]
