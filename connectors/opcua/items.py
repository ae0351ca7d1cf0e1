"""What is wanted of a server: a channel each, where it is in this session, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asyncua import ua

from connectors.channels import Channel, RefusedChannel
from connectors.gaps import Key
from connectors.opcua.config import OpcUaHead
from connectors.opcua.decode import What
from connectors.opcua.values import Names

VERIFY_S = 5.0
"""An item that says nothing for so long [s of the wall clock], or for its device's `max_silence_s`, is read, to see whether the server
would notify a change."""
LAST_VERIFY_S = 600.0
GRACE_S = 1.0
"""On top of twice the time that a change takes from the machine to us."""

GONE = frozenset({ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadNodeIdInvalid, ua.StatusCodes.BadObjectDeleted})
"""The node is not there: never was, or a program was loaded and it may come back."""
REFUSALS = GONE | {
    ua.StatusCodes.BadNotReadable, ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadAttributeIdInvalid,
    ua.StatusCodes.BadSecurityModeInsufficient, ua.StatusCodes.BadNotSupported, ua.StatusCodes.BadDecodingError,
    ua.StatusCodes.BadTooManyOperations, ua.StatusCodes.BadEncodingLimitsExceeded,
    ua.StatusCodes.BadRequestTooLarge, ua.StatusCodes.BadResponseTooLarge,
}  # fmt: skip
"""Statuses of a value that are about the node and not about the machine behind it: it is not given to us."""
_CODE_BITS = 0xFFFF0000


@dataclass(slots=True)
class SubscribedDevice:
    """One machine: its settings, its channels, and how it was last reported."""

    head: OpcUaHead
    channels: Sequence[Channel]
    folder: Path
    """Where its certificates are looked for."""
    state: str = ""
    refused: tuple[RefusedChannel, ...] | None = None
    """What it does not give, as last reported; None before the first report."""


@dataclass(slots=True, eq=False)
class Item:
    """One channel of one device. Several may be on one node: each has a monitored item of its own."""

    device: SubscribedDevice
    channel: Channel
    node: ua.NodeId | None = None
    """Its node in this session; None where the server does not have its namespace."""
    names: Names = field(default_factory=dict)
    handle: int = 0
    """Our number of its monitored item; a new one each time that it is created."""
    server_id: int | None = None
    """The server's number of its monitored item; None where there is none."""
    sampling_s: float = 0.0
    """How often the server looks [s of the wall clock]."""
    refused: str = ""
    """What the server answers where it does not give it."""
    is_gone: bool = False
    is_readable: bool = False
    """Whether its value came when it was read last."""
    received_at_ms: int = 0
    last: tuple[int, float | int | None, str | None] | None = None
    """What was passed on last."""
    notified: What | None = None
    """The newest notification of the subscription."""
    is_requested: bool = False
    """Whether monitoring was requested, and no value has come of that yet."""
    checked_s: float = 0.0
    first_verify_s: float = VERIFY_S
    verify_s: float = field(init=False)
    suspect_since_s: float | None = None

    @property
    def name(self) -> str:
        """Device and channel, for people."""
        return f"{self.device.head.id}.{self.channel.channel}"

    @property
    def key(self) -> Key:
        """Its name in the book of gaps."""
        return self.device.head.id, self.channel.channel

    @property
    def is_register(self) -> bool:
        """Whether the plant file counts with it, and not only shows it."""
        return self.channel.kind is not None

    @property
    def may_be_silent_ms(self) -> float:
        """How long no news is good news [ms of the plant's time]: as stated, and no longer than readings should be apart."""
        return 1000 * min(self.device.head.max_silence_s, 1.5 * (self.channel.every_s or math.inf))

    def is_silent(self, now_ms: int) -> bool:
        """Whether its value is to be read and passed on as unchanged."""
        return self.is_register and now_ms - self.received_at_ms >= self.may_be_silent_ms

    def is_to_verify(self, now_s: float) -> bool:
        """Whether it is time to check that the server would notify a change of it."""
        return (self.server_id is not None or self.is_polled) and not self.is_gone and now_s - self.checked_s >= self.verify_s

    @property
    def is_polled(self) -> bool:
        """Whether the server gives its value, and does not notify its changes."""
        return self.server_id is None and self.is_readable and not self.is_gone

    @property
    def is_given(self) -> bool:
        """Whether its values come, by whichever way."""
        return not self.refused or self.is_polled

    @property
    def answer(self) -> str:
        """What the server answers where it does not give it, for people."""
        return f"{self.refused}; it is read instead" if self.is_polled else self.refused

    def __post_init__(self) -> None:
        self.verify_s = self.first_verify_s

    def requested(self, handle: int) -> None:
        """Monitoring is requested. The first value may come before the answer does."""
        self.handle, self.server_id, self.notified, self.suspect_since_s, self.is_requested = handle, None, None, None, True

    def created(self, server_id: int, sampling_s: float, now_s: float) -> None:
        """The server monitors it."""
        self.server_id, self.sampling_s, self.checked_s = server_id, sampling_s, now_s
        if self.is_requested:
            self.refused, self.is_gone = "", False

    def not_created(self, status: int, answer: str) -> None:
        """The server does not monitor it."""
        self.server_id, self.refused, self.is_gone = None, answer, status & _CODE_BITS in GONE

    def not_found(self, answer: str) -> None:
        """The server does not have its namespace."""
        self.node, self.server_id, self.is_readable = None, None, False
        self.refused, self.is_gone = answer, True

    def take_status(self, status: int, answer: str) -> bool:
        """What a value's status says of the node itself; whether that is new."""
        before, self.is_requested, self.is_readable = self.refused, False, not is_refusal(status)
        if is_refusal(status):
            self.refused, self.is_gone = answer, status & _CODE_BITS in GONE
        elif self.server_id is not None:
            self.refused, self.is_gone = "", False
        return self.refused != before

    def take_notified(self, what: What, now_s: float) -> None:
        """The subscription works."""
        if self.notified is not None:  # the first one comes of being created
            self.verify_s = self.first_verify_s
        self.notified, self.checked_s, self.suspect_since_s = what, now_s, None

    def verify(self, what: What, now_s: float, publishing_s: float) -> bool:
        """Compare a read with the newest notification; whether the subscription is dead: the value differs, and no notification came in time."""
        if what == self.notified:
            self.checked_s, self.suspect_since_s = now_s, None
            return False
        grace_s = 2 * (publishing_s + self.sampling_s) + GRACE_S
        if self.suspect_since_s is None:
            self.suspect_since_s = now_s
            self.checked_s = now_s - self.verify_s + grace_s  # look again then
        if now_s - self.suspect_since_s < grace_s:
            return False
        self.verify_s = min(2 * self.verify_s, LAST_VERIFY_S)
        return True


def is_refusal(status: int) -> bool:
    """Whether a value's status says that the node is not given to us."""
    return status & _CODE_BITS in REFUSALS
