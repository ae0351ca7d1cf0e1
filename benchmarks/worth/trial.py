"""One seed: the same plant days without advice, with each adviser, and with perfect foresight."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.worth.effects import Effects, measured_effects
from benchmarks.worth.foresight import foreseen
from benchmarks.worth.judging import Judged, judged, promised_eur
from benchmarks.worth.live_planner import LivePlanner
from benchmarks.worth.loop import Adviser, Days, NoAdvice, StepsOfForecastAndAdvice, lived
from billing.runs import saving_of_runs
from billing.tariff import Tariff, load_tariff
from domain.plant import Plant
from domain.recommendations import DecisionKind
from scheduling.advice import Advice
from simulation import demo_plant
from simulation.counterfactual import main_import_kw
from simulation.history import history
from simulation.lifelike import Lifelike
from simulation.span import Span, load_span
from simulation.surprises import NONE

ADVISERS: Mapping[str, Callable[[Plant, Tariff], Adviser]] = {
    "single moves": lambda plant, tariff: StepsOfForecastAndAdvice(plant, Advice(plant, tariff)),
    "live planner": LivePlanner,
}
"""Who advises, by the name in the report."""


@dataclass(frozen=True, slots=True)
class Advised:
    """What one adviser was worth in one seed."""

    adviser: str
    peak_kw: float
    true_eur: float | None
    """Bill without advice minus bill with it."""
    decided: int
    declined: int
    moves: int
    """Jobs that were moved."""
    promised_eur: float
    """By all moves that were made, each by itself."""
    judged: tuple[Judged, ...]
    cpu_s: float
    """Of the whole loop: factory, forecast, advice."""
    effects: Effects | None = None
    """What the platform measures of the same moves."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One seed; peaks are quarter hours of import over all days."""

    seed: int
    days: int
    billed_kw: float
    """Peak billed before the days began."""
    without_kw: float
    foresight_kw: float
    foresight_eur: float | None
    advised: tuple[Advised, ...]


def lifelike_span(folder: Path, seed: int) -> Span:
    """The demo's plant with another seed, in a reality that strays; none of the demo's surprises."""
    demo_plant.write(folder)
    return replace(load_span(folder, seed), surprises=NONE, lifelike=Lifelike())


def tried(seed: int, days: int, advisers: Mapping[str, Callable[[Plant, Tariff], Adviser]] = ADVISERS) -> Trial:
    """The days of one seed under all advisers; the same at every call but for `cpu_s`."""
    with TemporaryDirectory() as folder:
        span = lifelike_span(Path(folder), seed)
        tariff = load_tariff(Path(folder) / "tariff.toml")
    length, before = timedelta(days=days), history(span)
    measured = main_import_kw(before)

    def saving_eur(with_kw: Mapping[datetime, float]) -> float | None:
        return saving_of_runs(span.plant, tariff, measured, without.load_kw, with_kw)

    def advised(name: str, adviser: Adviser) -> Advised:
        begun_s = time.process_time()
        found = lived(span, adviser, length, before)
        cpu_s = time.process_time() - begun_s
        return _advised(name, found, saving_eur(found.load_kw), cpu_s, measured_effects(found, measured, tariff))

    without = lived(span, NoAdvice(), length, before)
    best_kw = foreseen(without, time.monotonic)
    return Trial(
        seed, days, span.plant.site.billed_peak_kw or 0.0, max(without.load_kw.values()), max(best_kw.values()), saving_eur(best_kw),
        tuple(advised(name, make(span.plant, tariff)) for name, make in advisers.items()),
    )  # fmt: skip


def _advised(name: str, days: Days, true_eur: float | None, cpu_s: float, effects: Effects) -> Advised:
    return Advised(
        adviser=name,
        peak_kw=max(days.load_kw.values()),
        true_eur=true_eur,
        decided=len(days.decisions),
        declined=sum(decision.kind is DecisionKind.REJECTED for decision in days.decisions),
        moves=sum(bool(order.reason) for order in days.orders.values()),
        promised_eur=promised_eur(days),
        judged=tuple(judged(days)),
        cpu_s=cpu_s,
        effects=effects,
    )
