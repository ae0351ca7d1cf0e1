"""A seeded plant day to look at: records made up for a ledger, and a live feed, for tests of the page only."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from connectors.kafka.client import Message
from console.events import STREAMED, Cursor, Hub
from console.live_state import Live, LiveState
from console.views.scene import ProcessUse
from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import ScaledClock, epoch_ms
from domain.codec import encode
from domain.demand import Demand
from domain.entered_measures import EnteredMeasure
from domain.facts import Fact, fact
from domain.feedback import Feedback
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant, load_plant
from domain.quality import QualityEvent
from domain.readings import CONNECTION_CHANNEL, GAP_CHANNEL, HEARTBEAT_CHANNEL, Reading
from domain.recommendations import (
    Action,
    Alternative,
    Decision,
    DecisionKind,
    DeclineReason,
    Recommendation,
    RecommendationStatus,
)
from domain.shift_changes import ShiftChange
from domain.topics import Topic
from domain.units import UWH_PER_KWH
from quarters.numbers import quarter_start
from reporting.ledger import LedgerReader
from tests.advised import moving, places

NOW_UTC = datetime(2026, 10, 23, 9, 52, 30, tzinfo=UTC)
"""Friday 11:52:30 in Werk Nord."""
BEGIN_UTC = datetime(2026, 9, 18, tzinfo=UTC)
"""First quarter hour of all meters."""
LIVE_UTC = datetime(2026, 10, 19, 9, 45, tzinfo=UTC)
"""What is before was imported."""
SITE = "werk-nord"
SHARES = {
    "hall-1": 0.44, "hall-2": 0.33, "furnace-1": 0.21, "furnace-2": 0.17, "washer": 0.045, "moulding-1": 0.06, "moulding-2": 0.055,
    "moulding-3": 0.05, "press-1": 0.06, "press-2": 0.05, "cnc-line": 0.045, "compressor-1": 0.09, "compressor-2": 0.05,
    "chiller": 0.07, "ev-chargers": 0.03, "lighting": 0.03,
}  # fmt: skip


def demo_plant(folder: Path) -> Plant:
    """The demo's plant file, written into `folder`."""
    from simulation import demo_plant as template

    return load_plant(template.write(folder))


@cache
def site_kw(at: datetime) -> float:
    """Load of the whole plant: shifts, a morning peak, some noise, the same in every run."""
    local = at.astimezone(load_zone())
    hour = local.hour + local.minute / 60
    working = local.weekday() < 4 or (local.weekday() == 4 and hour < 14)
    noise = random.Random(int(at.timestamp())).uniform(-14, 14)
    if not working:
        return 165 + 20 * math.sin(hour / 24 * math.tau) + noise
    peak = 115 * math.exp(-((hour - 10.5) ** 2) / 2.2) + 60 * math.exp(-((hour - 15.5) ** 2) / 3)
    return 470 + peak + 40 * math.sin((hour - 6) / 24 * math.tau) + noise


def load_zone():
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Berlin")


def sample_forecast(first: datetime) -> Forecast:
    """The site's forecast for 48 h from `first` on."""
    middle = [site_kw(first + n * QUARTER) * 0.99 + 6 for n in range(192)]
    spread = [14 + 0.35 * min(n, 120) for n in range(192)]
    days = [first.astimezone(load_zone()).date() + timedelta(days=n) for n in range(2)]
    return Forecast(
        SITE, first, first,
        tuple(m - s for m, s in zip(middle, spread, strict=True)), tuple(middle),
        tuple(m + 1.2 * s for m, s in zip(middle, spread, strict=True)),
        tuple(sample_peak(day, n) for n, day in enumerate(days)),
        "like-days", first, 3360, 0.62, 41.0, coverage=0.79,
        period_peak=PeriodPeak(first - timedelta(days=20), first + timedelta(days=10), 655.0, 655.0, 668.0, 702.0, 0.83),
    )  # fmt: skip


def sample_replay(first: datetime) -> Forecast:
    """A forecast for 48 h from `first` on that was made afterwards."""
    middle = tuple(site_kw(first + n * QUARTER) * 1.02 - 4 for n in range(192))
    day = first.astimezone(load_zone()).date()
    return Forecast(
        SITE, first, first, tuple(kw - 15 for kw in middle), middle, tuple(kw + 15 for kw in middle),
        (sample_peak(day, 0),), "like-days", first, 3360, 0.62, 41.0, replayed=True,
    )  # fmt: skip


def sample_anomalies() -> list[Anomaly]:
    """Two that last."""
    since = NOW_UTC - timedelta(hours=4, minutes=7)
    return [
        Anomaly(
            SITE, "furnace-1", "furnace-1/on_while_off/1", 5, AnomalyKind.ON_WHILE_OFF, since, None, NOW_UTC, 3.0, 61.0, 238.0, 1392.0,
            264.48, (
                fact("on_while_off.lasting", machine="furnace-1", since_utc=since, actual_kw=61.0, expected_kw=3.0, excess_kwh=238.0),
                fact("on_while_off.per_day", kwh_per_day=1392.0, eur_per_day=264.48),
            ),
        ),
        Anomaly(
            SITE, "press-2", "press-2/counter/1", 1, AnomalyKind.COUNTER_DISCONTINUITY, since + timedelta(hours=2), None, NOW_UTC, None,
            None, 0.0, 0.0, 0.0, (fact("counter.reset", meter="press-2", channel="energy_import", start_utc=since + timedelta(hours=2)),),
        ),
    ]  # fmt: skip


def sample_decisions() -> list[Decision]:
    """On two of the sample's recommendations."""
    return [
        Decision(SITE, "R-0417", DecisionKind.ACCEPTED, "M. Krüger", NOW_UTC - timedelta(hours=3)),
        Decision(SITE, "R-0409", DecisionKind.REJECTED, "S. Öztürk", NOW_UTC - timedelta(hours=5), DeclineReason.QUALITY, "Charge wird zu kalt"),
    ]  # fmt: skip


def sample_meter_forecast(meter: str, share: float, first: datetime) -> Forecast:
    """The meter's share of the plant, 48 h from `first` on, and the peaks of the three days it touches."""
    middle = [site_kw(first + n * QUARTER) * share for n in range(192)]
    days = [first.astimezone(load_zone()).date() + timedelta(days=n) for n in range(3)]
    peaks = [replace(sample_peak(day, n), above_target=0.0) for n, day in enumerate(days)]
    return Forecast(
        SITE, first + timedelta(minutes=2), first,
        tuple(kw * 0.85 for kw in middle), tuple(middle), tuple(kw * 1.2 for kw in middle),
        tuple(replace(p, q10_kw=p.q10_kw * share, q50_kw=p.q50_kw * share, q90_kw=p.q90_kw * share) for p in peaks),
        "like-days 54%, jobs+carried-week 31%, lasting 15%", first, 2880, 0.71, 12.0, meter=meter, coverage=0.82,
        notes=(fact("forecast.load_changed", since_utc=datetime(2026, 10, 19, 5, 15, tzinfo=UTC)),),
    )  # fmt: skip


def sample_peak(day: date, number: int) -> DayPeak:
    start = datetime(day.year, day.month, day.day, 8, 15, tzinfo=UTC)
    high = 655.0 if number == 0 else 214.0
    return DayPeak(day.isoformat(), high - 28, high, high + 33, start, 0.71 if number == 0 else 0.0)


OUTAGE_UTC = datetime(2026, 10, 23, 5, 30, tzinfo=UTC), datetime(2026, 10, 23, 8, 30, tzinfo=UTC)
"""Friday 07:30 to 10:30: no network to a moulding machine, whose control remembers, and to the charging points, whose meter does not."""


def sample_revisions(meter: str, channel: str, start: datetime) -> list[tuple[datetime, Interval]]:
    """When each revision of a quarter hour was recorded, and the revision."""
    last = sample_interval(meter, channel, start)
    soon = start + QUARTER + timedelta(minutes=2)
    if meter not in ("moulding-2", "ev-chargers") or not OUTAGE_UTC[0] <= start < OUTAGE_UTC[1]:
        return [(soon, last)]
    missing = replace(last, energy_uwh=None, coverage=0.0, quality=IntervalQuality.MISSING, method=IntervalMethod.NONE, readings=0)
    evenly = replace(
        last, energy_uwh=round(SHARES[meter] * 640 / 4 * UWH_PER_KWH), coverage=0.0, quality=IntervalQuality.SUBSTITUTED,
        method=IntervalMethod.INTERPOLATED, revision=2, readings=0,
    )  # fmt: skip
    back = OUTAGE_UTC[1] + timedelta(seconds=40)
    if start == OUTAGE_UTC[1] - QUARTER:  # it ends as the network comes back: first without a value, then filled a little later
        soon, back = OUTAGE_UTC[1] + timedelta(seconds=20), OUTAGE_UTC[1] + timedelta(seconds=90)
    if meter == "ev-chargers":
        return [(soon, missing), (back, evenly)]
    return [(soon, missing), (back, evenly), (back + timedelta(minutes=1), replace(last, revision=3))]


def sample_interval(meter: str, channel: str, start: datetime) -> Interval:
    """One quarter hour; a gap and an estimate in the morning, furnace 2 missing for an hour."""
    kw = site_kw(start)
    local = start.astimezone(load_zone())
    if channel == "energy_export":
        if meter == "main":
            kw = 0.0
        else:
            kw = max(0.0, 120 * math.sin((local.hour + local.minute / 60 - 7) / 11 * math.pi)) if 7 <= local.hour < 18 else 0.0
    elif meter != "main":
        kw *= SHARES.get(meter, 0.05)
    quality, method, coverage = IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1.0
    energy: int | None = round(kw / 4 * UWH_PER_KWH)
    if local.date() == date(2026, 10, 23) and local.hour == 3 and local.minute < 45:
        quality, method, coverage = IntervalQuality.SUBSTITUTED, IntervalMethod.INTERPOLATED, 0.0
    if meter == "furnace-2" and local.hour == 8:
        quality, method, coverage, energy = IntervalQuality.MISSING, IntervalMethod.NONE, 0.0, None
    if meter == "press-2" and local.hour == 11 and local.minute == 30:
        quality, method = IntervalQuality.CORRECTED, IntervalMethod.RESET
    origin = IntervalOrigin.METERING if start >= LIVE_UTC else IntervalOrigin.IMPORT
    return Interval(SITE, meter, channel, start, energy, coverage, quality, method, 1, 30, origin)


def sample_orders() -> list[Order]:
    day = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
    rows = [
        ("J-1041", "furnace-1", "Welle 18CrNi", 0.0, [150, 160, 160, 120, 90, 80, 80, 60], OrderStatus.DONE),
        ("J-1042", "furnace-1", "Zahnrad M4", 5.75, [150, 160, 160, 120, 90, 80], OrderStatus.RUNNING),
        ("J-1043", "furnace-2", "Kettenglied", 6.5, [140, 140, 140, 110, 90, 90, 90], OrderStatus.PLANNED),
        ("J-1044", "furnace-2", "Bolzen 42CrMo", 12.0, [140, 140, 140, 110], OrderStatus.PLANNED),
        ("J-1045", "washer", "Teile waschen", 7.0, [42, 42, 42], OrderStatus.PLANNED),
        ("J-1046", "press-1", "Gehäuse <links>", 4.5, [70, 70, 70, 70, 70], OrderStatus.PLANNED),
        ("J-1047", "moulding-1", "Kappe 40", 3.0, [55] * 14, OrderStatus.RUNNING),
        ("J-1048", "cnc-line", "Flansch", 26.0, [50] * 20, OrderStatus.PLANNED),
    ]
    orders = []
    for job, machine, product, hours, profile, status in rows:
        start = day + timedelta(hours=hours)
        reason = "R-0417" if job == "J-1044" else ""
        orders.append(
            Order(
                SITE,
                job,
                1,
                machine,
                product,
                start,
                tuple(map(float, profile)),
                day,
                day + timedelta(days=2),
                True,
                status,
                day,
                reason,
            )
        )
    return orders


def moved(job: str, machine: str, from_utc: datetime, to_utc: datetime) -> Fact:
    """Why a job is to move."""
    return fact(
        "advice.move", job=job, machine=machine, from_utc=from_utc, to_utc=to_utc, peak_utc=datetime(2026, 10, 23, 10, 30, tzinfo=UTC),
        before_kw=688.0, after_kw=631.0,
    )  # fmt: skip


def sample_recommendations() -> list[Recommendation]:
    base = {
        "site": SITE, "issued_utc": NOW_UTC - timedelta(minutes=35), "at_utc": NOW_UTC - timedelta(minutes=5), 
        "peak_start_utc": datetime(2026, 10, 23, 10, 30, tzinfo=UTC), "peak_before_kw": 688.0, "peak_after_kw": 631.0, "reduction_kw": 57.0,
        "bill_before_eur": 412_870.0, "bill_after_eur": 405_258.0, "saving_eur": 7_612.0, "saving_demand_eur": 7_602.5, "saving_energy_eur": 9.5,
        "confidence": 0.83,
    }  # fmt: skip
    day = datetime(2026, 10, 23, tzinfo=UTC)
    return [
        Recommendation(
            recommendation="R-0421", revision=2, status=RecommendationStatus.OPEN, **moving("J-1043", "furnace-2", day + timedelta(hours=10.5), day + timedelta(hours=12.25), 105),
            valid_until_utc=day + timedelta(hours=10.25),
            reason=(moved("J-1043", "furnace-2", day + timedelta(hours=10.5), day + timedelta(hours=12.25)), fact("advice.saves", saving_eur=7_612.0)),
            alternatives=(
                Alternative(Action.MOVE_JOB, places("J-1043", "furnace-2", day + timedelta(hours=13), 105), 634.0, 7_180.0, (fact("alternative.higher", more_kw=3.0),)),
                Alternative(Action.MOVE_JOB, places("J-1043", "furnace-2", day + timedelta(hours=11.5), 105), 652.0, 4_805.0, (fact("alternative.higher", more_kw=21.0),)),
            ),
            checked=(fact("condition.dates"), fact("condition.machine_free")), not_checked=(fact("condition.material"),), **base,
        ),
        Recommendation(
            recommendation="R-0422", revision=1, status=RecommendationStatus.OPEN, **moving("J-1045", "washer", day + timedelta(hours=11), day + timedelta(hours=11.75), 105),
            valid_until_utc=day + timedelta(hours=10.75),
            reason=(moved("J-1045", "washer", day + timedelta(hours=11), day + timedelta(hours=11.75)), fact("advice.saves_nothing")),
            **{**base, "saving_eur": 0.0, "saving_demand_eur": 0.0, "saving_energy_eur": 0.0, "reduction_kw": 21.0, "confidence": 0.58},
        ),
        Recommendation(
            recommendation="R-0417", revision=4, status=RecommendationStatus.ACCEPTED, **moving("J-1044", "furnace-2", day + timedelta(hours=13), day + timedelta(hours=16), 105),
            valid_until_utc=day + timedelta(hours=12),
            reason=(moved("J-1044", "furnace-2", day + timedelta(hours=13), day + timedelta(hours=16)),), decided_by="M. Krüger",
            **{**base, "issued_utc": NOW_UTC - timedelta(hours=6)},
        ),
        Recommendation(
            recommendation="R-0409", revision=3, status=RecommendationStatus.REJECTED, **moving("J-1042", "furnace-1", day + timedelta(hours=9.75), day + timedelta(hours=10.5), 105),
            valid_until_utc=day + timedelta(hours=9.5),
            reason=(moved("J-1042", "furnace-1", day + timedelta(hours=9.75), day + timedelta(hours=10.5)),), decided_by="S. Öztürk",
            **{**base, "issued_utc": NOW_UTC - timedelta(hours=6)},
        ),
    ]  # fmt: skip


def sample_demand(at: datetime, projected_kw: float = 652.0) -> Demand:
    """The running quarter hour at `at`."""
    start = quarter_start(at)
    elapsed = (at - start).total_seconds()
    mean = projected_kw - 12
    energy = mean * elapsed / 3600
    width = 60 * (1 - elapsed / 900)
    return Demand(
        site=SITE, meter="main", at_utc=at, start_utc=start, elapsed_s=elapsed, remaining_s=900 - elapsed, energy_kwh=energy, now_kw=projected_kw + 14,
        mean_so_far_kw=mean, projected_kw=projected_kw, projected_low_kw=projected_kw - width, projected_high_kw=projected_kw + width, target_kw=640.0,
        allowed_kw=max(0.0, (640 * 0.25 - energy) * 3600 / max(900 - elapsed, 1)), headroom_kw=640 - projected_kw, billed_peak_kw=668.0,
        billed_peak_utc=datetime(2026, 10, 13, 8, 15, tzinfo=UTC), basis_observed_ms=epoch_ms(at),
    )  # fmt: skip


@dataclass
class SampleBacklog:
    """A `console.live.Backlog` of messages that are there."""

    start: Cursor
    messages: list[Message]

    def read(self) -> list[Message] | None:
        taken, self.messages = self.messages, []
        return taken or None

    def close(self) -> None:
        self.messages = []


class SampleFeed:
    """A `console.live.Feed`; decisions are kept, and answered when `answer` is called."""

    def __init__(self, plant: Plant, ledger: LedgerReader | None = None, now_utc: datetime = NOW_UTC) -> None:
        self.plant, self.ledger = plant, ledger
        self.state = LiveState(SITE, plant, lambda: now_utc)
        self.state.connection(True)
        self.events = Hub()
        self.events.follow({(topic.name, 0): 0 for topic in STREAMED.values()}, {topic.name: 0 for topic in STREAMED.values()})
        self.logged: list[Message] = []
        self.decided: list[Decision] = []
        self.ordered: list[Order] = []
        self.shifts: list[ShiftChange] = []
        self.feedback: list[Feedback] = []
        self.pieces: list[QualityEvent] = []
        self.measures: list[EnteredMeasure] = []
        self.closed = False
        self.send(now_utc)

    def send(self, at: datetime, projected_kw: float = 652.0) -> None:
        """One round of readings."""
        at_s = time.monotonic()
        self.state.take(sample_demand(at, projected_kw), at_s)
        for number, meter in enumerate(self.plant.meters):
            if meter.id == "lighting" and at > NOW_UTC - timedelta(minutes=12):
                continue
            for register in meter.registers:
                interval = sample_interval(
                    meter.id, register.channel if register.channel == "energy_export" else "energy_import", quarter_start(at)
                )
                kw = interval.power_kw or 0.0
                value = kw * 1000 if register.unit == "W" else (kw if register.kind == "gauge" else 48_211_400.0 + number)
                value = -value if meter.id == "pv" and register.kind == "gauge" else value
                self.state.take(Reading(SITE, meter.id, register.channel, epoch_ms(at), epoch_ms(at), value), at_s)
        late = at - timedelta(minutes=14)
        self.state.take(Reading(SITE, "lighting", "power", epoch_ms(late), epoch_ms(late), 18_000.0), at_s)
        for meter_id, state in (("furnace-1", "Execute"), ("furnace-2", "Idle"), ("press-1", "Held")):
            self.state.take(Reading(SITE, meter_id, "state", epoch_ms(at), epoch_ms(at), None, text=state), at_s)
        self.state.take(Reading(SITE, "gateway-1", HEARTBEAT_CHANNEL, epoch_ms(at), epoch_ms(at), 3), at_s)
        for device, word in (("main-meter", "connected"), ("furnace-1-control", "connected"), ("lighting-meter", "lost")):
            self.state.take(Reading(SITE, device, CONNECTION_CHANNEL, epoch_ms(at), epoch_ms(at), None, text=word), at_s)
        rows = "history: 1,080 values of 3 registers for 180 min"
        self.state.take(Reading(SITE, "furnace-1-control", GAP_CHANNEL, epoch_ms(late), epoch_ms(late), 1080, text=rows), at_s)

    def publish(self, topic: Topic, record: Any) -> Message:
        """As if it came by the topic, which has one partition."""
        offset = sum(m.topic is topic for m in self.logged)
        message = Message(topic, 0, offset, 0, topic.key_bytes(record), encode(record))
        self.logged.append(message)
        self.events.take(message)
        return message

    def backlog(self, topics: Iterable[Topic], start: Cursor, until: Cursor) -> SampleBacklog:
        names = {topic.name for topic in topics}
        places = {place: offset for place, offset in start.items() if place[0] in names}
        found = [m for m in self.logged if places.get((m.topic.name, 0), 10**9) <= m.offset < until[m.topic.name, 0]]
        return SampleBacklog(places, found)

    def picture(self) -> Live:
        return self.state.picture(time.monotonic())

    def decide(self, decision: Decision, known_until: Mapping[tuple[str, int], int]) -> Sequence[Decision]:
        self.decided.append(decision)
        return [one for one in self.decided if one.recommendation == decision.recommendation]

    def orders_since(self, known_until: Mapping[tuple[str, int], int]) -> Sequence[Order]:
        return list(self.ordered)

    def send_orders(self, orders: Sequence[Order]) -> None:
        self.ordered += orders

    def shift_changes_since(self, known_until: Mapping[tuple[str, int], int]) -> Sequence[ShiftChange]:
        return list(self.shifts)

    def send_shift_changes(self, changes: Sequence[ShiftChange]) -> None:
        self.shifts += changes

    def feedback_since(self, known_until: Mapping[tuple[str, int], int]) -> Sequence[Feedback]:
        return list(self.feedback)

    def send_feedback(self, feedback: Sequence[Feedback]) -> None:
        self.feedback += feedback

    def quality_since(self, known_until: Mapping[tuple[str, int], int]) -> Sequence[QualityEvent]:
        return list(self.pieces)

    def send_quality(self, events: Sequence[QualityEvent]) -> None:
        self.pieces += events

    def measures_since(self, known_until: Mapping[tuple[str, int], int]) -> Sequence[EnteredMeasure]:
        return list(self.measures)

    def send_measures(self, measures: Sequence[EnteredMeasure]) -> None:
        self.measures += measures

    def answer(self) -> None:
        """What the advice job would do: the recommendation's next revision has the decided status."""
        assert self.ledger is not None
        advice = {r.recommendation: r for r in self.ledger.recommendations()}
        for decision in self.decided:
            old = advice[decision.recommendation]
            if old.status is RecommendationStatus.OPEN:
                import dataclasses

                status = RecommendationStatus(decision.kind.value)
                new = dataclasses.replace(
                    old, status=status, revision=old.revision + 1, at_utc=decision.at_utc, decided_by=decision.by
                )
                self.state.take(new, time.monotonic())

    def close(self) -> None:
        self.closed = True


def frozen_clock(at: datetime = NOW_UTC) -> ScaledClock:
    """A plant clock that hardly moves."""
    return ScaledClock(datetime.now(UTC), at, 1e-9)


def sample_processes() -> tuple[ProcessUse, ...]:
    return (
        ProcessUse("kafka", 101, 431.0, 61.2),
        ProcessUse("flink taskmanager", 102, 1_210.0, 402.9),
        ProcessUse("flink jobmanager", 103, 512.0, 48.0),
        ProcessUse("lastgang console", 104, 118.0, 9.4),
    )
