"""A small plant with shifts, noise and furnace jobs: a seeded generator of its loads, independent of the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from domain.calendars import is_holiday
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from quarters.numbers import quarter_starts

BERLIN = ZoneInfo("Europe/Berlin")
PLANT = Plant.model_validate(
    {
        "site": {
            "id": "werk",
            "timezone": "Europe/Berlin",
            "commissioned_utc": "2026-01-01T00:00:00Z",
            "holiday_region": "DE-BW",
            "target_kw": 400,
        },
        "meter": [{"id": "grid", "max_power_kw": 900}],
        "shift": [
            {"id": "early", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "14:00"},
            {"id": "late", "days": ["mon", "tue", "wed", "thu"], "from": "14:00", "to": "22:00"},
        ],
    }
)
BATCH_KW = (90.0, 120.0, 110.0, 80.0, 60.0, 60.0, 50.0, 40.0)


def interval(
    start_utc: datetime, power_kw: float | None, origin: IntervalOrigin = IntervalOrigin.METERING, revision: int = 0
) -> Interval:
    """A quarter hour of the grid meter."""
    known = power_kw is not None
    return Interval(
        site="werk",
        meter="grid",
        channel="energy_import",
        start_utc=start_utc,
        energy_uwh=round(power_kw / 4 * 1e9) if power_kw is not None else None,
        coverage=1.0 if known else 0.0,
        quality=IntervalQuality.MEASURED if known else IntervalQuality.MISSING,
        method=IntervalMethod.REGISTER if known else IntervalMethod.NONE,
        revision=revision,
        origin=origin,
    )


@dataclass(frozen=True)
class SmallPlant:
    """Base load, two shifts by local clock, a warm day-to-day drift, and two furnace batches a shift that wander by two hours."""

    seed: int = 1

    def orders(self, first: date, last: date) -> list[Order]:
        """Batches of the days ``first .. last``, planned two days ahead."""
        return [order for n in range((last - first).days + 1) for order in self._orders_of(first + timedelta(days=n))]

    def loads(self, from_utc: datetime, to_utc: datetime, moved: dict[str, datetime] | None = None) -> dict[datetime, float]:
        """Load [kW] of each quarter hour; `moved` jobs run from another start."""
        first, last = (at.astimezone(BERLIN).date() for at in (from_utc, to_utc))
        random = Random(f"noise {self.seed} {from_utc}")
        loads: dict[datetime, float] = {}
        drift = 0.0
        for start_utc in quarter_starts(from_utc, to_utc):
            local = start_utc.astimezone(BERLIN)
            drift = 0.97 * drift + random.gauss(0, 2)
            rest = is_holiday(local.date(), PLANT.site) or local.weekday() > 4
            until = 22 if local.weekday() < 4 else 14
            working = not rest and 6 <= local.hour < until
            loads[start_utc] = 60 + (150 + 20 * (local.hour % 3) if working else 0) + drift + random.gauss(0, 4)
        for order in self.orders(first - timedelta(days=1), last):
            begin = (moved or {}).get(order.job, order.start_utc)
            for number, kw in enumerate(order.profile_kw):
                at = begin + number * QUARTER
                if at in loads:
                    loads[at] += kw
        return {at: max(round(kw, 3), 0.0) for at, kw in loads.items()}

    def _orders_of(self, day: date) -> list[Order]:
        if day.weekday() > 4 or is_holiday(day, PLANT.site):
            return []
        random = Random(f"plan {self.seed} {day}")
        midnight = datetime.combine(day, time(0), tzinfo=BERLIN).astimezone(UTC)
        begins = [6 * 4 + random.randint(0, 8), 10 * 4 + random.randint(0, 7)]
        begins += [14 * 4 + random.randint(0, 8), 18 * 4 + random.randint(0, 7)] if day.weekday() < 4 else []
        return [
            self.order(f"{day}-{n}", midnight + begin * QUARTER, midnight - timedelta(days=2)) for n, begin in enumerate(begins)
        ]

    @staticmethod
    def order(
        job: str, start_utc: datetime, at_utc: datetime, revision: int = 1, status: OrderStatus = OrderStatus.PLANNED
    ) -> Order:
        """A furnace batch."""
        day = timedelta(days=1)
        return Order(
            "werk", job, revision, "oven", "gear", start_utc, BATCH_KW, start_utc - day, start_utc + day, True, status, at_utc
        )


def stream(
    from_utc: datetime, to_utc: datetime, live_utc: datetime, seed: int = 1, with_orders: bool = True, live_every: int = 1
) -> list[Interval | Order]:
    """Records of a `SmallPlant` in the order they would come: orders when planned, history imported before `live_utc`."""
    plant = SmallPlant(seed)
    found: list[tuple[datetime, int, Interval | Order]] = []
    for number, (start_utc, kw) in enumerate(plant.loads(from_utc, to_utc).items()):
        live = start_utc >= live_utc and number % live_every == 0
        origin = IntervalOrigin.METERING if live else IntervalOrigin.IMPORT
        found.append((start_utc + QUARTER, 1, interval(start_utc, kw, origin)))
    if with_orders:
        first, last = (at.astimezone(BERLIN).date() for at in (from_utc, to_utc))
        found += [(order.at_utc, 0, order) for order in plant.orders(first, last + timedelta(days=2)) if order.at_utc < to_utc]
    return [record for _, _, record in sorted(found, key=lambda item: item[:2])]
