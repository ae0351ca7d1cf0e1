"""A detector to bytes and back: everything that it is made of is a number, a text, a list of numbers or another such detector."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from domain.stored_state import StateForm

Detector = TypeVar("Detector")
FORM = StateForm("detection-streams", 1)


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
    if is_dataclass(value):
        return [_numbers(getattr(value, one.name)) for one in fields(value)]
    return [_numbers(one) for one in value] if isinstance(value, list) else value


def _fill(detector: Any, numbers: list[Any]) -> None:
    for one, stored in zip(fields(detector), numbers, strict=True):
        setattr(detector, one.name, _filled(getattr(detector, one.name), stored))


def _filled(value: Any, stored: Any) -> Any:
    """`stored` in the form of `value`: detectors and lists of them are filled, everything else is as it was stored."""
    if is_dataclass(value):
        _fill(value, stored)
        return value
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return [_filled(one, part) for one, part in zip(value, stored, strict=True)]
    return stored
