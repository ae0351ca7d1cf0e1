"""Schemas that guess nothing: a string or a boolean is no number, 5.0 no whole number, and every number is finite."""

from __future__ import annotations

from typing import Any

from pydantic_core import SchemaValidator

_TAKEN_AS_THEY_ARE = frozenset({"bool", "float", "int", "str"})


def strict_validator(schema: Any) -> SchemaValidator:
    """A validator of the core schema `schema` that turns nothing into a number or a text; lists may still be tuples."""
    # Else the library takes the forgiving validators that it has made for inner models already.
    return SchemaValidator(_unguessing(schema), _use_prebuilt=False)


def _unguessing(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_unguessing(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    inner = {key: _unguessing(value) for key, value in schema.items()}
    kind = inner.get("type")
    if isinstance(kind, str) and kind in _TAKEN_AS_THEY_ARE:
        inner["strict"] = True
    if kind == "float":
        inner["allow_inf_nan"] = False  # JSON has no NaN, and 1e400 is nobody's reading
    return inner
