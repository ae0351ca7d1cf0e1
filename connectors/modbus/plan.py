"""Which reads fetch which points: as few as the device allows, and no value is ever torn over two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.modbus.profile import Point, Profile


@dataclass(frozen=True, slots=True)
class Block:
    """One read request and the points that its answer holds whole."""

    function: int
    address: int
    count: int
    points: tuple[Point, ...]

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.count


def plan(profile: Profile, names: Iterable[str]) -> tuple[Block, ...]:
    """The reads that fetch the points and sums called `names`.

    A block includes registers that are not needed only where the profile lists them as readable, because many devices refuse
    the whole read otherwise. The parts of a sum come in one block where that is possible, so that they are of one instant.
    """
    limit = profile.profile.max_registers
    groups: dict[tuple[str, ...], tuple[Point, ...]] = {}
    for name in names:
        parts = sorted(profile.parts(name), key=lambda part: part.address)
        joined = _joined(profile, parts, limit)
        for group in joined:
            groups[tuple(part.name for part in group.points)] = group.points
    units = sorted(groups.values(), key=lambda unit: (unit[0].function, unit[0].address, -unit[-1].end))
    blocks: list[Block] = []
    for unit in units:
        last = blocks[-1] if blocks else None
        merged = _merge(profile, last, unit, limit) if last is not None else None
        if merged is not None:
            blocks[-1] = merged
        else:
            blocks.append(block_of(unit))
    return tuple(blocks)


def block_of(points: Sequence[Point]) -> Block:
    """The read that fetches `points`, of one function, and nothing before or after them."""
    start, end = min(p.address for p in points), max(p.end for p in points)
    return Block(points[0].function, start, end - start, tuple(points))


def halves(block: Block) -> tuple[Block, Block]:
    """`block`, of two or more points, as two reads: each of half of its points."""
    points = sorted(block.points, key=lambda point: (point.address, point.end))
    middle = len(points) // 2
    return block_of(points[:middle]), block_of(points[middle:])


def _joined(profile: Profile, parts: list[Point], limit: int) -> list[Block]:
    """The parts of one sum: in one block if the device allows it, else in as few as it does."""
    blocks = [block_of((parts[0],))]
    for part in parts[1:]:
        merged = _merge(profile, blocks[-1], (part,), limit)
        if merged is not None:
            blocks[-1] = merged
        else:
            blocks.append(block_of((part,)))
    return blocks


def _merge(profile: Profile, block: Block, unit: tuple[Point, ...], limit: int) -> Block | None:
    """`block` with `unit` in it, or None where the device would refuse that or the answer would be too long."""
    start, end = min(p.address for p in unit), max(p.end for p in unit)
    if unit[0].function != block.function or start < block.address:
        return None
    whole_end = max(block.end, end)
    if whole_end - block.address > limit:
        return None
    if start > block.end and not _readable(profile, block.function, block.end, start):
        return None
    known = {point.name for point in block.points}
    points = (*block.points, *(point for point in unit if point.name not in known))
    return Block(block.function, block.address, whole_end - block.address, points)


def _readable(profile: Profile, function: int, first: int, end: int) -> bool:
    return any(r.function == function and r.first <= first and end <= r.last + 1 for r in profile.readable)
