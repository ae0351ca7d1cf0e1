"""What the loads of a plant can wait, from a full band: the table of `lastgang flexible show`."""

from __future__ import annotations

import math
from collections.abc import Iterator

from domain.flexible_loads import ChargePoint, FlexibleLoad
from domain.plant import Plant
from flexibility.physics import store_of

COLUMNS = ("load", "priority", "holds_kw", "at_least_min", "usually_min", "back_kwh")


def rows_of(plant: Plant) -> Iterator[tuple[str, ...]]:
    """A row a load: how much less it draws at full load, for how long at the most and the usual use, and what comes back after the first.

    A charge point waits as long as its vehicle can; that depends on the vehicle, so it has no time here.
    """
    for load in plant.flexible.loads():
        yield (load.id, str(load.priority), *_figures(load))


def _figures(load: FlexibleLoad) -> tuple[str, str, str, str]:
    store = store_of(load)
    if store is None:
        assert isinstance(load, ChargePoint)
        return f"{load.max_kw:.1f}", "-", "-", "-"
    most_h = min(store.hours_held(store.full_edge) - load.start_min / 60, (load.max_off_min or math.inf) / 60)
    usual = store.usual_use_per_h + store.held_use_per_h
    usual_h = min(store.hours_until(store.full_edge, store.waiting_edge, 0.0, usual), (load.max_off_min or math.inf) / 60)
    if most_h <= 0:
        return "0.0", "0.0", f"{usual_h * 60:.1f}", "0.00"
    after = store.after(store.full_edge, 0.0, usual, most_h) if math.isfinite(most_h) else store.waiting_edge
    back_kwh = (store.full_edge - after) / store.per_kwh
    # At the full edge a load draws what keeps it there: that is what a hold saves on the mean; a battery gives.
    holds_kw = -store.held_kw if store.held_kw < 0 else store.keeping_kw(store.full_edge, store.usual_use_per_h)
    return f"{holds_kw:.1f}", _minutes(most_h), _minutes(usual_h), f"{back_kwh:.2f}"


def _minutes(hours: float) -> str:
    return f"{hours * 60:.1f}" if math.isfinite(hours) else "-"
