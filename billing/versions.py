"""Versions of a component: same kind and same id, each with its own dates, as a price sheet changes from year to year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise

from billing.component import Component
from billing.periods import MONTHS, Reset
from billing.seasons import check_each_month_once
from billing.sheet import Sheet


def check_versions(sheet: Sheet, components: Sequence[Component]) -> None:
    """Keep a fault for each gap or overlap of versions within the tariff's validity, and for each change where none may be."""
    for versions in _by_name(components):
        for end, start, version in _edges(sheet, versions):
            _check_edge(sheet, version, end, start)
        for version in versions[1:]:
            _check_change(sheet, version)
    if any(component.settled_by == "season" for component in components):
        check_each_month_once(sheet.source, sheet.seasons.values())


def _by_name(components: Iterable[Component]) -> Iterator[list[Component]]:
    """The versions of each component in order of their dates; components in the order of the file."""
    for _, of_kind in groupby(components, key=lambda component: component.kind):
        named: dict[str, list[Component]] = {}
        for component in of_kind:
            named.setdefault(component.id, []).append(component)
        for versions in named.values():
            yield sorted(versions, key=lambda version: version.valid_from)


def _edges(sheet: Sheet, versions: Sequence[Component]) -> list[tuple[date, date, Component]]:
    """Where one version ends, where the next begins, and the later one; at the beginning and end of the validity too."""
    inner = [(before.valid_to, after.valid_from, after) for before, after in pairwise(versions)]
    return [(sheet.valid_from, versions[0].valid_from, versions[0]), *inner, (versions[-1].valid_to, sheet.valid_to, versions[-1])]


def _check_edge(sheet: Sheet, version: Component, end: date, start: date) -> None:
    if end != start:
        what = "a gap" if end < start else "an overlap"
        found = f"{what} from {min(end, start)} to {max(end, start)}"
        expected = "versions that cover the tariff's validity without gap or overlap"
        sheet.source.wrong(version.where, f"{version.kind} {version.id!r}: valid_from, valid_to", found, expected)


def _check_change(sheet: Sheet, version: Component) -> None:
    day, reset = version.valid_from, version.settled_by
    if day.day != 1 or day.month not in _first_months(sheet, reset):
        field, expected = f"{version.kind} {version.id!r}: valid_from", f"a change on the first day of a {reset}"
        sheet.source.wrong((*version.where, "valid_from"), field, str(day), expected)


def _first_months(sheet: Sheet, reset: Reset) -> Sequence[int]:
    if reset == "season":
        return [season.months[0] for season in sheet.seasons.values()]
    return MONTHS if reset == "month" else (1,)
