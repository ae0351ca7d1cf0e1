"""A probe of one meter, for commissioning: read twice, around what it refuses, as the gateway would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from connectors.channels import Channel
from connectors.modbus.client import ModbusConnection
from connectors.modbus.learned import Learned
from connectors.modbus.plausible import CHECKED, doubts_of
from connectors.modbus.profile import Profile
from connectors.modbus.reading import Reader, Round, channel_value
from connectors.probe import Found
from domain.clock import Clock
from domain.readings import Reading, ReadingQuality

APART_S = 2.0
"""Between the two readings of a channel: the step of a counter shows whether unit and factor fit."""
AGAIN_S = 0.3
"""Until the next round, while something did not come yet."""
BUSY_S = 2.0
"""So long a read may be postponed, while others are answered, before it counts as refused."""
SILENT_ROUNDS = 3
"""Without any answer: then no device is there."""


async def probe_meter(
    site: str,
    channels: Sequence[Channel],
    profile: Profile,
    connection: ModbusConnection,
    unit_id: int,
    clock: Clock,
    patience_s: float,
) -> Found:
    """What the gateway would get of a meter; takes at most some `patience_s` [s]."""
    learned = Learned(profile, BUSY_S)
    reader = Reader(connection, unit_id, profile, learned, clock)
    known = {point.name for point in profile.points}
    names = sorted({*(channel.source for channel in channels), *(known & set(CHECKED))})
    rounds: list[Round] = []
    settled = 0
    ends_at_s = time.monotonic() + patience_s
    while settled < 2 and time.monotonic() < ends_at_s:
        if rounds:
            await asyncio.sleep(APART_S if settled else AGAIN_S)
        rounds.append(await reader.round(names))
        refused = {one.channel for one in learned.refused_channels(channels)}
        settled += all(channel.channel in refused or channel_value(profile, channel, rounds[-1]) for channel in channels)
        is_silent = len(rounds) >= SILENT_ROUNDS and not any(found.values or found.has_refused for found in rounds)
        if is_silent or len(refused) == len(channels):
            break
    answers = next((found.answers for found in reversed(rounds) if found.answers), [])
    doubts = doubts_of(profile, dict(enumerate(answers)), {})
    readings = [reading for found in rounds for reading in _readings(site, channels, profile, found)]
    trouble = "" if settled else next((str(found.trouble) for found in reversed(rounds) if found.trouble is not None), "")
    return Found(tuple(readings), tuple(learned.refused_channels(channels)), trouble, tuple(doubts))


def _readings(site: str, channels: Sequence[Channel], profile: Profile, found: Round) -> list[Reading]:
    readings = []
    for channel in channels:
        value = channel_value(profile, channel, found)
        if value is not None:
            quality = ReadingQuality.GOOD if value.number is not None else ReadingQuality.BAD
            readings.append(
                Reading(site, channel.meter, channel.channel, value.seen_ms, value.came_ms, value.number, quality, value.why_none)
            )
    return readings
