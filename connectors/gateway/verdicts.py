"""What a probe of the devices comes to: a line for each channel with its value, its age and whether it can be used. Pure.

In: the probes, and the plant file.  Out: `Verdict`s, by the rules of metering itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.channels import Channel
from connectors.probe import Probe
from domain.plant import Plant
from domain.readings import Reading, Rejection, RejectionReason
from metering.judge import would_refuse

OK = "ok"
OLD_S = 60.0
"""A register's value that is older is worth a word: unchanged since, or a clock that is behind."""
_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One channel of one device."""

    device: str
    channel: str
    value: str
    unit: str
    age: str
    """Between the instant that the device dates it with and its receipt."""
    verdict: str
    is_good: bool


def verdicts(plant: Plant, probes: Sequence[Probe], now_ms: int) -> list[Verdict]:
    """A verdict on every channel of every device, in their order; one on the device alone where nothing came of it.

    Parameters
    ----------
    now_ms
        What the plant's clock shows [ms since 1970].
    """
    refused = _refused_by_metering(plant, probes, now_ms)
    return [verdict for probe in probes for verdict in _of_device(probe, refused)]


def _refused_by_metering(plant: Plant, probes: Sequence[Probe], now_ms: int) -> dict[tuple[str, str], Rejection]:
    """The first rejection of each channel; a meter's readings are judged together, whichever device gives them."""
    readings: dict[str, list[Reading]] = {}
    for probe in probes:
        for reading in probe.found.readings:
            readings.setdefault(reading.meter, []).append(reading)
    found: dict[tuple[str, str], Rejection] = {}
    for meter, of_meter in readings.items():
        for rejection in would_refuse(plant, meter, of_meter, now_ms):
            found.setdefault((meter, json.loads(rejection.original)["channel"]), rejection)
    return found


def _of_device(probe: Probe, refused: dict[tuple[str, str], Rejection]) -> Iterable[Verdict]:
    if not probe.found.readings and not probe.found.refused:
        what = f"NOTHING CAME: {probe.found.trouble or probe.address}"
        yield Verdict(probe.device, "all channels", _NOTHING, _NOTHING, _NOTHING, what, is_good=False)
        return
    newest = {reading.channel: reading for reading in probe.found.readings}
    not_given = {one.channel: one for one in probe.found.refused}
    for channel in probe.channels:
        unit = channel.unit or probe.units.get(channel.channel) or _NOTHING
        reading = newest.get(channel.channel)
        if reading is not None:
            verdict, is_good = _of_reading(channel, reading, refused.get((channel.meter, channel.channel)))
            value = f"{reading.value:.10g}" if reading.value is not None else (reading.text or _NOTHING)
            yield Verdict(probe.device, channel.channel, value, unit, age_text(_age_ms(reading)), verdict, is_good)
        else:
            one = not_given.get(channel.channel)
            what = f"THE DEVICE REFUSES IT: {one.why} ({one.source})" if one is not None else f"NOTHING CAME: {probe.found.trouble}"
            yield Verdict(probe.device, channel.channel, _NOTHING, unit, _NOTHING, what, is_good=False)


def _of_reading(channel: Channel, reading: Reading, rejection: Rejection | None) -> tuple[str, bool]:
    # A state that has not changed for weeks is no fault; a register is read again, and dated then.
    is_old_context = channel.kind is None and rejection is not None and rejection.reason is RejectionReason.BEYOND_HORIZON
    if rejection is not None and not is_old_context:
        return f"METERING WOULD REFUSE IT ({rejection.reason}): {rejection.detail}", False
    if channel.kind is not None and _age_ms(reading) > 1000 * OLD_S:
        return f"{OK}; unchanged since then, or the device's clock is behind", True
    return OK, True


def _age_ms(reading: Reading) -> int:
    return reading.received_ms - reading.observed_ms


def age_text(age_ms: int) -> str:
    """An age for people: ``now``, ``40 s``, ``2 h``, or ``2 h ahead`` of the receipt."""
    seconds = abs(age_ms) / 1000
    if seconds < 2:
        return "now"
    size, name = next(
        ((size, name) for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")) if seconds >= 2 * size - 1), (1, "s")
    )
    return f"{seconds / size:.0f} {name}{' ahead' if age_ms < 0 else ''}"
