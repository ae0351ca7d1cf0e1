"""Whether a meter's registers can be true: voltage, frequency, sum of the phases. Pure; finds the wrong word order by the voltage."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.modbus.decode import Value, decode_block, value_of
from connectors.modbus.plan import Block
from connectors.modbus.profile import Profile, WordOrder

VOLTAGE_V = (207.0, 253.0)
"""230 V plus or minus 10 %, EN 50160."""
FREQUENCY_HZ = (49.5, 50.5)
PHASE_SUM_TOLERANCE = 0.01
"""Of the total; and a tenth of that of each phase, for values that change between two reads."""
_PHASES = ("l1", "l2", "l3")

CHECKED = (
    "voltage_l1_n",
    "voltage_l2_n",
    "voltage_l3_n",
    "frequency",
    "active_power_l1",
    "active_power_l2",
    "active_power_l3",
    "active_power_total",
)
"""Points that are looked at, where a profile has them."""


def doubts_of(profile: Profile, raw: Mapping[int, tuple[Block, bytes]], channels: Mapping[str, str]) -> list[str]:
    """What is implausible in one device's registers; pure.

    Parameters
    ----------
    raw
        By the block's number in the plan: the block and the bytes that came.
    channels
        Channel -> point, as requested; those that came and have no value are doubts too.
    """
    values = _decoded(profile, raw)
    doubts = [
        f"{channel}: no value ({found.why_none})"
        for channel, point in channels.items()
        if all(part.name in values for part in profile.parts(point)) and (found := value_of(profile, point, values)).number is None
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
