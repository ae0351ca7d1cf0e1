"""What machines draw at rest, looked at once a day: one finding a machine, where switching it off would save enough."""

from __future__ import annotations

from collections.abc import Iterator

from detection.site.incidents import Incident, Report, per_day, published
from detection.site.levels import Levels
from detection.site.machines import SiteMachine
from detection.site.prices import mean_price
from detection.site.view import View
from domain.anomalies import Anomaly, AnomalyKind
from domain.facts import fact

KIND = AnomalyKind.STANDBY
LEARNS_DAYS = 14.0
LEAST_EUR_PER_YEAR = 1_000.0
LEAST_KWH_PER_YEAR = 5_000.0
"""Where no price is known."""
LEAST_KW = 0.5
ENDS_BELOW = 0.6
"""Of what it drew at rest when it was found."""
WEEKS_PER_YEAR = 52.1775


def kwh_per_year(levels: Levels, kw: float) -> float:
    """What `kw` at rest come to in a year."""
    return kw * levels.rest_h_per_week * WEEKS_PER_YEAR


def is_worth(kwh: float, price_eur_per_kwh: float | None, least_eur: float, least_kwh: float) -> bool:
    """Whether a saving [kWh a year] is large enough to speak of."""
    return kwh >= least_kwh if price_eur_per_kwh is None else kwh * price_eur_per_kwh >= least_eur


def is_worth_finding(kwh: float, price_eur_per_kwh: float | None) -> bool:
    """Whether what a machine draws at rest in a year is worth a finding, and advice to switch it off."""
    return is_worth(kwh, price_eur_per_kwh, LEAST_EUR_PER_YEAR, LEAST_KWH_PER_YEAR)


def rest_price(view: View, machine: SiteMachine) -> float | None:
    """What a kilowatt-hour costs on average while a machine rests; None where that is not known."""
    return mean_price(view, lambda at_utc: machine.staffing.off_phase(at_utc) is not None)


def watch_day(view: View) -> Iterator[Anomaly]:
    """Judge each machine at the beginning of a local day."""
    for machine in view.machines.machines:
        levels = view.levels(machine)
        if machine.rests and levels is not None and levels.rest_kw is not None and levels.days >= LEARNS_DAYS:
            yield from _judge(view, machine, levels, levels.rest_kw)


def _judge(view: View, machine: SiteMachine, levels: Levels, rest_kw: float) -> Iterator[Anomaly]:
    incidents, meter = view.notes.incidents, machine.meter
    incident, price = incidents.of(meter, KIND), rest_price(view, machine)
    a_year = kwh_per_year(levels, rest_kw)
    if incident is None:
        if rest_kw >= LEAST_KW and is_worth_finding(a_year, price):
            yield _publish(
                view, machine, incidents.put(meter, KIND, Incident(view.slot, level=rest_kw)), levels, rest_kw, price, None
            )
        return
    incident.excess_kwh += rest_kw * levels.rest_h_per_week / 7
    if rest_kw < ENDS_BELOW * incident.level:
        incidents.drop(meter, KIND, view.slot)
        yield _publish(view, machine, incident, levels, rest_kw, price, view.slot)


def _publish(
    view: View,
    machine: SiteMachine,
    incident: Incident,
    levels: Levels,
    rest_kw: float,
    price: float | None,
    until_slot: int | None,
) -> Anomaly:
    kwh_per_day, ids = rest_kw * levels.rest_h_per_week / 7, machine.machine.id
    ended = (fact("standby.ended", machine=ids, actual_kw=rest_kw),)
    level = fact(
        "standby.level",
        machine=ids,
        actual_kw=rest_kw,
        rest_h_per_week=levels.rest_h_per_week,
        kwh_per_year=kwh_per_year(levels, rest_kw),
    )
    return published(
        incident,
        Report(
            view.site, machine.meter, KIND, view.slot, until_slot, ended if until_slot is not None else (level, per_day(kwh_per_day, price)),
            expected_kw=0.0, actual_kw=rest_kw, kwh_per_day=kwh_per_day, price_eur_per_kwh=price, like_day=view.like_day(machine.meter, view.slot),
            evidence={
                "machine": ids, "days_compared": f"{levels.days:.0f}", "rest_h_per_week": f"{levels.rest_h_per_week:.1f}",
                "one_in_ten_below_kw": f"{levels.rest_low_kw:.2f}", "one_in_ten_above_kw": f"{levels.rest_high_kw:.2f}",
            },
        ),
    )  # fmt: skip
