"""Small plants with shifts, crews and changeovers, and any orders: what live planning must cope with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from small_works import NOW, SITE, forecast, interval, order, works

from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus, OtherMachine, Predecessor, Workers
from domain.plant import Plant
from quarters.series import QuarterSeries
from scheduling.state import AdviceState, Notes

MACHINES = ("furnace-1", "furnace-2", "saw")
CREWS = [
    {"id": "red", "workers": {"setter": 2}, "wage_eur_per_hour": 30.0},
    {"id": "blue", "workers": {"setter": 2}, "wage_eur_per_hour": 32.0},
]
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def shift(name: str, begins: str, ends: str, days: list[str], **more: Any) -> dict[str, Any]:
    return {"id": name, "days": days, "from": begins, "to": ends, **more}


def planned_works(
    *,
    staffed: bool = True,
    people: bool = True,
    extra: bool = True,
    changeover_min: int = 0,
    may_move_min: int = 0,
    more: Any = None,
    **planning: Any,
) -> Plant:
    """Two furnaces and a saw: early and late shift on working days, an optional one on Saturday (`extra`), all with crews of setters (`people`)."""
    crews = {"crews": ["red", "blue"]} if people else {}
    shifts = [
        shift("early", "06:00", "14:00", WORKDAYS, may_move_min=may_move_min, **({"crews": ["red"]} if people else {})),
        shift("late", "14:00", "22:00", WORKDAYS, may_move_min=may_move_min, **({"crews": ["blue"]} if people else {})),
    ]
    if extra:
        shifts.append(shift("saturday", "06:00", "14:00", ["sat"], optional=True, **crews))
    mine = [one["id"] for one in shifts] if staffed else []
    names = ["furnace-1", "furnace-2"]
    changeovers = [
        {"machine": name, "from": a, "to": b, "minutes": changeover_min} for name in names for a, b in (("gear", "shaft"), ("shaft", "gear"))
    ]  # fmt: skip
    return works(
        more={
            "shift": shifts, "crew": CREWS if people else [], "changeover": changeovers if changeover_min else [], "planning": planning,
            "machine": [{"id": name, "meter": "f1", "rated_kw": 150, "shifts": mine} for name in names]
            + [{"id": "saw", "meter": "f2", "rated_kw": 150}],
            **(more or {}),
        },
        target_kw=None,
    )  # fmt: skip


def state_of(orders: list[Order], now: datetime = NOW, days: int = 40, base_kw: float = 400.0) -> AdviceState:
    """What the advice knows after some weeks of flat load."""
    known = QuarterSeries()
    for back in range(96 * days, 0, -1):
        known.put(interval(now - back * QUARTER, base_kw + back % 7))
    return AdviceState(Notes(clocks={"forecast": now, "demand": now}, orders={one.job: one for one in orders}), known)


@st.composite
def plants(draw: st.DrawFn) -> Plant:
    """Any of these plants."""
    return planned_works(
        staffed=draw(st.booleans()), people=draw(st.booleans()), extra=draw(st.booleans()), changeover_min=draw(st.sampled_from([0, 30])),
        may_move_min=draw(st.sampled_from([0, 60, 240])),
        shift_notice_h=draw(st.sampled_from([0.0, 24.0])), eur_per_moved_job=draw(st.sampled_from([0.0, 25.0])),
        tardiness_eur_per_hour=draw(st.sampled_from([None, 40.0])),
        more={"shutdown": [{"from": (NOW + timedelta(days=1)).date(), "to": (NOW + timedelta(days=1)).date()}]} if draw(st.booleans()) else None,
    )  # fmt: skip


@st.composite
def order_books(draw: st.DrawFn) -> list[Order]:
    """Any orders, also such as break the plant's rules: at once on a machine, outside of its shifts, before their predecessors."""
    found: list[Order] = []
    for number in range(draw(st.integers(0, 7))):
        length = draw(st.integers(1, 8))
        power = draw(st.sampled_from([0.0, 20.0, 60.0, 140.0]))
        machine = draw(st.sampled_from(MACHINES))
        start = draw(st.integers(-6, 100))
        others = [name for name in MACHINES if name != machine and draw(st.booleans())]
        known = draw(st.integers(0, 5)) > 0
        earliest = draw(st.integers(-10, start + 4))
        found.append(
            order(
                f"J{number}", machine, start, (power,) * length if known else (), earliest, draw(st.integers(start, start + 100)),
                quarters=length, movable=draw(st.integers(0, 4)) > 0, family=draw(st.sampled_from(["gear", "shaft"])),
                status=OrderStatus.RUNNING if -length < start < 0 and draw(st.booleans()) else OrderStatus.PLANNED,
                other_machines=tuple(OtherMachine(name, length, (power,) * length if draw(st.booleans()) else ()) for name in others),
                workers=(Workers("setter", 1),) if draw(st.booleans()) else (),
                predecessors=(Predecessor(draw(st.sampled_from([one.job for one in found])), 15),) if found and draw(st.booleans()) else (),
            )
        )  # fmt: skip
    return found


__all__ = ["MACHINES", "NOW", "SITE", "forecast", "order", "order_books", "planned_works", "plants", "state_of"]
