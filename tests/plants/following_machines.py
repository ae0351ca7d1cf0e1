"""Machines that do what the newest plan says: what their meters measure follows from the orders, whoever revised them."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from served_plant import BUILT_UTC, UWH_PER_KW_MS

from domain.clock import epoch_ms
from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from simulation.registers import Measured


class Works:
    """A base load and machines; each job draws the power of its product, above its machine's idle power, for as long as it takes.

    Parameters
    ----------
    job_kw
        Product -> what its jobs draw above idle.
    idle_kw
        Machine -> what it draws between jobs.
    base_kw
        What all else draws.
    """

    def __init__(self, job_kw: Mapping[str, float], idle_kw: Mapping[str, float], base_kw: float) -> None:
        self._job_kw, self._idle_kw, self._base_kw = dict(job_kw), dict(idle_kw), base_kw
        self._orders: dict[str, Order] = {}
        self._lock = threading.Lock()

    def take(self, order: Order) -> None:
        """Learn a revision of a job."""
        with self._lock:
            known = self._orders.get(order.job)
            if known is None or order.revision > known.revision:
                self._orders[order.job] = order

    def meter(self, machine: str | None = None) -> MachineMeter:
        """The meter of a machine; None: of the whole works."""
        return MachineMeter(self, machine)

    def at(self, machine: str | None, at_ms: int) -> tuple[float, int]:
        """Power [kW] and energy since the meter was built [µWh]."""
        since_ms = epoch_ms(BUILT_UTC)
        machines = list(self._idle_kw) if machine is None else [machine]
        even_kw = sum(self._idle_kw[one] for one in machines) + (self._base_kw if machine is None else 0.0)
        power_kw, kw_ms = even_kw, even_kw * (at_ms - since_ms)
        for order in self._jobs():
            if order.machine in machines:
                kw, begin, end = self._job_kw[order.product], epoch_ms(order.start_utc), epoch_ms(order.end_utc)
                power_kw += kw if begin <= at_ms < end else 0.0
                kw_ms += kw * max(min(end, at_ms) - begin, 0)
        return power_kw, round(kw_ms * UWH_PER_KW_MS)

    def _jobs(self) -> list[Order]:
        with self._lock:
            return [order for order in self._orders.values() if order.status is not OrderStatus.CANCELLED]

    def write_history(self, file: Path, machine: str | None, first_utc: datetime, end_utc: datetime) -> None:
        """The load profile of a meter, as a grid operator hands it out."""
        with file.open("w", newline="", encoding="utf-8") as target:
            rows = csv.writer(target)
            rows.writerow(("start_utc", "power_kw"))
            for start in _quarters(first_utc, end_utc):
                begin, end = (self.at(machine, epoch_ms(instant))[1] for instant in (start, start + QUARTER))
                rows.writerow((start.isoformat().replace("+00:00", "Z"), f"{(end - begin) / 1e9 * 4:.3f}"))


def _quarters(first_utc: datetime, end_utc: datetime) -> Iterator[datetime]:
    start = first_utc
    while start < end_utc:
        yield start
        start += timedelta(minutes=15)


class MachineMeter:
    """What a meter of the works measures."""

    def __init__(self, works: Works, machine: str | None) -> None:
        self._works, self._machine = works, machine

    def measured(self, at_ms: int) -> Measured:
        """Registers at an instant."""
        power_kw, uwh = self._works.at(self._machine, at_ms)
        return Measured(power_kw=power_kw, reactive_kvar=0.0, import_uwh=uwh, export_uwh=0, reactive_uvarh=0)
