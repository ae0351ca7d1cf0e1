"""The bytes of a meter's state.

A state is stored after every minute's readings, so that what did not change must cost nothing: rows, and readings that were
thinned out, keep their bytes.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from functools import lru_cache

from domain.intervals import IntervalMethod, IntervalQuality
from domain.stored_state import StateForm
from metering.book import RowBook
from metering.cases import Break
from metering.counter import CounterTrack
from metering.gauge import GaugeTrack
from metering.hindsight import Doubt
from metering.packing import Reader, blob, pack_ints, pack_readings, pack_values, pack_wide, squeeze, unsqueeze
from metering.points import Origin, Points, SetAside
from metering.quarter_runs import QuarterRuns
from metering.rows import Published, Row
from metering.state import MeterState

FORM = StateForm("quarter-hours", 4)
_QUALITIES = tuple(IntervalQuality)
_METHODS = tuple(IntervalMethod)
_WORDS = {(q, m): i * 256 + j for i, q in enumerate(_QUALITIES) for j, m in enumerate(_METHODS)}
_NOTHING = -(2**63)
_HEAD = struct.Struct("<qqqHHH")
_TRACK = struct.Struct("<qqI")
_NUMBER = struct.Struct("<q")
_BOOK = struct.Struct("<qqI")
_DOUBT = struct.Struct("<q16s?")
_BREAK = struct.Struct("<qqBH")
_PART = struct.Struct("<qq16s")
_COUNT = struct.Struct("<I")
_CLOCK = struct.Struct("<?qq")
_NO_CLOCK = struct.pack("<I", 0)
_NO_CASES = bytes(struct.calcsize("<HIII"))
_NO_PLACES = pack_ints([])
_FIRST_PLACE = pack_ints([0])


def to_bytes(state: MeterState) -> bytes:
    """The state, small and versioned."""
    if state.stored is not None:
        return state.stored
    used, tracks, books = state.used, state.tracks, state.books
    parts = [
        FORM.header,
        _HEAD.pack(_or_nothing(state.grid_from), state.floor_quarter, state.site_ms, len(used), len(tracks), len(books)),
        _NUMBER.pack(state.leap_ms),
        array("q", used).tobytes(),
        array("I", used.values()).tobytes(),
    ]
    for channel, track in tracks.items():
        content = _track_bytes(track, state.next_seal.get(channel))
        parts += (_name(channel), _COUNT.pack(len(content)), content)
    for channel, book in books.items():
        content = _book_bytes(book)
        parts += (_name(channel), _COUNT.pack(len(content)), content)
    return b"".join(parts)


@lru_cache(maxsize=1024)
def _name(channel: str) -> bytes:
    return blob(channel.encode())


def from_bytes(stored: bytes) -> MeterState:
    """A state that has still to be read.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    FORM.begin(stored)
    state = MeterState()
    state.stored = stored
    return state


def read_into(state: MeterState) -> None:
    """Fill the empty tracks and books of a state from its stored bytes; channels that the plant file lost are left out."""
    stored = state.stored or b""
    state.stored = None
    reader = Reader(stored, FORM.begin(stored))
    grid_from, state.floor_quarter, state.site_ms, used, tracks, books = reader.numbers(_HEAD)
    state.grid_from = _or_none(grid_from)
    (state.leap_ms,) = reader.numbers(_NUMBER)
    quarters = reader.numbers(struct.Struct(f"<{used}q"))
    state.used = dict(zip(quarters, reader.numbers(struct.Struct(f"<{used}I")), strict=True))
    for _ in range(tracks):
        channel, content = reader.text(), Reader(reader.blob())
        track = state.tracks.get(channel)
        if track is None:
            continue
        next_seal = _read_track(track, content)
        if next_seal is not None:
            state.next_seal[channel] = next_seal
    for _ in range(books):
        channel, content = reader.text(), Reader(reader.blob())
        if channel in state.books:
            _read_book(state.books[channel], content)


# Tracks: what was thinned out (kept), the last readings, cases


def _track_bytes(track: CounterTrack | GaugeTrack, next_seal: int | None) -> bytes:
    if track.points.stored is None:
        track.points.stored = _reading_bytes(track)
    sealed = _NUMBER.pack(_or_nothing(next_seal))
    if track.clock_bytes is None:
        track.clock_bytes = _clock_bytes(track)
    return track.points.stored + sealed + track.clock_bytes + (_case_bytes(track) if isinstance(track, CounterTrack) else b"")


def _clock_bytes(track: CounterTrack | GaugeTrack) -> bytes:
    """What a clock that was set has put out of order."""
    reinstated = track.reinstated if isinstance(track, GaugeTrack) else {}
    if track.hold_from_ms is None and not reinstated:
        return _NO_CLOCK
    head = _CLOCK.pack(track.is_set, _or_nothing(track.hold_from_ms), track.hold_until_ms)
    out = _out_bytes(track.misdated) + pack_ints(list(reinstated)) if track.misdated or reinstated else b""
    return blob(head + (squeeze(out) if out else b""))


def _read_clock(track: CounterTrack | GaugeTrack, stored: bytes) -> None:
    if not stored:
        return
    reader = Reader(stored)
    track.is_set, hold_from_ms, track.hold_until_ms = reader.numbers(_CLOCK)
    track.hold_from_ms = _or_none(hold_from_ms)
    if squeezed := reader.rest():
        out = Reader(unsqueeze(squeezed))
        track.misdated = _read_out(track, out)
        reinstated = out.ints()
        if isinstance(track, GaugeTrack):
            track.reinstated = dict.fromkeys(reinstated)


def _reading_bytes(track: CounterTrack | GaugeTrack) -> bytes:
    points = track.points
    at = points.thinned()
    if points.cold is None:
        points.cold = blob(squeeze(_cold_bytes(track, at)))
    chunks = _tail_bytes(points, at)
    whole = _whole_bytes(points, at) if chunks else b""
    return b"".join((points.cold, _TRACK.pack(points.floor_ms, points.thin_from_ms, len(chunks)), *chunks, whole))


def _whole_bytes(points: Points, at: int) -> bytes:
    """Which of the last readings were thinned out, and their integrals: seldom more than the first."""
    whole, times = points.whole, points.times
    if len(whole) == points.cold_whole:
        return _NO_PLACES
    if len(whole) == points.cold_whole + 1 and times[at] in whole:
        return _FIRST_PLACE + whole[times[at]].to_bytes(16, "little", signed=True)
    places = [k for k in range(at, len(times)) if times[k] in whole]
    integrals = [whole[times[k]].to_bytes(16, "little", signed=True) for k in places]
    return pack_ints([k - at for k in places]) + b"".join(integrals)


def _cold_bytes(track: CounterTrack | GaugeTrack, at: int) -> bytes:
    points = track.points
    names = "\n".join(f"{origin} {'' if gateway is None else '=' + gateway}" for gateway, origin in points.route_names)
    whole = [(k, points.whole[points.times[k]]) for k in range(at) if points.times[k] in points.whole]
    points.cold_whole = len(whole)
    kept = "counter" if isinstance(track, CounterTrack) else "gauge"
    return b"".join(
        (
            blob(kept.encode()), blob(names.encode()), points.packed(0, at),
            pack_ints([k for k, _ in whole]), b"".join(uw_ms.to_bytes(16, "little", signed=True) for _, uw_ms in whole),
            _runs_bytes(points.sealed),
            b"" if isinstance(track, CounterTrack) else _pairs_bytes(track.integrals),
        )
    )  # fmt: skip


def _tail_bytes(points: Points, at: int) -> list[bytes]:
    """The readings from `at` on in chunks; those that did not change keep their bytes."""
    parts = []
    times, count, chunk_ms = points.times, len(points.times), points.chunk_ms
    while at < count:
        key = times[at] // chunk_ms
        stop = bisect_left(times, (key + 1) * chunk_ms, at)
        # A chunk that begins before `at` is stored in part only: which part changes without it.
        is_cut = at > 0 and times[at - 1] // chunk_ms == key
        packed = None if is_cut else points.chunks.get(key)
        if packed is None:
            packed = points.packed(at, stop)
            if not is_cut:
                points.chunks[key] = packed
        parts.append(packed)
        at = stop
    return parts


def _read_track(track: CounterTrack | GaugeTrack, reader: Reader) -> int | None:
    cold_from = reader.at
    cold = Reader(unsqueeze(reader.blob()))
    cold_bytes = reader.since(cold_from)
    if cold.text() != ("counter" if isinstance(track, CounterTrack) else "gauge"):
        return None
    points = Points(track.points.chunk_ms)
    names = [line.partition(" ") for line in cold.text().split("\n") if line]
    points.name_routes([(gateway[1:] if gateway else None, origin) for origin, _, gateway in names])
    points.add_columns(cold.readings())
    at = len(points)
    for place in cold.ints():
        points.whole[points.times[place]] = _wide(cold)
    points.cold_whole = len(points.whole)
    points.sealed = _read_runs(cold)
    if isinstance(track, GaugeTrack):
        track.integrals = _read_pairs(cold)
    points.floor_ms, points.thin_from_ms, chunks = reader.numbers(_TRACK)
    for _ in range(chunks):
        points.add_columns(reader.readings())
    if chunks:
        for place in reader.ints():
            points.whole[points.times[at + place]] = _wide(reader)
    points.amounts = [track.rules.amount(value, at_ms) for value, at_ms in zip(points.values, points.times, strict=True)]
    points.cold = cold_bytes
    track.points = points
    (next_seal,) = reader.numbers(_NUMBER)
    _read_clock(track, reader.blob())
    if isinstance(track, CounterTrack):
        _read_cases(track, reader)
    return _or_none(next_seal)


def _wide(reader: Reader) -> int:
    return int.from_bytes(reader.numbers(struct.Struct("16s"))[0], "little", signed=True)


def _case_bytes(track: CounterTrack) -> bytes:
    if not (track.doubts or track.breaks or track.quarantine or track.aside or track.reinstated):
        return _NO_CASES
    parts = [struct.pack("<HI", len(track.doubts), len(track.breaks))]
    parts += [_DOUBT.pack(d.from_ms, d.from_uwh.to_bytes(16, "little", signed=True), d.fell) for d in track.doubts]
    for b in track.breaks.values():
        parts.append(_BREAK.pack(b.from_ms, b.to_ms, _METHODS.index(b.kind), len(b.parts)))
        parts += [_PART.pack(t0, t1, advance.to_bytes(16, "little", signed=True)) for t0, t1, advance in b.parts]
    if track.cases is None:
        track.cases = squeeze(_aside_bytes(track)) if track.aside or track.reinstated else b""
    parts += (blob(track.quarantine.to_bytes()), blob(track.cases))
    return b"".join(parts)


def _aside_bytes(track: CounterTrack) -> bytes:
    reinstated = track.reinstated
    counts = [-1 if n is None else n for n in reinstated.values()]
    return b"".join((_out_bytes(track.aside), pack_ints(list(reinstated)), pack_ints(counts)))


def _out_bytes(out: dict[int, SetAside]) -> bytes:
    found = list(out.values())
    return pack_readings(
        list(out), [a.value for a in found], [a.origin.received_ms for a in found],
        [a.origin.sequence for a in found], [a.origin.route for a in found],
    ) + pack_ints([-1 if a.thinned is None else a.thinned for a in found])  # fmt: skip


def _read_out(track: CounterTrack | GaugeTrack, reader: Reader) -> dict[int, SetAside]:
    readings, thinned = reader.readings(), reader.ints()
    return {
        time_ms: SetAside(value, track.rules.amount(value, time_ms), Origin(received_ms, sequence, route), None if n < 0 else n)
        for time_ms, value, received_ms, sequence, route, n in zip(*readings, thinned, strict=True)
    }


def _read_aside(track: CounterTrack, stored: bytes) -> None:
    track.cases = stored
    if not stored:
        return
    reader = Reader(unsqueeze(stored))
    track.aside = _read_out(track, reader)
    track.reinstated = {
        time_ms: None if count < 0 else count for time_ms, count in zip(reader.ints(), reader.ints(), strict=True)
    }  # fmt: skip


def _read_cases(track: CounterTrack, reader: Reader) -> None:
    doubts, breaks = reader.numbers(struct.Struct("<HI"))
    for _ in range(doubts):
        from_ms, from_uwh, fell = reader.numbers(_DOUBT)
        track.doubts.append(Doubt(from_ms, int.from_bytes(from_uwh, "little", signed=True), fell))
    for _ in range(breaks):
        from_ms, to_ms, kind, count = reader.numbers(_BREAK)
        parts = []
        for _ in range(count):
            t0, t1, advance = reader.numbers(_PART)
            parts.append((t0, t1, int.from_bytes(advance, "little", signed=True)))
        track.breaks[to_ms] = Break(from_ms, to_ms, _METHODS[kind], tuple(parts))
    track.quarantine.read(reader.blob())
    _read_aside(track, reader.blob())


# Books


def _book_bytes(book: RowBook) -> bytes:
    if book.stored is None:
        book.stored = squeeze(_row_bytes(book))
    if not book.dirty:
        return _BOOK.pack(_or_nothing(book.first), _or_nothing(book.next_quarter), 0) + book.stored
    dirty = sorted(book.dirty)
    return b"".join(
        (
            _BOOK.pack(_or_nothing(book.first), _or_nothing(book.next_quarter), len(dirty)),
            array("q", dirty).tobytes(),
            book.stored,
        )
    )


def _row_bytes(book: RowBook) -> bytes:
    rows = list(book.published.values())
    energies = [row.energy_uwh for row, _, _ in rows]
    shelf = book.shelf.days
    return b"".join(
        (
            pack_ints(list(book.published)), pack_ints([int(energy is not None) for energy in energies]),
            pack_wide([energy for energy in energies if energy is not None]),
            pack_values([row.coverage for row, _, _ in rows]),
            pack_ints([_WORDS[row.quality, row.method] for row, _, _ in rows]),
            pack_ints([revision for _, revision, _ in rows]), pack_ints([readings for _, _, readings in rows]),
            _runs_bytes(book.settled),
            pack_ints(list(shelf)), pack_ints([len(codes) for codes in shelf.values()]),
            b"".join(codes.tobytes() for codes in shelf.values()),
        )
    )  # fmt: skip


def _read_book(book: RowBook, reader: Reader) -> None:
    first, next_quarter, dirty = reader.numbers(_BOOK)
    book.first, book.next_quarter = _or_none(first), _or_none(next_quarter)
    book.dirty = set(reader.numbers(struct.Struct(f"<{dirty}q")))
    book.stored = reader.rest()
    rows = Reader(unsqueeze(book.stored))
    quarters, known = rows.ints(), rows.ints()
    energies = iter(rows.wide())
    coverages, words, revisions, readings = rows.values(), rows.ints(), rows.ints(), rows.ints()
    for i, quarter in enumerate(quarters):
        row = Row(
            next(energies) if known[i] else None, coverages[i], _QUALITIES[words[i] // 256], _METHODS[words[i] % 256]
        )  # fmt: skip
        book.published[quarter] = Published(row, revisions[i], readings[i])
    book.settled = _read_runs(rows)
    days, lengths = rows.ints(), rows.ints()
    for day, length in zip(days, lengths, strict=True):
        book.shelf.days[day] = array("H", rows.numbers(struct.Struct(f"<{length}H")))


# Small things


def _runs_bytes(quarters: QuarterRuns) -> bytes:
    runs = list(quarters.runs())
    return pack_ints([first for first, _ in runs]) + pack_ints([stop - first for first, stop in runs])


def _read_runs(reader: Reader) -> QuarterRuns:
    firsts, lengths = reader.ints(), reader.ints()
    return QuarterRuns((first, first + length) for first, length in zip(firsts, lengths, strict=True))


def _pairs_bytes(numbers: dict[int, int]) -> bytes:
    return pack_ints(list(numbers)) + pack_wide(list(numbers.values()))


def _read_pairs(reader: Reader) -> dict[int, int]:
    return dict(zip(reader.ints(), reader.wide(), strict=True))


def _or_nothing(number: int | None) -> int:
    return _NOTHING if number is None else number


def _or_none(number: int) -> int | None:
    return None if number == _NOTHING else number
