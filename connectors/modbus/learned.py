"""What a device has taught by its answers: which registers it refuses, and where its reads must be cut.  No socket, no clock.

In: the outcome of every read, with the seconds of a steady clock.  Out: the reads that fetch what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.channels import Channel, RefusedChannel
from connectors.modbus.plan import Block, block_of, halves, plan
from connectors.modbus.profile import Point, Profile

FIRST_AGAIN_S, LAST_AGAIN_S = 5.0, 300.0
"""Waits before a refused register is read again: doubled up to the last. A device that starts up refuses for moments."""
FIRST_WHOLE_AGAIN_S, LAST_WHOLE_AGAIN_S = 300.0, 86_400.0
"""Waits before reads that were cut are tried whole again, likewise."""
SILENCES = 2
"""So often in a row a read must stay without answer, while the device answers others, before it is cut: one packet may be lost."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A register that the device does not give."""

    point: Point
    why: str
    again_s: float
    """When it is read again."""
    wait_s: float


@dataclass(frozen=True, slots=True)
class _Silence:
    """A read without a usable answer, while the device answers others."""

    count: int
    """How often in a row there was no answer at all."""
    since_s: float


class Learned:
    """The reads of one device, cut around what it refuses.

    A refused read is halved until what is refused stands alone; that is then left out, named, and read again now and then. So a
    device that refuses long reads and answers short ones is read in short ones.

    Parameters
    ----------
    patience_s
        How long one read may be answered with "later" while others are answered, before it is treated as refused.
    """

    def __init__(self, profile: Profile, patience_s: float) -> None:
        self._profile, self._patience_s = profile, patience_s
        self._plans: dict[tuple[str, ...], tuple[Block, ...]] = {}
        self._refusals: dict[str, Refusal] = {}
        self._cuts: set[tuple[int, int]] = set()
        """Function and address: no read runs from before the address to after it."""
        self._whole_again_s, self._whole_wait_s = 0.0, FIRST_WHOLE_AGAIN_S
        self._silences: dict[tuple[int, int, int], _Silence] = {}
        self.answered_last: Block | None = None
        """A read that the device is known to answer."""

    def reads(self, names: Sequence[str], now_s: float) -> list[Block]:
        """The reads that fetch the points and sums called `names`: those that were answered last time first, refused registers last.

        A name of which a register is refused is left out until that register's time has come.
        """
        self._try_whole_again(now_s)
        wanted: list[str] = []
        again: dict[str, Point] = {}
        for name in names:
            parts = [part.name for part in self._profile.parts(name)]
            refused = [self._refusals[part] for part in parts if part in self._refusals]
            if not refused:
                wanted.append(name)
            elif all(refusal.again_s <= now_s for refusal in refused):
                again |= {refusal.point.name: refusal.point for refusal in refused}
                wanted += [part for part in parts if part not in self._refusals]
        pieces = [piece for block in self._planned(tuple(wanted)) for piece in self._cut(block)]
        pieces.sort(key=lambda piece: self._silences[_key(piece)].count if _key(piece) in self._silences else 0)
        return [*pieces, *(block_of((point,)) for point in again.values())]

    def refused_channels(self, channels: Iterable[Channel]) -> list[RefusedChannel]:
        """Those of `channels` that have no value because a register is refused, with the device's answer."""
        found = []
        for channel in channels:
            refusals = [self._refusals[part.name] for part in self._profile.parts(channel.source) if part.name in self._refusals]
            if refusals:
                found.append(RefusedChannel(channel.channel, ", ".join(_where(r.point) for r in refusals), refusals[0].why))
        return found

    def retry_s(self, names: Iterable[str]) -> float | None:
        """When the first refused register of the points and sums called `names` is read again; None if none is refused."""
        parts = {part.name for name in names for part in self._profile.parts(name)}
        return min((refusal.again_s for name, refusal in self._refusals.items() if name in parts), default=None)

    # Outcomes

    def answered(self, block: Block) -> None:
        """The read gave its registers. Where they were refused before, the others may be given again too: they are read next."""
        self.answered_last = block
        self._silences.pop(_key(block), None)
        back = [point.name for point in block.points if self._refusals.pop(point.name, None) is not None]
        if back:
            self._refusals = {name: replace(refusal, again_s=0.0) for name, refusal in self._refusals.items()}

    def refused(self, block: Block, why: str, now_s: float) -> tuple[Block, ...]:
        """The device refused the read: the reads to ask in its place, none if it was of one register."""
        if len(block.points) == 1:
            self._refuse(block.points[0], why, now_s)
            return ()
        left, right = halves(block)
        if not self._cuts:
            self._whole_again_s = now_s + self._whole_wait_s
        self._cuts.add((right.function, right.address))
        return left, right

    def unanswered(self, block: Block, why: str, now_s: float, *, is_busy: bool) -> None:
        """The read got no answer, or "later", while the device answered others in the same moment."""
        if len(block.points) == 1 and block.points[0].name in self._refusals:
            self._refuse(block.points[0], why, now_s)
            return
        before = self._silences.pop(_key(block), _Silence(0, now_s))
        silence = _Silence(before.count + (not is_busy), before.since_s)
        if silence.count < SILENCES and now_s - silence.since_s < self._patience_s:
            self._silences[_key(block)] = silence
            return
        for part in self.refused(block, why, now_s):
            self._silences[_key(part)] = replace(silence, count=SILENCES - 1)

    def _refuse(self, point: Point, why: str, now_s: float) -> None:
        known = self._refusals.get(point.name)
        wait_s = FIRST_AGAIN_S if known is None else min(2 * known.wait_s, LAST_AGAIN_S)
        self._refusals[point.name] = Refusal(point, why, now_s + wait_s, wait_s)

    # Cutting

    def _planned(self, names: tuple[str, ...]) -> tuple[Block, ...]:
        if names not in self._plans:
            self._plans[names] = plan(self._profile, names)
        return self._plans[names]

    def _cut(self, block: Block) -> Iterable[Block]:
        """`block` in pieces that cross no cut and no refused register."""
        cuts = self._cuts | {(r.point.function, at) for r in self._refusals.values() for at in (r.point.address, r.point.end)}
        crossed = [address for function, address in cuts if function == block.function and block.address < address < block.end]
        if not crossed:
            return [block]
        pieces: dict[int, list[Point]] = {}
        for point in block.points:
            pieces.setdefault(sum(address <= point.address for address in crossed), []).append(point)
        return [block_of(points) for _, points in sorted(pieces.items())]

    def _try_whole_again(self, now_s: float) -> None:
        # A device that refused everything for a moment would else be read register by register for ever.
        if self._cuts and now_s >= self._whole_again_s:
            self._cuts.clear()
            self._whole_wait_s = min(2 * self._whole_wait_s, LAST_WHOLE_AGAIN_S)


def _key(block: Block) -> tuple[int, int, int]:
    return block.function, block.address, block.end


def _where(point: Point) -> str:
    registers = f"register {point.address}" if point.words == 1 else f"registers {point.address} to {point.end - 1}"
    return f"{point.name}, function {point.function} {registers}"
