"""How the load may come: whole days, each as likely as the others, and what a change of the plan does in each of them.

In: a forecast with its band and its distribution of each day's highest quarter hour.  Out: how likely a change lowers the peak, by how much on
average, and a few days that stand for all where each is priced by whole bills.

A peak is the highest of many quarter hours, and often comes in another one than is expected. A job moved out of the expected one lowers it
then by nothing. So both peaks, without the change and with it, are taken of the same days. The band says in which quarter hour the peak may
come, the forecast's distribution of peaks how high.

The best of many changes in some days is better there than it will be: part of what made it the best is how these days happened to be drawn. So
changes are sought in other days than those that say what they are worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt

from domain.forecasts import Forecast
from domain.orders import Order
from quarters.numbers import slot_of
from scheduling.odds import lifted
from scheduling.problem import Load, Outlook

COUNT = 64
"""Days that may come."""
NORMAL_10_TO_90 = 2.5631
"""Width of a normal distribution between its 10 % and 90 % quantiles, in standard deviations."""
BAND_SHARE = 0.8
"""Standard deviation of a drawn quarter hour, in those that the band states: measured misses have more of the small and of the very large."""
CASES = 5
"""Days that stand for all."""
PASSES_BY_KW = 1.0
"""A peak that is passed by less is not passed: compressors switch a little earlier or later."""
MEMORY = 0.25
"""Share of a drawn miss that is still there a quarter hour later: as measured."""
SEEKING, STATING = 61, 62
"""Seeds of the days in which changes are sought, and of those that say how likely a change is to help and what it saves."""
PERIOD = 7 * 96
"""After so many quarter hours drawn misses come again."""


@dataclass(frozen=True)
class Scenarios:
    """Equally likely days.

    Attributes
    ----------
    misses_kw
        What is to be added to the expected load of each quarter hour, a row a day [kW].
    """

    misses_kw: Load

    @staticmethod
    def of(forecast: Forecast, day_of: Callable[[datetime], str], seed: int = STATING) -> Scenarios:
        """Days with the forecast's band, whose highest quarter hours come as it says; `day_of` gives the local date of an instant."""
        band = BAND_SHARE * (np.array(forecast.q90_kw) - np.array(forecast.q10_kw)) / NORMAL_10_TO_90
        count = COUNT if band.any() else CASES if forecast.peaks else 1
        first = slot_of(forecast.first_start_utc)
        drawn = _drawn(seed)[:count, (first + np.arange(len(band))) % PERIOD] * band
        return Scenarios(lifted(drawn, forecast, day_of))

    @staticmethod
    def certain(count: int) -> Scenarios:
        """What is expected comes, in all `count` quarter hours."""
        return Scenarios(np.zeros((1, count)))

    def peaks_kw(self, outlook: Outlook, change_kw: Load | None = None, until: int | None = None) -> Load:
        """The highest quarter hour before slot `until` in each of the days, with a change of the load [kW]."""
        expected = outlook.median_kw if change_kw is None else outlook.median_kw + change_kw
        end = None if until is None else max(until - outlook.first_slot, 1)
        loads: Load = np.maximum(expected[:end] + self.misses_kw[:, :end], 0.0)
        return np.asarray(loads.max(axis=1))

    def reductions_kw(self, outlook: Outlook, change_kw: Load, until: int | None = None) -> Load:
        """By how much the peak before slot `until` is lower with a change, in each of the days [kW]."""
        return self.peaks_kw(outlook, None, until) - self.peaks_kw(outlook, change_kw, until)

    @property
    def is_certain(self) -> bool:
        """Whether it comes as expected, or in too few ways to say how likely each is."""
        return len(self.misses_kw) <= CASES

    def excess_kw(self, outlook: Outlook, level_kw: float) -> float:
        """How far the peak lies above a level on average; below it counts as 0 [kW]."""
        return float(np.maximum(self.peaks_kw(outlook) - level_kw, 0.0).mean())

    def tried(self, outlook: Outlook, order: Order, starts: Sequence[int], level_kw: float) -> tuple[Load, Load]:
        """What it does that `order` begins at each of `starts`, all inside the outlook.

        Returns
        -------
        tuple
            By how much less the peak lies above a level on average [kW]; P(the peak is lower), 0..1.
        """
        before = self.peaks_kw(outlook)
        base = outlook.median_kw - outlook.profile(order, slot_of(order.start_utc)) + self.misses_kw
        edge = np.full((len(base), 1), -np.inf)
        ahead = np.hstack([edge, np.maximum.accumulate(base, axis=1)])
        behind = np.hstack([np.maximum.accumulate(base[:, ::-1], axis=1)[:, ::-1], edge])
        profile = np.array(order.profile_kw)
        gains, chances = np.empty(len(starts)), np.empty(len(starts))
        for place, slot in enumerate(starts):
            first = slot - outlook.first_slot
            end = first + len(profile)
            there = (base[:, first:end] + profile).max(axis=1)
            peaks = np.maximum(np.maximum(ahead[:, first], behind[:, end]), there)
            gains[place] = (np.maximum(before - level_kw, 0.0) - np.maximum(peaks - level_kw, 0.0)).mean()
            chances[place] = (before - peaks > PASSES_BY_KW).mean()
        return gains, chances

    def peak_places(self, outlook: Outlook, level_kw: float) -> npt.NDArray[np.bool_]:
        """The quarter hours in which the peak comes on some day on which it passes a level."""
        loads = outlook.median_kw + self.misses_kw
        places = loads.argmax(axis=1)[loads.max(axis=1) > level_kw]
        found = np.zeros(loads.shape[1], np.bool_)
        found[places] = True
        return found

    def chance(self, outlook: Outlook, change_kw: Load, until: int) -> float:
        """P(the peak without a change passes the one with it), 0..1."""
        return float((self.reductions_kw(outlook, change_kw, until) > PASSES_BY_KW).mean())

    def cases(self, outlook: Outlook, change_kw: Load) -> list[Load]:
        """Misses that stand for all: of each fifth, by how much the change lowers the peak, the day that is nearest to its mean."""
        before, after = self.peaks_kw(outlook), self.peaks_kw(outlook, change_kw)
        if len(before) < CASES:
            return list(self.misses_kw)
        order = np.lexsort((before, before - after))
        return [self.misses_kw[_middle(part, before, before - after)] for part in np.array_split(order, CASES)]


def _middle(part: Load, peaks_kw: Load, reductions_kw: Load) -> int:
    """Of some days the one whose reduction, and then whose peak, is nearest to their mean."""
    off = np.abs(reductions_kw[part] - reductions_kw[part].mean()).round(3)
    return int(part[np.lexsort((np.abs(peaks_kw[part] - peaks_kw[part].mean()), off))[0]])


@cache
def _drawn(seed: int) -> Load:
    """Misses in standard deviations, for each quarter hour of a week: the same at every call, so that what is stated does not flicker."""
    draw = np.random.default_rng(seed)
    steps = draw.normal(size=(COUNT, 2 * PERIOD)) * np.sqrt(1 - MEMORY**2)
    found = np.zeros((COUNT, 2 * PERIOD))
    for n in range(1, 2 * PERIOD):
        found[:, n] = MEMORY * found[:, n - 1] + steps[:, n]
    return found[:, PERIOD:]
