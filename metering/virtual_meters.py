"""The step of the virtual meters, keyed by site: quarter hours of its meters to those of its virtual ones."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from domain.clock import Clock
from domain.codec import decode, encode
from domain.intervals import Interval
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.stored_state import StateForm
from domain.topics import INTERVALS
from metering.virtual import VirtualMeterStep, VirtualState, from_bytes, to_bytes
from quarters.newest import Newest, admit
from quarters.numbers import slot_of

FORM = StateForm("virtual-meters", 2)
_SIZE = struct.Struct("<I")


@dataclass(slots=True)
class Reach:
    """How far each part reaches, by meter and channel, whatever single records say."""

    by_part: dict[str, Newest] = field(default_factory=dict)


@dataclass(slots=True)
class SiteState:
    """What is known of the parts."""

    parts: VirtualState
    reach: Reach


class VirtualMeters:
    """What it writes comes back to it and is passed over.

    One part's record of a wrong date holds up neither that part nor the others (`quarters.newest`): what is older than the newest by more
    than the horizon of late readings is left out, so a row of 2062 would leave out everything.

    Parameters
    ----------
    clock
        The plant's. None: the records alone keep wrong dates out.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._step = VirtualMeterStep(plant)
        self._clock = clock

    def initial(self, key: str) -> SiteState:
        """Nothing heard yet."""
        return SiteState(self._step.initial(), Reach())

    def encode(self, state: SiteState) -> bytes:
        """The state as bytes: how far the parts reach as JSON, then the parts."""
        reach = encode(state.reach)
        return b"".join((FORM.header, _SIZE.pack(len(reach)), reach, to_bytes(state.parts)))

    def decode(self, key: str, stored: bytes) -> SiteState:
        """The state that `encode` made."""
        begin = FORM.begin(stored) + _SIZE.size
        (size,) = _SIZE.unpack_from(stored, begin - _SIZE.size)
        return SiteState(from_bytes(stored, begin + size), decode(Reach, stored[begin : begin + size]))

    def take(self, key: str, state: SiteState, records: Records) -> tuple[SiteState, Outputs]:
        """Quarter hours of any meters, in any order; those that are no part are passed over."""
        outputs: Outputs = []
        for _, interval in records:
            for one in self._admitted(state, interval):
                state.parts, rows = self._step.take_interval(state.parts, one)
                outputs += [(INTERVALS, row) for row in rows]
        return state, outputs

    def _admitted(self, state: SiteState, interval: Interval) -> tuple[Interval, ...]:
        if not self._step.is_part(interval):
            return ()
        reach, part = state.reach.by_part, f"{interval.meter}/{interval.channel}"
        now_utc = None if self._clock is None else self._clock.now_utc()
        reach[part], counts = admit(reach.get(part, Newest()), interval, now_utc)
        farthest = max((slot_of(one.start_utc) for one in reach.values() if one.start_utc is not None), default=None)
        if farthest is not None:
            state.parts.newest = min(state.parts.newest, farthest)
        return counts
