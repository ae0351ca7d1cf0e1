"""What every component of a tariff has, and the questions that it answers.

In: a table of the tariff file. Out: bill lines, and for bill, site, span, price and notes what holds of the component. A kind of component
is one file of `components/`; this module knows none of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import ClassVar, Self, TypedDict

from billing.calendars import Calendar
from billing.demand.price import DemandPrice, Window
from billing.frame import Frame
from billing.lacks import Lack
from billing.lines import BillLine
from billing.load import LoadProfile
from billing.measured import Measured
from billing.periods import Reset
from billing.published import PublishedPrices
from billing.reading import Place, Table
from billing.rounding import Rounding
from billing.sheet import Sheet
from billing.sums import Flags
from domain.errors import Fault

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Basis:
    """What lines are made from: a load in the billed period, and how the tariff rounds."""

    measured: Measured
    rounding: Rounding

    @property
    def frame(self) -> Frame:
        """The billed period."""
        return self.measured.frame


class Common(TypedDict):
    """What the tables of all components have."""

    id: str
    where: Place
    valid_from: date
    valid_to: date
    inside: Calendar | None
    outside: Calendar | None


def read_common(table: Table, sheet: Sheet, calendars: bool = True) -> Common:
    """The keys `id`, `valid_from`, `valid_to` and, with `calendars`, `inside` and `outside`."""
    name = table.text("id", required=True)
    first = table.day("valid_from", default=sheet.valid_from) or sheet.valid_from
    end = table.day("valid_to", default=sheet.valid_to) or sheet.valid_to
    if end <= first:
        table.wrong("valid_to", end, f"a date after valid_from, {first}")
    sheet.check_within(table, valid_from=first, valid_to=end)
    inside = sheet.calendar(table, "inside") if calendars else None
    outside = sheet.calendar(table, "outside") if calendars else None
    if inside and outside:
        table.wrong("outside", outside.id, "inside or outside, not both")
    return {"id": name, "where": table.where, "valid_from": first, "valid_to": end, "inside": inside, "outside": outside}


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(ABC):
    """One version of a component: valid on the local days ``[valid_from, valid_to)``, inside or outside a calendar if it names one.

    A subclass defines how it is read and which lines it makes. Every other method has a default that holds for most components.

    Attributes
    ----------
    kind
        The table ``[[kind]]`` of the tariff file.
    bill_order
        Its place among the kinds of component, in the bill and in the faults of a tariff file: lower first.
    bills_power
        Whether a higher load may cost money although it takes no more energy.
    is_surcharge
        Whether its price per kWh comes on top of another and is no price by itself.
    where
        Its table in the tariff file, for faults that only show beside other versions.
    """

    kind: ClassVar[str]
    bill_order: ClassVar[int]
    bills_power: ClassVar[bool] = False
    is_surcharge: ClassVar[bool] = False

    id: str
    where: Place
    valid_from: date
    valid_to: date
    inside: Calendar | None = None
    outside: Calendar | None = None

    @classmethod
    @abstractmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        """The component in `table`, checked whole; None where a fault that was kept leaves nothing to build."""

    @abstractmethod
    def lines(self, on: Basis) -> Iterator[BillLine]:
        """The lines of this version."""

    @classmethod
    def lines_of(cls, components: Sequence[Self], on: Basis) -> Iterator[BillLine]:
        """The lines of all components of this kind; for kinds in which a version counts on from the one before it."""
        for component in components:
            yield from component.lines(on)

    @property
    def settled_by(self) -> Reset:
        """The period that it is settled by: only with a new one may a version follow another."""
        return "month"

    def load_faults(self, load: LoadProfile, file: str) -> Iterator[Fault]:
        """What `load`, read from `file`, lacks for this component."""
        yield from ()

    def without_price(self, frame: Frame) -> Flags | None:
        """Intervals that it should price and for which no price is known, shape ``(n,)``; None where that cannot happen."""
        return None

    @property
    def needs_reactive(self) -> bool:
        """Whether its lines need reactive energy."""
        return False

    def lack(self, channels: frozenset[str]) -> Lack | None:
        """Why it has no price where quarter hours of active energy and of the reactive `channels` are measured; None where it has one."""
        return None

    def lack_at(self, local: Sequence[datetime]) -> Lack | None:
        """Why energy that moves in the quarter hours that begin at `local` cannot be priced; None where it can."""
        return None

    def marginal_prices(self, local: datetime) -> tuple[Fraction | None, ...]:
        """Prices of one more kWh at `local` [EUR/kWh]: none where it bills no energy, None in place of one that is not known."""
        return ()

    def inductive_terms(self, local: datetime) -> tuple[Fraction, Fraction] | None:
        """Free share of inductive reactive energy [kvarh/kWh] and price of each kvarh above it [EUR/kvarh] at `local`; None where it bills none."""
        return None

    @property
    def zones(self) -> tuple[str, ...]:
        """Bidding zones whose published day-ahead prices it bills by."""
        return ()

    def with_published(self, prices: PublishedPrices) -> Self:
        """The component, as it was read, with what `prices` state of its zones; itself where it names none."""
        return self

    def demand_price(self, day: date, windows: tuple[Window, ...]) -> DemandPrice | None:
        """The price of the highest load of the period that holds `day`; None where it bills no highest load.

        Parameters
        ----------
        windows
            Quarter hours in which a load counts.
        """
        return None

    def sunk_since(self, day: date) -> date | None:
        """First day of the period whose highest load is billed with `day`; None where it bills no highest load."""
        return None

    def billed_since(self, day: date) -> date:
        """First day whose load bears on what a load on `day` costs by it."""
        return date(day.year, 1, 1)

    def known_maxima_kw(self) -> Mapping[date, Fraction]:
        """Maxima [kW] that the file names as billed before, by the first day of their month."""
        return {}

    def notes(self, channels: frozenset[str], now_utc: datetime) -> Iterator[str]:
        """Sentences for `lastgang check-config` of what is no fault and should be known."""
        yield from ()

    @property
    def calendar(self) -> Calendar | None:
        """The calendar that it holds inside or outside of."""
        return self.inside or self.outside

    def holds_on(self, day: date) -> bool:
        """Whether this version is valid on a local day."""
        return self.valid_from <= day < self.valid_to

    def holds_at(self, local: datetime) -> bool:
        """Whether it bills a moment of the tariff's local clock: it is valid, and its calendar has that moment."""
        if not self.holds_on(local.date()):
            return False
        if self.inside is not None:
            return self.inside.holds_at(local)
        return self.outside is None or not self.outside.holds_at(local)

    def months(self, frame: Frame) -> list[int]:
        """Numbers of the months of a frame that this version bills."""
        return frame.months_within(self.valid_from, self.valid_to)

    def mask(self, frame: Frame) -> Flags | None:
        """Intervals that its calendar has, by their start, shape ``(n,)``; None where it names none."""
        if self.inside is not None:
            return frame.inside(self.inside)
        return None if self.outside is None else ~frame.inside(self.outside)


def priced(
    component: Component,
    kind: str,
    quantity: Fraction,
    unit: str,
    price_eur: Fraction,
    period: str,
    rounding: Rounding,
    cause: tuple[datetime, ...] = (),
    for_power: bool = False,
) -> BillLine:
    """A line of quantity times price [EUR per `unit`]."""
    amount = rounding.amount(quantity * price_eur)
    return BillLine(component.id, kind, quantity, unit, price_eur, amount, period, cause, for_power)


def too_coarse(file: str, what: str, load: LoadProfile, fits_min: int) -> Iterator[Fault]:
    """A fault where the intervals of `load` do not fit into `fits_min` minutes."""
    minutes = load.resolution // MINUTE
    if fits_min % minutes:
        yield Fault(file, None, what, f"a load of {minutes} minutes", f"a load that fits into {fits_min} minutes")


def no_reactive(file: str, what: str, load: LoadProfile, why: str = "") -> Iterator[Fault]:
    """A fault where `load` has no reactive power."""
    if load.reactive is None:
        yield Fault(file, 1, what, "no column reactive_kvar", f"a column reactive_kvar{why}")
