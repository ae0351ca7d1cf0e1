"""Numbers as text: groups of three by a narrow space (DIN 5008, ISO 80000-1), rounded half up, a real minus."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

THIN = "\u202f"
"""Narrow space that does not break, between a number and its unit."""
MINUS = "\u2212"
NOTHING = "–"
HUGE = Decimal("1e15")
"""From here on numbers are written with a power of ten: no plant has such quantities, but a record may contain them."""
_ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_UP)

Number = Decimal | float | int


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in a number besides its digits."""

    decimal: str
    group: str


def exact(value: Number) -> Decimal:
    """The number as people would write it: the shortest decimal text that means this `float`."""
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)) if isinstance(value, float) else int(value))


def written(value: Number | None, marks: Marks, places: int = 0, sign: bool = False) -> str:
    """``12 345,6``; a dash for what is not known or no number.

    Parameters
    ----------
    places
        Decimals.
    sign
        Whether a plus is written, too.
    """
    if value is None or not (number := exact(value)).is_finite():
        return NOTHING
    rounded = number.quantize(Decimal(1).scaleb(-places), context=_ALL_DIGITS)
    in_language = {",": marks.group, ".": marks.decimal}
    text = f"{abs(rounded):,f}" if abs(number) < HUGE else f"{abs(number):.1e}"
    text = "".join(in_language.get(one, one) for one in text)
    before = "" if rounded == 0 else (MINUS if rounded < 0 else ("+" if sign else ""))
    return before + text


def percents(share: float, places: int) -> Decimal:
    """A share in percent, rounded; 100 only if nothing is missing, 0 only if nothing is there."""
    limit = Decimal(1).scaleb(-places)
    value = (exact(share) * 100).quantize(limit, context=_ALL_DIGITS)
    if share < 1:
        value = min(value, 100 - limit)
    return max(value, limit) if share > 0 else value


def quotient(dividend: int, divisor: int) -> Decimal:
    """Exact to 400 digits: integers of 64 bits are more than a `float` holds."""
    return _ALL_DIGITS.divide(Decimal(dividend), Decimal(divisor))


def places_of(value_kw: float) -> int:
    """Decimals of a power that are worth showing: small ones keep one."""
    return 0 if value_kw >= 20 else 1
