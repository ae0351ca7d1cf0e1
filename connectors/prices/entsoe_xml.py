"""Publication documents of the ENTSO-E transparency platform with day-ahead prices (document type A44).

Two traps. Under the curve type A03 a position that is left out repeats the price before it; only under A01 it is a gap. And several auctions
of a zone come as several series that differ in their sequence number only: 1 is the coupled day-ahead auction, whatever comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.parsers import expat

from connectors.prices.series import ZonePrices, one_series, raise_faults
from connectors.prices.zones import zone_of_area
from domain.errors import Fault, InputFaults, LastgangError
from quarters.profiles.cells import Numbers
from quarters.profiles.day_prices import DayPrice

RESOLUTIONS = {"PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}
_SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"
_ONE_DAY_OR_SO = 4 * 24 * 400
"""Positions of a period, at most: more than a year of quarter hours."""
_DEEPEST, _MOST_NODES = 40, 2_000_000


class NoPricesYet(LastgangError):
    """The publisher has no prices for the time requested. Operator: they usually come at about 13:00; ask again later (exit 1)."""


@dataclass(slots=True)
class Node:
    """An element: its name without namespace, its line, text and children."""

    name: str
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        """Children with this name."""
        return [child for child in self.children if child.name == name]

    def at(self, *path: str) -> Node | None:
        """The first element at the end of a path of names."""
        node: Node | None = self
        for name in path:
            node = next(iter(node.all(name)), None) if node is not None else None
        return node

    def text_at(self, *path: str) -> str:
        """Its text; empty where it is not there."""
        found = self.at(*path)
        return "" if found is None else found.text.strip()


def read_document(name: str, text: str, sequence: int = 1) -> list[ZonePrices]:
    """The prices of each zone in a document.

    Parameters
    ----------
    sequence
        Of which auction, where a zone has several.

    Raises
    ------
    InputFaults
        Naming line and element.
    NoPricesYet
        If it is the platform's answer that it has none.
    """
    root = _parsed(name, text)
    if root.name == "Acknowledgement_MarketDocument":
        reason = root.text_at("Reason", "text") or root.text_at("Reason", "code") or "no reason given"
        msg = f"{name}: no prices: {reason[:300]}"
        raise NoPricesYet(msg)
    if root.name != "Publication_MarketDocument":
        raise InputFaults(
            [Fault(name, root.line, "root", root.name[:100], "Publication_MarketDocument with prices (document type A44)")]
        )
    faults: list[Fault] = []
    by_zone: dict[str, list[DayPrice]] = defaultdict(list)
    for series in root.all("TimeSeries"):
        if series.text_at(_SEQUENCE) in ("", str(sequence)):
            zone = zone_of_area(series.text_at("in_Domain.mRID"))
            by_zone[zone] += _series(name, series, faults)
    raise_faults(faults, name)
    return [one_series(name, "price.amount", zone, rows) for zone, rows in sorted(by_zone.items())]


def _series(name: str, series: Node, faults: list[Fault]) -> Iterator[DayPrice]:
    for element, expected in (("currency_Unit.name", "EUR"), ("price_Measure_Unit.name", "MWH")):
        found = series.text_at(element)
        if found != expected:
            faults.append(Fault(name, series.line, element, found or "nothing", f"{expected}: prices are EUR/MWh"))
            return
    repeats = series.text_at("curveType") == "A03"
    for period in series.all("Period"):
        yield from _period(name, period, repeats, faults)


def _period(name: str, period: Node, repeats: bool, faults: list[Fault]) -> Iterator[DayPrice]:
    start, end = (_instant(name, period, edge, faults) for edge in ("start", "end"))
    minutes = RESOLUTIONS.get(period.text_at("resolution"))
    if minutes is None:
        faults.append(
            Fault(name, period.line, "resolution", period.text_at("resolution") or "nothing", f"one of {', '.join(RESOLUTIONS)}")
        )
    if start is None or end is None or minutes is None:
        return
    count = (end - start) // timedelta(minutes=minutes)
    if not 0 < count <= _ONE_DAY_OR_SO or start + count * timedelta(minutes=minutes) != end:
        faults.append(
            Fault(
                name,
                period.line,
                "timeInterval",
                f"{start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}",
                f"whole spans of {minutes} minutes",
            )
        )
        return
    prices = _points(name, period, count, faults)
    before: tuple[Decimal, int] | None = None
    for position in range(1, count + 1):
        stated = prices.get(position)
        before = stated if stated is not None or not repeats else before
        if before is not None:
            yield DayPrice(start + (position - 1) * timedelta(minutes=minutes), minutes, before[0], before[1])


def _points(name: str, period: Node, count: int, faults: list[Fault]) -> dict[int, tuple[Decimal, int]]:
    found: dict[int, tuple[Decimal, int]] = {}
    numbers = Numbers(".", confirmed=True)
    for point in period.all("Point"):
        position, amount = point.text_at("position"), numbers.read(point.text_at("price.amount"))
        if (
            not (position.isascii() and position.isdecimal() and len(position) < 8 and 1 <= int(position) <= count)
            or int(position) in found
        ):
            faults.append(Fault(name, point.line, "position", position or "nothing", f"1 to {count}, each once"))
        elif isinstance(amount, str):
            faults.append(Fault(name, point.line, "price.amount", point.text_at("price.amount") or "nothing", amount))
        else:
            found[int(position)] = amount, point.line
    return found


def _instant(name: str, period: Node, edge: str, faults: list[Fault]) -> datetime | None:
    text = period.text_at("timeInterval", edge)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.minute % 15 or not 1000 <= found.year < 9000:
        faults.append(
            Fault(name, period.line, f"timeInterval.{edge}", text or "nothing", "a quarter hour such as 2026-10-22T22:00Z")
        )
        return None
    return found.astimezone(UTC)


def _parsed(name: str, text: str) -> Node:
    """The document as elements; one that defines entities is refused, since a few lines of them can fill the memory."""
    parser = expat.ParserCreate(namespace_separator=" ")
    top = Node("", 0)
    stack, count = [top], 0

    def begin(tag: str, _: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > _DEEPEST or count > _MOST_NODES:
            msg = "more elements than a document of prices has"
            raise ValueError(msg)
        node = Node(tag.rsplit(" ", 1)[-1], parser.CurrentLineNumber)
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack.pop()

    def words(data: str) -> None:
        stack[-1].text += data

    def doctype(*_: object) -> None:
        msg = "a DOCTYPE"
        raise ValueError(msg)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, words
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, ValueError) as error:
        raise InputFaults(
            [Fault(name, parser.CurrentLineNumber, "document", str(error), "XML as the transparency platform writes it")]
        ) from error
    return top.children[0]
