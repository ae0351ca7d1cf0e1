"""The scheduling room's step behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from billing.tariff import Tariff, load_tariff
from domain.plant import Plant, load_plant
from domain.topics import DECISIONS, DEMAND, FORECASTS, INTERVALS, ORDERS, RECOMMENDATIONS, Topic
from scheduling import step as scheduling
from stream_jobs.logic import Outputs


class Advice:
    """Keyed by site: everything that bears on the plan to recommendations."""

    def __init__(self, plant: Plant, tariff: Tariff | None) -> None:
        self._step = scheduling.AdviceStep(plant, tariff)

    def initial(self, key: str) -> Any:
        return self._step.initial()

    def encode(self, state: Any) -> bytes:
        return scheduling.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return self._step.resumed(scheduling.decode_state(stored))

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        outputs: Outputs = []
        for topic, record in _last_demand_only(records):
            if topic is FORECASTS:
                state, said = self._step.take_forecast(state, record)
            elif topic is ORDERS:
                state, said = self._step.take_order(state, record)
            elif topic is DECISIONS:
                state, said = self._step.take_decision(state, record)
            elif topic is DEMAND:
                state, said = self._step.take_demand(state, record)
            elif topic is INTERVALS:  # the step takes those of the billing meter only
                state, said = self._step.take_interval(state, record)
            else:
                continue
            outputs += [(RECOMMENDATIONS, recommendation) for recommendation in said]
        return state, outputs

    def advance(self, key: str, state: Any, event_time_ms: int) -> tuple[Any, Outputs]:
        return state, []


def _last_demand_only(records: Sequence[tuple[Topic, Any]]) -> list[tuple[Topic, Any]]:
    """`records` without the demands that a newer one in the same bucket has overtaken."""
    demands = [index for index, (topic, _) in enumerate(records) if topic is DEMAND]
    stale = set(demands[:-1])
    return [record for index, record in enumerate(records) if index not in stale]


def make(plant_dir: str) -> Advice:
    """Logic for the plant in `plant_dir`; without a tariff it advises in kilowatts."""
    folder = Path(plant_dir)
    plant = load_plant(folder / "plant.toml")
    return Advice(plant, load_tariff(folder / plant.tariff.file) if plant.tariff is not None else None)
