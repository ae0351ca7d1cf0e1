"""The step: quarter hours, recommendations and orders in any order to effects and autopsies; again, and after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing.tariff import Tariff
from domain.effects import Autopsy, Effect, EffectStatus
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import OrderStatus
from domain.recommendations import Action, LoadPlace, Places, RecommendationStatus
from domain.steps import Outputs
from domain.topics import AUTOPSIES, EFFECTS, INTERVALS, ORDERS, RECOMMENDATIONS, Topic
from domain.units import UWH_PER_KWH
from effects.step import Effects
from tests.effects.effect_cases import IDLE_KW, SITE, Works, advised, at, order, plant, tariff

Records = list[tuple[Topic, Any]]
JOB = order("a", 60)
ADVICE = advised("a", 40, 60)
WORKS = Works([JOB], bumps={40: 300.0})


def row(meter: str, place: int, kw: float | None, revision: int = 1) -> tuple[Topic, Interval]:
    quality = IntervalQuality.MEASURED if kw is not None else IntervalQuality.MISSING
    energy = None if kw is None else round(kw * UWH_PER_KWH / 4)
    return INTERVALS, Interval(
        SITE,
        meter,
        "energy_import",
        at(place),
        energy,
        1.0,
        quality,
        IntervalMethod.REGISTER,
        revision,
        origin=IntervalOrigin.METERING,
    )


def rows(first: int, end: int, works: Works = WORKS) -> Records:
    main, furnace = works.main().kw, works.machine("furnace").kw
    found: Records = []
    for place in range(first, end):
        found += [row("main", place, float(main[place])), row("furnace", place, float(furnace[place])), row("oven", place, IDLE_KW)]
    return found


class Driven:
    """A step with its state; every bucket is stored and read again, as a restart would."""

    def __init__(self, price: Tariff | None, **site: Any) -> None:
        self.step = Effects(plant(**site), price)
        self.state = self.step.initial(SITE)
        self.out: Outputs = []

    def take(self, records: Sequence[tuple[Topic, Any]]) -> Outputs:
        self.state, out = self.step.take(SITE, self.state, list(records))
        self.state = self.step.decode(SITE, self.step.encode(self.state))
        self.out += out
        return out

    def effects(self) -> list[Effect]:
        return [record for topic, record in self.out if topic is EFFECTS]

    def autopsies(self) -> list[Autopsy]:
        return [record for topic, record in self.out if topic is AUTOPSIES]


@pytest.fixture
def driven(tmp_path):
    return Driven(tariff(tmp_path))


def test_a_moved_job_that_has_ended_has_its_effect_within_the_hour(driven):
    planned = replace(JOB, status=OrderStatus.PLANNED, revision=2)
    driven.take([(ORDERS, planned), (RECOMMENDATIONS, replace(ADVICE, status=RecommendationStatus.ACCEPTED))])
    driven.take(rows(0, 64))
    assert driven.effects() == []
    driven.take([(ORDERS, JOB)])
    for place in range(64, 76):
        driven.take(rows(place, place + 1))
    effects = driven.effects()
    assert len(effects) == 1
    assert effects[0].saving_eur is not None
    assert effects[0].saving_eur.value == 1000.0
    assert effects[0].status is EffectStatus.PROVISIONAL
    assert effects[0].at_utc <= at(73)


def test_open_and_rejected_advice_has_no_effect(driven):
    for status in (RecommendationStatus.OPEN, RecommendationStatus.REJECTED, RecommendationStatus.EXPIRED):
        driven.take([(ORDERS, JOB), (RECOMMENDATIONS, replace(ADVICE, status=status, recommendation=f"r-{status}"))])
    driven.take(rows(0, 100))
    assert driven.effects() == []


def test_loads_that_were_held_have_no_effect_that_is_measured_here_and_stop_none(driven):
    held = LoadPlace("compressor-1", 33.0, ADVICE.peak_start_utc, ADVICE.peak_start_utc + QUARTER)
    hold = replace(ADVICE, recommendation="hold-1", action=Action.HOLD, before=Places(), after=Places(loads=(held,)))
    driven.take([(RECOMMENDATIONS, hold), (ORDERS, JOB), (RECOMMENDATIONS, ADVICE)])
    driven.take(rows(0, 100))
    assert {effect.recommendation for effect in driven.effects()} == {ADVICE.recommendation}


def test_nothing_new_publishes_nothing_and_a_higher_peak_revises(driven):
    driven.take([(ORDERS, JOB), (RECOMMENDATIONS, ADVICE)])
    driven.take(rows(0, 100))
    first = driven.effects()
    driven.take(rows(100, 192))
    assert driven.effects() == first
    # 380 kW in the night of the third day: of the 100 kW only 20 are left, without the move 400 had been the highest.
    driven.take([row("main", 200, 380.0), *rows(201, 288)])
    driven.take([row("main", 288, 200.0)])
    last = driven.effects()[-1]
    assert (last.revision, last.saving_eur.value) == (first[-1].revision + 1, 200.0)


def test_an_effect_is_final_two_days_after_its_billing_period_and_then_stays(driven):
    driven.take([(ORDERS, JOB), (RECOMMENDATIONS, ADVICE)])
    driven.take(rows(0, 100))
    month = 96 * 30 - 4
    driven.take([row("main", place, 200.0) for place in range(100, month + 96)])
    assert driven.effects()[-1].status is EffectStatus.PROVISIONAL
    driven.take([row("main", place, 200.0) for place in range(month + 96, month + 4 * 96)])
    final = driven.effects()[-1]
    assert (final.status, final.saving_eur.value) == (EffectStatus.FINAL, 1000.0)
    count = len(driven.effects())
    driven.take([row("main", 50, 390.0, revision=5)])
    driven.take([row("main", place, 200.0) for place in range(month + 4 * 96, month + 6 * 96)])
    assert len(driven.effects()) == count


def test_a_new_peak_is_looked_into_at_once_and_again_when_its_machines_have_come(driven):
    driven.take([(ORDERS, JOB), (RECOMMENDATIONS, ADVICE)])
    driven.take(rows(0, 60))
    driven.out.clear()
    driven.take([row("main", 60, 410.0)])
    (first,) = driven.autopsies()
    assert (first.peak_kw, first.before_kw, first.at_utc) == (410.0, 300.0, at(61))
    assert first.unknown == ("furnace", "oven")
    assert first.rest_kw is None
    assert first.cost_eur == 1100.0
    driven.take([row("furnace", 60, 110.0), row("oven", 60, 10.0)])
    last = driven.autopsies()[-1]
    assert last.revision == 1
    assert [(one.machine, one.kw, one.job) for one in last.shares] == [("furnace", 110.0, "a"), ("oven", 10.0, "")]
    assert last.rest_kw == 290.0


def test_what_is_below_the_billed_peak_is_no_new_one(tmp_path):

    driven = Driven(tariff(tmp_path), billed_peak_kw=500.0, billed_peak_on=date(2026, 3, 1))
    driven.take(rows(0, 100))
    assert driven.autopsies() == []


def test_a_machine_is_set_beside_what_it_usually_draws_on_such_a_day(driven):
    # Four mornings of 30 kW at the same time, then one of 150.
    for day in range(4):
        for place in range(96 * day, 96 * day + 96):
            driven.take(
                [row("furnace", place, 30.0 if place % 96 == 40 else 10.0), row("oven", place, 10.0), row("main", place, 200.0)]
            )
    driven.out.clear()
    day = 96 * 4
    driven.take([row("furnace", day + 40, 150.0), row("oven", day + 40, 10.0), row("main", day + 40, 340.0)])
    driven.take([row("main", day + 41, 200.0)])
    share = driven.autopsies()[-1].shares[0]
    assert (share.machine, share.kw, share.usual_kw, share.above_usual_kw) == ("furnace", 150.0, 30.0, 120.0)


def test_the_order_of_arrival_does_not_matter_for_an_effect(tmp_path):
    price = tariff(tmp_path)
    records = [(ORDERS, JOB), (RECOMMENDATIONS, ADVICE)]
    found = []
    for before, after in ((records, []), ([], records)):
        driven = Driven(price)
        driven.take(before)
        driven.take(rows(0, 90))
        driven.take(after)
        driven.take(rows(90, 100))
        found.append(driven.effects()[-1].saving_eur)
    assert found[0] == found[1]


def test_another_sites_records_are_passed_over(driven):
    driven.take([(INTERVALS, replace(row("main", 0, 900.0)[1], site="other")), (RECOMMENDATIONS, replace(ADVICE, site="other"))])
    assert driven.state.notes.advice == {}
    assert driven.out == []
