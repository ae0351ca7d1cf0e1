"""Bidding zones, by the names that publishers give them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("zones.toml")


@dataclass(frozen=True, slots=True)
class Zone:
    """One bidding zone."""

    name: str
    eic: str
    """Its area code."""
    smard: tuple[str, ...]
    """Its columns in files of SMARD."""
    chart: int
    """The number of its prices in SMARD's chart data."""


@cache
def zones() -> dict[str, Zone]:
    """All zones that are known here, by name."""
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Zone(name, one["eic"], tuple(one["smard"]), one["chart"]) for name, one in written.items()}


def zone_of_column(name: str) -> str:
    """The zone that a column of SMARD is for; its own name where no zone is called so."""
    return next((zone.name for zone in zones().values() if name in zone.smard), name)


def zone_of_area(code: str) -> str:
    """The zone of ``BZN|DE-LU``, ``DE_LU`` or an area code; the text itself where no zone is called so."""
    plain = code.removeprefix("BZN|").replace("_", "-").strip()
    return next((zone.name for zone in zones().values() if plain in (zone.eic, zone.name)), plain)
