"""Files that people write: plant, devices, register maps, tariffs, stack. What is loaded is held against the text, what is refused must help."""

from __future__ import annotations

import atexit
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from asyncua import ua
from pydantic import BaseModel

from benchmarks.fuzz import toml_texts as texts
from benchmarks.fuzz.nasty import TOML_TOKENS, mutilated, noise
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from billing.kinds import COMPONENTS
from billing.money import Price
from billing.tariff import Tariff, load_tariff
from connectors.gateway.fleet import check_fleet
from connectors.modbus.profile import Profile
from connectors.opcua.config import OpcUaDevice
from deploy.settings import StackSettings
from domain.errors import InputFaults
from domain.plant import load_plant
from domain.toml_files import load_toml

SOURCES = {
    "plant": (texts.PLANT,) * 9 + (texts.DEMO_PLANT,), "modbus": (texts.MODBUS,), "opcua": (texts.OPCUA,), "profile": (texts.PROFILE,),
    "tariff": (texts.TARIFF, texts.TARIFF, texts.SAMPLE_TARIFF), "stack": (texts.STACK,),
}  # fmt: skip
_WEIGHTS = {"plant": 4, "modbus": 2, "opcua": 2, "profile": 1, "tariff": 4, "stack": 1}
_FILES = {"plant": "plant.toml", "modbus": "devices/meter.toml", "opcua": "devices/meter.toml", "profile": "profile.toml"}
_MOST_CHARACTERS = 4_000
"""Of one fault: longer ones bury the others."""


@dataclass(frozen=True, slots=True)
class Text:
    """What stands in a file of some kind."""

    kind: str
    raw: bytes


def make(rng: Random) -> Text:
    """A file as it should be, with values, keys or lines changed, with bytes changed, or no file of ours at all."""
    (kind,) = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    source = rng.choice(SOURCES[kind])
    style = rng.random()
    if style < 0.02:
        return Text(kind, noise(rng))
    if style < 0.2:
        return Text(kind, mutilated(rng, source.encode(), rng.choice(SOURCES[rng.choice(list(SOURCES))]).encode()))
    lines = source.split("\n")
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        _spoil(rng, lines)
    return Text(kind, "\n".join(lines).encode("utf-8", "surrogatepass"))


def _spoil(rng: Random, lines: list[str]) -> None:
    at = rng.randrange(len(lines))
    key, equals, value = lines[at].partition(" = ")
    match rng.randrange(12):
        case 0:
            del lines[at]
        case 1:
            lines.insert(rng.randrange(len(lines)), lines[at])
        case 2:
            lines[at] = lines[at].replace("[[", "[").replace("]]", "]") if "[[" in lines[at] else f"[{lines[at]}]"
        case 3 if equals:
            lines[at] = (
                f"{rng.choice((key + 'x', key[:-1], key.upper(), f'{chr(34)}{key}{chr(34)}', key + '.a', '', 'ä'))} = {value}"
            )
        case 4:
            lines.insert(at, f"{rng.choice(('added', 'id', 'unit', 'a.b.c', chr(34) + chr(34)))} = {rng.choice(TOML_TOKENS)}")
        case 5:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 6 if equals:
            lines[at] = f"{key} = {lines[rng.randrange(len(lines))].partition(' = ')[2]}"
        case 7 if equals:
            # A part of an inline value: one element of a list, one number of a text.
            words = value.split(" ")
            words[rng.randrange(len(words))] = rng.choice(TOML_TOKENS)
            lines[at] = f"{key} = {' '.join(words)}"
        case _ if equals:
            lines[at] = f"{key} = {rng.choice(TOML_TOKENS)}"
        case _:
            pass


@cache
def _folder() -> Path:
    """A plant's folder of this process, with everything that the files name."""
    keeper = tempfile.TemporaryDirectory(prefix="lastgang-fuzz-")
    atexit.register(keeper.cleanup)
    folder = Path(keeper.name)
    (folder / "devices").mkdir()
    for name in ("lastgang.der", "lastgang.pem", "furnace.der"):
        (folder / "devices" / name).write_bytes(b"")
    (folder / "tariff.toml").write_text(texts.SAMPLE_TARIFF, encoding="utf-8")
    return folder


def answer(given: Text) -> str:
    """Load it as the product does."""
    folder = _folder()
    path = folder / _FILES.get(given.kind, f"{given.kind}.toml")
    path.write_bytes(given.raw)
    try:
        loaded = _load(given.kind, folder, path)
    except InputFaults as error:
        _helps(error, folder, given)
        must(given.raw.decode(errors="replace") not in SOURCES[given.kind], f"refused although it is as it should be: {error}")
        return REFUSED
    document = tomllib.loads(given.raw.decode(), parse_float=_number)
    if isinstance(loaded, Tariff):
        _same_tariff(document, loaded)
    else:
        _same(document, loaded, given.kind)
        for source in loaded.channels.values() if isinstance(loaded, OpcUaDevice) else ():
            ua.NodeId.from_string(f"ns=1;{source}")  # as the session will
    return READ


def _number(text: str) -> Decimal | float:
    try:
        return Decimal(text)
    except InvalidOperation:
        return float(text)  # an exponent beyond all exponents


def _load(kind: str, folder: Path, path: Path) -> BaseModel | Tariff:
    if kind == "plant":
        plant = load_plant(path)
        check_fleet(folder, plant)  # what it says of the devices is of another file
        return plant
    if kind == "tariff":
        return load_tariff(path)
    if kind in ("profile", "stack"):
        return load_toml(path, Profile if kind == "profile" else StackSettings)
    (folder / "plant.toml").write_text(texts.PLANT, encoding="utf-8")
    fleet, faults = check_fleet(folder, load_plant(folder / "plant.toml"))
    if faults:
        raise InputFaults(faults)
    must(len(fleet.units()) == 1, f"{len(fleet.units())} devices of one file")
    return fleet.units()[0].settings


def _helps(error: InputFaults, folder: Path, given: Text) -> None:
    must(bool(error.faults), "refused without a fault")
    last_line = given.raw.count(b"\n") + 1
    for fault in error.faults:
        must(Path(fault.file).is_relative_to(folder), f"of which file? {fault}")
        must(bool(fault.field.strip()) and bool(fault.found) and bool(fault.expected), f"says too little: {fault}")
        must(len(str(fault)) < _MOST_CHARACTERS, f"a fault of {len(str(fault))} characters")
        must("Error" not in fault.expected.split(":")[0], f"names our code: {fault}")
        if fault.file.endswith("plant.toml") and given.kind != "plant":
            continue
        must(fault.line is None or 1 <= fault.line <= last_line, f"there is no such line: {fault}")


def _same(came: Any, loaded: Any, where: str) -> None:
    """What was loaded says just what the text says: the same keys, the same values, nothing turned into something else."""
    if isinstance(loaded, BaseModel):
        must(isinstance(came, dict), f"{where}: {came!r} was read as a table")
        names = {field.alias or name: name for name, field in type(loaded).model_fields.items()}
        must(set(came) <= set(names), f"{where}: keys {sorted(set(came) - set(names))} were passed over")
        given = {names[key] for key in came}
        must(given == loaded.model_fields_set, f"{where}: {sorted(given)} in the text, {sorted(loaded.model_fields_set)} loaded")
        for key, value in came.items():
            _same(value, getattr(loaded, names[key]), f"{where}.{key}")
    elif isinstance(loaded, dict):
        must(isinstance(came, dict) and set(came) == set(loaded), f"{where}: {came!r} was read as {loaded!r}")
        for key, value in loaded.items():
            _same(came[key], value, f"{where}.{key}")
    elif isinstance(loaded, tuple):
        must(isinstance(came, list) and len(came) == len(loaded), f"{where}: {came!r} was read as {loaded!r}")
        for number, (one, other) in enumerate(zip(came, loaded, strict=True)):
            _same(one, other, f"{where}[{number}]")
    else:
        must(_same_value(came, loaded), f"{where}: {str(came)[:200]!r} ({type(came).__name__}) was read as {loaded!r}")


def _same_value(came: Any, loaded: Any) -> bool:
    if isinstance(loaded, Enum):
        loaded = loaded.value
    if isinstance(loaded, bool | str):
        return type(came) is type(loaded) and came == loaded
    if isinstance(loaded, int):
        return type(came) is int and came == loaded
    if isinstance(loaded, float):
        return type(came) in (int, float, Decimal) and abs(loaded) < float("inf") and float(came) == loaded
    if isinstance(loaded, datetime):
        instant = datetime.fromisoformat(came) if isinstance(came, str) else came
        return isinstance(instant, datetime) and instant.tzinfo is not None and instant.astimezone(UTC) == loaded
    if isinstance(loaded, date):
        day = date.fromisoformat(came) if isinstance(came, str) else came
        return type(day) is date and day == loaded
    if isinstance(loaded, Path):
        return type(came) is str and Path(came) == loaded
    return loaded is None and came is None


def _same_tariff(document: dict[str, Any], tariff: Tariff) -> None:
    """Every component once, in order, with its dates and its prices to the last digit."""
    must(document["timezone"] == tariff.zone.key, f"timezone {document['timezone']!r}")
    for key in ("id", "version", "source", "valid_from", "valid_to"):
        must(
            type(document[key]) is type(getattr(tariff, key)) and document[key] == getattr(tariff, key), f"{key} {document[key]!r}"
        )
    vat = document.get("vat_percent", 0)
    must(
        type(vat) in (int, Decimal) and Fraction(vat) == tariff.vat_percent, f"vat_percent {vat!r} was read as {tariff.vat_percent}"
    )
    for table in (kind.kind for kind in COMPONENTS):
        rows = document.get(table, [])
        components = [component for component in tariff.components if component.kind == table]
        must([row["id"] for row in rows] == [component.id for component in components], f"{table}: {components}")
        for row, component in zip(rows, components, strict=True):
            where = f"{table} {row['id']!r}"
            for key in ("valid_from", "valid_to"):
                must(getattr(component, key) == row.get(key, document[key]), f"{where}: {key}")
            terms: Any = getattr(component, "terms", component)
            contracted = getattr(terms, "contracted", None)
            _same_price(row.get("price"), getattr(terms, "price", None), where)
            _same_price(row.get("excess_price"), contracted and contracted.excess_price, where)
            for tier, loaded in zip(row.get("tiers", ()), getattr(component, "tiers", ()), strict=True):
                _same_price(tier["price"], loaded.price, where)
            _same_quantity(row.get("minimum"), getattr(terms, "minimum", None), f"{where}: minimum")
            _same_quantity(row.get("contracted"), contracted and contracted.capacity, f"{where}: contracted")


_EUR = {"ct": Fraction(1, 100), "EUR": Fraction(1)}


def _same_price(came: Any, price: Price | None, where: str) -> None:
    if came is None or price is None:
        must(came is None and price is None, f"{where}: price {came!r} was read as {price}")
        return
    number, unit = str(came).split()
    per = Fraction(1, 1000) if unit.endswith("/MWh") else 1
    must(Fraction(Decimal(number)) * _EUR[unit.split("/")[0]] * per == price.eur, f"{where}: price {came!r} was read as {price}")


def _same_quantity(came: Any, quantity: Fraction | None, where: str) -> None:
    plain = None if came is None else Fraction(Decimal(came.split()[0]))
    must(plain == quantity, f"{where} {came!r} was read as {quantity}")


TARGET = Target("toml", 0.1, make, answer, "plant, device, register map, tariff and stack files")
