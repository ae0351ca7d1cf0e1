"""Waits that double."""

from __future__ import annotations


class Pause:
    """How long to wait before the next try [s of the wall clock]: doubled each time, up to a last one."""

    def __init__(self, first_s: float) -> None:
        self._first_s = self._next_s = first_s

    @property
    def is_first(self) -> bool:
        """Whether none was taken since the start or the last reset."""
        return self._next_s == self._first_s

    def next_s(self, last_s: float) -> float:
        """The wait that is due, at most `last_s`."""
        due_s = min(self._next_s, last_s)
        self._next_s = 2 * due_s
        return due_s

    def reset(self) -> None:
        """Begin again with the first."""
        self._next_s = self._first_s
