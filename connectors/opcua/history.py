"""Asks a server for what was missed: HistoryRead of raw values, one register and one piece at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

import structlog
from asyncua import ua

from connectors.channels import Channel, converted
from connectors.gaps import Gap, HistorySink, Key, PastValue, filled_text, request_text
from connectors.opcua import decode
from connectors.opcua.calls import TOO_MUCH, UNREADABLE, Calls, is_undecodable, plain_value, status
from connectors.opcua.client import is_transient
from connectors.opcua.config import OpcUaHead
from connectors.opcua.values import NO_NAMES, Names
from connectors.pause import Pause
from domain.clock import instant
from domain.plant import RegisterKind

_log = structlog.get_logger("opcua")

FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
FEWEST_VALUES = 2
"""Values a request: with one alone the value where the last piece ended would come again and again."""
_NEVER = frozenset({
    ua.StatusCodes.BadHistoryOperationUnsupported, ua.StatusCodes.BadServiceUnsupported, ua.StatusCodes.BadNotImplemented,
    ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadNotReadable, ua.StatusCodes.BadNotSupported,
})  # fmt: skip
"""Answers that will be the same the next time."""
_SESSION_ENDED = frozenset({
    ua.StatusCodes.BadSessionIdInvalid, ua.StatusCodes.BadSessionClosed, ua.StatusCodes.BadSessionNotActivated,
    ua.StatusCodes.BadSecureChannelIdInvalid, ua.StatusCodes.BadSecureChannelClosed, ua.StatusCodes.BadConnectionClosed,
})  # fmt: skip
"""Answers that are about the connection and not about the register."""
_HISTORY_READ = 1 << int(ua.AccessLevel.HistoryRead)


class HistoryRefused(ua.UaError):
    """The server answered, and gave no history. Operator: the message names the register and the status code."""

    def __init__(self, node: ua.NodeId, answer: ua.StatusCode) -> None:
        super().__init__(f"{node.Identifier}: {answer.name}")
        self.is_for_good = answer.value in _NEVER
        self.is_of_the_point = answer.value == ua.StatusCodes.BadContinuationPointInvalid
        self.is_too_much = answer.value in TOO_MUCH or answer.value == UNREADABLE.value


@dataclass(frozen=True, slots=True)
class Register:
    """One register of the server: whose it is, its node in this session, and how it is read."""

    head: OpcUaHead
    channel: Channel
    node: ua.NodeId
    names: Names = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Its name in the book of gaps."""
        return self.head.id, self.channel.channel


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer: values as they came, and whether there are more."""

    values: tuple[ua.DataValue, ...]
    continuation: bytes | None


_HISTORY_ATTRIBUTES = (ua.AttributeIds.UserAccessLevel, ua.AttributeIds.AccessLevel, ua.AttributeIds.Historizing)


async def keeps_history(calls: Calls, nodes: Sequence[ua.NodeId]) -> list[bool]:
    """Per node whether the server says that its history can be read by us, and that it is being written."""
    answers = await calls.read_attributes([(node, attribute) for node in nodes for attribute in _HISTORY_ATTRIBUTES])
    found = [plain_value(value) for value in answers]
    return [
        bool(int((access if for_us is None else for_us) or 0) & _HISTORY_READ) and bool(historizing)
        for for_us, access, historizing in zip(found[0::3], found[1::3], found[2::3], strict=True)
    ]


async def read_piece(
    calls: Calls, node: ua.NodeId, start_ms: int, end_ms: int, count: int, continuation: bytes | None = None
) -> Piece:
    """Raw values between two instants, both included; newest first where `start_ms` is the later one.

    Raises
    ------
    HistoryRefused
        With the status code of the node, or of the whole request: there is one node in it.
    """
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False, StartTime=_naive(start_ms), EndTime=_naive(end_ms), NumValuesPerNode=count, ReturnBounds=False
    )
    try:
        result = await calls.history(details, ua.HistoryReadValueId(NodeId=node, ContinuationPoint=continuation))
    except ua.UaStatusCodeError as error:
        if is_transient(error) or error.code in _SESSION_ENDED:
            raise
        raise HistoryRefused(node, status(error.code)) from error
    except Exception as error:
        if not is_undecodable(error):
            raise
        raise HistoryRefused(node, UNREADABLE) from error
    if not result.StatusCode.is_good():
        raise HistoryRefused(node, result.StatusCode)
    values = getattr(result.HistoryData, "DataValues", None) or ()
    return Piece(tuple(values), result.ContinuationPoint or None)


def _naive(at_ms: int) -> datetime:
    return instant(at_ms).astimezone(UTC).replace(tzinfo=None)


def past_values(piece: Sequence[ua.DataValue], gap: Gap, channel: Channel, names: Names = NO_NAMES) -> list[PastValue]:
    """What of a piece lies within the gap, in the order in which it came; a value without any time cannot be placed."""
    found: list[PastValue] = []
    for value in piece:
        bare = None if value.Value is None else value.Value.Value
        code = int(value.StatusCode.value) if value.StatusCode is not None else 0
        times = value.SourceTimestamp, value.ServerTimestamp
        seen = decode.seen(bare, code, *times, -1, names, of_register=channel.kind is not None)
        if gap.from_ms < seen.observed_ms < gap.to_ms:
            number = None if seen.value is None else converted(seen.value, channel.by)
            found.append(PastValue(seen.observed_ms, number, seen.quality, seen.text))
    return found


def is_newest_first(values: Sequence[PastValue], newest_first_requested: bool) -> bool:
    """In which order they came: as requested, unless they show that the server did otherwise."""
    if not newest_first_requested or len(values) < 2:
        return newest_first_requested
    return not all(a.observed_ms <= b.observed_ms for a, b in pairwise(values))


class GapFiller:
    """Fills the gaps of one server's devices while it is connected; ends with the task that runs it.

    One register at a time, counters first: a bill needs them, and a server has few continuation points to give.
    """

    def __init__(self, sink: HistorySink, calls: Callable[[], Calls | None], endpoint: str) -> None:
        self._sink, self._calls, self._endpoint = sink, calls, endpoint
        self._registers: dict[Key, Register] = {}
        self._keeps: dict[Key, bool] = {}
        self._wake = asyncio.Event()
        self._filled: dict[str, list[Gap]] = {}
        """By device: gaps that were filled since the last report."""
        self._requested: set[str] = set()
        self._not_before_s: dict[int, float] = {}
        """By number: gaps that the server could not answer for, and when to ask again (the loop's clock)."""

    def connected(self, registers: Iterable[Register]) -> None:
        """A session is there, with these nodes: their index may differ from the one before."""
        self._registers = {register.key: register for register in registers if register.head.history != "off"}
        self._not_before_s.clear()
        self._wake.set()

    def wake(self) -> None:
        """There is a new gap, or the way to the server is open again."""
        self._wake.set()

    async def run(self) -> None:
        """Fill what is to be filled, until cancelled."""
        retry = Pause(FIRST_RETRY_S)
        while True:
            await self._wait(self._until_next_try())
            try:
                await self._check_history()
                await self._fill_all()
                retry.reset()
            except Exception as error:  # whatever it is, history is read again
                retry_s = retry.next_s(LAST_RETRY_S)
                if self._calls() is not None:
                    _log.warning("history_waits", endpoint=self._endpoint, why=f"{type(error).__name__}: {error}", retry_s=retry_s)
                await self._wait(retry_s)
                self._wake.set()

    async def _wait(self, longest_s: float | None) -> None:
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), longest_s)
        self._wake.clear()

    def _until_next_try(self) -> float | None:
        now_s = asyncio.get_running_loop().time()
        return max(0.0, min(self._not_before_s.values()) - now_s) if self._not_before_s else None

    async def _check_history(self) -> None:
        """Check once per register, and not again in this process, whether there is history at all."""
        calls = self._calls()
        unknown = [register for key, register in self._registers.items() if key not in self._keeps]
        if calls is None or not unknown:
            return
        answers = await keeps_history(calls, [register.node for register in unknown])
        self._keeps.update({register.key: keeps for register, keeps in zip(unknown, answers, strict=True)})
        self._give_up([register.key for register in unknown if not self._keeps[register.key]], "the server keeps none")

    def _give_up(self, keys: Sequence[Key], why: str) -> None:
        for device in sorted({key[0] for key in keys}):
            channels = sorted(key[1] for key in keys if key[0] == device)
            _log.info("no_history", device=device, channels=channels, why=why)
            missed = sorted({gap.channel for gap in self._sink.book.open([device]) if gap.channel in channels})
            for channel in channels:
                self._keeps[device, channel] = False
                note = self._sink.book.without_history([(device, channel)])
                self._sink.put(self._registers[device, channel].channel, (), note)
            if missed:
                self._sink.report(device, 0, f"no history of {', '.join(missed)}: {why}")

    async def _fill_all(self) -> None:
        # What ends one gap mostly ends those of the other registers too: let them come.
        await asyncio.sleep(min((register.head.history_pause_s for register in self._registers.values()), default=0.0))
        while (gap := self._next()) is not None:
            register = self._registers[gap.key]
            self._report_request(gap.device)
            try:
                await self._fill(register, gap)
            except (HistoryRefused, TimeoutError) as error:  # that register's; the next one may be given
                if isinstance(error, HistoryRefused) and error.is_for_good:
                    self._give_up([gap.key], str(error))
                else:
                    _log.warning("history_refused", device=gap.device, channel=gap.channel, why=str(error) or "no answer in time")
                    self._not_before_s[gap.number] = asyncio.get_running_loop().time() + LAST_RETRY_S / 2
            self._report_filled(gap.device)

    def _next(self) -> Gap | None:
        now_s = asyncio.get_running_loop().time()
        self._not_before_s = {number: at for number, at in self._not_before_s.items() if at > now_s}
        devices = {device for device, _ in self._registers}
        gaps = [gap for gap in self._sink.book.open(devices) if gap.number not in self._not_before_s]
        return next(iter(in_turn(gaps, self._registers)), None)

    async def _fill(self, register: Register, gap: Gap) -> None:
        """Read one gap to its end; each piece is stored together with what is left."""
        count, newest_first = register.head.history_chunk, register.head.history == "newest_first"
        continuation: bytes | None = None
        wanted = gap
        while True:
            while self._sink.held_up():
                await asyncio.sleep(1.0)
            calls = self._calls()
            if calls is None:
                msg = f"{self._endpoint}: not connected"
                raise ConnectionError(msg)
            if continuation is None:
                wanted = gap
            start_ms, end_ms = (wanted.to_ms, wanted.from_ms) if newest_first else (wanted.from_ms, wanted.to_ms)
            try:
                piece = await read_piece(calls, register.node, start_ms, end_ms, count, continuation)
            except HistoryRefused as error:
                if error.is_too_much and count >= 2 * FEWEST_VALUES:
                    count //= 2
                elif continuation is None or not error.is_of_the_point:
                    raise
                continuation = None  # the server has forgotten where we were; we have not
                continue
            values = past_values(piece.values, gap, register.channel, register.names)
            newest_first = is_newest_first(values, newest_first)
            # A full answer without a continuation point is not believed to be the last one: some servers cut silently.
            more = piece.continuation is not None or (bool(values) and len(piece.values) >= count)
            note = self._sink.book.filled(gap, values, to_the_end=not more, newest_first=newest_first)
            self._sink.put(register.channel, sorted(values, key=lambda value: value.observed_ms), note)
            if not more:
                self._filled.setdefault(gap.device, []).append(replace(gap, values=gap.values + len(values)))
                return
            (gap,) = note.gaps
            continuation = piece.continuation
            await asyncio.sleep(register.head.history_pause_s)

    def _report_request(self, device: str) -> None:
        if device in self._requested:
            return
        self._requested.add(device)
        gaps = self._sink.book.open([device])
        text = request_text(gaps)
        _log.info("history_asked", device=device, registers=len({gap.channel for gap in gaps}))
        self._sink.report(device, None, text)

    def _report_filled(self, device: str) -> None:
        if self._sink.book.open([device]) or device not in self._requested:
            return
        self._requested.discard(device)
        filled = self._filled.pop(device, [])
        if filled:
            count, text = filled_text(filled)
            _log.info("history_came", device=device, values=count)
            self._sink.report(device, count, text)


def in_turn(gaps: Sequence[Gap], registers: Mapping[Key, Register]) -> list[Gap]:
    """The gaps that can be filled now: counters before the rest, then by age as the device's settings say."""

    def rank(gap: Gap) -> tuple[bool, int, int]:
        register = registers[gap.key]
        newest_first = register.head.history == "newest_first"
        return register.channel.kind is not RegisterKind.COUNTER, -gap.to_ms if newest_first else gap.from_ms, gap.number

    return sorted((gap for gap in gaps if gap.key in registers), key=rank)
