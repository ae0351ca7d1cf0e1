"""The tariff: what a price sheet says, typed and checked whole.

In: a TOML file. Out: a frozen `Tariff`, or every fault at once. Prices are exact fractions of EUR.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast
from zoneinfo import ZoneInfo

from billing import checks
from billing.money import ENERGY_UNITS, FIXED_UNITS, REACTIVE_UNITS, PowerMode, Price, demand_units, square_root
from billing.reading import MISSING, Source, Table
from billing.spot import SpotPrices, read_spot
from domain.errors import InputFaults
from domain.regions import region_fault
from domain.toml_files import key_lines, read_toml

Quantity = Literal["kW", "kVA"]
Reset = Literal["month", "year", "season"]
DAY_CLASSES = ("workday", "saturday", "sunday", "holiday")


@dataclass(frozen=True, slots=True)
class Season:
    """Months in order from the first one."""

    id: str
    months: tuple[int, ...]

    def begins_in(self, year: int, month: int) -> int:
        """Year in which the season that holds `month` of `year` began."""
        place = self.months.index(month)
        turns = any(after < before for before, after in zip(self.months[:place], self.months[1 : place + 1], strict=True))
        return year - 1 if turns else year


@dataclass(frozen=True, slots=True)
class Band:
    """Local clock ``[from_min, to_min)`` on days of some classes, in some months."""

    days: tuple[str, ...]
    from_min: int
    to_min: int
    season: str | None = None
    months: tuple[int, ...] = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Calendar:
    """When something holds: bands that do not overlap."""

    id: str
    bands: tuple[Band, ...]
    holidays: str | None
    extra_holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What all components have; valid in ``[valid_from, valid_to)``."""

    id: str
    valid_from: date
    valid_to: date
    inside: str | None = None
    outside: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """``factor`` x day-ahead price + ``adder_eur_per_kwh``."""

    prices: SpotPrices
    factor: Fraction
    adder_eur_per_kwh: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy(Component):
    """Price of each kWh: fixed or by the spot market."""

    price: Price | None = None
    spot: Spot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Price of kWh below `up_to_kwh` of the year; None: of all others."""

    up_to_kwh: Fraction | None
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy(Component):
    """A levy on each kWh, flat or in tiers of the calendar year."""

    price: Price | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePair:
    """A demand price with the energy price that belongs to it."""

    demand: Price
    energy: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageHours:
    """Two price pairs, told apart by kWh / billed kW."""

    threshold_h: Fraction
    below: PricePair
    from_threshold: PricePair


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """At least `percent` of the highest measured maximum of the `months` months before."""

    percent: Fraction
    months: int
    season: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Atypical:
    """Sec. 19(2) sentence 1 StromNEV."""

    floor_percent: Fraction
    min_distance_percent: Fraction
    min_distance: Fraction
    min_saving_eur: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(Component):
    """A charge on the highest means of the load."""

    quantity: Quantity
    interval_min: int
    reset: Reset
    sliding_step_min: int | None = None
    """None: blocks."""
    highest: int = 1
    per_day: bool = False
    price: Price | None = None
    usage_hours: UsageHours | None = None
    monthly_instalments: bool = False
    history: dict[str, Fraction] = field(default_factory=dict)
    """``YYYY-MM`` -> maximum from before the billed period."""
    ratchet: Ratchet | None = None
    minimum: Fraction | None = None
    contracted: Fraction | None = None
    excess_price: Price | None = None
    atypical: Atypical | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactive(Component):
    """A charge on reactive energy above a free share of the active energy."""

    inductive: bool
    free_kvarh_per_kwh: Fraction
    settle: Literal["month", "interval"]
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Component):
    """A standing charge."""

    price: Price


@dataclass(frozen=True, slots=True)
class Rounding:
    """Amounts always; powers and energies where decimals are given."""

    amount_decimals: int = 2
    power_decimals: int | None = None
    power_mode: PowerMode = "half_up"
    energy_decimals: int | None = None


@dataclass(frozen=True, eq=False)
class Tariff:
    """A whole tariff. Equal only to itself, so that what is derived from it can be cached."""

    id: str
    version: str
    source: str
    valid_from: date
    valid_to: date
    timezone: str
    holidays: str | None
    vat_percent: Fraction
    bill_from: date | None
    bill_to: date | None
    rounding: Rounding
    seasons: tuple[Season, ...]
    calendars: tuple[Calendar, ...]
    energy: tuple[Energy, ...]
    demand: tuple[Demand, ...]
    reactive: tuple[Reactive, ...]
    fixed: tuple[Fixed, ...]
    levies: tuple[Levy, ...]
    path: Path

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its months, days and bands."""
        return ZoneInfo(self.timezone)

    def calendar(self, calendar_id: str) -> Calendar:
        """The calendar called so."""
        return next(calendar for calendar in self.calendars if calendar.id == calendar_id)

    def components(self) -> tuple[Component, ...]:
        """All of them."""
        return (*self.energy, *self.demand, *self.reactive, *self.fixed, *self.levies)


def load_tariff(path: Path) -> Tariff:
    """The tariff in `path`.

    Raises
    ------
    InputFaults
        Naming every fault: file, line, component, key, what was found, what is expected.
    """
    path = Path(path)
    text, document = read_toml(path, Decimal)
    source = Source(path, key_lines(text))
    tariff = _Reader(source, document).tariff()
    if tariff is None or source.faults:
        raise InputFaults(source.faults)
    return tariff


class _Reader:
    """Reads the tables in the order in which they refer to each other."""

    def __init__(self, source: Source, document: dict[str, object]) -> None:
        self.source = source
        self.top = Table(source, (), document, "")
        self.valid_from = self.top.day("valid_from", required=True, default=date(2000, 1, 1)) or date(2000, 1, 1)
        self.valid_to = self.top.day("valid_to", required=True, default=date(2100, 1, 1)) or date(2100, 1, 1)
        if self.valid_to <= self.valid_from:
            self.top.wrong("valid_to", self.valid_to, f"a date after valid_from, {self.valid_from}")
        self.zone = ZoneInfo(self._timezone())
        self.holidays_abroad = self.top.flag("holidays_abroad")
        self.holidays = self._holiday_code(self.top, "holidays", None)
        self.seasons = self._seasons()
        self.calendars = self._calendars()

    def tariff(self) -> Tariff | None:
        top = self.top
        texts = {key: top.text(key, required=True) for key in ("id", "version", "source")}
        top.choice("currency", ("EUR",), required=True)
        vat = top.number("vat_percent", default=Fraction(0), low=0) or Fraction(0)
        bill_from, bill_to = self._bill()
        rounding = self._rounding()
        energy = tuple(filter(None, (self._energy(t) for t in top.rows("energy", "energy"))))
        demand = tuple(filter(None, (self._demand(t) for t in top.rows("demand", "demand"))))
        reactive = tuple(filter(None, (self._reactive(t) for t in top.rows("reactive", "reactive"))))
        fixed = tuple(filter(None, (self._fixed(t) for t in top.rows("fixed", "fixed"))))
        levies = tuple(filter(None, (self._levy(t) for t in top.rows("levy", "levy"))))
        top.finish()
        tariff = Tariff(
            texts["id"], texts["version"], texts["source"], self.valid_from, self.valid_to, self.zone.key, self.holidays, vat,
            bill_from, bill_to, rounding, tuple(self.seasons.values()), tuple(self.calendars.values()),
            energy, demand, reactive, fixed, levies, self.source.path,
        )  # fmt: skip
        checks.check_versions(self.source, tariff)
        return tariff

    def _timezone(self) -> str:
        name = self.top.text("timezone", required=True, default="UTC")
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.top.wrong("timezone", name, "a name of the IANA time zone database such as Europe/Berlin")
            return "UTC"
        return name

    def _holiday_code(self, table: Table, key: str, default: str | None) -> str | None:
        code = table.text(key)
        if not code:
            return default
        expected = region_fault(code, self.zone.key, self.holidays_abroad, confirmed_by="holidays_abroad")
        if expected is not None:
            table.wrong(key, code, expected)
            return default
        return code

    def _bill(self) -> tuple[date | None, date | None]:
        table = self.top.table("bill")
        if table is None:
            return None, None
        first, end = table.day("from", required=True), table.day("to", required=True)
        table.finish()
        if first is not None and end is not None:
            if end <= first:
                table.wrong("to", end, f"a date after from, {first}")
            for key, day in (("from", first), ("to", end)):
                if not self.valid_from <= day <= self.valid_to:
                    table.wrong(key, day, f"a date within the tariff's validity, {self.valid_from} to {self.valid_to}")
        return first, end

    def _rounding(self) -> Rounding:
        table = self.top.table("rounding")
        if table is None:
            return Rounding()

        def decimals(key: str) -> int | None:
            return table.whole(key, default=0) if table.has(key) else None

        amount = decimals("amount_decimals")
        mode = table.choice("power_mode", ("half_up", "up", "down"), default="half_up")
        result = Rounding(
            2 if amount is None else amount, decimals("power_decimals"), cast(PowerMode, mode), decimals("energy_decimals")
        )
        table.finish()
        return result

    def _seasons(self) -> dict[str, Season]:
        seasons: dict[str, Season] = {}
        for table in self.top.rows("season", "season"):
            name = table.text("id", required=True)
            expected = "a list of months, 1 to 12, each once"
            months = table.raw("months", True, expected)
            table.finish()
            good = isinstance(months, list) and months and all(type(m) is int and 1 <= m <= 12 for m in months)
            if months is not MISSING and not (good and len(set(months)) == len(months)):
                table.wrong("months", months, expected)
                months = [1]
            if name in seasons:
                table.wrong("id", name, "an id that no other season has")
            seasons[name] = Season(name, tuple(months) if months is not MISSING else (1,))
        return seasons

    def _calendars(self) -> dict[str, Calendar]:
        calendars: dict[str, Calendar] = {}
        for table in self.top.rows("calendar", "calendar"):
            name = table.text("id", required=True)
            code = self._holiday_code(table, "holidays", self.holidays)
            extra = table.raw("extra_holidays", False, "a list of dates")
            extra = [] if extra is MISSING else extra
            if not isinstance(extra, list) or not all(type(day) is date for day in extra):
                table.wrong("extra_holidays", extra, "a list of dates such as [2026-12-24]")
                extra = []
            rows = table.rows("band", f"calendar {name!r} band")
            if not rows:
                table.wrong("band", MISSING, "at least one [[calendar.band]]")
            bands = [band for row in rows if (band := self._band(row)) is not None]
            table.finish()
            checks.check_bands(table, name, bands)
            if name in calendars:
                table.wrong("id", name, "an id that no other calendar has")
            calendars[name] = Calendar(name, tuple(bands), code, frozenset(extra))
        return calendars

    def _band(self, table: Table) -> Band | None:
        expected = f"a list of {', '.join(DAY_CLASSES)}, or all"
        days = table.raw("days", True, expected)
        good = isinstance(days, list) and days and all(day in (*DAY_CLASSES, "all") for day in days)
        if days is not MISSING and not good:
            table.wrong("days", days, expected)
        first, end = table.clock("from"), table.clock("to")
        season = self._season(table)
        table.finish()
        if not good or first is None or end is None:
            return None
        if end <= first:
            found = f"{table.data['from']} to {table.data['to']}"
            table.wrong("to", found, "from before to: a band does not cross midnight, write two bands")
            return None
        classes = DAY_CLASSES if "all" in days else tuple(dict.fromkeys(days))
        months = self.seasons[season].months if season else tuple(range(1, 13))
        return Band(classes, first, end, season, months)

    def _season(self, table: Table) -> str | None:
        name = table.text("season")
        if not name:
            return None
        if name not in self.seasons:
            table.wrong("season", name, f"one of the seasons {', '.join(self.seasons) or '(there are none)'}")
            return None
        return name

    def _common(self, table: Table, calendars: bool = True) -> tuple[str, date, date, str | None, str | None]:
        name = table.text("id", required=True)
        first = table.day("valid_from", default=self.valid_from) or self.valid_from
        end = table.day("valid_to", default=self.valid_to) or self.valid_to
        if end <= first:
            table.wrong("valid_to", end, f"a date after valid_from, {first}")
        for key, day in (("valid_from", first), ("valid_to", end)):
            if not self.valid_from <= day <= self.valid_to:
                table.wrong(key, day, f"a date within the tariff's validity, {self.valid_from} to {self.valid_to}")
        if not calendars:
            return name, first, end, None, None
        inside, outside = self._calendar(table, "inside"), self._calendar(table, "outside")
        if inside and outside:
            table.wrong("outside", outside, "inside or outside, not both")
        return name, first, end, inside, outside

    def _calendar(self, table: Table, key: str) -> str | None:
        name = table.text(key)
        if not name:
            return None
        if name not in self.calendars:
            table.wrong(key, name, f"one of the calendars {', '.join(self.calendars) or '(there are none)'}")
            return None
        return name

    def _energy(self, table: Table) -> Energy | None:
        name, first, end, inside, outside = self._common(table)
        spot = self._spot(table) if table.has("spot") else None
        price = table.price("price", ENERGY_UNITS, required=not table.has("spot"))
        if table.has("spot") and table.has("price"):
            table.wrong("spot", "price and spot", "one of the two")
        table.finish()
        if price is None and spot is None:
            return None
        return Energy(id=name, valid_from=first, valid_to=end, inside=inside, outside=outside, price=price, spot=spot)

    def _spot(self, table: Table) -> Spot | None:
        inner = table.table("spot")
        if inner is None:
            return None
        file = inner.text("file", required=True)
        factor = inner.number("factor", default=Fraction(1))
        adder = inner.price("adder", ENERGY_UNITS)
        inner.finish()
        if not file:
            return None
        try:
            prices = read_spot(self.source.path.parent / file, self.zone)
        except InputFaults as faults:
            self.source.faults += faults.faults
            return None
        one = Fraction(1) if factor is None else factor
        return Spot(prices=prices, factor=one, adder_eur_per_kwh=adder.eur if adder else Fraction(0))

    def _levy(self, table: Table) -> Levy | None:
        name, first, end, inside, outside = self._common(table)
        rows = table.rows("tiers", f"{table.name} tier") if table.has("tiers") else []
        price = table.price("price", ENERGY_UNITS, required=not table.has("tiers"))
        if table.has("tiers") and table.has("price"):
            table.wrong("tiers", "price and tiers", "one of the two")
        tiers: list[Tier] = []
        for index, row in enumerate(rows):
            last = index == len(rows) - 1
            limit = row.number("up_to_kwh", required=not last, low=0)
            tier_price = row.price("price", ENERGY_UNITS, required=True)
            row.finish()
            if last and limit is not None:
                row.wrong("up_to_kwh", limit, "a last tier without a limit")
            if limit is not None and tiers and tiers[-1].up_to_kwh is not None and limit <= tiers[-1].up_to_kwh:
                row.wrong("up_to_kwh", limit, "rising limits")
            if tier_price is not None:
                tiers.append(Tier(up_to_kwh=limit, price=tier_price))
        if table.has("tiers") and not rows:
            table.wrong("tiers", [], "at least one tier")
        table.finish()
        return Levy(id=name, valid_from=first, valid_to=end, inside=inside, outside=outside, price=price, tiers=tuple(tiers))

    def _fixed(self, table: Table) -> Fixed | None:
        name, first, end, _, _ = self._common(table, calendars=False)
        price = table.price("price", FIXED_UNITS, required=True)
        table.finish()
        return Fixed(id=name, valid_from=first, valid_to=end, price=price) if price else None

    def _reactive(self, table: Table) -> Reactive | None:
        name, first, end, inside, outside = self._common(table)
        direction = table.choice("direction", ("inductive", "capacitive"), required=True)
        settle = table.choice("settle", ("month", "interval"), required=True, default="month")
        price = table.price("price", REACTIVE_UNITS, required=True)
        free = self._free(table)
        table.finish()
        if price is None:
            return None
        return Reactive(
            id=name, valid_from=first, valid_to=end, inside=inside, outside=outside, inductive=direction == "inductive",
            free_kvarh_per_kwh=free, settle=cast(Literal["month", "interval"], settle), price=price,
        )  # fmt: skip

    def _free(self, table: Table) -> Fraction:
        inner = table.table("free")
        if inner is None:
            table.wrong(
                "free", MISSING, '{ kind = "share", value = 0.5 } or { kind = "cos_phi", value = 0.9 }: the key is required'
            )
            return Fraction(0)
        kind = inner.choice("kind", ("share", "cos_phi"), required=True)
        value = inner.number("value", required=True, low=0)
        inner.finish()
        if value is None:
            return Fraction(0)
        if kind == "cos_phi":
            if not 0 < value <= 1:
                inner.wrong("value", float(value), "a cos phi above 0, at most 1")
                return Fraction(0)
            return square_root(1 - value**2) / value
        return value

    def _demand(self, table: Table) -> Demand | None:
        name, first, end, inside, outside = self._common(table)
        quantity = cast(Quantity, table.choice("quantity", ("kW", "kVA"), required=True))
        reset = cast(Reset, table.choice("reset", ("month", "year", "season"), required=True))
        units = demand_units(quantity, reset)
        interval_min = table.whole("interval_min", required=True, default=15, choices=(15, 30, 60))
        step = self._method(table, interval_min)
        highest, per_day = self._statistic(table)
        pair = self._usage_hours(table, quantity) if table.has("usage_hours") else None
        price = table.price("price", units, required=not table.has("usage_hours"))
        instalments = table.choice("instalments", ("none", "monthly"), default="none")
        demand = Demand(
            id=name, valid_from=first, valid_to=end, inside=inside, outside=outside, quantity=quantity, interval_min=interval_min,
            reset=reset, sliding_step_min=step, highest=highest, per_day=per_day, price=price, usage_hours=pair,
            monthly_instalments=instalments == "monthly", history=self._history(table, quantity), ratchet=self._ratchet(table),
            minimum=table.quantity("minimum", quantity), contracted=table.quantity("contracted", quantity),
            excess_price=table.price("excess_price", units), atypical=self._atypical(table, quantity),
        )  # fmt: skip
        table.finish()
        checks.check_demand(table, demand)
        checks.check_band_edges(self.source, table, demand, self.calendars)
        return demand if price or pair else None

    def _method(self, table: Table, interval_min: int) -> int | None:
        sliding = table.choice("method", ("block", "sliding"), default="block") == "sliding"
        if not sliding:
            if table.has("step_min"):
                table.wrong("step_min", table.raw("step_min", False, ""), 'no step, or method = "sliding"')
            return None
        step = table.whole("step_min", required=True, default=interval_min, low=1)
        if interval_min % max(step, 1):
            table.wrong("step_min", step, f"a divisor of interval_min, {interval_min}")
        return step

    def _statistic(self, table: Table) -> tuple[int, bool]:
        mean = table.choice("statistic", ("max", "mean_of_highest"), default="max") == "mean_of_highest"
        if not mean:
            for key in ("highest", "per"):
                if table.has(key):
                    table.wrong(key, table.raw(key, False, ""), 'statistic = "mean_of_highest" with it')
            return 1, False
        highest = table.whole("highest", required=True, default=1, low=1)
        return highest, table.choice("per", ("interval", "day"), required=True) == "day"

    def _usage_hours(self, table: Table, quantity: Quantity) -> UsageHours | None:
        inner = table.table("usage_hours")
        if inner is None:
            return None
        threshold = inner.number("threshold_h", required=True, low=0)
        pairs = [self._pair(inner, key, quantity) for key in ("below", "from_threshold")]
        inner.finish()
        if table.has("price"):
            table.wrong("usage_hours", "price and usage_hours", "one of the two")
        if threshold is None or pairs[0] is None or pairs[1] is None:
            return None
        return UsageHours(threshold_h=threshold, below=pairs[0], from_threshold=pairs[1])

    @staticmethod
    def _pair(inner: Table, key: str, quantity: Quantity) -> PricePair | None:
        table = inner.table(key)
        if table is None:
            inner.wrong(key, MISSING, "{ demand = ..., energy = ... }: the key is required")
            return None
        demand = table.price("demand", demand_units(quantity, "year"), required=True)
        energy = table.price("energy", ENERGY_UNITS, required=True)
        table.finish()
        return PricePair(demand=demand, energy=energy) if demand and energy else None

    def _history(self, table: Table, quantity: Quantity) -> dict[str, Fraction]:
        inner = table.table("history")
        if inner is None:
            return {}
        history = {}
        for month in list(inner.data):
            if not checks.MONTH.match(month):
                inner.wrong(month, month, "a month such as 2026-03")
            value = inner.quantity(month, quantity)
            if value is not None:
                history[month] = value
        inner.finish()
        return history

    def _ratchet(self, table: Table) -> Ratchet | None:
        inner = table.table("ratchet")
        if inner is None:
            return None
        percent = inner.number("percent", required=True, low=0)
        months = inner.whole("months", required=True, default=1, low=1)
        season = self._season(inner)
        inner.finish()
        if percent is None:
            return None
        return Ratchet(percent=percent, months=months, season=self.seasons[season].months if season else None)

    def _atypical(self, table: Table, quantity: Quantity) -> Atypical | None:
        inner = table.table("atypical")
        if inner is None:
            return None
        floor = inner.number("floor_percent", required=True, low=0)
        percent = inner.number("min_distance_percent", required=True, low=0)
        distance = inner.quantity("min_distance", quantity, required=True)
        saving = inner.quantity("min_saving", "EUR", required=True)
        inner.finish()
        if floor is None or percent is None or distance is None or saving is None:
            return None
        return Atypical(floor_percent=floor, min_distance_percent=percent, min_distance=distance, min_saving_eur=saving)
