"""Builds the Flink pipeline of the job ``forecast``."""

from __future__ import annotations

from domain.plant import load_plant
from domain.topics import FORECASTS, INTERVALS, ORDERS
from stream_jobs.forecast.logic import make
from stream_jobs.keyed_steps import KeyedStep, billing_meter_only, build
from stream_jobs.settings import JobSettings, from_command_line


def step(settings: JobSettings) -> KeyedStep:
    """The job for the plant in the settings."""
    plant = load_plant(settings.plant_dir / "plant.toml")
    return KeyedStep(
        reads=[INTERVALS, ORDERS],
        writes=FORECASTS,
        make_logic=make,
        state_name="forecast-state-v1",
        keyed_by="site",
        only=billing_meter_only(plant),
        answers_pauses=True,
    )


if __name__ == "__main__":
    chosen = from_command_line("forecast")
    build(step(chosen), chosen)
