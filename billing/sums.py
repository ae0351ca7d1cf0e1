"""Exact sums and roots, and runs of intervals that lack a value. Pure; knows nothing of tariffs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
"""Whole numbers of 10**-decimals: int64, or Python integers as objects where int64 would not hold every digit."""
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def exact_sum(values: Numbers) -> int:
    """Sum without overflow or rounding.

    Parameters
    ----------
    values
        Whole numbers, shape ``(n,)``; `n` may be 0.
    """
    if values.dtype == object:
        return int(sum(values.tolist()))
    low = values & 0xFFFFFFFF
    return (int((values >> 32).sum()) << 32) + int(low.sum())


def window_sums(values: Numbers, first: Ints, parts: int) -> Numbers:
    """Sums of `parts` neighbouring intervals, one for each place in `first`.

    Parameters
    ----------
    values
        Shape ``(n,)``, at most 60 parts of which fit into its type (see `billing.load`).
    first
        Where each window begins, shape ``(m,)``; ``first + parts <= n``.

    Returns
    -------
    Numbers
        Shape ``(m,)``.
    """
    total: Numbers = values[first].copy()
    for part in range(1, parts):
        total += values[first + part]
    return total


def windows_whole(there: Flags, first: Ints, parts: int) -> Flags:
    """Whether each of `parts` neighbouring intervals is there, shape ``(m,)``: a window that lacks one has no mean."""
    whole: Flags = there[first].copy()
    for part in range(1, parts):
        whole &= there[first + part]
    return whole


def runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Half-open places ``[first, end)`` of each run of true flags, in order."""
    padded = np.concatenate(([False], flags, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(end)


def square_root(value: Fraction) -> Fraction:
    """Square root to forty digits: far below any cent."""
    scale = 10**80
    return Fraction(_nearest_root(value.numerator * scale // value.denominator), 10**40)


def _nearest_root(value: int) -> int:
    root = isqrt(value)
    # To the nearest, so that the root of a square of a short decimal is that decimal.
    return root + 1 if (root + 1) ** 2 - value < value - root**2 else root
