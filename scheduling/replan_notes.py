"""What the advice remembers about whole plans: what they are made from beside orders and loads, and which problem was stated when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.forecasts import Forecast
from domain.instants import UtcInstant
from domain.job_power import JobPower
from domain.known_changes import Changes
from domain.planning import PlanningCause

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MOST_POWERS = 1_000
"""Anybody may write to a topic: beyond these the powers that were learned first are forgotten."""
MOVED_SHARE = 0.05
"""A forecast whose highest quarter hour differs by this share from that of the last problem's is a reason to plan again."""


@dataclass(slots=True)
class ReplanNotes:
    """Changed in place."""

    changes: Changes = ()
    """Of shifts, against the weekly pattern."""
    powers: list[JobPower] = field(default_factory=list)
    """Newest revision of what each product draws on each machine, by when it was learned."""
    forecast: Forecast | None = None
    """The newest one that can be of now."""
    cause: PlanningCause | None = None
    """What has happened since the last problem."""
    stated_utc: UtcInstant | None = None
    """Plant time of the last problem, or of the last look that found nothing to plan."""
    stated_peak_kw: float | None = None
    """Highest quarter hour of its forecast."""
    answered: str = ""
    """The problem whose plan was taken last ..."""
    answered_utc: UtcInstant | None = None
    """... and plant time at which it was made."""

    def note(self, cause: PlanningCause) -> None:
        """Something has happened; the first cause stands until a problem is stated."""
        self.cause = self.cause or cause

    def learn(self, power: JobPower) -> bool:
        """Keep a learned power; whether it says something new."""
        known = next((one for one in self.powers if one.key == power.key), None)
        if known is not None and known.revision >= power.revision:
            return False
        others = [one for one in self.powers if one is not known]
        self.powers = sorted([*others, power], key=lambda one: (one.at_utc, one.key))[-MOST_POWERS:]
        return True

    def take_forecast(self, forecast: Forecast) -> None:
        """Keep the newest forecast; one that moved is a cause."""
        self.forecast = forecast
        if self.stated_peak_kw is not None and abs(peak_kw(forecast) - self.stated_peak_kw) > MOVED_SHARE * abs(
            self.stated_peak_kw
        ):
            self.note(PlanningCause.FORECAST)

    def due(self, now: datetime) -> PlanningCause | None:
        """Why a problem is to be stated at `now`; None where none is: nothing has happened, or the last one is younger than a minute."""
        since = self.stated_utc
        if since is not None and abs(now - since) < MINUTE:
            return None
        has_forecast = self.forecast is not None and _hour(self.forecast.issued_utc) == _hour(now)
        is_another_hour = since is None or _hour(since) != _hour(now)
        return PlanningCause.HOUR if is_another_hour and has_forecast else self.cause

    def state(self, now: datetime) -> None:
        """A problem was stated at `now`, or there was nothing to plan: what has happened until now is in it."""
        self.stated_utc, self.cause = now, None
        self.stated_peak_kw = None if self.forecast is None else peak_kw(self.forecast)

    def is_news(self, problem: str, at_utc: datetime, now: datetime) -> bool:
        """Whether the plan for `problem`, made at `at_utc`, may still say something at `now`."""
        is_later = self.answered_utc is None or at_utc >= self.answered_utc or self.answered_utc > now
        return problem != self.answered and is_later and abs(now - at_utc) <= HOUR


def peak_kw(forecast: Forecast) -> float:
    """The highest median of a forecast [kW]; 0 where it is empty."""
    return max(forecast.q50_kw, default=0.0)


def by_product(powers: list[JobPower]) -> Mapping[tuple[str, str], JobPower]:
    """Powers by machine and product."""
    return {power.key: power for power in powers}


def _hour(at_utc: datetime) -> datetime:
    return at_utc.replace(minute=0, second=0, microsecond=0)
