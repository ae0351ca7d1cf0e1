"""A plant that can be worked by hand: a flat load, a furnace of 10 kW idle and 110 kW at work, a tariff of 10 EUR a kilowatt and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from billing.tariff import Tariff, load_tariff
from domain.effects import Effect
from domain.intervals import QUARTER
from domain.job_power import JobPower
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.recommendations import JobPlace, Places, Recommendation, RecommendationStatus
from effects.draws import Ran
from effects.moved import moved, others_on, owed
from effects.records import effects_of
from effects.series import Powers
from effects.undoing import chance_kw
from quarters.numbers import slot_of
from tests.advised import advice_for

SITE = "works"
MIDNIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
"""Monday 2 March 2026 in Berlin; places are quarter hours after it."""
FIRST = slot_of(MIDNIGHT)
DAYS = 3
JOB_KW, IDLE_KW, LENGTH = 100.0, 10.0, 4
HEAD = """
id = "t"
version = "1"
source = "a test"
valid_from = 2026-01-01
valid_to = 2027-01-01
currency = "EUR"
timezone = "Europe/Berlin"
"""
MONTHLY = """
[[demand]]
id = "power"
quantity = "kW"
interval_min = 15
reset = "month"
price = "10.00 EUR/kW/month"
"""
RATCHET = MONTHLY + "ratchet = { percent = 80, months = 11 }\n"


def tariff(folder: Path, body: str = MONTHLY) -> Tariff:
    """A price sheet of `body`."""
    (folder / "tariff.toml").write_text(HEAD + body, encoding="utf-8")
    return load_tariff(folder / "tariff.toml")


def plant(machines: Sequence[str] = ("furnace", "oven"), **site: Any) -> Plant:
    """A plant billed by the month."""
    counter = {"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 30, "resolution": 1}
    return Plant.model_validate({
        "site": {
            "id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main",
            "demand_period": "month", **site,
        },
        "meter": [
            {"id": "main", "max_power_kw": 1000, "register": [counter]},
            *({"id": name, "parent": "main", "max_power_kw": 300, "register": [counter]} for name in machines),
        ],
        "machine": [{"id": name, "meter": name, "rated_kw": 160, "standby_kw": 5} for name in machines],
    })  # fmt: skip


def at(place: int) -> datetime:
    """Start of the quarter hour `place` after `MIDNIGHT`."""
    return MIDNIGHT + place * QUARTER


def order(job: str, place: int, machine: str = "furnace", quarters: int = LENGTH, **changes: Any) -> Order:
    """A job that has run from `place` on."""
    fields: dict[str, Any] = {"status": OrderStatus.DONE, "revision": 3, "quarters": quarters, **changes}
    return Order(
        site=SITE, job=job, machine=machine, product="rings", start_utc=at(place), profile_kw=(), earliest_utc=at(0), due_utc=at(9000),
        movable=True, at_utc=at(0), **fields,
    )  # fmt: skip


def advised(job: str, old: int, new: int, machine: str = "furnace", name: str = "", **changes: Any) -> Recommendation:
    """Accepted advice to start `job` at `new` in place of `old`, whose first quarter hour is the peak."""
    planned = order(job, old, machine)
    place = [Places((JobPlace(job, machine, at(start), at(start + LENGTH)),)) for start in (old, new)]
    fields: dict[str, Any] = {
        "status": RecommendationStatus.CARRIED_OUT, "before": place[0], "after": place[1], "reduction_kw": 50, "saving_eur": 500.0, **changes,
    }  # fmt: skip
    return advice_for(planned, at(new), name or f"r-{job}", **fields)


@dataclass
class Works:
    """What was measured: the load without the machines, and where their jobs ran."""

    jobs: Sequence[Order]
    base_kw: float = 200.0
    days: int = DAYS
    bumps: Mapping[int, float] = field(default_factory=dict)
    """Place -> the load there in place of `base_kw` [kW]."""
    gaps: Sequence[int] = ()
    doubts: Sequence[int] = ()
    machine_gaps: Sequence[int] = ()
    powers: Sequence[JobPower] = ()

    def machine(self, name: str) -> Powers:
        """Quarter hours of a machine's meter."""
        kw = np.full(96 * self.days, IDLE_KW)
        for job in self.jobs:
            if job.machine == name:
                begin = slot_of(job.start_utc) - FIRST
                kw[begin : begin + job.duration_quarters] += JOB_KW
        kw[list(self.machine_gaps)] = np.nan
        return Powers(FIRST, kw, np.zeros(len(kw), np.bool_))

    def main(self) -> Powers:
        """Quarter hours of the billing meter: `base_kw` holds the idle machines."""
        kw = np.full(96 * self.days, self.base_kw)
        for place, power_kw in self.bumps.items():
            kw[place] = power_kw
        for job in self.jobs:
            begin = slot_of(job.start_utc) - FIRST
            kw[begin : begin + job.duration_quarters] += JOB_KW
        kw[list(self.gaps)] = np.nan
        doubt = np.zeros(len(kw), np.bool_)
        doubt[list(self.doubts)] = True
        return Powers(FIRST, kw, doubt)

    def effects(
        self, price: Tariff | None, *accepted: Recommendation, site: Plant | None = None, is_over: bool = False
    ) -> dict[str, Effect]:
        """Effects by the recommendation."""
        orders = {job.job: job for job in self.jobs}
        powers = {power.key: power for power in self.powers}
        main = self.main()

        def ran(job: str) -> Ran:
            known = orders.get(job)
            if known is None:
                return Ran(None, main.end_slot, None)
            return Ran(known, main.end_slot, self.machine(known.machine), others_on(known.machine, job, orders), IDLE_KW)

        moves = [moved(one, ran, powers, chance_kw(main)) for one in owed(accepted)]
        found = effects_of(site or plant(), price, main, moves, at(96 * self.days), is_over)
        return {effect.recommendation: effect for effect in found}
