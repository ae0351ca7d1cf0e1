"""What a page must survive: a plant about which nothing is known, records of any date and size, and names made to break it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from console_ledger import copy_of, forgotten, ledger_with, sample_ledger
from console_sample import (
    NOW_UTC,
    SHARES,
    SITE,
    SampleFeed,
    sample_anomalies,
    sample_decisions,
    sample_demand,
    sample_forecast,
    sample_interval,
    sample_meter_forecast,
    sample_orders,
    sample_recommendations,
)

from console.live_state import LiveState
from console.views.scene import PartSeen, ProcessUse
from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.demand import Demand
from domain.facts import MOST_FACTS, Fact, fact
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from domain.instants import NEVER_UTC
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant, load_plant
from domain.readings import (
    CLOCK_CHANNEL,
    CONNECTION_CHANNEL,
    GAP_CHANNEL,
    HEARTBEAT_CHANNEL,
    REFUSED_CHANNEL,
    THINNED_CHANNEL,
    Reading,
)
from domain.recommendations import (
    Action,
    Decision,
    DecisionKind,
    JobPlace,
    Places,
    Recommendation,
    RecommendationStatus,
    ShiftPlace,
)
from quarters.numbers import quarter_start, quarter_starts
from reporting.ledger import Ledger, LedgerReader
from reporting.month import channels_of

FIRST_UTC = datetime(1000, 1, 1, tzinfo=UTC)
LATE_UTC = datetime(2062, 3, 1, tzinfo=UTC)
DATES = (FIRST_UTC, LATE_UTC, NEVER_UTC)
HUGE = 1e11
"""The largest power that a topic may carry [kW]; amounts may be larger."""
HUGE_JOB_KW = 1e9
UWH = 2**63 - 1

BARE_PLANT = """
[site]
id = "werk-nord"
timezone = "Europe/Berlin"
commissioned_utc = 2026-10-20T00:00:00Z

[[meter]]
id = "main"
max_power_kw = 800

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 1
resolution = 0.1
"""
"""One meter, nothing else: no name, no target, no tariff, no shifts, no machines."""


def bare_plant(folder: Path) -> Plant:
    """The smallest plant."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.toml").write_text(BARE_PLANT, encoding="utf-8")
    return load_plant(folder / "plant.toml")


class SilentFeed(SampleFeed):
    """A feed on which nothing has come yet, from a broker that does not answer unless it `connects`."""

    def __init__(self, plant: Plant, ledger: LedgerReader | None = None, connects: bool = False) -> None:
        super().__init__(plant, ledger)
        self.state = LiveState(SITE, plant, lambda: NOW_UTC)
        self.state.connection(connects, "" if connects else "KafkaConnectionError: no broker at 127.0.0.1:9092")


IMPORTED = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 10, 18, tzinfo=UTC)
"""History of `gappy_ledger`."""


def old_forecast() -> Forecast:
    """One that knows nothing of the last five days."""
    note = fact("forecast.not_current", until_utc=IMPORTED[1], age_h=5 * 24.0)
    newest = sample_forecast(quarter_start(NOW_UTC))
    return replace(newest, trained_until_utc=IMPORTED[1], period_peak=None, coverage=None, notes=(note,))


def gappy_ledger(plant: Plant) -> Ledger:
    """History that was imported until five days ago, and a meter that is live since ten minutes."""
    rows = [
        replace(sample_interval(meter.id, channel, start), origin=IntervalOrigin.IMPORT)
        for start in quarter_starts(*IMPORTED)
        for meter in plant.meters
        for channel, _ in channels_of(meter)
    ]
    return sample_ledger(plant, intervals=rows, forecasts=[old_forecast()], meter_forecasts=(), anomalies=())


def extreme_recommendations(count: int = 2_000) -> list[Recommendation]:
    """Many of them, each with another extreme."""
    found = []
    for n in range(count):
        at, status = DATES[n % 3], tuple(RecommendationStatus)[n % 6]
        amount = (HUGE, -HUGE, 0.0)[n % 3]
        unknown = None if n % 2 else amount
        found.append(
            Recommendation(
                SITE, f"X-{n}", (2**63 - 1, -(2**63), 0)[n % 3], status, at, DATES[(n + 1) % 3], DATES[n // 3 % 3],
                *extreme_change(n), at, amount, -amount, amount, unknown, unknown, unknown,
                unknown, unknown, n % 2, (Fact("w" * 200, ids={"w" * 200: ("w" * 200,) * 50}),) * 10, decided_by="李雷 😀" if n % 2 else None,
            )
        )  # fmt: skip
    return found


def extreme_change(number: int) -> tuple[Action, Places, Places]:
    """One job, or a shift and a hundred jobs, with the longest names from any date to any other."""
    job, dates = f"J-{number}" + "x" * 190 * (number % 2), (DATES[number // 9 % 3], DATES[number // 27 % 3])
    one = [Places((JobPlace(job, "m" * 200, date, date),)) for date in dates]
    if number % 5:
        return Action.MOVE_JOB, one[0], one[1]
    shifts = [ShiftPlace("s" * 200, "8999-12-31", date, date, "c" * 200) for date in dates]
    both = [
        Places(tuple(JobPlace(f"{job[:190]}-{n}", "m" * 200, date, date) for n in range(100)), (shift,))
        for date, shift in zip(dates, shifts, strict=True)
    ]
    return Action.SHIFT_LATER, both[0], both[1]


def extreme_orders(count: int = 2_000) -> list[Order]:
    """Jobs at all dates, on machines that nobody knows."""
    dates = (*DATES, quarter_start(NOW_UTC))
    return [
        Order(
            SITE, f"X-{n}" + "j" * 190 * (n % 2), 2**63 - 1, ("furnace-1", f"m-{n % 90}")[n % 2], "p" * 200, dates[n % 4],
            (HUGE_JOB_KW, -HUGE_JOB_KW) * (1 + 1343 * (n % 40 == 2)), dates[n // 4 % 4], dates[n // 16 % 4], bool(n % 2), tuple(OrderStatus)[n % 3], dates[n // 2 % 4], "r" * 2000,
        )
        for n in range(count)
    ]  # fmt: skip


def extreme_forecast(issued_utc: datetime, first_utc: datetime, meter: str = "") -> Forecast:
    """Four weeks of the largest numbers."""
    kw = (HUGE, -HUGE) * (2 * 24 * 28)
    days = (first_utc.date().isoformat(), NOW_UTC.date().isoformat(), "8999-12-31")
    peaks = tuple(DayPeak(day, -HUGE, 0.0, HUGE, DATES[n], 1.0) for n, day in enumerate(days))
    period = PeriodPeak(FIRST_UTC, NEVER_UTC, -HUGE, -HUGE, 0.0, HUGE, 1.0)
    return Forecast(
        SITE, issued_utc, first_utc, kw, kw, kw, peaks, "m" * 200, issued_utc, 2**31 - 1, HUGE, HUGE, (Fact("n" * 200),) * MOST_FACTS, meter, period, 1.0, False
    )  # fmt: skip


def extreme_demand(at_utc: datetime, kw: float) -> Demand:
    """A running quarter hour of the largest numbers."""
    return replace(
        sample_demand(NOW_UTC), at_utc=at_utc, start_utc=quarter_start(at_utc), elapsed_s=kw, remaining_s=-kw, energy_kwh=kw, now_kw=-kw,
        mean_so_far_kw=kw, projected_kw=kw, projected_low_kw=-kw, projected_high_kw=kw, target_kw=-kw, allowed_kw=kw, headroom_kw=-kw,
        billed_peak_kw=kw, billed_peak_utc=at_utc, confidence="c" * 200,
    )  # fmt: skip


def extreme_readings(plant: Plant) -> list[Reading]:
    """Every channel at every date, and senders that nobody knows."""
    values: tuple[float | int | None, ...] = (1e308, -1e308, 2**63 - 1, -(2**63), None, 0)
    found, n = [], 0
    for at in DATES:
        ms = epoch_ms(at)
        for meter in ("main", "furnace-1", "nobody", "x" * 200):
            for channel in ("power", "energy_import", "state", "c" * 200):
                found.append(Reading(SITE, meter, channel, ms, ms, values[n % 6], text="t" * 2000 if n % 2 else None))
                n += 1
            for channel in (HEARTBEAT_CHANNEL, CONNECTION_CHANNEL, GAP_CHANNEL, CLOCK_CHANNEL, REFUSED_CHANNEL, THINNED_CHANNEL):
                found.append(Reading(SITE, meter, channel, ms, ms, values[n % 6], text=("t" * 2000, "", None, "stalled")[n % 4]))
                n += 1
    return found


def extreme_anomalies(count: int = 500) -> list[Anomaly]:
    """Of a meter that nobody knows, at all dates."""
    first = sample_anomalies()[0]
    return [
        replace(
            first, anomaly=f"x/{n}", meter="x" * 200, since_utc=DATES[n % 3], at_utc=DATES[n % 3], excess_kwh=HUGE, kwh_per_day=-HUGE,
            eur_per_day=(None, HUGE, -HUGE, 0.0)[n % 4], facts=(Fact("k" * 200, ids={"machine": ("m" * 200,) * 50}),) * 10,
        )
        for n in range(count)
    ]  # fmt: skip


def extreme_intervals(registers: Sequence[tuple[str, str]]) -> list[Interval]:
    """Five weeks of the largest numbers, and rows in the first and the last year."""
    starts = [*DATES, *quarter_starts(NOW_UTC.replace(hour=0, minute=0, second=0) - timedelta(days=35), quarter_start(NOW_UTC))]
    return [_extreme(sample_interval(*register, start), n) for register in registers for n, start in enumerate(starts)]


def extreme_ledger(plant: Plant) -> Ledger:
    """The sample's ledger, with extreme records among its own."""
    registers = tuple((meter.id, channel) for meter in plant.meters for channel, _ in channels_of(meter))
    return copy_of(_extreme_ledger(registers))


@cache
def _extreme_ledger(registers: tuple[tuple[str, str], ...]) -> Ledger:
    now, names = quarter_start(NOW_UTC), dict.fromkeys(meter for meter, _ in registers)
    decisions = (Decision(SITE, f"X-{n}", DecisionKind.ACCEPTED, "B" * 200, DATES[n % 3], comment="c" * 2000) for n in range(300))
    ledger = ledger_with(
        intervals=extreme_intervals(registers), anomalies=extreme_anomalies(), orders=[*sample_orders(), *extreme_orders()],
        advice=[*sample_recommendations(), *extreme_recommendations()], decisions=[*sample_decisions(), *decisions],
        forecasts=[extreme_forecast(at, at) for at in (now, LATE_UTC)], demands=[extreme_demand(NEVER_UTC, HUGE)],
        meter_forecasts=[extreme_forecast(at, at, name) for at in (now, LATE_UTC) for name in names],
    )  # fmt: skip
    forgotten(ledger, "r" * 200, 1)
    return ledger


def _extreme(interval: Interval, n: int) -> Interval:
    if n % 3 == 0:
        return replace(interval, energy_uwh=None, quality=IntervalQuality.MISSING, method=IntervalMethod.NONE, revision=2**63 - 1)
    return replace(interval, energy_uwh=UWH if n % 3 == 1 else -UWH, quality=IntervalQuality.FAULTY, revision=-(2**63))


class ExtremeFeed(SampleFeed):
    """The sample's feed, onto which extreme records came as well."""

    def __init__(self, plant: Plant, ledger: LedgerReader | None = None) -> None:
        super().__init__(plant, ledger)
        for record in (*extreme_readings(plant), *extreme_recommendations(), *(extreme_demand(at, HUGE) for at in DATES)):
            self.state.take(record, time.monotonic())


TROUBLED_PARTS = (
    PartSeen("gateway", "running", ""),
    PartSeen("influx-sink", "failed", "exit 2: influx.toml:3: url: found 'htp://'; expected http:// or https://"),
    PartSeen("job advice", "restarting", "java.lang.IllegalStateException: " + "x" * 300),
)


class TroubledFeed(SampleFeed):
    """Devices that stall or refuse, and a gateway whose buffer overflowed."""

    def __init__(self, plant: Plant, ledger: LedgerReader | None = None) -> None:
        super().__init__(plant, ledger)
        ms = epoch_ms(NOW_UTC - timedelta(minutes=7))
        named = "registers 40,072 (export, kWh): exception 02, illegal address; 40,080: exception 03"
        for record in (
            Reading(SITE, "press-1-meter", CONNECTION_CHANNEL, ms, ms, None, text="stalled"),
            Reading(SITE, "furnace-1-control", REFUSED_CHANNEL, ms, ms, 2, text=named),
            Reading(SITE, "gateway-1", THINNED_CHANNEL, ms, ms, 48_200, text="Tue 09:00 to Wed 03:00, power of 12 meters"),
        ):
            self.state.take(record, time.monotonic())


EVIL = (
    '<img src=x onerror="window.__xss=(window.__xss||0)+1"><script>window.__xss=99</script>{{constructor.constructor("window.__xss=77")()}}'
    "</title><script>window.__xss=55</script>"
)
"""What would run in a page that puts names into it as they are."""


def hostile_plant(folder: Path) -> Plant:
    """The demo's plant with names made to break a page."""
    import re

    from simulation import demo_plant as template

    path = template.write(folder)
    path.write_text(
        re.sub(r'^name = ".*"$', f"name = '''{EVIL}'''", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8"
    )
    return load_plant(path)


EVIL_FACTS = (
    Fact(EVIL, {EVIL: 1.0}, {EVIL: NOW_UTC}, {EVIL: (EVIL,)}),
    fact("on_while_off.lasting", machine=(EVIL, EVIL), since_utc=EVIL, actual_kw=NOW_UTC),
)
"""A key that nobody knows, and one that is known with values of other types."""


def evil(places: Places) -> Places:
    """The same places, with names made to break a page."""
    return replace(places, jobs=tuple(replace(place, job=EVIL, machine=EVIL) for place in places.jobs))


def hostile_ledger(plant: Plant) -> Ledger:
    """The sample's ledger with texts made to break a page."""
    advice = [
        replace(
            r, before=evil(r.before), after=evil(r.after), reason=EVIL_FACTS, checked=EVIL_FACTS, not_checked=EVIL_FACTS,
            decided_by=EVIL if r.decided_by else None,
            alternatives=tuple(replace(a, reason=EVIL_FACTS) for a in r.alternatives),
        )
        for r in sample_recommendations()
    ]  # fmt: skip
    first = quarter_start(NOW_UTC)
    below = [sample_meter_forecast(meter, share, first) for meter, share in SHARES.items()]
    ledger = sample_ledger(
        plant, advice=advice, decisions=[replace(d, by=EVIL, comment=EVIL) for d in sample_decisions()],
        anomalies=[replace(a, facts=EVIL_FACTS, evidence={EVIL: EVIL}) for a in sample_anomalies()],
        orders=[replace(o, product=EVIL, reason=EVIL, job=f"{o.job}{EVIL}") for o in sample_orders()],
        forecasts=[replace(sample_forecast(first), model=EVIL, notes=EVIL_FACTS)],
        meter_forecasts=[replace(forecast, model=EVIL, notes=EVIL_FACTS) for forecast in below],
    )  # fmt: skip
    forgotten(ledger, EVIL, 5)
    return ledger


class HostileFeed(SampleFeed):
    """The sample's feed with devices, states and gateways named to break a page."""

    def __init__(self, plant: Plant, ledger: LedgerReader | None = None) -> None:
        super().__init__(plant, ledger)
        ms = epoch_ms(NOW_UTC)
        for who, channel in (
            ("main-meter", CONNECTION_CHANNEL), ("furnace-1", "state"), (EVIL, HEARTBEAT_CHANNEL), (EVIL, CONNECTION_CHANNEL),
            ("furnace-1-control", GAP_CHANNEL), ("furnace-1-control", REFUSED_CHANNEL), ("gateway-1", THINNED_CHANNEL), ("press-1", EVIL),
        ):  # fmt: skip
            self.state.take(Reading(SITE, who, channel, ms, ms, 1, text=EVIL), time.monotonic())


def hostile_processes() -> tuple[ProcessUse, ...]:
    """A process named to break a page."""
    return (ProcessUse(EVIL, 1, 1.0, 1.0),)
