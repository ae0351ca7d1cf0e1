"""What the room remembers of one site, and its bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.codec import decode, encode
from domain.job_power import MOST_PRODUCTS, JobPower, MachineProduct
from domain.orders import Order
from domain.stored_state import StateForm, joined, parted
from domain.texts import Key, Name
from domain.units import Int64
from production.runs import Run
from production.signals import Signals
from quarters.newest import Newest
from quarters.numbers import slot_of
from quarters.series import QuarterSeries, notes_and_series, with_series


@dataclass(slots=True)
class Learned:
    """What is known of one product on one machine."""

    machine: Key
    product: Name
    runs: tuple[Run, ...] = ()
    """Oldest first; none where the power comes from a regression."""
    published: JobPower | None = None


def _learned_until(one: Learned) -> tuple[int, str, str]:
    by_runs = max((run.end_slot for run in one.runs), default=0)
    published = 0 if one.published is None else slot_of(one.published.at_utc)
    return max(by_runs, published), one.machine, one.product


@dataclass(slots=True)
class Notes:
    """Everything but quarter hours. Changed in place."""

    orders: dict[str, Order] = field(default_factory=dict)
    """Newest revision of each job."""
    plans: dict[str, Order] = field(default_factory=dict)
    """Of jobs of which more is known than their plan: the newest revision that somebody planned."""
    unconfirmed: list[str] = field(default_factory=list)
    """Jobs whose newest revision was published here and has not been read on the topic: another program's may stand before it."""
    reporters: dict[str, Int64] = field(default_factory=dict)
    """Machine -> newest quarter hour of a job that another program reported as running or done."""
    learned: list[Learned] = field(default_factory=list)
    reach: dict[str, Newest] = field(default_factory=dict)
    """Meter -> how far its quarter hours reach."""
    regressed: dict[str, tuple[Int64, Int64]] = field(default_factory=dict)
    """Meter -> day and number of runs of its newest regression."""

    def of(self, machine: str, product: str) -> Learned:
        """What is known of a product on a machine, new if it is nothing yet."""
        found = next((one for one in self.learned if (one.machine, one.product) == (machine, product)), None)
        if found is None:
            found = Learned(machine, product)
            self.learned.append(found)
            self._forget_oldest()
        return found

    def _forget_oldest(self) -> None:
        """Keep `MOST_PRODUCTS`, those with the newest runs; what was published of the others stays on the topic."""
        if len(self.learned) > MOST_PRODUCTS:
            *others, new = self.learned
            others.remove(min(others, key=_learned_until))
            self.learned = [*others, new]

    def powers(self) -> dict[MachineProduct, JobPower]:
        """Powers as published."""
        return {(one.machine, one.product): one.published for one in self.learned if one.published is not None}


@dataclass(slots=True)
class ProductionState:
    """Notes and quarter hours; `encoded` is what was written last, None after a change."""

    notes: Notes = field(default_factory=Notes)
    series: dict[str, QuarterSeries] = field(default_factory=dict)
    """By meter; what does not rest on readings is noted as missing."""
    encoded: bytes | None = None
    """Of notes and quarter hours; what controls reported comes every minute and is written each time."""
    signals: dict[str, Signals] = field(default_factory=dict)
    """By machine."""


FORM = StateForm("production", 2)
_SIZE = struct.Struct("<q")


def encode_state(state: ProductionState) -> bytes:
    """The state as bytes: the notes as JSON, then meter by meter and machine by machine its name and its columns as they lie in memory."""
    if state.encoded is None:
        state.encoded = with_series(encode(state.notes), state.series)
    signals = joined(_named({machine: one.to_bytes() for machine, one in state.signals.items()}))
    return b"".join((FORM.header, _SIZE.pack(len(state.encoded)), state.encoded, signals))


def decode_state(stored: bytes) -> ProductionState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If it is of another step or version.
    """
    at = FORM.begin(stored) + _SIZE.size
    (size,) = _SIZE.unpack_from(stored, at - _SIZE.size)
    known, signals = stored[at : at + size], parted(stored[at + size :])
    notes, series = notes_and_series(known)
    return ProductionState(
        decode(Notes, notes), series, known,
        {machine: Signals.from_bytes(rows) for machine, rows in _pairs(signals)},
    )  # fmt: skip


def _named(columns: Mapping[str, bytes]) -> list[bytes]:
    return [part for name in sorted(columns) for part in (name.encode(), columns[name])]


def _pairs(parts: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    return ((name.decode(), rows) for name, rows in zip(parts[::2], parts[1::2], strict=True))
