"""The bill that a careful person with the price sheet and a pencil would write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from billing.demand import DemandBill
from billing.frame import Frame, frame
from billing.lines import BillLine, instant_text, priced
from billing.load import Flags, LoadProfile, Numbers, exact_sum
from billing.measured import Measured
from billing.money import rounded
from billing.rows import LONGEST
from billing.tariff import Component, Energy, Levy, Tariff
from domain.errors import Fault, InputFaults

DEMAND_KINDS = frozenset({"demand", "excess", "demand_rebilled"})
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
        return sum((line.amount_eur for line in self.lines if line.kind in DEMAND_KINDS), Fraction(0))

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
    measured = Measured(frame(tariff, first, end, load.resolution), load)
    lines = list(_net_lines(tariff, measured))
    if tariff.vat_percent:
        net = sum((line.amount_eur for line in lines), Fraction(0))
        lines.append(priced("vat", "vat", net, "EUR", tariff.vat_percent / 100, "bill", tariff.rounding.amount_decimals))
    there = int(measured.there.sum())
    period_utc = (measured.frame.from_utc, measured.frame.to_utc)
    missing = tuple(_missing(tariff, measured))
    return Bill(tariff.id, tariff.version, "EUR", *period_utc, Fraction(there, measured.frame.size), missing, tuple(lines))


def billed_days(tariff: Tariff, load: LoadProfile) -> tuple[date, date]:
    """Local days ``[first, end)`` of the billed period."""
    if tariff.bill_from is not None and tariff.bill_to is not None:
        return tariff.bill_from, tariff.bill_to
    last = load.end_utc - load.resolution
    return load.start_utc.astimezone(tariff.zone).date(), last.astimezone(tariff.zone).date() + DAY


def _period_faults(tariff: Tariff, load: LoadProfile, first: date, end: date) -> Iterator[Fault]:
    if first < tariff.valid_from or end > tariff.valid_to:
        expected = f"days within the tariff's validity, valid from {tariff.valid_from} to before {tariff.valid_to}"
        yield Fault(str(load.path or tariff.path), None, "billed period", f"{first} to before {end}", expected)
    elif end - first > LONGEST:
        expected = f"at most {LONGEST.days // 365} years"
        yield Fault(str(load.path or tariff.path), None, "billed period", f"{first} to before {end}", expected)


def _load_faults(tariff: Tariff, load: LoadProfile) -> Iterator[Fault]:
    minutes = load.resolution // timedelta(minutes=1)
    file = str(load.path or tariff.path)

    def too_coarse(what: str, grid: int) -> Fault:
        return Fault(file, None, what, f"a load of {minutes} minutes", f"a load that fits into {grid} minutes")

    for demand in tariff.demand:
        grid = demand.sliding_step_min or demand.interval_min
        if grid % minutes:
            yield too_coarse(f"demand {demand.id!r}: {'step_min' if demand.sliding_step_min else 'interval_min'} {grid}", grid)
        if demand.quantity == "kVA" and load.reactive is None:
            yield Fault(
                file, 1, f"demand {demand.id!r}: quantity", "no column reactive_kvar", "a column reactive_kvar, as kVA are billed"
            )
    for reactive in tariff.reactive:
        if load.reactive is None:
            yield Fault(file, 1, f"reactive {reactive.id!r}", "no column reactive_kvar", "a column reactive_kvar")
    for energy in tariff.energy:
        spot_min = energy.spot.prices.resolution // timedelta(minutes=1) if energy.spot else minutes
        if spot_min % minutes:
            yield too_coarse(f"energy {energy.id!r}: spot prices every {spot_min} minutes", spot_min)
    used = {name: component for component in tariff.components() if (name := component.inside or component.outside)}
    for name, component in used.items():
        edges = sorted({edge for band in tariff.calendar(name).bands for edge in (band.from_min, band.to_min) if edge % minutes})
        for edge in edges:
            what = f"{component.id!r}: calendar {name!r}"
            yield Fault(
                file, None, what, f"a load of {minutes} minutes", f"a load that has the band edge {edge // 60:02d}:{edge % 60:02d}"
            )


def _net_lines(tariff: Tariff, measured: Measured) -> Iterator[BillLine]:
    for energy in tariff.energy:
        yield from _energy_lines(tariff, energy, measured)
    for demand in tariff.demand:
        yield from DemandBill(tariff, demand, measured).lines()
    yield from _reactive_lines(tariff, measured)
    yield from _fixed_lines(tariff, measured.frame)
    yield from _levy_lines(tariff, measured)


def _kwh(tariff: Tariff, component: Component, measured: Measured, month: int) -> Fraction:
    kwh = measured.kwh(month, measured.frame.mask(component))
    decimals = tariff.rounding.energy_decimals
    return kwh if decimals is None else rounded(kwh, decimals)


def _energy_lines(tariff: Tariff, energy: Energy, measured: Measured) -> Iterator[BillLine]:
    decimals = tariff.rounding.amount_decimals
    for month in measured.frame.valid_months(energy):
        label = measured.frame.month_label(month)
        if energy.price is not None:
            yield priced(energy.id, "energy", _kwh(tariff, energy, measured, month), "kWh", energy.price.eur, label, decimals)
        elif energy.spot is not None:
            yield _spot_line(tariff, energy, measured, month, label)


def _spot_line(tariff: Tariff, energy: Energy, measured: Measured, month: int, label: str) -> BillLine:
    """Sum of each interval's energy at its own price; where there is no price, neither counts."""
    assert energy.spot is not None
    _, known, price, scale = _spot_on(energy, measured.frame)
    span = measured.span(month)
    chosen = known[span]
    imported = measured.imported[span][chosen]
    kwh = Fraction(exact_sum(imported), measured.unit * measured.parts_per_hour)
    money = sum((power * cost for power, cost in zip(imported.tolist(), price[span][chosen].tolist(), strict=True) if power), 0)
    spot_eur = Fraction(money, scale * 1000) / (measured.unit * measured.parts_per_hour)
    amount = energy.spot.factor * spot_eur + energy.spot.adder_eur_per_kwh * kwh
    rounding = tariff.rounding
    quantity = kwh if rounding.energy_decimals is None else rounded(kwh, rounding.energy_decimals)
    return BillLine(energy.id, "energy", quantity, "kWh", None, rounded(amount, rounding.amount_decimals), label)


def _spot_on(energy: Energy, on: Frame) -> tuple[Flags, Flags, Numbers, int]:
    """Which intervals the component applies to, which of them have a price, and the price [EUR/MWh] x scale as whole numbers."""
    assert energy.spot is not None
    prices = energy.spot.prices
    applies = np.zeros(on.size, dtype=np.bool_)
    for month in on.valid_months(energy):
        applies[int(on.bounds[month]) : int(on.bounds[month + 1])] = True
    mask = on.mask(energy)
    applies = applies if mask is None else applies & mask
    scale = lcm(*{value.denominator for value in prices.eur_per_mwh.values()})
    known = np.zeros(on.size, dtype=np.bool_)
    price = np.zeros(on.size, dtype=object)
    per_price = prices.resolution // on.resolution
    first = on.from_utc - (on.from_utc - datetime(1970, 1, 1, tzinfo=UTC)) % prices.resolution
    steps = -(-(on.to_utc - first) // prices.resolution)
    for step in range(steps):
        value = prices.eur_per_mwh.get(first + step * prices.resolution)
        if value is not None:
            begin = (first - on.from_utc) // on.resolution + step * per_price
            span = slice(max(begin, 0), min(begin + per_price, on.size))
            known[span] = True
            price[span] = int(value * scale)
    return applies, known & applies, price, scale


def _reactive_lines(tariff: Tariff, measured: Measured) -> Iterator[BillLine]:
    rounding = tariff.rounding
    for part in tariff.reactive:
        for month in measured.frame.valid_months(part):
            excess = measured.reactive_excess(month, part, part.inductive, part.free_kvarh_per_kwh, part.settle == "interval")
            if rounding.energy_decimals is not None:
                excess = rounded(excess, rounding.energy_decimals)
            label = measured.frame.month_label(month)
            yield priced(part.id, "reactive", excess, "kvarh", part.price.eur, label, rounding.amount_decimals)


def _fixed_lines(tariff: Tariff, on: Frame) -> Iterator[BillLine]:
    for fixed in tariff.fixed:
        for month in on.valid_months(fixed):
            per = fixed.price.per
            # A yearly price keeps the figure that the price sheet has: a twelfth of a year, not a month at a twelfth of it.
            quantity = {"day": Fraction(on.billed_days[month]), "year": Fraction(1, 12)}.get(per, Fraction(1))
            label, decimals = on.month_label(month), tariff.rounding.amount_decimals
            yield priced(fixed.id, "fixed", quantity, per, fixed.price.eur, label, decimals)


def _levy_lines(tariff: Tariff, measured: Measured) -> Iterator[BillLine]:
    so_far: dict[tuple[str, int], Fraction] = {}
    decimals = tariff.rounding.amount_decimals
    for levy in sorted(tariff.levies, key=lambda levy: levy.valid_from):
        for month in measured.frame.valid_months(levy):
            kwh, label = _kwh(tariff, levy, measured, month), measured.frame.month_label(month)
            key = (levy.id, measured.frame.months[month][0])
            before = so_far.get(key, Fraction(0))
            so_far[key] = before + kwh
            if levy.price is not None:
                yield priced(levy.id, "levy", kwh, "kWh", levy.price.eur, label, decimals)
            else:
                amount = tiered_eur(levy, before + kwh) - tiered_eur(levy, before)
                yield BillLine(levy.id, "levy", kwh, "kWh", None, rounded(amount, decimals), label)


def tiered_eur(levy: Levy, kwh: Fraction) -> Fraction:
    """What the first `kwh` of a year cost."""
    total, below = Fraction(0), Fraction(0)
    for tier in levy.tiers:
        top = kwh if tier.up_to_kwh is None else min(kwh, tier.up_to_kwh)
        total += max(Fraction(0), top - below) * tier.price.eur
        below = below if tier.up_to_kwh is None else tier.up_to_kwh
    return total


def _missing(tariff: Tariff, measured: Measured) -> Iterator[MissingSpan]:
    on = measured.frame
    yield from _spans("power_kw", ~measured.there, on)
    if measured.reactive_there is not None:
        yield from _spans("reactive_kvar", ~measured.reactive_there, on)
    unknown = np.zeros(on.size, dtype=np.bool_)
    for energy in tariff.energy:
        if energy.spot is not None:
            applies, known, _, _ = _spot_on(energy, on)
            unknown |= applies & ~known
    yield from _spans("spot", unknown, on)


def _spans(column: str, gone: Flags, on: Frame) -> Iterator[MissingSpan]:
    padded = np.concatenate(([False], gone, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        yield MissingSpan(column, on.start_utc(int(first)), on.start_utc(int(end)))
