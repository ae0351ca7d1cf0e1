"""Whether rows over time rise, lie on one grid and have one resolution. Pure.

Fewer rows than a grid has are gaps, and gaps are no faults: what is not there is missing. Rows that lie evenly further apart are another
resolution, and of those nobody may guess what a value stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from domain.clock import EPOCH
from domain.instants import instant_text
from quarters.profiles.cells import Faults
from quarters.resolution import coarser_stretch

MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=50 * 365)
"""A mistyped year would otherwise be thousands of years of missing values."""
RESOLUTIONS_MIN = (1, 5, 10, 15, 30, 60)
"""Of load profiles, as far as a bill is made of them."""
QUARTER_HOURS = (15,)


@dataclass(frozen=True, slots=True)
class Stamps:
    """Starts of the rows of one series, each with its line, and the column that they stand in."""

    column: str
    starts: Sequence[datetime]
    lines: Sequence[int]


def checked_resolution(stamps: Stamps, resolutions_min: Sequence[int], faults: Faults) -> int:
    """Minutes from row to row, one of `resolutions_min`; keeps a fault for all that is no series of one resolution.

    Where only one resolution will do, one row is enough, and two rows may have a gap between them.
    """
    is_rising = check_order(stamps, faults)
    minutes = resolution(stamps, resolutions_min, faults)
    if minutes is None:
        return resolutions_min[0]
    check_grid(stamps, minutes, faults)
    if is_rising:
        check_span(stamps, faults)
        check_even(stamps, minutes, faults)
    return minutes


def check_order(stamps: Stamps, faults: Faults) -> bool:
    """Whether each start is there once, in rising order; keeps a fault for each that is not."""
    seen: dict[datetime, int] = {}
    is_rising, expected = True, "rows in rising order, each start once"
    before: tuple[datetime, int] | None = None
    for start, line in zip(stamps.starts, stamps.lines, strict=True):
        if start in seen:
            faults.wrong(line, stamps.column, f"{instant_text(start)}, a duplicate of line {seen[start]}", expected)
        elif before is not None and start < before[0]:
            faults.wrong(line, stamps.column, f"{instant_text(start)} after {instant_text(before[0])} (line {before[1]})", expected)
        is_rising &= before is None or start > before[0]
        seen.setdefault(start, line)
        before = start, line
    return is_rising


def resolution(stamps: Stamps, resolutions_min: Sequence[int], faults: Faults) -> int | None:
    """The smallest customary distance of two rows [min]; None, and a fault, where it is none of `resolutions_min`.

    A distance that no profile has, such as 7 minutes, is that of a row beside the grid: `check_grid` names it.
    """
    steps = [(after - before) / MINUTE for before, after in pairwise(stamps.starts)]
    rising = [(minutes, line) for minutes, line in zip(steps, stamps.lines[1:], strict=True) if minutes > 0]
    only = resolutions_min[0] if len(resolutions_min) == 1 else None
    if len(rising) < 2 and only is not None:
        return only
    if not rising:
        faults.wrong(None, stamps.column, f"{len(stamps.starts)} rows", "at least two rows, to tell the resolution")
        return None
    minutes, line = min([one for one in rising if one[0] in RESOLUTIONS_MIN] or rising)
    if minutes in resolutions_min:
        return int(minutes)
    expected = (
        f"{only} minutes: a coarser profile hides its peaks" if only else f"one of {', '.join(map(str, resolutions_min))} minutes"
    )
    faults.wrong(line, stamps.column, f"{minutes:g} minutes as the smallest distance of two rows", expected)
    return None


def check_grid(stamps: Stamps, minutes: int, faults: Faults) -> None:
    """Every start on the grid of `minutes`."""
    step, whole = minutes * MINUTE, timedelta(0)
    for start, line in zip(stamps.starts, stamps.lines, strict=True):
        if (start - EPOCH) % step != whole:
            faults.wrong(line, stamps.column, instant_text(start), f"a start on the grid of {minutes} minutes")


def check_span(stamps: Stamps, faults: Faults) -> None:
    """No more years than anybody has a file of."""
    starts = stamps.starts
    if len(starts) < 2 or starts[-1] - starts[0] <= LONGEST:
        return
    before = max(range(len(starts) - 1), key=lambda place: starts[place + 1] - starts[place])
    found = f"{instant_text(starts[before + 1])} after {instant_text(starts[before])}"
    faults.wrong(stamps.lines[before + 1], stamps.column, found, f"rows of at most {LONGEST.days // 365} years")


def check_even(stamps: Stamps, minutes: int, faults: Faults) -> None:
    """No stretch of another resolution."""
    if stretch := coarser_stretch(stamps.starts, minutes * MINUTE):
        found = f"rows {stretch.step / MINUTE:g} minutes apart from here on, {minutes} minutes elsewhere"
        expected = f"one resolution, or a row every {minutes} minutes, its value empty where it is missing"
        faults.wrong(stamps.lines[stretch.first], stamps.column, found, expected)
