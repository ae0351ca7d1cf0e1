"""Do the rows of a report give its figures?  Month and bill are computed again by the code that made them: section 7.8 and 8 of the format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from domain.plant import load_plant
from reporting.contents import read_all
from reporting.cost import MonthCost
from reporting.data import as_json, report_data
from reporting.evidence.bill_basis import bills_data
from reporting.ledger import Ledger
from reporting.ledger.put_back import ledger_of
from reporting.month import Change, MonthReport, changes_since
from reporting.periods import period_of
from reporting.sections.quarters import quarter_data
from reporting.sections.section import Content
from reporting.verifier import MANIFEST

BILL, REPORT, CONFIG = "evidence/bill.json", "report.json", "evidence/config"
Faults = Iterator[tuple[str, str]]
"""File, and what was found and expected."""
Data = dict[str, Any]
KEY_FIGURES = "key_figures"
"""Key of ``report.json`` whose figures the disclosed rows do not give."""
MOST_SHOWN, LONGEST_SHOWN = 20, 200
"""Differences, and characters of each."""


def row_figure_faults(folder: Path, manifest: Data, rows: Sequence[list[Any]]) -> Faults:
    """Figures of the report in `folder` that its disclosed `rows`, as arrays by link, and its configuration do not give."""
    with ledger_of(rows) as ledger:
        yield from figure_faults(folder, manifest, ledger, is_whole=False)


def figure_faults(folder: Path, manifest: Data, ledger: Ledger, is_whole: bool = True) -> Faults:
    """Figures of the report in `folder` that a ledger, read up to the report's data cut-off, and its configuration do not give.

    Everything in ``report.json`` is made again. Where another version of the program made it, only energies, peaks, coverage, bill and
    changes must be equal: what a section says besides may have become another since.

    Parameters
    ----------
    is_whole
        False where the ledger has the disclosed rows only: key figures rest on years of quarter hours and are left as they stand.
    """
    content, config = (folder / REPORT).read_bytes(), folder / CONFIG
    report = json.loads(content)
    plant = load_plant(config / "plant.toml")
    period = period_of(report["period"]["label"], plant.site.timezone)
    read = read_all(ledger, plant, config, period, datetime.fromisoformat(manifest["data_cut_off_utc"]))
    changes = _changes_of(folder, manifest, ledger, read.month)
    faults = [*_meters(read.month, report), *_frame(read.month, report, manifest)]
    for path, found, right in differences("cost", _bills_in(report["cost"]), _bills_of(read.cost)):
        faults.append((REPORT, f"{path}: found {found}; the rows and the tariff give {right}"))
    if json.loads((folder / BILL).read_bytes()) != bills_data(read.month, read.cost, config):
        faults.append((BILL, "not what the rows and the tariff give"))
    stated = None if changes is None else [asdict(change) for change in changes]
    if manifest["changes"] != stated:
        faults.append((MANIFEST, f"changes: found {manifest['changes']}; the rows give {stated}"))
    yield from faults
    if not faults and manifest["software"]["version"] == installed_version("lastgang"):
        replaces = manifest["replaces"]
        again = report_data(Content(read.month, read.cost, changes, "" if replaces is None else replaces["report"], read.own))
        if not is_whole:
            again[KEY_FIGURES] = report.get(KEY_FIGURES)
        yield from _all_of_it(content, report, again)


def _bills_in(cost: Data) -> Data:
    months = {one["period"]: one["bill"] for one in cost.get("months", [])}
    return {"bill": cost["bill"], "months": months, "total_eur": cost.get("total_eur")}


def _bills_of(cost: MonthCost) -> Data:
    months = {one.period.label: None if one.cost.bill is None else one.cost.bill.as_json() for one in cost.months}
    total_eur = float(cost.total_eur) if cost.months and cost.total_eur is not None else None
    return {"bill": None if cost.bill is None else cost.bill.as_json(), "months": months, "total_eur": total_eur}


def _all_of_it(content: bytes, report: Data, again: Data) -> Faults:
    """Whatever else the report says, and how it is written."""
    as_it_is = json.loads(as_json(again))
    found = 0
    for found, (path, stated, right) in enumerate(differences("", report, as_it_is), 1):
        if found <= MOST_SHOWN:
            yield REPORT, f"{path.removeprefix('.')}: found {_short(stated)}; the rows give {_short(right)}"
    if found > MOST_SHOWN:
        yield REPORT, f"and {found - MOST_SHOWN:,} other places"
    if not found and content != as_json(again).encode("utf-8"):
        yield REPORT, "says what the rows give, in other bytes"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


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


def _changes_of(folder: Path, manifest: Data, ledger: Ledger, month: MonthReport) -> list[Change] | None:
    if manifest["version"] == 1:
        return None
    earlier = json.loads((folder / f"evidence/versions/v{manifest['version'] - 1}.json").read_bytes())
    return changes_since(ledger, month, datetime.fromisoformat(earlier["data_cut_off_utc"]))


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
