"""What the billing meter's counter has counted until now, as far as it shows it, and what has flowed since. Pure.

A register that is refreshed every few seconds or minutes stands still and then moves at once.  So its count is that of its last change; the power
gauge, or else the pace of the register itself, carries it on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from metering.cases import advance_between
from metering.rules import HINDSIGHT_MS, MS_PER_HOUR, CounterRules

PACE_MS = 60_000
"""The register's own pace is taken over this time, or over its last step where that is longer."""


@dataclass(slots=True)
class LiveCount:
    """Counts are in whole micro-watt-hours since the first reading, over rollovers and exchanges."""

    read: tuple[int, int] | None = None
    """Newest reading that is explained: (time [ms], register [uWh])."""
    strange: tuple[int, int] | None = None
    """A reading after it that no energy explains; the next one shows whether it was a glitch."""
    changes: list[tuple[int, int]] = field(default_factory=list)
    """Of late: when the register first showed a new count [ms], and the count."""
    since_uwh: int = 0
    """What the gauge has seen since the last change."""
    since_ms: int = 0
    """Up to when it has seen that."""

    def take(self, rules: CounterRules, time_ms: int, register_uwh: int) -> bool | None:
        """Take a reading that is newer than the last one.

        Returns
        -------
        bool or None
            Whether the register moved; None if the count from before is lost: it was reset or exchanged without a record.
        """
        if self.read is None:
            self._begin(time_ms, register_uwh)
            return None
        advance = self._advance(rules, self.read, time_ms, register_uwh)
        if advance is not None:
            self.read, self.strange = (time_ms, register_uwh), None
            if advance:
                self._change(time_ms, self.changes[-1][1] + advance)
            return bool(advance)
        strange, self.strange = self.strange, (time_ms, register_uwh)
        if strange is not None and self._advance(rules, strange, time_ms, register_uwh) is not None:
            self._begin(time_ms, register_uwh)
            return None
        return False

    def _advance(self, rules: CounterRules, before: tuple[int, int], time_ms: int, register_uwh: int) -> int | None:
        old_ms = min(max(before[0] - self.changes[-1][0], 0), HINDSIGHT_MS) + rules.refresh_ms
        return advance_between(rules, before[0], before[1], time_ms, register_uwh, old_ms)

    def _begin(self, time_ms: int, register_uwh: int) -> None:
        self.read, self.strange, self.changes = (time_ms, register_uwh), None, []
        self._change(time_ms, 0)

    def _change(self, time_ms: int, count_uwh: int) -> None:
        self.changes.append((time_ms, count_uwh))
        while len(self.changes) > 2 and self.changes[1][0] <= time_ms - PACE_MS:
            del self.changes[0]
        self.since_uwh, self.since_ms = 0, time_ms

    def flow(self, power_uw: int, until_ms: int) -> None:
        """The gauge has held `power_uw` since the last call; forget what flowed before the last change."""
        if until_ms > self.since_ms and self.changes:
            self.since_uwh += power_uw * (until_ms - self.since_ms) // MS_PER_HOUR
            self.since_ms = until_ms

    def pace_uw(self, now_ms: int) -> int | None:
        """Mean power [uW] by the register's own changes; None as long as it has not changed.

        Once it stands still for longer than between its last changes, less than its last step has flowed since: it may have come to rest.
        """
        if len(self.changes) < 2:
            return None
        (first_ms, first), (before_ms, before), (last_ms, last) = self.changes[0], self.changes[-2], self.changes[-1]
        if now_ms - last_ms > last_ms - before_ms:
            return (last - before) * MS_PER_HOUR // (now_ms - last_ms)
        return (last - first) * MS_PER_HOUR // (last_ms - first_ms)

    def at(self, now_ms: int, power_uw: int | None, hold_ms: int) -> int:
        """The count at `now_ms`, which is no earlier than the last change.

        Parameters
        ----------
        power_uw, hold_ms
            The gauge's newest power, and for how long that stands; without a gauge None: the register's own pace carries it on, for as
            long as it usually takes to change.
        """
        changed_ms, count = self.changes[-1]
        if power_uw is not None:
            return count + self.since_uwh + power_uw * max(0, min(now_ms - self.since_ms, hold_ms)) // MS_PER_HOUR
        pace = self.pace_uw(now_ms)
        if pace is None:
            return count
        usual_ms = changed_ms - self.changes[-2][0]
        return count + pace * max(0, min(now_ms - changed_ms, usual_ms)) // MS_PER_HOUR
