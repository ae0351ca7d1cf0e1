"""Trees over the leaves of a seal (RFC 6962), and proofs that disclose some leaves of one: `docs/evidence-format.md`, sections 3 and 6."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from hashlib import sha256


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two parts of a tree."""
    return sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """How many of `count` leaves (2 or more) are in the left part: the largest power of two below."""
    return 1 << ((count - 1).bit_length() - 1)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over one leaf or more.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not leaves:
        msg = "a tree has at least one leaf"
        raise ValueError(msg)
    # Level by level: a last one without a partner is carried up as it is, which is the same tree.
    level = list(leaves)
    while len(level) > 1:
        level = [node(*level[n : n + 2]) if n + 1 < len(level) else level[n] for n in range(0, len(level), 2)]
    return level[0]


def proof_of(leaves: Sequence[bytes], disclosed: Sequence[int]) -> list[bytes]:
    """Roots of the largest subtrees without a disclosed leaf, from left to right.

    Parameters
    ----------
    disclosed
        Places of leaves, from 0, rising.
    """
    return list(_proof(leaves, disclosed, 0, len(leaves)))


def _proof(leaves: Sequence[bytes], disclosed: Sequence[int], low: int, high: int) -> Iterator[bytes]:
    place = bisect_left(disclosed, low)
    if place == len(disclosed) or disclosed[place] >= high:
        yield root_of(leaves[low:high])
    elif high - low > 1:
        middle = low + split(high - low)
        yield from _proof(leaves, disclosed, low, middle)
        yield from _proof(leaves, disclosed, middle, high)
