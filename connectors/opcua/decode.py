"""An OPC UA value to what a reading needs. Pure: knows status bits and times, no library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.clock import epoch_ms
from domain.readings import BEYOND_MEASURE, ReadingQuality
from domain.texts import printable

_SEVERITY = {0: ReadingQuality.GOOD, 1: ReadingQuality.UNCERTAIN}
_INFO_TYPE_BITS, _DATA_VALUE_INFO, _OVERFLOW = 0x0C00, 0x0400, 0x0080

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


def seen(value: object, status: int, source_utc: datetime | None, server_utc: datetime | None, received_ms: int) -> Seen:
    """What a notification says. A bad status has no value, whatever stands in its place.

    The source's time dates it; where there is none the server's does, and the note says so. Quality is not touched by that.
    """
    quality = quality_of(status)
    number, text = _number_and_text(value) if quality is not ReadingQuality.BAD else (None, None)
    notes = [] if status & ~(_INFO_TYPE_BITS | _OVERFLOW) == 0 else [f"status 0x{status:08X}"]
    if overflowed(status):
        notes.append(OVERFLOW)
    observed_ms = milliseconds(source_utc)
    if observed_ms is None:
        observed_ms = milliseconds(server_utc)
        notes.append(DATED_BY_SERVER if observed_ms is not None else DATED_BY_GATEWAY)
    if number is None and text is None and quality is not ReadingQuality.BAD:
        quality = ReadingQuality.BAD
        notes.append(f"no number and no text: {str(value)[:40]!r}")
    return Seen(number, text or ("; ".join(notes) or None), quality, received_ms if observed_ms is None else observed_ms)


def still(
    value: object, status: int, source_utc: datetime | None, server_utc: datetime | None, asked_ms: int, came_ms: int
) -> Seen:
    """What a read of a silent register says: its value holds *now*, however old its last change is.

    Dated by the server's time of the read where that lies between question and answer (a second of play for clocks that differ),
    else by the middle between the two on the gateway's clock: some servers hand out the time of the last change.
    """
    known = seen(value, status, source_utc, server_utc, came_ms)
    server_ms = milliseconds(server_utc)
    if server_ms is not None and asked_ms - 1000 <= server_ms <= came_ms + 1000:
        observed_ms, note = server_ms, STILL_BY_SERVER
    else:
        observed_ms, note = (asked_ms + came_ms) // 2, STILL_BY_GATEWAY
    is_text = known.value is None and known.quality is not ReadingQuality.BAD
    return Seen(known.value, known.text if is_text else note, known.quality, max(observed_ms, milliseconds(source_utc) or 0))


def _number_and_text(value: object) -> tuple[float | int | None, str | None]:
    if isinstance(value, bool):
        return int(value), None
    if isinstance(value, int):
        return value, None
    if isinstance(value, float):
        return (value, None) if abs(value) < BEYOND_MEASURE else (None, None)  # nor is NaN
    return (None, _sayable(value)) if isinstance(value, str) else (None, None)


def _sayable(text: str) -> str:
    """`text` as a record may hold it; bytes that were no UTF-8, which the library hands over as lone surrogates, are shown as ``\\xNN``."""
    try:
        whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        whole = text.encode("utf-8", "backslashreplace").decode()
    return printable(whole)
