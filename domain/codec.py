"""Records to JSON and back, and their JSON Schemas: one description, the dataclasses themselves.

State that jobs keep is stored through here too, so that moving a class does not orphan a savepoint.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from domain.errors import LastgangError
from domain.strictness import strict_validator
from domain.texts import KEY_LENGTH, printable

Record = TypeVar("Record")


class UnreadableRecord(LastgangError):
    """Bytes that are no record of the expected type; belongs into ``energy.rejected.v1`` with the original."""

    def __init__(self, record: str, field: str, expected: str, found: str) -> None:
        self.field, self.expected, self.found = field, expected, found
        super().__init__(f"{record}.{field}: {expected} (found {found!r})")


@cache
def _adapter(record_type: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, record_type))


@cache
def _reader(record_type: Hashable) -> SchemaValidator:
    return strict_validator(_adapter(record_type).core_schema)


def encode(record: Any) -> bytes:
    """The record as compact UTF-8 JSON; instants as ISO-8601 with Z, absent values as null."""
    return _adapter(cast(Hashable, type(record))).dump_json(record)


def decode(record_type: type[Record], payload: bytes | str) -> Record:
    """The record in `payload`; unknown fields are ignored, so that an older reader can follow a newer writer.

    Nothing is guessed: a string or a boolean is no number, 5.0 no whole number, and a field that occurs twice has no value.

    Raises
    ------
    UnreadableRecord
        Naming the first field at fault, what was found and what was expected.
    """
    try:
        raw = payload.encode() if isinstance(payload, str) else payload
        record: Record = _reader(cast(Hashable, record_type)).validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = printable(".".join(str(part) for part in first["loc"])) or "record"  # a name in a record may hold anything
        raise _unreadable(record_type, field, first["msg"].removeprefix("Value error, "), _shown(first["input"])) from error
    except UnicodeEncodeError as error:
        found = ascii(cast(str, payload)[error.start])
        raise _unreadable(record_type, "record", f"no UTF-8 text at character {error.start}", found) from error
    # What reads back as the same bytes needs no second look, and that is nearly all there is.
    if _adapter(cast(Hashable, record_type)).dump_json(record) != raw and (twice := _named_twice(raw)) is not None:
        raise _unreadable(
            record_type, repr(twice)[:80] if not twice.isidentifier() else twice, "each field once", f"{twice[:80]} twice"
        )
    return record


def decode_stored(record_type: type[Record], payload: str) -> Record:
    """A record that was taken when the rules were looser: texts are made printable and cut instead of refused.

    Raises
    ------
    UnreadableRecord
        If something else than a text is at fault.
    """
    try:
        return decode(record_type, payload)
    except UnreadableRecord:
        return decode(record_type, json.dumps(_with_printable_texts(json.loads(payload))))


def _with_printable_texts(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value, KEY_LENGTH)
    if isinstance(value, list):
        return [_with_printable_texts(item) for item in value]
    if isinstance(value, dict):
        return {printable(key, KEY_LENGTH): _with_printable_texts(item) for key, item in value.items()}
    return value


def _shown(found: Any) -> str:
    text = found.decode(errors="backslashreplace") if isinstance(found, bytes) else str(found)
    return text[:80]


def _unreadable(record_type: type[Any], field: str, expected: str, found: str) -> UnreadableRecord:
    return UnreadableRecord(record_type.__name__, field, expected, found)


class _Twice(Exception):
    """A key that stands twice in one JSON object."""


def _named_twice(raw: bytes) -> str | None:
    try:
        _ONCE.decode(raw.decode())
    except _Twice as twice:
        return str(twice)
    except (ValueError, RecursionError):
        return None  # more digits or depth in a field that nobody reads than Python's own reader takes
    return None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    keys: set[str] = set()
    for key, _ in pairs:
        if key in keys:
            raise _Twice(key)
        keys.add(key)


_ONCE = json.JSONDecoder(object_pairs_hook=_each_once)


def json_schema(record_type: Any) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `encode` writes."""
    schema = _adapter(record_type).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
