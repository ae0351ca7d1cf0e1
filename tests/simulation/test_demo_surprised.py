"""The demo's account of its surprises, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.anomalies import AlsoFound, Anomaly, AnomalyKind
from lastgang.demo.account import Span
from lastgang.demo.surprised import Surprised, expected_of, surprised
from simulation.surprises import CounterReset, LeftOn, NetworkOutage, Surprises, Wear

SIX = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
RUN = Span(SIX, SIX + timedelta(hours=6))
MINUTE = timedelta(minutes=1)


def s(minutes: float) -> float:
    return (SIX + minutes * MINUTE).timestamp()


def anomaly(kind: AnomalyKind, meter: str, since_min: float, eur: float | None = None) -> Anomaly:
    since = SIX + since_min * MINUTE
    return Anomaly("werk", meter, f"{meter}/{kind}/{since_min}", 0, kind, since, None, since, None, None, 0.0, 0.0, eur)


def account(surprises: Surprises, *found: tuple[Anomaly, float]) -> list[Surprised]:
    first = {a.anomaly: SIX + minutes * MINUTE for a, minutes in found}
    return surprised(expected_of(surprises, RUN), [a for a, _ in found], first)


LEFT_ON = Surprises(left_on=(LeftOn("oven", s(60), s(300)),))


@pytest.mark.parametrize(("at_min", "eur", "holds"), [(100, 12.0, True), (109, 12.0, True), (111, 12.0, False), (100, None, False)])
def test_left_on_counts_where_it_was_found_in_time_and_priced(at_min: float, eur: float | None, holds: bool) -> None:
    (one,) = account(LEFT_ON, (anomaly(AnomalyKind.ON_WHILE_OFF, "oven", 60, eur), at_min))
    assert (one.kind, one.delay_min, one.within_min, one.holds) == ("on_while_off", at_min - 60.0, 50.0, holds)


def test_another_meter_or_kind_or_time_is_not_it() -> None:
    ended = replace(anomaly(AnomalyKind.ON_WHILE_OFF, "oven", 10, 5.0), until_utc=SIX + 50 * MINUTE)
    others = [anomaly(AnomalyKind.ON_WHILE_OFF, "press", 60, 5.0), anomaly(AnomalyKind.CREEP, "oven", 60, 5.0), ended]
    (one,) = account(LEFT_ON, *((a, 70.0) for a in others))
    assert (one.kind, one.delay_min, one.holds) == (None, None, False)


def test_what_shows_too_late_for_its_delay_and_what_leaves_no_quarter_hour_empty_is_left_out() -> None:
    late = Surprises(left_on=(LeftOn("oven", s(330), s(400)),), outages=(NetworkOutage(("oven",), s(70), s(80)),))
    assert account(late) == []


def test_a_reset_and_an_outage_cost_no_energy_and_wear_of_weeks_is_found_at_once() -> None:
    surprises = Surprises(
        resets=(CounterReset("chiller", s(127)),),
        outages=(NetworkOutage(("car", "press"), s(90), s(270)),),
        wear=(Wear("air", s(-50_000), s(0), 0.1),),
    )
    found = account(
        surprises, (anomaly(AnomalyKind.COUNTER_DISCONTINUITY, "chiller", 120), 135), (anomaly(AnomalyKind.SILENT_METER, "car", 90), 105),
        (anomaly(AnomalyKind.CREEP, "air", -40_000, 9.0), 15),
    )  # fmt: skip
    assert [(one.name, one.meter, one.delay_min, one.priced, one.holds) for one in found] == [
        ("counter reset", "chiller", 8.0, None, True), ("no network", "car", 15.0, None, True), ("no network", "press", None, None, False),
        ("wear", "air", 15.0, True, True),
    ]  # fmt: skip


def test_a_meter_that_shows_the_same_is_found_with_it() -> None:
    surprises = Surprises(outages=(NetworkOutage(("car", "press"), s(90), s(270)),))
    joined = replace(anomaly(AnomalyKind.SILENT_METER, "car", 90), also=(AlsoFound("press", AnomalyKind.SILENT_METER),))
    assert [(one.meter, one.holds) for one in account(surprises, (joined, 105))] == [("car", True), ("press", True)]
