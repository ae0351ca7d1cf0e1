"""The governor on minutes of the past: it keeps its rules, sees no future, is silent on gaps, and lowers the billed peak."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from governed import DAYS, FIRST_UTC, TARIFF, followed_kw, plant, tariff_in

from billing.tariff import Tariff
from domain.errors import InputFaults
from governor.backtest import Action, Past, backtest
from governor.flexibility import MINUTES, Flexibility
from governor.least_peak import Floats
from governor.periods import period_of
from quarters.numbers import slot_of

FLEXIBILITY = Flexibility(share=0.2, longest_min=60)
MINUTE = timedelta(minutes=1)
QUARTERS = DAYS * 96


@pytest.fixture(scope="module")
def tariff(tmp_path_factory: pytest.TempPathFactory) -> Tariff:
    return tariff_in(tmp_path_factory.mktemp("tariff"))


@pytest.fixture(scope="module")
def actions(tariff: Tariff) -> list[Action]:
    return list(backtest(plant(), tariff, FLEXIBILITY))


def minute_of(instant: datetime) -> int:
    return (instant - FIRST_UTC) // MINUTE


def requested_kw(actions: list[Action]) -> tuple[Floats, Floats]:
    """What was asked to be held and to be given back in each minute [kW]."""
    hold, back = np.zeros(QUARTERS * MINUTES), np.zeros(QUARTERS * MINUTES)
    for action in actions:
        minutes = slice(minute_of(action.start_utc), minute_of(action.end_utc))
        (hold if action.shift_kw > 0 else back)[minutes] += abs(action.shift_kw)
    return hold, back


def test_the_billed_peak_falls_without_a_second_one(actions: list[Action]) -> None:
    past = plant()
    held, back = followed_kw(past, *requested_kw(actions), FLEXIBILITY.share, FLEXIBILITY.longest_min)
    before = past.minute_kw.mean(axis=1)
    after = before + (back - held).reshape(-1, MINUTES).mean(axis=1)
    april = slice(31 * 96 - 4, None)
    possible = before[april].max() * FLEXIBILITY.share
    assert before[april].max() - after[april].max() > 0.5 * possible
    touched = after != before
    assert after[april][touched[april]].max() <= before[april].max()


def test_every_block_keeps_the_rules(actions: list[Action]) -> None:
    assert actions
    for action in actions:
        assert action.start_utc - action.issued_utc >= FLEXIBILITY.dead_min * MINUTE
        assert action.end_utc - action.start_utc >= FLEXIBILITY.shortest_min * MINUTE
        assert minute_of(action.end_utc) % MINUTES == 0
        assert action.shift_kw != 0


def test_what_is_advised_does_not_change_with_what_comes_later(actions: list[Action], tariff: Tariff) -> None:
    cut = actions[len(actions) * 2 // 3].issued_utc
    past = plant()
    minutes = past.minute_kw.copy().ravel()
    later = minutes[minute_of(cut) :]
    later[:] = np.random.default_rng(1).uniform(0, 500, len(later))
    other = backtest(replace(past, minute_kw=minutes.reshape(-1, MINUTES)), tariff, FLEXIBILITY)
    assert [action for action in other if action.issued_utc <= cut] == [action for action in actions if action.issued_utc <= cut]


def test_it_is_silent_while_minutes_are_missing_and_two_quarter_hours_longer(actions: list[Action], tariff: Tariff) -> None:
    hour = actions[-1].issued_utc.replace(minute=0)
    minutes = plant().minute_kw.copy().ravel()
    first = minute_of(hour) - 2 * MINUTES
    minutes[first : first + 3] = np.nan
    found = list(backtest(replace(plant(), minute_kw=minutes.reshape(-1, MINUTES)), tariff, FLEXIBILITY))
    assert [a for a in found if a.issued_utc < hour - 30 * MINUTE] == [a for a in actions if a.issued_utc < hour - 30 * MINUTE]
    assert not [a for a in found if hour - 30 * MINUTE <= a.issued_utc < hour + 15 * MINUTE]


def test_a_load_without_a_peak_is_left_alone(tariff: Tariff) -> None:
    flat = np.full((QUARTERS, MINUTES), 100.0)
    assert list(backtest(Past(slot_of(FIRST_UTC), flat, np.full(QUARTERS, 100.0)), tariff, FLEXIBILITY)) == []


@pytest.mark.parametrize(
    ("written", "instead", "found"),
    [
        ("kW", "kVA", "others only: peak/2026-03-01"),
        ("interval_min = 15", "interval_min = 60", "others only"),
        ("[[demand]]", "", "none"),
    ],
)
def test_a_tariff_without_a_fitting_charge_is_named(tmp_path: Path, written: str, instead: str, found: str) -> None:
    text = TARIFF.replace(written, instead) if instead else TARIFF[: TARIFF.index(written)]
    with pytest.raises(InputFaults, match=found):
        period_of(tariff_in(tmp_path, text), slot_of(FIRST_UTC))


def test_a_charge_by_the_year_has_a_period_of_a_year(tmp_path: Path) -> None:
    yearly = TARIFF.replace('"month"', '"year"').replace("kW/month", "kW/year")
    period = period_of(tariff_in(tmp_path, yearly), slot_of(FIRST_UTC))
    assert period.end_slot - period.first_slot == 365 * 96
