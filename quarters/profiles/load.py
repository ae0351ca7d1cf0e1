"""Load profiles in our own forms: ``start_utc,power_kw[,reactive_kvar]``, ``start_utc,energy_kwh``, ``[site,]meter,channel,start_utc,energy_kwh``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from domain.channels import IMPORT
from domain.errors import Fault, InputFaults
from domain.files import read_unpacked
from domain.intervals import QUARTER, IntervalQuality
from quarters.profiles.cells import BOOKS, EXACT, Faults, beyond_a_ledger, energy_uwh, text_of
from quarters.profiles.grid import MINUTE, QUARTER_HOURS, checked_resolution
from quarters.profiles.table import (
    NO_ROWS,
    START,
    Columns,
    CsvTable,
    Layout,
    Refusal,
    delimiter_of,
    layout_of,
    open_table,
    read_columns,
)

POWER, REACTIVE, ENERGY = "power_kw", "reactive_kvar", "energy_kwh"
LAYOUTS = (
    Layout((POWER,), (REACTIVE,)),
    Layout((ENERGY,)),
    Layout((ENERGY,), keys=("meter", "channel"), optional_keys=("site",)),
)
ADVICE = "; lastgang import has options that say what other columns mean"
_UNITS = {POWER: "kW", REACTIVE: "kW", ENERGY: "kWh"}


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """The load of one meter and channel; the names are None where the file has none."""

    path: Path
    resolution: timedelta
    starts: Sequence[datetime]
    lines: Sequence[int]
    column: str
    """What the file holds: mean power ``power_kw``, or ``energy_kwh`` of each interval."""
    values: Sequence[Decimal | None]
    """In that unit; None where the value is missing."""
    reactive_kvar: Sequence[Decimal | None] | None = None
    meter: str | None = None
    channel: str | None = None
    site: str | None = None
    qualities: Sequence[IntervalQuality] | None = None
    """Of each row, where the file has status words."""

    @property
    def start_utc(self) -> datetime:
        """Start of the first row."""
        return self.starts[0]

    @property
    def end_utc(self) -> datetime:
        """First instant after the last row."""
        return self.starts[-1] + self.resolution

    def power_kw(self) -> list[Decimal | None]:
        """Mean power [kW] of each row, exact; None where it is missing."""
        if self.column == POWER:
            return list(self.values)
        per_hour = Decimal(round(60 * MINUTE / self.resolution))
        return [None if value is None else EXACT.multiply(value, per_hour) for value in self.values]

    def quarters_uwh(self) -> list[int | None]:
        """Energy [uWh] of each row of a profile of quarter hours, rounded half to even; None where it is missing."""
        assert self.resolution == QUARTER
        return [None if value is None else energy_uwh(value, _UNITS[self.column]) for value in self.values]


def is_own_form(path: Path) -> bool:
    """Whether the first row of `path` names the column ``start_utc``, or there is none: then the file is read strictly, and no evidence is looked for.

    Raises
    ------
    InputFaults
        If it cannot be read.
    """
    raw = read_unpacked(path)
    if raw.startswith(BOOKS):
        return False
    lines = text_of(path).replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    names = [name.strip().strip('"').strip("\ufeff") for name in first.split(delimiter_of(first))]
    return not first or START in names


def read_profile(path: Path, resolutions_min: Sequence[int] = QUARTER_HOURS) -> LoadSeries:
    """The load in `path`, of which there must be one series, of import.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    found = read_series(open_table(path), resolutions_min)
    names = [f"{series.meter}/{series.channel}" for series in found if series.channel is not None]
    if len(found) > 1 or any(series.channel not in (None, IMPORT) for series in found):
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise InputFaults([Fault(str(path), None, "channel", shown, f"rows of one meter and of its channel {IMPORT}")])
    return found[0]


def read_series(table: CsvTable, resolutions_min: Sequence[int], refuse: Refusal | None = None) -> list[LoadSeries]:
    """Every series in a table of one of our own forms.

    Parameters
    ----------
    refuse
        What the caller cannot use, beyond what no ledger can hold.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    layout = layout_of(table, LAYOUTS, ADVICE)
    faults = Faults(table.path)

    def refused(column: str, value: Decimal) -> str | None:
        return beyond_a_ledger(value, _UNITS[column]) or (None if refuse is None else refuse(column, value))

    found = read_columns(table, layout, faults, refused)
    resolutions = [checked_resolution(columns.stamps, resolutions_min, faults) for columns in found.values()]
    if not found and not faults:
        faults.wrong(None, "file", *NO_ROWS)
    faults.raise_if_any()
    return [
        _series(table.path, layout, key, columns, minutes)
        for (key, columns), minutes in zip(found.items(), resolutions, strict=True)
    ]


def _series(path: Path, layout: Layout, key: tuple[str | None, ...], columns: Columns, minutes: int) -> LoadSeries:
    (column,) = layout.values
    named = dict(zip((*layout.keys, *layout.optional_keys), key, strict=True))
    stamps = columns.stamps
    return LoadSeries(
        path, minutes * MINUTE, stamps.starts, stamps.lines, column, columns.values[column], columns.values.get(REACTIVE),
        meter=named.get("meter"), channel=named.get("channel"), site=named.get("site"),
    )  # fmt: skip
