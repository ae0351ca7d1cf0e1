"""Units in headings, cells and lines above the table, and what sums say about them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"(?<![A-Za-z°€µ])(k|m)?w(h)?(?![A-Za-z])", re.IGNORECASE)
_PER_HOUR = re.compile(r"(kwh|mwh|wh)\s*/\s*h(?![A-Za-z])", re.IGNORECASE)
_TIMES_HOUR = re.compile(r"(?<![A-Za-z])(k|m)?w\s*[·*.\s]\s*h(?![A-Za-z])", re.IGNORECASE)
_PRICE = re.compile(r"(?:€|eur|ct|cent|co2|kg|g)\s*/\s*[km]?wh?|[km]?wh?\s*/\s*(?:a|m²|m2|stk|mwh|kwh)(?![A-Za-z])", re.IGNORECASE)
OF_REACTIVE = re.compile(r"k?var|blind|reactive|q[ _]?(?:\[|kvar)", re.IGNORECASE)


def units_in(text: str) -> set[str]:
    """The units of active power and energy that `text` names: of ``W``, ``kW``, ``MW``, ``Wh``, ``kWh``, ``MWh``; prices name none.

    ``kWh/h`` is a mean power. ``w`` alone in lower case, and ``mW``, are no units of a load.
    """
    text = _PRICE.sub(lambda found: " per_unit " if "/" in found[0] else found[0], text.replace("_", " "))
    found = {f"{_prefix(one[1][:-2])}W" for one in _PER_HOUR.finditer(text)}
    text = _PER_HOUR.sub(" ", text)
    text = _TIMES_HOUR.sub(lambda one: f" {one[1] or ''}Wh ", text)
    for one in _WORD.finditer(text):
        if one[0] == "w" and not re.search(r"(?:^|[\s\[(])power w$|[\[(]\s*w\s*[\])]", text, re.IGNORECASE):
            continue  # "w" may be any abbreviation
        found.add(f"{_prefix(one[1] or '')}W{'h' if one[2] else ''}")
    return found


def _prefix(letter: str) -> str:
    return {"k": "k", "m": "M"}.get(letter.lower(), "")


def unit_of(texts: Iterable[str]) -> str | None:
    """The one unit that all of `texts` together name; None where there is none, or several."""
    found = set().union(*(units_in(text) for text in texts))
    return found.pop() if len(found) == 1 else None


def is_energy(unit: str) -> bool:
    """Whether `unit` is one of energy, not of power."""
    return unit.endswith("h")
