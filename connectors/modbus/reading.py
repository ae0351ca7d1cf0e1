"""One round of reads of one device: what one read refuses or leaves unanswered costs the others nothing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.channels import Channel, converted
from connectors.modbus.client import DeviceBusy, DeviceRefuses, ModbusConnection, ModbusError, Unreachable
from connectors.modbus.decode import Value, decode_block, value_of
from connectors.modbus.learned import Learned
from connectors.modbus.plan import Block, block_of
from connectors.modbus.profile import Profile
from domain.clock import Clock, epoch_ms

MOST_SILENT = 2
"""Reads without answer in one round: each takes a time-out, and other devices behind the connection wait for their turn."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value, when it was seen and when its answer came [ms since 1970, plant's clock]."""

    value: Value
    seen_ms: int
    came_ms: int


@dataclass(slots=True)
class Round:
    """What came of one round."""

    values: dict[str, Seen] = field(default_factory=dict)
    """By point."""
    answers: list[tuple[Block, bytes]] = field(default_factory=list)
    """The reads that were answered, with the bytes of their registers."""
    has_read: bool = False
    has_refused: bool = False
    trouble: ModbusError | None = None
    """The last read without a usable answer, whatever it was."""


@dataclass(frozen=True, slots=True)
class ChannelValue:
    """A channel's value in the plant file's unit, or None with the reason."""

    number: float | int | None
    why_none: str | None
    seen_ms: int
    came_ms: int


def channel_value(profile: Profile, channel: Channel, found: Round) -> ChannelValue | None:
    """What a round says of `channel`; None where not all of its registers came."""
    parts = [part.name for part in profile.parts(channel.source)]
    if any(part not in found.values for part in parts):
        return None
    value = value_of(profile, channel.source, {part: found.values[part].value for part in parts})
    last = found.values[parts[-1]]
    number = None if value.number is None else converted(value.number, channel.by)
    return ChannelValue(number, value.why_none, last.seen_ms, last.came_ms)


@dataclass(slots=True)
class _State:
    queue: deque[Block]
    answered: bool = False
    """Whether the device is known to be there: it gave registers, or refused some."""
    unanswered: list[tuple[Block, ModbusError]] = field(default_factory=list)


class Reader:
    """Reads one device round by round.

    Parameters
    ----------
    connection, unit_id
        Where it is.
    learned
        What is known of its refusals; every round adds to it.
    """

    def __init__(self, connection: ModbusConnection, unit_id: int, profile: Profile, learned: Learned, clock: Clock) -> None:
        self._connection, self._unit_id, self._profile, self._clock = connection, unit_id, profile, clock
        self._learned = learned
        self._silent_rounds = 0

    async def round(self, names: Sequence[str]) -> Round:
        """Read the points and sums called `names`.

        A read that is refused is halved until the refused register stands alone. One without answer says nothing of the register as long
        as the device may be gone; so another read is sent, and where that is answered the silence is the register's.
        """
        found = Round()
        state = _State(deque(self._learned.reads(names, time.monotonic())))
        if self._silent_rounds % 2 and state.queue:
            state.queue.appendleft(self._one_register(state.queue))  # the device may be silent on one register of every read
        while state.queue:
            block = state.queue.popleft()
            found.has_read = True
            await self._request(block, found, state)
            if not self._goes_on(block, state):
                break
        if state.answered:
            self._silent_rounds = 0
            for block, error in state.unanswered:
                self._learned.unanswered(block, error.what, time.monotonic(), is_busy=isinstance(error, DeviceBusy))
        elif state.unanswered:
            self._silent_rounds += 1
        return found

    async def _request(self, block: Block, found: Round, state: _State) -> None:
        requested_ms = epoch_ms(self._clock.now_utc())
        try:
            raw = await self._connection.read(self._unit_id, block)
        except DeviceRefuses as error:
            state.answered = found.has_refused = True
            state.queue.extendleft(reversed(self._learned.refused(block, error.what, time.monotonic())))
            return
        except ModbusError as error:
            found.trouble = error
            state.unanswered.append((block, error))
            return
        came_ms = epoch_ms(self._clock.now_utc())
        state.answered = True
        self._learned.answered(block)
        # The meter has no clock to read; its value is of some instant between request and answer.
        seen_ms = (requested_ms + came_ms) // 2
        found.answers.append((block, raw))
        for name, value in decode_block(self._profile, block.points, block.address, raw).items():
            found.values[name] = Seen(value, seen_ms, came_ms)

    def _goes_on(self, block: Block, state: _State) -> bool:
        """Whether the next read is sent after `block`."""
        if not state.unanswered:
            return True
        silent = [error for _, error in state.unanswered if not isinstance(error, DeviceBusy)]
        if isinstance(state.unanswered[-1][1], Unreachable) or len(silent) >= MOST_SILENT:
            return False
        if state.answered:
            return True
        if len(state.unanswered) > 1 or self._silent_rounds:
            return False  # a device that is gone is read once, and once more when it goes
        if not state.queue:
            known = self._learned.answered_last
            if known is not None and known != block:
                state.queue.append(known)
            elif len(block.points) > 1:
                state.queue.append(self._one_register([block]))
        return True

    def _one_register(self, blocks: Sequence[Block] | deque[Block]) -> Block:
        points = [point for block in blocks for point in block.points]
        return block_of((points[self._silent_rounds // 2 % len(points)],))
