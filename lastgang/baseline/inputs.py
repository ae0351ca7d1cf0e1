"""Files and options of `lastgang baseline` to days and wishes; every fault of every file at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import holidays as holiday_library
import numpy as np

from baselines.answer import Wishes
from baselines.rows import Floats, Rows, days_of
from billing.load import LoadProfile, profile_of
from billing.tariff import load_tariff
from domain.errors import Fault, InputFaults
from domain.measures import Measure, Measures, load_measures
from domain.regions import region_fault
from lastgang.reading import asking, options_of, show_assumptions
from quarters.profiles.beside import ByDay, read_amounts, read_temperature
from quarters.profiles.grid import RESOLUTIONS_MIN
from quarters.profiles.sniff.read import read_any
from quarters.profiles.stamps import zone_named

Found = TypeVar("Found")
LINE = "command line"


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the command line has; the options of the load file by name."""

    load: Path
    production: Path | None
    temperature: Path | None
    measure_days: tuple[str, ...]
    measures: Path | None
    meter: str | None
    baseline_from: str | None
    region: str | None
    tariff: Path | None
    timezone: str
    options: Mapping[str, Any]


def rows_and_wishes(inputs: Inputs) -> tuple[Rows, Wishes, ZoneInfo, Floats]:
    """Days of the load, what is to be answered, whose days they are, and the powers of the load's own intervals [kW], NaN where missing.

    Raises
    ------
    InputFaults
        With the faults of all files and options.
    """
    faults: list[Fault] = []

    def tried(read: Callable[[], Found], otherwise: Found) -> Found:
        try:
            return read()
        except InputFaults as error:
            faults.extend(error.faults)
            return otherwise

    zone = tried(lambda: _zone(inputs.timezone), ZoneInfo("UTC"))
    listed = tried(lambda: Measures() if inputs.measures is None else load_measures(inputs.measures), Measures())
    typed: tuple[Measure, ...] = tried(lambda: tuple(_measure(text) for text in inputs.measure_days), ())
    begins = tried(lambda: None if inputs.baseline_from is None else _day(inputs.baseline_from, "--baseline-from"), None)
    rests = tried(lambda: _rests(inputs.region, inputs.timezone), lambda day: False)
    tariff = tried(lambda: None if inputs.tariff is None else load_tariff(inputs.tariff), None)
    none: dict[str, ByDay] = {}
    drivers = tried(lambda: none if inputs.production is None else read_amounts(inputs.production, zone), none)
    weather: ByDay | None = tried(lambda: None if inputs.temperature is None else read_temperature(inputs.temperature, zone), None)
    profile = tried(lambda: _load(inputs), None)
    if profile is not None:
        last = profile.local_days(zone)[1]
        expected = f"a day of the load, which ends before {last}"
        late = [one for one in (*listed.measure, *typed) if one.begins >= last]
        faults += [Fault(LINE, None, "measure", f"{one.id}, from {one.begins} on", expected) for one in late]
    if faults or profile is None:
        raise InputFaults(faults)
    rows = days_of(profile, zone, rests, weather, drivers)
    kw = np.where(profile.power.there, profile.power.values.astype(np.float64) / 10**profile.decimals, np.nan)
    return rows, Wishes((*listed.measure, *typed), listed.event, inputs.meter, begins, tariff, listed.co2), zone, kw


def _load(inputs: Inputs) -> LoadProfile:
    stated = options_of(inputs.options, inputs.timezone)
    loaded = asking(inputs.load, stated, lambda one: read_any(inputs.load, one, RESOLUTIONS_MIN), {"--timezone": "--file-timezone"})
    show_assumptions(loaded.assumptions)
    return profile_of(loaded.series)


def _zone(name: str) -> ZoneInfo:
    try:
        found = zone_named(name)
    except ValueError as error:
        raise InputFaults([Fault(LINE, None, "--timezone", repr(name), "a time zone such as Europe/Berlin")]) from error
    if isinstance(found, ZoneInfo):
        return found
    if name.upper() in ("UTC", "Z"):
        return ZoneInfo("UTC")
    raise InputFaults([Fault(LINE, None, "--timezone", repr(name), "a time zone by its name, such as Europe/Berlin")])


def _measure(text: str) -> Measure:
    return Measure(id=f"measure-{text}", begins=_day(text, "--measure"))


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputFaults([Fault(LINE, None, option, repr(text), "a date such as 2026-03-01")]) from error


def _rests(region: str | None, timezone: str) -> Callable[[date], bool]:
    if region is None:
        return lambda day: False
    if wrong := region_fault(region, timezone, abroad=True):
        raise InputFaults([Fault(LINE, None, "--holidays", repr(region), wrong)])
    country, _, subdivision = region.partition("-")
    known = holiday_library.country_holidays(country, subdiv=subdivision or None)
    return lambda day: day in known
