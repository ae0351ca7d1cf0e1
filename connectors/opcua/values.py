"""An OPC UA value as a number or a text: every standard type as what it is, or the reason why it is neither. Pure, on the library's types."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from asyncua import ua

from domain.readings import BEYOND_MEASURE
from domain.texts import printable

Names = Mapping[int, str]
"""What a machine calls the numbers of an enumeration, or the two states of a switch."""

NO_NAMES: Names = {}
SHOWN_LENGTH = 60
"""Characters of a value that a reason quotes."""
_DECIMAL = ua.NodeId(ua.ObjectIds.Decimal)
_DEEPEST = 8
_MOST_DECIMAL_BYTES = 200
_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_COMMA_OR_GROUP = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""``1,234`` is a thousand and more to one writer and less than two to another."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A number, or a text, or the reason why there is neither."""

    number: float | int | None = None
    text: str | None = None
    why: str | None = None


def plain(value: object, names: Names = NO_NAMES, *, of_register: bool = False) -> Plain:
    """What `value` says.

    Parameters
    ----------
    value
        As the library decodes it. Variants and arrays of one are taken for what is in them.
    names
        Names of its numbers; used where no register asks for the number itself.
    of_register
        Whether a register of the plant file is read: there only a number is a value, and a text that holds one is that number.
    """
    bare = _bare(value)
    number = _number(bare)
    if isinstance(number, Plain):
        return number
    if number is not None:
        name = None if of_register or not isinstance(number, int) else names.get(number)
        return Plain(number) if name is None else _text(name)
    if bare is None:
        return Plain(why="no value (Null)")
    text = _text_of(bare)
    if text is None:
        return Plain(why=f"{_kind(bare)} is no number and no text")
    return _number_in(bare, text) if of_register else _text(text)


def shown(text: str, most: int = SHOWN_LENGTH) -> str:
    """`text` as a record may hold it, cut at `most` characters; bytes that were no UTF-8, which the library hands over as lone
    surrogates, are shown as ``\\xNN``."""
    text = text[: most + 1]
    try:
        whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        whole = text.encode("utf-8", "backslashreplace").decode()
    return printable(whole, most)


def _bare(value: object) -> object:
    for _ in range(_DEEPEST):
        if isinstance(value, ua.Variant):
            value = value.Value
        elif isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        else:
            break
    return value


def _number(bare: object) -> float | int | Plain | None:
    """Its number; a `Plain` with the reason where the number cannot be used; None where it is none."""
    if isinstance(bare, bool | int):
        return int(bare) if abs(bare) < BEYOND_MEASURE else Plain(why=f"a number of {len(str(abs(bare)))} digits")
    if isinstance(bare, ua.ExtensionObject | ua.DecimalDataType):
        return _decimal_number(bare)
    if not isinstance(bare, float):
        return None
    return bare if abs(bare) < BEYOND_MEASURE else Plain(why=f"{bare} is no number that can be used")  # nor is NaN


def _decimal_number(bare: ua.ExtensionObject | ua.DecimalDataType) -> float | int | Plain | None:
    """The standard's Decimal: scale (Int16) and an unscaled integer, both little endian (OPC 10000-6, 5.1.10)."""
    if isinstance(bare, ua.DecimalDataType):
        scale, unscaled = int(bare.Scale), bytes(bare.Value or b"")
    elif bare.TypeId == _DECIMAL and bare.Body is not None and len(bare.Body) >= 2:
        scale, unscaled = int.from_bytes(bare.Body[:2], "little", signed=True), bytes(bare.Body[2:])
    else:
        return None
    exact = Decimal(int.from_bytes(unscaled, "little", signed=True) if len(unscaled) <= _MOST_DECIMAL_BYTES else math.inf).scaleb(
        -scale
    )
    return _usable(exact, f"a Decimal of {len(unscaled)} bytes, scale {scale}")


def _usable(exact: Decimal, what: str) -> float | int | Plain:
    if not abs(exact) < BEYOND_MEASURE:
        return Plain(why=f"{what}, is no number that can be used")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _text_of(bare: object) -> str | None:
    if isinstance(bare, str):
        return bare
    if isinstance(bare, ua.LocalizedText):
        return bare.Text or ""
    if isinstance(bare, ua.QualifiedName):
        return bare.Name or ""
    if isinstance(bare, ua.XmlElement):
        return bare.Value or ""
    if isinstance(bare, bytes):
        return "0x" + bare[:1024].hex().upper() if bare else ""
    if isinstance(bare, uuid.UUID):
        return str(bare)
    if isinstance(bare, datetime):
        return _written(bare)
    if isinstance(bare, ua.NodeId):
        return bare.to_string()
    return bare.name if isinstance(bare, ua.StatusCode) else None


def _written(instant: datetime) -> str:
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return aware.isoformat().replace("+00:00", "Z")


def _text(text: str) -> Plain:
    return Plain(text=text) if text else Plain(why="an empty text")


def _number_in(bare: object, text: str) -> Plain:
    """The number that a text holds: with a point, or with a comma that can be nothing but the decimal one."""
    written = text.strip()
    if not isinstance(bare, str | ua.LocalizedText) or len(written) > SHOWN_LENGTH:
        return Plain(why=f"{_kind(bare)} is no number: {shown(text)!r}")
    if _COMMA_OR_GROUP.fullmatch(written):
        return Plain(why=f"text {written!r} may be a number with decimals or in thousands; the device must give a number")
    if _COMMA.fullmatch(written):
        written = written.replace(",", ".")
    if not _POINT.fullmatch(written):
        return Plain(why=f"text is no number: {shown(text)!r}")
    number = _usable(Decimal(written), f"text {shown(text)!r}")
    return number if isinstance(number, Plain) else Plain(number)


_KINDS: tuple[tuple[type, str], ...] = (
    (bytes, "ByteString"), (uuid.UUID, "Guid"), (datetime, "DateTime"), (ua.NodeId, "NodeId"), (ua.StatusCode, "StatusCode"),
    (ua.QualifiedName, "QualifiedName"), (ua.XmlElement, "XmlElement"), (ua.LocalizedText, "LocalizedText"), (str, "text"),
)  # fmt: skip


def _kind(bare: object) -> str:
    if isinstance(bare, list | tuple):
        return f"an array of {len(bare)}" if bare else "an empty array"
    if isinstance(bare, ua.ExtensionObject):
        return f"a structure ({shown(bare.TypeId.to_string())})"
    named = next((name for kind, name in _KINDS if isinstance(bare, kind)), None)
    return named or f"a structure ({type(bare).__name__})"
