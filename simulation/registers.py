"""Register tables of the simulated meters, and how a value becomes words on the wire.

Written from the makers' lists by hand and packed with `struct`, on purpose without the profiles and the decoder of
`connectors.modbus`: what one of the two has wrong, the other does not repeat.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
TOO_MANY = 125


@dataclass(frozen=True, slots=True)
class Measured:
    """What a meter measures at one instant. Energies are whole [µWh], [µvarh] since it was built (or reset)."""

    power_kw: float
    reactive_kvar: float
    import_uwh: int
    export_uwh: int
    reactive_uvarh: int
    frequency_hz: float = 50.0
    voltage_v: float = 231.0

    def current_a(self) -> float:
        """Line current, the same in all three phases."""
        return math.hypot(self.power_kw, self.reactive_kvar) * 1000 / (3 * self.voltage_v)

    def power_factor(self) -> float:
        """Active over apparent power, 0 to 1."""
        apparent = math.hypot(self.power_kw, self.reactive_kvar)
        return abs(self.power_kw) / apparent if apparent else 1.0


Kind = Literal["f32", "f64", "u16", "i16", "u32", "i32", "u64", "i64"]
_FORMATS = {"f32": ">f", "f64": ">d", "u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value in the table: address on the wire, form, and where its number comes from (in the register's own unit)."""

    address: int
    kind: Kind
    value: Callable[[Measured], float]

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return struct.calcsize(_FORMATS[self.kind]) // 2


def packed(kind: Kind, value: float, low_word_first: bool = False) -> tuple[int, ...]:
    """Words of `value`, the high word first unless the device does it the other way."""
    raw = struct.pack(_FORMATS[kind], value if kind.startswith("f") else round(value))
    words = struct.unpack(f">{len(raw) // 2}H", raw)
    return tuple(reversed(words)) if low_word_first else words


@dataclass(frozen=True, slots=True)
class MeterKind:
    """A kind of meter: its table, the functions that it answers, and how it treats what is not in the table."""

    name: str
    functions: frozenset[int]
    entries: tuple[Entry, ...]
    low_word_first: bool = False
    filled: tuple[tuple[int, int], ...] = ()
    """Address ranges (first, last) in which unlisted registers exist and read 0."""
    whole_values_only: bool = False
    """Refuse a read that begins or ends inside a value."""
    _places: dict[int, tuple[Entry, int]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for entry in self.entries:
            for word in range(entry.words):
                self._places[entry.address + word] = (entry, word)

    def read(self, function: int, address: int, count: int, measured: Measured) -> list[int] | int:
        """The requested registers, or the number of a Modbus exception."""
        if function not in self.functions:
            return ILLEGAL_FUNCTION
        if count > TOO_MANY:
            return ILLEGAL_ADDRESS
        words: list[int] = []
        cached: dict[int, tuple[int, ...]] = {}
        for place in range(address, address + count):
            found = self._places.get(place)
            if found is None:
                if not any(first <= place <= last for first, last in self.filled):
                    return ILLEGAL_ADDRESS
                words.append(0)
                continue
            entry, word = found
            torn = (place == address and word > 0) or (place == address + count - 1 and word < entry.words - 1)
            if torn and self.whole_values_only:
                return ILLEGAL_ADDRESS
            if entry.address not in cached:
                cached[entry.address] = packed(entry.kind, entry.value(measured), self.low_word_first)
            words.append(cached[entry.address][word])
        return words


def _wh(uwh: int) -> float:
    return float(uwh // 1_000_000)


def _kwh_hundredths(uwh: int) -> int:
    return uwh // 10_000_000


def _phases(address: int, value: Callable[[Measured], float], step: int = 2, kind: Kind = "f32") -> tuple[Entry, ...]:
    return tuple(Entry(address + phase * step, kind, value) for phase in range(3))


def _third_w(measured: Measured) -> float:
    return measured.power_kw * 1000 / 3


def _watts(measured: Measured) -> float:
    return measured.power_kw * 1000


def _vars(measured: Measured) -> float:
    return measured.reactive_kvar * 1000


def _volts(measured: Measured) -> float:
    return measured.voltage_v


def _zero(_: Measured) -> float:
    return 0.0


PAC3200 = MeterKind(
    "siemens_pac3200",
    frozenset({3, 4}),
    (
        *_phases(1, _volts),
        *_phases(7, lambda m: m.voltage_v * math.sqrt(3)),
        *_phases(13, Measured.current_a),
        *_phases(19, lambda m: m.voltage_v * m.current_a()),
        *_phases(25, _third_w),
        *_phases(31, lambda m: _vars(m) / 3),
        *_phases(37, Measured.power_factor),
        Entry(55, "f32", lambda m: m.frequency_hz),
        Entry(63, "f32", lambda m: 3 * m.voltage_v * m.current_a()),
        Entry(65, "f32", _watts),
        Entry(67, "f32", _vars),
        Entry(69, "f32", Measured.power_factor),
        # tariff 2 counts at night in many plants; here tariff 1 counts always
        Entry(801, "f64", lambda m: _wh(m.import_uwh)),
        Entry(805, "f64", _zero),
        Entry(809, "f64", lambda m: _wh(m.export_uwh)),
        Entry(813, "f64", _zero),
        Entry(817, "f64", lambda m: _wh(m.reactive_uvarh)),
        *(Entry(address, "f64", _zero) for address in (821, 825, 829, 833, 837)),
    ),
    filled=((1, 202),),
    whole_values_only=True,
)
UMG_96RM = MeterKind(
    "janitza_umg96rm",
    frozenset({3, 4}),
    (
        *_phases(19000, _volts),
        *_phases(19006, lambda m: m.voltage_v * math.sqrt(3)),
        *_phases(19012, Measured.current_a),
        Entry(19018, "f32", lambda m: 3 * m.current_a()),
        *_phases(19020, _third_w),
        Entry(19026, "f32", _watts),
        *_phases(19028, lambda m: m.voltage_v * m.current_a()),
        Entry(19034, "f32", lambda m: 3 * m.voltage_v * m.current_a()),
        *_phases(19036, lambda m: _vars(m) / 3),
        Entry(19042, "f32", _vars),
        *_phases(19044, Measured.power_factor),
        Entry(19050, "f32", lambda m: m.frequency_hz),
        Entry(19052, "f32", lambda _: 1.0),
        *_phases(19054, lambda m: _wh(m.import_uwh - m.export_uwh) / 3),
        Entry(19060, "f32", lambda m: _wh(m.import_uwh - m.export_uwh)),
        *_phases(19062, lambda m: _wh(m.import_uwh) / 3),
        Entry(19068, "f32", lambda m: _wh(m.import_uwh)),
        *_phases(19070, lambda m: _wh(m.export_uwh) / 3),
        Entry(19076, "f32", lambda m: _wh(m.export_uwh)),
    ),
    filled=((19000, 19121),),
)
IEM3000 = MeterKind(
    "schneider_iem3000",
    frozenset({3}),
    (
        *_phases(2999, Measured.current_a),
        Entry(3009, "f32", Measured.current_a),
        *_phases(3027, _volts),
        Entry(3035, "f32", _volts),
        *_phases(3053, lambda m: m.power_kw / 3),
        Entry(3059, "f32", lambda m: m.power_kw),  # kilowatts, while its energies are watt-hours
        Entry(3067, "f32", lambda m: m.reactive_kvar),
        Entry(3075, "f32", lambda m: math.hypot(m.power_kw, m.reactive_kvar)),
        Entry(3083, "f32", Measured.power_factor),
        Entry(3109, "f32", lambda m: m.frequency_hz),
        Entry(3203, "i64", lambda m: _wh(m.import_uwh)),
        Entry(3207, "i64", lambda m: _wh(m.export_uwh)),
        Entry(3219, "i64", lambda m: _wh(m.reactive_uvarh)),
        Entry(3223, "i64", _zero),
    ),
)
SDM630 = MeterKind(
    "eastron_sdm630",
    frozenset({4}),
    (
        *_phases(0x0000, _volts),
        *_phases(0x0006, Measured.current_a),
        *_phases(0x000C, _third_w),
        *_phases(0x0012, lambda m: m.voltage_v * m.current_a()),
        *_phases(0x0018, lambda m: _vars(m) / 3),
        *_phases(0x001E, Measured.power_factor),
        Entry(0x0034, "f32", _watts),
        Entry(0x0038, "f32", lambda m: 3 * m.voltage_v * m.current_a()),
        Entry(0x003C, "f32", _vars),
        Entry(0x003E, "f32", Measured.power_factor),
        Entry(0x0046, "f32", lambda m: m.frequency_hz),
        Entry(0x0048, "f32", lambda m: _kwh_hundredths(m.import_uwh) / 100),
        Entry(0x004A, "f32", lambda m: _kwh_hundredths(m.export_uwh) / 100),
        Entry(0x004C, "f32", lambda m: _kwh_hundredths(m.reactive_uvarh) / 100),
        Entry(0x004E, "f32", _zero),
        Entry(0x0156, "f32", lambda m: _kwh_hundredths(m.import_uwh + m.export_uwh) / 100),
    ),
    filled=((0x0000, 0x005F),),
)
B23 = MeterKind(
    "abb_b23",
    frozenset({3}),
    (
        *_phases(0x5B00, lambda m: m.voltage_v * 10, kind="u32"),
        *_phases(0x5B0C, lambda m: m.current_a() * 100, kind="u32"),
        Entry(0x5B14, "i32", lambda m: m.power_kw * 1000 * 100),
        *_phases(0x5B16, lambda m: m.power_kw * 1000 * 100 / 3, kind="i32"),
        Entry(0x5B2C, "u16", lambda m: m.frequency_hz * 100),
        Entry(0x5B3A, "i16", lambda m: m.power_factor() * 1000),
        *_phases(0x5B3B, lambda m: m.power_factor() * 1000, step=1, kind="i16"),
        Entry(0x5000, "u64", lambda m: _kwh_hundredths(m.import_uwh)),
        Entry(0x5004, "u64", lambda m: _kwh_hundredths(m.export_uwh)),
    ),
    filled=((0x5B00, 0x5B3D),),
)
EEM = MeterKind(
    "phoenix_eem",
    frozenset({3}),
    (
        *_phases(0x8006, _volts),
        Entry(0x800C, "f32", lambda m: m.frequency_hz),
        *_phases(0x800E, Measured.current_a),
        Entry(0x8016, "f32", _watts),
        *_phases(0x801E, _third_w),
        Entry(0x8100, "f32", lambda m: _wh(m.import_uwh)),
        Entry(0x8106, "f32", lambda m: _wh(m.export_uwh)),
    ),
    low_word_first=True,
    filled=((0x8006, 0x803E), (0x8100, 0x8107)),
)
KINDS = {kind.name: kind for kind in (PAC3200, UMG_96RM, IEM3000, SDM630, B23, EEM)}
