"""A works with two machines that count good pieces and scrap: plant, counters, quarter hours, and days as a seed makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.quality import COUNTER_SOURCE, QualityEvent
from domain.readings import CONNECTION_CHANNEL, Reading
from domain.steps import Outputs, Records
from domain.topics import FINDINGS, INTERVALS, QUALITY
from domain.units import UWH_PER_KWH
from scrap.state import ScrapState
from scrap.step import Scrap

SITE = "works"
MONDAY = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
"""Six o'clock in Berlin."""
_REGISTER = {"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 30, "resolution": 1}


def plant(**more: Any) -> Plant:
    """Moulding machines 1 and 2 with meters of their own, a press without; two shifts."""
    control = {"scrap_channel": "scrap", "good_channel": "good", "rework_channel": "rework", "device": "plc"}
    return Plant.model_validate({
        "site": {"id": SITE, "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main"},
        "meter": [
            {"id": "main", "max_power_kw": 1000, "register": [_REGISTER]},
            {"id": "m1-meter", "parent": "main", "max_power_kw": 100, "register": [_REGISTER]},
            {"id": "m2-meter", "parent": "main", "max_power_kw": 100, "register": [_REGISTER]},
        ],
        "shift": [
            {"id": "early", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "06:00", "to": "14:00"},
            {"id": "late", "days": ["mon", "tue", "wed", "thu", "fri"], "from": "14:00", "to": "22:00"},
        ],
        "machine": [
            {"id": "m1", "meter": "m1-meter", "rated_kw": 60, "standby_kw": 3, "shifts": ["early", "late"], "control": control},
            {"id": "m2", "meter": "m2-meter", "rated_kw": 60, "standby_kw": 3, "shifts": ["early", "late"], "control": control},
            {"id": "hand-press", "meter": "main", "rated_kw": 20},
        ],
        **more,
    })  # fmt: skip


PLANT = plant()


def at(quarter: float) -> datetime:
    """The instant that many quarter hours after `MONDAY`."""
    return MONDAY + quarter * QUARTER


def made(
    quarter: float, quarters: float = 1, *, machine: str = "m1", good: int | None = None, scrap: int | None = None,
    rework: int | None = None, product: str = "housing", source: str = COUNTER_SOURCE, event: str = "", revision: int = 0,
    written: timedelta = timedelta(0), withdrawn: bool = False,
) -> QualityEvent:  # fmt: skip
    """Pieces made from `quarter` on; written `written` after their end."""
    end_utc = at(quarter + quarters)
    return QualityEvent(
        SITE, machine, event or f"{source}/{quarter}", revision, at(quarter), end_utc, end_utc + written, product, good=good, scrap=scrap,
        rework=rework, source=source, withdrawn=withdrawn,
    )  # fmt: skip


def interval(quarter: int, kw: float | None, meter: str = "m1-meter", revision: int = 1) -> Interval:
    """One measured quarter hour; None: missing."""
    quality = IntervalQuality.MISSING if kw is None else IntervalQuality.MEASURED
    method = IntervalMethod.NO_DATA if kw is None else IntervalMethod.REGISTER
    energy_uwh = None if kw is None else round(kw / 4 * UWH_PER_KWH)
    return Interval(
        SITE, meter, "energy_import", at(quarter), energy_uwh, 1.0 if kw is not None else 0.0, quality, method, revision
    )


def count(at_utc: datetime, channel: str, value: float, machine: str = "m1") -> Reading:
    """What a counter shows."""
    return Reading(SITE, f"{machine}-meter", channel, epoch_ms(at_utc), epoch_ms(at_utc), value)


def connection(at_utc: datetime, text: str) -> Reading:
    """A report on the connection to the controls."""
    return Reading(SITE, "plc", CONNECTION_CHANNEL, epoch_ms(at_utc), epoch_ms(at_utc), None, text=text)


def order(
    job: str, quarter: int, quarters: int, product: str, status: OrderStatus = OrderStatus.RUNNING, machine: str = "m1"
) -> Order:
    """A job on a machine."""
    return Order(SITE, job, 1, machine, product, at(quarter), (), MONDAY, at(900), True, status, MONDAY, quarters=quarters)


def binomial(chance: Random, pieces: int, share: float) -> int:
    """Scrap among `pieces`."""
    return sum(chance.random() < share for _ in range(pieces))


def days(
    seed: int, count_days: int, share: float = 0.02, *, pieces: int = 30, kw: float = 40.0, first_day: int = 0, spread: float = 0.0,
    worn_from: int | None = None, worn_share: float = 0.10, worn_kw: float | None = None, source: str = COUNTER_SOURCE,
) -> list[tuple[Any, Any]]:  # fmt: skip
    """Working days of 64 quarter hours each: the quarter hour of the meter, then what was made in it.

    Parameters
    ----------
    spread
        By how much the share differs from day to day, as a share of itself.
    worn_from
        Quarter hour from which on the share is `worn_share` and the power `worn_kw`.
    """
    chance = Random(seed)
    rows: list[tuple[Any, Any]] = []
    for day in range(first_day, first_day + count_days):
        if day % 7 > 4:
            continue
        today = share * (1 + spread * chance.uniform(-1, 1))
        for quarter in range(day * 96, day * 96 + 64):
            is_worn = worn_from is not None and quarter >= worn_from
            load_kw = worn_kw if is_worn and worn_kw is not None else kw
            scrap = binomial(chance, pieces, worn_share if is_worn else today)
            rows.append((INTERVALS, interval(quarter, load_kw + chance.uniform(-1, 1))))
            rows.append((QUALITY, made(quarter, good=pieces - scrap, scrap=scrap, rework=0, source=source)))
    return rows


def driven(
    step: Scrap, records: Iterable[tuple[Any, Any]], state: ScrapState | None = None, size: int = 1
) -> tuple[ScrapState, Outputs]:
    """The step over `records`, `size` at a time; what it writes of pieces comes back to it."""
    state = step.initial(SITE) if state is None else state
    outputs: Outputs = []
    waiting = list(records)
    for place in range(0, len(waiting), size):
        batch: Records = waiting[place : place + size]
        while batch:
            state, made_now = step.take(SITE, state, batch)
            outputs += made_now
            batch = [one for one in made_now if one[0] is QUALITY]
    return state, outputs


def findings(outputs: Sequence[tuple[Any, Any]]) -> list[Anomaly]:
    """The findings among `outputs`."""
    return [record for topic, record in outputs if topic is FINDINGS]


def events(outputs: Sequence[tuple[Any, Any]]) -> list[QualityEvent]:
    """The records of pieces among `outputs`."""
    return [record for topic, record in outputs if topic is QUALITY]
