"""`[[energy]]`: a price of each kilowatt-hour, fixed or by the spot market: by prices in a file, or published for a zone.

The day-ahead market (SDAC) makes a price for each quarter hour since delivery on 1 October 2025, and made one for each hour before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import ClassVar, Literal, Self, cast

import numpy as np

from billing.component import MINUTE, Basis, Component, priced, read_common, too_coarse
from billing.frame import Frame
from billing.lacks import Lack
from billing.lines import BillLine
from billing.load import LoadProfile
from billing.money import ENERGY_UNITS, Price
from billing.published import PublishedPrices
from billing.reading import Table
from billing.sheet import Sheet
from billing.spot import SpotPrices, read_spot
from billing.sums import Flags, Numbers, exact_sum
from domain.clock import EPOCH
from domain.errors import Fault, InputFaults
from quarters.profiles.day_prices import HOUR_MIN, QUARTER_MIN

Product = Literal["quarter_hour", "hour"]
"""Which index is billed: the price of each quarter hour, or of each hour, the mean of its four."""
_RESOLUTION: Mapping[Product, timedelta] = {"quarter_hour": timedelta(minutes=QUARTER_MIN), "hour": timedelta(minutes=HOUR_MIN)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """``factor`` x day-ahead price + ``adder_eur_per_kwh``.

    Attributes
    ----------
    prices
        What is known: of the file and, where a zone is named, what was published for it.
    filed
        Of the file alone; they stand before what was published.
    zone
        Bidding zone whose published prices count; None: none do.
    product
        Which of the published prices.
    """

    prices: SpotPrices
    filed: SpotPrices
    zone: str | None
    product: Product
    factor: Fraction
    adder_eur_per_kwh: Fraction

    def eur_per_kwh(self, instant_utc: datetime) -> Fraction | None:
        """What a kWh costs at `instant_utc`; None where its day-ahead price is not known."""
        price = self.prices.at(instant_utc)
        return None if price is None else self.factor * price / 1000 + self.adder_eur_per_kwh

    def with_published(self, published: PublishedPrices) -> Spot:
        """The same with the published prices of its zone; unchanged where it names none."""
        if self.zone is None:
            return self
        of_zone = published.of_hours(self.zone) if self.product == "hour" else published.of_quarters(self.zone)
        prices = SpotPrices(self.filed.path, _RESOLUTION[self.product], dict(of_zone))
        return replace(self, prices=prices.overruled_by(self.filed))


@dataclass(frozen=True, slots=True)
class _Prices:
    """Day-ahead prices on a frame of `n` intervals: which have one, shape ``(n,)``, and which [EUR/MWh x scale], whole numbers, shape ``(n,)``."""

    known: Flags
    scaled: Numbers
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyCharge(Component):
    """A price of each kWh: one of `price` and `spot`."""

    kind: ClassVar[str] = "energy"
    bill_order: ClassVar[int] = 10

    price: Price | None = None
    spot: Spot | None = None

    @classmethod
    def read(cls, table: Table, sheet: Sheet) -> Self | None:
        common = read_common(table, sheet)
        spot = _read_spot(table, sheet) if table.has("spot") else None
        price = table.price("price", ENERGY_UNITS, required=not table.has("spot"))
        if table.has("spot") and table.has("price"):
            table.wrong("spot", "price and spot", "one of the two")
        table.finish()
        return None if price is None and spot is None else cls(**common, price=price, spot=spot)

    @property
    def zones(self) -> tuple[str, ...]:
        return () if self.spot is None or self.spot.zone is None else (self.spot.zone,)

    def with_published(self, prices: PublishedPrices) -> Self:
        return self if self.spot is None or self.spot.zone is None else replace(self, spot=self.spot.with_published(prices))

    def load_faults(self, load: LoadProfile, file: str) -> Iterator[Fault]:
        if self.spot is not None:
            spot_min = self.spot.prices.resolution // MINUTE
            yield from too_coarse(file, f"energy {self.id!r}: spot prices every {spot_min} minutes", load, spot_min)

    def lines(self, on: Basis) -> Iterator[BillLine]:
        """One line a month."""
        frame, mask = on.frame, self.mask(on.frame)
        prices = None if self.spot is None else _prices_on(self.spot.prices, frame)
        for month in self.months(frame):
            label = frame.month_label(month)
            if self.price is not None:
                kwh = on.rounding.energy(on.measured.kwh(month, mask))
                yield priced(self, "energy", kwh, "kWh", self.price.eur, label, on.rounding)
            elif prices is not None:
                yield self._spot_line(on, prices, prices.known if mask is None else prices.known & mask, month, label)

    def _spot_line(self, on: Basis, prices: _Prices, chosen: Flags, month: int, label: str) -> BillLine:
        """Sum of each interval's energy at its own price; where there is no price, neither counts."""
        assert self.spot is not None
        measured, span = on.measured, on.frame.span(month)
        imported, cost = measured.imported[span][chosen[span]], prices.scaled[span][chosen[span]]
        kwh = Fraction(exact_sum(imported), measured.per_kwh)
        money = sum((power * price for power, price in zip(imported.tolist(), cost.tolist(), strict=True) if power), 0)
        spot_eur = Fraction(money, prices.scale * 1000 * measured.per_kwh)
        amount = on.rounding.amount(self.spot.factor * spot_eur + self.spot.adder_eur_per_kwh * kwh)
        return BillLine(self.id, "energy", on.rounding.energy(kwh), "kWh", None, amount, label)

    def without_price(self, frame: Frame) -> Flags | None:
        if self.spot is None:
            return None
        billed = np.zeros(frame.size, dtype=np.bool_)
        for month in self.months(frame):
            billed[frame.span(month)] = True
        mask = self.mask(frame)
        unknown: Flags = billed & ~_prices_on(self.spot.prices, frame).known
        return unknown if mask is None else unknown & mask

    def lack_at(self, local: Sequence[datetime]) -> Lack | None:
        missing = self.spot is not None and any(None in self.marginal_prices(start) for start in local)
        return Lack.SPOT if missing else None

    def marginal_prices(self, local: datetime) -> tuple[Fraction | None, ...]:
        if not self.holds_at(local):
            return ()
        if self.price is not None:
            return (self.price.eur,)
        return () if self.spot is None else (self.spot.eur_per_kwh(local.astimezone(UTC)),)

    def notes(self, channels: frozenset[str], now_utc: datetime) -> Iterator[str]:
        known = self.spot.prices.eur_per_mwh if self.spot is not None else None
        if self.spot is not None and self.spot.zone is not None:
            yield (
                f"energy {self.id!r}: spot prices of the zone {self.spot.zone} are those of the topic energy.prices.v1; energy that moves where"
                " none is known is not priced"
            )
            return
        if known is None or (known and max(known) > now_utc):
            return
        until = f"end {max(known):%Y-%m-%dT%H:%MZ}" if known else "are none"
        yield f"energy {self.id!r}: the known spot prices {until}; energy that moves where none is known is not priced"


def _read_spot(table: Table, sheet: Sheet) -> Spot | None:
    inner = table.table("spot")
    if inner is None:
        return None
    file = inner.text("file", required=not inner.has("zone"))
    zone = inner.text("zone")
    product = cast(Product, inner.choice("product", tuple(_RESOLUTION), default="quarter_hour"))
    if inner.has("product") and not inner.has("zone"):
        inner.wrong("product", "no zone", "a zone with product: the prices of a file are billed as they are")
    factor = inner.number("factor", default=Fraction(1))
    adder = inner.price("adder", ENERGY_UNITS)
    inner.finish()
    if not (file or zone):
        return None
    filed = SpotPrices(sheet.source.path, _RESOLUTION[product], {})
    if file:
        try:
            filed = read_spot(sheet.source.path.parent / file, sheet.zone)
        except InputFaults as faults:
            sheet.source.faults += faults.faults
            return None
    one = Fraction(1) if factor is None else factor
    return Spot(
        prices=filed,
        filed=filed,
        zone=zone or None,
        product=product,
        factor=one,
        adder_eur_per_kwh=adder.eur if adder else Fraction(0),
    )


@lru_cache(maxsize=16)
def _prices_on(prices: SpotPrices, frame: Frame) -> _Prices:
    scale = lcm(*{value.denominator for value in prices.eur_per_mwh.values()})
    known = np.zeros(frame.size, dtype=np.bool_)
    scaled = np.zeros(frame.size, dtype=object)
    per_price = prices.resolution // frame.resolution
    first = frame.from_utc - (frame.from_utc - EPOCH) % prices.resolution
    steps = -(-(frame.to_utc - first) // prices.resolution)
    for step in range(steps):
        value = prices.eur_per_mwh.get(first + step * prices.resolution)
        if value is not None:
            begin = (first - frame.from_utc) // frame.resolution + step * per_price
            span = slice(max(begin, 0), min(begin + per_price, frame.size))
            known[span] = True
            scaled[span] = int(value * scale)
    return _Prices(known, scaled, scale)
