"""An OPC UA data value to what a reading needs: status bits and times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from asyncua.ua.status_codes import get_name_and_doc

from connectors.opcua.values import NO_NAMES, Names, Plain, plain, shown
from domain.clock import epoch_ms
from domain.readings import ReadingQuality
from domain.texts import TEXT_LENGTH

_SEVERITY = {0: ReadingQuality.GOOD, 1: ReadingQuality.UNCERTAIN}
_INFO_TYPE_BITS, _DATA_VALUE_INFO, _OVERFLOW = 0x0C00, 0x0400, 0x0080
_CODE_BITS = 0xFFFF0000

DATED_BY_SERVER = "dated by the server: the source gave no time"
DATED_BY_GATEWAY = "dated by the gateway: neither source nor server gave a time"
STILL_BY_SERVER = "unchanged, dated by the server's time of reading"
STILL_BY_GATEWAY = "unchanged, dated by the gateway's time of reading"
OVERFLOW = "values before this one were lost in the server's queue"


def quality_of(status: int) -> ReadingQuality:
    """By the two severity bits; the code's other bits say what, not how bad. 0b11 is reserved and read as bad."""
    return _SEVERITY.get(status >> 30 & 0b11, ReadingQuality.BAD)


def overflowed(status: int) -> bool:
    """Whether the server's queue dropped values before this one. The bit means that only in a data value's status."""
    return status & _INFO_TYPE_BITS == _DATA_VALUE_INFO and bool(status & _OVERFLOW)


_NOT_OF_NOW = frozenset({0x408F, 0x4090})
"""Uncertain_NoCommunicationLastUsableValue, Uncertain_LastUsableValue: a value, and not that of this instant."""


def is_of_now(status: int) -> bool:
    """Whether the value was seen at its instant, and is not the last one before something went wrong."""
    return quality_of(status) is not ReadingQuality.BAD and status >> 16 not in _NOT_OF_NOW


def status_text(status: int) -> str:
    """A status as people can look it up: ``status 0x80310000 BadNoCommunication``."""
    name, what = get_name_and_doc(status & _CODE_BITS)
    return f"status 0x{status:08X}" if what.startswith("Unknown") else f"status 0x{status:08X} {name}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One value as it is passed on."""

    value: float | int | None
    text: str | None
    quality: ReadingQuality
    observed_ms: int


def milliseconds(instant_utc: datetime | None) -> int | None:
    """Milliseconds since 1970; libraries hand out naive instants that are meant as UTC."""
    if instant_utc is None or not 1971 <= instant_utc.year < 9000:  # OPC UA's zero is 1601 and its end 9999: no time at all
        return None
    return epoch_ms(instant_utc if instant_utc.tzinfo is not None else instant_utc.replace(tzinfo=UTC))


def seen(
    value: object,
    status: int,
    source_utc: datetime | None,
    server_utc: datetime | None,
    received_ms: int,
    names: Names = NO_NAMES,
    *,
    of_register: bool = False,
) -> Seen:
    """What a notification says. A bad status has no value, whatever stands in its place.

    The source's time dates it; where there is none the server's does, and the note says so. Quality is not touched by that.
    `names` and `of_register` as `connectors.opcua.values.plain` takes them.
    """
    observed_ms, note = milliseconds(source_utc), ""
    if observed_ms is None:
        observed_ms = milliseconds(server_utc)
        note = DATED_BY_SERVER if observed_ms is not None else DATED_BY_GATEWAY
    known, quality = _judged(value, status, names, of_register)
    return Seen(known.number, _text(known, status, note), quality, received_ms if observed_ms is None else observed_ms)


def still(
    value: object,
    status: int,
    source_utc: datetime | None,
    server_utc: datetime | None,
    requested_ms: int,
    came_ms: int,
    names: Names = NO_NAMES,
    *,
    of_register: bool = False,
) -> Seen:
    """What a read of a silent register says: its value holds *now*, however old its last change is."""
    known, quality = _judged(value, status, names, of_register)
    read_ms = read_by_server(server_utc, requested_ms, came_ms)
    note = STILL_BY_GATEWAY if read_ms is None else STILL_BY_SERVER
    observed_ms = (requested_ms + came_ms) // 2 if read_ms is None else read_ms
    return Seen(known.number, _text(known, status, note), quality, max(observed_ms, milliseconds(source_utc) or 0))


def read_by_server(server_utc: datetime | None, requested_ms: int, came_ms: int) -> int | None:
    """The server's time of a read, where it lies between question and answer (a second of play for clocks that differ).

    None where it does not: some servers hand out the time of the last change. Then the middle between the two on the gateway's clock counts.
    """
    server_ms = milliseconds(server_utc)
    return server_ms if server_ms is not None and requested_ms - 1000 <= server_ms <= came_ms + 1000 else None


What = tuple[float | int | None, str | None, str | None, int]
"""A value without its times: number, text, why neither, and the status of the server."""


def what(value: object, status: int, names: Names = NO_NAMES, *, of_register: bool = False) -> What:
    """What a value says, whenever it was: two reads of something that stood still say the same."""
    known, _ = _judged(value, status, names, of_register)
    return known.number, known.text, known.why, status & _CODE_BITS


def _judged(value: object, status: int, names: Names, of_register: bool) -> tuple[Plain, ReadingQuality]:
    quality = quality_of(status)
    if quality is ReadingQuality.BAD:
        return Plain(), quality
    known = plain(value, names, of_register=of_register)
    return known, ReadingQuality.BAD if known.why is not None else quality


def _text(known: Plain, status: int, note: str) -> str | None:
    """A text value as it is; else the note on the value. The server's own reason always stands, and first."""
    if known.text is not None:
        return shown(known.text, TEXT_LENGTH)
    notes = [] if status & ~(_INFO_TYPE_BITS | _OVERFLOW) == 0 else [status_text(status)]
    notes += [OVERFLOW] if overflowed(status) else []
    notes += [known.why] if known.why is not None else []
    notes += [note] if note else []
    return shown("; ".join(notes), TEXT_LENGTH) or None
