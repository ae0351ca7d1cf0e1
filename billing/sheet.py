"""What the tables of a tariff file refer to: its validity, its zone, its seasons and calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from billing.calendars import Calendar, Holidays, read_calendars, read_season
from billing.reading import Source, Table
from billing.seasons import Season, read_seasons


@dataclass(frozen=True, slots=True)
class Sheet:
    """Valid on the local days ``[valid_from, valid_to)`` of `zone`."""

    source: Source
    valid_from: date
    valid_to: date
    zone: ZoneInfo
    holidays: str | None
    seasons: Mapping[str, Season]
    calendars: Mapping[str, Calendar]

    def season(self, table: Table) -> Season | None:
        """The season that `table` names, if it names one."""
        return read_season(table, self.seasons)

    def calendar(self, table: Table, key: str) -> Calendar | None:
        """The calendar that `key` of `table` names, if it names one; a name that no calendar has is a fault."""
        name = table.text(key)
        if not name:
            return None
        if name not in self.calendars:
            table.wrong(key, name, f"one of the calendars {', '.join(self.calendars) or '(there are none)'}")
        return self.calendars.get(name)

    def check_within(self, table: Table, **days: date) -> None:
        """Keep a fault for each of `days` (by its key in `table`) that lies outside the validity; its end is within."""
        for key, day in days.items():
            if not self.valid_from <= day <= self.valid_to:
                table.wrong(key, day, f"a date within the tariff's validity, {self.valid_from} to {self.valid_to}")


def read_sheet(source: Source, top: Table) -> Sheet:
    """What stands at the top of the file; with a usable value in place of each one at fault, so that reading goes on."""
    valid_from = top.day("valid_from", required=True, default=date(2000, 1, 1)) or date(2000, 1, 1)
    valid_to = top.day("valid_to", required=True, default=date(2100, 1, 1)) or date(2100, 1, 1)
    if valid_to <= valid_from:
        top.wrong("valid_to", valid_to, f"a date after valid_from, {valid_from}")
    zone = ZoneInfo(_timezone(top))
    abroad = top.flag("holidays_abroad")
    holidays = Holidays(zone, abroad, Holidays(zone, abroad).read(top))
    seasons = read_seasons(top)
    return Sheet(source, valid_from, valid_to, zone, holidays.code, seasons, read_calendars(top, holidays, seasons))


def _timezone(top: Table) -> str:
    name = top.text("timezone", required=True, default="UTC")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        top.wrong("timezone", name, "a name of the IANA time zone database such as Europe/Berlin")
        return "UTC"
    return name
