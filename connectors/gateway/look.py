"""One look at every device: does what it says make sense? For commissioning; finds the wrong word order by the voltage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.gateway.fleet import Fleet, ModbusUnit, OpcUaUnit
from connectors.modbus.client import ModbusConnection, ModbusError
from connectors.modbus.decode import Value, decode_block, value_of
from connectors.modbus.plan import Block, plan
from connectors.modbus.profile import Profile, WordOrder
from connectors.opcua.items import SubscribedDevice
from connectors.opcua.look import Found, look
from domain.clock import SystemClock
from domain.readings import Reading, ReadingQuality

VOLTAGE_V = (207.0, 253.0)
"""230 V plus or minus 10 %, EN 50160."""
FREQUENCY_HZ = (49.5, 50.5)
PHASE_SUM_TOLERANCE = 0.01
"""Of the total; and a tenth of that of each phase, for values that change between two reads."""
_PHASES = ("l1", "l2", "l3")


@dataclass(frozen=True, slots=True)
class Look:
    """What one device said: values by channel, what is not plausible, what else is worth knowing, and what the gateway would send."""

    device: str
    address: str
    values: Mapping[str, str]
    doubts: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()


def doubts_of(profile: Profile, raw: Mapping[int, tuple[Block, bytes]], channels: Mapping[str, str]) -> list[str]:
    """What is implausible in one device's registers; pure.

    Parameters
    ----------
    raw
        By the block's number in the plan: the block and the bytes that came.
    channels
        Channel -> point, as asked for; those without a value are doubts too.
    """
    values = _decoded(profile, raw)
    doubts = [
        f"{channel}: no value ({found.why_none})"
        for channel, point in channels.items()
        if (found := value_of(profile, point, values)).number is None
    ]
    implausible = _implausible(values)
    if implausible:
        turned: WordOrder = "CDAB" if profile.profile.word_order == "ABCD" else "ABCD"
        if not _implausible(_decoded(profile.with_word_order(turned), raw)):
            doubts.append(
                f'the words come in the other order: with word_order = "{turned}" in [device] voltage and frequency are plausible; '
                f"as {profile.profile.word_order}: {'; '.join(implausible)}"
            )
        else:
            doubts += [f"{text} in neither word order; is the profile {profile.profile.id} right?" for text in implausible]
    return doubts + _phase_sum_doubts(values)


def _decoded(profile: Profile, raw: Mapping[int, tuple[Block, bytes]]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for block, answer in raw.values():
        values |= decode_block(profile, block.points, block.address, answer)
    return values


def _implausible(values: Mapping[str, Value]) -> list[str]:
    texts = []
    for name, (low, high), unit in (
        *((f"voltage_{phase}_n", VOLTAGE_V, "V") for phase in _PHASES),
        ("frequency", FREQUENCY_HZ, "Hz"),
    ):
        number = values[name].number if name in values else None
        # A phase that is not connected reads zero; that is for a person to know.
        if number is not None and number != 0 and not low <= number <= high:
            texts.append(f"{name} = {number:.4g} {unit}, expected {low:g} to {high:g}")
    return texts


def _phase_sum_doubts(values: Mapping[str, Value]) -> list[str]:
    phases = [values[name].number for phase in _PHASES if (name := f"active_power_{phase}") in values]
    total = values["active_power_total"].number if "active_power_total" in values else None
    numbers = [number for number in phases if number is not None]
    if total is None or len(numbers) != 3:
        return []
    room = PHASE_SUM_TOLERANCE * abs(total) + PHASE_SUM_TOLERANCE / 10 * sum(abs(n) for n in numbers) + 1.0
    if abs(sum(numbers) - total) <= room:
        return []
    hint = "a current transformer is turned round" if min(numbers) < 0 < max(numbers) else "is a phase's transformer ratio wrong?"
    return [f"the phases' active powers sum to {sum(numbers):.4g}, the total says {total:.4g}: {hint}"]


CHECKED = ("voltage_l1_n", "voltage_l2_n", "voltage_l3_n", "frequency", "active_power_l1", "active_power_l2", "active_power_l3")


async def look_at_all(fleet: Fleet, patience_s: float = 5.0) -> list[Look]:
    """Read each device once, one connection after the other; takes at most some seconds a silent one."""
    looks = [await _look_modbus(unit) for unit in fleet.modbus]
    site = fleet.plant.site.id
    looks += await asyncio.gather(*(_look_opcua(unit, site, patience_s) for unit in fleet.opcua))
    return sorted(looks, key=lambda look: look.device)


async def _look_modbus(unit: ModbusUnit) -> Look:
    head, profile = unit.settings.device, unit.profile
    known = {point.name for point in profile.points}
    names = {*unit.settings.channels.values(), "active_power_total", *CHECKED} & {*known, *unit.settings.channels.values()}
    connection = ModbusConnection(head.host, head.port, head.timeout_s)
    raw: dict[int, tuple[Block, bytes]] = {}
    try:
        for number, block in enumerate(plan(profile, sorted(names))):
            raw[number] = (block, await connection.read(head.unit_id, block))
    except ModbusError as error:
        return Look(head.id, unit.address, {}, (str(error),))
    finally:
        connection.close()
    values = _decoded(profile, raw)
    told = {}
    for channel, source in unit.settings.channels.items():
        value = value_of(profile, source, values).number
        told[channel] = "no value" if value is None else f"{value:.10g} {profile.parts(source)[0].unit}"
    return Look(head.id, unit.address, told, tuple(doubts_of(profile, raw, unit.settings.channels)))


async def _look_opcua(unit: OpcUaUnit, site: str, patience_s: float) -> Look:
    """What comes is what the gateway would get."""
    device = SubscribedDevice(unit.settings.device, unit.channels, unit.file.parent)
    found = await look(site, device, SystemClock(), patience_s)
    units = {channel.channel: channel.unit for channel in unit.channels}
    newest = {reading.channel: reading for reading in found.readings}
    told = {channel: _told(reading, units[channel]) for channel, reading in newest.items()}
    refused = {one.channel for one in found.refused}
    doubts = [found.trouble] if found.trouble else []
    doubts += [f"refused: {one}" for one in found.refused]
    doubts += [
        f"{channel}: quality {reading.quality.value} ({reading.text})"
        for channel, reading in newest.items()
        if reading.quality is not ReadingQuality.GOOD and channel not in refused
    ]
    return Look(unit.settings.device.id, unit.address, told, tuple(doubts), _history_remarks(found), found.readings)


def _told(reading: Reading, unit: str) -> str:
    return f"{reading.value:.10g} {unit}".strip() if reading.value is not None else str(reading.text)


def _history_remarks(found: Found) -> tuple[str, ...]:
    if found.keeps_history is None:
        return ()
    if isinstance(found.keeps_history, str):
        return (f"whether there is history cannot be read ({found.keeps_history})",)
    without = sorted(channel for channel, is_kept in found.keeps_history.items() if not is_kept)
    if not without:
        return ("history: the server keeps it for every channel; gaps are filled from it",)
    return (f"history: the server keeps none of {', '.join(without)}; what a gap hides there stays unknown",)
