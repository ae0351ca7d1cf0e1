"""What the room remembers of one site, and its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from domain.codec import decode, encode
from domain.job_power import JobPower, MachineProduct
from domain.orders import Order
from domain.stored_state import StateForm
from domain.texts import Key, Name
from domain.units import Int64
from production.runs import Run
from quarters.newest import Newest
from quarters.series import QuarterSeries


@dataclass(slots=True)
class Learned:
    """What is known of one product on one machine."""

    machine: Key
    product: Name
    runs: tuple[Run, ...] = ()
    """Oldest first; none where the power comes from a regression."""
    published: JobPower | None = None


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
        return found

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


FORM = StateForm("production", 1)
_SIZE = struct.Struct("<q")


def encode_state(state: ProductionState) -> bytes:
    """The state as bytes: the notes as JSON, then meter by meter its name and its quarter hours as they lie in memory."""
    if state.encoded is None:
        parts = [encode(state.notes)]
        for meter in sorted(state.series):
            parts += [meter.encode(), state.series[meter].to_bytes()]
        state.encoded = b"".join((FORM.header, *(piece for part in parts for piece in (_SIZE.pack(len(part)), part))))
    return state.encoded


def decode_state(stored: bytes) -> ProductionState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    at = FORM.begin(stored)
    parts = []
    while at < len(stored):
        (size,) = _SIZE.unpack_from(stored, at)
        at += _SIZE.size
        parts.append(stored[at : at + size])
        at += size
    series = {meter.decode(): QuarterSeries.from_bytes(rows) for meter, rows in zip(parts[1::2], parts[2::2], strict=True)}
    return ProductionState(decode(Notes, parts[0]), series, stored)
