"""Time of one decision of the live governor: a projection read, decided on, state and advice written, as the job does it.

In: numbers of loads.  Out: quantiles of the time from a projection's bytes to the advice's bytes, of the looks once a minute and of those between.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from domain.channels import IMPORT
from domain.clock import epoch_ms
from domain.codec import decode, encode
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.plant import Plant
from domain.readings import Reading
from domain.topics import DEMAND, FORECASTS, READINGS, RECOMMENDATIONS
from governor.live.state import GovernorState
from governor.live.step import GovernorStep
from quarters.numbers import slot_of, slot_start

SITE = "bench"
START = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = 60 * SECOND
BASE_KW, LOAD_KW = 1000.0, 11.0
EVERY_S = 5


@dataclass(frozen=True, slots=True)
class Result:
    """Times [ms] with a number of loads."""

    loads: int
    looks: int
    """Projections that it looked at: one a minute."""
    advice: int
    """Recommendations among them."""
    p50_ms: float
    p99_ms: float
    most_ms: float
    between_p99_ms: float
    """Of the projections between two looks, which are only read."""
    state_kb: float

    def as_row(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def plant_of(loads: int) -> Plant:
    """Half of the loads are vehicles that charge all day, half cold stores; each has a meter of its own."""
    power = {"channel": "power", "kind": "gauge", "unit": "kW", "resolution": 0.1, "sampling_s": 5}
    counter = {"channel": IMPORT, "kind": "counter", "unit": "kWh", "resolution": 0.1, "sampling_s": 5}
    names = [f"load-{n}" for n in range(loads)]
    points, stores = names[1::2], names[::2]
    trip = {
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "leaves": "23:30",
        "returns": "00:30",
        "needs_kwh": 30.0,
        "not_on_holidays": False,
    }
    return Plant.model_validate({
        "site": {"id": SITE, "timezone": "UTC", "commissioned_utc": "2026-01-01T00:00:00Z", "billing_meter": "main"},
        "meter": [
            {"id": "main", "max_power_kw": 5000, "register": [counter]},
            *({"id": name, "parent": "main", "max_power_kw": 60, "register": [power]} for name in names),
        ],
        "machine": [{"id": name, "meter": name, "rated_kw": LOAD_KW} for name in names],
        "flexible": {
            "charge_point": [{"id": name, "machine": name, "level_channel": "level", "max_kw": LOAD_KW} for name in points],
            "vehicle": [{"id": f"van-{name}", "charge_point": name, "capacity_kwh": 77.0, "trip": [trip]} for name in points],
            "cold_store": [{
                "id": name, "machine": name, "level_channel": "level", "lower_c": -24.0, "upper_c": -20.0, "heat_capacity_kwh_per_k": 25.0,
                "loss_kw_per_k": 0.1, "surroundings_c": 30.0, "max_kw": LOAD_KW, "cop": 2.0, "most_gain_kw": 8.0, "usual_gain_kw": 3.0,
            } for name in stores],
        },
    })  # fmt: skip


def results(counts: Sequence[int], hours: float = 6.0) -> Iterator[Result]:
    """Measure a tight morning with each number of loads, one after the other."""
    for count in counts:
        yield _measured(count, hours)


def _measured(count: int, hours: float) -> Result:
    plant = plant_of(count)
    step, state = GovernorStep(plant), GovernorState()
    names, stores = [load.id for load in plant.flexible.loads()], {load.id for load in plant.flexible.cold_stores}
    random = np.random.default_rng(1)
    state, _ = step.take(SITE, state, [(FORECASTS, _forecast())])
    looks: list[float] = []
    between: list[float] = []
    advice = 0
    for second in range(0, int(hours * 3600), EVERY_S):
        at = START + second * SECOND
        if second % 60 == 0:
            state = _shown(step, state, names, stores, at)
        # A tight quarter hour in every third, by a fifth of what can wait.
        tight = (slot_of(at) % 3 == 0) * 0.2 * LOAD_KW * count
        payload = encode(_demand(at, BASE_KW + tight - 10 + random.normal(0, 2)))
        minute = state.notes.looked_utc
        began = time.perf_counter()
        state, outputs = step.take(SITE, state, [(DEMAND, decode(Demand, payload))])
        step.encode(state)
        written = [encode(record) for _, record in outputs]
        took = (time.perf_counter() - began) * 1000
        (looks if state.notes.looked_utc != minute else between).append(took)
        advice += sum(topic is RECOMMENDATIONS for topic, _ in outputs)
        assert len(written) == len(outputs)
    p50, p99, most = (round(float(np.percentile(looks, q)), 2) for q in (50, 99, 100))
    between_p99 = round(float(np.percentile(between, 99)), 2)
    return Result(count, len(looks), advice, p50, p99, most, between_p99, round(len(step.encode(state)) / 1000, 1))


def _shown(step: GovernorStep, state: GovernorState, names: Sequence[str], stores: set[str], at: datetime) -> GovernorState:
    at_ms = epoch_ms(at)
    for name in names:
        level = -22.0 if name in stores else 20.0
        for channel, value in (("level", level), ("power", LOAD_KW)):
            state, _ = step.take(SITE, state, [(READINGS, Reading(SITE, name, channel, at_ms, at_ms, value))])
    return state


def _forecast() -> Forecast:
    values = (BASE_KW - 60.0,) * 192
    return Forecast(SITE, START, START, values, values, values, (), "bench", START, 3360, None)


def _demand(at: datetime, kw: float) -> Demand:
    start = slot_start(slot_of(at))
    elapsed = (at - start).total_seconds()
    fields: dict[str, Any] = {"confidence": "early" if elapsed < 120 else "measured", "synchronised": True}
    return Demand(
        SITE, "main", at, start, elapsed, 900 - elapsed, kw * elapsed / 3600, kw, kw, kw, kw - 5, kw + 5, BASE_KW, kw, BASE_KW - kw, BASE_KW, **fields
    )  # fmt: skip
