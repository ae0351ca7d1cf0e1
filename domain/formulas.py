"""The formulas of virtual meters: ``main - press-1 - 0.5 * hall-2`` or ``sum of press-1, press-2``. Pure.

Meter ids may hold ``-``, ``.`` and digits, so signs and stars stand alone, with spaces around them; what stands before a star is a factor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

SHAPE = 'meters joined by " + " and " - ", each with a factor if need be ("0.5 * press-1"), or "sum of press-1, press-2"'
_FACTOR = re.compile(r"^[0-9]{1,9}(\.[0-9]{1,9})?$")
_METER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
_SIGNS = {"+": 1, "-": -1}
_MOST_TERMS = 500


@dataclass(frozen=True, slots=True)
class Term:
    """One meter and what its energy is multiplied by; exact, so that sums stay exact."""

    meter: str
    factor: Fraction


class FormulaFault(ValueError):
    """A text that is no formula. Operator: repair it as `expected` says."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"found {found!r}; expected {expected}")


def parse_formula(text: str) -> tuple[Term, ...]:
    """The terms of a formula, in its order.

    Raises
    ------
    FormulaFault
        At the first thing that is none.
    """
    words = text.split()
    if words[:2] == ["sum", "of"]:
        terms = [Term(_meter(name.strip(), text), Fraction(1)) for name in text.split("of", 1)[1].split(",")]
    else:
        terms = list(_terms(words, text))
    seen: set[str] = set()
    for term in terms:
        if term.meter in seen:
            found = f"{term.meter} twice"
            raise FormulaFault(found, f'each meter once; a factor says how often it counts ("2 * {term.meter}")')
        seen.add(term.meter)
    if len(terms) > _MOST_TERMS:
        found = f"{len(terms)} meters"
        raise FormulaFault(found, f"at most {_MOST_TERMS}")
    return tuple(terms)


def _terms(words: Sequence[str], text: str) -> list[Term]:
    terms: list[Term] = []
    at = 0
    while at < len(words) or not terms:
        sign = 1
        if at < len(words) and words[at] in _SIGNS:
            sign = _SIGNS[words[at]]
            at += 1
        elif terms:
            raise FormulaFault(words[at], f'" + " or " - " between {words[at - 1]} and {words[at]}; {SHAPE}')
        factor = Fraction(sign)
        if words[at + 1 : at + 2] == ["*"]:
            factor *= _factor(words[at])
            at += 2
        terms.append(Term(_meter(words[at] if at < len(words) else "", text), factor))
        at += 1
    return terms


def _factor(word: str) -> Fraction:
    if not _FACTOR.match(word) or not Fraction(word):
        raise FormulaFault(
            word, "a factor above 0 with at most nine digits on either side of the point, such as 0.5, before the star"
        )
    return Fraction(word)


def _meter(word: str, text: str) -> str:
    if not _METER.match(word):
        raise FormulaFault(word or text, f"a meter's id; {SHAPE}")
    return word


def cycle_in(formulas: Mapping[str, Sequence[Term]], start: str) -> list[str]:
    """The way from `start` back to itself through other formulas; empty if there is none."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for term in formulas.get(way[-1], ()):
            if term.meter == start:
                return [*way, start]
            if term.meter in formulas and term.meter not in seen:
                seen.add(term.meter)
                ways.append([*way, term.meter])
    return []


def expanded(formulas: Mapping[str, Sequence[Term]]) -> dict[str, dict[str, Fraction]]:
    """What every virtual meter comes to in meters that have none of these formulas; there is no cycle.

    A meter that cancels out keeps its place with the factor 0: where it is missing, so is the result.
    """
    found: dict[str, dict[str, Fraction]] = {}
    waiting = list(formulas)
    while waiting:
        virtual = waiting[-1]
        if virtual in found:
            waiting.pop()
            continue
        inner = [term.meter for term in formulas[virtual] if term.meter in formulas and term.meter not in found]
        if inner:
            waiting += inner
            continue
        parts: dict[str, Fraction] = {}
        for term in formulas[virtual]:
            for meter, factor in found.get(term.meter, {term.meter: Fraction(1)}).items():
                parts[meter] = parts.get(meter, Fraction(0)) + term.factor * factor
        found[virtual] = parts
    return found
