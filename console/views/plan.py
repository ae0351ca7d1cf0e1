"""Yesterday, today and tomorrow: the load with its forecast, the jobs before and after the advice, the advice itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from console.views.coverage import Empty, due_until, emptiness
from console.views.forecasts import DayAhead, days_ahead
from console.views.levels import levels
from console.views.money import NoPrice, no_price
from console.views.scene import Scene, Sent, import_quarters
from console.views.what_if import advised_kw
from domain.calendars import crews_of, shift_instances
from domain.forecasts import DayPeak, Forecast
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER
from domain.orders import Order, OrderStatus
from domain.recommendations import ADVICE_QUARTERS, Action, Decision, JobPlace, LoadPlace, Recommendation, RecommendationStatus
from quarters.net import NetQuarter
from quarters.numbers import quarter_starts
from quarters.quality import makes_maximum
from words.sentences import AdviceTexts, Names, advice_in_each_language, names_of

KEEP_DECIDED = timedelta(hours=24)
MOST_OPEN, MOST_DECIDED = 20, 6
MOST_MACHINES, MOST_JOBS = 40, 20
"""Rows of the chart, and jobs in one row."""
MOST_UNPLANNED = 20
GANTT_BACK = timedelta(hours=6)
"""How much of the past stays beside the jobs to come."""


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """One quarter hour of the load chart; None where there is nothing to draw."""

    start_utc: datetime
    actual: NetQuarter | None
    q10_kw: float | None
    q50_kw: float | None
    q90_kw: float | None
    day_ahead_kw: float | None = None
    """The median as forecast when the day began."""
    after_kw: float | None = None
    """The median with every open recommendation carried out; None where nothing changes."""


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
    COMES = "comes"
    """It comes from another machine."""


@dataclass(frozen=True, slots=True)
class JobBar:
    """A job with where it was and where it is to go; `after` is None where nothing changes."""

    job: str
    product: str
    order: str
    """Number of the production order; empty where there is none."""
    before: Span
    after: Span | None
    move: Move
    status: OrderStatus
    movable: bool
    peak_kw: float | None
    """None where the job's power is not known."""
    due_utc: datetime | None
    """When it must have ended; None where no date was set."""

    @property
    def label(self) -> str:
        """What people call it: product and order number; the job's id where it has neither."""
        return " ".join(part for part in (self.product, self.order) if part) or self.job


@dataclass(frozen=True, slots=True)
class MachineRow:
    """The jobs of one machine."""

    machine: str
    label: str
    jobs: tuple[JobBar, ...]
    left_out: int = 0
    """Jobs that there is no room for."""


@dataclass(frozen=True, slots=True)
class UnplannedJob:
    """A job without a start, as planning systems write it with the last day of their calendar."""

    job: str
    product: str
    machine_label: str
    duration: timedelta
    earliest_utc: datetime | None
    """Not released before; None where no date was set."""
    due_utc: datetime | None
    """When it must have ended; None where no date was set."""


@dataclass(frozen=True, slots=True)
class ShiftBand:
    """One shift on one day."""

    label: str
    span: Span
    crew: str = ""
    """Who works it, for people; empty where nobody is named."""
    move: Move = Move.STAYS
    is_dropped: bool = False
    """Whether advice would drop it or have it elsewhen: this is where it was."""


class Button(StrEnum):
    """What the buttons of a card can do."""

    OFFERED = "offered"
    SENT = "sent"
    """A decision is on its way: wait for the status."""
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Change:
    """One job or shift that is to be changed: when it begins as planned, and when it would; None: not worked."""

    label: str
    from_utc: datetime | None
    to_utc: datetime | None


@dataclass(frozen=True, slots=True)
class AdviceCard:
    """One recommendation and what may be done with it."""

    recommendation: Recommendation
    subject_label: str
    """The job or shift that it is about."""
    machine_label: str
    """Where the job runs, and where it would; empty for a shift."""
    changes: tuple[Change, ...]
    """What is changed, the first being what it is about."""
    texts: Mapping[str, AdviceTexts]
    """Language -> what it says."""
    button: Button
    decision: Decision | None
    failure: str
    minutes_left: float
    no_price: NoPrice
    """Why an amount of money that is None is not known."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """The page *Plan*."""

    now_utc: datetime
    from_utc: datetime
    to_utc: datetime
    points: tuple[LoadPoint, ...]
    empty: Empty | None
    """Why there is neither a load nor a forecast to show; None where there is something."""
    target_kw: float | None
    target_is_set: bool
    """Whether the plant file names the target; else the load is held against the billed peak or the connection's power."""
    billed_peak_kw: float | None
    """Of the running billing period; None where nothing is known of it yet."""
    forecast: Forecast | None
    peaks: tuple[DayPeak, ...]
    day_ahead: tuple[DayAhead, ...]
    gantt_from_utc: datetime
    gantt_to_utc: datetime
    rows: tuple[MachineRow, ...]
    rows_left_out: int
    unplanned: tuple[UnplannedJob, ...]
    """Jobs without a start, by when they are due."""
    unplanned_left_out: int
    shifts: tuple[ShiftBand, ...]
    known_quarters: int
    """Of the newest `ADVICE_QUARTERS` of the billing meter, how many are known: advice waits for all of them."""
    has_jobs: bool
    """Whether any job is known that is not over: without one there is nothing to advise."""
    cards: tuple[AdviceCard, ...]
    open_left_out: int
    """Open recommendations beyond the cards."""
    best_saving_eur: float | None
    """Expected of the best open recommendation, since savings on one peak do not add up; None where none is priced."""
    best_reduction_kw: float | None
    """Expected of the best open recommendation; None where none is open."""
    no_price: NoPrice
    """Why an amount of money that is None is not known."""


def plan_view(scene: Scene) -> PlanView:
    """Three local days of load, the jobs of today and tomorrow, and the advice."""
    from_utc, _ = scene.day_span(scene.day(-1))
    _, to_utc = scene.day_span(scene.day(1))
    today, _ = scene.day_span(scene.day())
    forecast = scene.forecast()
    recommendations = scene.recommendations()
    against = levels(scene)
    meter = scene.plant.billing_meter()
    actual = import_quarters(scene.ledger, meter, from_utc, to_utc) if meter is not None else {}
    day_ahead = days_ahead(scene, actual)
    cards = advice_cards(scene, recommendations)
    all_open = [r for r in recommendations if r.status is RecommendationStatus.OPEN]
    opened = [r for r in all_open if r.valid_until_utc > scene.now_utc]
    points = load_points(actual, forecast, day_ahead, from_utc, to_utc, advised_kw(scene))
    has_lines = any(p.q50_kw is not None or p.day_ahead_kw is not None for p in points)
    rows = machine_rows(scene, recommendations, max(today, hour(scene.now_utc) - GANTT_BACK), to_utc)
    unplanned = unplanned_jobs(scene)
    known_days = {f"{scene.day(offset)}" for offset in (0, 1, 2)}
    gantt_from = max(today, hour(scene.now_utc) - GANTT_BACK)
    return PlanView(
        now_utc=scene.now_utc,
        from_utc=from_utc,
        to_utc=to_utc,
        points=points,
        empty=None if has_lines else emptiness(scene, actual.values(), to_utc, meter is not None),
        target_kw=against.target_kw,
        target_is_set=against.target_is_set,
        billed_peak_kw=None if against.billed is None else against.billed.kw,
        forecast=forecast,
        peaks=tuple(p for p in forecast.peaks if p.day_local in known_days) if forecast is not None else (),
        day_ahead=day_ahead,
        gantt_from_utc=gantt_from,
        gantt_to_utc=to_utc,
        rows=rows[:MOST_MACHINES],
        rows_left_out=max(0, len(rows) - MOST_MACHINES),
        unplanned=unplanned[:MOST_UNPLANNED],
        unplanned_left_out=max(0, len(unplanned) - MOST_UNPLANNED),
        shifts=shift_bands(scene, recommendations, gantt_from, to_utc),
        known_quarters=known_quarters(scene, actual),
        has_jobs=any(not o.status.is_over for o in scene.orders()),
        cards=cards,
        open_left_out=max(0, len(all_open) - MOST_OPEN),
        best_saving_eur=max((r.saving_eur for r in opened if r.saving_eur is not None), default=None),
        best_reduction_kw=max((r.reduction_kw for r in opened), default=None),
        no_price=no_price(scene.plant),
    )


def hour(instant_utc: datetime) -> datetime:
    """The full hour that an instant lies in."""
    return instant_utc.replace(minute=0, second=0, microsecond=0)


def date_or_none(instant_utc: datetime) -> datetime | None:
    """None for the date that stands for none."""
    return None if instant_utc >= NEVER_UTC else instant_utc


def unplanned_jobs(scene: Scene) -> tuple[UnplannedJob, ...]:
    """Jobs that are planned for no date; those that are due first come first."""
    labels = {m.id: m.label for m in scene.plant.machines}
    waiting = [o for o in scene.orders() if o.status is OrderStatus.PLANNED and date_or_none(o.start_utc) is None]
    waiting.sort(key=lambda o: (o.due_utc, o.job))
    return tuple(
        UnplannedJob(
            o.job,
            o.product,
            labels.get(o.machine, o.machine),
            o.duration,
            date_or_none(o.earliest_utc),
            date_or_none(o.due_utc),
        )
        for o in waiting
    )


def known_quarters(scene: Scene, actual: Mapping[datetime, NetQuarter]) -> int:
    """How many of the newest quarter hours that are due are known, in a row up to the last of them."""
    last = due_until(scene)
    newest = [actual.get(last - number * QUARTER) for number in range(1, ADVICE_QUARTERS + 1)]
    unknown = (n for n, one in enumerate(newest) if one is None or one.energy_uwh is None or not makes_maximum(one.quality))
    return next(unknown, ADVICE_QUARTERS)


def load_points(
    actual: Mapping[datetime, NetQuarter],
    forecast: Forecast | None,
    day_ahead: Sequence[DayAhead],
    from_utc: datetime,
    to_utc: datetime,
    after_kw: Mapping[datetime, float] | None = None,
) -> tuple[LoadPoint, ...]:
    """Every quarter hour of the span; the newest forecast from its first one on, and before it the forecast of the day's beginning.

    Parameters
    ----------
    after_kw
        The expected load with the advice carried out, by quarter hour.
    """
    advised = after_kw or {}
    day_ahead_kw = {at: kw for day in day_ahead for at, kw in day.q50_kw.items()}
    ahead = {} if forecast is None else {quarter.start_utc: quarter for quarter in forecast.quarters()}
    points = []
    for start in quarter_starts(from_utc, to_utc):
        quarter = ahead.get(start)
        low, middle, high = (None, None, None) if quarter is None else (quarter.q10_kw, quarter.q50_kw, quarter.q90_kw)
        points.append(LoadPoint(start, actual.get(start), low, middle, high, day_ahead_kw.get(start), advised.get(start)))
    return tuple(points)


def machine_rows(
    scene: Scene, recommendations: list[Recommendation], from_utc: datetime, to_utc: datetime
) -> tuple[MachineRow, ...]:
    """Machines with jobs in the span, in the plant file's order; cancelled jobs are left out."""
    advised = {place.job: place for r in recommendations if r.status is RecommendationStatus.OPEN for place in r.after.jobs}
    carried_out = (r for r in recommendations if r.status is not RecommendationStatus.OPEN)
    moved = {(r.recommendation, place.job): place for r in carried_out for place in r.before.jobs}
    bars: dict[str, list[JobBar]] = {}
    for order in sorted(scene.orders(), key=lambda o: o.start_utc):
        if order.status is OrderStatus.CANCELLED or date_or_none(order.start_utc) is None:
            continue
        place = advised.get(order.job)
        for machine, bar in (
            (order.machine, job_bar(order, place, moved.get((order.reason, order.job)))),
            *coming_bar(order, place),
        ):
            spans = [s for s in (bar.before, bar.after) if s is not None]
            if any(s.start_utc < to_utc and s.end_utc > from_utc for s in spans):
                bars.setdefault(machine, []).append(bar)
    labels = {m.id: m.label for m in scene.plant.machines}
    order_of = {m.id: n for n, m in enumerate(scene.plant.machines)}
    machines = sorted(bars, key=lambda m: (order_of.get(m, len(order_of)), m))
    return tuple(MachineRow(m, labels.get(m, m), tuple(bars[m][:MOST_JOBS]), max(0, len(bars[m]) - MOST_JOBS)) for m in machines)


def coming_bar(order: Order, advised: JobPlace | None) -> list[tuple[str, JobBar]]:
    """The bar on the machine that a job is advised to change to; none where it stays on its own."""
    if advised is None or advised.machine == order.machine or order.status is not OrderStatus.PLANNED:
        return []
    here = Span(advised.start_utc, advised.end_utc)
    return [(advised.machine, replace(job_bar(order, None, None), before=here, after=here, move=Move.COMES))]


def job_bar(order: Order, advised: JobPlace | None, moved_from: JobPlace | None) -> JobBar:
    """A job's place before and after: as advised now, or as it was moved by an accepted recommendation.

    A job that is to change its machine is drawn on the one where it is planned.
    """
    here = Span(order.start_utc, order.end_utc)
    before, after, move = here, None, Move.STAYS
    starts_elsewhen = advised is not None and advised.machine == order.machine and advised.start_utc != order.start_utc
    if advised is not None and starts_elsewhen and order.status is OrderStatus.PLANNED:
        after, move = Span(advised.start_utc, advised.end_utc), Move.ADVISED
    elif moved_from is not None and moved_from.start_utc != order.start_utc:
        before = Span(moved_from.start_utc, moved_from.end_utc)
        after, move = here, Move.MOVED
    return JobBar(
        order.job,
        order.product,
        order.order,
        before,
        after,
        move,
        order.status,
        order.movable,
        max(order.profile_kw, default=None),
        date_or_none(order.due_utc),
    )


def shift_bands(scene: Scene, recommendations: list[Recommendation], from_utc: datetime, to_utc: datetime) -> tuple[ShiftBand, ...]:
    """The shifts of the span, and those that open recommendations would open, drop or have elsewhen."""
    labels = {s.id: s.name or s.id for s in scene.plant.shifts}
    crews = {c.id: c.name or c.id for c in scene.plant.crews}
    opened = [r for r in recommendations if r.status is RecommendationStatus.OPEN]
    gone = {(place.shift, place.start_utc) for r in opened for place in r.before.shifts}
    bands = [
        ShiftBand(
            labels[i.shift], Span(i.start_utc, i.end_utc), ", ".join(crews.get(c, c) for c in crews_of(i, scene.plant)),
            is_dropped=(i.shift, i.start_utc) in gone,
        )
        for i in shift_instances(scene.plant.shifts, scene.plant, from_utc, to_utc)
    ]  # fmt: skip
    bands += [
        ShiftBand(labels.get(p.shift, p.shift), Span(p.start_utc, p.end_utc), crews.get(p.crew, p.crew), Move.ADVISED)
        for r in opened
        for p in r.after.shifts
        if p.start_utc < to_utc and p.end_utc > from_utc
    ]
    return tuple(bands)


def advice_cards(scene: Scene, recommendations: list[Recommendation]) -> tuple[AdviceCard, ...]:
    """Open ones by their latest useful time, those that can still be decided first; then what was decided in the last day, newest first."""
    names, zone = names_of(scene.plant), scene.plant.site.zone
    is_open = RecommendationStatus.OPEN
    first = [r for r in recommendations if r.status is is_open]
    first.sort(key=lambda r: (r.valid_until_utc <= scene.now_utc, r.valid_until_utc, r.recommendation))
    recent = [r for r in recommendations if r.status is not is_open and r.at_utc >= scene.now_utc - KEEP_DECIDED]
    recent = [r for r in recent if not scene.is_ahead(r.at_utc)]
    recent.sort(key=lambda r: (-r.at_utc.timestamp(), r.recommendation))
    shown = [*first[:MOST_OPEN], *recent[:MOST_DECIDED]]
    decisions = scene.decisions(shown)
    return tuple(
        AdviceCard(
            recommendation=r,
            subject_label=names.get((_subject_kind(r), r.subject), r.subject),
            machine_label=_machine_label(r, names),
            changes=_changes(r, names),
            texts=advice_in_each_language(r, zone, names),
            button=button_of(r, sent, decisions.get(r.recommendation), scene.now_utc),
            decision=decisions.get(r.recommendation) or (sent.decision if sent is not None and not sent.failure else None),
            failure=sent.failure if sent is not None else "",
            minutes_left=(r.valid_until_utc - scene.now_utc).total_seconds() / 60,
            no_price=no_price(scene.plant),
        )
        for r in shown
        for sent in (scene.sent.get(r.recommendation),)
    )


def _subject_kind(advice: Recommendation) -> str:
    """What it is about, as names are looked up."""
    if advice.set_points:
        return "machine"
    return "load" if advice.loads else "shift" if advice.shift is not None else "job"


def _machine_label(advice: Recommendation, names: Names) -> str:
    """The machine of the job that it is about; two where it changes."""
    if not advice.machine:
        return ""
    machines = dict.fromkeys((advice.machine, advice.after.jobs[0].machine))
    return " → ".join(names.get(("machine", machine), machine) for machine in machines)


def _changes(advice: Recommendation, names: Names) -> tuple[Change, ...]:
    shift = advice.shift
    found = [] if shift is None else [Change(names.get(("shift", shift.shift), shift.shift), advice.from_utc, advice.to_utc)]
    found += _load_changes(advice, names)
    return (*found, *(Change(before.job, before.start_utc, after.start_utc) for before, after in advice.moves()))


def _load_changes(advice: Recommendation, names: Names) -> list[Change]:
    """When each load that is shifted begins to draw, as planned and then; what is held or released is not shifted."""
    if advice.action is not Action.SHIFT_LOAD:
        return []
    first, then = (
        {place.load: place.start_utc for place in sorted(places.loads, key=_start, reverse=True)}
        for places in (advice.before, advice.after)
    )
    return [Change(names.get(("load", load), load), first.get(load), at) for load, at in then.items()]


def _start(place: LoadPlace) -> datetime:
    return place.start_utc


def button_of(advice: Recommendation, sent: Sent | None, decided: Decision | None, now_utc: datetime) -> Button:
    """What the card's buttons may do: a decision that the advice job has not answered yet stays ``sent``."""
    if advice.status is not RecommendationStatus.OPEN:
        return Button.CLOSED
    if sent is not None:
        return Button.FAILED if sent.failure else Button.SENT
    if decided is not None:
        return Button.SENT
    return Button.OFFERED if advice.valid_until_utc > now_utc else Button.CLOSED
