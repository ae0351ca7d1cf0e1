"""What was missed, per register: where a gap begins, where it ends, how far it has been filled.  Pure, no protocol, no disk.

In: every value that came live, and every interruption.  Out: `Note`s that the outbox stores in the transaction of the readings that
they concern.  So a gap is on disk once the reading that ends it is, and gone once the readings that fill it are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from connectors.channels import Channel
from domain.readings import ReadingQuality

HistoryOrder = Literal["oldest_first", "newest_first", "off"]
Key = tuple[str, str]
"""A device's id and one of its channels."""

DAY_MS = 86_400_000
AHEAD_MS = 60_000
"""A value dated later than its receipt by more than this marks nothing: a clock that jumps ahead would hide the gaps behind it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of one register of which nothing is known yet: later than `from_ms`, earlier than `to_ms`.

    Shrinks as it is filled, from whichever end the history comes.
    """

    number: int
    device: str
    channel: str
    from_ms: int
    to_ms: int
    began_ms: int
    """Where it began before any of it was filled."""
    ended_ms: int
    values: int = 0
    """How many values have filled it so far."""

    @property
    def key(self) -> Key:
        """Whose gap it is."""
        return self.device, self.channel


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be remembered together with some readings: all of it, or neither it nor they."""

    marks: tuple[tuple[Key, int], ...] = ()
    """Register, and the last instant of which it is known."""
    gaps: tuple[Gap, ...] = ()
    """Gaps as they are now."""
    closed: tuple[int, ...] = ()
    """Numbers of gaps that are no more."""
    reports_thinned: bool = False
    """Whether the readings hold the report on what a full buffer dropped."""


@dataclass(frozen=True, slots=True)
class PastValue:
    """One value out of a device's memory, already in the plant file's unit."""

    observed_ms: int
    value: float | int | None
    quality: ReadingQuality = ReadingQuality.GOOD
    text: str | None = None


class GapBook:
    """Marks and gaps of all registers whose devices remember. Lives on the event loop; the disk holds what its notes say.

    Parameters
    ----------
    marks, gaps
        As they were stored. Every marked register counts as interrupted: the gateway was off.
    """

    def __init__(self, marks: Mapping[Key, int] | None = None, gaps: Iterable[Gap] = ()) -> None:
        self._marks = dict(marks or {})
        self._gaps = {gap.number: gap for gap in gaps}
        self._interrupted = set(self._marks)
        self._without: set[Key] = set()
        self._next = max(self._gaps, default=0) + 1

    def interrupt(self, device: str) -> None:
        """Nothing is known of the device's registers from their last value on."""
        self._interrupted.update(key for key in self._marks if key[0] == device)

    def bad(self, key: Key) -> None:
        """The register says that it has no value, or an old one."""
        if key in self._marks:
            self._interrupted.add(key)

    def came(
        self, key: Key, observed_ms: int, received_ms: int, *, least_ms: float, back_days: float, lost_before: bool = False
    ) -> Note | None:
        """A value came live.

        Parameters
        ----------
        least_ms
            A hole up to this long after an interruption is none: values are as far apart without one.
        back_days
            How far back the device is read; what is older stays lost.
        lost_before
            The device says that values between the last one and this were lost.
        """
        if key in self._without or observed_ms > received_ms + AHEAD_MS:
            return None
        mark = self._marks.get(key)
        if mark is not None and observed_ms <= mark:
            return None
        gaps: tuple[Gap, ...] = ()
        if mark is not None and (lost_before or (key in self._interrupted and observed_ms - mark > least_ms)):
            from_ms = max(mark, received_ms - round(back_days * DAY_MS))
            if from_ms < observed_ms:
                gaps = (Gap(self._next, *key, from_ms, observed_ms, from_ms, observed_ms),)
                self._gaps[self._next] = gaps[0]
                self._next += 1
        self._interrupted.discard(key)
        self._marks[key] = observed_ms
        return Note(((key, observed_ms),), gaps)

    def unchanged(self, key: Key, observed_ms: int) -> Note | None:
        """The register was read, and its last change is one that we know: up to `observed_ms` nothing was missed."""
        if key in self._without or key not in self._marks:
            return None
        self._interrupted.discard(key)
        if observed_ms <= self._marks[key]:
            return None
        self._marks[key] = observed_ms
        return Note(((key, observed_ms),))

    def filled(self, gap: Gap, values: Sequence[PastValue], *, to_the_end: bool, newest_first: bool) -> Note:
        """`values` have filled `gap` from one of its ends; nothing is left of it where that was `to_the_end`."""
        if to_the_end:
            self._gaps.pop(gap.number, None)
            return Note(closed=(gap.number,))
        instants = [value.observed_ms for value in values]
        left = replace(gap, values=gap.values + len(values))
        if instants and newest_first:
            left = replace(left, to_ms=min(gap.to_ms, *instants))
        elif instants:
            left = replace(left, from_ms=max(gap.from_ms, *instants))
        self._gaps[gap.number] = left
        return Note(gaps=(left,))

    def without_history(self, keys: Iterable[Key]) -> Note:
        """These registers have no memory: their gaps are given up, and no new ones are noted while this process lives."""
        gone = set(keys)
        self._without |= gone
        closed = [gap.number for gap in self._gaps.values() if gap.key in gone]
        for number in closed:
            del self._gaps[number]
        return Note(closed=tuple(closed))

    def mark(self, key: Key) -> int | None:
        """The last instant of which the register is known."""
        return self._marks.get(key)

    def gap(self, number: int) -> Gap | None:
        """The gap of that number as it is now, None if it is filled."""
        return self._gaps.get(number)

    def open(self, devices: Iterable[str]) -> list[Gap]:
        """Gaps of `devices` that are not filled, oldest first."""
        wanted = set(devices)
        return sorted((gap for gap in self._gaps.values() if gap.device in wanted), key=lambda gap: (gap.from_ms, gap.number))


@dataclass(frozen=True, slots=True)
class HistorySink:
    """What a connector that can ask for history is given."""

    book: GapBook
    put: Callable[[Channel, Sequence[PastValue], Note], None]
    """Stores late values and the note on them in one transaction."""
    held_up: Callable[[], bool]
    """Whether so much waits for the broker already that history should wait where it is."""
    report: Callable[[str, int | None, str], None]
    """Reports on a device: how many values came, and a text."""


def request_text(gaps: Sequence[Gap]) -> str:
    """The text for people when `gaps` are requested from a device."""
    return f"history requested: {_stretch(gaps)}"


def filled_text(filled: Sequence[Gap]) -> tuple[int, str]:
    """How many values filled `filled`, and the text for people."""
    count = sum(gap.values for gap in filled)
    return count, f"history: {count:,} values of {_stretch(filled)}"


def _stretch(gaps: Sequence[Gap]) -> str:
    registers = len({gap.channel for gap in gaps})
    minutes = (max(gap.ended_ms for gap in gaps) - min(gap.began_ms for gap in gaps)) / 60_000
    return f"{registers} register{'s' if registers != 1 else ''} for {minutes:,.0f} min"
