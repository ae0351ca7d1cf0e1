"""What metering would refuse of a few readings, for commissioning: the same rules, before anything is stored. Pure.

In: the plant file and readings of one meter, as the gateway would send them now.  Out: a rejection for each reading that metering would
not use, and for each step of a counter that it would not book as energy, with a detail that says what was found, what was expected and
what to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from domain.plant import Meter, Plant, Register
from domain.readings import CONTROL_CHANNELS, Reading, Rejection, RejectionReason
from domain.topics import READINGS
from metering.cases import plausible
from metering.engine import MeterStep
from metering.intake import ahead_of_plant, has_number, rejection
from metering.meter_rules import DAY_MS
from metering.rules import BEYOND_UWH, MS_PER_HOUR, UW_PER_KW, CounterRules, counter_rules


def would_refuse(plant: Plant, meter: str, readings: Sequence[Reading], now_ms: int) -> list[Rejection]:
    """What metering would refuse of `readings`, or would not book as energy.

    Parameters
    ----------
    plant, meter
        The plant file, and the meter that the readings are meant for.
    readings
        One or more, of any of its channels, in the order in which they were taken.  Two of a counter some seconds apart show more than
        one: whether its unit, its factor and `max_power_kw` fit each other.
    now_ms
        What the plant's clock shows [ms since 1970].

    Returns
    -------
    list of Rejection
        Empty if all is well.  First what is refused for itself, in the order of `readings`; then counters whose step from one reading
        to the next no energy explains.  Nothing is raised: a meter that the plant file does not have is a reason, too.
    """
    known = {m.id: m for m in plant.meters}
    refused, ours = [], []
    for reading in readings:
        found = (
            None
            if reading.channel in CONTROL_CHANNELS
            else _strange(plant, meter, known, reading) or _dated(plant, reading, now_ms)
        )
        if found is not None:
            refused.append(found)
        elif reading.channel not in CONTROL_CHANNELS:
            ours.append(reading)
    if not ours:
        return refused
    step = MeterStep(plant, meter)
    _, outputs = step.take(step.initial(), ours)
    refused += [output for output in outputs if isinstance(output, Rejection)]
    for register in known[meter].counters():
        refused += _steps(known[meter], register, ours)
    return refused


def _strange(plant: Plant, meter: str, known: dict[str, Meter], reading: Reading) -> Rejection | None:
    if meter not in known:
        detail = f"the plant file has no meter {meter!r}; it has {', '.join(known)}"
    elif (reading.site, reading.meter) != (plant.site.id, meter):
        detail = f"the reading is of {READINGS.key(reading)!r}, expected {plant.site.id}/{meter}"
    else:
        return None
    return rejection(reading, RejectionReason.UNKNOWN_REGISTER, detail)


def _dated(plant: Plant, reading: Reading, now_ms: int) -> Rejection | None:
    horizon_days = plant.site.late_horizon_days
    if now_ms - reading.observed_ms > horizon_days * DAY_MS:
        days = (now_ms - reading.observed_ms) / DAY_MS
        detail = (
            f"the device's clock is {days:,.0f} days behind the plant's; [site] late_horizon_days is {horizon_days}: set the clock"
        )
        return rejection(reading, RejectionReason.BEYOND_HORIZON, detail)
    return ahead_of_plant(reading, now_ms)


def _steps(meter: Meter, register: Register, readings: Sequence[Reading]) -> list[Rejection]:
    """Steps of one counter that would not be booked."""
    rules = counter_rules(meter, register)
    amounts = [
        (r.observed_ms, rules.amount(float(r.value), r.observed_ms), r)
        for r in readings
        if r.channel == register.channel and has_number(r) and r.value is not None
    ]
    usable = sorted((a for a in amounts if abs(a[1]) < BEYOND_UWH), key=lambda found: found[0])
    return [
        rejection(
            reading,
            RejectionReason.GLITCH if e1 < e0 else RejectionReason.IMPOSSIBLE_POWER,
            _step_detail(rules, meter, e1 - e0, t1 - t0),
        )
        for (t0, e0, _), (t1, e1, reading) in pairwise(usable)
        if t1 > t0 and plausible(rules, t0, e0, t1, e1) is None
    ]


def _step_detail(rules: CounterRules, meter: Meter, advance_uwh: int, elapsed_ms: int) -> str:
    seconds = elapsed_ms / 1000
    kwh = advance_uwh / UW_PER_KW
    if advance_uwh < 0:
        return (
            f"the counter fell by {-kwh:g} kWh in {seconds:g} s: a reset or a reading that was wrong, no energy is booked; "
            "check modulus, word order and that no other device answers"
        )
    power_kw = kwh * MS_PER_HOUR / elapsed_ms
    most_kw = rules.most_uwh_per_ms * MS_PER_HOUR / UW_PER_KW
    return (
        f"the counter rose by {kwh:g} kWh in {seconds:g} s, which is {power_kw:,.0f} kW; max_power_kw = {meter.max_power_kw:g} lets "
        f"{most_kw:,.0f} kW through with its margin: the step is not booked; check unit, factor and max_power_kw"
    )
