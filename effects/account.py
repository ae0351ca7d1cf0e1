"""The running account of advice: promised, measured, missed, by month and by machine. Pure.

In: effects of recommendations.  Out: sums. What is not known is counted and is in no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.effects import Effect, EffectStatus, Outcome


@dataclass(frozen=True, slots=True)
class Account:
    """Of one month, one machine, or all."""

    name: str
    """``2026-10``, a machine, or empty: all."""
    effects: int
    promised_eur: float
    """By recommendations whose effect in EUR is known."""
    measured_eur: float
    low_eur: float
    """Sum of the intervals' beginnings ..."""
    high_eur: float
    """... and of their ends: wider than 80 %, as not all are off to the same side."""
    unknown: int
    """Recommendations whose effect in EUR is not known; neither promise nor measurement is counted."""
    not_carried_out: int
    provisional: int

    @property
    def missed_eur(self) -> float:
        """What was promised and did not come; negative where more came."""
        return self.promised_eur - self.measured_eur


def account(effects: Iterable[Effect], name: str = "") -> Account:
    """The sums of `effects`."""
    found = [one for one in effects if one.outcome is not Outcome.REPLACED]
    known = [(one, one.saving_eur) for one in found if one.saving_eur is not None]
    figures = [figure for _, figure in known]
    return Account(
        name, len(found), round(sum(one.promised_eur or 0.0 for one, _ in known), 2), round(sum(one.value for one in figures), 2),
        round(sum(one.low for one in figures), 2), round(sum(one.high for one in figures), 2), len(found) - len(known),
        sum(one.outcome is Outcome.NOT_CARRIED_OUT for one in found), sum(one.status is EffectStatus.PROVISIONAL for one in found),
    )  # fmt: skip


def by_month(effects: Iterable[Effect], zone: ZoneInfo) -> list[Account]:
    """An account a local month of the quarter hour that was to be relieved, in order."""
    return _grouped(effects, lambda one: f"{one.quarter_utc.astimezone(zone):%Y-%m}")


def by_machine(effects: Iterable[Effect]) -> list[Account]:
    """An account a machine; those of shifts have none and come first."""
    return _grouped(effects, lambda one: one.machine)


def _grouped(effects: Iterable[Effect], key: Callable[[Effect], str]) -> list[Account]:
    of_key: dict[str, list[Effect]] = {}
    for one in effects:
        of_key.setdefault(key(one), []).append(one)
    return [account(some, name) for name, some in sorted(of_key.items())]
