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

from domain.channels import IMPORT
from domain.errors import Fault, InputFaults, fault
from domain.forecasts import Forecast
from domain.instants import instant_text
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.json_lines import read_records
from domain.orders import Order
from domain.plant import Plant
from forecasting.inputs import Inputs
from quarters.numbers import quarter_starts, slot_of
from quarters.profiles.cells import Faults
from quarters.profiles.grid import QUARTER_HOURS, checked_resolution
from quarters.profiles.load import LoadSeries
from quarters.profiles.table import START, Columns, Layout, open_table, read_rows

CHANNEL = IMPORT
_MEASURED = 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER
FORECAST_HEADER = ("origin_utc", "start_utc", "q10_kw", "q50_kw", "q90_kw")
PEAK_HEADER = ("origin_utc", "day_local", "peak_q10_kw", "peak_q50_kw", "peak_q90_kw", "peak_start_utc")


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


def _option_fault(is_region: bool, found: object, remark: str) -> Fault:
    if not is_region:
        return Fault("command line", None, "--timezone", str(found), "an IANA name such as Europe/Berlin")
    expected = remark.removeprefix("Value error, ").replace("holiday_region_abroad = true", "--holidays-abroad")
    return Fault("command line", None, "--holidays", str(found), expected)


def as_intervals(plant: Plant, load: LoadSeries) -> Iterator[Interval]:
    """The load as imported quarter hours of the plant's billing meter; what is missing stays missing."""
    meter = plant.billing_meter()
    name = meter.id if meter is not None else plant.site.id
    known = dict(zip(load.starts, load.quarters_uwh(), strict=True))
    for start in quarter_starts(load.start_utc, load.end_utc):
        energy = known.get(start)
        how = (0.0, IntervalQuality.MISSING, IntervalMethod.NONE) if energy is None else _MEASURED
        yield Interval(plant.site.id, name, CHANNEL, start, energy, *how, 0, 0, origin=IntervalOrigin.IMPORT)


def read_inputs(path: Path) -> Inputs:
    """Known inputs in a CSV of ``start_utc`` and any numeric columns, e.g. ``planned_kw``; empty where not known.

    Raises
    ------
    InputFaults
        With every fault of the file.
    """
    table = open_table(path)
    names = tuple(name for name in table.header if name != START)
    faults = Faults(path)
    if START not in table.header or not names or len(set(table.header)) < len(table.header):
        expected = "start_utc and at least one more column with a name of its own, e.g. start_utc,planned_kw"
        faults.wrong(table.line, "header", repr(",".join(table.header)), expected)
        faults.raise_if_any()
    rows = read_rows(table, Layout(names))
    checked_resolution(rows.stamps, QUARTER_HOURS, faults)
    faults.raise_if_any()
    return _inputs(rows)


def read_orders(path: Path) -> list[Order]:
    """Revisions of one plant's orders, one JSON object a line.

    Raises
    ------
    InputFaults
        With the first faults of the file, or if its orders are of several plants.
    """
    orders = read_records(path, Order)
    sites = sorted({order.site for order in orders})
    if len(sites) > 1:
        raise InputFaults([fault(path, "site", ", ".join(sites), "orders of one plant, whose load is forecast")])
    return orders


def _inputs(rows: Columns) -> Inputs:
    first = slot_of(rows.stamps.starts[0])
    places = np.array([slot_of(start) - first for start in rows.stamps.starts])
    by_name = {}
    for name, numbers in rows.values.items():
        values = np.full(int(places[-1]) + 1, np.nan)
        values[places] = [np.nan if number is None else float(number) for number in numbers]
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
