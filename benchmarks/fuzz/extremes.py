"""Valid records with unusual content: each field of each record type at the ends of its range."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from random import Random
from typing import Annotated, Any, Literal, get_args, get_origin

from domain.codec import UnreadableRecord, decode, encode
from domain.facts import MOST_FACTS, MOST_IDS, VALUES, Fact
from domain.instants import NEVER_UTC
from domain.texts import KEY_LENGTH, TEXT_LENGTH

INSTANTS = (
    datetime(1000, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 45, tzinfo=UTC), datetime(2026, 10, 25, 0, 45, tzinfo=UTC),
    datetime(2062, 3, 1, tzinfo=UTC), NEVER_UTC, datetime(8999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)  # fmt: skip
MILLISECONDS = (-30_610_224_000_000, -1, 0, 1_792_746_305_000, 2_908_400_000_000, 221_845_391_999_999)
WHOLE = (0, 1, -1, 96, 2**31 - 1, -(2**63), 2**63 - 1)
AMOUNTS = (0.0, -0.0, 1e-300, -1.0, 0.5, 1.0, 1e9, -1e9, 1e11, -1e11, 1e15, -1e15)
READ_VALUES = (0, 2**63 - 1, -(2**63), 1.7e308, -1.7e308, 5e-324, None)
TEXTS = (
    "", "x", "李雷", "🧑‍🔧 Kim", "=cmd|' /C calc'!A0", "'; DROP TABLE entry; --", "../../etc/passwd", "<script>alert(1)</script>", "#box[", "a,b=c d",
    "{x} %s \\n", "a\nb", "9999-12-31", "x" * KEY_LENGTH, "ẞ" * TEXT_LENGTH,
)  # fmt: skip
LENGTHS = (0, 1, 2, 95, 193, 2688)


def extremes(hint: Any, rng: Random) -> Any:
    """A value of a field's type, at an end of what it may hold; the codec refuses what its bounds do not allow."""
    if get_origin(hint) is Annotated:
        return extremes(get_args(hint)[0], rng)
    if get_origin(hint) in (types.UnionType, typing.Union):
        return extremes(rng.choice(get_args(hint)), rng)
    if get_origin(hint) is Literal:
        return rng.choice(get_args(hint))
    if get_origin(hint) is tuple:
        one = extremes(get_args(hint)[0], rng)
        return (one,) * rng.choice(LENGTHS if not is_dataclass(one) else (0, 1, MOST_FACTS, 20, 100))
    if get_origin(hint) is dict:
        names, values = get_args(hint)
        return {extremes(names, rng): extremes(values, rng) for _ in range(rng.choice((0, 1, 20)))}
    if hint is type(None):
        return None
    if hint is Fact:
        return strange_fact(rng)
    if is_dataclass(hint):
        return made_of(hint, rng)
    if issubclass(hint, StrEnum):
        return rng.choice(list(hint))
    return rng.choice({datetime: INSTANTS, int: WHOLE + MILLISECONDS, float: AMOUNTS, str: TEXTS, bool: (False, True)}[hint])


def strange_fact(rng: Random) -> Fact:
    """A fact whose key may be known or not, with values that are at their ends, of another type, or not there."""
    key = rng.choice((*VALUES, "not.known", "ẞ" * KEY_LENGTH, "{x} {0}"))
    names = (*VALUES.get(key, ()), "x")

    def some(values: Sequence[Any]) -> dict[str, Any]:
        return {name: rng.choice(values) for name in names if rng.random() < 0.5}

    ids = [(name,) * count for name in TEXTS if len(name) <= KEY_LENGTH and "\n" not in name for count in (0, 1, MOST_IDS)]
    return Fact(key, some(AMOUNTS), some(INSTANTS), some(ids))


def made_of(record_type: Any, rng: Random) -> Any:
    """A record with nothing but extremes; retried until it is as it should be."""
    hints = typing.get_type_hints(record_type, include_extras=True)
    return record_type(**{field.name: extremes(hints[field.name], rng) for field in fields(record_type)})


def spoiled(base: Any, rng: Random) -> Any:
    """`base` with one to three fields at their ends, as it would come from the log: well-formed, or `base` itself where that fails."""
    hints = typing.get_type_hints(type(base), include_extras=True)
    for _ in range(20):
        names = rng.sample([field.name for field in fields(base)], rng.choice((1, 1, 2, 3)))
        try:
            changes = {name: extremes(hints[name], rng) for name in names}
            if "value" in changes:
                changes["value"] = rng.choice(READ_VALUES)
            if len(quantiles := [name for name in changes if name in ("q10_kw", "q50_kw", "q90_kw")]) > 0:
                changes |= dict.fromkeys(("q10_kw", "q50_kw", "q90_kw"), changes[quantiles[0]])
            record = replace(base, **changes)
            return decode(type(base), encode(record))
        except (ValueError, UnreadableRecord):
            continue
    return base
