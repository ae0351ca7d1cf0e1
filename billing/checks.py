"""What a tariff's tables must satisfy together: bands, versions, and keys that only make sense with others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.reading import Source, Table
    from billing.tariff import Band, Calendar, Component, Demand, Tariff

MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


def clock(minutes: int) -> str:
    """``HH:MM`` of minutes since midnight."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def check_bands(table: Table, calendar: str, bands: Sequence[Band]) -> None:
    """Bands of one calendar may not overlap."""
    for one, other in combinations(bands, 2):
        first, second = sorted((one, other), key=lambda band: (band.from_min, band.to_min))
        together = set(one.days) & set(other.days) and set(one.months) & set(other.months)
        if together and second.from_min < first.to_min:
            found = (
                f"overlap of {clock(first.from_min)}-{clock(first.to_min)} and {clock(second.from_min)}-{clock(second.to_min)}"
                f" on {', '.join(sorted(set(one.days) & set(other.days)))}"
            )
            table.source.wrong((*table.where, "band"), f"calendar {calendar!r}: band", found, "bands that do not overlap")


def check_band_edges(source: Source, table: Table, demand: Demand, calendars: Mapping[str, Calendar]) -> None:
    """Band edges lie on edges of the demand interval (sliding: of the step)."""
    grid = demand.sliding_step_min or demand.interval_min
    for key, name in (("inside", demand.inside), ("outside", demand.outside)):
        for band in calendars[name].bands if name is not None and name in calendars else ():
            for edge in (band.from_min, band.to_min):
                if edge % grid:
                    table.wrong(
                        key, f"a band edge at {clock(edge)} in calendar {name!r}", f"band edges on multiples of {grid} minutes"
                    )


def check_demand(table: Table, demand: Demand) -> None:
    """Keys that need or exclude each other."""

    def only_with_year(key: str, there: bool) -> None:
        if there and demand.reset != "year":
            table.wrong(key, f"reset {demand.reset}", f'reset = "year" with {key}')

    only_with_year("usage_hours", demand.usage_hours is not None)
    only_with_year("instalments", demand.monthly_instalments)
    only_with_year("atypical", demand.atypical is not None)
    if demand.ratchet is not None and demand.reset != "month":
        table.wrong("ratchet", f"reset {demand.reset}", 'reset = "month" with ratchet')
    if demand.atypical is not None and demand.inside is None:
        table.wrong("atypical", "no inside", "the calendar of the high-load windows as inside")
    if demand.excess_price is not None and demand.contracted is None:
        table.wrong("excess_price", "no contracted", "contracted with excess_price")
    if demand.contracted is not None and (demand.usage_hours is not None or demand.monthly_instalments):
        table.wrong("contracted", "usage_hours or instalments", "contracted with a plain price")


def check_versions(source: Source, tariff: Tariff) -> None:
    """Versions of a component cover the tariff's validity without gap or overlap, and change where they may."""
    kinds: dict[str, Sequence[Component]] = {
        "energy": tariff.energy, "demand": tariff.demand, "reactive": tariff.reactive, "fixed": tariff.fixed, "levy": tariff.levies,
    }  # fmt: skip
    for kind, components in kinds.items():
        for name in dict.fromkeys(component.id for component in components):
            versions = sorted((c for c in components if c.id == name), key=lambda c: c.valid_from)
            where = _place(source, kind, name)
            field = f"{kind} {name!r}"
            for end, start in _edges(tariff, versions):
                _check_edge(source, where, field, end, start)
            for version in versions[1:]:
                _check_change(source, where, field, version, tariff)
    if any(demand.reset == "season" for demand in tariff.demand):
        for one, other in combinations(tariff.seasons, 2):
            if both := set(one.months) & set(other.months):
                found = f"months {sorted(both)} in {one.id!r} and {other.id!r}"
                source.wrong(("season",), "season: months", found, 'each month in one season, as a demand has reset = "season"')


def _place(source: Source, kind: str, name: str) -> tuple[str | int, ...]:
    """Where the last version of a component stands in the file."""
    text = source.path.read_bytes().decode().split("\n")
    places = [
        (kind, index)
        for index in range(1000)
        if (line := source.lines.get((kind, index, "id"))) is not None
        and re.search(rf'["\']{re.escape(name)}["\']', text[line - 1])
    ]
    return places[-1] if places else (kind,)


def _edges(tariff: Tariff, versions: Sequence[Component]) -> list[tuple[date, date]]:
    inner = [(before.valid_to, after.valid_from) for before, after in pairwise(versions)]
    return [(tariff.valid_from, versions[0].valid_from), *inner, (versions[-1].valid_to, tariff.valid_to)]


def _check_edge(source: Source, where: tuple[str | int, ...], field: str, end: date, start: date) -> None:
    if end != start:
        what = "gap" if end < start else "overlap"
        found = f"a {what} from {min(end, start)} to {max(end, start)}"
        source.wrong(
            where, f"{field}: valid_from, valid_to", found, "versions that cover the tariff's validity without gap or overlap"
        )


def _check_change(source: Source, where: tuple[str | int, ...], field: str, version: Component, tariff: Tariff) -> None:
    day = version.valid_from
    reset = getattr(version, "reset", "month")
    starts = {"month": range(1, 13), "year": (1,), "season": [season.months[0] for season in tariff.seasons]}[reset]
    if day.day != 1 or day.month not in starts:
        source.wrong((*where, "valid_from"), f"{field}: valid_from", str(day), f"a change on the first day of a {reset}")
