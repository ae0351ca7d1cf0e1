"""Which kinds of findings may be one incident, and within which limits."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cache

from domain.anomalies import AnomalyKind, Nature

LIKE_POWER = 0.5
"""Two findings at one meter are the same where the smaller power is at least this share of the larger."""
EXPLAINS = 0.7
"""What the meters below must explain of a finding at a meter above; the remainder is within what baselines are wrong by."""
SAME_BEGIN = timedelta(minutes=15)
"""Faults that begin within one quarter hour at several meters are one."""
SLACK = timedelta(hours=1)
"""By how much two watches may date the beginning of the same thing apart."""
REFRACTORY = timedelta(hours=2)
"""What is found at a meter again within this time goes on with the incident."""
STILL_FOUND = timedelta(hours=2)
"""What was reported as fixed opens again if it is found this long afterwards."""
LAGS = timedelta(hours=1)
"""How long a meter above may show what has ended below; beyond it is something else."""
LOST = timedelta(days=1)
"""A finding that was not heard of for so long ends where the same watch finds the next: its end was lost."""
LIKE_SIZE = 1.5
"""What is normal may grow to this multiple."""
LIKE_TIME = timedelta(hours=2)
"""How far from the time of day of what is normal the like of it may begin."""
UPDATES = timedelta(hours=1)
"""An incident that goes on as it was is not published more often."""


class Group(StrEnum):
    """Findings of one group may be one incident; others never are."""

    LOAD = "load"
    """More power than expected."""
    DATA = "data"
    PRODUCT = "product"
    """More scrap, more energy a part: the same tool or material shows in both."""
    MACHINE = "machine"


_GROUPS = {
    **dict.fromkeys(
        (
            AnomalyKind.ON_WHILE_OFF, AnomalyKind.CREEP, AnomalyKind.LEFT_ON, AnomalyKind.UNPLANNED_WORK, AnomalyKind.BASE_LOAD_STEP,
            AnomalyKind.AIR_LEAK, AnomalyKind.IDLE_IN_SHIFT, AnomalyKind.EARLY_START, AnomalyKind.LATE_STOP,
        ),
        Group.LOAD,
    ),
    AnomalyKind.SCRAP_RISING: Group.PRODUCT,
    AnomalyKind.ENERGY_PER_PART: Group.PRODUCT,
    AnomalyKind.MACHINE_UNUSUAL: Group.MACHINE,
    AnomalyKind.LIMIT_AHEAD: Group.MACHINE,
}  # fmt: skip
TOGETHER = frozenset(
    {
        AnomalyKind.SILENT_METER, AnomalyKind.STUCK, AnomalyKind.WRONG_CLOCK, AnomalyKind.PHASE_DROP, AnomalyKind.COUNTER_DISCONTINUITY,
        AnomalyKind.UNPLANNED_WORK, AnomalyKind.EARLY_START, AnomalyKind.LATE_STOP, AnomalyKind.PRESSURE_HIGH,
    }
)  # fmt: skip
"""Kinds that come from one place when they begin at several meters at once: a gateway, a network, a supply, a net of compressed air, a shift nobody entered."""
TIMED = frozenset(
    {
        AnomalyKind.ON_WHILE_OFF, AnomalyKind.LEFT_ON, AnomalyKind.UNPLANNED_WORK, AnomalyKind.EARLY_START, AnomalyKind.LATE_STOP,
        AnomalyKind.IDLE_IN_SHIFT, AnomalyKind.SIMULTANEOUS_STARTS, AnomalyKind.SILENT_METER,
    }
)  # fmt: skip
"""Kinds that are normal at a time of the week; others are normal at any."""


@cache
def group_of(kind: AnomalyKind) -> str:
    """The group of a kind; kinds that join with no other make one of their own."""
    if kind.nature is Nature.DATA:
        return Group.DATA
    return _GROUPS.get(kind, kind)
