"""What a device measured: one value of one register at the device's clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.instants import EpochMs, UtcInstant
from domain.texts import Key, Name, Original, Text
from domain.units import Int64

HEARTBEAT_CHANNEL = "heartbeat"
"""Channel of a gateway's sign of life: `meter` is the gateway's id, `value` the number of readings it has buffered."""
CONNECTION_CHANNEL = "connection"
"""Channel of a device's connection: `text` is one of ``connected``, ``lost``, ``refused``, ``stalled`` (the connection stands, but no
reading has come for longer than the device's file allows)."""
GAP_CHANNEL = "gap"
"""Channel of history requests after a gap: `meter` is the device's id, `value` the number of values that came (None
while the request runs), `text` is the text for people."""
CLOCK_CHANNEL = "clock"
"""Channel of reports on a device's clock: `meter` is the device's id, `value` how far it is behind [s], `text` for people."""
REFUSED_CHANNEL = "refused"
"""Channel of what a device does not give: `meter` is the device's id, `value` how many registers or nodes it refuses (0: none any
more), `text` names them with the device's answer, for people."""
THINNED_CHANNEL = "thinned"
"""Channel of what a full buffer had to give up: `meter` is the gateway's id, `value` how many readings were thinned out, `text` which
span and which channels, for people."""
SET_BACK_CHANNEL = "set_back"
"""Channel of an operator's command: what is dated after `observed_ms` is forgotten of the register readings of `meter`, because a clock was
ahead; `text` says who wants it and why."""
CONTROL_CHANNELS = frozenset(
    {HEARTBEAT_CHANNEL, CONNECTION_CHANNEL, GAP_CHANNEL, CLOCK_CHANNEL, REFUSED_CHANNEL, THINNED_CHANNEL, SET_BACK_CHANNEL}
)
"""Channels of reports by the gateway or an operator; they are no readings of a device and are not counted as such."""


BEYOND_MEASURE = 1e300
"""No device measures that much; and one unit turned into another must not leave the numbers."""


CLOCK_JUMPED_NOTE = "clock jumped"
"""Begins the `text` of a reading that the gateway marks as uncertain because the clock that dated it went back by whole half hours."""


class ReadingQuality(StrEnum):
    """The device's own word on its value. OPC UA: by the severity bits of the status code."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one register of one meter.

    `value` is in the register's own unit (plant file); None where the device gave none. `text` holds what is no number: a
    PackML state by name, a connection's state. Epochs stay in milliseconds here: this is the hot path and the wire.
    """

    site: Key
    meter: Key
    channel: Key
    observed_ms: EpochMs
    """The device's clock [ms since 1970]; dates the reading."""
    received_ms: EpochMs
    """The gateway's clock at receipt [ms since 1970]."""
    value: float | Int64 | None
    quality: ReadingQuality = ReadingQuality.GOOD
    text: Text | None = None
    gateway: Name | None = None
    sequence: Int64 | None = None
    """Counts up by one per reading of one gateway process; a hole is a loss, a repeat a resend."""
    origin: Literal["live", "history"] = "live"


class RejectionReason(StrEnum):
    """Why a reading was not used."""

    UNPARSABLE = "unparsable"
    UNKNOWN_REGISTER = "unknown_register"
    BAD_QUALITY = "bad_quality"
    CLOCK_BEFORE_RANGE = "clock_before_range"
    CLOCK_IN_FUTURE = "clock_in_future"
    CLOCK_JUMPED = "clock_jumped"
    DUPLICATE = "duplicate"
    IMPOSSIBLE_POWER = "impossible_power"
    GLITCH = "glitch"
    BEYOND_HORIZON = "beyond_horizon"
    REFUSED_ORDER = "refused_order"
    """An order that cannot be planned: its machine does not exist, or it waits for itself (`domain.order_rules`). The revision before counts."""
    REFUSED_FEEDBACK = "refused_feedback"
    """Feedback on an anomaly that is not known, or that something newer has overtaken; it changed nothing."""
    STEP_FAILED = "step_failed"
    """The program could not take a record that is as it should be: a fault of ours. The record is on the log and can be read again."""
    WRONG_KEY = "wrong_key"
    """The record lies under a key that its fields do not make, so that it would be counted for another meter or site. Write it under its own."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that could not be used, with the original so that nothing is lost."""

    site: Key
    meter: Key
    reason: RejectionReason
    original: Original
    """The record as it came (UTF-8; bytes that are none as ``\\xNN``)."""
    detail: Text = ""
    source: Text = ""
    """Where from: ``topic/partition/offset`` or ``file:line``."""
    at_utc: UtcInstant | None = None
    """Receipt time, where one could be read."""
