"""The header of every state that a job stores: whose it is and of which version; what follows is the step's own.

A state outlives the program that wrote it. One header, and one error, so that nobody reads the state of another step or of another version,
and an operator reads in one form what to do.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.errors import LastgangError

_WORD = b"lastgang-state"
_HEADER = re.compile(_WORD + rb" ([a-z-]{1,40}) (\d{1,9})\n")
_SIZE = struct.Struct("<q")
_SHOWN = 24
"""Bytes of something else that the error shows."""


class UnreadableState(LastgangError):
    """A stored state of another step or version. Operator: let the job begin without it; it reads its topics again.

    Attributes
    ----------
    step
        The step that was given the state.
    expected
        The version that it reads.
    found
        The version of the state; None where it is no state of this step.
    """

    def __init__(self, step: str, expected: int, stored: bytes) -> None:
        header = _HEADER.match(stored)
        self.step, self.expected = step, expected
        self.found = int(header[2]) if header is not None and header[1].decode() == step else None
        if header is None:
            what = f"begins with {stored[:_SHOWN]!r}, which is no header of a state"
        elif self.found is None:
            what = f"is of {header[1].decode()!r}"
        else:
            what = f"is of version {self.found}"
        super().__init__(
            f"stored state of {step!r}: it {what}; expected version {expected} of {step!r}. Start the job without its stored state (stop the"
            " plant, rename flink/jobs.json in its home folder, start again): it reads its topics again from the beginning; or start the"
            " version of Lastgang that wrote it"
        )


@dataclass(frozen=True, slots=True)
class StateForm:
    """What a step's stored states begin with.

    Parameters
    ----------
    step
        Name of the step: lower-case words with hyphens.
    version
        One more whenever what follows the header changes its form. Older versions are not read: topics can be read again.
    """

    step: str
    version: int
    header: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "header", b"%s %s %d\n" % (_WORD, self.step.encode(), self.version))

    def begin(self, stored: bytes) -> int:
        """Where the step's own bytes begin in `stored`.

        Raises
        ------
        UnreadableState
            If it is the state of another step or version, or no state at all.
        """
        if not stored.startswith(self.header):
            raise UnreadableState(self.step, self.version, stored)
        return len(self.header)

    def content(self, stored: bytes) -> bytes:
        """The step's own bytes; raises as `begin`."""
        return stored[self.begin(stored) :]


def joined(parts: Iterable[bytes]) -> bytes:
    """Parts of a state one behind the other, each after its length; `parted` takes them apart."""
    return b"".join(piece for part in parts for piece in (_SIZE.pack(len(part)), part))


def parted(stored: bytes) -> list[bytes]:
    """The parts that `joined` has put together."""
    parts, at = [], 0
    while at < len(stored):
        (size,) = _SIZE.unpack_from(stored, at)
        at += _SIZE.size
        parts.append(stored[at : at + size])
        at += size
    return parts
