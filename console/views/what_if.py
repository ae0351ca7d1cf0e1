"""What a job moved by hand would do; and the load with the advice carried out.

In: the scene.  Out: answers of `scheduling.what_if`, which is made once and asked many times: while somebody drags a job, only the job moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
from billing.tariff import Tariff
from console.views.scene import Scene
from domain.intervals import Interval
from domain.job_power import newest_powers, with_power
from domain.orders import Order
from domain.plant import plant_with_changes, planned_orders
from quarters.numbers import quarter_start, slot_start
from scheduling.prices_ahead import prices_ahead
from scheduling.what_if import Consequence, Known, WhatIf

YEAR = timedelta(days=366)
_Mark = tuple[object, ...]


class Supposing:
    """Keeps the answers' maker as long as it rests on the newest of everything.

    Parameters
    ----------
    tariff
        None where the plant has none: money is then unknown.
    """

    def __init__(self, tariff: Tariff | None = None) -> None:
        self._tariff = tariff
        self._mark: _Mark = ()
        self._kept: WhatIf | None = None

    def of(self, scene: Scene) -> WhatIf | None:
        """For the scene as it is; None while there is no forecast to suppose anything on."""
        forecast = scene.forecast()
        if forecast is None or not forecast.q50_kw:
            return None
        orders, advice, demand = scene.orders(), scene.recommendations(), scene.demand()
        prices = scene.ledger.prices() if self._tariff is not None and self._tariff.zones else []
        changes = scene.shift_changes()
        mark: _Mark = (
            forecast.issued_utc, quarter_start(scene.now_utc), tuple((o.job, o.revision) for o in orders),
            tuple((r.recommendation, r.revision) for r in advice), None if demand is None else demand.billed_peak_kw,
            tuple((p.first_start_utc, p.minutes, p.revision) for p in prices),
            tuple((c.shift, c.day_local, c.revision) for c in changes),
        )  # fmt: skip
        if mark != self._mark or self._kept is None:
            powers = newest_powers(scene.ledger.job_powers())
            known = Known(
                now_utc=scene.now_utc,
                forecast=forecast,
                orders={order.job: with_power(order, powers) for order in orders},
                orders_then={job: with_power(order, powers) for job, order in _orders_then(scene, forecast.issued_utc).items()},
                recommendations=tuple(advice),
                demand=demand,
                prices=tuple(prices_ahead(prices, scene.now_utc)),
                measured=partial(_measured, scene),
            )
            self._kept, self._mark = WhatIf(plant_with_changes(scene.plant, changes), self._tariff, known), mark
        return self._kept


def _orders_then(scene: Scene, issued_utc: datetime) -> Mapping[str, Order]:
    """The orders as the forecast knew them."""
    found = {order.job: order for order in planned_orders(scene.plant)}
    return found | {order.job: order for order in scene.ledger.orders(issued_utc)}


def _measured(scene: Scene) -> tuple[list[Interval], list[Interval], list[Interval]]:
    meter = scene.plant.billing_meter()
    channel = None if meter is None else meter.energy_channel()
    if meter is None or channel is None:
        return [], [], []
    begin = scene.now_utc - YEAR
    drawn, reactive_in, reactive_out = (
        scene.ledger.intervals(meter.id, name, begin, scene.now_utc) for name in (channel, REACTIVE_IMPORT, REACTIVE_EXPORT)
    )
    return drawn, reactive_in, reactive_out


def _maker(scene: Scene) -> WhatIf | None:
    return None if scene.supposes is None else scene.supposes.of(scene)


def what_if_view(scene: Scene, job: str, start_utc: datetime) -> Consequence | None:
    """What comes of `job` at `start_utc`; None where no such job with a start is known, or there is no forecast."""
    maker = _maker(scene)
    return None if maker is None else maker.moved(job, start_utc)


def advised_kw(scene: Scene) -> Mapping[datetime, float]:
    """The expected load with every open recommendation carried out, by quarter hour; empty where it changes nothing."""
    maker = _maker(scene)
    if maker is None:
        return {}
    after = maker.advised
    if (after.median_kw == maker.outlook.median_kw).all():
        return {}
    return {slot_start(after.first_slot + n): float(kw) for n, kw in enumerate(after.median_kw)}
