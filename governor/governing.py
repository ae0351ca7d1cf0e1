"""The decision of each minute of a quarter hour, from what has been seen by then. Knows neither files nor topics.

A quarter hour is begun, looked at in its minutes of decision, and ended; `Governor` keeps what must be remembered between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from governor.expecting import Expecting
from governor.flexibility import MINUTES, Flexibility
from governor.hand import Hand
from governor.learning import Around, Leads
from governor.least_peak import Floats
from governor.level import Level
from governor.rules import RULES

SLOTS_OF_DAY = 96
_FIRST_SLOTS = 14 * SLOTS_OF_DAY
"""Quarter hours without advice at the beginning."""
_SEEN_BEFORE = 2
"""Quarter hours in a row without a gap before advice is given or a quarter hour teaches."""
_USUAL_SLOTS = 28 * SLOTS_OF_DAY
_USUAL_QUANTILE = 0.95
_HIGH = 0.6
"""Times the usual high load: what lies above it teaches."""
_LEAST_CASES = 200
_AHEAD_SLOTS = 16
_FIRST_SPREADS = 5 * SLOTS_OF_DAY
"""Quarter hours before the spreads are learned: the first lines are still far off."""
_FIRST_RULE_LEAD = 0.02
"""Of a peak: by so much a rule must have done better than the first one before it takes its place."""


@dataclass(frozen=True, slots=True)
class Block:
    """Hold `shift_kw` back from one minute of the running quarter hour to its end; below zero: give it back."""

    issued_min: int
    start_min: int
    shift_kw: float
    projected_kw: float
    """Mean of the quarter hour that is expected without this block."""
    level_kw: float
    """What it should stay below."""


class Governor:
    """Decides minute by minute. Slots are numbers of quarter hours from any origin; all loads are those that nothing would be held of [kW].

    Every rule is followed by a hand of its own on the side. The one that would have lowered the peaks of the periods before the most is advised.

    Parameters
    ----------
    plan_kw
        Planned mean of each slot (slots,), known ahead; what lies beyond its end is expected as its last value.
    """

    def __init__(self, flexibility: Flexibility, plan_kw: Floats) -> None:
        self.flexibility = flexibility
        self.level = Level(flexibility.share, flexibility.delay_slots)
        self._hand, *self._beside = (Hand(rule, flexibility, self.level, _AHEAD_SLOTS) for rule in (RULES[0], *RULES))
        self._lowered = np.array([_FIRST_RULE_LEAD, *[0.0] * (len(RULES) - 1)])
        self._plan_slots = len(plan_kw)
        self._plan_kw = np.concatenate([plan_kw[:1], plan_kw[:1], plan_kw, np.repeat(plan_kw[-1:], _AHEAD_SLOTS + 2)])
        self._minutes = flexibility.decision_minutes
        self._expecting = Expecting(self._minutes)
        self._before_end_kw = 0.0
        self._leads = Leads(_AHEAD_SLOTS)
        self._cases = 0
        self._loads_kw: list[float] = []
        self._usual_kw = 0.0
        self._seen_slots = 0
        self._open_quarter(0)

    @property
    def _hands(self) -> tuple[Hand, ...]:
        return (self._hand, *self._beside)

    def _planned(self, first: int, last: int) -> Floats:
        """Plan of the slots ``[first, last)``, which may begin two before the first."""
        planned: Floats = self._plan_kw[first + 2 : last + 2]
        return planned

    def _open_quarter(self, slot: int) -> None:
        self._slot = slot
        for hand in self._hands:
            hand.open_quarter(slot)
        self._ahead_kw: Floats | None = None
        before = [*([0.0, 0.0] if len(self._loads_kw) < 2 else []), *self._loads_kw][-2:]
        self._around = Around(self._usual_kw, before[1], before[0], self._before_end_kw, self._planned(slot - 2, slot + 2).tolist())

    def close_period(self, first_slot: int) -> None:
        """A whole billing period has ended that began at `first_slot`: what it teaches."""
        loads = self._loads_kw[first_slot : self._slot]
        self.level.close(loads, self._planned(first_slot, self._slot))
        highest = max(loads)
        if highest > 0:
            self._lowered += [(highest - hand.peak_kw) / highest for hand in self._beside]
            self._hand.rule = RULES[int(np.argmax(self._lowered))]

    def begin_period(self) -> None:
        """A billing period begins: nothing is paid yet."""
        for hand in self._hands:
            hand.peak_kw = 0.0

    def new_day(self, end_slot: int) -> None:
        """Before a day's first quarter hour: learn from the days before, and look at the plan until the billing period's end."""
        known = min(end_slot, self._plan_slots)
        self.level.plan(self._planned(self._slot, known), to_the_end=known == end_slot)
        if self._loads_kw:
            self._usual_kw = float(np.quantile(self._loads_kw[-_USUAL_SLOTS:], _USUAL_QUANTILE))
        if len(self._loads_kw) > SLOTS_OF_DAY:
            self._leads.fit()
            self._expecting.fit(spreads=len(self._loads_kw) > _FIRST_SPREADS)
        self._open_quarter(self._slot)

    @property
    def ready(self) -> bool:
        """Whether enough has been seen to advise: the weeks before, and the last quarter hours without a gap."""
        enough = len(self._loads_kw) >= _FIRST_SLOTS and self._cases >= _LEAST_CASES
        return enough and self._seen_slots >= _SEEN_BEFORE

    def look(self, seen_kw: Sequence[float]) -> Block | None:
        """Decide on the running quarter hour, whose first minutes had the loads `seen_kw`; as many of them as a minute of decision says."""
        minute = len(seen_kw)
        if minute not in self._minutes or not self.ready or not self.level.worth_it:
            return None
        expected, spread = self._expecting.says(self._around, seen_kw)
        if self._ahead_kw is None:
            self._ahead_kw = self._leads.says(self._lead_rows(expected))
        place = (minute - self._minutes.start) / max(len(self._minutes) - 1, 1)
        found, *_ = [hand.decide(expected, spread, self._ahead_kw, minute, place) for hand in self._hands]
        if found is None:
            return None
        power, why = found
        return Block(minute, minute + self.flexibility.dead_min, power, why.projected_kw, why.level_kw)

    def _lead_rows(self, expected_kw: float) -> Floats:
        return Leads.rows(self._around, self._planned(self._slot, self._slot + _AHEAD_SLOTS + 2), expected_kw)

    def end(self, minute_kw: Sequence[float]) -> float:
        """The quarter hour has ended with these loads (15 minutes): its mean [kW] with what was held and what came back; nan where a minute is missing (nan)."""
        if not np.isfinite(minute_kw).all():
            return self._end_unseen()
        mean = sum(minute_kw) / MINUTES
        net, *_ = [hand.end(minute_kw, mean) for hand in self._hands]
        self._learn(minute_kw, mean)
        self._before_end_kw = self._expecting.end(minute_kw)
        self._seen_slots += 1
        self._loads_kw.append(mean)
        self._open_quarter(self._slot + 1)
        return net

    def _end_unseen(self) -> float:
        """Some of its minutes are missing: it teaches nothing, and its plan stands in its place where a load before is asked for."""
        planned = float(self._planned(self._slot, self._slot + 1)[0])
        for hand in self._hands:
            hand.end_unseen(planned)
        self._expecting.end(None)
        self._before_end_kw = planned
        self._seen_slots = 0
        self._leads.begun(None)
        self._loads_kw.append(planned)
        self._open_quarter(self._slot + 1)
        return float("nan")

    def _learn(self, minute_kw: Sequence[float], mean_kw: float) -> None:
        around = self._around
        self._leads.followed(mean_kw)
        if (
            not self._usual_kw
            or self._seen_slots < _SEEN_BEFORE
            or max(mean_kw, around.plan_kw[2], around.before_kw) <= _HIGH * self._usual_kw
        ):
            self._leads.begun(None)
            return
        expected = self._expecting.learn(around, minute_kw)
        lead_rows = None if expected is None else self._lead_rows(expected)
        self._leads.begun(lead_rows)
        self._cases += lead_rows is not None
