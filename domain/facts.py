"""What a finding or a piece of advice says, before it is put into words: a key and values. Sentences are made of it by `words/`.

A topic carries no sentence: a number keeps its unit and digits, an instant its zone, a machine its id, and a new language changes no
producer. `VALUES` is the contract: which values come with which key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.instants import UtcInstant
from domain.texts import KEY_LENGTH, Key, Name, printable
from domain.units import Amount

MOST_FACTS = 10
"""Facts of one record."""
MOST_VALUES = 10
"""Values of one kind in a fact."""
MOST_IDS = 50
"""Ids in one value."""

Numbers = Annotated[dict[Name, Amount], Field(max_length=MOST_VALUES)]
Instants = Annotated[dict[Name, UtcInstant], Field(max_length=MOST_VALUES)]
Ids = Annotated[dict[Name, Annotated[tuple[Name, ...], Field(max_length=MOST_IDS)]], Field(max_length=MOST_VALUES)]


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement: `key` names it, the values by name fill it."""

    key: Key
    """Of `VALUES`; a reader that does not know it says so and goes on."""
    numbers: Numbers = field(default_factory=dict)
    """Each name ends in its unit; without one it is a count or a share of 0..1."""
    instants: Instants = field(default_factory=dict)
    ids: Ids = field(default_factory=dict)
    """What is named (``machine``, ``meter``, ``channel``, ``job``, ``component``) or why (``lack``); several where the fact is of several."""


Facts = Annotated[tuple[Fact, ...], Field(max_length=MOST_FACTS)]

Value = float | datetime | str | Iterable[str]

_OFF = ("machine", "since_utc", "actual_kw", "expected_kw", "excess_kwh")
_LEVEL = ("apart_kw", "level_kw")
_PER_DAY = ("kwh_per_day", "eur_per_day")
_SCRAP = ("since_utc", "before", "after", "pieces")
_UNPRICED = ("component", "lack")
_PEAK = ("peak_utc", "before_kw", "after_kw")
_TOO_HIGH = ("meter", "since_utc", "actual_kw", "highest_kw")
_OVER = ("since_utc", "until_utc", "excess_kwh")
_MORE = ("since_utc", "actual_kw", "expected_kw", "excess_kwh")
_TIMES = ("machine", "since_utc", "hours", "days", "excess_kwh")
VALUES: Mapping[str, tuple[str, ...]] = {
    "on_while_off.lasting": _OFF,
    "on_while_off.lasting_again": (*_OFF, "spans"),
    "on_while_off.per_day": _PER_DAY,
    "on_while_off.per_day_unpriced": ("kwh_per_day",),
    "on_while_off.ended": (*_OFF, "until_utc"),
    "on_while_off.ended_again": (*_OFF, "until_utc", "spans"),
    "on_while_off.accepted": (*_OFF, "spans"),
    "counter.reset": ("meter", "channel", "start_utc"),
    "counter.exchanged": ("meter", "channel", "start_utc"),
    "counter.step_removed": ("meter", "channel", "start_utc"),
    "counter.continuous": ("meter", "channel", "start_utc"),
    "silent.lasting": ("meter", "since_utc", "silent_min"),
    "silent.ended": ("meter", "since_utc", "until_utc"),
    "silent.filled": ("meter", "since_utc", "until_utc"),
    "creep.growing": ("machine", "since_utc", "growth", "weeks", "actual_kw", "expected_kw"),
    "creep.per_day": _PER_DAY,
    "creep.per_day_unpriced": ("kwh_per_day",),
    "creep.ended": ("machine", "actual_kw"),
    "machine_unusual.lasting": ("machine", "channel", "since_utc", "off"),
    "machine_unusual.ended": ("machine", "channel", "since_utc", "until_utc"),
    "machine_unusual.accepted": ("machine", "channel", "since_utc"),
    "limit_ahead.lasting": ("machine", "channel", "since_utc", "left_days", "least_days", "most_days"),
    "limit_ahead.open_ended": ("machine", "channel", "since_utc", "left_days", "least_days"),
    "limit_ahead.beyond": ("machine", "channel", "since_utc"),
    "limit_ahead.ended": ("machine", "channel", "until_utc"),
    "energy_per_part.higher": ("machine", "since_utc", "each_wh", "usual_wh"),
    "energy_per_part.ended": ("machine", "since_utc"),
    "energy_per_part.accepted": ("machine", "since_utc", "each_wh"),
    "health.per_day": _PER_DAY,
    "health.per_day_unpriced": ("kwh_per_day",),
    "idle.lasting": _OFF,
    "idle.ended": (*_OFF, "until_utc"),
    "standby.level": ("machine", "actual_kw", "rest_h_per_week", "kwh_per_year"),
    "standby.ended": ("machine", "actual_kw"),
    "starts.together": ("machine", "start_utc", "peak_kw", "rise_kw"),
    "starts.one_later": ("machine", "relief_kw", "after_kw"),
    "heating_cooling.lasting": ("machine", "since_utc", "hours_per_day"),
    "heating_cooling.ended": ("machine", "since_utc", "until_utc"),
    "pressure.lasting": ("machine", "since_utc", "actual_bar", "limit_bar"),
    "pressure.ended": ("machine", "since_utc", "until_utc", "actual_bar", "limit_bar"),
    "site.per_day": _PER_DAY,
    "site.per_day_unpriced": ("kwh_per_day",),
    "setting.pressure": ("machine", "from_bar", "to_bar"),
    "setting.flow_temperature": ("machine", "from_c", "to_c"),
    "setting.hold_temperature": ("machine", "from_c", "to_c"),
    "setting.switch_off": ("machine", "kw", "rest_h_per_week"),
    "setting.saves": ("kwh_per_year", "low_kwh_per_year", "high_kwh_per_year"),
    "setting.saves_eur": ("saving_eur", "low_eur", "high_eur"),
    "setting.unpriced": (),
    "incident.cause": ("meter",),
    "incident.also": ("meter",),
    "incident.remainder": ("explained",),
    "incident.still_found": ("reported_utc",),
    "incident.outgrown": ("reported_utc",),
    "data.stuck": ("meter", "since_utc"),
    "data.spike": _TOO_HIGH,
    "data.unit_jump": _TOO_HIGH,
    "data.phase_drop": ("meter", "since_utc", "phase"),
    "data.ended": ("meter", "since_utc", "until_utc"),
    "left_on.lasting": ("meter", *_MORE),
    "left_on.ended": ("meter", "until_utc", *_MORE),
    "work.unplanned": ("meter", "since_utc", "worked_h", "excess_kwh"),
    "work.moved": ("meter", "since_utc", "worked_h", "missing_h"),
    "work.not_worked": ("meter", "since_utc", "hours", "actual_kw"),
    "work.ended": ("meter", *_OVER),
    "base.risen": ("meter", *_MORE),
    "base.ended": ("meter", *_OVER),
    "base.leak": ("machine", *_MORE),
    "base.leak_ended": ("machine", *_OVER),
    "times.early": _TIMES,
    "times.late": _TIMES,
    "times.ended": ("machine", *_OVER),
    "electric.power_factor": ("meter", "since_utc", "cos_phi", "least"),
    "electric.imbalance": ("meter", "since_utc", "share"),
    "electric.ended": ("meter", "since_utc", "until_utc"),
    "scrap.rising": ("machine", "product", *_SCRAP),
    "scrap.rising_any": ("machine", *_SCRAP),
    "scrap.energy_too": ("each_wh", "usual_wh"),
    "scrap.energy_unknown": (),
    "scrap.per_day": _PER_DAY,
    "scrap.per_day_unpriced": ("kwh_per_day",),
    "scrap.ended": ("machine", *_SCRAP, "until_utc"),
    "scrap.new_normal": ("machine", "since_utc", "before", "after"),
    "advice.move": ("job", "machine", "from_utc", "to_utc", *_PEAK),
    "advice.other_machine": ("job", "machine", "from_utc", "to_utc", *_PEAK),
    "advice.swap": ("job", *_PEAK),
    "advice.shift_move": ("shift", "from_utc", "to_utc", *_PEAK),
    "advice.open_shift": ("shift", "from_utc", "until_utc", *_PEAK),
    "advice.drop_shift": ("shift", "from_utc", "until_utc", *_PEAK),
    "advice.hold": ("load", "kw", "from_utc", "until_utc", "start_utc", "before_kw", "after_kw", "level_kw"),
    "advice.returns": ("back_kwh",),
    "advice.release": ("load", "kw", "from_utc"),
    "advice.shift_load": ("load", "kwh", "from_utc", "to_utc", *_PEAK),
    "advice.takes_along": ("job",),
    "advice.surcharge": ("cost_eur",),
    "advice.peak_remains": ("relief_kw", "remains_utc"),
    "advice.odds": ("before", "after", "target_kw"),
    "advice.above_target": _LEVEL,
    "advice.below_target": _LEVEL,
    "advice.above_billed": _LEVEL,
    "advice.below_billed": _LEVEL,
    "advice.protects_target": ("target_kw",),
    "advice.saves": ("saving_eur",),
    "advice.keeps": ("kept_eur",),
    "advice.saves_nothing": (),
    "advice.saves_nothing_billed": ("billed_kw",),
    "advice.costs": ("cost_eur",),
    "advice.costs_billed": ("cost_eur", "billed_kw"),
    "advice.no_tariff": (),
    "advice.not_valid": (),
    "advice.no_price": _UNPRICED,
    "advice.left_out": _UNPRICED,
    "effect.gap": (),
    "effect.in_doubt": (),
    "effect.no_order": ("job",),
    "effect.no_power": ("job",),
    "effect.learned_power": (),
    "effect.typed_power": (),
    "effect.no_tariff": (),
    "effect.sampled": ("recommendations",),
    "governor.partial": ("start_utc",),
    "governor.not_synchronised": (),
    "governor.no_forecast": (),
    "governor.unknown": ("load",),
    "governor.nothing_waits": ("load",),
    "forecast.standard_profile": ("quarters", "profile", "size"),
    "forecast.flat": ("quarters",),
    "forecast.little_history": ("quarters",),
    "forecast.no_target": (),
    "forecast.peak_in_part": ("day_utc", "quarters"),
    "forecast.load_changed": ("since_utc",),
    "forecast.rung_off": ("rung", "since_utc", "kwh_per_month", "cost_eur_per_month", "gain_eur_per_month"),
    "forecast.rung_on": ("rung", "since_utc", "kwh_per_month", "cost_eur_per_month", "gain_eur_per_month"),
    "forecast.not_current": ("until_utc", "age_h"),
    "forecast.too_old": ("until_utc", "age_h"),
    "baseline.few_days": ("days", "needed"),
    "baseline.no_energy": (),
    "baseline.coverage": ("covered", "needed"),
    "baseline.season": ("days", "needed"),
    "baseline.fit": ("cvrmse", "most"),
    "baseline.bias": ("nmbe", "most"),
    "baseline.changed": ("since_utc", "change"),
    "baseline.few_reported": ("days", "needed"),
    "baseline.reported_coverage": ("covered", "needed"),
    "baseline.beyond": ("series", "beyond"),
    "baseline.more": ("more_kwh",),
    "baseline.uncertain": ("saved_kwh", "within_kwh"),
    "alternative.higher": ("more_kw",),
    "alternative.same_peak": (),
    "alternative.nothing": ("more_kw", "more_eur"),
    "alternative.nothing_unpriced": ("more_kw",),
    "condition.dates": (),
    "condition.machine_free": (),
    "condition.shift_staffed": (),
    "condition.notice": (),
    "condition.load": (),
    "condition.material": (),
    "condition.following_jobs": (),
    "condition.batch_quality": (),
    "condition.price": _UNPRICED,
    "condition.workers": (),
    "condition.working_time": (),
    "condition.changeover": (),
    "condition.sequence": (),
    "condition.works_council": (),
    "condition.band": (),
    "condition.waiting_times": (),
    "condition.second_peak": (),
    "condition.measured": ("days",),
    "condition.within_limits": ("least", "most"),
    "condition.consumers_pressure": (),
    "condition.consumers_cold": (),
    "condition.heat_up": (),
    "condition.needed_at_rest": (),
}
"""Key -> the names of its values."""


def fact(key: str, **values: Value) -> Fact:
    """A fact of values by name, each put where its type belongs; numbers are kept to a thousandth, ids made printable.

    Examples
    --------
    >>> fact("silent.lasting", meter="furnace-1", silent_min=30.0).numbers
    {'silent_min': 30.0}
    """
    numbers: dict[str, float] = {}
    instants: dict[str, datetime] = {}
    ids: dict[str, tuple[str, ...]] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            instants[name] = value
        elif isinstance(value, int | float):
            numbers[name] = round(float(value), 3)
        else:
            several = (value,) if isinstance(value, str) else value
            ids[name] = tuple(printable(one, KEY_LENGTH) for one in several)[:MOST_IDS]
    return Fact(key, numbers, instants, ids)
