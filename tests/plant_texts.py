"""Plant files of one meter and tariff files of one charge, as the tests of several rooms start from them."""

from __future__ import annotations

COUNTER = ("energy_import", "counter", "Wh", 1)
GAUGE = ("power", "gauge", "kW", 0.1)


def register(channel: str, kind: str, unit: str, resolution: float, sampling_s: float = 5, **more: object) -> str:
    """A ``[[meter.register]]`` table; `more` are its options, texts in their quotes."""
    fields = {
        "channel": f'"{channel}"',
        "kind": f'"{kind}"',
        "unit": f'"{unit}"',
        "sampling_s": sampling_s,
        "resolution": resolution,
    }
    return "\n".join(["[[meter.register]]", *(f"{key} = {value}" for key, value in {**fields, **more}.items()), ""])


def plant(site: str, meter: str, *registers: str, max_power_kw: float = 1000) -> str:
    """A plant of one meter in Berlin's time, running since 2026."""
    return f"""
[site]
id = "{site}"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z

[[meter]]
id = "{meter}"
max_power_kw = {max_power_kw}
{"".join(registers)}"""


def tariff(energy: str) -> str:
    """A price sheet of 2026 that has one charge of energy; `energy` is its price or where its prices are."""
    return f"""
id = "t"
version = "1"
source = "a test"
valid_from = 2026-01-01
valid_to = 2027-01-01
currency = "EUR"
timezone = "Europe/Berlin"
[[energy]]
id = "supply"
{energy}
"""
