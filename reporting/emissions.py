"""CO2 of a report's period by the GHG Protocol: what is burnt (Scope 1), and what is purchased (Scope 2) by location and by market, side by side.

In: a report and the plant's emission factors.  Out: the report with a row a meter that energy enters the site through.

Purchased electricity is what the grid connection drew: what is exported is not taken off it, and own generation that is used on the site is
no purchase. Each quarter hour counts by the factor of its own hour. Energy that no factor covers is named and never counted as zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.emission_factors import Carrier, Emitted, Method, emitted
from domain.plant import Medium, Meter
from domain.units import UWH_PER_KWH
from reporting.month import MonthReport, SeriesMonth

FUEL_SCOPE, PURCHASE_SCOPE = 1, 2
_CARRIER_OF = {Medium.ELECTRICITY: Carrier.ELECTRICITY, Medium.GAS: Carrier.GAS, Medium.HEAT: Carrier.HEAT}


@dataclass(frozen=True, slots=True)
class MeterEmissions:
    """One meter in the period.

    Attributes
    ----------
    scope
        1 or 2.
    energy_kwh
        Of the quarter hours that have a value; None of a meter that counts a volume, whose energy is not known.
    by_method
        CO2 by each method that the plant file has factors of.
    """

    meter: Meter
    carrier: Carrier
    scope: int
    energy_kwh: float | None
    by_method: dict[Method, Emitted]


def with_emissions(report: MonthReport) -> MonthReport:
    """`report` with its emissions: each quarter hour is looked at once for all tables and pages."""
    return replace(report, emissions=emissions_of(report))


def emissions_of(report: MonthReport) -> tuple[MeterEmissions, ...]:
    """A row for the grid connection, and for each meter of gas or heat that has none above it; empty where no factor is given."""
    if not report.plant.factors.rows:
        return ()
    return tuple(_rows(report))


def _rows(report: MonthReport) -> Iterator[MeterEmissions]:
    billing = report.plant.billing_meter()
    for series in report.series:
        meter = series.meter
        if not isinstance(meter, Meter) or meter.medium not in _CARRIER_OF:
            continue
        carrier = _CARRIER_OF[meter.medium]
        is_entry = series is report.billing if carrier is Carrier.ELECTRICITY else meter.parent is None
        if is_entry and (carrier is not Carrier.ELECTRICITY or billing is meter):
            yield _row(report, series, meter, carrier)


def _row(report: MonthReport, series: SeriesMonth, meter: Meter, carrier: Carrier) -> MeterEmissions:
    scope = FUEL_SCOPE if carrier is Carrier.GAS else PURCHASE_SCOPE
    if series.unit != "kWh":
        return MeterEmissions(meter, carrier, scope, None, {})
    period = report.period
    energies = [
        (period.start_utc(slot), None if row is None or row.energy_uwh is None else row.energy_uwh / UWH_PER_KWH)
        for slot, row in enumerate(series.slots)
    ]
    factors = report.plant.factors
    methods = (Method.FUEL,) if scope == FUEL_SCOPE else (Method.LOCATION, Method.MARKET)
    known = {row.method for row in factors.rows if row.carrier is carrier}
    found = {method: emitted(factors, carrier, method, energies) for method in methods if method in known}
    return MeterEmissions(meter, carrier, scope, series.sum.energy_uwh / UWH_PER_KWH, found)
