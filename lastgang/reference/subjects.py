"""Which files the reference describes, and what reads them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from connectors.modbus.config import ModbusDevice
from connectors.modbus.profile import FOLDER as PROFILES
from connectors.modbus.profile import Profile
from connectors.opcua.config import OpcUaDevice
from deploy.settings import StackSettings
from domain.plant import Plant
from lastgang.reference.models import sections_of
from lastgang.reference.page import COMPLETE_PLANT, Page
from lastgang.reference.tariff import tariff_sections


def pages() -> tuple[Page, ...]:
    """Every page but that of the command line."""
    return (_plant(), _tariff(), _stack(), _modbus(), _opcua(), _profile())


def _document(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _plant() -> Page:
    file = COMPLETE_PLANT / "plant.toml"
    about = (
        "`plant.toml`: the site, its meters and registers, machines, shifts and planned jobs.\n"
        "The smallest one has `[site]` and one meter: [first meter](../how-to/first-meter.md)."
    )
    return Page("plant-file.md", "Plant file", about, sections_of(Plant, [_document(file)]), file)


def _tariff() -> Page:
    about = (
        "`tariff.toml`: the price sheet, named in the plant file under `[tariff] file`.\n"
        "Prices are texts of number and unit, as price sheets print them. Dates named `..._to` are the first day that something no longer\n"
        "holds. Versions of a component have the same `id`; together they cover the tariff's validity without gap or overlap."
    )
    return Page("tariff-file.md", "Tariff file", about, tariff_sections(), COMPLETE_PLANT / "tariff.toml")


def _stack() -> Page:
    file = COMPLETE_PLANT / "stack.toml"
    about = (
        "`stack.toml`: ports, memory and folders of the stack on this machine, beside the plant file; without it all defaults hold.\n"
        "The environment goes before the file: `LASTGANG_KAFKA_PORT=0` for `port` in `[kafka]`, `LASTGANG_HOME` for `home`, and so on."
    )
    return Page("stack-file.md", "Stack file", about, sections_of(StackSettings, [_document(file)]), file)


def _modbus() -> Page:
    file = COMPLETE_PLANT / "devices" / "main-meter.toml"
    about = (
        "`devices/NAME.toml` of a meter behind Modbus TCP: where it is, which profile it has, what is read.\n"
        "How it is read: [Modbus TCP](../../connectors/modbus/README.md)."
    )
    return Page("modbus-device.md", "Modbus device file", about, sections_of(ModbusDevice, [_document(file)]), file)


def _opcua() -> Page:
    file = COMPLETE_PLANT / "devices" / "furnace-1-control.toml"
    about = (
        "`devices/NAME.toml` of a machine with an OPC UA server: where it is, how it is trusted, what is read.\n"
        "How it is read: [OPC UA](../../connectors/opcua/README.md)."
    )
    return Page("opcua-device.md", "OPC UA device file", about, sections_of(OpcUaDevice, [_document(file)]), file)


def _profile() -> Page:
    about = (
        "`connectors/modbus/profiles/NAME.toml`: the register map of one kind of meter, one fact with its source a register.\n"
        "How to write one: [Modbus TCP](../../connectors/modbus/README.md)."
    )
    examples = [_document(path) for path in (*sorted(PROFILES.glob("*.toml")), COMPLETE_PLANT / "profile.toml")]
    return Page("modbus-profile.md", "Modbus profile", about, sections_of(Profile, examples), None)
