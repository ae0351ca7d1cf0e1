"""Which models of the mixture are worth their electricity: what each one adds to the forecast of the peak, in euros, beside what it costs.

In: past days forecast again, with and without each rung.  Out: a `Ladder`: which rungs are served, and why.

A kW of error of a day's peak is worth what the tariff asks for a kW of the billed peak, pro rata: who holds a load by a forecast that is a kW off, pays
for this kW. Averaged over all ratios of costs of too much and too little, what he pays is the continuous ranked probability score (CRPS) of the peak times that price [1]_.
Only days that come near the highest of four weeks count: others set no bill. A rung's gain is the CRPS without it less that with it.

All of this follows from the loads alone. What a rung costs is a published figure (`Rung.cpu_ms`: *two-step* by ``lastgang bench forecast``, the others from
a profile of one issue), not the CPU time of the moment: whoever reads the topics again comes to the same decisions.

References
----------
.. [1] Gneiting, Raftery: Strictly proper scoring rules, prediction, and estimation. Journal of the American Statistical Association 102 (2007) 359-378.
   doi:10.1198/016214506000001437
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from domain.facts import Fact, fact
from domain.forecasts import RungUse
from domain.units import WATTS_PER_CORE
from forecasting.similar_days import CALENDAR, PROFILE
from forecasting.slots import SLOTS_PER_DAY
from forecasting.two_step import NAME as TWO_STEP
from quarters.numbers import slot_start

CARRIED = "carried"
ASKS_A_MONTH = 30 * (SLOTS_PER_DAY + 16)
"""How often a rung is asked: an issue each quarter hour, and the replays of a day that is learnt from."""
J_PER_KWH = 3.6e6
TRIED_EVERY_DAYS = 5
"""A rung that is off is asked for one midnight in so many days; no divisor of a week, so that each weekday has its turn."""
FADES_A_DAY = 0.99
"""What is left of a day's figures a day later: half after ten weeks."""
SURE = 2.0
"""Standard errors by which a gain must be clear of the cost, either way: the question is asked again each day of each rung, and days are alike."""
FEWEST_DAYS, FEWEST_TRIALS = 20.0, 8.0
"""Days that must count before a rung is switched off, and on."""
SEEN_BESIDE_OTHERS = 0.5
"""What is left of all figures when a rung is switched: they were seen beside another mixture."""
DWELL_DAYS = 14
"""No rung is switched twice within so many days, and only one a day: two rungs that say the same make each other look idle."""
NEAR_PEAK = 0.8
"""Share of the highest of four weeks that a day must reach, as it came or as it was forecast (q90), to count."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Models that are switched together.

    Attributes
    ----------
    cpu_ms
        CPU time of one question to it on half a year of history, beside the rungs that are always served [ms].
    is_served_at_first
        False for one that must show its worth first.
    """

    name: str
    models: tuple[str, ...]
    cpu_ms: float
    is_served_at_first: bool = True

    @property
    def kwh_a_month(self) -> float:
        """Electricity while it is served, by `WATTS_PER_CORE`, in 30 days [kWh]."""
        return self.cpu_ms / 1e3 * ASKS_A_MONTH * WATTS_PER_CORE / J_PER_KWH

    @property
    def joules(self) -> float:
        """Of one question [J]."""
        return self.cpu_ms / 1e3 * WATTS_PER_CORE


RUNGS = (
    *(Rung(one.name, (one.name,), 0.25) for one in (CALENDAR[2], *PROFILE)),
    Rung(CARRIED, ("carried-1h", "carried-4h", "carried-16h"), 1.1),
    Rung(TWO_STEP, (TWO_STEP,), 5.56, is_served_at_first=False),
)
"""What can be switched. Last week, the newest load, like days by the calendar and what knows planned jobs are always served: the others depend on them, and advice moves jobs."""
NOT_AT_FIRST = frozenset(model for rung in RUNGS if not rung.is_served_at_first for model in rung.models)
BY_NAME = {rung.name: rung for rung in RUNGS}


@dataclass(frozen=True, slots=True)
class Worth:
    """What a forecast's error costs, and electricity.

    Attributes
    ----------
    eur_per_kw_a_month
        Of the billed peak, pro rata for 30 days; above 0 [EUR/kW].
    eur_per_kwh
        Of one more kilowatt-hour [EUR/kWh].
    """

    eur_per_kw_a_month: float
    eur_per_kwh: float


@dataclass(frozen=True, slots=True)
class DayLoss:
    """One midnight's forecast: losses of two mixtures, with a rung and without it.

    Attributes
    ----------
    with_kw, without_kw
        Mean quantile loss of the day's quarter hours [kW].
    peak_gain_kw
        CRPS of the day's peak without it, less that with it [kW]; None on a day that sets no peak.
    alone_kw
        Quantile loss of the rung by itself [kW].
    """

    with_kw: float
    without_kw: float
    peak_gain_kw: float | None
    alone_kw: float


@dataclass(slots=True)
class Standing:
    """What is known of one rung: sums over days, older ones fading."""

    is_served: bool
    since_slot: int
    """Since when it is on, or off; the beginning of what was learnt at first."""
    days: float = 0.0
    """Of the quarter hours."""
    with_kw: float = 0.0
    without_kw: float = 0.0
    peak_days: float = 0.0
    gain_kw: float = 0.0
    gain_squared: float = 0.0
    alone_kw: float = 0.0
    switched: bool = False
    """Whether `since_slot` is a switch, and not the beginning."""
    why: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of the newest switch: kWh, cost [EUR] and gain [EUR] of 30 days."""

    def note(self, loss: DayLoss) -> None:
        """Take in one day."""
        self.days += 1
        self.with_kw += loss.with_kw
        self.without_kw += loss.without_kw
        self.alone_kw += loss.alone_kw
        if loss.peak_gain_kw is not None:
            self.peak_days += 1
            self.gain_kw += loss.peak_gain_kw
            self.gain_squared += loss.peak_gain_kw**2

    def fade(self, share: float = FADES_A_DAY) -> None:
        """Older figures count less."""
        for name in _FADING:
            setattr(self, name, getattr(self, name) * share)

    @property
    def gain(self) -> tuple[float, float] | None:
        """Mean gain of the peak's CRPS and its standard error [kW]; None below two days."""
        if self.peak_days < 2:
            return None
        mean = self.gain_kw / self.peak_days
        spread = max(self.gain_squared / self.peak_days - mean**2, 0.0)
        return mean, math.sqrt(spread / (self.peak_days - 1))

    @property
    def loss_saved(self) -> float:
        """Share of the quantile loss of the quarter hours that it saves; below 0 it adds."""
        return (self.without_kw - self.with_kw) / self.without_kw if self.without_kw > 0 else 0.0


_FADING = ("days", "with_kw", "without_kw", "peak_days", "gain_kw", "gain_squared", "alone_kw")


@dataclass(slots=True)
class Ladder:
    """Which rungs are served, and what is known of each; changed in place."""

    standings: dict[str, Standing] = field(default_factory=dict)

    @classmethod
    def new(cls, slot: int) -> Ladder:
        """All as at first, from quarter hour `slot` on."""
        return cls({rung.name: Standing(rung.is_served_at_first, slot) for rung in RUNGS})

    @property
    def off(self) -> frozenset[str]:
        """Models that are not served."""
        return frozenset(model for rung in RUNGS if not self.serves(rung.name) for model in rung.models)

    def serves(self, rung: str) -> bool:
        """Whether it is part of the mixture."""
        return self.standings[rung].is_served

    def note_day(self, losses: Mapping[str, DayLoss]) -> None:
        """Take in one day of those rungs that were asked; for all others it has only passed."""
        for name, standing in self.standings.items():
            standing.fade()
            if name in losses:
                standing.note(losses[name])

    def decide(self, worth: Worth | None, slot: int) -> str | None:
        """Switch at most one rung, the clearest case, and give its name; None where nothing is switched.

        A rung goes when its gain is below the cost of its electricity by `SURE` standard errors and it takes nothing off the quarter hours' loss either,
        by which plans are made; it comes when its gain is above that cost by as much and the quarter hours gain, too. In between nothing changes.
        Without a price nothing is switched.
        """
        if worth is None:
            return None
        margins = {name: margin for name in self.standings if (margin := self._margin(name, worth, slot)) is not None}
        if not margins:
            return None
        name = max(margins, key=lambda one: (margins[one], one))
        standing, rung = self.standings[name], BY_NAME[name]
        gain_kw, _ = standing.gain or (0.0, 0.0)
        standing.why = (rung.kwh_a_month, rung.kwh_a_month * worth.eur_per_kwh, gain_kw * worth.eur_per_kw_a_month)
        standing.is_served, standing.since_slot, standing.switched = not standing.is_served, slot, True
        for one in self.standings.values():
            one.fade(SEEN_BESIDE_OTHERS)
        return name

    def notes(self, slot: int) -> tuple[Fact, ...]:
        """What was switched within the day before quarter hour `slot`, and why."""
        switched = (
            (name, one) for name, one in self.standings.items() if one.switched and 0 <= slot - one.since_slot < SLOTS_PER_DAY
        )
        return tuple(_note(name, one) for name, one in switched)

    def account(self, worth: Worth | None) -> tuple[RungUse, ...]:
        """Every rung, by what is known now."""
        return tuple(_use_of(name, one, worth) for name, one in self.standings.items())

    def _margin(self, name: str, worth: Worth, slot: int) -> float | None:
        """By how much the case for a switch is made [EUR in 30 days]; None where there is none."""
        standing = self.standings[name]
        gain = standing.gain
        if gain is None or (standing.switched and slot - standing.since_slot < DWELL_DAYS * SLOTS_PER_DAY):
            return None
        price, cost = worth.eur_per_kw_a_month, BY_NAME[name].kwh_a_month * worth.eur_per_kwh
        if standing.is_served:
            margin = cost - (gain[0] + SURE * gain[1]) * price
            is_ready = standing.peak_days >= FEWEST_DAYS * 0.5 and standing.days >= FEWEST_DAYS and standing.loss_saved <= 0
        else:
            margin = (gain[0] - SURE * gain[1]) * price - cost
            is_ready = standing.days >= FEWEST_TRIALS and standing.peak_days >= FEWEST_TRIALS * 0.5 and standing.loss_saved > 0
        return margin if margin > 0 and is_ready else None


def _note(name: str, one: Standing) -> Fact:
    """What was switched, and why; not to a thousandth as other facts: the electricity is less than that."""
    kwh, cost_eur, gain_eur = one.why
    rounded = fact(
        "forecast.rung_on" if one.is_served else "forecast.rung_off",
        rung=name,
        since_utc=slot_start(one.since_slot),
        kwh_per_month=kwh,
        cost_eur_per_month=cost_eur,
        gain_eur_per_month=gain_eur,
    )
    return replace(rounded, numbers={"kwh_per_month": kwh, "cost_eur_per_month": cost_eur, "gain_eur_per_month": gain_eur})


def _use_of(name: str, one: Standing, worth: Worth | None) -> RungUse:
    rung, gain = BY_NAME[name], one.gain
    is_judged = one.days >= 1
    price = None if worth is None or gain is None else worth.eur_per_kw_a_month
    return RungUse(
        rung=name,
        served=one.is_served,
        since_utc=slot_start(one.since_slot) if one.switched else None,
        joules=round(rung.joules, 6),
        kwh=round(rung.kwh_a_month, 10),
        days=round(one.days, 1),
        error_kw=round(one.alone_kw / one.days, 4) if is_judged else None,
        mixed_error_kw=round(one.with_kw / one.days, 4) if is_judged else None,
        gain_eur=None if price is None or gain is None else round(gain[0] * price, 4),
        gain_within_eur=None if price is None or gain is None else round(gain[1] * price, 4),
        cost_eur=None if worth is None else round(rung.kwh_a_month * worth.eur_per_kwh, 10),
    )


def is_trial(slot: int) -> bool:
    """Whether rungs that are off are asked for the midnight `slot`."""
    return slot // SLOTS_PER_DAY % TRIED_EVERY_DAYS == 0


_HEAD = struct.Struct("<I")
_ONE = struct.Struct("<??q10d")


def encode_ladder(ladder: Ladder) -> bytes:
    """The ladder as bytes."""
    names = "\n".join(ladder.standings).encode()
    return b"".join(
        (
            _HEAD.pack(len(names)),
            names,
            *(
                _ONE.pack(one.is_served, one.switched, one.since_slot, *(getattr(one, name) for name in _FADING), *one.why)
                for one in ladder.standings.values()
            ),
        )
    )


def decode_ladder(payload: bytes, slot: int = 0) -> Ladder:
    """What `encode_ladder` wrote; rungs that it does not know begin at `slot`, and those that are no more are left out."""
    (size,) = _HEAD.unpack_from(payload)
    ladder, at = Ladder.new(slot), _HEAD.size + size
    for name in payload[_HEAD.size : at].decode().split("\n"):
        is_served, switched, since, *sums = _ONE.unpack_from(payload, at)
        at += _ONE.size
        if name in ladder.standings:
            ladder.standings[name] = Standing(is_served, since, **dict(zip(_FADING, sums[:7], strict=True)), switched=switched)
            ladder.standings[name].why = (sums[7], sums[8], sums[9])
    return ladder


def mask_of(models: tuple[str, ...], left_out: frozenset[str]) -> np.typing.NDArray[np.float64]:
    """1 for each of `models` that is not in `left_out`, else 0."""
    return np.array([float(name not in left_out) for name in models])
