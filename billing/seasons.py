"""`[[season]]`: months that belong together, for bands, ratchets and demand charges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from billing.periods import Reset
from billing.reading import MISSING, Source, Table
from quarters.periods import month_after


@dataclass(frozen=True, slots=True)
class Season:
    """Months in order from the first one; those of a winter go on in the next year."""

    id: str
    months: tuple[int, ...]

    def begins_in(self, year: int, month: int) -> int:
        """Year in which the season that holds `month` of `year` began."""
        place = self.months.index(month)
        turns = any(after < before for before, after in zip(self.months[:place], self.months[1 : place + 1], strict=True))
        return year - 1 if turns else year


def first_day(reset: Reset, day: date, seasons: Iterable[Season]) -> date:
    """First day of the month, year or season that holds `day`; of the month where no season holds it."""
    if reset == "year":
        return date(day.year, 1, 1)
    if reset == "season":
        for season in seasons:
            if day.month in season.months:
                return date(season.begins_in(day.year, day.month), season.months[0], 1)
    return day.replace(day=1)


def end_day(reset: Reset, day: date, seasons: Iterable[Season]) -> date:
    """First day after the month, year or season that holds `day`; after the month where no season holds it."""
    if reset == "year":
        return date(day.year + 1, 1, 1)
    season = next((one for one in seasons if day.month in one.months), None) if reset == "season" else None
    last = day
    for _ in range(0 if season is None else (season.months[-1] - day.month) % 12):
        last = month_after(last)
    return month_after(last)


def read_seasons(top: Table) -> dict[str, Season]:
    """The seasons of a tariff file by their id."""
    seasons: dict[str, Season] = {}
    for table in top.rows("season", "season"):
        name = table.text("id", required=True)
        months = _months(table)
        if name in seasons:
            table.wrong("id", name, "an id that no other season has")
        seasons[name] = Season(name, months)
    return seasons


def _months(table: Table) -> tuple[int, ...]:
    """January alone where they cannot be read: the fault is kept, and what refers to the season has no further one."""
    expected = "a list of months, 1 to 12, each once"
    months = table.raw("months", True, expected)
    table.finish()
    if months is MISSING:
        return (1,)
    good = isinstance(months, list) and months and all(type(m) is int and 1 <= m <= 12 for m in months)
    if not (good and len(set(months)) == len(months)):
        table.wrong("months", months, expected)
        return (1,)
    return tuple(months)


def check_each_month_once(source: Source, seasons: Iterable[Season]) -> None:
    """Keep a fault for each two seasons that share a month: a demand charge by season would bill it twice."""
    for one, other in combinations(seasons, 2):
        if both := set(one.months) & set(other.months):
            found = f"months {sorted(both)} in {one.id!r} and {other.id!r}"
            source.wrong(("season",), "season: months", found, 'each month in one season, as a demand has reset = "season"')
