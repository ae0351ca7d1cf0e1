"""A works with two machines, whose loads a person can add up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from billing.tariff import load_tariff
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.prices import Prices
from domain.recommendations import Decision, DecisionKind
from quarters.numbers import quarter_start
from scheduling.step import AdviceStep

SITE = "works"
NOW = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
"""Friday 06:00 in Germany."""
TARIFF = """\
id = "t"
version = "2026-01-01"
valid_from = 2026-01-01
valid_to = 2027-01-01
source = "a test"
currency = "EUR"
timezone = "Europe/Berlin"
[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
reset = "year"
price = "100.00 EUR/kW/year"
[[energy]]
id = "supply"
price = "14.00 ct/kWh"
"""


def counter(channel="energy_import", unit="Wh"):
    return {"channel": channel, "kind": "counter", "unit": unit, "sampling_s": 5, "resolution": 1}


def works(reactive=(), more=None, **site):
    """Two furnaces, staffed Friday 06:00 to 14:00; target 500 kW, 450 kW billed.

    `reactive` names the grid meter's counters of reactive energy, `more` further tables of the plant file.
    """
    return Plant.model_validate(
        {
            "site": {
                "id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main",
                "target_kw": 500.0, "billed_peak_kw": 450.0, **site,
            },
            "meter": [
                {
                    "id": "main", "max_power_kw": 1000,
                    "register": [counter(), *(counter(channel, "varh") for channel in reactive)],
                },
                {"id": "f1", "parent": "main", "max_power_kw": 200},
                {"id": "f2", "parent": "main", "max_power_kw": 200},
            ],
            "shift": [{"id": "early", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "14:00"}],
            "machine": [
                {"id": "furnace-1", "name": "Ofen 1", "meter": "f1", "rated_kw": 150, "shifts": ["early"]},
                {"id": "furnace-2", "name": "Ofen 2", "meter": "f2", "rated_kw": 150, "shifts": ["early"]},
            ],
            **(more or {}),
        }
    )  # fmt: skip


def tariff(folder: Path, text: str = TARIFF):
    path = folder / "tariff.toml"
    path.write_text(text, encoding="utf-8")
    return load_tariff(path)


def order(job="A", machine="furnace-1", start=8, profile=(120.0, 120.0), earliest=0, due=32, **changes):
    """A job; times in quarter hours from `NOW`."""
    fields = {
        "site": SITE, "job": job, "revision": 1, "machine": machine, "product": "gear", "start_utc": NOW + start * QUARTER,
        "profile_kw": tuple(profile), "earliest_utc": NOW + earliest * QUARTER, "due_utc": NOW + due * QUARTER, "movable": True,
        "status": OrderStatus.PLANNED, "at_utc": NOW - timedelta(days=1), **changes,
    }  # fmt: skip
    return Order(**fields)


def forecast(orders=(), base=400.0, spread=0.0, issued=NOW, at=None, slots=192):
    """A flat base, the jobs on top, and what `at` adds to some quarter hours; q10 and q90 `spread` away."""
    loads = [base] * slots
    for job in orders:
        first = (job.start_utc - issued) // QUARTER
        for n, power in enumerate(job.profile_kw):
            if 0 <= first + n < slots:
                loads[first + n] += power
    for place, power in (at or {}).items():
        loads[place] += power
    low, high = tuple(x - spread for x in loads), tuple(x + spread for x in loads)
    return Forecast(SITE, issued, issued, low, tuple(loads), high, (), "test", issued, 192, 0.5)


def interval(start_utc, power_kw=400.0, revision=1, quality=IntervalQuality.MEASURED, channel="energy_import", **changes):
    missing = power_kw is None
    energy = None if missing else round(power_kw * 250_000_000)
    return Interval(
        SITE, "main", channel, start_utc, energy, 0.0 if missing else 1.0, IntervalQuality.MISSING if missing else quality,
        IntervalMethod.NONE if missing else IntervalMethod.REGISTER, revision, **{"origin": IntervalOrigin.METERING, **changes},
    )  # fmt: skip


def demand(at_utc, billed_peak_kw=450.0, billed_peak_utc=None):
    return Demand(
        SITE, "main", at_utc, quarter_start(at_utc), 0, 900, 0, 400, 400, 400, 390, 410, 500, 500, 100, billed_peak_kw, billed_peak_utc
    )  # fmt: skip


def texts_of(name, kind=DecisionKind.ACCEPTED, at_utc=NOW + timedelta(minutes=2)):
    return Decision(SITE, name, kind, "M. Adler", at_utc)


def two_furnaces():
    """Both begin at 08:00: 400 + 120 + 120 = 640 kW; one after the other 520 kW."""
    return order("A", "furnace-1"), order("B", "furnace-2", movable=False)


class Advised:
    """One advice step with its state and everything it has published; `price` None: without a tariff."""

    def __init__(self, folder: Path, *orders: Order, history=True, price=TARIFF, **site):
        self.step = AdviceStep(works(**site), None if price is None else tariff(folder, price))
        self.state = self.step.initial()
        self.heard = []
        for job in orders:
            self.take(job)
        if history:
            for n in range(96, 0, -1):
                self.take(interval(NOW - n * QUARTER))

    def take(self, record):
        """Give the step one record; what it says to it."""
        kinds = {
            Forecast: "forecast",
            Order: "order",
            Decision: "decision",
            Demand: "demand",
            Interval: "interval",
            Prices: "prices",
        }
        self.state, out = getattr(self.step, f"take_{kinds[type(record)]}")(self.state, record)
        self.heard += out
        return out
