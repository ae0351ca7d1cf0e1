"""What the live watches find on a hall and a machine made by hand, quarter hour by quarter hour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.live.electric import ReactiveTerms
from detection.live.incidents import DAY_S, HOUR_S, Incident, Sign
from detection.step import DetectionState, DetectionStep, decode_state, encode_state
from domain.anomalies import Anomaly, AnomalyKind
from domain.intervals import Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import Plant
from quarters.numbers import quarter_starts

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
Kw = Callable[[datetime], float | None]


def counter(channel: str, unit: str = "kWh") -> dict[str, Any]:
    return {"channel": channel, "kind": "counter", "unit": unit, "sampling_s": 10, "resolution": 0.001}


def plant(**machine: Any) -> Plant:
    """A hall without a machine, or with one."""
    registers = [
        counter("energy_import"),
        counter("reactive_import", "kvarh"),
        *(counter(f"energy_import_l{n}") for n in (1, 2, 3)),
    ]
    machines = [{"id": "m1", "name": "Fräse", "meter": "hall", "rated_kw": 120, "standby_kw": 30, **machine}] if machine else []
    return Plant.model_validate(
        {
            "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
            "meter": [{"id": "hall", "name": "Halle", "max_power_kw": 400, "register": registers}],
            "shift": [{"id": "day", "days": WORKDAYS, "from": "06:00", "to": "22:00"}],
            "machine": machines,
        }
    )


HALL = plant()


def day(number: int, hour: float = 0.0) -> datetime:
    """`hour` of the local day `number` days after the first Monday."""
    local = datetime.combine(MONDAY + timedelta(days=number), datetime.min.time(), BERLIN)
    return (local + timedelta(hours=hour)).astimezone(UTC)


def usual_kw(start_utc: datetime, random: Random) -> float:
    """100 kW at work, 20 kW at rest."""
    local = start_utc.astimezone(BERLIN)
    works = local.weekday() < 5 and 6 <= local.hour < 22
    return round((100.0 if works else 20.0) * random.uniform(0.97, 1.03), 3)


@dataclass
class Run:
    """A meter's step; its state is stored and read again each day."""

    site: Plant = HALL
    price: float | None = 0.2

    def __post_init__(self) -> None:
        self.step, self.random = DetectionStep(self.site, self.price), Random(5)
        self.state: DetectionState = self.step.initial()
        self.found: list[Anomaly] = []

    def days(
        self, first: int, last: int, change: Callable[[datetime, float], float | None] = lambda _, kw: kw, live: bool = True
    ) -> Run:
        """Quarter hours of these days; `change` is given the start and the usual power [kW], and None is missing."""
        origin = IntervalOrigin.METERING if live else IntervalOrigin.IMPORT
        for start_utc in quarter_starts(day(first), day(last)):
            self.take(quarter(start_utc, change(start_utc, usual_kw(start_utc, self.random)), origin=origin))
        return self

    def take(self, interval: Interval) -> None:
        """One quarter hour."""
        if interval.start_utc.hour == 12 and not interval.start_utc.minute:
            self.state = decode_state(encode_state(self.state))
        self.state, found = self.step.take(self.state, interval)
        self.found += found

    @property
    def newest(self) -> list[Anomaly]:
        """The newest revision of each."""
        return list({one.anomaly: one for one in self.found}.values())


def quarter(start_utc: datetime, kw: float | None, **changes: Any) -> Interval:
    energy, quality = (None, IntervalQuality.MISSING) if kw is None else (round(kw / 4 * 1e9), IntervalQuality.MEASURED)
    coverage, method = (0.0, IntervalMethod.NONE) if kw is None else (1.0, IntervalMethod.REGISTER)
    return replace(Interval("werk", "hall", "energy_import", start_utc, energy, coverage, quality, method, 0, 90), **changes)


def within(start_utc: datetime, first: datetime, last: datetime) -> bool:
    return first <= start_utc < last


def taught(site: Plant = HALL, price: float | None = 0.2) -> Run:
    """Five weeks of history, without a finding."""
    run = Run(site, price).days(0, 35, live=False)
    assert run.found == []
    return run


# -- data --------------------------------------------------------------------------------------------------------------


def test_a_register_that_stood_still_under_load_opens_once_and_ends_when_it_moves_again() -> None:
    run = taught()
    stuck = {"quality": IntervalQuality.FAULTY, "method": IntervalMethod.STUCK, "energy_uwh": 0}
    for start_utc in quarter_starts(day(35), day(38)):
        stands = within(start_utc, day(36, 8), day(36, 20))
        run.take(quarter(start_utc, usual_kw(start_utc, run.random), **(stuck if stands else {})))
    (fault,) = run.newest
    assert (fault.kind, fault.since_utc, fault.until_utc) == (AnomalyKind.STUCK, day(36, 8), day(36, 20))
    assert [one.until_utc for one in run.found] == [None, day(36, 20)]
    assert run.found[0].at_utc == day(36, 8.25)
    assert (fault.excess_kwh, fault.eur_per_day) == (0.0, None)


def test_a_machine_that_rests_at_one_and_the_same_power_for_days_is_no_fault() -> None:
    def rests(at: datetime, kw: float) -> float:
        return kw if kw > 50 else 20.0

    assert Run(HALL).days(0, 35, live=False).days(35, 42, rests).found == []


@pytest.mark.parametrize(("factor", "kind"), [(2.5, AnomalyKind.SPIKE), (1000.0, AnomalyKind.UNIT_JUMP)])
def test_a_value_that_is_too_high_is_a_fault_of_the_data_and_no_energy(factor: float, kind: AnomalyKind) -> None:
    run = taught().days(35, 37, lambda at, kw: factor * kw if within(at, day(35, 10), day(35, 11)) else kw)
    (fault,) = run.newest
    assert (fault.kind, fault.since_utc, fault.until_utc) == (kind, day(35, 10), day(35, 11))


def test_what_a_machine_is_rated_for_is_no_spike_although_it_was_never_drawn() -> None:
    lathe = plant(shifts=["day"])
    run = (
        Run(lathe)
        .days(0, 35, lambda at, kw: 0.4 * kw, live=False)
        .days(35, 36, lambda at, kw: 1.2 * kw if within(at, day(35, 10), day(35, 11)) else 0.4 * kw)
    )
    assert run.found == []


def test_missing_quarter_hours_end_nothing_and_teach_nothing() -> None:
    def left_on(at: datetime, kw: float) -> float | None:
        return None if within(at, day(36, 2), day(36, 3)) else kw + 30 if within(at, day(35, 22), day(36, 6)) else kw

    found = [one for one in taught().days(35, 37, left_on).newest if one.kind is AnomalyKind.LEFT_ON]
    assert [(one.since_utc, one.until_utc) for one in found] == [(day(35, 22), day(36, 6))]


# -- energy ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [0.2, None])
def test_what_was_left_on_in_a_hall_is_found_after_five_hours_with_its_cost(price: float | None) -> None:
    run = taught(HALL, price).days(35, 37, lambda at, kw: kw + 30 if within(at, day(35, 22), day(36, 6)) else kw)
    (left,) = run.newest
    assert (left.kind, left.since_utc, left.until_utc) == (AnomalyKind.LEFT_ON, day(35, 22), day(36, 6))
    assert run.found[0].at_utc == day(36, 3.25)
    assert left.excess_kwh == pytest.approx(240, rel=0.03)
    assert left.kwh_per_day == pytest.approx(30 * 8, rel=0.03)
    assert left.eur_per_day == (None if price is None else pytest.approx(48, rel=0.03))
    assert (left.expected_kw, left.actual_kw) == (pytest.approx(20, abs=0.5), pytest.approx(50, abs=1))
    assert left.evidence["like_day"] == (MONDAY + timedelta(days=29)).isoformat()


def test_it_is_published_no_more_than_once_an_hour_and_once_at_its_end() -> None:
    run = taught().days(35, 37, lambda at, kw: kw + 30 if within(at, day(35, 22), day(36, 6)) else kw)
    stamps = [one.at_utc for one in run.found]
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(stamps[:-1]))
    assert [one.revision for one in run.found] == list(range(len(run.found)))
    assert [one.until_utc is None for one in run.found] == [True] * (len(run.found) - 1) + [False]


def test_a_base_load_that_rises_for_good_is_one_finding_and_then_normal() -> None:
    run = taught().days(35, 35 + 70, lambda at, kw: kw + 8 if at >= day(37) else kw)
    (rise,) = run.newest
    assert (rise.kind, rise.since_utc) == (AnomalyKind.BASE_LOAD_STEP, day(37))
    assert run.found[0].at_utc <= day(41, 0.25)
    assert rise.kwh_per_day == pytest.approx(8 * 24, rel=0.1)
    assert rise.until_utc is not None, "after six weeks it is normal"


def test_a_base_load_that_falls_again_ends_its_finding_and_another_rise_is_another_one() -> None:
    def change(at: datetime, kw: float) -> float:
        return kw + 8 if within(at, day(37), day(47)) or at >= day(70) else kw

    first, second = taught().days(35, 80, change).newest
    assert first.kind is second.kind is AnomalyKind.BASE_LOAD_STEP
    assert first.until_utc is not None
    assert day(47) <= first.until_utc <= day(49)
    assert first.excess_kwh == pytest.approx(10 * 24 * 8, rel=0.25)
    assert (second.since_utc, second.until_utc) == (day(70), None)


# -- habits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "begin", "end"), [(AnomalyKind.EARLY_START, 3.5, 6.0), (AnomalyKind.LATE_STOP, 22.0, 23.0)])
def test_a_machine_that_works_beyond_its_shifts_day_after_day_is_found_where_that_was_learnt_as_normal(
    kind: AnomalyKind, begin: float, end: float
) -> None:
    def works(at: datetime, kw: float) -> float:
        local = at.astimezone(BERLIN)
        return 100.0 + kw / 50 if local.weekday() < 5 and begin <= local.hour + local.minute / 60 < end else kw

    lathe = plant(shifts=["day"])
    run = Run(lathe).days(0, 35, works, live=False).days(35, 41, works)
    habits = [one for one in run.newest if one.kind is kind]
    assert len(habits) == 1
    hours = end - begin
    assert habits[0].kwh_per_day == pytest.approx(hours * 80, rel=0.1)
    assert habits[0].eur_per_day == pytest.approx(habits[0].kwh_per_day * 0.2, abs=0.01)
    assert {one.kind for one in run.found} == {kind}, "nothing else says it"

    run.days(42, 49)
    assert next(one for one in run.newest if one.kind is kind).until_utc is not None


# -- electric ----------------------------------------------------------------------------------------------------------


def with_other(run: Run, first: int, last: int, channels: Callable[[datetime, float], Iterable[tuple[str, float]]]) -> Run:
    """Quarter hours of these days with other channels before and after that of the energy."""
    for start_utc in quarter_starts(day(first), day(last)):
        kw = usual_kw(start_utc, run.random)
        others = [quarter(start_utc, value, channel=channel) for channel, value in channels(start_utc, kw)]
        for interval in (others[0], quarter(start_utc, kw), *others[1:]):
            run.take(interval)
    return run


def test_a_poor_power_factor_is_found_after_two_days_and_priced_by_what_reactive_energy_costs() -> None:
    run = Run()
    run.step._watches._terms = lambda _: ReactiveTerms(0.5, 0.02)  # type: ignore[attr-defined]
    with_other(run, 0, 12, lambda at, kw: [("reactive_import", kw * (0.8 if at >= day(7) else 0.4))])
    (poor,) = run.newest
    assert (poor.kind, poor.since_utc, run.found[0].at_utc) == (AnomalyKind.POOR_POWER_FACTOR, day(7), day(9, 0.25))
    drawn_kwh = 16 * 100 + 8 * 20
    assert poor.eur_per_day == pytest.approx(0.3 * drawn_kwh * 0.02, rel=0.02)
    assert poor.facts[0].numbers == {"cos_phi": pytest.approx(0.781, abs=0.001), "least": pytest.approx(0.894, abs=0.001)}


def test_a_lost_phase_and_uneven_phases_are_found() -> None:
    def phases(at: datetime, kw: float) -> list[tuple[str, float]]:
        shares = (0.5, 0.25, 0.25) if at >= day(6) else (0.34, 0.33, 0.33)
        lost = within(at, day(3, 8), day(3, 12))
        return [(f"energy_import_l{n + 1}", 0.0 if lost and n == 1 else kw * share) for n, share in enumerate(shares)]

    lost, uneven = with_other(Run(), 0, 9, phases).newest
    assert (lost.kind, lost.since_utc, lost.until_utc) == (AnomalyKind.PHASE_DROP, day(3, 8), day(3, 12))
    assert lost.facts[0].key == "data.ended"
    assert (uneven.kind, uneven.since_utc) == (AnomalyKind.PHASE_IMBALANCE, day(6))
    assert uneven.facts[0].numbers["share"] == pytest.approx(0.5)


# -- laws --------------------------------------------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.booleans(), st.floats(0, 50)), max_size=120)


@settings(max_examples=60)
@given(SPANS)
def test_an_incident_opens_updates_at_most_once_an_hour_or_when_doubled_and_closes_once(spans: list[tuple[bool, float]]) -> None:
    incident, at_s, published = Incident(), 1_800_000_000, []
    for shows, kwh in spans:
        before, at_s = incident.is_open, at_s + 900
        if incident.seen(Sign(at_s - 900, at_s, kwh), at_s) if shows else incident.not_seen(4, at_s):
            published.append((at_s, before, incident.is_open, incident.revision, incident.excess_kwh, incident.since_s))
    for (t0, _, open0, r0, kwh0, since0), (t1, before, open1, r1, kwh1, since1) in pairwise(published):
        if since0 == since1:
            assert r1 == r0 + 1
        else:
            assert r1 == 0
            assert since1 - since0 >= DAY_S
        assert before or open1, "only what is open ends"
        if open0 and open1:
            assert t1 - t0 >= HOUR_S or kwh1 >= 2 * kwh0
