"""The bill that a careful person with the price sheet and a pencil would write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np

from billing.calendars import Calendar, clock
from billing.component import MINUTE, Basis, Component
from billing.frame import Frame, frame
from billing.lines import BillLine
from billing.load import LoadProfile
from billing.measured import Measured
from billing.sums import Flags, runs
from billing.tariff import Tariff
from domain.errors import Fault, InputFaults
from domain.instants import instant_text
from quarters.profiles.grid import LONGEST

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MissingSpan:
    """Where a column has no value."""

    column: str
    from_utc: datetime
    to_utc: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines and their sum, with what was missing."""

    tariff: str
    version: str
    currency: str
    from_utc: datetime
    to_utc: datetime
    covered_share: Fraction
    missing: tuple[MissingSpan, ...]
    lines: tuple[BillLine, ...]

    @property
    def status(self) -> str:
        """``provisional`` if anything is missing in the billed period."""
        return "provisional" if self.missing else "final"

    @property
    def total_eur(self) -> Fraction:
        """Sum of the rounded lines."""
        return sum((line.amount_eur for line in self.lines), Fraction(0))

    @property
    def demand_eur(self) -> Fraction:
        """What is paid for power, before VAT."""
        return sum((line.amount_eur for line in self.lines if line.for_power), Fraction(0))

    @property
    def energy_eur(self) -> Fraction:
        """Everything else, VAT included."""
        return self.total_eur - self.demand_eur

    def as_json(self) -> dict[str, Any]:
        """The bill as `lastgang bill` writes it."""
        return {
            "tariff": {"id": self.tariff, "version": self.version},
            "currency": self.currency,
            "period": {"from_utc": instant_text(self.from_utc), "to_utc": instant_text(self.to_utc)},
            "status": self.status,
            "covered_share": float(self.covered_share),
            "missing": [
                {"column": span.column, "from_utc": instant_text(span.from_utc), "to_utc": instant_text(span.to_utc)}
                for span in self.missing
            ],
            "total_eur": float(self.total_eur),
            "lines": [line.as_json() for line in self.lines],
        }


def bill(tariff: Tariff, load: LoadProfile, period: tuple[date, date] | None = None) -> Bill:
    """Bill `load` by `tariff`.

    Parameters
    ----------
    period
        Local days ``[first, end)``; by default the tariff's ``[bill]``, or else the whole local days that the load touches.
        What the load lacks within it is missing; rows outside it are ignored. The calendar of a period is worked out once
        and kept, so further bills of the same period take milliseconds.

    Raises
    ------
    InputFaults
        If the period leaves the tariff's validity, or the load is too coarse or lacks a column that a component needs.
    """
    first, end = period or billed_days(tariff, load)
    faults = [*_period_faults(tariff, load, first, end), *_load_faults(tariff, load)]
    if faults:
        raise InputFaults(faults)
    measured = Measured(frame(tariff.zone, first, end, load.resolution), load)
    lines = list(_net_lines(tariff, Basis(measured, tariff.rounding)))
    if tariff.vat_percent:
        lines.append(_vat_line(tariff, lines))
    there = int(measured.there.sum())
    period_utc = (measured.frame.from_utc, measured.frame.to_utc)
    missing = tuple(_missing(tariff, measured))
    return Bill(tariff.id, tariff.version, "EUR", *period_utc, Fraction(there, measured.frame.size), missing, tuple(lines))


def billed_days(tariff: Tariff, load: LoadProfile) -> tuple[date, date]:
    """Local days ``[first, end)`` of the billed period."""
    if tariff.bill_from is not None and tariff.bill_to is not None:
        return tariff.bill_from, tariff.bill_to
    return load.local_days(tariff.zone)


def _period_faults(tariff: Tariff, load: LoadProfile, first: date, end: date) -> Iterator[Fault]:
    if first < tariff.valid_from or end > tariff.valid_to:
        expected = f"days within the tariff's validity, valid from {tariff.valid_from} to before {tariff.valid_to}"
        yield Fault(str(load.path or tariff.path), None, "billed period", f"{first} to before {end}", expected)
    elif end - first > LONGEST:
        expected = f"at most {LONGEST.days // 365} years"
        yield Fault(str(load.path or tariff.path), None, "billed period", f"{first} to before {end}", expected)


def _load_faults(tariff: Tariff, load: LoadProfile) -> Iterator[Fault]:
    file = str(load.path or tariff.path)
    for component in tariff.components:
        yield from component.load_faults(load, file)
    calendars = {calendar.id: (component, calendar) for component in tariff.components if (calendar := component.calendar)}
    for component, calendar in calendars.values():
        yield from _edge_faults(component, calendar, load, file)


def _edge_faults(component: Component, calendar: Calendar, load: LoadProfile, file: str) -> Iterator[Fault]:
    """A load whose intervals are cut in two by a band edge."""
    minutes = load.resolution // MINUTE
    for edge in sorted({edge for band in calendar.bands for edge in band.edges_min if edge % minutes}):
        what = f"{component.id!r}: calendar {calendar.id!r}"
        yield Fault(file, None, what, f"a load of {minutes} minutes", f"a load that has the band edge {clock(edge)}")


def _net_lines(tariff: Tariff, on: Basis) -> Iterator[BillLine]:
    for _, of_kind in groupby(tariff.components, key=lambda component: component.kind):
        components = list(of_kind)
        yield from type(components[0]).lines_of(components, on)


def _vat_line(tariff: Tariff, net: Sequence[BillLine]) -> BillLine:
    net_eur, rate = sum((line.amount_eur for line in net), Fraction(0)), tariff.vat_percent / 100
    return BillLine("vat", "vat", net_eur, "EUR", rate, tariff.rounding.amount(net_eur * rate), "bill")


def _missing(tariff: Tariff, measured: Measured) -> Iterator[MissingSpan]:
    on = measured.frame
    yield from _spans("power_kw", ~measured.there, on)
    if measured.reactive_there is not None:
        yield from _spans("reactive_kvar", ~measured.reactive_there, on)
    unknown = np.zeros(on.size, dtype=np.bool_)
    for component in tariff.components:
        without_price = component.without_price(on)
        if without_price is not None:
            unknown |= without_price
    yield from _spans("spot", unknown, on)


def _spans(column: str, gone: Flags, on: Frame) -> Iterator[MissingSpan]:
    for first, end in runs(gone):
        yield MissingSpan(column, on.start_utc(first), on.start_utc(end))
