"""Records to JSON and back, and their JSON Schemas: one description, the dataclasses themselves.

State that jobs keep is stored through here too, so that moving a class does not orphan a savepoint.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from domain.errors import LastgangError

Record = TypeVar("Record")


class UnreadableRecord(LastgangError):
    """Bytes that are no record of the expected type; belongs into ``energy.rejected.v1`` with the original."""


@cache
def _adapter(record_type: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, record_type))


def encode(record: Any) -> bytes:
    """The record as compact UTF-8 JSON; instants as ISO-8601 with Z, absent values as null."""
    return _adapter(cast(Hashable, type(record))).dump_json(record)


def decode(record_type: type[Record], payload: bytes | str) -> Record:
    """The record in `payload`; unknown fields are ignored, so that an older reader can follow a newer writer.

    Raises
    ------
    UnreadableRecord
        Naming the first field at fault, what was found and what was expected.
    """
    try:
        record: Record = _adapter(cast(Hashable, record_type)).validate_json(payload)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        msg = f"{record_type.__name__}.{field}: {first['msg']} (found {str(first['input'])[:80]!r})"
        raise UnreadableRecord(msg) from error
    return record


def json_schema(record_type: Any) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `encode` writes."""
    schema = _adapter(record_type).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
