"""Holiday regions: which countries and subdivisions there are, and which countries keep a time zone.

In: codes such as ``DE-BW`` (ISO 3166) and an IANA zone.  Out: what is wrong with them, with what was probably meant.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import holidays as holiday_library

CODES = "a country and, where it has its own holidays, a subdivision: DE-BW, AT-5, CH-ZH, FR"


def region_fault(region: str, timezone: str, abroad: bool = False, confirmed_by: str = "holiday_region_abroad") -> str | None:
    """What is wrong with `region` for a plant in `timezone`; None if nothing is.

    Parameters
    ----------
    abroad
        The file confirms that the plant keeps another country's holidays than its zone's.
    confirmed_by
        The file's key that confirms it.
    """
    country, _, subdivision = region.partition("-")
    at_home = zone_countries(timezone)
    if country not in _countries():
        return f"{CODES}. No country has the code {country!r}{_meant(region, at_home)}"
    if subdivision and subdivision not in _subdivisions(country):
        return f"one of {country}'s subdivisions, {', '.join(_subdivisions(country)) or 'of which it has none'}; or {country} alone"
    if at_home and country not in at_home and not abroad:
        return (
            f"a region of the countries that keep {timezone} ({', '.join(sorted(at_home))}). {country} is {country_name(country)}"
            f"{_meant(region, at_home)}. Where the plant really keeps those holidays, add {confirmed_by} = true"
        )
    return None


def _meant(region: str, at_home: frozenset[str]) -> str:
    found = [f"{country}-{region}" for country in sorted(at_home) if region in _subdivisions(country)]
    return f" (did you mean {' or '.join(found)}?)" if found else ""


@cache
def _countries() -> frozenset[str]:
    return frozenset(code for code in holiday_library.list_supported_countries() if len(code) == 2)


@cache
def _subdivisions(country: str) -> tuple[str, ...]:
    return tuple(holiday_library.list_supported_countries().get(country, ()))


@cache
def country_name(code: str) -> str:
    """The country's English name, by the time zone database; the code itself where it has none."""
    return next((fields[1] for fields in _rows("iso3166.tab") if fields[0] == code), code)


@cache
def zone_countries(timezone: str) -> frozenset[str]:
    """ISO codes of the countries that keep the clock of an IANA zone; empty for zones of no country, such as UTC.

    Two tables of the time zone database together: each country's own zones, and countries that have kept one clock since 1970.
    """
    names = {timezone, _canonical(timezone)}
    own = {fields[0] for fields in _rows("zone.tab") if fields[2] in names}
    shared = {code for fields in _rows("zone1970.tab") if fields[2] in names for code in fields[0].split(",")}
    return frozenset(own | shared)


@cache
def _canonical(timezone: str) -> str:
    """The zone that an older name such as ``US/Eastern`` is a link to."""
    links = {words[2]: words[1] for line in _text("tzdata.zi").splitlines() if (words := line.split())[:1] == ["L"]}
    return links.get(timezone, timezone)


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).splitlines() if line and not line.startswith("#")]


@cache
def _text(name: str) -> str:
    return (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
