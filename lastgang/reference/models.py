"""Rows of a reference page from a pydantic model: docstrings, types, bounds and defaults as the model has them."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from domain.instants import instant_text
from lastgang.reference.page import Row, Section, code

_UNIT = re.compile(r"\s*(?<![\[`])\[([^\[\]`]+)\](?![\]`])")
_MODULE = re.compile(r" \(`[a-z_]+\.[a-z_]+`\)")
"""Where a reader of the code reads on: nothing for readers of the page."""
_UNITS_BY_ENDING = {
    "_kw": "kW", "_eur": "EUR", "_s": "s", "_ms": "ms", "_mb": "MiB", "_days": "days", "_min": "min", "_percent": "%",
}  # fmt: skip
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "letters, digits, `.`, `_`, `-`; at most 64 characters",
    r"^[A-Za-z0-9._-]*$": "letters, digits, `.`, `_`, `-`",
    r"^\d\d:\d\d$": "local time of day, `HH:MM`, up to `24:00`",
    r"^(([01]\d|2[0-3]):[0-5]\d|24:00|)$": "local time of day, `HH:MM`, up to `24:00`, or empty",
    r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$": "letters, digits, `.`, `_`, `-`; at most 64 characters; or empty",
    r"^(0[1-9]|1[0-2])-([0-2][0-9]|3[01])$": "`MM-DD`",
    r"^opc\.tcp://\S+$": "an address that begins with `opc.tcp://`",
    r"^([0-9A-F]{4}){1,4}$": "four to sixteen hexadecimal digits",
}
"""Pattern of a type -> the same in words."""
MANY = 1e7
"""Round numbers from here on are written with an exponent."""


def sections_of(
    model: type[BaseModel], examples: Sequence[Mapping[str, Any]], title: str = "Top of the file"
) -> tuple[Section, ...]:
    """The tables of a file that `model` reads, outermost first; `examples` are documents of such files."""
    return tuple(section for section in _sections(model, (), examples, title) if section.rows)


def _sections(model: type[BaseModel], path: tuple[str, ...], examples: Sequence[Any], title: str) -> Iterator[Section]:
    rows, inner = [], []
    schema = model.model_json_schema()
    for name, info in model.model_fields.items():
        key = info.alias or name
        values = [document[key] for document in examples if isinstance(document, Mapping) and key in document]
        table, many = _table_in(info.annotation)
        if table is None:
            rows.append(_row(model, name, info, schema["properties"][key], schema, values))
        else:
            brackets = ("[[", "]]") if many else ("[", "]")
            heading = f"`{brackets[0]}{'.'.join((*path, key))}{brackets[1]}`" + _how_often(info, many)
            rows_inside = [row for value in values for row in (value if isinstance(value, list) else [value])]
            inner += list(_sections(table, (*path, key), rows_inside, heading))
    yield Section(title, _prose(inspect.getdoc(model) or "") if path else "", tuple(rows))
    yield from inner


def _how_often(info: FieldInfo, many: bool) -> str:
    if many:
        return ", one or more" if info.is_required() else ", any number"
    return "" if info.is_required() else ", optional"


def _table_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that is read from a table inside this one, and whether there may be several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if get_origin(annotation) in (tuple, Union, UnionType):
        for part in get_args(annotation):
            found, _ = _table_in(part)
            if found is not None:
                return found, get_origin(annotation) is tuple
    return None, False


def _row(
    model: type[BaseModel], name: str, info: FieldInfo, schema: Mapping[str, Any], whole: Mapping[str, Any], examples: Sequence[Any]
) -> Row:
    text = _docs(model).get(name, "")
    unit = _UNIT.search(text)
    by_ending = next((unit for ending, unit in _UNITS_BY_ENDING.items() if name.endswith(ending)), "")
    return Row(
        info.alias or name, _prose(_UNIT.sub("", text)), unit.group(1) if unit else by_ending, _values(schema, whole.get("$defs", {})),
        _default(info), toml_value(examples[0]) if examples else "",
    )  # fmt: skip


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**required**"
    value = info.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return "none"
    return code(toml_value(value))


def _values(schema: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    """Type and bounds of a JSON Schema in words."""
    if "$ref" in schema:
        return _values(types[schema["$ref"].rsplit("/", 1)[-1]], types)
    if "anyOf" in schema:
        return " or ".join(_values(part, types) for part in schema["anyOf"] if part.get("type") != "null")
    if "const" in schema:
        return code(toml_value(schema["const"]))
    if "enum" in schema:
        return ", ".join(code(toml_value(value)) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return f"list of: {_values(schema['items'], types)}" if "items" in schema else "list"
    if kind == "object":
        inner: Mapping[str, Any] = schema.get("additionalProperties") or next(
            iter(schema.get("patternProperties", {}).values()), {}
        )
        return f"any number of: key = {_values(inner, types)}"
    if kind == "string":
        return _string_values(schema)
    return {"boolean": "`true` or `false`"}.get(str(kind)) or _number_values(schema)


def _string_values(schema: Mapping[str, Any]) -> str:
    if "pattern" in schema:
        return _PATTERNS.get(schema["pattern"]) or f"text like {code(schema['pattern'])}"
    named = {"date-time": "instant with its zone", "date": "local date", "path": "path"}.get(schema.get("format", ""))
    most = f" of at most {schema['maxLength']:,} characters" if "maxLength" in schema else ""
    return named or f"text{most}"


def _number_values(schema: Mapping[str, Any]) -> str:
    word = "whole number" if schema.get("type") == "integer" else "number"
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    bounds = [
        f"from {low:g}" if low is not None else "", f"above {above:g}" if above is not None else "",
        f"to {high:g}" if high is not None else "", f"below {below:g}" if below is not None else "",
    ]  # fmt: skip
    return " ".join([word, *filter(None, bounds)])


@cache
def _docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Field -> the docstring that stands under it, in the model or in one that it is made from."""
    docs: dict[str, str] = {}
    for base in model.__bases__:
        docs |= _docs(base) if issubclass(base, BaseModel) and base is not BaseModel else {}
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value) if isinstance(after.value, ast.Constant) else ""
            docs[field.target.id] = inspect.cleandoc(str(text))
    return docs


def _prose(text: str) -> str:
    """A docstring as Markdown in one line."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    line = _MODULE.sub("", " ".join(" ".join(paragraph.split()) for paragraph in paragraphs))
    return line.replace("None: ", "left out: ").replace("``", "`").replace("|", "\\|")


def toml_value(value: Any) -> str:
    """`value` as it is written in a TOML file, on one line."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}".replace("e+", "e") if abs(value) >= MANY and float(f"{value:g}") == value else str(value)
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml_value(inner) for inner in value) + "]"
    return str(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)
