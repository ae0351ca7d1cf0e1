"""Numbers and clock times as an operator reads them, in English and German."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DE = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")


def clock_en(instant_utc: datetime, zone: ZoneInfo) -> str:
    """Local weekday, date and clock time, e.g. ``Fri 2026-10-23 14:00``."""
    local = instant_utc.astimezone(zone)
    return f"{_EN[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def clock_de(instant_utc: datetime, zone: ZoneInfo) -> str:
    """Local weekday, date and clock time, e.g. ``Fr 23.10. 14:00``."""
    local = instant_utc.astimezone(zone)
    return f"{_DE[local.weekday()]} {local:%d.%m. %H:%M}"


def number_en(value: float, decimals: int = 0) -> str:
    """With a point and thousands separated by commas."""
    return f"{value:,.{decimals}f}"


def number_de(value: float, decimals: int = 0) -> str:
    """With a decimal comma and thousands separated by points."""
    return number_en(value, decimals).translate(str.maketrans(",.", ".,"))


def places(value_kw: float) -> int:
    """Decimals worth showing: small powers keep one."""
    return 0 if value_kw >= 20 else 1


def costs(kwh_per_day: float, eur_per_day: float | None, decimals: int = 0) -> tuple[str, str]:
    """Energy and, where a price is known, money in English and German, e.g. ``1,428 kWh and 286 EUR``."""
    if eur_per_day is None:
        return f"{number_en(kwh_per_day)} kWh", f"{number_de(kwh_per_day)} kWh"
    return (
        f"{number_en(kwh_per_day)} kWh and {number_en(eur_per_day, decimals)} EUR",
        f"{number_de(kwh_per_day)} kWh und {number_de(eur_per_day, decimals)} EUR",
    )
