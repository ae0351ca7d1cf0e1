"""Yesterday, today and tomorrow: the load with its forecast, the jobs before and after the advice, the advice itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from console.views.forecasts import SaidDay, said_days
from console.views.scene import QUARTER, QuarterValue, Scene, Sent, import_quarters
from domain.calendars import shift_instances
from domain.forecasts import DayPeak, Forecast
from domain.intervals import quarter_starts
from domain.orders import Order, OrderStatus
from domain.recommendations import Decision, Recommendation, RecommendationStatus

KEEP_DECIDED = timedelta(hours=24)
MOST_DECIDED = 6
GANTT_BACK = timedelta(hours=6)
"""How much of the past stays beside the jobs to come."""


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One quarter hour of the load chart; None where there is nothing to draw."""

    start_utc: datetime
    actual: QuarterValue | None
    q10_kw: float | None
    q50_kw: float | None
    q90_kw: float | None
    said_kw: float | None = None
    """The median as it was said when the day began."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time."""

    start_utc: datetime
    end_utc: datetime


class Move(StrEnum):
    """What the advice does to a job."""

    STAYS = "stays"
    ADVISED = "advised"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class JobBar:
    """A job with where it was and where it is to go; `after` is None where nothing changes."""

    job: str
    product: str
    before: Span
    after: Span | None
    move: Move
    status: OrderStatus
    movable: bool
    peak_kw: float


@dataclass(frozen=True, slots=True)
class MachineRow:
    """The jobs of one machine."""

    machine: str
    label: str
    jobs: tuple[JobBar, ...]


@dataclass(frozen=True, slots=True)
class ShiftBand:
    """One shift on one day."""

    label: str
    span: Span


class Button(StrEnum):
    """What the buttons of a card can do."""

    OFFERED = "offered"
    SENT = "sent"
    """A decision is on its way: wait for the status."""
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AdviceCard:
    """One recommendation and what may be done with it."""

    recommendation: Recommendation
    machine_label: str
    button: Button
    decision: Decision | None
    failure: str
    minutes_left: float


@dataclass(frozen=True, slots=True)
class PlanView:
    """The page *Plan*."""

    now_utc: datetime
    from_utc: datetime
    to_utc: datetime
    points: tuple[LoadPoint, ...]
    target_kw: float | None
    billed_peak_kw: float
    forecast: Forecast | None
    peaks: tuple[DayPeak, ...]
    said: tuple[SaidDay, ...]
    gantt_from_utc: datetime
    gantt_to_utc: datetime
    rows: tuple[MachineRow, ...]
    shifts: tuple[ShiftBand, ...]
    cards: tuple[AdviceCard, ...]
    best_saving_eur: float | None
    """Expected of the best open recommendation; None where none is priced."""
    """Of the open ones; savings on one peak do not add up."""


def plan_view(scene: Scene) -> PlanView:
    """Three local days of load, the jobs of today and tomorrow, and the advice."""
    from_utc, _ = scene.day_span(scene.day(-1))
    _, to_utc = scene.day_span(scene.day(1))
    today, _ = scene.day_span(scene.day())
    demand = scene.demand()
    site = scene.plant.site
    forecast = scene.history.latest_forecast()
    recommendations = scene.recommendations()
    meter = scene.plant.billing_meter()
    actual = import_quarters(scene.history, meter, from_utc, to_utc) if meter is not None else {}
    said = said_days(scene, actual)
    cards = advice_cards(scene, recommendations)
    known_days = {f"{scene.day(offset)}" for offset in (0, 1, 2)}
    gantt_from = max(today, scene.now_utc.replace(minute=0, second=0, microsecond=0) - GANTT_BACK)
    return PlanView(
        now_utc=scene.now_utc,
        from_utc=from_utc,
        to_utc=to_utc,
        points=load_points(actual, forecast, said, from_utc, to_utc),
        target_kw=demand.target_kw if demand is not None else site.target_kw,
        billed_peak_kw=demand.billed_peak_kw if demand is not None else site.billed_peak_kw,
        forecast=forecast,
        peaks=tuple(p for p in forecast.peaks if p.day_local in known_days) if forecast is not None else (),
        said=said,
        gantt_from_utc=gantt_from,
        gantt_to_utc=to_utc,
        rows=machine_rows(scene, recommendations, gantt_from, to_utc),
        shifts=shift_bands(scene, gantt_from, to_utc),
        cards=cards,
        best_saving_eur=best_saving_eur(cards),
    )


def best_saving_eur(cards: Sequence[AdviceCard]) -> float | None:
    """The highest expected saving [EUR] of what is open; None where none is priced."""
    opened = [card.recommendation for card in cards if card.recommendation.status is RecommendationStatus.OPEN]
    return max((r.saving_eur for r in opened if r.saving_eur is not None), default=None)


def load_points(
    actual: Mapping[datetime, QuarterValue],
    forecast: Forecast | None,
    said: Sequence[SaidDay],
    from_utc: datetime,
    to_utc: datetime,
) -> tuple[LoadPoint, ...]:
    """Every quarter hour of the span; the newest forecast from its first one on, and before it what was said when the day began."""
    said_kw = {at: kw for day in said for at, kw in day.q50_kw.items()}
    quantiles: dict[datetime, tuple[float, float, float]] = {}
    if forecast is not None:
        for n, three in enumerate(zip(forecast.q10_kw, forecast.q50_kw, forecast.q90_kw, strict=True)):
            quantiles[forecast.first_start_utc + n * QUARTER] = three
    points = []
    for start in quarter_starts(from_utc, to_utc):
        low, middle, high = quantiles.get(start, (None, None, None))
        points.append(LoadPoint(start, actual.get(start), low, middle, high, said_kw.get(start)))
    return tuple(points)


def machine_rows(
    scene: Scene, recommendations: list[Recommendation], from_utc: datetime, to_utc: datetime
) -> tuple[MachineRow, ...]:
    """Machines with jobs in the span, in the plant file's order; cancelled jobs are left out."""
    moving = {r.job: r for r in recommendations if r.status is RecommendationStatus.OPEN}
    moved = {r.recommendation: r for r in recommendations if r.status is not RecommendationStatus.OPEN}
    bars: dict[str, list[JobBar]] = {}
    for order in sorted(scene.history.orders(), key=lambda o: o.start_utc):
        if order.status is OrderStatus.CANCELLED:
            continue
        bar = job_bar(order, moving.get(order.job), moved.get(order.reason))
        spans = [s for s in (bar.before, bar.after) if s is not None]
        if any(s.start_utc < to_utc and s.end_utc > from_utc for s in spans):
            bars.setdefault(order.machine, []).append(bar)
    labels = {m.id: m.label for m in scene.plant.machines}
    order_of = {m.id: n for n, m in enumerate(scene.plant.machines)}
    machines = sorted(bars, key=lambda m: (order_of.get(m, len(order_of)), m))
    return tuple(MachineRow(m, labels.get(m, m), tuple(bars[m])) for m in machines)


def job_bar(order: Order, advised: Recommendation | None, moved_by: Recommendation | None) -> JobBar:
    """A job's place before and after: as advised now, or as it was moved by an accepted recommendation."""
    here = Span(order.start_utc, order.end_utc)
    before, after, move = here, None, Move.STAYS
    if advised is not None and advised.to_start_utc != order.start_utc and order.status is OrderStatus.PLANNED:
        after, move = Span(advised.to_start_utc, advised.to_start_utc + order.duration), Move.ADVISED
    elif moved_by is not None and moved_by.from_start_utc != order.start_utc:
        before = Span(moved_by.from_start_utc, moved_by.from_start_utc + order.duration)
        after, move = here, Move.MOVED
    return JobBar(order.job, order.product, before, after, move, order.status, order.movable, max(order.profile_kw, default=0.0))


def shift_bands(scene: Scene, from_utc: datetime, to_utc: datetime) -> tuple[ShiftBand, ...]:
    """The shifts of the span."""
    labels = {s.id: s.name or s.id for s in scene.plant.shifts}
    found = shift_instances(scene.plant.shifts, scene.plant, from_utc, to_utc)
    return tuple(ShiftBand(labels[i.shift], Span(i.start_utc, i.end_utc)) for i in found)


def advice_cards(scene: Scene, recommendations: list[Recommendation]) -> tuple[AdviceCard, ...]:
    """Open ones by their latest useful time, then what was decided in the last day, newest first."""
    machines = {m.id: m.label for m in scene.plant.machines}
    decisions = scene.decisions()
    is_open = RecommendationStatus.OPEN
    first = sorted((r for r in recommendations if r.status is is_open), key=lambda r: (r.valid_until_utc, r.recommendation))
    recent = [r for r in recommendations if r.status is not is_open and r.at_utc >= scene.now_utc - KEEP_DECIDED]
    recent.sort(key=lambda r: (-r.at_utc.timestamp(), r.recommendation))
    return tuple(
        AdviceCard(
            recommendation=r,
            machine_label=machines.get(r.machine, r.machine),
            button=button_of(r, scene.sent.get(r.recommendation), decisions.get(r.recommendation), scene.now_utc),
            decision=decisions.get(r.recommendation),
            failure=sent.failure if (sent := scene.sent.get(r.recommendation)) is not None else "",
            minutes_left=(r.valid_until_utc - scene.now_utc).total_seconds() / 60,
        )
        for r in [*first, *recent[:MOST_DECIDED]]
    )


def button_of(advice: Recommendation, sent: Sent | None, decided: Decision | None, now_utc: datetime) -> Button:
    """What the card's buttons may do: a decision that the advice job has not answered yet stays ``sent``."""
    if advice.status is not RecommendationStatus.OPEN:
        return Button.CLOSED
    if sent is not None:
        return Button.FAILED if sent.failure else Button.SENT
    if decided is not None and decided.at_utc >= advice.at_utc:
        return Button.SENT
    return Button.OFFERED if advice.valid_until_utc > now_utc else Button.CLOSED
