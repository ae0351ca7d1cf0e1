"""The step of the virtual meters behind the jobs' interface."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.clock import Clock, process_clock
from domain.codec import decode, encode
from domain.intervals import Interval
from domain.plant import Plant, load_plant
from domain.topics import INTERVALS, Topic
from metering import virtual
from quarters.newest import Newest, admit
from quarters.numbers import slot_of
from stream_jobs.logic import Outputs

_MAGIC = b"LGVJ1"
_SIZE = struct.Struct("<I")


@dataclass(slots=True)
class Reach:
    """How far each part reaches, by meter and channel, whatever single records say."""

    by_part: dict[str, Newest] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """What is known of the parts."""

    parts: virtual.VirtualState
    reach: Reach


class VirtualMeters:
    """Keyed by site: intervals of its meters to those of its virtual ones, which come back and are passed over.

    One part's record of a wrong date holds up neither that part nor the others (`domain.newest`): what is older than the newest by more
    than the horizon of late readings is left out, so a row of 2062 would leave out everything.

    Parameters
    ----------
    clock
        The plant's. None: the records alone keep wrong dates out.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._step = virtual.VirtualMeterStep(plant)
        self._clock = clock

    def initial(self, key: str) -> Any:
        return State(self._step.initial(), Reach())

    def encode(self, state: Any) -> bytes:
        reach = encode(state.reach)
        return b"".join((_MAGIC, _SIZE.pack(len(reach)), reach, virtual.encode_state(state.parts)))

    def decode(self, key: str, stored: bytes) -> Any:
        if not stored.startswith(_MAGIC):
            msg = f"state begins with {stored[:5]!r}, expected {_MAGIC!r}: start the job without state, it reads the topics again"
            raise virtual.UnreadableState(msg)
        (size,) = _SIZE.unpack_from(stored, len(_MAGIC))
        at = len(_MAGIC) + _SIZE.size
        return State(virtual.decode_state(stored[at + size :]), decode(Reach, stored[at : at + size]))

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        outputs: Outputs = []
        for _, interval in records:
            for one in self._admitted(state, interval):
                state.parts, told = self._step.take_interval(state.parts, one)
                outputs += [(INTERVALS, row) for row in told]
        return state, outputs

    def _admitted(self, state: State, interval: Interval) -> tuple[Interval, ...]:
        if not self._step.is_part(interval):
            return ()
        reach, part = state.reach.by_part, f"{interval.meter}/{interval.channel}"
        now_utc = None if self._clock is None else self._clock.now_utc()
        reach[part], counts = admit(reach.get(part, Newest()), interval, now_utc)
        farthest = max((slot_of(one.start_utc) for one in reach.values() if one.start_utc is not None), default=None)
        if farthest is not None:
            state.parts.newest = min(state.parts.newest, farthest)
        return counts


def make(plant_dir: str) -> VirtualMeters:
    """Logic for the plant in `plant_dir`."""
    return VirtualMeters(load_plant(Path(plant_dir) / "plant.toml"), process_clock())
