"""The plant file: which meters, machines, shifts and jobs a site has.

In: ``plant.toml`` (site, meters and registers, extended by billing meter, connections, machines, shifts, orders and
tariff).  Out: a frozen `Plant`, checked whole before anything connects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from domain.controls import Control
from domain.emission_factors import (
    Carrier,
    DatedFactor,
    EmissionFactor,
    EmissionFactors,
    HourlyFactors,
    Method,
    doubled,
    emitted,
    read_hourly,
)
from domain.errors import Fault, InputFaults
from domain.flexible_loads import FlexibleLoads, flexible_faults
from domain.formulas import FormulaFault, Term, cycle_in, expanded, parse_formula
from domain.health_settings import HealthChannels
from domain.instants import UtcInstant, UtcInstantOrNever
from domain.key_figures import KeyFigures
from domain.orders import Order, OrderStatus, TypedLoadCurve
from domain.planning_settings import Changeover, Planning, longer_than_by_way
from domain.regions import region_fault
from domain.set_points import MachineSetPoint
from domain.shift_changes import ShiftChange, newest_changes
from domain.shifts import Crew, PlannedShiftChange, Shift, Shutdown, Surcharge, WorkingTime
from domain.texts import Name, Text
from domain.toml_files import Identifier, LocalDate, Settings, is_file, key_lines, load_toml, read_toml
from domain.units import UWH_PER_KWH

UNITS_BY_KIND = "Wh, kWh, MWh, varh, kvarh, l, m3 or Nm3 for a counter; W, kW, var or kvar for a gauge"


class Medium(StrEnum):
    """What a meter counts."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    HEAT = "heat"
    COMPRESSED_AIR = "compressed_air"
    WATER = "water"


UNITS_OF_MEDIUM = {
    Medium.GAS: ("m3", "Nm3", "l", "Wh", "kWh", "MWh"), Medium.HEAT: ("Wh", "kWh", "MWh"),
    Medium.COMPRESSED_AIR: ("m3", "Nm3", "l"), Medium.WATER: ("m3", "l"),
}  # fmt: skip
"""Units of counters that are not electric."""


class RegisterKind(StrEnum):
    """What a register holds."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Register(Settings):
    """One register of a meter, in its own unit."""

    channel: Identifier
    """What the register counts or shows: ``energy_import``, ``energy_export``, ``reactive_import``, ``reactive_export``, ``power``, ..."""
    kind: RegisterKind
    """A counter of energy, or a gauge of power."""
    unit: Literal["Wh", "kWh", "MWh", "varh", "kvarh", "W", "kW", "var", "kvar", "l", "m3", "Nm3"]
    """Unit of its values; what a device gives in another one is converted."""
    sampling_s: float = Field(gt=0)
    """How often a value is expected."""
    resolution: float = Field(gt=0)
    """Smallest step of its values [the register's unit]."""
    modulus: float | None = Field(default=None, gt=0)
    """Value at which a counter starts again from 0 (rollover); None: no rollover is taken for one [the register's unit]."""
    encoding: Literal["float32", "float64"] = "float64"
    """How the device stores the value: a float32 counter takes larger steps the further it has counted."""
    balance: bool = False
    """Whether the counter also counts down: energy that flows back is subtracted."""

    @property
    def is_reactive(self) -> bool:
        """Whether it holds reactive energy or power."""
        return "var" in self.unit

    @property
    def is_volume(self) -> bool:
        """Whether it counts litres or cubic metres: its quarter hours are whole microlitres."""
        return self.unit in ("l", "m3", "Nm3")

    @property
    def shown_unit(self) -> Literal["kWh", "kvarh", "m3", "Nm3"]:
        """The unit in which its quarter hours are shown."""
        if self.is_volume:
            return "Nm3" if self.unit == "Nm3" else "m3"
        return "kvarh" if self.is_reactive else "kWh"


class Exchange(Settings):
    """The record of a meter exchange, as the fitter wrote it down."""

    channel: Identifier
    """The counter that was exchanged."""
    at_utc: UtcInstant
    """When."""
    old_serial: Name
    """Serial number of the meter that was taken out."""
    final_reading: float
    """Its last value [the register's unit]."""
    new_serial: Name
    """Serial number of the meter that was put in."""
    start_reading: float
    """Its first value [the register's unit]."""


class Multiplier(Settings):
    """What a register's values are multiplied by from an instant on: the ratio of its current and voltage transformers."""

    channel: Identifier
    """The register it applies to."""
    factor: float = Field(gt=0)
    """The ratio: 200/5 A is 40. Leave it out for meters that show primary values."""
    from_utc: UtcInstant
    """From when on it applies."""
    evidence: Text
    """Where the factor is written: the exchange record, the rating plate, the calibration certificate."""


class Meter(Settings):
    """A meter and its place in the meter tree."""

    id: Identifier
    """Id of the meter in topics, files and formulas."""
    name: Name = ""
    """Name for people; None: the id."""
    parent: Identifier | None = None
    """The meter above it in the tree, which counts its energy too; None: it is at the top."""
    hall: Name = ""
    """Hall or building that it measures; empty: that of the meter above it."""
    cost_centre: Name = ""
    """Cost centre whose energy it measures; empty: that of the meter above it."""
    medium: Medium = Medium.ELECTRICITY
    """What it counts. Only electricity enters balance, peak, forecast and bill; whether it sends, and whether its counter jumps, is watched for all."""
    max_power_kw: float = Field(gt=0)
    """What fuse, transformer or current transformer lets through; values above it are not plausible. Of a meter of a volume: ``max_flow_m3_per_h`` in its place."""
    max_flow_m3_per_h: float | None = Field(default=None, gt=0)
    """The highest flow of a meter that counts a volume, from its plate; None: it counts energy."""
    registers: tuple[Register, ...] = Field(default=(), alias="register")
    exchanges: tuple[Exchange, ...] = Field(default=(), alias="exchange")
    multipliers: tuple[Multiplier, ...] = Field(default=(), alias="multiplier")
    """Values before the first are taken as they are."""

    @model_validator(mode="before")
    @classmethod
    def _limit_of_volume(cls, found: object) -> object:
        # A litre stands where a watt-hour stands, so one cubic metre an hour is the limit that one kilowatt is.
        if isinstance(found, dict) and found.get("max_flow_m3_per_h") is not None:
            if "max_power_kw" in found and found["max_power_kw"] != found["max_flow_m3_per_h"]:
                msg = "either max_power_kw or max_flow_m3_per_h"
                raise ValueError(msg)
            return found | {"max_power_kw": found["max_flow_m3_per_h"]}
        return found

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id

    @property
    def is_electric(self) -> bool:
        """Whether it counts electricity."""
        return self.medium is Medium.ELECTRICITY

    def counters(self) -> tuple[Register, ...]:
        """Its counter registers."""
        return tuple(r for r in self.registers if r.kind is RegisterKind.COUNTER)

    def gauge(self) -> Register | None:
        """Its active-power gauge, if it has one."""
        return next((r for r in self.registers if r.kind is RegisterKind.GAUGE and not r.is_reactive), None)

    def energy_channel(self) -> str | None:
        """The channel whose intervals are this meter's energy: imported, else of its first counter, else of its gauge.

        None for a meter of reactive energy alone, whose kvarh are no kWh, and for one of another medium.
        """
        if not self.is_electric:
            return None
        channels = [r.channel for r in self.interval_registers() if not r.is_reactive]
        return "energy_import" if "energy_import" in channels else next(iter(channels), None)

    def main_channel(self) -> str | None:
        """The channel that shows whether the meter sends: its energy, else the first that has quarter hours."""
        return self.energy_channel() or next((r.channel for r in self.interval_registers()), None)

    def interval_registers(self) -> tuple[Register, ...]:
        """The registers that have quarter hours: its counters, and its gauge where none counts active energy."""
        counters, gauge = self.counters(), self.gauge()
        if gauge is None or not all(r.is_reactive for r in counters):
            return counters
        return (*counters, gauge)

    def interval_register(self, channel: str | None) -> Register | None:
        """The register whose quarter hours stand in `channel`; None if there is none."""
        return next((register for register in self.interval_registers() if register.channel == channel), None)


class VirtualMeter(Settings):
    """A meter that is calculated as sums and differences of others (`domain.formulas`)."""

    id: Identifier
    """Id of the virtual meter, different from that of every meter."""
    name: Name = ""
    """Name for people; None: the id."""
    channel: Identifier | None = None
    """The channel that is taken of all its parts; None: the main channel of each, which must be the same for all."""
    formula: str = Field(min_length=1, max_length=20_000)
    """Meters and virtual meters with ``+``, ``-`` and factors (``main - 0.5 * hall-2``), or ``sum of press-1, press-2``."""

    @property
    def parent(self) -> None:
        """Nobody counts its energy again."""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id


class Sector(StrEnum):
    """What sort of place a site is, as far as its load profile goes while nothing is measured yet."""

    BUSINESS = "business"
    OFFICE = "office"
    EVENING = "evening"
    CONTINUOUS = "continuous"
    SHOP = "shop"
    BAKERY = "bakery"
    WEEKEND = "weekend"
    HOUSEHOLD = "household"
    FARM = "farm"
    ONE_SHIFT = "one-shift"
    TWO_SHIFTS = "two-shifts"
    THREE_SHIFTS = "three-shifts"


class Site(Settings):
    """The plant as a whole: where it is, and how it is billed."""

    id: Identifier
    """Id of the site in every record's key."""
    name: Name = ""
    """Name for people."""
    timezone: str
    """Time zone of its local days, shifts and reports, by its IANA name."""
    commissioned_utc: UtcInstant
    """When measuring began: readings dated before it are rejected."""
    holidays: tuple[date, ...] = ()
    """Further days off beside the public holidays of `holiday_region`."""
    holiday_region_abroad: bool = False
    """Confirms that `holiday_region` is meant although its country keeps another time zone."""
    holiday_region: str | None = None
    """Whose public holidays are kept: country and subdivision by ISO 3166, such as DE-BW; None: only `holidays` are days off."""
    billing_meter: Identifier | None = None
    """The meter at the grid connection, whose quarter hours are billed; None: the only meter without a parent."""
    sector: Sector | None = None
    """Whose standard load profile (SLP) is forecast in the first days; None: that of the shifts, or of a business where there are none."""
    sync: Literal["demand_block", "sync_pulse"] | None = None
    """Channel of the billing meter that shows where its quarter hours begin (`metering.block_sync`); None: at :00, :15, :30 and :45 of our clock."""
    target_kw: float | None = Field(default=None, gt=0)
    """Quarter-hour mean at the grid connection that should not be exceeded; None: no target."""
    billed_peak_kw: float = Field(default=0.0, ge=0)
    """Highest quarter-hour mean that was billed before the first measured one, as the last bill has it; it counts in its billing period only."""
    billed_peak_on: LocalDate | None = None
    """Day of that peak, or any other day of its billing period; None: its period is the one that `commissioned_utc` lies in."""
    demand_period: Literal["month", "year"] = "year"
    """The billing period of the peak: the local calendar month or year (`domain.periods`)."""
    late_horizon_days: int = Field(default=35, gt=0)
    """How long after its end a quarter hour may still be restated by late readings."""
    tree_tolerance: float = Field(default=0.03, ge=0, lt=1)
    """By how much the sum of the meters below another may exceed it before that is reported as a finding; 0.03 is 3 %."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:  # "Europe" is a folder
            msg = "a name of the IANA time zone database such as 'Europe/Berlin'"
            raise ValueError(msg) from error
        return name

    @field_validator("holiday_region")
    @classmethod
    def _known_region(cls, region: str | None, info: ValidationInfo) -> str | None:
        zone = info.data.get("timezone")
        if region is not None and zone is not None and (fault := region_fault(region, zone, info.data["holiday_region_abroad"])):
            raise ValueError(fault)
        return region

    @field_validator("holidays", mode="before")
    @classmethod
    def _dates(cls, found: object) -> object:
        return tuple(found) if isinstance(found, list) else found

    @property
    def zone(self) -> ZoneInfo:
        """The zone of local days, shifts and reports."""
        return ZoneInfo(self.timezone)


class MachineKind(StrEnum):
    """What a machine is, as far as the platform's texts and defaults care."""

    FURNACE = "furnace"
    MOULDING = "moulding"
    PRESS = "press"
    CNC = "cnc"
    COMPRESSOR = "compressor"
    CHILLER = "chiller"
    CHARGER = "charger"
    LIGHTING = "lighting"
    PHOTOVOLTAIC = "photovoltaic"
    HEATING = "heating"
    """Heats rooms: a heat pump, an air heater, a boiler's pumps."""
    COOLING = "cooling"
    """Cools rooms: air conditioning. What cools a process is a chiller."""
    OTHER = "other"


class Machine(Settings):
    """One machine: which meter measures it, and when it is meant to run."""

    id: Identifier
    """Id of the machine."""
    name: Name = ""
    """Name for people; None: the id."""
    kind: MachineKind = MachineKind.OTHER
    """What it is."""
    meter: Identifier
    """The meter that measures it."""
    rated_kw: float = Field(gt=0)
    """What it draws at full load."""
    standby_kw: float = Field(default=0.0, ge=0)
    """What it may draw outside its shifts without being reported."""
    shifts: tuple[Identifier, ...] = ()
    """Shifts in which it runs; none: it may run at any time except in a shutdown."""
    control: Control | None = None
    """What its control reports of its jobs; None: nothing that is read."""
    health: HealthChannels | None = None
    """What its health is read from; None: it is not watched for wear."""
    set_points: tuple[MachineSetPoint, ...] = Field(default=(), alias="set_point")
    """What may be set at it, for advice on pressure and temperatures; none: no such advice."""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id


class MachineGroup(Settings):
    """Machines of which an order may name any: it runs on the one that is free first, and may be moved to the others."""

    id: Identifier
    """Id by which order sheets name the group; different from that of every machine."""
    name: Name = ""
    """Name for people; None: the id."""
    machines: tuple[Identifier, ...] = Field(min_length=1)
    """The machines in it."""

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name or self.id


PLANT_FILE_REVISION = -1
"""Revision of an order or a shift change that stands in the plant file: any that comes on the topic is newer."""


class PlannedJob(Settings):
    """A job written down in the plant file; others come on ``energy.orders.v1``."""

    job: Identifier
    """Id of the job."""
    machine: Identifier
    """The machine it runs on."""
    product: Name = ""
    """What is made, for people."""
    start_utc: UtcInstantOrNever
    """When it is planned to start."""
    earliest_utc: UtcInstantOrNever
    """It may not start before."""
    due_utc: UtcInstantOrNever
    """It must be done by then."""
    profile_kw: TypedLoadCurve
    """Mean power of the machine in each quarter hour of the job, from its start on."""
    movable: bool = True
    """Whether advice may move it."""


class Connections(Settings):
    """Where the device files are."""

    devices: str = "devices"
    """Folder beside the plant file with one TOML file a device."""


class TariffRef(Settings):
    """Which tariff bills the site."""

    file: str
    """TOML beside the plant file."""


class Plant(Settings):
    """Everything Lastgang knows of a site before the first reading."""

    site: Site
    meters: tuple[Meter, ...] = Field(default=(), alias="meter")
    virtual_meters: tuple[VirtualMeter, ...] = Field(default=(), alias="virtual_meter")
    shifts: tuple[Shift, ...] = Field(default=(), alias="shift")
    shift_changes: tuple[PlannedShiftChange, ...] = Field(default=(), alias="shift_change")
    shutdowns: tuple[Shutdown, ...] = Field(default=(), alias="shutdown")
    crews: tuple[Crew, ...] = Field(default=(), alias="crew")
    surcharges: tuple[Surcharge, ...] = Field(default=(), alias="surcharge")
    working_time: WorkingTime = WorkingTime()
    machines: tuple[Machine, ...] = Field(default=(), alias="machine")
    machine_groups: tuple[MachineGroup, ...] = Field(default=(), alias="machine_group")
    changeovers: tuple[Changeover, ...] = Field(default=(), alias="changeover")
    planning: Planning = Planning()
    orders: tuple[PlannedJob, ...] = Field(default=(), alias="order")
    flexible: FlexibleLoads = FlexibleLoads()
    connections: Connections | None = None
    tariff: TariffRef | None = None
    emissions: EmissionFactor | None = None
    emission_factors: tuple[DatedFactor, ...] = Field(default=(), alias="emission_factor")
    key_figures: KeyFigures = KeyFigures()
    _hourly: dict[tuple[str, str], HourlyFactors] = PrivateAttr(default_factory=dict)

    def meter_by_id(self, meter: str) -> Meter:
        """The meter called `meter`; KeyError names it."""
        return {m.id: m for m in self.meters}[meter]

    def billing_meter(self) -> Meter | None:
        """The meter of the grid connection: as named, else the only meter without a parent."""
        if self.site.billing_meter is not None:
            return self.meter_by_id(self.site.billing_meter)
        roots = [m for m in self.meters if m.parent is None and m.is_electric]
        return roots[0] if len(roots) == 1 else None

    @cached_property
    def factors(self) -> EmissionFactors:
        """Every emission factor; ``[emissions]`` is that of electricity by location, on days that no ``[[emission_factor]]`` has begun on."""
        simple = self.emissions
        rows = self.emission_factors
        has_first = any((row.carrier, row.method, row.valid_from) == (Carrier.ELECTRICITY, Method.LOCATION, None) for row in rows)
        if simple is not None and not has_first:
            rows = (
                DatedFactor(
                    carrier=Carrier.ELECTRICITY, method=Method.LOCATION, g_per_kwh=simple.g_per_kwh, of_year=simple.of_year, source=simple.source,
                ),
                *rows,
            )  # fmt: skip
        return EmissionFactors(rows, self.site.zone, self._hourly)

    def drawn_factor(self, instant_utc: datetime) -> EmissionFactor | None:
        """What a kilowatt-hour of electricity emits at an instant, by location; None where nobody says."""
        found = self.factors.at(Carrier.ELECTRICITY, Method.LOCATION, instant_utc)
        return (
            None if found is None else EmissionFactor(g_per_kwh=found.g_per_kwh, of_year=found.row.of_year, source=found.row.source)
        )

    def mean_drawn_factor(self, from_utc: datetime, to_utc: datetime) -> EmissionFactor | None:
        """The same as the plain mean of a span's hours, for energy whose hours are not known; None where no hour has a factor."""
        hours = math.ceil((to_utc - from_utc) / timedelta(hours=1))
        mean = emitted(
            self.factors, Carrier.ELECTRICITY, Method.LOCATION, ((from_utc + timedelta(hours=n), 1.0) for n in range(hours))
        )
        if mean.kg is None:
            return None
        newest = mean.rows[-1]
        return EmissionFactor(g_per_kwh=mean.kg * 1000 / mean.covered_kwh, of_year=newest.of_year, source=newest.source)

    @cached_property
    def changes_by_day(self) -> Mapping[date, Mapping[str, PlannedShiftChange]]:
        """What differs from the weekly pattern of shifts: by the day on which a shift begins, and by shift."""
        found: dict[date, dict[str, PlannedShiftChange]] = {}
        for change in self.shift_changes:
            found.setdefault(change.day, {})[change.shift] = change
        return found


def written_changes(plant: Plant) -> tuple[ShiftChange, ...]:
    """The shift changes of the plant file as records: known since the plant was commissioned, and older than any on the topic."""
    return tuple(
        ShiftChange(
            plant.site.id, change.shift, change.day.isoformat(), PLANT_FILE_REVISION, change.worked, plant.site.commissioned_utc,
            change.from_, change.to, change.people(), change.crew, reason=change.reason,
        )
        for change in plant.shift_changes
    )  # fmt: skip


def plant_with_changes(plant: Plant, changes: Iterable[ShiftChange]) -> Plant:
    """`plant` as its calendar is with `changes`: what is asked of it about shifts (`domain.calendars`) then knows them.

    Parameters
    ----------
    plant
        As it stands in its file.
    changes
        Records of the topic in the order of the log; of each shift and day the one with the highest revision counts, which is
        `PLANT_FILE_REVISION` for those of the plant file. Those of another site or of an unknown shift change nothing.
    """
    shifts = {shift.id for shift in plant.shifts}
    mine = (change for change in changes if change.site == plant.site.id and change.shift in shifts)
    newest = newest_changes([*written_changes(plant), *mine])
    counted = tuple(PlannedShiftChange.of(change) for change in newest if not change.withdrawn)
    return _with_planned(plant, counted)


def plant_without_changes(plant: Plant) -> Plant:
    """`plant` as its calendar is by the weekly pattern of its shifts alone."""
    return _with_planned(plant, ())


def _with_planned(plant: Plant, changes: tuple[PlannedShiftChange, ...]) -> Plant:
    found = plant.model_copy(update={"shift_changes": changes})
    found.__dict__.pop("changes_by_day", None)  # worked out of the changes before
    return found


def planned_orders(plant: Plant) -> tuple[Order, ...]:
    """The jobs of the plant file as orders: known since the plant was commissioned, and older than any revision on ``energy.orders.v1``."""
    return tuple(
        Order(
            plant.site.id, job.job, PLANT_FILE_REVISION, job.machine, job.product, job.start_utc, job.profile_kw, job.earliest_utc,
            job.due_utc, job.movable, OrderStatus.PLANNED, plant.site.commissioned_utc,
        )
        for job in plant.orders
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class VirtualParts:
    """What a virtual meter comes to: meters that exist, and how often each counts."""

    meter: VirtualMeter
    channel: str
    unit: Literal["kWh", "kvarh", "m3", "Nm3"]
    factors: Mapping[str, Fraction]


def virtual_parts(plant: Plant) -> tuple[VirtualParts, ...]:
    """Every virtual meter of a plant that was checked, formulas within formulas written out."""
    factors = expanded({meter.id: parse_formula(meter.formula) for meter in plant.virtual_meters})
    found = []
    for meter in plant.virtual_meters:
        part = plant.meter_by_id(next(iter(factors[meter.id])))
        channel = meter.channel or part.main_channel() or ""
        register = part.interval_register(channel)
        unit = "kWh" if register is None else register.shown_unit
        found.append(VirtualParts(meter, channel, unit, factors[meter.id]))
    return tuple(found)


def load_plant(path: Path) -> Plant:
    """The plant in the TOML file `path`, with references between its tables checked.

    Raises
    ------
    InputFaults
        With every fault found.
    """
    plant = load_toml(path, Plant)
    lines = key_lines(read_toml(path)[0])
    faults = list(_reference_faults(plant, path, lines))
    if faults:
        raise InputFaults(faults)
    for row in plant.emission_factors:
        if row.file is not None:
            plant._hourly[row.file, row.value_column] = read_hourly(path.parent / row.file, row)
    return plant


Wrong = Callable[[tuple[str | int, ...], object, str], None]
"""Called with where something is wrong, what was found and what is expected."""


def _reference_faults(plant: Plant, path: Path, lines: dict[tuple[str | int, ...], int]) -> list[Fault]:
    faults: list[Fault] = []

    def wrong(where: tuple[str | int, ...], found: object, expected: str) -> None:
        line = next((lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in lines), None)
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
        faults.append(Fault(str(path), line, field, repr(found), expected))

    tables: tuple[tuple[str, Sequence[Meter | VirtualMeter | Machine | MachineGroup | Shift | Crew]], ...] = (
        ("meter", plant.meters),
        ("virtual_meter", plant.virtual_meters),
        ("machine", plant.machines),
        ("machine_group", plant.machine_groups),
        ("shift", plant.shifts),
        ("crew", plant.crews),
    )
    for table, rows in tables:
        seen: set[str] = set()
        for index, row in enumerate(rows):
            if row.id in seen:
                wrong((table, index, "id"), row.id, f"an id that no other {table} has")
            seen.add(row.id)
    meters = {meter.id: meter for meter in plant.meters}
    shifts = {shift.id for shift in plant.shifts}
    machines = {machine.id for machine in plant.machines}
    if plant.site.billing_meter is not None and plant.site.billing_meter not in meters:
        wrong(("site", "billing_meter"), plant.site.billing_meter, f"one of the meters {sorted(meters)}")
    for index, meter in enumerate(plant.meters):
        channels = [register.channel for register in meter.registers]
        if meter.parent is not None and meter.parent not in meters:
            wrong(("meter", index, "parent"), meter.parent, f"one of the meters {sorted(meters)}")
        elif _is_its_own_ancestor(meter, meters):
            wrong(("meter", index, "parent"), meter.parent, "a tree: no meter may be its own ancestor")
        for number, channel in enumerate(channels):
            if channel in channels[:number]:
                wrong(("meter", index, "register", number, "channel"), channel, "each channel once per meter")
        for number, register in enumerate(meter.registers):
            counts = register.unit.endswith("h") or register.is_volume
            if counts != (register.kind is RegisterKind.COUNTER):
                wrong(("meter", index, "register", number, "unit"), register.unit, UNITS_BY_KIND)
            if register.balance and register.kind is not RegisterKind.COUNTER:
                wrong(("meter", index, "register", number, "balance"), register.balance, "false: only a counter can be a balance")
        begins = [(multiplier.channel, multiplier.from_utc) for multiplier in meter.multipliers]
        for number, multiplier in enumerate(meter.multipliers):
            if multiplier.channel not in channels:
                wrong(
                    ("meter", index, "multiplier", number, "channel"), multiplier.channel, f"a register of this meter: {channels}"
                )
            elif begins[number] in begins[:number]:
                wrong(("meter", index, "multiplier", number, "from_utc"), str(multiplier.from_utc), "one factor an instant")
        for number, exchange in enumerate(meter.exchanges):
            if exchange.channel not in [r.channel for r in meter.counters()]:
                wrong(("meter", index, "exchange", number, "channel"), exchange.channel, "a counter of this meter")
    for index, machine in enumerate(plant.machines):
        if machine.meter not in meters:
            wrong(("machine", index, "meter"), machine.meter, f"one of the meters {sorted(meters)}")
        for shift_id in machine.shifts:
            if shift_id not in shifts:
                wrong(("machine", index, "shifts"), shift_id, f"one of the shifts {sorted(shifts)}")
    _check_media(plant, wrong)
    _check_controls(plant, wrong)
    _check_health(plant, wrong)
    _check_set_points(plant, wrong)
    for index, group in enumerate(plant.machine_groups):
        if group.id in machines:
            wrong(("machine_group", index, "id"), group.id, "an id that no machine has")
        for machine_id in group.machines:
            if machine_id not in machines:
                wrong(("machine_group", index, "machines"), machine_id, f"one of the machines {sorted(machines)}")
    for index, changeover in enumerate(plant.changeovers):
        if changeover.machine not in machines:
            wrong(("changeover", index, "machine"), changeover.machine, f"one of the machines {sorted(machines)}")
    for index, family, by_way_min in longer_than_by_way(plant.changeovers):
        found, expected = (
            f"{plant.changeovers[index].minutes} minutes",
            f"no more than the {by_way_min} minutes by way of {family!r}",
        )
        wrong(("changeover", index, "minutes"), found, f"{expected}; a pair that is not listed needs no time")
    _check_shifts(plant, wrong)
    for index, shutdown in enumerate(plant.shutdowns):
        if shutdown.to < shutdown.from_:
            wrong(("shutdown", index, "to"), shutdown.to.isoformat(), f"its last day, not before {shutdown.from_}")
    jobs = [order.job for order in plant.orders]
    for index, order in enumerate(plant.orders):
        if order.job in jobs[:index]:
            wrong(("order", index, "job"), order.job, "a job that no other order has")
        if order.machine not in machines:
            wrong(("order", index, "machine"), order.machine, f"one of the machines {sorted(machines)}")
    _check_virtual_meters(plant, wrong)
    for where, value, expected in flexible_faults(plant.flexible, dict.fromkeys(machines)):
        wrong(where, value, expected)
    _check_emission_factors(plant, path.parent, wrong)
    if plant.tariff is not None and not is_file(path.parent / plant.tariff.file):
        wrong(("tariff", "file"), plant.tariff.file, f"a tariff file in {path.parent}")
    return faults


_DAY_MIN = 24 * 60


def _check_media(plant: Plant, wrong: Wrong) -> None:
    """Nothing of another medium stands where electricity is looked for: neither by its channels, nor in the tree, nor at a machine."""
    media = {meter.id: meter.medium for meter in plant.meters}
    for index, meter in enumerate(plant.meters):
        above = media.get(meter.parent, meter.medium) if meter.parent is not None else meter.medium
        if above is not meter.medium:
            wrong(("meter", index, "parent"), meter.parent, f"a meter of {meter.medium.value}; this one is of {above.value}")
        volumes = [register for register in meter.registers if register.is_volume]
        if bool(volumes) != (meter.max_flow_m3_per_h is not None) and (volumes or not meter.is_electric):
            expected = "a flow for a meter that counts a volume, none for one that counts energy"
            wrong(("meter", index, "max_flow_m3_per_h"), meter.max_flow_m3_per_h, expected)
        for number, register in enumerate(meter.registers):
            where = ("meter", index, "register", number)
            if meter.is_electric:
                if register.is_volume:
                    wrong((*where, "unit"), register.unit, "a unit of electricity, or another medium of the meter")
                continue
            if register.unit not in UNITS_OF_MEDIUM[meter.medium]:
                wrong((*where, "unit"), register.unit, f"{', '.join(UNITS_OF_MEDIUM[meter.medium])} for {meter.medium.value}")
            if not register.channel.startswith(f"{meter.medium.value}_"):
                wrong((*where, "channel"), register.channel, f"a name that begins with {meter.medium.value}_")
            if register.is_volume != bool(volumes):
                wrong((*where, "unit"), register.unit, "volumes or energies, not both in one meter")
    if plant.site.billing_meter is not None and not _is_electric(media, plant.site.billing_meter):
        wrong(("site", "billing_meter"), plant.site.billing_meter, "a meter of electricity")
    for index, machine in enumerate(plant.machines):
        if not _is_electric(media, machine.meter):
            wrong(("machine", index, "meter"), machine.meter, "a meter of electricity")


def _is_electric(media: Mapping[str, Medium], meter: str) -> bool:
    return media.get(meter, Medium.ELECTRICITY) is Medium.ELECTRICITY


def _check_controls(plant: Plant, wrong: Wrong) -> None:
    seen: dict[tuple[str, str], str] = {}
    for index, machine in enumerate(plant.machines):
        for channel in machine.control.channels if machine.control is not None else ():
            other = seen.setdefault((machine.meter, channel), machine.id)
            if other != machine.id:
                expected = f"a channel of meter {machine.meter!r} that is not that of machine {other!r}"
                wrong(("machine", index, "control"), channel, expected)


def _check_health(plant: Plant, wrong: Wrong) -> None:
    seen: dict[str, str] = {}
    for index, machine in enumerate(plant.machines):
        if machine.health is None:
            continue
        other = seen.setdefault(machine.meter, machine.id)
        if other != machine.id:
            expected = f"one machine a meter whose health is watched; {other!r} is another one of meter {machine.meter!r}"
            wrong(("machine", index, "health"), machine.id, expected)
        counts = {register.channel for meter in plant.meters if meter.id == machine.meter for register in meter.counters()}
        for channel in machine.health.channels:
            if channel in counts:
                wrong(("machine", index, "health"), channel, "gauges: a counter only rises")


def _check_set_points(plant: Plant, wrong: Wrong) -> None:
    for index, machine in enumerate(plant.machines):
        channels = [one.channel for one in machine.set_points]
        for number, channel in enumerate(channels):
            if channel in channels[:number]:
                wrong(("machine", index, "set_point", number, "channel"), channel, "each channel once per machine")


def _check_emission_factors(plant: Plant, folder: Path, wrong: Wrong) -> None:
    rows = plant.emission_factors
    for index in doubled(rows):
        day = rows[index].valid_from
        expected = "another day for each factor of a carrier and method"
        wrong(("emission_factor", index, "valid_from"), None if day is None else day.isoformat(), expected)
    for index, row in enumerate(rows):
        if row.file is not None and not is_file(folder / row.file):
            wrong(("emission_factor", index, "file"), row.file, f"a CSV file in {folder}")


def _check_shifts(plant: Plant, wrong: Wrong) -> None:
    shifts = {shift.id for shift in plant.shifts}
    crews = {crew.id for crew in plant.crews}
    for index, shift in enumerate(plant.shifts):
        length_min = _minutes_from(shift.from_, shift.to) or _DAY_MIN
        for number, pause in enumerate(shift.breaks):
            begins_min, lasts_min = _minutes_from(shift.from_, pause.from_), _minutes_from(pause.from_, pause.to)
            if not lasts_min or begins_min + lasts_min > length_min:
                expected = f"a break within the shift, {shift.from_} to {shift.to}"
                wrong(("shift", index, "breaks", number, "from"), f"{pause.from_} to {pause.to}", expected)
        for crew in shift.crews:
            if crew not in crews:
                wrong(("shift", index, "crews"), crew, f"one of the crews {sorted(crews)}")
    for index, one in enumerate(plant.crews):
        for shift_id in one.rotation:
            if shift_id and shift_id not in shifts:
                wrong(("crew", index, "rotation"), shift_id, f"one of the shifts {sorted(shifts)}, or an empty text for a week off")
        if one.rotation and (one.rotation_from is None or one.rotation_from.weekday()):
            found = None if one.rotation_from is None else one.rotation_from.isoformat()
            wrong(("crew", index, "rotation_from"), found, "the Monday of a week in which the crew works the first of its rotation")
    seen = set()
    for index, change in enumerate(plant.shift_changes):
        if change.shift not in shifts:
            wrong(("shift_change", index, "shift"), change.shift, f"one of the shifts {sorted(shifts)}")
        if change.crew is not None and change.crew not in crews:
            wrong(("shift_change", index, "crew"), change.crew, f"one of the crews {sorted(crews)}")
        if (change.shift, change.day) in seen:
            wrong(("shift_change", index, "day"), change.day.isoformat(), "one change of a shift a day")
        seen.add((change.shift, change.day))
    for index, surcharge in enumerate(plant.surcharges):
        if surcharge.valid_to is not None and surcharge.valid_to <= surcharge.valid_from:
            wrong(
                ("surcharge", index, "valid_to"), surcharge.valid_to.isoformat(), f"a day after valid_from, {surcharge.valid_from}"
            )


def _minutes_from(clock: str, later: str) -> int:
    """Minutes from one wall-clock time to the next time that the clock shows another."""
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (clock, later)]
    return (minutes[1] - minutes[0]) % _DAY_MIN


def _check_virtual_meters(plant: Plant, wrong: Wrong) -> None:
    meters = {meter.id: meter for meter in plant.meters}
    names = {*meters, *(meter.id for meter in plant.virtual_meters)}
    formulas: dict[str, tuple[Term, ...]] = {}
    unknown: set[str] = set()
    for index, meter in enumerate(plant.virtual_meters):
        where = ("virtual_meter", index, "formula")
        if meter.id in meters:
            wrong(("virtual_meter", index, "id"), meter.id, "an id that no meter has")
        try:
            formulas[meter.id] = parse_formula(meter.formula)
        except FormulaFault as fault:
            wrong(where, fault.found, fault.expected)
            unknown.add(meter.id)
            continue
        for term in formulas[meter.id]:
            if term.meter not in names:
                wrong(where, term.meter, f"one of the meters {sorted(names)}, with spaces around + and -")
                unknown.add(term.meter)
    for index, meter in enumerate(plant.virtual_meters):
        way = cycle_in(formulas, meter.id)
        if way:
            wrong(("virtual_meter", index, "formula"), " -> ".join(way), "no meter that is worked out from itself")
            return
    factors = expanded(formulas)
    for index, meter in enumerate(plant.virtual_meters):
        if meter.id in factors and not unknown & set(factors[meter.id]) and meter.id not in meters:
            found, expected = _mixed_channels(meter, [meters[part] for part in factors[meter.id]])
            if not found and _is_beyond_tables(factors[meter.id], meters):
                found, expected = meter.formula, "factors that leave a quarter hour below 9 TWh"
            if found:
                wrong(("virtual_meter", index, "formula"), found, expected)


def _mixed_channels(virtual: VirtualMeter, parts: Sequence[Meter]) -> tuple[str, str]:
    """What is wrong with the parts' channels, and what is expected; empty if nothing is."""
    channels = {meter.id: virtual.channel or meter.main_channel() for meter in parts}
    if len(set(channels.values())) > 1:
        found = ", ".join(f"{meter}: {channel}" for meter, channel in channels.items())
        return found, "one channel of all parts; `channel` names it where their own differ"
    channel = next(iter(channels.values()))
    registers = {meter.id: meter.interval_register(channel) for meter in parts}
    without = [meter for meter, register in registers.items() if register is None]
    if without:
        return f"{', '.join(without)} without quarter hours of {channel or 'anything'}", "parts that all have the same channel"
    if len({register.is_reactive for register in registers.values() if register is not None}) > 1:
        return f"{channel} in Wh and in varh", "parts that count the same thing"
    return "", ""


def _is_beyond_tables(factors: Mapping[str, Fraction], meters: Mapping[str, Meter]) -> bool:
    """Whether a quarter hour at full power would be more micro-watt-hours than 64 bits hold."""
    most_kw = sum(abs(float(factor)) * meters[meter].max_power_kw for meter, factor in factors.items())
    return most_kw * UWH_PER_KWH / 2 >= 2.0**63


def _is_its_own_ancestor(meter: Meter, meters: dict[str, Meter]) -> bool:
    seen = {meter.id}
    parent = meter.parent
    while parent is not None and parent in meters:
        if parent in seen:
            return parent == meter.id
        seen.add(parent)
        parent = meters[parent].parent
    return False
