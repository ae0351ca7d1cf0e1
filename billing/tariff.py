"""The tariff: a price sheet, typed and checked whole.

In: a TOML file. Out: a frozen `Tariff`, or every fault at once. Prices are exact fractions of EUR.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.component import Component
from billing.kinds import COMPONENTS
from billing.published import PublishedPrices
from billing.reading import Source, Table
from billing.rounding import Rounding, read_rounding
from billing.sheet import Sheet, read_sheet
from billing.versions import check_versions
from domain.errors import InputFaults
from domain.toml_files import key_lines, read_toml


@dataclass(frozen=True, eq=False)
class Tariff:
    """A whole tariff, valid on the local days ``[valid_from, valid_to)``. Equal only to itself, so that what is derived from it can be cached.

    Attributes
    ----------
    source
        The price sheet that it was copied from, in words.
    vat_percent
        Value added tax on the sum of the rounded net lines (Sec. 12 UStG); 0: none is billed.
    bill_from, bill_to
        Local days ``[bill_from, bill_to)`` that a bill is for by default; both or none.
    components
        All versions of all of them, kind after kind, each kind in the order of the file.
    """

    id: str
    version: str
    source: str
    valid_from: date
    valid_to: date
    zone: ZoneInfo
    holidays: str | None
    vat_percent: Fraction
    bill_from: date | None
    bill_to: date | None
    rounding: Rounding
    components: tuple[Component, ...]
    path: Path

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on a local day."""
        return self.valid_from <= day < self.valid_to

    def local(self, at_utc: datetime) -> datetime:
        """An instant on the tariff's local clock."""
        return at_utc.astimezone(self.zone)

    @property
    def zones(self) -> tuple[str, ...]:
        """Bidding zones whose published day-ahead prices it bills by, each once."""
        return tuple(sorted({zone for component in self.components for zone in component.zones}))

    def with_published(self, prices: PublishedPrices) -> Tariff:
        """The tariff, as it was read from its file, with what `prices` state for its components; itself where none of them names a zone."""
        if not self.zones:
            return self
        return replace(self, components=tuple(component.with_published(prices) for component in self.components))


def load_tariff(path: Path) -> Tariff:
    """The tariff in `path`.

    Raises
    ------
    InputFaults
        Naming every fault: file, line, component, key, what was found, what is expected.
    """
    path = Path(path)
    text, document = read_toml(path, Decimal)
    source = Source(path, key_lines(text))
    tariff = _read_tariff(source, Table(source, (), document, ""))
    if source.faults:
        raise InputFaults(source.faults)
    return tariff


def _read_tariff(source: Source, top: Table) -> Tariff:
    """The tariff; with a usable value in place of each one at fault, so that all faults are found in one go."""
    sheet = read_sheet(source, top)
    texts = {key: top.text(key, required=True) for key in ("id", "version", "source")}
    top.choice("currency", ("EUR",), required=True)
    vat_percent = top.number("vat_percent", default=Fraction(0), low=0) or Fraction(0)
    bill_from, bill_to = _read_bill(top, sheet)
    rounding = read_rounding(top)
    components = _read_components(top, sheet)
    top.finish()
    check_versions(sheet, components)
    return Tariff(
        id=texts["id"], version=texts["version"], source=texts["source"], valid_from=sheet.valid_from, valid_to=sheet.valid_to, zone=sheet.zone, holidays=sheet.holidays,
        vat_percent=vat_percent, bill_from=bill_from, bill_to=bill_to, rounding=rounding, components=components, path=source.path,
    )  # fmt: skip


def _read_components(top: Table, sheet: Sheet) -> tuple[Component, ...]:
    read = (kind.read(table, sheet) for kind in COMPONENTS for table in top.rows(kind.kind, kind.kind))
    return tuple(component for component in read if component is not None)


def _read_bill(top: Table, sheet: Sheet) -> tuple[date | None, date | None]:
    """The table `[bill]`: the local days that a bill is for."""
    table = top.table("bill")
    if table is None:
        return None, None
    first, end = table.day("from", required=True), table.day("to", required=True)
    table.finish()
    if first is not None and end is not None:
        if end <= first:
            table.wrong("to", end, f"a date after from, {first}")
        sheet.check_within(table, **{"from": first, "to": end})
    return first, end
