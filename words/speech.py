"""One language at one site: its texts, and numbers, money and times as it writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.instants import NEVER_UTC
from domain.units import UWH_PER_KWH
from words.catalogue import texts
from words.numbers import NOTHING, THIN, Marks, Number, percents, quotient, written

FAR = timedelta(days=300)
"""From here on a date is written with its year."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's texts and habits at a site in `zone`.

    Parameters
    ----------
    section
        Whose texts come by their short keys, e.g. ``report``; empty for keys as the file has them.
    is_dated
        Whether dates always have their year and never a weekday, as in what is read years later.
    """

    language: str
    zone: ZoneInfo
    section: str = ""
    is_dated: bool = False

    @property
    def texts(self) -> Mapping[str, str]:
        """All texts of the language."""
        return texts(self.language)

    @property
    def marks(self) -> Marks:
        """How the language writes numbers."""
        return Marks(self.texts["format.decimal"], self.texts["format.group"])

    def __getitem__(self, key: str) -> str:
        return self.texts[self._whole(key)]

    def _whole(self, key: str) -> str:
        return f"{self.section}.{key}" if self.section else key

    def fill(self, key: str, **values: object) -> str:
        """The text with its holes filled."""
        return self[key].format(**values)

    def either(self, prefix: str, key: str) -> str:
        """The word for a code, or the code itself where there is none."""
        return self.texts.get(self._whole(f"{prefix}.{key}"), key)

    def each(self, key: str) -> tuple[str, ...]:
        """The texts of a list."""
        whole = self._whole(key)
        found: list[str] = []
        while (text := self.texts.get(f"{whole}.{len(found) + 1}")) is not None:
            found.append(text)
        return tuple(found)

    def quoted(self, text: str) -> str:
        """In the language's quotation marks."""
        return self.texts["format.quoted"].format(text=text)

    def number(self, value: Number | None, places: int = 0, sign: bool = False) -> str:
        """``12 345,6`` in German, ``12 345.6`` in English; a dash for what is not known."""
        return written(value, self.marks, places, sign)

    def unit(self, value: Number | None, unit: str, places: int = 0, sign: bool = False) -> str:
        """A number with its unit."""
        return NOTHING if value is None else f"{self.number(value, places, sign)}{THIN}{unit}"

    def percent(self, share: float | None, places: int = 0) -> str:
        """``0.87`` as ``87 %``; 100 only if nothing is missing, 0 only if nothing is there."""
        return NOTHING if share is None else f"{self.number(percents(share, places), places)}{THIN}%"

    def euro(self, value: float | None, places: int = 0, sign: bool = False) -> str:
        """Money with its sign."""
        return self.unit(value, "€", places, sign)

    def money(self, amount_eur: float | None) -> str:
        """Euros with cents in a column of euros; a word where no tariff says how many: unknown is not zero."""
        return self.texts["number.unknown"] if amount_eur is None else self.number(amount_eur, 2)

    def energy(self, uwh: int, places: int = 0) -> str:
        """Micro-watt-hours as kWh."""
        return self.number(quotient(uwh, UWH_PER_KWH), places)

    def time(self, instant_utc: datetime | None) -> str:
        """Hour and minute at the site."""
        return NOTHING if instant_utc is None else f"{instant_utc.astimezone(self.zone):%H:%M}"

    def clock(self, instant_utc: datetime) -> str:
        """Hour, minute and second at the site, with the zone's short name."""
        return f"{instant_utc.astimezone(self.zone):%H:%M:%S %Z}"

    def full_day(self, day: date) -> str:
        """``23.10.2026`` or ``23 Oct 2026``."""
        return self._dated("date", day)

    def day(self, day: date, with_year: bool = False) -> str:
        """``Fr 23.10.`` or ``Fri 23 Oct``; with its year where requested; as `full_day` in what is dated."""
        if self.is_dated:
            return self.full_day(day)
        return f"{self.texts[f'weekday.{day.weekday()}']} {self._dated('date' if with_year else 'day', day)}"

    def _dated(self, form: str, day: date) -> str:
        month = self.texts[f"month_short.{day.month}"]
        return self.texts[f"format.{form}"].format(
            d=day.day, dd=f"{day.day:02}", m=day.month, mm=f"{day.month:02}", month=month, year=day.year
        )

    def moment(self, instant_utc: datetime | None, now_utc: datetime | None = None) -> str:
        """Day and time at the site: with the offset in the hour that comes twice, with the year where `now_utc` is far.

        A dash where there is none, a word for the date that stands for none.
        """
        if instant_utc is None:
            return NOTHING
        if instant_utc >= NEVER_UTC:
            return self.texts["time.never"]
        local = instant_utc.astimezone(self.zone)
        is_far = now_utc is not None and abs(instant_utc - now_utc) > FAR
        text = f"{self.day(local.date(), is_far)} {local:%H:%M}"
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        return f"{text} ({local:%z})" if twice else text

    def since(self, instant_utc: datetime, now_utc: datetime) -> str:
        """The time, with its day where that is not today's."""
        same = instant_utc.astimezone(self.zone).date() == now_utc.astimezone(self.zone).date()
        return self.time(instant_utc) if same else self.moment(instant_utc, now_utc)

    def span(self, from_utc: datetime, to_utc: datetime) -> str:
        """From and to on the site's wall clock with the zone's name, the date once where it is one day."""
        begin, end = from_utc.astimezone(self.zone), to_utc.astimezone(self.zone)
        first = f"{self.day(begin.date())} {begin:%H:%M}"
        if begin.tzname() != end.tzname():
            first += f" {begin:%Z}"
        second = f"{end:%H:%M %Z}" if begin.date() == end.date() else f"{self.day(end.date())} {end:%H:%M %Z}"
        return f"{first} – {second}"

    def month(self, year_month: str) -> str:
        """``2026-10`` as ``Oktober 2026``."""
        year, month = year_month.split("-")
        return f"{self.texts[f'month.{int(month)}']} {year}"

    def period(self, label: str) -> str:
        """A report's label: ``2026-10`` as ``Oktober 2026``, ``2026-Q4`` as ``4. Quartal 2026``, a year as it is, days as dates."""
        if "--" in label:
            return " – ".join(self.full_day(date.fromisoformat(day)) for day in label.split("--"))
        year, _, part = label.partition("-")
        if part.startswith("Q"):
            return self.texts["format.quarter"].format(quarter=part[1:], year=year)
        return self.month(label) if part else year

    def lasting(self, lasts: timedelta | float) -> str:
        """A duration (in seconds, where it is a number) in the largest unit that says enough."""
        seconds = lasts.total_seconds() if isinstance(lasts, timedelta) else lasts
        if seconds < 100:
            return self.unit(seconds, "s", 1 if seconds < 10 else 0)
        if seconds < 7_200:
            return self.unit(seconds / 60, "min")
        if seconds < 172_800:
            return self.unit(seconds / 3600, "h", 0 if seconds % 3600 == 0 else 2 if seconds % 900 == 0 else 1)
        return self.unit(seconds / 86_400, "d", 0 if seconds % 86_400 == 0 else 1)


def of_page(language: str, zone: ZoneInfo) -> Words:
    """The words of what is read now: page, API, terminal."""
    return Words(language, zone)


def of_report(language: str, zone: ZoneInfo) -> Words:
    """The words of what is read years later."""
    return Words(language, zone, section="report", is_dated=True)
