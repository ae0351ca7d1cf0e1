"""Rows of the tariff file's page: meanings from `tariff_keys.toml`, everything else by trying it on the reader.

What a key may hold, and whether it may be left out, is taken from `billing.tariff.load_tariff`: each key of the complete tariff is given an
impossible value, then left out, and the fault says what the reader expects. So the page cannot differ from the reader.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing.tariff import load_tariff
from domain.errors import Fault, InputFaults
from lastgang.reference.models import toml_value
from lastgang.reference.page import COMPLETE_PLANT, Row, Section

Document = dict[str, Any]
TablePath = tuple[str, ...]
_MEANINGS = Path(__file__).with_name("tariff_keys.toml")
_IMPOSSIBLE: Document = {}
"""No key that is not a table takes a table."""


@dataclass(frozen=True, slots=True)
class TariffTable:
    """What `tariff_keys.toml` says of one table."""

    path: TablePath
    title: str
    about: str
    keys: Mapping[str, Mapping[str, str]]


def tariff_tables() -> tuple[TariffTable, ...]:
    """All tables of a tariff file, in the order of the page."""
    document = tomllib.loads(_MEANINGS.read_text(encoding="utf-8"))
    return tuple(
        TariffTable(tuple(filter(None, table["table"].split("."))), table["title"], table["about"], table["keys"])
        for table in document["tables"]
    )


def tariff_sections() -> tuple[Section, ...]:
    """The sections of the page."""
    complete = complete_tariff()
    return tuple(Section(table.title, table.about, tuple(_rows(table, complete))) for table in tariff_tables())


def complete_tariff() -> Document:
    """The complete plant's tariff file, numbers as they are written."""
    return tomllib.loads((COMPLETE_PLANT / "tariff.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def _rows(table: TariffTable, complete: Document) -> Iterator[Row]:
    for key, texts in table.keys.items():
        written = texts.get("written", key)
        holder = next((one for one in places(complete, table.path) if written in one), None)
        if holder is None:
            msg = f"complete_plant/tariff.toml: table {table.title} without {written!r}, which the page needs an example of"
            raise ValueError(msg)
        values = texts.get("values") or _values(table.path, written)
        default = texts.get("default") or ("**required**" if _is_required(table.path, written) else "none")
        yield Row(key, texts["meaning"], texts.get("unit", ""), values, default, toml_value(holder[written]))


def places(document: Document, path: TablePath) -> list[Document]:
    """Every table of `document` that has this path."""
    found = [document]
    for name in path:
        inner = [one[name] for one in found if name in one]
        found = [table for tables in inner for table in (tables if isinstance(tables, list) else [tables])]
    return found


def faults_of(document: Document) -> list[Fault]:
    """What the reader of tariffs finds in `document`."""
    with tempfile.TemporaryDirectory() as folder:
        for prices in COMPLETE_PLANT.glob("*.csv"):
            shutil.copy(prices, folder)
        file = Path(folder) / "tariff.toml"
        file.write_text("".join(f"{name} = {toml_value(value)}\n" for name, value in document.items()), encoding="utf-8")
        try:
            load_tariff(file)
        except InputFaults as found:
            return list(found.faults)
    return []


def _faults_after(path: TablePath, key: str, change: Callable[[Document], object]) -> list[Fault]:
    """Faults of `key` in the complete tariff after `change` to the first table of `path` that has it."""
    document = complete_tariff()
    change(next(one for one in places(document, path) if key in one))
    return [fault for fault in faults_of(document) if fault.field.split(": ")[-1] == key]


def _values(path: TablePath, key: str) -> str:
    fault = _faults_after(path, key, lambda table: table.update({key: _IMPOSSIBLE}))[0]
    return fault.expected.removesuffix(": the key is required").replace("|", "\\|")


def _is_required(path: TablePath, key: str) -> bool:
    return any("required" in fault.expected for fault in _faults_after(path, key, lambda table: table.pop(key)))
