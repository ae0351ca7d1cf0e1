"""All words that people read, by language, and numbers and times as that language writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from domain.instants import NEVER_UTC

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
THIN = "\u202f"
"""Narrow space that does not break, between a number and its unit."""
MINUS = "\u2212"
NOTHING = "–"
HUGE = 1e15
"""From here on numbers are written with a power of ten: no plant has so many of anything, but a record may say so."""
FAR = timedelta(days=300)
"""From here on a date is written with its year."""


def catalogue(language: Language) -> dict[str, str]:
    """Key -> text, e.g. ``now.headroom``; read from ``texts/<language>.toml``."""
    text = (Path(__file__).parent / "texts" / f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(text), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


@dataclass(frozen=True)
class Words:
    """One language's texts and habits."""

    language: Language
    texts: Mapping[str, str]
    zone: ZoneInfo

    def __hash__(self) -> int:
        return hash((self.language, self.zone.key))

    def __getitem__(self, key: str) -> str:
        return self.texts[key]

    def say(self, key: str, **values: object) -> str:
        """The text with its holes filled."""
        return self.texts[key].format(**values)

    def number(self, value: float | None, places: int = 0, sign: bool = False) -> str:
        """``1.234,5`` in German, ``1,234.5`` in English; a dash for what is not known."""
        if value is None:
            return NOTHING
        text = f"{abs(value):,.{places}f}" if abs(value) < HUGE else f"{abs(value):.1e}"
        if self.language == "de":
            text = text.translate(str.maketrans(",.", ".,"))
        zero = round(value, places) == 0
        before = "" if zero else (MINUS if value < 0 else ("+" if sign else ""))
        return before + text

    def unit(self, value: float | None, unit: str, places: int = 0, sign: bool = False) -> str:
        """A number with its unit."""
        return NOTHING if value is None else f"{self.number(value, places, sign)}{THIN}{unit}"

    def percent(self, share: float | None, places: int = 0) -> str:
        """``0.87`` as ``87 %``."""
        return NOTHING if share is None else f"{self.number(share * 100, places)}{THIN}%"

    def time(self, instant_utc: datetime | None) -> str:
        """Hour and minute at the site."""
        return NOTHING if instant_utc is None else f"{instant_utc.astimezone(self.zone):%H:%M}"

    def clock(self, instant_utc: datetime) -> str:
        """Hour, minute and second at the site, with the zone's short name."""
        return f"{instant_utc.astimezone(self.zone):%H:%M:%S %Z}"

    def day(self, day: date, with_year: bool = False) -> str:
        """``Fr 23.10.`` or ``Fri 23 Oct``; with its year where that is asked for."""
        name = self[f"weekday.{day.weekday()}"]
        if self.language == "de":
            return f"{name} {day:%d.%m.}" + (f"{day.year}" if with_year else "")
        return f"{name} {day.day} {self[f'month_short.{day.month}']}" + (f" {day.year}" if with_year else "")

    def moment(self, instant_utc: datetime | None, now_utc: datetime | None = None) -> str:
        """Day and time at the site; with the year where `now_utc` is far from it, a word for the date that stands for none."""
        if instant_utc is None:
            return NOTHING
        if instant_utc >= NEVER_UTC:
            return self["time.never"]
        local = instant_utc.astimezone(self.zone)
        return f"{self.day(local.date(), now_utc is not None and abs(instant_utc - now_utc) > FAR)} {local:%H:%M}"

    def since(self, instant_utc: datetime, now_utc: datetime) -> str:
        """The time, with its day where that is not today."""
        same = instant_utc.astimezone(self.zone).date() == now_utc.astimezone(self.zone).date()
        return self.time(instant_utc) if same else self.moment(instant_utc, now_utc)

    def month(self, year_month: str) -> str:
        """``2026-10`` as ``Oktober 2026``."""
        year, month = year_month.split("-")
        return f"{self[f'month.{int(month)}']} {year}"

    def lasting(self, seconds: float) -> str:
        """A span in the largest unit that says enough."""
        if seconds < 100:
            return f"{self.number(seconds, 1 if seconds < 10 else 0)}{THIN}s"
        if seconds < 100 * 60:
            return f"{self.number(seconds / 60)}{THIN}min"
        return f"{self.number(seconds / 3600, 1)}{THIN}h" if seconds < 48 * 3600 else f"{self.number(seconds / 86400)}{THIN}d"

    def euro(self, value: float | None, places: int = 0, sign: bool = False) -> str:
        """Money."""
        return self.unit(value, "€", places, sign)


@cache
def words(language: Language, zone: ZoneInfo) -> Words:
    """The words of `language` for a site in `zone`."""
    return Words(language, catalogue(language), zone)


def language_for(cookie: str | None, accept_language: str | None) -> Language:
    """The language asked for by cookie, else the first of ours that the browser names, else German."""
    for language in LANGUAGES:
        if cookie == language:
            return language
    for part in (accept_language or "").split(","):
        name = part.split(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if name == language:
                return language
    return "de"
