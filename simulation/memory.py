"""What the machine controls remember: the last days of each variable, read by OPC UA's HistoryRead.

A control goes on remembering while the network to it is down; only then can it not be read.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.server.history import HistoryManager
from asyncua.server.internal_server import InternalServer

from domain.clock import epoch_ms, instant

VALUES_KEPT = 10_000
"""Of each variable: three days of a value every 30 s, in 16 bytes each."""
VALUES_A_READ = 1_000


class Trace:
    """Instants and values of one variable, oldest first; the oldest go when it is full."""

    def __init__(self, variant: ua.VariantType) -> None:
        self._variant = variant
        self._times_ms = array("q")
        self._values = array("d")
        self._names: list[str] = []
        """Of a variable of texts: its values are places in here."""

    def __len__(self) -> int:
        return len(self._times_ms)

    def keep(self, at_ms: int, value: Any) -> None:
        """Remember a value, later than all others."""
        if isinstance(value, str):
            if value not in self._names:
                self._names.append(value)
            value = self._names.index(value)
        self._times_ms.append(at_ms)
        self._values.append(value)
        if len(self._times_ms) > VALUES_KEPT * 9 // 8:
            del self._times_ms[:-VALUES_KEPT]
            del self._values[:-VALUES_KEPT]

    def between(self, start_ms: int, end_ms: int, limit: int) -> tuple[list[tuple[int, Any]], int | None]:
        """At most `limit` values between two instants, both included, and the instant of the next one if there are more.

        Newest first where `end_ms` is the earlier instant.
        """
        first, last = sorted((start_ms, end_ms))
        places = range(bisect_left(self._times_ms, first), bisect_right(self._times_ms, last))
        if end_ms < start_ms:
            places = places[::-1]
        following = self._times_ms[places[limit]] if len(places) > limit else None
        return [(self._times_ms[place], self._value(place)) for place in places[:limit]], following

    def _value(self, place: int) -> Any:
        value = self._values[place]
        if self._variant is ua.VariantType.String:
            return self._names[int(value)]
        return int(value) if self._variant is ua.VariantType.UInt32 else value


class Memory(HistoryManager):
    """All traces of one server, in the place of the library's own history: that keeps a record per value and cuts silently."""

    def __init__(self, server: InternalServer, is_readable: Callable[[ua.NodeId], bool]) -> None:
        super().__init__(server)
        self._is_readable = is_readable
        self._traces: dict[ua.NodeId, tuple[Trace, ua.VariantType]] = {}

    def add(self, node: ua.NodeId, variant: ua.VariantType) -> None:
        """Remember this variable from now on."""
        self._traces[node] = Trace(variant), variant

    def keep(self, node: ua.NodeId, stamp_utc: datetime, value: Any) -> None:
        """Remember what it was at an instant."""
        self._traces[node][0].keep(epoch_ms(stamp_utc), value)

    async def _read_history(self, details: Any, rv: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        known = self._traces.get(rv.NodeId)
        if known is None or not isinstance(details, ua.ReadRawModifiedDetails) or details.IsReadModified:
            return _refused(ua.StatusCodes.BadHistoryOperationUnsupported)
        if not self._is_readable(rv.NodeId):
            return _refused(ua.StatusCodes.BadNoCommunication)
        if details.StartTime is None or details.EndTime is None:
            return _refused(ua.StatusCodes.BadHistoryOperationInvalid)
        start_ms, end_ms = _ms(details.StartTime), _ms(details.EndTime)
        if rv.ContinuationPoint:
            if len(rv.ContinuationPoint) != 8:
                return _refused(ua.StatusCodes.BadContinuationPointInvalid)
            (start_ms,) = struct.unpack(">q", rv.ContinuationPoint)
        trace, variant = known
        values, following = trace.between(start_ms, end_ms, min(details.NumValuesPerNode or VALUES_A_READ, VALUES_A_READ))
        result = ua.HistoryReadResult()
        result.HistoryData = ua.HistoryData(DataValues=[_data_value(at_ms, value, variant) for at_ms, value in values])
        result.StatusCode = ua.StatusCode(ua.UInt32(ua.StatusCodes.Good if values else ua.StatusCodes.GoodNoData))
        result.ContinuationPoint = None if following is None else struct.pack(">q", following)
        return result


def _ms(instant_utc: datetime) -> int:
    return epoch_ms(instant_utc if instant_utc.tzinfo is not None else instant_utc.replace(tzinfo=UTC))


def _data_value(at_ms: int, value: Any, variant: ua.VariantType) -> ua.DataValue:
    stamp = instant(at_ms)
    return ua.DataValue(ua.Variant(value, variant), SourceTimestamp=stamp, ServerTimestamp=stamp)


def _refused(code: int) -> ua.HistoryReadResult:
    result = ua.HistoryReadResult()
    result.StatusCode = ua.StatusCode(ua.UInt32(code))
    result.HistoryData = ua.HistoryData()
    return result
