"""The step of the virtual meters behind the jobs' interface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.plant import Plant, load_plant
from domain.topics import INTERVALS, Topic
from metering import virtual
from stream_jobs.logic import Outputs


class VirtualMeters:
    """Keyed by site: intervals of its meters to those of its virtual ones, which come back and are passed over."""

    def __init__(self, plant: Plant) -> None:
        self._step = virtual.VirtualMeterStep(plant)

    def initial(self, key: str) -> Any:
        return self._step.initial()

    def encode(self, state: Any) -> bytes:
        return virtual.encode_state(state)

    def decode(self, key: str, stored: bytes) -> Any:
        return virtual.decode_state(stored)

    def take(self, key: str, state: Any, records: Sequence[tuple[Topic, Any]]) -> tuple[Any, Outputs]:
        outputs: Outputs = []
        for _, interval in records:
            state, told = self._step.take_interval(state, interval)
            outputs += [(INTERVALS, row) for row in told]
        return state, outputs


def make(plant_dir: str) -> VirtualMeters:
    """Logic for the plant in `plant_dir`."""
    return VirtualMeters(load_plant(Path(plant_dir) / "plant.toml"))
