"""An operator's command to set a meter back, as a record on the topic of readings. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.clock import epoch_ms
from domain.errors import Fault, InputFaults
from domain.plant import Plant
from domain.readings import SET_BACK_CHANNEL, Reading
from domain.texts import KEY_LENGTH, TEXT_LENGTH, refused_character
from metering.rules import AHEAD_OF_PLANT_MS


def set_back_command(plant: Plant, meter: str, to_utc: datetime, now_utc: datetime, by: str, why: str) -> Reading:
    """The record that makes the metering job forget what `meter` has dated after `to_utc`.

    Raises
    ------
    InputFaults
        With every fault: a meter that the plant does not have, an instant that is no use, words that nobody can read.
    """
    faults = []
    known = [m.id for m in plant.meters]
    if meter not in known:
        faults.append(Fault("command", None, "METER", repr(meter), f"one of {known}"))
    if not plant.site.commissioned_utc <= to_utc <= now_utc + timedelta(milliseconds=AHEAD_OF_PLANT_MS):
        expected = f"an instant between [site] commissioned_utc {plant.site.commissioned_utc.isoformat()} and now"
        faults.append(Fault("command", None, "--to", to_utc.isoformat(), expected))
    for name, text, most in (("--by", by, KEY_LENGTH), ("--why", why, TEXT_LENGTH - KEY_LENGTH - 2)):
        refused = refused_character(text)
        if refused is not None or not 0 < len(text.strip()) <= most:
            expected = f"1 to {most} printable characters" + (f", without {refused}" if refused else "")
            faults.append(Fault("command", None, name, repr(text), expected))
    if faults:
        raise InputFaults(faults)
    return Reading(plant.site.id, meter, SET_BACK_CHANNEL, epoch_ms(to_utc), epoch_ms(now_utc), None, text=f"{by}: {why}")
