"""What is known of each load that can wait: from its level, from the meter of its machine, and from what it was advised to do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.clock import instant
from domain.flexible_loads import ChargePoint, FlexibleLoad
from domain.intervals import QUARTER
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality
from domain.units import KW_PER_UNIT
from flexibility.charging import Session, usual_sessions
from flexibility.holding import FRESH, LoadState
from governor.live.plausible import plausible_kw, plausible_level
from governor.live.state import Notes, Shown
from quarters.numbers import slot_of, slot_start


@dataclass(frozen=True, slots=True)
class Known:
    """The loads of which enough is known, and those of which something is missing or old."""

    states: Mapping[str, LoadState]
    unknown: tuple[str, ...]


class Instruments:
    """The instruments of one plant's loads that can wait.

    A load is known by its level alone together with what it draws: by a channel of its own (`power_channel`), or a meter that
    measures nothing else.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.loads: Mapping[str, FlexibleLoad] = {load.id: load for load in plant.flexible.loads()}
        meters, alone = {meter.id: meter for meter in plant.meters}, Counter(machine.meter for machine in plant.machines)
        machines = {machine.id: machine for machine in plant.machines}
        sharing = Counter(load.machine for load in self.loads.values())
        billing = plant.billing_meter()
        self._levels: dict[tuple[str, str], str] = {}
        self._powers: dict[tuple[str, str], tuple[str, float]] = {}
        for load in self.loads.values():
            if load.machine is None or load.level_channel is None:
                continue
            meter = meters[machines[load.machine].meter]
            self._levels[meter.id, load.level_channel] = load.id
            gauge = meter.gauge()
            if load.power_channel is not None:
                self._powers[meter.id, load.power_channel] = load.id, 1.0
            elif (
                gauge is not None and alone[meter.id] == sharing[load.machine] == 1 and (billing is None or meter.id != billing.id)
            ):
                self._powers[meter.id, gauge.channel] = load.id, KW_PER_UNIT[gauge.unit]
        self._sessions: tuple[datetime, dict[str, Session]] | None = None

    def channels(self) -> dict[str, tuple[str, ...]]:
        """Key of readings -> the channels of it that are read."""
        found: dict[str, tuple[str, ...]] = {}
        for meter, channel in (*self._levels, *self._powers):
            key = f"{self._plant.site.id}/{meter}"
            found[key] = (*found.get(key, ()), channel)
        return found

    def take(self, notes: Notes, reading: Reading) -> bool:
        """Note what an instrument shows; whether that is something new. What came late does not overwrite what is newer."""
        at = reading.meter, reading.channel
        value = None if reading.quality is ReadingQuality.BAD or reading.value is None else float(reading.value)
        if at in self._levels:
            shown, load, factor, plausible = notes.levels, self._levels[at], 1.0, plausible_level
        elif at in self._powers:
            shown, (load, factor), plausible = notes.powers, self._powers[at], plausible_kw
        else:
            return False
        before = shown.get(load)
        if before is not None and before.at_ms >= reading.observed_ms:
            return False
        sound = value is not None and math.isfinite(value) and plausible(self.loads[load], value * factor)
        shown[load] = Shown(reading.observed_ms, value * factor if value is not None and sound else None)
        return True

    def known(self, notes: Notes, now_utc: datetime) -> Known:
        """What is known of the loads at `now_utc`."""
        states: dict[str, LoadState] = {}
        unknown = []
        sessions = self._sessions_at(now_utc)
        for name, load in self.loads.items():
            level, power = notes.levels.get(name), notes.powers.get(name)
            at_utc = None if level is None or power is None else instant(min(level.at_ms, power.at_ms))
            if level is None or power is None or at_utc is None or now_utc - at_utc > FRESH or power.value is None:
                unknown.append(name)
            elif isinstance(load, ChargePoint) and (level.value is None or name not in sessions):
                continue  # no vehicle stands there, or one of which nobody knows when it leaves
            elif level.value is None:
                unknown.append(name)
            else:
                states[name] = self._state(notes, name, min(at_utc, now_utc), level.value, power.value, sessions.get(name), now_utc)
        return Known(states, tuple(unknown))

    @staticmethod
    def _state(
        notes: Notes, name: str, at_utc: datetime, level: float, kw: float, session: Session | None, now_utc: datetime
    ) -> LoadState:
        held = notes.held.get(name)
        runs = held is not None and held.since_utc <= now_utc < held.until_utc
        return LoadState(
            at_utc, level, kw, held.since_utc if held is not None and runs else None, notes.released.get(name), None,
            None if session is None else session.with_level(level, at_utc), held.before_kw if held is not None and runs else 0.0,
        )  # fmt: skip

    def _sessions_at(self, now_utc: datetime) -> Mapping[str, Session]:
        """Charge point -> the session that usually runs there; looked up once a quarter hour."""
        begin = slot_start(slot_of(now_utc))
        if self._sessions is None or self._sessions[0] != begin:
            found = usual_sessions(self._plant, begin, begin + QUARTER) if self._plant.flexible.vehicles else []
            self._sessions = begin, {one.charge_point: one for one in reversed(found)}
        return {point: one for point, one in self._sessions[1].items() if one.from_utc <= now_utc < one.ready_utc}
