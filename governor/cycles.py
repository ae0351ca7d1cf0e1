"""Machines that switch on and off again and again: their share of the load within the running quarter hour, foreseen.

A compressor or a pump adds a wave of a few percent whose period changes from day to day. Its mean over a quarter hour says little, but what is seen
of a running one may be all crest or all trough. The period with the best fit to the last hours is sought on a grid; what is taken for a wave has
neither mean nor slope within a quarter hour, as those belong to the load.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from governor.flexibility import MINUTES
from governor.least_peak import Floats

Waves = NDArray[np.complex128]

_SHORTEST_MIN, _LONGEST_MIN = 4, 30
"""Periods that are sought [min]."""
_GRID_PER_MIN = 1 / 1080
"""Distance of the frequencies on the grid [1/min]: finer than what a few hours can tell apart."""
_KEPT = 0.88
"""Of what was learned, with each quarter hour: about two hours count."""
_STIFFNESS = 6.0
"""Squared shares of the load, added to what each frequency must explain: a wave that has been seen for minutes only stays small."""
_JUMP = 0.15
"""Of the mean: a quarter hour that leaves its straight line by more has a jump in it, and teaches nothing of waves."""


def _without_slope(values: Waves) -> Waves:
    minutes = np.arange(MINUTES) - (MINUTES - 1) / 2
    around = values - values.mean(axis=-1, keepdims=True)
    result: Waves = around - (around @ minutes / (minutes @ minutes))[..., None] * minutes
    return result


_ANGLES = 2 * np.pi * np.arange(1 / _LONGEST_MIN, 1 / _SHORTEST_MIN, _GRID_PER_MIN)
_WAVES: Waves = np.exp(1j * np.outer(_ANGLES, np.arange(MINUTES)))
_AROUND_MEAN: Waves = _WAVES - _WAVES.mean(axis=1, keepdims=True)
_AROUND_LINE: Waves = _without_slope(_WAVES)
_SIZES: Floats = (np.abs(_AROUND_LINE) ** 2).sum(axis=1)
_SKEWS: Waves = (_AROUND_LINE**2).sum(axis=1)
_TURN: Waves = np.exp(-1j * MINUTES * _ANGLES)


class Cycle:
    """The wave of the last hours, one quarter hour after the other; phases count from the running quarter hour's begin."""

    def __init__(self) -> None:
        self._projected = np.zeros(len(_ANGLES), dtype=np.complex128)
        self._sizes = np.zeros(len(_ANGLES))
        self._skews = np.zeros(len(_ANGLES), dtype=np.complex128)

    def shape(self) -> Floats:
        """By what share of the quarter hour's mean each minute of the running one is expected above it (15,)."""
        size = self._sizes + _STIFFNESS
        waves = 2 * (self._projected.conj() * size - self._projected * self._skews.conj()) / (size**2 - np.abs(self._skews) ** 2)
        best = int(np.argmax((waves * self._projected).real))
        result: Floats = (waves[best] * _AROUND_MEAN[best]).real
        return result

    def end(self, minute_kw: Sequence[float] | None) -> None:
        """The running quarter hour has ended with these loads (15 minutes); None: they are not known."""
        mean = 0.0 if minute_kw is None else sum(minute_kw) / MINUTES
        if minute_kw is not None and mean > 0:
            share = _without_slope(np.asarray(minute_kw) / mean + 0j).real
            if np.abs(share).max() < _JUMP:
                self._projected += _AROUND_LINE @ share
                self._sizes += _SIZES
                self._skews += _SKEWS
        self._projected *= _KEPT * _TURN
        self._sizes *= _KEPT
        self._skews *= _KEPT * _TURN**2
