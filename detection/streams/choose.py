"""Which detector a series is judged by, from the names of its columns and whether there is a shift calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detection.streams.anything import Anything
from detection.streams.machine import Machine
from detection.streams.meter import Meter
from detection.streams.row import Row, Verdict

_POWER = re.compile(r".*_kw")
_PHASE = re.compile(r".*_l[123]_kw")


@dataclass(frozen=True, slots=True)
class Choice:
    """A detector, and the places of the columns that it is given, in its order."""

    name: str
    detector: Meter | Machine | Anything
    places: tuple[int, ...]

    @property
    def update(self) -> Callable[[Row], Verdict]:
        """Of the detector."""
        return self.detector.update


def detector_for(columns: Sequence[str], calendar: bool) -> Choice:
    """The detector of these columns.

    A power is a column ``..._kw``; its phases are ``..._l1_kw`` to ``..._l3_kw``. With a calendar, or where every column is a power or a phase of one, the first power is a
    meter. Several other columns are the channels of a machine, and one is any series.
    """
    phases = [place for place, name in enumerate(columns) if _PHASE.fullmatch(name)]
    powers = [place for place, name in enumerate(columns) if _POWER.fullmatch(name) and place not in phases]
    if calendar or (len(powers) == 1 and len(columns) == 1 + len(phases)):
        power = powers[0] if powers else 0
        return Choice("meter", Meter(), (power, *(place for place in phases if place != power)))
    if len(columns) > 1:
        return Choice("machine", Machine(), tuple(range(len(columns))))
    return Choice("series", Anything(), (0,))
