"""Do the rows of a report give its figures?  Month and bill are computed again by the code that made them: section 7.8 and 8 of the format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from domain.clock import instant
from domain.codec import decode_stored
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.topics import INTERVALS, PRICES
from reporting.cost import month_cost
from reporting.evidence.bill_basis import bill_data
from reporting.ledger import Ledger
from reporting.month import MonthReport, changes_since, month_report
from reporting.periods import period_of
from reporting.sections.quarters import quarter_data
from reporting.verifier import MANIFEST

BILL, REPORT, CONFIG = "evidence/bill.json", "report.json", "evidence/config"
Faults = Iterator[tuple[str, str]]
"""File, and what was found and expected."""
Data = dict[str, Any]


class _RowClock:
    """Stands at the instant at which the rows were written that are put back."""

    speed = 1.0

    def __init__(self) -> None:
        self.at_ms = 0

    def now_utc(self) -> datetime:
        return instant(self.at_ms)

    def real_seconds(self, plant_time: timedelta) -> float:
        return plant_time.total_seconds()


def figure_faults(folder: Path, manifest: Data, rows: Sequence[list[Any]]) -> Faults:
    """Figures of the report in `folder` that its rows and its configuration do not give.

    Parameters
    ----------
    rows
        The disclosed ones, as arrays, by link.
    """
    report, config = json.loads((folder / REPORT).read_bytes()), folder / CONFIG
    plant = load_plant(config / "plant.toml")
    period = period_of(report["period"]["label"], plant.site.timezone)
    with ledger_of(rows) as ledger:
        month = month_report(ledger, plant, period, datetime.fromisoformat(manifest["data_cut_off_utc"]))
        yield from _meters(month, report)
        yield from _changes(folder, manifest, ledger, month)
    yield from _frame(month, report, manifest)
    cost = month_cost(month, config)
    computed = None if cost.bill is None else cost.bill.as_json()
    for path, found, right in differences("cost.bill", report["cost"]["bill"], computed):
        yield REPORT, f"{path}: found {found}; the rows and the tariff give {right}"
    if json.loads((folder / BILL).read_bytes()) != bill_data(month, cost.bill, config):
        yield BILL, "not what the rows and the tariff give"


def _meters(month: MonthReport, report: Data) -> Faults:
    listed = {(entry["meter"], entry["channel"]): entry for entry in report["meters"]}
    for series in month.series:
        right = {"energy_uwh": series.sum.energy_uwh, "coverage": round(series.sum.coverage, 9), "peak": quarter_data(series.peak)}
        entry = listed.pop((series.meter.id, series.channel), {})
        stated = {key: entry.get(key) for key in right}
        for path, found, expected in differences(f"meter {series.meter.id} {series.channel}", stated, right):
            yield REPORT, f"{path}: found {found}; the rows give {expected}"
    if listed:
        yield REPORT, f"found the meters {sorted(listed)}, which the plant file has not"


def _frame(month: MonthReport, report: Data, manifest: Data) -> Faults:
    for key in ("data_cut_off_utc", "site"):
        if report[key] != manifest[key]:
            yield REPORT, f"{key}: found {report[key]}; the manifest has {manifest[key]}"
    bounds = [manifest["period"][key] for key in ("from_utc", "to_utc")]
    if [datetime.fromisoformat(text) for text in bounds] != [month.period.from_utc, month.period.to_utc]:
        yield MANIFEST, f"period: found {bounds}; expected {month.period.label} of {month.period.timezone}"


def _changes(folder: Path, manifest: Data, ledger: Ledger, month: MonthReport) -> Faults:
    expected: list[Data] | None = None
    if manifest["version"] > 1:
        earlier = json.loads((folder / f"evidence/versions/v{manifest['version'] - 1}.json").read_bytes())
        expected = [asdict(change) for change in changes_since(ledger, month, datetime.fromisoformat(earlier["data_cut_off_utc"]))]
    if manifest["changes"] != expected:
        yield MANIFEST, f"changes: found {manifest['changes']}; the rows give {expected}"


def ledger_of(rows: Sequence[list[Any]]) -> Ledger:
    """The quarter hours and prices among `rows` as a ledger in memory, recorded when they were."""
    clock = _RowClock()
    ledger = Ledger.in_memory(clock)
    waiting: list[Any] = []
    for offset, row in enumerate(rows):
        found = _record(row)
        if found is None:
            continue
        if waiting and row[-1] != clock.at_ms:
            ledger.append(waiting)
            waiting = []
        clock.at_ms = row[-1]
        waiting.append((found[0], 0, offset, found[1]))
    ledger.append(waiting)
    return ledger


def _record(row: list[Any]) -> tuple[Any, Any] | None:
    """Topic and record of a row that figures are made of; None of all others."""
    if row[0] == "interval":
        _, site, meter, channel, start_s, revision, energy_uwh, coverage, quality, method, readings, origin, _ = row
        interval = Interval(
            site, meter, channel, instant(start_s * 1000), energy_uwh, coverage, IntervalQuality(quality), IntervalMethod(method), revision,
            readings, IntervalOrigin(origin),
        )  # fmt: skip
        return INTERVALS, interval
    if row[:2] == ["entry", PRICES.name]:
        return PRICES, decode_stored(PRICES.record, row[5])
    return None


def differences(path: str, found: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two trees of plain data differ: path, what was found, what is right."""
    if isinstance(found, dict) and isinstance(right, dict):
        for key in sorted({*found, *right}):
            yield from differences(f"{path}.{key}", found.get(key), right.get(key))
    elif isinstance(found, list) and isinstance(right, list) and len(found) == len(right):
        for place, (one, other) in enumerate(zip(found, right, strict=True)):
            yield from differences(f"{path}[{place}]", one, other)
    elif found != right or isinstance(found, bool) != isinstance(right, bool):
        yield path, found, right
