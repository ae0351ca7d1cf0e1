"""What a file of prices states: one series a zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.errors import Fault, InputFaults, first_faults
from domain.instants import instant_text
from quarters.profiles.day_prices import DayPrice

MOST_EUR = 100_000
"""Of a price per MWh, up or down: beyond every limit of the market."""
FORM = "day-ahead prices, one row for each hour or quarter hour"


@dataclass(frozen=True, slots=True)
class ZonePrices:
    """Prices of one zone, rising, not overlapping; rows without a price are left out."""

    zone: str
    """Empty where the file does not name it."""
    prices: tuple[DayPrice, ...]


def one_series(name: str, column: str, zone: str, rows: Iterable[DayPrice]) -> ZonePrices:
    """The prices of one zone from rows of the file `name`, in any order; the same row twice counts once.

    Raises
    ------
    InputFaults
        Where two rows state different prices for the same time, overlap, or a price is beyond all bounds.
    """
    known = sorted((row for row in rows if row.eur_per_mwh is not None), key=lambda row: (row.start_utc, row.minutes))
    faults: list[Fault] = []
    kept: list[DayPrice] = []
    for row in known:
        price = row.eur_per_mwh or Decimal(0)
        if abs(price) > MOST_EUR:
            faults.append(Fault(name, row.line, column, str(price), f"a price between -{MOST_EUR:,} and {MOST_EUR:,} EUR/MWh"))
        elif kept and row.start_utc < kept[-1].start_utc + timedelta(minutes=kept[-1].minutes):
            if row[:3] != kept[-1][:3]:
                faults.append(
                    Fault(
                        name,
                        row.line,
                        column,
                        _states(row),
                        f"one price for each time: line {kept[-1].line} states {_states(kept[-1])}",
                    )
                )
        else:
            kept.append(row)
    raise_faults(faults, name)
    return ZonePrices(zone, tuple(kept))


def raise_faults(faults: Sequence[Fault], name: str) -> None:
    """Raise what was found, the first ones of many; nothing where there is none."""
    if faults:
        raise InputFaults(first_faults(sorted(faults, key=lambda fault: fault.line or 0), name, FORM))


def chosen(name: str, series: Sequence[ZonePrices], wanted: str) -> ZonePrices:
    """The one series of `series` that is wanted, or the only one.

    Raises
    ------
    InputFaults
        If none has a price, the wanted zone is not there, or several are and none is wanted.
    """
    filled = [one for one in series if one.prices]
    named = {one.zone: one for one in filled}
    if not filled:
        raise InputFaults([Fault(name, None, "file", "no price", FORM)])
    if wanted in named:
        return named[wanted]
    if len(filled) == 1 and (not wanted or not filled[0].zone):
        return ZonePrices(filled[0].zone or wanted, filled[0].prices)
    zones = ", ".join(sorted(named))
    found, expected = (f"prices of {zones}", f"prices of {wanted}") if wanted else (f"prices of {zones}", "--zone with one of them")
    raise InputFaults([Fault(name, None, "zone", found, expected)])


def _states(row: DayPrice) -> str:
    start: datetime = row.start_utc
    return f"{row.eur_per_mwh} EUR/MWh for {row.minutes} minutes from {instant_text(start)}"
