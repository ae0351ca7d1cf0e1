"""Virtual meters: quarter hours that are sums and differences of other meters' quarter hours. Pure.

In: quarter hours of real meters, in any order of their revisions' meters.  Out: quarter hours of origin ``calculated``, published as soon as every part
is known, and published again when a part's restatement changes them.

Quality is carried: the worst of the parts, ``calculated`` where all of them are measured.  Where a part is missing, so is the result: missing is
never zero.  Coverage is the least of the parts'.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from domain.clock import epoch_ms, instant
from domain.intervals import (
    QUARTER_MS,
    Interval,
    IntervalMethod,
    IntervalOrigin,
    IntervalQuality,
    worst_quality,
)
from domain.plant import Plant, VirtualParts, virtual_parts
from metering.packing import Reader, blob, pack_ints, pack_values, pack_wide, squeeze, unsqueeze

_QUARTERS_PER_DAY = 96
_GRACE_DAYS = 2
"""Beyond the horizon of late readings: rows that were on their way."""
_COUNT = struct.Struct("<I")
_HEAD = struct.Struct("<qI")
_DAY = struct.Struct("<q")


class Part(NamedTuple):
    """A part's quarter hour as it counts."""

    energy_uwh: int | None
    coverage: float
    quality: IntervalQuality
    revision: int
    changes: int
    """How often it was restated; a mere change of the number of readings does not count."""


class _Day:
    """A day's quarter hours of one part; packed until it is read."""

    __slots__ = ("_packed", "_parts")

    def __init__(self, packed: bytes | None = None) -> None:
        self._packed = packed
        self._parts: dict[int, Part] | None = None if packed is not None else {}

    def parts(self) -> dict[int, Part]:
        """By quarter hour, to be read only."""
        if self._parts is None:
            assert self._packed is not None
            self._parts = _unpacked(self._packed)
        return self._parts

    def put(self, slot: int, part: Part) -> None:
        """Remember a part's quarter hour."""
        self.parts()[slot] = part
        self._packed = None

    def packed(self, keep: bool) -> bytes:
        """Its bytes; without `keep` only they are remembered."""
        if self._packed is None:
            assert self._parts is not None
            self._packed = _packed(self._parts)
        if not keep:
            self._parts = None
        return self._packed


class VirtualState:
    """What is remembered of the parts, for as long as they may be restated."""

    __slots__ = ("days", "newest")

    def __init__(self) -> None:
        self.newest = 0
        """The newest quarter hour of any part, counted from 1970."""
        self.days: dict[tuple[str, str], dict[int, _Day]] = {}
        """By meter and channel, and by day counted from 1970."""

    def part(self, key: tuple[str, str], slot: int) -> Part | None:
        """A part's quarter hour; None if it is not known yet."""
        day = self.days.get(key, {}).get(slot // _QUARTERS_PER_DAY)
        return None if day is None else day.parts().get(slot)


class VirtualMeterStep:
    """Keyed by site: quarter hours of all its meters.  Rows of virtual meters are not taken, so its output may come back to it.

    The revision is 1 and one more for every time that a part was restated, so the same parts give the same row whenever they are read
    again.  It rises only when the row changes, and may then rise by more than one.
    """

    def __init__(self, plant: Plant) -> None:
        self._site = plant.site.id
        self._virtual = virtual_parts(plant)
        self._uses: dict[tuple[str, str], list[VirtualParts]] = {}
        for virtual in self._virtual:
            for meter in virtual.factors:
                self._uses.setdefault((meter, virtual.channel), []).append(virtual)
        self._kept_quarters = (plant.site.late_horizon_days + _GRACE_DAYS) * _QUARTERS_PER_DAY

    def initial(self) -> VirtualState:
        """Nothing heard yet."""
        return VirtualState()

    def is_part(self, interval: Interval) -> bool:
        """Whether a virtual meter of this site is made of such quarter hours."""
        is_ours = interval.site == self._site and interval.origin is not IntervalOrigin.CALCULATED
        return is_ours and (interval.meter, interval.channel) in self._uses

    def take_interval(self, state: VirtualState, interval: Interval) -> tuple[VirtualState, list[Interval]]:
        """Take one quarter hour, of any meter and revision; the state is altered and given back.

        Parts older than the newest by more than the horizon of late readings are left out: nobody is left to add them to.
        """
        if not self.is_part(interval):
            return state, []
        key = interval.meter, interval.channel
        uses = self._uses[key]
        slot = epoch_ms(interval.start_utc) // QUARTER_MS
        if slot <= state.newest - self._kept_quarters:
            return state, []
        known = state.part(key, slot)
        if known is not None and interval.revision <= known.revision:
            return state, []
        part = _part(interval, known)
        before = {virtual.meter.id: self._row(state, virtual, slot) for virtual in uses} if known is not None else {}
        state.days.setdefault(key, {}).setdefault(slot // _QUARTERS_PER_DAY, _Day()).put(slot, part)
        if slot > state.newest:
            self._move_on(state, slot)
        rows = [(self._row(state, virtual, slot), before.get(virtual.meter.id)) for virtual in uses]
        return state, [row for row, old in rows if row is not None and not _same(row, old)]

    def _move_on(self, state: VirtualState, slot: int) -> None:
        """Forget the days that no part can be restated in any more."""
        floor = (slot - self._kept_quarters) // _QUARTERS_PER_DAY
        if floor > (state.newest - self._kept_quarters) // _QUARTERS_PER_DAY:
            for days in state.days.values():
                for day in [day for day in days if day < floor]:
                    del days[day]
        state.newest = slot

    def _row(self, state: VirtualState, virtual: VirtualParts, slot: int) -> Interval | None:
        parts: dict[str, Part] = {}
        for meter in virtual.factors:
            part = state.part((meter, virtual.channel), slot)
            if part is None:
                return None
            parts[meter] = part
        energy_uwh = energy_of(virtual.factors, {meter: part.energy_uwh for meter, part in parts.items()})
        worst = worst_quality(part.quality for part in parts.values())
        missing = energy_uwh is None
        return Interval(
            self._site, virtual.meter.id, virtual.channel, instant(slot * QUARTER_MS), energy_uwh,
            min(part.coverage for part in parts.values()),
            IntervalQuality.MISSING if missing else IntervalQuality.CALCULATED if worst is IntervalQuality.MEASURED else worst,
            IntervalMethod.NONE if missing else IntervalMethod.FORMULA,
            1 + sum(part.changes for part in parts.values()),
            origin=IntervalOrigin.CALCULATED,
        )  # fmt: skip


def energy_of(factors: Mapping[str, Fraction], energies: Mapping[str, int | None]) -> int | None:
    """Energy [uWh] of a virtual meter, rounded half to even once; None where a part has none."""
    total = Fraction(0)
    for meter, factor in factors.items():
        energy = energies[meter]
        if energy is None:
            return None
        total += factor * energy
    return round(total)


def _part(interval: Interval, known: Part | None) -> Part:
    content = interval.energy_uwh, interval.coverage, interval.quality
    if known is None:
        return Part(*content, interval.revision, 0)
    return Part(*content, interval.revision, known.changes + (content != known[:3]))


def _same(row: Interval, old: Interval | None) -> bool:
    return old is not None and (row.energy_uwh, row.coverage, row.quality) == (old.energy_uwh, old.coverage, old.quality)


def to_bytes(state: VirtualState) -> bytes:
    """The state as bytes; days that did not change keep theirs."""
    newest_day = state.newest // _QUARTERS_PER_DAY
    pieces = [_HEAD.pack(state.newest, len(state.days))]
    for (meter, channel), days in state.days.items():
        pieces += (blob(meter.encode()), blob(channel.encode()), _COUNT.pack(len(days)))
        for number, day in days.items():
            pieces += (_DAY.pack(number), blob(day.packed(keep=number >= newest_day)))
    return b"".join(pieces)


def from_bytes(stored: bytes, at: int = 0) -> VirtualState:
    """The state that `to_bytes` made, from `at` on."""
    state = VirtualState()
    reader = Reader(stored, at)
    state.newest, meters = reader.numbers(_HEAD)
    for _ in range(meters):
        key = reader.text(), reader.text()
        (count,) = reader.numbers(_COUNT)
        state.days[key] = {reader.numbers(_DAY)[0]: _Day(reader.blob()) for _ in range(count)}
    return state


_QUALITIES = tuple(IntervalQuality)
_PLACES = {quality: place for place, quality in enumerate(_QUALITIES)}


def _packed(parts: Mapping[int, Part]) -> bytes:
    slots = sorted(parts)
    rows = [parts[slot] for slot in slots]
    columns = (
        pack_ints(slots),
        pack_wide([row.energy_uwh or 0 for row in rows]),
        pack_values([row.coverage for row in rows]),
        pack_ints([row.revision for row in rows]),
        pack_ints([row.changes for row in rows]),
        bytes(_PLACES[row.quality] for row in rows),
    )
    return squeeze(b"".join(columns))


def _unpacked(packed: bytes) -> dict[int, Part]:
    reader = Reader(unsqueeze(packed))
    slots, energies, coverages, revisions, changes = reader.ints(), reader.wide(), reader.values(), reader.ints(), reader.ints()
    qualities = [_QUALITIES[place] for place in reader.rest()]
    return {
        slot: Part(None if quality is IntervalQuality.MISSING else energy, coverage, quality, revision, changed)
        for slot, energy, coverage, quality, revision, changed in zip(
            slots, energies, coverages, qualities, revisions, changes, strict=True
        )
    }
