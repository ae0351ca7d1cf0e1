"""Price sheets that an analysis compares: one's own, else five typical German ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.component import Component
from billing.load import LoadProfile
from billing.tariff import Tariff, load_tariff

FOLDER = Path(__file__).parent / "price_sheets"
TYPICAL = ("medium-voltage", "substation", "low-voltage", "cheap-network", "medium-voltage-monthly")
"""Files of `FOLDER`, the most usual first."""


@dataclass(frozen=True, eq=False)
class PriceSheet:
    """A tariff as it is applied to a load."""

    tariff: Tariff
    is_typical: bool
    valid_then: bool
    """Whether it was valid when the load was measured; else its prices are applied to another year."""

    @property
    def by_month(self) -> bool:
        """Whether a peak is billed in its month alone, by all that is paid for power."""
        settled = {part.settled_by for part in self.tariff.components if part.bills_power}
        return settled == {"month"}


def own_sheet(path: Path, load: LoadProfile) -> PriceSheet:
    """The tariff in `path`, applied to the local days of a load.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    tariff = load_tariff(path)
    first, end = load.local_days(tariff.zone)
    valid = tariff.valid_from <= first and end <= tariff.valid_to
    return PriceSheet(tariff if valid else applied(tariff, first, end), False, valid)


def typical_sheets(load: LoadProfile, zone: ZoneInfo) -> list[PriceSheet]:
    """The typical sheets, applied to the days of a load in `zone`."""
    read = (replace(load_tariff(FOLDER / f"{name}.toml"), zone=zone) for name in TYPICAL)
    return [PriceSheet(applied(tariff, *load.local_days(zone)), True, False) for tariff in read]


def applied(tariff: Tariff, first: date, end: date) -> Tariff:
    """`tariff` as if it had been valid in the years that hold ``[first, end)``: its first and last versions reach as far."""
    begin, until = date(first.year, 1, 1), date(end.year + 1, 1, 1)

    def longer(part: Component) -> Component:
        starts = begin if part.valid_from == tariff.valid_from else part.valid_from
        ends = until if part.valid_to == tariff.valid_to else part.valid_to
        return replace(part, valid_from=starts, valid_to=ends)

    parts = tuple(longer(part) for part in tariff.components)
    return replace(tariff, valid_from=begin, valid_to=until, bill_from=None, bill_to=None, components=parts)
