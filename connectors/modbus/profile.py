"""A meter's register map as data: `profiles/*.toml`, one fact with its source per register."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.errors import Fault, InputFaults
from domain.toml_files import Settings, load_toml

FOLDER = Path(__file__).parent / "profiles"

RegisterType = Literal["f32", "f64", "u16", "i16", "u32", "i32", "u64", "i64"]
WordOrder = Literal["ABCD", "CDAB"]
"""``ABCD``: the high word comes first. ``CDAB``: the low word comes first. Bytes within a word are always high byte first."""
Unit = Literal[
    "V", "A", "Hz", "1", "W", "kW", "var", "kvar", "VA", "kVA", "Wh", "kWh", "varh", "kvarh", "VAh", "kVAh", "l", "m3", "Nm3"
]
Hex = Annotated[str, Field(pattern=r"^([0-9A-F]{4}){1,4}$")]

WORDS: dict[RegisterType, int] = {"f32": 2, "f64": 4, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "u64": 4, "i64": 4}
"""Registers of 16 bits that a value takes."""
PROTOCOL_LIMIT = 125
"""Registers that one response can carry: its PDU has at most 253 bytes."""


class ProfileHead(Settings):
    """Which device, and what holds for all of its registers."""

    id: str
    """Name of the profile, as the file is called."""
    maker: str
    """Maker of the device."""
    model: str
    """Model, for people."""
    word_order: WordOrder
    """Which 16-bit word of a longer value comes first: ``ABCD`` the high one, ``CDAB`` the low one."""
    max_registers: int = Field(gt=3, le=PROTOCOL_LIMIT)
    """Registers per request; some devices answer an exception long before the protocol's 125."""
    source: str
    """Where the facts come from: manual, page, driver."""


class Point(Settings):
    """One register value of a device."""

    name: str
    """Name that device files use."""
    function: Literal[3, 4]
    """Modbus function: 3 holding registers, 4 input registers."""
    address: int = Field(ge=0, le=0xFFFF)
    """As it goes over the wire, counted from 0."""
    type: RegisterType
    """How the value is stored."""
    unit: Unit
    """Unit of the value after `scale`."""
    kind: Literal["counter", "gauge"]
    """A counter of energy, or a gauge."""
    direction: Literal["import", "export", "net"] | None = None
    """Counters count one way; a gauge that is ``net`` is positive for import."""
    scale: float = Field(default=1.0, gt=0)
    """The raw number times this is the value in `unit`."""
    word_order: WordOrder | None = None
    """Where it differs from the profile's."""
    modulus: float | None = Field(default=None, gt=0)
    """A counter that begins again at 0 after this, in `unit`."""
    invalid: tuple[Hex, ...] = ()
    """Bit patterns that mean "no value", high word first, besides the profile's."""
    source: str
    """Where the fact comes from."""

    @property
    def words(self) -> int:
        """Registers it takes."""
        return WORDS[self.type]

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.words


class SumPoint(Settings):
    """A value that is the sum of others, such as both tariffs of a counter."""

    name: str
    """Name that device files use."""
    of: tuple[str, ...] = Field(min_length=2)
    """Points that are added; of one unit and kind."""
    source: str
    """Where the fact comes from."""


class Readable(Settings):
    """Addresses that the device answers without a gap: a read may include addresses that are not needed."""

    function: Literal[3, 4]
    """Modbus function: 3 or 4."""
    first: int = Field(ge=0, le=0xFFFF)
    """First address."""
    last: int = Field(ge=0, le=0xFFFF)
    """Last address."""
    source: str
    """Where the fact comes from."""


class RecordStamp(Settings):
    """Where in a record its time is, and how it is written."""

    offset: int = Field(ge=0)
    """Registers from the record's first."""
    format: Literal["unix_s", "y_m_d_h_min_s"]
    """``unix_s``: u32, seconds since 1970. ``y_m_d_h_min_s``: six registers with year, month, day, hour, minute, second."""
    utc_offset_min: int = Field(default=0, ge=-14 * 60, le=14 * 60)
    """What the meter's clock is ahead of UTC, all year: a clock that is changed twice a year dates an hour in autumn twice."""

    @property
    def words(self) -> int:
        """Registers it takes."""
        return 2 if self.format == "unix_s" else 6


class RecordValue(Settings):
    """A counter's value in a record, as it stood at the record's end."""

    point: str
    """The point of this profile that is the same counter now; unit and direction are its own."""
    holds: Literal["counter"] = "counter"
    """Energies of single periods cannot be read: nothing in them says from which counter value they go on."""
    offset: int = Field(ge=0)
    """Registers from the record's first."""
    type: RegisterType
    """How the value is stored."""
    scale: float = Field(default=1.0, gt=0)
    """The raw number times this is the value in the point's unit."""


class LoadProfile(Settings):
    """The meter's own memory: a ring of records, one each `interval_s`, in registers that can be read like all others."""

    function: Literal[3, 4]
    """Modbus function: 3 or 4."""
    first: int = Field(ge=0, le=0xFFFF)
    """Address of the ring's first record."""
    records: int = Field(gt=1)
    """Records in the ring."""
    words: int = Field(gt=0, le=PROTOCOL_LIMIT)
    """Registers from one record to the next."""
    interval_s: int = Field(gt=0)
    """Time from one record to the next."""
    newest: int = Field(ge=0, le=0xFFFF)
    """Address of a u16: the place of the newest record in the ring, counted from 0."""
    stamp: RecordStamp
    """Where in a record its time is, and how it is written."""
    stamp_of: Literal["start", "end"]
    """Whether the stamp is the start or the end of its period. Stated, never guessed."""
    values: tuple[RecordValue, ...] = Field(alias="value", min_length=1)
    """The counters in a record."""
    source: str
    """Where the facts come from."""

    @model_validator(mode="after")
    def _fits(self) -> LoadProfile:
        if self.first + self.records * self.words > 0x10000:
            msg = f"a ring that ends at or before register 65535, not at {self.first + self.records * self.words - 1}"
            raise ValueError(msg)
        ends = [self.stamp.offset + self.stamp.words, *(value.offset + WORDS[value.type] for value in self.values)]
        if max(ends) > self.words:
            msg = f"stamp and values within the {self.words} registers of a record, not up to {max(ends)}"
            raise ValueError(msg)
        return self


class Profile(Settings):
    """All that Lastgang knows of a kind of meter."""

    profile: ProfileHead
    points: tuple[Point, ...] = Field(alias="point", min_length=1)
    sums: tuple[SumPoint, ...] = Field(default=(), alias="sum")
    readable: tuple[Readable, ...] = ()
    load_profile: LoadProfile | None = None
    invalid: dict[RegisterType, tuple[Hex, ...]] = Field(default_factory=dict)
    """Type = bit patterns that mean "no value" in every point of that type, high word first."""
    workarounds: dict[str, str] = Field(default_factory=dict)
    """Name = what is peculiar about the device, and what is done about it."""

    @model_validator(mode="after")
    def _names_fit(self) -> Profile:
        names = [point.name for point in self.points] + [total.name for total in self.sums]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"each name once, not {twice}"
            raise ValueError(msg)
        by_name = {point.name: point for point in self.points}
        for total in self.sums:
            if unknown := [part for part in total.of if part not in by_name]:
                msg = f"sum {total.name!r} of points of this profile, not {unknown}"
                raise ValueError(msg)
            if len({(by_name[part].unit, by_name[part].kind) for part in total.of}) > 1:
                msg = f"sum {total.name!r} of points with one unit and kind"
                raise ValueError(msg)
        if self.load_profile is not None:
            if unknown := [
                v.point for v in self.load_profile.values if v.point not in by_name or by_name[v.point].kind != "counter"
            ]:
                msg = f"load_profile values of counters of this profile, not {unknown}"
                raise ValueError(msg)
            if self.load_profile.words > self.profile.max_registers:
                msg = f"a load_profile record that one read can fetch, of at most {self.profile.max_registers} registers"
                raise ValueError(msg)
        return self

    def names(self) -> list[str]:
        """Points and sums that a device file may name."""
        return sorted([point.name for point in self.points] + [total.name for total in self.sums])

    def point(self, name: str) -> Point:
        """The point called `name`; KeyError if it is a sum or nothing."""
        return {point.name: point for point in self.points}[name]

    def parts(self, name: str) -> tuple[Point, ...]:
        """The register values that make up `name`: itself, or the parts of a sum; KeyError if there is no such name."""
        for total in self.sums:
            if total.name == name:
                return tuple(self.point(part) for part in total.of)
        return (self.point(name),)

    def order_of(self, point: Point) -> WordOrder:
        """The word order of `point`."""
        return point.word_order or self.profile.word_order

    def patterns_of(self, point: Point) -> frozenset[bytes]:
        """Bit patterns, high word first, that stand for "no value" in `point`."""
        return frozenset(bytes.fromhex(text) for text in (*point.invalid, *self.invalid.get(point.type, ())))

    def with_word_order(self, order: WordOrder) -> Profile:
        """The same device with its words in another order (a setting on some)."""
        return self.model_copy(update={"profile": self.profile.model_copy(update={"word_order": order})})


def profile_names() -> list[str]:
    """The profiles that come with Lastgang."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load_profile(name: str, folder: Path = FOLDER) -> Profile:
    """The profile called `name`.

    Raises
    ------
    InputFaults
        If there is none of that name, or it has faults.
    """
    known = {path.stem: path for path in folder.glob("*.toml")}
    if name not in known:
        raise InputFaults([Fault(str(folder), None, "profile", repr(name), f"one of {sorted(known)}")])
    return load_toml(known[name], Profile)


def all_profiles() -> Iterable[Profile]:
    """Every profile that comes with Lastgang."""
    return [load_profile(name) for name in profile_names()]
