"""The lowest highest quarter hour that can be reached when a part of the load can wait, in closed form.

Load that arrives with a deadline and is drawn first come, first served keeps a limit if and only if every run of quarter hours ``i..j`` holds
what must be drawn in it: the fixed load of the run and what arrives in it and is due by its end (the intensity bound of Yao, Demers and
Shenker, "A scheduling model for reduced CPU energy", FOCS 1995). The least peak is therefore the highest mean over all runs.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LONGEST_RUN = 64
"""Quarter hours of the longest run that is looked at over a whole billing period: nothing waits a day."""


def least_peak_kw(load_kw: Floats, share: float, delay: int) -> float:
    """Least peak [kW] of a load of quarter hours (shape ``(n,)``, n >= 1) of which `share` can wait `delay` quarter hours."""
    fixed, arrived = (np.concatenate([[0.0], np.cumsum(part * load_kw)]) for part in (1 - share, share))
    count = len(load_kw)
    highest = 0.0
    for length in range(1, min(LONGEST_RUN, count) + 1):
        need = fixed[length:] - fixed[: count + 1 - length]
        if length > delay:
            need = need + arrived[length - delay : count + 1 - delay] - arrived[: count + 1 - length]
        highest = max(highest, float(need.max()) / length)
    return highest


@cache
def _runs(count: int, delay: int) -> tuple[Floats, NDArray[np.int64]]:
    first, last = np.arange(count)[:, None], np.arange(count)[None, :]
    length = last - first + 1
    return np.where(length > 0, 1 / np.maximum(length, 1), 0.0), np.maximum(last + 1 - delay, first)


def least_peaks_kw(load_kw: Floats, share: float, delay: int, owed_kw: Floats) -> Floats:
    """Least peak [kW] in each scenario for each way to owe energy at the beginning.

    Parameters
    ----------
    load_kw
        Shape ``(scenarios, n)``, n >= 2.
    owed_kw
        Shape ``(ways, n)``: what of the owed energy must have been drawn by the end of each quarter hour [kW times quarter hours].

    Returns
    -------
    Floats
        Shape ``(scenarios, ways)``.
    """
    per_length, due = _runs(load_kw.shape[1], delay)
    start = np.zeros((len(load_kw), 1))
    total = np.concatenate([start, np.cumsum(load_kw, axis=1)], axis=1)
    need = (1 - share) * (total[:, None, 1:] - total[:, :-1, None]) + share * (total[:, due] - total[:, :-1, None])
    later: Floats = (need[:, 1:] * per_length[1:]).max(axis=(1, 2))
    from_now: Floats = ((need[:, None, 0] + owed_kw) * per_length[0]).max(axis=2)
    return np.maximum(from_now, later[:, None])
