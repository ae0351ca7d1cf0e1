"""Loads that can wait, as the plant file has them: what they may do, and how fast what they store runs empty.

The physics made of these figures is in `flexibility`. A load waits between two edges: of a pressure, a temperature, a charge, or a time by
which a vehicle must be ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from domain.texts import Name, Text
from domain.toml_files import ClockTime, Identifier, LocalDate, Settings

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0 to 1."""
Efficiency = Annotated[float, Field(gt=0, le=1)]
_MOST_KW = 1e6
Power = Annotated[float, Field(gt=0, le=_MOST_KW)]
"""[kW]"""


class FlexibleLoad(Settings):
    """What all loads that can wait have in common."""

    id: Identifier
    """Id of the load, different from that of every other load that can wait."""
    name: Name = ""
    """Name for people; None: the id."""
    machine: Identifier | None = None
    """The machine of the plant that it is, whose meter measures it; None: no meter measures it alone."""
    level_channel: Identifier | None = None
    """Channel of that machine's meter that shows how full it is: pressure [bar], temperature [°C], charge of the battery or of the vehicle that
    stands there [kWh]; None: nothing shows it, and it is never held."""
    power_channel: Identifier | None = None
    """Channel of that machine's meter that shows what this load alone draws [kW]: of a charge point among several. None: the meter's power, where it
    measures nothing else."""
    priority: int = Field(default=50, ge=1, le=100)
    """Who waits first: 1 before 100; loads of the same priority take turns."""
    min_on_min: float = Field(default=0.0, ge=0, le=24 * 60)
    """How long it is left alone after a hold, before the next one [minutes]."""
    min_off_min: float = Field(default=0.0, ge=0, le=24 * 60)
    """How long a hold lasts at least: motors and refrigerant circuits may not start at once again [minutes]."""
    max_off_min: float | None = Field(default=None, gt=0, le=7 * 24 * 60)
    """How long a hold lasts at most, even where the band would allow more; None: as long as the band allows [minutes]."""
    start_min: float = Field(default=0.0, ge=0, le=60)
    """How long it takes after the end of a hold until it works fully again [minutes]."""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id


class ChargePoint(FlexibleLoad):
    """A charge point: it charges one vehicle at a time, at most with what both allow."""

    max_kw: Power
    """Highest charging power, as drawn from the grid [kW]."""
    min_kw: float = Field(default=0.0, ge=0, le=_MOST_KW)
    """Lowest charging power; less is no charging: 6 A by IEC 61851-1 are 1.4 kW on one phase and 4.1 kW on three [kW]."""
    efficiency: Efficiency = 0.9
    """Part of the energy drawn that gets into the vehicle's battery."""


class Trip(Settings):
    """A route that a vehicle usually drives: it leaves, returns, and needs energy for it. Trips keep local time."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    """The weekdays on which it leaves."""
    leaves: ClockTime
    """When it leaves."""
    returns: ClockTime
    """When it is back and plugged in; where that is not after `leaves`, on the day after."""
    needs_kwh: float = Field(gt=0, le=10_000)
    """What it takes from the battery, with what is kept as a reserve against cold and detours [kWh]."""
    ready_min: int = Field(default=15, ge=0, le=12 * 60)
    """How long before `leaves` it must be charged: people come early [minutes]."""
    not_on_holidays: bool = True
    """Whether it is not driven on public holidays and in shutdowns."""


class Vehicle(Settings):
    """An electric vehicle of the plant's own fleet: vans, forklifts, trucks."""

    id: Identifier
    """Id of the vehicle, different from that of every other vehicle."""
    name: Name = ""
    """Name for people; None: the id."""
    charge_point: Identifier
    """Where it charges."""
    capacity_kwh: float = Field(gt=0, le=10_000)
    """Usable capacity of its battery [kWh]."""
    max_kw: Power | None = None
    """The highest charging power it takes; None: that of the charge point [kW]."""
    most_charge: Share = 0.8
    """Charge that is not exceeded, for the battery's life, unless the trip needs more: cells age faster while they stand nearly full."""
    gentle_kw: Power | None = None
    """Charging power that is not exceeded, for the battery's life, unless the time is too short for less; None: no such limit [kW]."""
    from_day: LocalDate | None = None
    """First day on which it is driven: what is expected of the site's load does not have its charging yet; None: it has been driven for weeks."""
    trips: tuple[Trip, ...] = Field(default=(), alias="trip")
    """Its usual trips; without any, it is charged when a session is reported only."""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id


class Compressor(FlexibleLoad):
    """An air compressor with a receiver, which waits between two pressures."""

    lower_bar: float = Field(ge=0, le=1_000)
    """Lowest pressure that the plant's machines stand, above that of the atmosphere [bar]."""
    upper_bar: float = Field(gt=0, le=1_000)
    """Pressure at which it stops delivering, above that of the atmosphere [bar]."""
    receiver_m3: float = Field(gt=0, le=10_000)
    """Volume of the receiver and of the pipes before the machines [m³]."""
    delivery_m3_per_min: float = Field(gt=0, le=10_000)
    """Free air that it delivers under load, by ISO 1217 [m³/min]."""
    most_use_m3_per_min: float = Field(gt=0, le=10_000)
    """The most free air that the plant takes over minutes; what can wait is worked out with it [m³/min]."""
    usual_use_m3_per_min: float = Field(gt=0, le=10_000)
    """Free air that the plant usually takes [m³/min]."""
    max_kw: Power
    """What it draws under load [kW]."""
    idle_kw: float = Field(default=0.0, ge=0, le=_MOST_KW)
    """What it draws unloaded, which a hold does not save [kW]."""


class ThermalLoad(FlexibleLoad):
    """What a cold store and a furnace have in common: a temperature band and the heat that keeps it."""

    lower_c: float = Field(ge=-273.15, le=3_000)
    """Lowest temperature that what is inside may have [°C]."""
    upper_c: float = Field(ge=-273.15, le=3_000)
    """Highest temperature that it may have [°C]."""
    heat_capacity_kwh_per_k: float = Field(gt=0, le=1e6)
    """Heat that changes its temperature by one kelvin: goods, water, lining, load [kWh/K]."""
    loss_kw_per_k: float = Field(ge=0, le=1e6)
    """Heat through its walls for each kelvin between inside and outside [kW/K]."""
    surroundings_c: float = Field(ge=-60, le=100)
    """Temperature outside at its worst: the hottest for what is cooled, the coldest for what is heated [°C]."""
    max_kw: Power
    """What it draws at full load [kW]."""


class ColdStore(ThermalLoad):
    """A cold store, or a chiller with its water loop: it is cooled, and warms up while it waits."""

    cop: float = Field(gt=0, le=20)
    """Heat taken out for each kWh drawn, with fans and pumps (coefficient of performance, COP)."""
    most_gain_kw: float = Field(ge=0, le=_MOST_KW)
    """The most heat that goods, doors, people and lights bring in over minutes; what can wait is worked out with it [kW]."""
    usual_gain_kw: float = Field(ge=0, le=_MOST_KW)
    """Heat that they usually bring in [kW]."""


class HeldFurnace(ThermalLoad):
    """A furnace or bath that may be held at less than full power: it cools while it waits."""

    efficiency: Efficiency = 1.0
    """Part of the power drawn that becomes heat inside."""
    most_draw_kw: float = Field(ge=0, le=_MOST_KW)
    """The most heat that cold material and opened doors take over minutes; what can wait is worked out with it [kW]."""
    usual_draw_kw: float = Field(ge=0, le=_MOST_KW)
    """Heat that they usually take [kW]."""
    may_wait_during_jobs: bool = False
    """Whether it may be held while a job is in it; batches that are annealed or hardened may not be interrupted."""


class Battery(FlexibleLoad):
    """A battery store: it charges, and gives energy back at the price of losses and of a little of its life."""

    capacity_kwh: float = Field(gt=0, le=1e6)
    """Usable capacity [kWh]."""
    lowest_charge: Share = 0.1
    """Charge that it is never discharged below."""
    highest_charge: Share = 0.9
    """Charge that it is never charged above."""
    max_charge_kw: Power
    """Highest power that it draws [kW]."""
    max_discharge_kw: Power
    """Highest power that it gives [kW]."""
    charge_efficiency: Efficiency = 0.95
    """Part of the energy drawn that is stored."""
    discharge_efficiency: Efficiency = 0.95
    """Part of the energy taken out of the cells that is given."""
    loss_percent_per_day: float = Field(default=0.0, ge=0, le=100)
    """What it loses of its charge by standing [%]."""
    cycle_cost_eur_per_kwh: float = Field(ge=0, le=100)
    """What each kWh given costs of its life: price of the battery divided by the energy that it gives in its life [EUR/kWh]."""
    valid_from: LocalDate
    """First day on which that cost holds."""
    source: Text = Field(min_length=1)
    """Where that cost comes from: offer, warranty terms, with their date."""


class FlexibleLoads(Settings):
    """Loads that can wait: they are held back in a tight quarter hour, and placed where power is cheap and no peak is made."""

    charge_points: tuple[ChargePoint, ...] = Field(default=(), alias="charge_point")
    vehicles: tuple[Vehicle, ...] = Field(default=(), alias="vehicle")
    compressors: tuple[Compressor, ...] = Field(default=(), alias="compressor")
    cold_stores: tuple[ColdStore, ...] = Field(default=(), alias="cold_store")
    furnaces: tuple[HeldFurnace, ...] = Field(default=(), alias="furnace")
    batteries: tuple[Battery, ...] = Field(default=(), alias="battery")

    def tables(self) -> Mapping[str, tuple[FlexibleLoad, ...]]:
        """The loads by the name of their table in the plant file; vehicles are no loads of their own."""
        return {
            "charge_point": self.charge_points, "compressor": self.compressors, "cold_store": self.cold_stores,
            "furnace": self.furnaces, "battery": self.batteries,
        }  # fmt: skip

    def loads(self) -> tuple[FlexibleLoad, ...]:
        """All loads, in the order of `tables`."""
        return tuple(load for loads in self.tables().values() for load in loads)


FlexibleFault = tuple[tuple[str | int, ...], object, str]
"""Where in the plant file, what was found, what is expected."""


def flexible_faults(loads: FlexibleLoads, machines: Mapping[str, object]) -> Iterator[FlexibleFault]:
    """What cannot be in these tables: ids twice, names of nothing, bands that would be left even without any hold.

    Parameters
    ----------
    loads
        As read.
    machines
        Those of the plant, by id.
    """
    seen: set[str] = set()
    for table, rows in loads.tables().items():
        for index, load in enumerate(rows):
            where = ("flexible", table, index)
            if load.id in seen:
                yield (*where, "id"), load.id, "an id that no other load that can wait has"
            seen.add(load.id)
            if load.machine is not None and load.machine not in machines:
                yield (*where, "machine"), load.machine, f"one of the machines {sorted(machines)}"
            for key, channel in (("level_channel", load.level_channel), ("power_channel", load.power_channel)):
                if channel is not None and load.machine is None:
                    yield (*where, key), channel, "a machine whose meter has that channel"
            if load.max_off_min is not None and load.max_off_min < load.min_off_min:
                yield (*where, "max_off_min"), load.max_off_min, f"at least min_off_min, {load.min_off_min:g}"
            yield from ((where + path, found, expected) for path, found, expected in _load_faults(load))
    yield from _vehicle_faults(loads)


def _load_faults(load: FlexibleLoad) -> Iterator[FlexibleFault]:
    match load:
        case ChargePoint():
            if load.min_kw > load.max_kw:
                yield ("min_kw",), load.min_kw, f"at most max_kw, {load.max_kw:g}"
        case Compressor():
            yield from _compressor_faults(load)
        case ColdStore():
            yield from _thermal_faults(load, load.surroundings_c >= load.upper_c, "at least upper_c: else nothing has to be cooled")
            heat_kw = load.most_gain_kw + load.loss_kw_per_k * (load.surroundings_c - load.lower_c)
            if load.max_kw * load.cop <= heat_kw:
                yield (
                    ("max_kw",),
                    load.max_kw,
                    f"more than the {heat_kw / load.cop:g} kW that the most heat at the lower edge takes",
                )
            if load.usual_gain_kw > load.most_gain_kw:
                yield ("usual_gain_kw",), load.usual_gain_kw, f"at most most_gain_kw, {load.most_gain_kw:g}"
        case HeldFurnace():
            yield from _thermal_faults(load, load.surroundings_c <= load.lower_c, "at most lower_c: else nothing has to be heated")
            heat_kw = load.most_draw_kw + load.loss_kw_per_k * (load.upper_c - load.surroundings_c)
            if load.max_kw * load.efficiency <= heat_kw:
                yield (
                    ("max_kw",),
                    load.max_kw,
                    f"more than the {heat_kw / load.efficiency:g} kW that the most heat at the upper edge takes",
                )
            if load.usual_draw_kw > load.most_draw_kw:
                yield ("usual_draw_kw",), load.usual_draw_kw, f"at most most_draw_kw, {load.most_draw_kw:g}"
        case Battery():
            if load.lowest_charge >= load.highest_charge:
                yield ("lowest_charge",), load.lowest_charge, f"below highest_charge, {load.highest_charge:g}"


def _compressor_faults(load: Compressor) -> Iterator[FlexibleFault]:
    if load.lower_bar >= load.upper_bar:
        yield ("lower_bar",), load.lower_bar, f"below upper_bar, {load.upper_bar:g}"
    if load.delivery_m3_per_min <= load.most_use_m3_per_min:
        expected = f"more than most_use_m3_per_min, {load.most_use_m3_per_min:g}: else the pressure falls under full load, too"
        yield ("delivery_m3_per_min",), load.delivery_m3_per_min, expected
    if load.usual_use_m3_per_min > load.most_use_m3_per_min:
        yield ("usual_use_m3_per_min",), load.usual_use_m3_per_min, f"at most most_use_m3_per_min, {load.most_use_m3_per_min:g}"
    if load.idle_kw >= load.max_kw:
        yield ("idle_kw",), load.idle_kw, f"below max_kw, {load.max_kw:g}"


def _thermal_faults(load: ThermalLoad, drifts: bool, expected: str) -> Iterator[FlexibleFault]:
    if load.lower_c >= load.upper_c:
        yield ("lower_c",), load.lower_c, f"below upper_c, {load.upper_c:g}"
    if not drifts:
        yield ("surroundings_c",), load.surroundings_c, expected


def _vehicle_faults(loads: FlexibleLoads) -> Iterator[FlexibleFault]:
    points = {point.id for point in loads.charge_points}
    seen: set[str] = set()
    for index, vehicle in enumerate(loads.vehicles):
        where = ("flexible", "vehicle", index)
        if vehicle.id in seen:
            yield (*where, "id"), vehicle.id, "an id that no other vehicle has"
        seen.add(vehicle.id)
        if vehicle.charge_point not in points:
            yield (*where, "charge_point"), vehicle.charge_point, f"one of the charge points {sorted(points)}"
        if vehicle.most_charge == 0:
            yield (*where, "most_charge"), vehicle.most_charge, "above 0"
        for number, trip in enumerate(vehicle.trips):
            if trip.needs_kwh > vehicle.capacity_kwh:
                expected = f"at most the vehicle's capacity_kwh, {vehicle.capacity_kwh:g}: charging on the way is not planned"
                yield (*where, "trip", number, "needs_kwh"), trip.needs_kwh, expected
