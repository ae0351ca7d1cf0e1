"""A detector to bytes and back: everything that it is made of is a number, a text, a list of numbers or another such detector."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

from domain.stored_state import StateForm

Detector = TypeVar("Detector")
FORM = StateForm("detection-streams", 2)


def pack(detector: Any) -> bytes:
    """The state of a detector, behind the header of `FORM`."""
    return FORM.header + json.dumps(_numbers(detector), separators=(",", ":")).encode()


def restore(detector: Detector, packed: bytes) -> Detector:
    """Bring a new detector into the state that `pack` made of another one of its kind, made with the same settings.

    Raises
    ------
    UnreadableState
        If these bytes are another state.
    """
    _fill(detector, json.loads(packed[FORM.begin(packed) :]))
    return detector


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(one) for one in value] if value and not isinstance(value[0], int | float) else value
    return [_numbers(getattr(value, name)) for name in _names(cast(Hashable, type(value)))] if is_dataclass(value) else value


@cache
def _names(detector: Hashable) -> tuple[str, ...]:
    return tuple(one.name for one in fields(cast(Any, detector)))


def _fill(detector: Any, numbers: list[Any]) -> None:
    for name, stored in zip(_names(cast(Hashable, type(detector))), numbers, strict=True):
        setattr(detector, name, _filled(getattr(detector, name), stored))


def _filled(value: Any, stored: Any) -> Any:
    """`stored` in the form of `value`: detectors and lists of them are filled, everything else is as it was stored."""
    if is_dataclass(value):
        _fill(value, stored)
        return value
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return [_filled(one, part) for one, part in zip(value, stored, strict=True)]
    return stored
