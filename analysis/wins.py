"""Quick wins: what could be saved by next month without buying anything, in euros by the bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.base_load import BaseLoad
from analysis.days import StrangeDay
from analysis.local_load import LocalLoad
from analysis.peaks import Cut

MOST = 3
LEAST_EUR = 1.0
FEW_HOURS = 40.0
"""A cut that holds load back for longer in all is no quick win."""


class WinKind(StrEnum):
    """What is to be done."""

    PEAKS = "peaks"
    """Hold load back in the highest peaks."""
    NIGHTS = "nights"
    """Let all nights be as low as the best quarter of them."""
    WEEKENDS = "weekends"
    DAYS = "days"
    """Find out why some days drew more than their kind."""


@dataclass(frozen=True, slots=True)
class Win:
    """One of them."""

    kind: WinKind
    eur: float
    """In the time of the load."""
    kwh: float
    """Energy that is saved or, for peaks, shifted."""
    count: int
    """Peaks, or days."""
    kw: float
    """The most that is held back; mean power that is saved of nights and weekends."""
    hours: float
    """Of peaks: the longest time in a row that load is held back."""


def wins_of(
    load: LocalLoad, cuts: Sequence[Cut], base: BaseLoad, days: Sequence[StrangeDay], saving: Callable[[LocalLoad], float]
) -> list[Win]:  # fmt: skip
    """The most valuable ones, at most three.

    Parameters
    ----------
    saving
        What it saves that the load comes as in another one [EUR].
    """
    found = [win for win in _candidates(load, cuts, base, days, saving) if win.eur >= LEAST_EUR]
    return sorted(found, key=lambda win: -win.eur)[:MOST]


def _candidates(
    load: LocalLoad, cuts: Sequence[Cut], base: BaseLoad, days: Sequence[StrangeDay], saving: Callable[[LocalLoad], float]
) -> Iterator[Win]:  # fmt: skip
    peaks = [
        Win(WinKind.PEAKS, saving(one.after), one.shifted_kwh, one.peaks, one.shifted_kw, one.longest_h)
        for one in cuts
        if one.shifted_kwh <= FEW_HOURS * max(one.shifted_kw, 1e-9)
    ]
    if peaks:
        yield max(peaks, key=lambda win: win.eur)
    for kind, after in ((WinKind.NIGHTS, base.quiet_nights), (WinKind.WEEKENDS, base.quiet_weekends)):
        if after is not None:
            less = np.nan_to_num(load.kw - after.kw)
            hours = int((less > 0).sum()) / 4
            kwh = float(less.sum()) / 4
            yield Win(kind, saving(after), kwh, len(np.unique(load.day[less > 0])), kwh / hours if hours else 0.0, 0.0)
    high = [one for one in days if one.more_kwh > 0]
    if high:
        after_days = _as_usual(load, high)
        kwh = float(np.nansum(load.kw - after_days.kw)) / 4
        yield Win(WinKind.DAYS, saving(after_days), kwh, len(high), kwh / (24 * len(high)), 0.0)


def _as_usual(load: LocalLoad, days: Sequence[StrangeDay]) -> LocalLoad:
    """The load with the quarter hours of some days no higher than those of the median day of their kind."""
    kw = load.kw.copy()
    for one in days:
        places = np.flatnonzero(load.day == (one.day - load.first_day).days)
        kw[places] = np.fmin(kw[places], one.usual_kw[load.quarter[places]])
    return load.with_kw(kw)
