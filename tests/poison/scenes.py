"""One job each with something to say, before and after a record that nobody expects.

A scene brings a job's logic to where its next records make it publish. What is fed in between may be anything well-formed: the job must
neither fail nor fall silent afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from detection.desk.step import AnomalyDesk
from detection.priced import Detection
from domain.clock import epoch_ms
from domain.contracts import EXAMPLES
from domain.controls import Control
from domain.demand import Demand
from domain.feedback import FeedbackKind
from domain.forecasts import Forecast
from domain.intervals import QUARTER, IntervalOrigin
from domain.plant import Plant, VirtualMeter, load_plant
from domain.readings import Reading
from domain.steps import Outputs
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    EFFECTS,
    FEEDBACK,
    FINDINGS,
    FORECASTS,
    INTERVALS,
    JOB_POWERS,
    MACHINE_HEALTH,
    METER_FORECASTS,
    MINUTES,
    ORDERS,
    QUALITY,
    READINGS,
    RECOMMENDATIONS,
    SHIFT_CHANGES,
    Topic,
)
from forecasting.meter_forecasts import MeterForecasts
from forecasting.site_forecast import SiteForecast
from metering.quarter_hours import QuarterHours
from metering.running_demand import RunningDemand
from metering.virtual_meters import VirtualMeters
from tests.forecasting import small_forecast_plant as small
from tests.scheduling import small_works
from tests.stream_jobs.hand_clock import HandClock

ROOT = Path(__file__).parents[2]
Records = Sequence[tuple[Topic, Any]]
MOST_REVISIONS = 2**62
"""A revision above that of any record before."""


@dataclass(frozen=True)
class Scene:
    """A job before its next word."""

    name: str
    logic: Any
    key: str
    before: Records
    bases: dict[Topic, Any]
    """What an unexpected record is made from."""
    after: Records
    """What follows: right values for what may have been wrong, then what makes the job publish."""
    publishes: Topic
    advance_ms: int | None = None
    stored: list[bytes] = field(default_factory=list)

    def state(self) -> Any:
        """The state after `before`, each time a new one."""
        if not self.stored:
            state, _ = self.logic.take(self.key, self.logic.initial(self.key), list(self.before))
            self.stored.append(self.logic.encode(state))
        return self.logic.decode(self.key, self.stored[0])


def publishes_after(scene: Scene, unexpected: Records) -> Outputs:
    """What the job says to `after`, once it has taken `unexpected`; state is stored and loaded in between, as a restart would."""
    logic, key = scene.logic, scene.key
    state, out = logic.take(key, scene.state(), list(unexpected))
    if scene.advance_ms is not None:
        state, more = logic.advance(key, state, scene.advance_ms)
        out = out + more
    state = logic.decode(key, logic.encode(state))
    state, more = logic.take(key, state, list(scene.after))
    if scene.advance_ms is not None:
        state, due = logic.advance(key, state, scene.advance_ms + 7_200_000)
        more = more + due
    logic.decode(key, logic.encode(state))
    return [*out, *more]


def forecast_scene() -> Scene:
    """Ten days of history; the next quarter hour makes a forecast."""
    live = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
    records = small.stream(live - timedelta(days=10), live, live - QUARTER * 4)
    feed = [(ORDERS if hasattr(record, "job") else INTERVALS, record) for record in records]
    now = small.interval(live, 310.0)
    return Scene(
        "forecast", SiteForecast(small.PLANT), "werk", feed,
        {
            INTERVALS: now, ORDERS: small.SmallPlant.order("J1", live + 8 * QUARTER, live),
            JOB_POWERS: replace(EXAMPLES[JOB_POWERS.name], site="werk", machine="oven", product="gear"),
        },
        [(INTERVALS, replace(now, revision=now.revision + 1)), (INTERVALS, small.interval(live + QUARTER, 305.0))], FORECASTS,
    )  # fmt: skip


def meter_forecast_scene() -> Scene:
    """The same for a meter below the grid connection."""
    plant = small.PLANT.model_copy(
        update={"meters": (*small.PLANT.meters, small.PLANT.meters[0].model_copy(update={"id": "oven", "parent": "grid"}))}
    )
    scene = forecast_scene()

    def of_oven(records: Records) -> Records:
        return [(topic, replace(record, meter="oven")) for topic, record in records if topic is INTERVALS]

    bases = {INTERVALS: replace(scene.bases[INTERVALS], meter="oven")}
    return Scene(
        "meter_forecasts", MeterForecasts(plant), "werk/oven", of_oven(scene.before), bases, of_oven(scene.after), METER_FORECASTS
    )


def advice_scene(folder: Path) -> Scene:
    """Two furnaces at once; the next forecast makes a recommendation."""
    from scheduling.advice import Advice

    now = small_works.NOW
    jobs = [small_works.order("A", "furnace-1"), small_works.order("B", "furnace-2")]
    history = [(INTERVALS, small_works.interval(now - n * QUARTER)) for n in range(96, 0, -1)]
    demand = small_works.demand(now)
    again = [(INTERVALS, small_works.interval(now - n * QUARTER, revision=2)) for n in range(4, 0, -1)]
    return Scene(
        "advice", Advice(small_works.works(), small_works.tariff(folder)), small_works.SITE,
        [*((ORDERS, job) for job in jobs), *history],
        {
            FORECASTS: small_works.forecast(jobs), ORDERS: small_works.order("C", "furnace-1", start=20), DEMAND: demand,
            DECISIONS: replace(EXAMPLES[DECISIONS.name], site=small_works.SITE), INTERVALS: small_works.interval(now - QUARTER),
        },
        [*again, *((ORDERS, replace(job, revision=2)) for job in jobs), (DEMAND, small_works.demand(now + timedelta(minutes=1))),
         (FORECASTS, small_works.forecast(jobs, base=401.0, issued=now))],
        RECOMMENDATIONS,
    )  # fmt: skip


def detection_scene() -> Scene:
    """An oven that stays on after its shift: the second quarter hour is a finding."""
    from tests.detection import test_detection_step as sample

    friday = sample.FRIDAY_1400
    rest = [
        (INTERVALS, sample.quarter(friday - timedelta(days=day) + n * QUARTER, 0.3, origin=IntervalOrigin.IMPORT))
        for day in range(13, 5, -1) for n in range(4) if (friday - timedelta(days=day)).weekday() >= 5
    ]  # fmt: skip
    late = sample.FRIDAY_1400 + timedelta(hours=16)  # Saturday 06:00, after the night shift
    on = [(INTERVALS, sample.quarter(late + n * QUARTER, 60.0)) for n in range(1, 5)]
    return Scene(
        "detection", Detection(sample.PLANT, None), "werk/furnace", rest, {INTERVALS: sample.quarter(late, 60.0)},
        [(INTERVALS, sample.quarter(late, 60.0, revision=1)), *on], FINDINGS,
    )  # fmt: skip


def desk_scene() -> Scene:
    """A furnace that was left on and is known; in the next night another one is."""
    from tests.detection import desk_scene as sample

    known, later = sample.found("furnace-1", 60.0), sample.NIGHT + sample.DAY
    fixed = sample.word(known, FeedbackKind.FIXED)
    return Scene(
        "desk", AnomalyDesk(sample.PLANT, HandClock(later + sample.HOUR)), sample.SITE, [(FINDINGS, known), (FEEDBACK, fixed)],
        {FINDINGS: known, FEEDBACK: fixed},
        [(FINDINGS, replace(known, revision=1)), (FINDINGS, sample.found("press-1", 40.0, since=later))], ANOMALIES,
    )  # fmt: skip


@cache
def demo_plant() -> Plant:
    """The demo's plant file as it lies in the repository."""
    return load_plant(ROOT / "simulation" / "demo_plant" / "plant.toml")


def readings(meter: str, first_ms: int, seconds: int, start_wh: float, kw: float) -> Records:
    """A counter read every ten seconds."""
    return [
        (READINGS, Reading("werk-nord", meter, "energy_import", first_ms + 1000 * s, first_ms + 1000 * s + 40, round(start_wh + kw * s / 3.6)))
        for s in range(0, seconds, 10)
    ]  # fmt: skip


MORNING_OVER = datetime(2026, 10, 23, 14, 0, tzinfo=UTC)
"""What the plant's clock shows when all readings of the metering scenes have come."""


def metering_scene() -> Scene:
    """Two hours of a counter; the quarter hours after it come with the hours after it."""
    first = epoch_ms(datetime(2026, 10, 23, 9, 0, tzinfo=UTC))
    before = readings("main", first, 7_200, 8e9, 400.0)
    after = readings("main", first + 7_200_000, 10_800, 8e9 + 800_000.0, 400.0)
    base = before[-1][1]
    return Scene(
        "metering",
        QuarterHours(demo_plant(), HandClock(MORNING_OVER)),
        "werk-nord/main",
        before,
        {READINGS: base},
        after,
        INTERVALS,
        first + 7_200_000,
    )


def running_scene() -> Scene:
    """The same for the running quarter hour, which publishes at each reading."""
    scene = metering_scene()
    interval = replace(EXAMPLES[INTERVALS.name], meter="main")
    return Scene(
        "running_demand",
        RunningDemand(demo_plant(), HandClock(MORNING_OVER)),
        scene.key,
        scene.before,
        {**scene.bases, INTERVALS: interval},
        scene.after,
        DEMAND,
    )


def virtual_scene() -> Scene:
    """A virtual meter whose parts have come for one quarter hour, and come for the next."""
    rest = VirtualMeter.model_validate({"id": "rest", "formula": "main - press-1"})
    plant = demo_plant().model_copy(update={"virtual_meters": (rest,)})
    at = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
    main = replace(EXAMPLES[INTERVALS.name], meter="main", start_utc=at)

    def both(start_utc: datetime, revision: int = 1) -> Records:
        return [(INTERVALS, replace(main, meter=meter, start_utc=start_utc, revision=revision)) for meter in ("main", "press-1")]

    return Scene("virtual_meters", VirtualMeters(plant), "werk-nord", both(at), {INTERVALS: main}, both(at + QUARTER, 3), INTERVALS)


def production_scene() -> Scene:
    """Two runs of a product are known, a third one has ended: its last quarter hours make a power of it."""
    from production.step import Production
    from tests.production import job_samples as sample

    jobs = [sample.order(f"J{n}", 8 + 12 * n) for n in range(3)]
    rows = [(INTERVALS, sample.interval(n, 80.0 if n % 12 in (8, 9, 10, 11) else 20.0)) for n in range(44)]
    control = Control(state_channel="state", parts_channel="parts", device="plc")
    machines = tuple(machine.model_copy(update={"control": control}) for machine in sample.PLANT.machines[:1])
    plant = sample.PLANT.model_copy(update={"machines": (*machines, *sample.PLANT.machines[1:])})
    at_ms = epoch_ms(sample.MONDAY)
    states = [
        (
            READINGS,
            Reading(sample.SITE, "furnace", "state", at_ms + n * 3_600_000, at_ms, None, text="Execute" if n % 3 == 2 else "Idle"),
        )
        for n in range(12)
    ]
    return Scene(
        "production", Production(plant), sample.SITE, [*((ORDERS, job) for job in jobs), *rows[:34], *states],
        {INTERVALS: sample.interval(20, 90.0, revision=2), ORDERS: sample.order("J1", 20, revision=2), READINGS: states[5][1]},
        [*((ORDERS, replace(job, revision=MOST_REVISIONS)) for job in jobs),
         *((topic, replace(row, revision=MOST_REVISIONS)) for topic, row in rows)],
        JOB_POWERS,
    )  # fmt: skip


def effects_scene() -> Scene:
    """A moved job runs at its new place; its end makes an effect of the move."""
    from effects.step import Effects
    from tests.effects import effect_cases as sample
    from tests.effects.test_effects_step import ADVICE, JOB, rows

    after = rows(64, 100)
    return Scene(
        "effects", Effects(sample.plant(), None), sample.SITE, [(ORDERS, JOB), (RECOMMENDATIONS, ADVICE), *rows(0, 64)],
        {INTERVALS: rows(40, 41)[0][1], ORDERS: replace(JOB, revision=4), RECOMMENDATIONS: replace(ADVICE, revision=4), JOB_POWERS: EXAMPLES[JOB_POWERS.name]},
        [(ORDERS, replace(JOB, revision=MOST_REVISIONS)), (RECOMMENDATIONS, replace(ADVICE, revision=MOST_REVISIONS)),
         *((topic, replace(row, revision=MOST_REVISIONS)) for topic, row in [*rows(0, 64), *after])],
        EFFECTS,
    )  # fmt: skip


def governor_scene() -> Scene:
    """Cold stores in a calm quarter hour; in the next one they have to be held."""
    from governor.live.step import GovernorStep
    from tests.governor import live_site as sample

    plant = sample.site(*(sample.cold_store(f"cold-{n}") for n in range(2)))
    values, next_utc = (450.0,) * 192, sample.START + QUARTER
    forecast = Forecast(sample.SITE, sample.START, sample.START, values, values, values, (), "like-days", sample.START, 100, None)

    def shown(at: datetime) -> Records:
        readings = [
            Reading(sample.SITE, f"cold-{n}", channel, epoch_ms(at), epoch_ms(at), value)
            for n in range(2)
            for channel, value in (("temperature", -22.0), ("power", 40.0))
        ]
        return [(READINGS, reading) for reading in readings]

    def looks(start: datetime, kw: float) -> Records:
        return [(DEMAND, sample.demand_at(start + minute * sample.MINUTE, kw)) for minute in (2, 7, 8)]

    before = [(FORECASTS, forecast), *shown(sample.START), *looks(sample.START, 450.0)]
    again = replace(forecast, issued_utc=sample.START + QUARTER)
    return Scene(
        "governor", GovernorStep(plant, HandClock(next_utc + 5 * sample.MINUTE)), sample.SITE, before,
        {FORECASTS: forecast, DEMAND: before[-1][1], READINGS: shown(sample.START)[0][1], DECISIONS: replace(EXAMPLES[DECISIONS.name], site=sample.SITE)},
        [(FORECASTS, again), *shown(next_utc + 7 * sample.MINUTE), *looks(next_utc, 530.0)], RECOMMENDATIONS,
    )  # fmt: skip


def health_scene() -> Scene:
    """A press shows its vibration; the next quarter hour makes a record of its health."""
    from detection.health.step import HealthStep
    from tests.detection import health_sample as sample

    step = HealthStep(sample.PLANT, None, HandClock(sample.at(40)))
    before = [(MINUTES, one) for number in range(20) for one in sample.minutes(number, vibration=1.7 + number % 3 / 10, power=30.0)]
    after = [(MINUTES, one) for number in range(20, 40) for one in sample.minutes(number, vibration=1.8, power=30.0)]
    bases = {MINUTES: before[-1][1], READINGS: EXAMPLES[READINGS.name], INTERVALS: EXAMPLES[INTERVALS.name]}
    return Scene("machine_health", step, sample.KEY, before, bases, after, MACHINE_HEALTH)


def scrap_scene() -> Scene:
    """A week as usual and a morning of more scrap, from counters that go on; the next quarter hours are found."""
    from domain.quality import QualityEvent
    from scrap.step import Scrap
    from tests.scrap import scrap_site as sample

    rows = sample.days(3, 8, worn_from=7 * 96)
    before, after = rows[: 2 * (5 * 64 + 2)], rows[2 * (5 * 64 + 2) :]
    event: QualityEvent = rows[-1][1]
    return Scene(
        "scrap", Scrap(sample.PLANT, None), sample.SITE,
        [*before, (ORDERS, sample.order("J1", 0, 32, "housing")), (READINGS, sample.count(sample.at(7 * 96 + 2), "good", 7.0))],
        {READINGS: sample.count(sample.at(7 * 96 + 3), "good", 9.0), INTERVALS: sample.interval(7 * 96 + 1, 40.0), QUALITY: event,
         ORDERS: sample.order("J2", 0, 32, "housing")},
        after, FINDINGS,
    )  # fmt: skip


def site_scene() -> Scene:
    """A press that stands on without a job in its shift; an hour later it has stood long enough."""
    from detection.site.step import SiteWatch
    from quarters.numbers import slot_of
    from tests.detection import site_plant as sample

    def quarters(first: int, count: int, load: sample.Load, origin: IntervalOrigin) -> Records:
        return [one for slot in range(first, first + count) for one in sample.quarters(slot, load, origin)]

    def stands(machine: str, slot: int) -> float | None:
        return sample.IDLE_KW if machine == sample.PRESS else sample.usual(machine, slot)

    live, days = slot_of(sample.MONDAY), 15 * 96
    six = live + 16  # 06:00 local time
    shown = {("compressor", "pressure"): 7.4}
    before = [
        *sample.powers(), *quarters(live - days, days, sample.usual, IntervalOrigin.IMPORT), *sample.values(live, shown),
        *quarters(live, 18, lambda machine, slot: stands(machine, slot) if slot >= six else sample.usual(machine, slot), IntervalOrigin.METERING),
    ]  # fmt: skip
    again = [*sample.powers(), *sample.values(six + 2, shown), *quarters(six + 2, 6, stands, IntervalOrigin.METERING)]
    samples = {
        INTERVALS: before[-1][1], ORDERS: sample.order("J1", sample.MONDAY, machine=sample.OVEN), JOB_POWERS: sample.powers()[0][1], READINGS: sample.values(live, shown)[0][1],
        SHIFT_CHANGES: replace(EXAMPLES[SHIFT_CHANGES.name], site=sample.SITE), DECISIONS: replace(EXAMPLES[DECISIONS.name], site=sample.SITE),
    }  # fmt: skip
    clock = HandClock(sample.MONDAY + timedelta(hours=8))
    return Scene("site watches", SiteWatch(sample.plant(), sample.tariff(), clock), sample.SITE, before, samples, again, FINDINGS)


SCENES: dict[str, Callable[[Path], Scene]] = {
    "forecast": lambda folder: forecast_scene(),
    "meter_forecasts": lambda folder: meter_forecast_scene(),
    "advice": advice_scene,
    "detection": lambda folder: detection_scene(),
    "desk": lambda folder: desk_scene(),
    "metering": lambda folder: metering_scene(),
    "running_demand": lambda folder: running_scene(),
    "virtual_meters": lambda folder: virtual_scene(),
    "production": lambda folder: production_scene(),
    "effects": lambda folder: effects_scene(),
    "governor": lambda folder: governor_scene(),
    "machine_health": lambda folder: health_scene(),
    "scrap": lambda folder: scrap_scene(),
    "site watches": lambda folder: site_scene(),
}
__all__ = ["SCENES", "Demand", "Scene", "publishes_after"]
