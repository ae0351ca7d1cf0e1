"""How much to hold or to give back: the amount whose billed peak is lowest over what may come.

What may come are scenarios: how the most like cases of the past went on. In each, the peak that an amount leads to is the highest of this
quarter hour with it and of the least peak that can be reached afterwards with what is then owed. Of the peaks only what lies above the level
that the period cannot stay below counts. A long plateau so forbids holding too much by itself, and a doubt is answered by holding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from governor.least_peak import Floats, least_peaks_kw

AMOUNTS = 4
"""Between nothing and the most, in equal steps."""
WORST_SHARE = 0.5
"""Of the scenarios, that an amount is judged by: a month is lost by its one worst quarter hour."""
WORTH_AN_INTERVENTION = 0.0005
"""Of the level: a hold that lowers the expected peak by less is not worth asking somebody."""
_EARLY_BACK = 0.001
"""Of what is given back, as if it lowered the peak: of equal ways the one that owes less."""
_LESS = 1e-5
"""Of what is held, as if it raised the peak: of equal ways the smaller."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may come, seen from a minute of a quarter hour; powers are means of quarter hours [kW].

    Attributes
    ----------
    now_kw
        Mean of the running quarter hour in each scenario (scenarios,), if no more is held or given back.
    ahead_kw
        Load of those that follow (scenarios, n).
    owed_kw
        What is due in each of those that follow (n,).
    levels_kw
        Levels that the period's peak may not stay below (levels,).
    share, delay
        Of the load that can wait, and for how many quarter hours.
    """

    now_kw: Floats
    ahead_kw: Floats
    owed_kw: Floats
    levels_kw: Floats
    share: float
    delay: int

    def peaks_kw(self, shifts_kw: Floats) -> Floats:
        """Mean peak [kW] over the worst scenarios, for each power that is held (above zero) or given back (below) in this quarter hour."""
        due = np.cumsum(self.owed_kw)
        owed = np.maximum(due + np.minimum(shifts_kw, 0.0)[:, None], 0.0)
        owed[:, self.delay - 1 :] += np.maximum(shifts_kw, 0.0)[:, None]
        worst = np.maximum(least_peaks_kw(self.ahead_kw, self.share, self.delay, owed), self.now_kw[:, None] - shifts_kw)
        counted = np.sort(np.maximum(worst[:, :, None], self.levels_kw).mean(axis=2), axis=0)
        result: Floats = counted[int(len(counted) * (1 - WORST_SHARE)) :].mean(axis=0)
        return result


def best_shift_kw(outlook: Outlook, most_hold_kw: float, most_back_kw: float, intervening: bool) -> float:
    """What to hold (above zero) or give back (below), as the mean of this quarter hour [kW]; 0.0: nothing.

    Parameters
    ----------
    most_hold_kw, most_back_kw
        The most that can still be held or given back; 0.0 where nothing can.
    intervening
        Whether something is held in this quarter hour already, so that more of it asks nobody anew.
    """
    steps = np.arange(1, AMOUNTS + 1) / AMOUNTS
    shifts = np.concatenate([[0.0], steps * most_hold_kw if most_hold_kw else [], -steps * most_back_kw if most_back_kw else []])
    asking = 0.0 if intervening else WORTH_AN_INTERVENTION * float(outlook.levels_kw[0])
    extra = np.where(shifts > 0, asking + _LESS * shifts, _EARLY_BACK * shifts)
    return float(shifts[np.argmin(outlook.peaks_kw(shifts) + extra)])
