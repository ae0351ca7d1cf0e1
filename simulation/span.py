"""The live span of a simulated plant: where it begins, with which seed, from which state the factory starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import Field

from domain.channels import EXPORT
from domain.errors import Fault, InputFaults, fault
from domain.instants import UtcInstant
from domain.orders import Order
from domain.plant import Plant, load_plant
from domain.toml_files import Settings, load_toml
from simulation.demo_plant import DEFAULT_SEED
from simulation.factory import Factory
from simulation.layout import JOB_MACHINES, METERS
from simulation.lifelike import Lifelike, Nature
from simulation.noise import dice
from simulation.orders import day_orders
from simulation.replay import LoadProfile, Replay, baseline_surprises, read_replay
from simulation.rush import as_typed, rush_orders
from simulation.schedule import Job, Schedule
from simulation.surprises import NONE, NetworkOutage, Surprises, scheduled

LIVE_TICK_S = 5
HISTORY_TICK_S = 60
HISTORY = timedelta(weeks=5)
HORIZON = timedelta(days=3)
"""How far ahead the planner plans."""
REPLAY_DAYS = 30
"""Days for which the factory beside a replayed profile knows its plan."""
_WARM_UP = timedelta(hours=30)


class PulledPlug(Settings):
    """A span in which somebody wants a meter to be out of reach."""

    meter: str
    from_utc: UtcInstant
    to_utc: UtcInstant

    def outage(self) -> NetworkOutage:
        """The same as a surprise."""
        return NetworkOutage((self.meter,), self.from_utc.timestamp(), self.to_utc.timestamp())


class SpanSettings(Settings):
    """``simulation.toml`` beside the plant file."""

    start_utc: UtcInstant
    seed: int = DEFAULT_SEED
    scale: float = Field(default=1.0, gt=0)
    pulled: list[PulledPlug] = Field(default_factory=list)
    lifelike: bool = False
    """Whether reality strays from the plan (`simulation.lifelike`)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Everything that decides what the simulated plant does, apart from moved jobs."""

    plant: Plant
    start_utc: datetime
    seed: int
    scale: float = 1.0
    surprises: Surprises = NONE
    profile: LoadProfile | None = None
    """Load profile that drives the grid meter."""
    plan_all_day: bool = False
    """Whether the first day's plan has a movable batch at every hour of the working day."""
    lifelike: Lifelike | None = None
    """How reality strays from the plan; not at all if None."""

    @property
    def start_s(self) -> int:
        """First second of the live span."""
        return int(self.start_utc.timestamp())

    @property
    def nature(self) -> Nature | None:
        """The draws of its seed; None where everything goes as planned."""
        return None if self.lifelike is None else Nature(self.seed, self.lifelike, sorted(JOB_MACHINES))

    @property
    def first_day(self) -> date:
        """Local day on which it begins."""
        return self.start_utc.astimezone(self.plant.site.zone).date()

    def orders_of(self, day: date) -> list[Order]:
        """The naive plan of one local day, with the rush orders of that day."""
        planned = day_orders(self.plant, self.seed, day, self.first_day, self.scale, self.plan_all_day)
        nature = self.nature
        return (
            planned if nature is None else as_typed([*planned, *rush_orders(self.plant, nature, day, planned, self.scale)], nature)
        )

    def orders_between(self, first: date, last: date) -> list[Order]:
        """The naive plan of the local days `first` to `last`, both included."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [order for day in days for order in self.orders_of(day)]


def load_span(folder: Path, seed: int | None = None, replay: Path | None = None) -> Span:
    """The span of a plant folder.

    Raises
    ------
    InputFaults
        If a file is at fault, or the plant has meters that the simulated factory does not know.
    """
    plant = load_plant(folder / "plant.toml")
    unknown = sorted({meter.id for meter in plant.meters} - set(METERS))
    if unknown:
        known = f"the simulated factory's meters: {', '.join(METERS)}"
        raise InputFaults([fault(folder / "plant.toml", "meter", name, known) for name in unknown])
    settings = load_toml(folder / "simulation.toml", SpanSettings)
    if settings.start_utc.timestamp() % 900:
        raise InputFaults(
            [fault(folder / "simulation.toml", "start_utc", settings.start_utc.isoformat(), "an instant on a quarter hour")]
        )
    strangers = [plug.meter for plug in settings.pulled if plug.meter not in METERS]
    if strangers:
        known = f"one of {', '.join(METERS)}"
        raise InputFaults([fault(folder / "simulation.toml", "pulled.meter", name, known) for name in strangers])
    surprises = scheduled(settings.start_utc, plant.site.zone)
    pulled = tuple(plug.outage() for plug in settings.pulled)
    return Span(
        plant,
        settings.start_utc,
        settings.seed if seed is None else seed,
        settings.scale,
        replace(surprises, outages=surprises.outages + pulled),
        None if replay is None else _profile(replay, settings.start_utc),
        replay is not None,
        Lifelike() if settings.lifelike else None,
    )


def _profile(path: Path, start_utc: datetime) -> LoadProfile:
    profile = read_replay(path)
    if not profile.first_utc <= start_utc - HISTORY < start_utc < profile.end_utc:
        found = f"rows from {profile.first_utc:%Y-%m-%dT%H:%MZ} to {profile.end_utc:%Y-%m-%dT%H:%MZ}"
        raise InputFaults(
            [Fault(str(path), None, "rows", found, f"five weeks before {start_utc:%Y-%m-%dT%H:%MZ} and some after it")]
        )
    return profile


def over_before(span: Span) -> list[Order]:
    """The orders of the last two days that were planned to end before the live span: reality may overrun them."""
    orders = span.orders_between(span.first_day - timedelta(days=1), span.first_day)
    return [order for order in orders if order.end_utc <= span.start_utc]


def job_of(order: Order) -> Job:
    """An order as the factory sees it."""
    return Job(order.job, order.machine, int(order.start_utc.timestamp()), order.duration_quarters, bool(order.reason))


def schedule_of(orders: list[Order], nature: Nature | None = None) -> Schedule:
    """A schedule of these orders."""
    schedule = Schedule(nature)
    for order in orders:
        schedule.put(job_of(order))
    return schedule


def begin(span: Span, schedule: Schedule, tick_s: int = LIVE_TICK_S) -> Factory:
    """The factory at the start of the live span, warm: it has run through the day before with the naive plan."""
    replay = None
    if span.profile is not None:
        orders = span.orders_between(span.first_day - timedelta(days=1), span.first_day + timedelta(days=REPLAY_DAYS))
        naive = schedule_of(orders, span.nature)
        shadow = begin(replace(span, profile=None, surprises=baseline_surprises(span.surprises), plan_all_day=True), naive, tick_s)
        replay = Replay(span.profile, span.seed, tick_s, shadow)
    before = span.orders_between(span.first_day - timedelta(days=3), span.first_day)
    warm_start = span.start_s - int(_WARM_UP.total_seconds())
    nature = span.nature
    warm = Factory(
        span.plant, span.seed, warm_start, HISTORY_TICK_S, span.surprises, schedule_of(before, nature), span.scale, nature=nature
    )
    warm.advance_to(span.start_s)
    return Factory(
        span.plant, span.seed, span.start_s, tick_s, span.surprises, schedule, span.scale,
        machines=warm.loads.machines, replay=replay, nature=nature,
    )  # fmt: skip


def register_start_uwh(seed: int, meter: str, channel: str, profile: str | None) -> int:
    """What a meter's register showed at the start, as one of its age and kind would [µWh].

    Single-precision registers are kept where a step stays a few watt-hours.
    """
    largest_kwh = {"janitza_umg96rm": 30_000, "phoenix_eem": 12_000, "eastron_sdm630": 110_000, "siemens_pac3200": 9_000_000}
    top = largest_kwh.get(profile or "", 400_000)
    kwh = dice(seed, "register", meter, channel).uniform(0.35, 0.9) * top
    if meter == "main" and channel == EXPORT:
        kwh *= 0.01
    return round(kwh * 1000) * 1_000_000
