"""Halls and cost centres: the energy of their meters, none counted twice.

In: a report.  Out: the report with a `GroupSum` of each hall and each cost centre that the plant file names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from domain.plant import Meter
from quarters.groups import Group, group_quarters, groups_of
from quarters.net import NetQuarter
from quarters.peaks import highest
from quarters.sums import EnergySum, sum_of
from reporting.month import MonthReport, NetsOfSeries


class GroupKind(StrEnum):
    """By what meters are put together."""

    HALL = "hall"
    COST_CENTRE = "cost_centre"


@dataclass(frozen=True, slots=True)
class GroupSum:
    """One hall or cost centre in the period."""

    kind: GroupKind
    group: Group
    sum: EnergySum
    """Import less export, over the quarter hours in which all its meters have a value."""
    peak: NetQuarter | None
    """The highest quarter hour of all its meters together."""


def name_of(kind: GroupKind, meter: Meter) -> str:
    """The hall or cost centre of a meter, as the plant file has it; empty where it has none."""
    return meter.hall if kind is GroupKind.HALL else meter.cost_centre


def with_groups(report: MonthReport) -> MonthReport:
    """`report` with its halls and cost centres."""
    return replace(report, groups=tuple(_sums(report)))


def _sums(report: MonthReport) -> Iterator[GroupSum]:
    nets = NetsOfSeries(report.plant, report.series)
    period = report.period
    starts = [period.start_utc(slot) for slot in range(period.expected)]
    for kind in GroupKind:
        for group in groups_of(report.plant, partial(name_of, kind)):
            quarters = list(group_quarters(group, nets, starts))
            yield GroupSum(kind, group, sum_of(quarters), highest(quarters))
