"""What a kilowatt-hour emits: dated factors by energy carrier and method, constant or hour by hour, and the CO2 of measured energy.

In: the plant file's ``[[emission_factor]]`` tables and the CSV files that they name.  Out: a factor at an instant, and kilograms with
what no factor covers. Energy without a factor is named and never counted as zero.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, model_validator

from domain.errors import Fault, InputFaults
from domain.files import read_unpacked
from domain.instants import as_utc
from domain.texts import Name
from domain.toml_files import LocalDate, Settings

MOST_G_PER_KWH = 5000.0
_STEPS_S = (900, 1800, 3600)
_MOST_FAULTS = 5


class Carrier(StrEnum):
    """What carries the energy."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    HEAT = "heat"


class Method(StrEnum):
    """How emissions are attributed."""

    LOCATION = "location"
    """Purchased energy by the mean of the grid it comes from."""
    MARKET = "market"
    """Purchased energy by contract: the supplier's factor, guarantees of origin, else the residual mix."""
    FUEL = "fuel"
    """What is burnt on the site."""


class EmissionFactor(Settings):
    """CO2 of a kilowatt-hour; without this table no CO2 is shown."""

    g_per_kwh: float = Field(ge=0, le=MOST_G_PER_KWH)
    """Grams of CO2 for each kWh that is drawn."""
    of_year: int = Field(ge=1990, le=2100, validation_alias=AliasChoices("of_year", "year"))
    """Year that the factor is of."""
    source: Name = Field(min_length=1)
    """Who publishes it, and of which series: the supplier's electricity label, an agency's mean of the grid."""


class DatedFactor(Settings):
    """The factor of one carrier by one method, from a day on."""

    carrier: Carrier
    """Which energy it belongs to: electricity, gas or heat."""
    method: Method
    """``location`` or ``market`` for electricity and heat, ``fuel`` for gas."""
    g_per_kwh: float | None = Field(default=None, ge=0, le=MOST_G_PER_KWH)
    """Grams of CO2 for each kWh, of gas by its gross calorific value; None: `file` has them."""
    file: str | None = None
    """CSV beside the plant file with a factor an hour or a quarter hour, plain or gzip; None: one factor for all hours."""
    time_column: str = "start_utc"
    """Heading in `file` of the instants, which carry their offset from UTC."""
    value_column: str = "g_per_kwh"
    """Heading in `file` of the factors."""
    of_year: int = Field(ge=1990, le=2100)
    """Year that the factor is of."""
    source: Name = Field(min_length=1)
    """Who publishes it, and of which series."""
    valid_from: LocalDate | None = None
    """First local day on which it holds; None: always, until a later one begins."""
    valid_to: LocalDate | None = None
    """Last local day on which it holds; None: until a later one begins."""

    @model_validator(mode="after")
    def _consistent(self) -> DatedFactor:
        if (self.g_per_kwh is None) == (self.file is None):
            msg = "either g_per_kwh or file"
            raise ValueError(msg)
        if (self.carrier is Carrier.GAS) != (self.method is Method.FUEL):
            msg = f"method 'fuel' for gas, 'location' or 'market' for electricity and heat; not {self.method.value!r} for {self.carrier.value}"
            raise ValueError(msg)
        if self.valid_from is not None and self.valid_to is not None and self.valid_to < self.valid_from:
            msg = f"valid_to on {self.valid_from} or later, its first day"
            raise ValueError(msg)
        return self

    @property
    def is_hourly(self) -> bool:
        """Whether it differs from hour to hour."""
        return self.file is not None


@dataclass(frozen=True, slots=True)
class HourlyFactors:
    """Factors of a file, each from its start on for one step."""

    step_s: int
    g_per_kwh: Mapping[int, float]
    """By the number of steps since 1970."""

    def at(self, instant_utc: datetime) -> float | None:
        """The factor [g/kWh] of the hour or quarter hour of `instant_utc`; None where the file has none."""
        return self.g_per_kwh.get(int(instant_utc.timestamp()) // self.step_s)


@dataclass(frozen=True, slots=True)
class Factor:
    """What holds at an instant."""

    g_per_kwh: float
    row: DatedFactor
    """Where it stands."""


@dataclass(slots=True)
class Emitted:
    """CO2 of a number of quarter hours, and what it does not cover."""

    kg: float | None
    """Of the covered energy; None where nothing is covered."""
    covered_kwh: float
    uncovered_kwh: float
    """Known energy for which no factor holds."""
    quarters: int
    without_energy: int
    """Quarter hours whose energy is not known."""
    without_factor: int
    """Quarter hours whose energy is known and for which no factor holds."""
    rows: tuple[DatedFactor, ...]
    """Which factors were used, in the order of time."""

    @property
    def coverage(self) -> float:
        """Share of the quarter hours that are covered, 0..1."""
        return (self.quarters - self.without_energy - self.without_factor) / self.quarters if self.quarters else 0.0


@dataclass(frozen=True)
class EmissionFactors:
    """All factors of a plant."""

    rows: tuple[DatedFactor, ...]
    zone: ZoneInfo
    hourly: Mapping[tuple[str, str], HourlyFactors] = field(default_factory=dict)
    """By file and heading, as read."""

    @cached_property
    def _newest_first(self) -> dict[tuple[Carrier, Method], list[DatedFactor]]:
        found: dict[tuple[Carrier, Method], list[DatedFactor]] = {}
        for row in sorted(self.rows, key=lambda one: (one.valid_from is not None, one.valid_from), reverse=True):
            found.setdefault((row.carrier, row.method), []).append(row)
        return found

    def at(self, carrier: Carrier, method: Method, instant_utc: datetime) -> Factor | None:
        """See `factor_at`."""
        rows = self._newest_first.get((carrier, method))
        if rows is None:
            return None
        if len(rows) == 1 and rows[0].valid_from is None and rows[0].valid_to is None:
            row = rows[0]
        else:
            day = instant_utc.astimezone(self.zone).date()
            begun = (one for one in rows if one.valid_from is None or one.valid_from <= day)
            newest = next(begun, None)
            if newest is None or (newest.valid_to is not None and newest.valid_to < day):
                return None
            row = newest
        if row.file is None:
            return None if row.g_per_kwh is None else Factor(row.g_per_kwh, row)
        series = self.hourly.get((row.file, row.value_column))
        value = None if series is None else series.at(instant_utc)
        return None if value is None else Factor(value, row)


def factor_at(factors: EmissionFactors, carrier: Carrier, method: Method, instant_utc: datetime) -> Factor | None:
    """The factor that holds at an instant: of the rows that have begun on its local day the one that began last.

    Returns
    -------
    Factor or None
        None where no row holds, and where the row's file has no value for that hour: no other row stands in for it.
    """
    return factors.at(carrier, method, instant_utc)


def emitted(
    factors: EmissionFactors, carrier: Carrier, method: Method, energies: Iterable[tuple[datetime, float | None]]
) -> Emitted:
    """The CO2 of quarter hours, each by the factor of its own hour.

    Parameters
    ----------
    energies
        Start and energy [kWh] of every quarter hour of the span; None where it is not known.
    """
    grams: list[float] = []
    covered: list[float] = []
    uncovered: list[float] = []
    quarters = unknown = 0
    rows: dict[int, DatedFactor] = {}
    for start_utc, kwh in energies:
        quarters += 1
        if kwh is None:
            unknown += 1
            continue
        factor = factors.at(carrier, method, start_utc)
        if factor is None:
            uncovered.append(kwh)
            continue
        grams.append(kwh * factor.g_per_kwh)
        covered.append(kwh)
        rows.setdefault(id(factor.row), factor.row)
    kg = math.fsum(grams) / 1000 if grams else None
    return Emitted(kg, math.fsum(covered), math.fsum(uncovered), quarters, unknown, len(uncovered), tuple(rows.values()))


def doubled(rows: Iterable[DatedFactor]) -> list[int]:
    """Places of rows that begin on the same day as an earlier one of their carrier and method."""
    seen: set[tuple[Carrier, Method, object]] = set()
    found = []
    for place, row in enumerate(rows):
        key = (row.carrier, row.method, row.valid_from)
        if key in seen:
            found.append(place)
        seen.add(key)
    return found


def read_hourly(path: Path, row: DatedFactor) -> HourlyFactors:
    """The factors in the CSV file `path`, under the headings that `row` names.

    Raises
    ------
    InputFaults
        Where a heading is missing, an instant has no offset or comes twice, a factor is no plausible number, or the steps are
        neither 15, 30 nor 60 minutes.
    """
    try:
        text = read_unpacked(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFaults([Fault(str(path), None, "file", f"byte {error.start} is no UTF-8", "UTF-8 text")]) from error
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    heads = [cell.strip() for cell in next(reader, [])]
    lacking = [name for name in (row.time_column, row.value_column) if name not in heads]
    if lacking:
        raise InputFaults([Fault(str(path), 1, name, f"the headings {heads[:20]}", f"a heading {name!r}") for name in lacking])
    places = heads.index(row.time_column), heads.index(row.value_column)
    found: dict[int, float] = {}
    faults: list[Fault] = []
    for cells in reader:
        if not cells or (len(cells) > max(places) and not cells[places[1]].strip()):
            continue  # no value for this hour: it stays without a factor
        wrong = _put(found, cells, places, row)
        if wrong is not None:
            faults.append(Fault(str(path), reader.line_num, *wrong))
            if len(faults) == _MOST_FAULTS:
                break
    if faults:
        raise InputFaults(faults)
    return _stepped(path, found)


def _put(found: dict[int, float], cells: list[str], places: tuple[int, int], row: DatedFactor) -> tuple[str, str, str] | None:
    """Adds a line; field, what was found and what is expected where it cannot be used."""
    if len(cells) <= max(places):
        return "file", f"{len(cells)} cells", f"{max(places) + 1} cells or more"
    when, value = (cells[place].strip() for place in places)
    try:
        at_s = int(as_utc(datetime.fromisoformat(when)).timestamp())
    except (ValueError, OverflowError):
        return row.time_column, repr(when[:40]), "an instant with its offset, such as 2026-10-23T09:00:00Z"
    if at_s % _STEPS_S[0]:
        return row.time_column, repr(when[:40]), "the start of an hour or a quarter hour"
    if at_s in found:
        return row.time_column, repr(when[:40]), "each hour once"
    try:
        g_per_kwh = float(value)
    except ValueError:
        g_per_kwh = math.nan
    if not 0 <= g_per_kwh <= MOST_G_PER_KWH:
        return row.value_column, repr(value[:40]), f"a number of grams from 0 to {MOST_G_PER_KWH:g}, with a decimal point"
    found[at_s] = g_per_kwh
    return None


def _stepped(path: Path, found: Mapping[int, float]) -> HourlyFactors:
    starts = sorted(found)
    if len(starts) < 2:
        raise InputFaults([Fault(str(path), None, "file", f"{len(starts)} factors", "two hours or more")])
    step_s = min(later - earlier for earlier, later in pairwise(starts))
    if step_s not in _STEPS_S or any(start % step_s for start in starts):
        expected = "steps of 15, 30 or 60 minutes that begin at full hours"
        raise InputFaults([Fault(str(path), None, "file", f"steps of {step_s / 60:g} minutes", expected)])
    return HourlyFactors(step_s, {start // step_s: found[start] for start in starts})
