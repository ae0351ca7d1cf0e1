"""What advice on loads that can wait says, as facts; one place, as plan and governor say the same of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.facts import Fact, fact
from domain.recommendations import LoadPlace

_HOUR = timedelta(hours=1)

LOADS_CHECKED = (fact("condition.band"), fact("condition.waiting_times"))
"""What was looked at of each load that is to wait."""
HOLD_CHECKED = (*LOADS_CHECKED, fact("condition.second_peak"))


def held(places: Sequence[LoadPlace], quarter_utc: datetime, before_kw: float, after_kw: float, level_kw: float) -> Fact:
    """What is held back in one quarter hour, so that it stays below `level_kw` (powers: means of the quarter hour [kW]).

    `places` must not be empty.
    """
    return fact(
        "advice.hold", load=[place.load for place in places], kw=sum(place.kw for place in places), start_utc=quarter_utc,
        from_utc=min(place.start_utc for place in places), until_utc=max(place.end_utc for place in places), before_kw=before_kw,
        after_kw=after_kw, level_kw=level_kw,
    )  # fmt: skip


def returning(back_kwh: float) -> Fact:
    """What is drawn more after a hold [kWh]."""
    return fact("advice.returns", back_kwh=back_kwh)


def released(place: LoadPlace) -> Fact:
    """From when one load may draw again."""
    return fact("advice.release", load=place.load, kw=place.kw, from_utc=place.start_utc)


def shifted(before: Sequence[LoadPlace], after: Sequence[LoadPlace], peak_utc: datetime, before_kw: float, after_kw: float) -> Fact:
    """Energy of loads that is drawn elsewhen, with what that does to the peak [kW]; neither `before` nor `after` is empty."""
    return fact(
        "advice.shift_load", load=dict.fromkeys(place.load for place in after),
        kwh=sum(place.kw * ((place.end_utc - place.start_utc) / _HOUR) for place in after),
        from_utc=min(place.start_utc for place in before), to_utc=min(place.start_utc for place in after), peak_utc=peak_utc,
        before_kw=before_kw, after_kw=after_kw,
    )  # fmt: skip


def silent_partial(quarter_utc: datetime) -> Fact:
    """The governor says nothing: the beginning of the quarter hour was not seen."""
    return fact("governor.partial", start_utc=quarter_utc)


def silent_not_synchronised() -> Fact:
    """The governor says nothing: the billing meter's own count of the quarter hour is not known."""
    return fact("governor.not_synchronised")


def no_forecast() -> Fact:
    """The governor says nothing: what comes back later could make a peak that nobody expects."""
    return fact("governor.no_forecast")


def not_known(loads: Sequence[str]) -> Fact:
    """Loads that are not held because nothing sound is known of them."""
    return fact("governor.unknown", load=loads)


def none_waits(loads: Sequence[str]) -> Fact:
    """Loads that are known well, and none of them can wait now."""
    return fact("governor.nothing_waits", load=loads)
