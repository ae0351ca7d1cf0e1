"""Backtests as files.

In: CSV ``start_utc,power_kw``, perhaps a plan with any known inputs.  Out: CSV of quantiles, and of each day's peak.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from billing.load import LoadProfile, read_load
from billing.rows import Rows, read_rows
from domain.channels import IMPORT
from domain.errors import Fault, InputFaults
from domain.files import read_text_input
from domain.forecasts import Forecast
from domain.instants import instant_text
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from forecasting.inputs import Inputs
from quarters.numbers import slot_of

CHANNEL = IMPORT
FORECAST_HEADER = ("origin_utc", "start_utc", "q10_kw", "q50_kw", "q90_kw")
PEAK_HEADER = ("origin_utc", "day_local", "peak_q10_kw", "peak_q50_kw", "peak_q90_kw", "peak_start_utc")


def read_quarter_hours(path: Path) -> LoadProfile:
    """The load in `path`, which must be one of quarter hours.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    profile = read_load(path)
    if profile.resolution != QUARTER:
        found = f"{profile.resolution / timedelta(minutes=1):g} minutes"
        raise InputFaults([Fault(str(path), None, "resolution", found, "15 minutes")])
    return profile


def bare_plant(timezone: str, region: str | None, abroad: bool = False) -> Plant:
    """A plant of which only its clock and its holidays are known.

    Parameters
    ----------
    abroad
        Confirms that `region` is meant although its country keeps another time zone.

    Raises
    ------
    InputFaults
        If there is no such zone or region, or they do not fit.
    """
    site = {"id": "site", "timezone": timezone, "commissioned_utc": "2000-01-01T00:00:00Z"}
    holidays = {"holiday_region": region, "holiday_region_abroad": abroad}
    try:
        return Plant.model_validate({"site": site | holidays, "meter": [{"id": "main", "max_power_kw": 1.0}]})
    except ValidationError as error:
        faults = [_option_fault(detail["loc"][-1] == "holiday_region", detail["input"], detail["msg"]) for detail in error.errors()]
        raise InputFaults(faults) from error


def _option_fault(is_region: bool, found: object, said: str) -> Fault:
    if not is_region:
        return Fault("command line", None, "--timezone", str(found), "an IANA name such as Europe/Berlin")
    expected = said.removeprefix("Value error, ").replace("holiday_region_abroad = true", "--holidays-abroad")
    return Fault("command line", None, "--holidays", str(found), expected)


def as_intervals(plant: Plant, profile: LoadProfile) -> Iterator[Interval]:
    """The load as imported quarter hours of the plant's billing meter; what is missing stays missing."""
    meter = plant.billing_meter()
    name = meter.id if meter is not None else plant.site.id
    there = profile.power.there
    # Quarter hours of kW in 10**-decimals to uWh: a quarter of an hour, a billion uWh a kWh.
    factor = 10 ** (9 - profile.decimals) if profile.decimals <= 9 else 1
    divisor = 1 if profile.decimals <= 9 else 10 ** (profile.decimals - 9)
    for number, (value, known) in enumerate(zip(profile.power.values.tolist(), there.tolist(), strict=True)):
        yield Interval(
            plant.site.id,
            name,
            CHANNEL,
            profile.start_utc + number * QUARTER,
            round(value * factor / divisor / 4) if known else None,
            1.0 if known else 0.0,
            IntervalQuality.MEASURED if known else IntervalQuality.MISSING,
            IntervalMethod.REGISTER if known else IntervalMethod.NONE,
            0,
            0,
            origin=IntervalOrigin.IMPORT,
        )


def read_inputs(path: Path) -> Inputs:
    """Known inputs in a CSV of ``start_utc`` and any numeric columns, e.g. ``planned_kw``; empty where not known.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    try:
        header = tuple(next(csv.reader(read_text_input(path).splitlines()), ()))
    except csv.Error as error:
        raise InputFaults([Fault(str(path), 1, "header", str(error), "cells of less than 128 KiB")]) from error
    if len(header) < 2 or header[0] != "start_utc" or len(set(header)) < len(header):
        expected = "start_utc and at least one more column with a name of its own, e.g. start_utc,planned_kw"
        raise InputFaults([Fault(str(path), 1, "header", repr(",".join(header)), expected)])
    rows = read_rows(path, [header], resolutions_min=(15,))
    return _inputs(rows)


def _inputs(rows: Rows) -> Inputs:
    first = slot_of(rows.starts[0])
    places = np.array([slot_of(start) - first for start in rows.starts])
    by_name = {}
    for name, texts in rows.columns.items():
        values = np.full(int(places[-1]) + 1, np.nan)
        values[places] = [np.nan if text is None else float(text) for text in texts]
        by_name[name] = values
    return Inputs(first, by_name)


def origins(first_utc: datetime, count: int, every: timedelta, until_utc: datetime) -> list[datetime]:
    """`count` origins from `first_utc` on, as far as they are not after `until_utc`."""
    fitting = max(0, (until_utc - first_utc) // every + 1)
    return [first_utc + number * every for number in range(min(count, fitting))]


def write_forecasts(path: Path, forecasts: Iterable[Forecast], horizon: timedelta) -> int:
    """Write the quantiles of each forecast up to `horizon`; how many rows."""
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FORECAST_HEADER)
        for forecast in forecasts:
            origin = instant_text(forecast.first_start_utc)
            for quarter in forecast.quarters()[: int(horizon / QUARTER)]:
                three = (f"{kw:.3f}" for kw in (quarter.q10_kw, quarter.q50_kw, quarter.q90_kw))
                writer.writerow((origin, instant_text(quarter.start_utc), *three))
                rows += 1
    return rows


def write_peaks(path: Path, forecasts: Sequence[Forecast]) -> None:
    """Write the peaks of the local days that each forecast touches."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(PEAK_HEADER)
        for forecast in forecasts:
            for peak in forecast.peaks:
                three = (f"{kw:.3f}" for kw in (peak.q10_kw, peak.q50_kw, peak.q90_kw))
                writer.writerow((instant_text(forecast.first_start_utc), peak.day_local, *three, instant_text(peak.start_utc)))
