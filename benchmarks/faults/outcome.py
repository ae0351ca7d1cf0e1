"""What one fault did, and what many of a kind did."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault."""

    kind: str
    """As in ``--only``."""
    name: str
    """For people."""
    counted_from: str
    """What recovery is counted from, to the first value read after it in the ledger (InfluxDB for its own parts)."""


@dataclass(slots=True)
class Outcome:
    """One fault that was done."""

    fault: Fault
    at_plant: str = ""
    recover_s: float | None = None
    """None if it did not recover."""
    rows_different: int = 0
    lost: int = 0
    resent: int = 0
    """Readings that came twice on the topic, with the same content both times."""
    remark: str = ""
    trouble: list[str] = field(default_factory=list)
    """What should not have been."""
    began_s: float = 0.0
    """Monotonic clock."""

    @property
    def is_well(self) -> bool:
        """Whether it is as if nothing had been."""
        return self.recover_s is not None and not (self.rows_different or self.lost or self.trouble)


@dataclass(frozen=True, slots=True)
class Line:
    """All faults of a kind, as an operator reads them."""

    fault: Fault
    outcomes: tuple[Outcome, ...]

    @property
    def median_s(self) -> float | None:
        """Median time to recover."""
        times = self._times()
        return statistics.median(times) if times else None

    @property
    def worst_s(self) -> float | None:
        """Longest time to recover."""
        return max(self._times(), default=None)

    def _times(self) -> list[float]:
        return [outcome.recover_s for outcome in self.outcomes if outcome.recover_s is not None]

    @property
    def lost(self) -> int:
        """Readings lost."""
        return sum(outcome.lost for outcome in self.outcomes)

    @property
    def rows_different(self) -> int:
        """Rows that differ from the undisturbed run."""
        return sum(outcome.rows_different for outcome in self.outcomes)

    @property
    def resent(self) -> int:
        """Readings that came twice."""
        return sum(outcome.resent for outcome in self.outcomes)

    @property
    def remark(self) -> str:
        """What is worth knowing, each thing once."""
        remarks = [outcome.remark for outcome in self.outcomes if outcome.remark]
        troubles = [f"TROUBLE: {words}" for outcome in self.outcomes for words in outcome.trouble]
        return "; ".join(dict.fromkeys([*troubles, *remarks[-1:]]))

    @property
    def is_well(self) -> bool:
        """Whether all of them ended well."""
        return all(outcome.is_well for outcome in self.outcomes)


def lines_of(outcomes: Sequence[Outcome]) -> list[Line]:
    """By kind, in the order in which kinds came first."""
    kinds: dict[Fault, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.fault, []).append(outcome)
    return [Line(fault, tuple(some)) for fault, some in kinds.items()]
