"""What a governor would have advised on a meter's minutes of the past, knowing at each minute only those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from billing.tariff import Tariff
from governor.flexibility import MINUTES, Flexibility
from governor.governing import Block, Governor
from governor.least_peak import Floats
from governor.periods import Period, periods
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Action:
    """One piece of advice: at `issued_utc`, to hold `shift_kw` from `start_utc` until `end_utc`; below zero: to give it back."""

    issued_utc: datetime
    start_utc: datetime
    end_utc: datetime
    shift_kw: float
    expected_kw: float
    """Mean of the quarter hour that was expected without it."""
    level_kw: float
    """What the governor held the peak of the billing period to be unavoidable up to."""


@dataclass(frozen=True, slots=True)
class Past:
    """A meter's minutes from quarter hour `first_slot` on.

    Attributes
    ----------
    minute_kw
        Shape ``(quarter hours, 15)``; nan where it is missing.
    plan_kw
        Planned mean of each quarter hour, ``(quarter hours,)``.
    """

    first_slot: int
    minute_kw: Floats
    plan_kw: Floats


def backtest(
    past: Past, tariff: Tariff, flexibility: Flexibility, passed: Callable[[int], None] = lambda _: None
) -> Iterator[Action]:
    """Advice on each quarter hour, in order.

    Parameters
    ----------
    passed
        Called with 1 after each quarter hour.

    Raises
    ------
    InputFaults
        As `governor.periods.period_of`.
    """
    count = len(past.minute_kw)
    by_slot = [
        period
        for period in periods(tariff, past.first_slot, past.first_slot + count)
        for _ in range(max(period.first_slot, past.first_slot), min(period.end_slot, past.first_slot + count))
    ]
    governor = Governor(flexibility, past.plan_kw)
    before: Period | None = None
    midnight = past.first_slot
    for index, (period, minutes) in enumerate(zip(by_slot, past.minute_kw, strict=True)):
        slot = past.first_slot + index
        if period != before:
            if before is not None and before.first_slot >= past.first_slot:
                governor.close_period(before.first_slot - past.first_slot)
            governor.begin_period()
        if slot >= midnight or period != before:
            governor.new_day(period.end_slot - past.first_slot)
            midnight = _next_midnight(tariff, slot)
        before = period
        yield from (_action(slot, block) for block in _looks(governor, minutes))
        governor.end(minutes.tolist())
        passed(1)


def _looks(governor: Governor, minutes: Floats) -> Iterator[Block]:
    for minute in governor.flexibility.decision_minutes:
        seen = minutes[:minute]
        block = None if np.isnan(seen).any() else governor.look(seen.tolist())
        if block is not None:
            yield block


def _next_midnight(tariff: Tariff, slot: int) -> int:
    return slot_of(midnight_utc(tariff.local(slot_start(slot)).date() + timedelta(days=1), tariff.zone))


def _action(slot: int, block: Block) -> Action:
    start = slot_start(slot)
    return Action(
        start + block.issued_min * _MINUTE, start + block.start_min * _MINUTE, start + MINUTES * _MINUTE, block.shift_kw,
        block.projected_kw, block.level_kw,
    )  # fmt: skip
