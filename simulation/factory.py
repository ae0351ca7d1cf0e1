"""Werk Nord, simulated: in fixed ticks of plant time, the same for the same seed and schedule whatever the wall clock does.

Between two ticks every power is held, so a counter read at any instant is exact; energies are whole micro-watt-hours, so
the main meter is exactly the sum of everything behind it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.channels import EXPORT, IMPORT
from domain.plant import Plant
from simulation.machines import (
    Chiller,
    CompressedAir,
    Furnace,
    Moulding,
    Ripples,
    Washer,
    WorkCentre,
    charging_kw,
    lighting_kw,
    photovoltaic_kw,
)
from simulation.noise import Noise
from simulation.replay import Replay
from simulation.schedule import Schedule
from simulation.surprises import NONE, Surprises
from simulation.surroundings import QUARTER_S, WARM_UP, Calendar, Surroundings
from simulation.weather import Weather

LEAVES = (
    "furnace-1", "furnace-2", "washer", "moulding-1", "moulding-2", "moulding-3", "press-1", "press-2", "cnc-line",
    "compressor-1", "compressor-2", "chiller", "ev-chargers", "lighting", "pv",
)  # fmt: skip
UNMETERED = "unmetered"
"""Offices, ventilation, sockets: behind the main meter and no other."""
LOADS = (*LEAVES, UNMETERED)
GROUPS = {
    "hall-1": ("furnace-1", "furnace-2", "washer"),
    "hall-2": ("moulding-1", "moulding-2", "moulding-3", "press-1", "press-2", "cnc-line"),
}
MAIN = "main"
METERS = (MAIN, *GROUPS, *LEAVES)
JOB_MACHINES = LEAVES[:9]
UWH_PER_KW_S = 1e9 / 3600
TAN_PHI = {
    "furnace-1": 0.06, "furnace-2": 0.06, "washer": 0.1, "moulding-1": 0.6, "moulding-2": 0.6, "moulding-3": 0.6, "press-1": 0.85,
    "press-2": 0.85, "cnc-line": 0.5, "compressor-1": 0.55, "compressor-2": 0.55, "chiller": 0.6, "ev-chargers": 0.03,
    "lighting": 0.12, "pv": 0.0, UNMETERED: 0.35,
}  # fmt: skip
"""Reactive over active power of each load, before the compensation."""
_COMPENSATION_STEP_KVAR = 25.0


@dataclass(frozen=True, slots=True)
class QuarterHour:
    """Energies of one quarter hour [µWh] by (meter, channel): the truth to compare with."""

    start_s: int
    energy_uwh: dict[tuple[str, str], int]


def make_machines() -> dict[str, Any]:
    """All machines as they are before the simulated time begins."""
    return {
        "furnace-1": Furnace(150.0, 74.0, 0.385, 0.036, 0.33),
        "furnace-2": Furnace(128.0, 66.0, 0.33, 0.031, 0.33),
        "washer": Washer(),
        "moulding-1": Moulding(25.0, 38.0),
        "moulding-2": Moulding(21.0, 31.0),
        "moulding-3": Moulding(22.0, 34.0),
        "press-1": WorkCentre(33.0, 8.0, 2.0, 0.12, 6.0),
        "press-2": WorkCentre(29.0, 8.0, 2.0, 0.12, 7.0),
        "cnc-line": WorkCentre(38.0, 9.0, 4.0, 0.6, 190.0, spread=0.1),
        "air": CompressedAir(),
        "chiller": Chiller(),
    }


class Factory:
    """The whole site. `t_s` is the start of the tick whose powers are shown; `tick` goes on by one.

    Parameters
    ----------
    start_s
        First instant [s since 1970], a multiple of the tick.
    tick_s
        Length of a tick [s]; must divide 900.
    scale
        Factor on all powers, for a plant of another size.
    on_quarter
        Called with each quarter hour as it is complete.
    machines
        Machines as another factory left them; new ones if None.
    replay
        A load profile that drives the main meter; the sum of everything behind it if None.
    """

    def __init__(
        self,
        plant: Plant,
        seed: int,
        start_s: int,
        tick_s: int = 5,
        surprises: Surprises = NONE,
        schedule: Schedule | None = None,
        scale: float = 1.0,
        on_quarter: Callable[[QuarterHour], None] | None = None,
        machines: dict[str, Any] | None = None,
        replay: Replay | None = None,
    ) -> None:
        self.t_s = start_s
        self.tick_s = tick_s
        self.schedule = schedule or Schedule()
        self.surprises = surprises
        self.on_quarter = on_quarter
        self.power_kw: dict[str, float] = {}
        self.reactive_kvar = 0.0
        self.energy_uwh: dict[tuple[str, str], int] = {}
        for meter in METERS:
            self.energy_uwh[meter, IMPORT] = 0
        self.energy_uwh["pv", EXPORT] = self.energy_uwh[MAIN, EXPORT] = 0
        self.energy_uwh[MAIN, "reactive_import"] = 0
        self.register_base_uwh: dict[tuple[str, str], int] = {}
        """What a meter's register showed when the simulated time began (less what it had counted when it was reset)."""
        self.machines = make_machines() if machines is None else machines
        self._replay = replay
        self._scale = scale
        self._weather = Weather(seed, surprises.overcast)
        self._calendar = Calendar(plant, seed)
        self._ripples = Ripples(seed)
        self._base = Noise(seed, "base", 600.0)
        self._quarter_energies = dict(self.energy_uwh)
        self._around: Surroundings = self._calendar.at_quarter(start_s // QUARTER_S)
        self._outdoor_c = self._clear = self._sine = 0.0
        self._steps: dict[str, int] = {}
        self._begin_tick()

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Book the energy of the running tick and begin the next one."""
        for key, step in self._steps.items():
            self._book(key, step)
        self.t_s += self.tick_s
        if self.t_s % QUARTER_S == 0:
            self._end_quarter()
        for reset in self.surprises.resets:
            if self.t_s - self.tick_s < reset.at_s <= self.t_s:
                self._reset_registers(reset.meter)
        self._begin_tick()

    def advance_to(self, t_s: float) -> None:
        """Go on until the running tick holds `t_s`; an instant in the past changes nothing."""
        while self.t_s + self.tick_s <= t_s:
            self.tick()

    def counter_uwh(self, meter: str, channel: str, t_s: float) -> int:
        """Energy since the start at `t_s`, which lies in the running tick."""
        share = min(1.0, max(0.0, (t_s - self.t_s) / self.tick_s))
        whole = self.energy_uwh[meter, channel]
        return whole + round(self._tick_energy(meter, channel) * share)

    def register_uwh(self, meter: str, channel: str, t_s: float) -> int:
        """What the meter's register shows at `t_s`, which lies in the running tick."""
        return self.register_base_uwh.get((meter, channel), 0) + self.counter_uwh(meter, channel, t_s)

    def _reset_registers(self, meter: str) -> None:
        for key, counted in self.energy_uwh.items():
            if key[0] == meter:
                self.register_base_uwh[key] = -counted

    def _tick_energy(self, meter: str, channel: str) -> int:
        if channel == "reactive_import":
            return round(self.reactive_kvar * self.tick_s * UWH_PER_KW_S)
        step = self._steps[meter]
        return max(0, step) if channel == IMPORT else max(0, -step)

    def _book(self, meter: str, step: int) -> None:
        channel = IMPORT if step >= 0 else EXPORT
        key = (meter, channel)
        if key not in self.energy_uwh:
            return
        self.energy_uwh[key] += abs(step)
        if meter == MAIN:
            self.energy_uwh[MAIN, "reactive_import"] += round(self.reactive_kvar * self.tick_s * UWH_PER_KW_S)

    def _end_quarter(self) -> None:
        if self.on_quarter is not None:
            before = self._quarter_energies
            self.on_quarter(QuarterHour(self.t_s - QUARTER_S, {key: now - before[key] for key, now in self.energy_uwh.items()}))
        self._quarter_energies = dict(self.energy_uwh)

    def own_step_uwh(self) -> int:
        """Energy [µWh] that everything behind the main meter draws in the running tick."""
        return sum(self._steps[name] for name in LOADS)

    # -- physics -------------------------------------------------------------------------------------------------

    def _begin_tick(self) -> None:
        if self.t_s % QUARTER_S == 0 or not self._steps:
            self._around = self._calendar.at_quarter(self.t_s // QUARTER_S)
            self._outdoor_c = self._weather.temperature_c(self.t_s)
        if self.t_s % 60 == 0 or not self._steps:
            self._sine = self._weather.sun_sine(self.t_s)
            self._clear = self._weather.clearness(self.t_s)
        powers = self._powers()
        self._steps = {name: round(power * self._scale * self.tick_s * UWH_PER_KW_S) for name, power in powers.items()}
        for group, members in GROUPS.items():
            self._steps[group] = sum(self._steps[member] for member in members)
        own = self.own_step_uwh()
        self._steps[MAIN] = own if self._replay is None else self._replay.main_step_uwh(self.t_s, own)
        per_tick = self.tick_s * UWH_PER_KW_S
        self.power_kw = {name: step / per_tick for name, step in self._steps.items()}
        self.reactive_kvar = self._reactive()

    def _powers(self) -> dict[str, float]:
        t, dt, around = self.t_s, self.tick_s, self._around
        running, ripple = self.schedule.running, self._ripples.at
        powers: dict[str, float] = {}
        staffed = around.any_staffed
        for name in ("furnace-1", "furnace-2"):
            job = running(name, t)
            ready = (
                staffed or self._left_on(name) or (name == "furnace-2" and "unmanned" in around.shifts and self._due_today(name))
            )
            powers[name] = self.machines[name].step(t, dt, job, ready, WARM_UP in around.shifts, ripple(name, t))
        powers["washer"] = self.machines["washer"].step(t, dt, running("washer", t), ripple("washer", t))
        for name in ("moulding-1", "moulding-2", "moulding-3"):
            powers[name] = self.machines[name].step(t, dt, running(name, t), staffed, ripple(name, t))
        for name in ("press-1", "press-2", "cnc-line"):
            powers[name] = self.machines[name].step(t, dt, running(name, t), staffed, around.on_break, ripple(name, t))
        wear = self.surprises.wear_of("compressor-1", t)
        first, second = self.machines["air"].step(dt, self._air_demand(), wear, ripple("compressor-1", t))
        powers["compressor-1"], powers["compressor-2"] = first, second
        powers["chiller"] = self.machines["chiller"].step(dt, self._heat_kw(powers), self._outdoor_c)
        powers["ev-chargers"] = charging_kw(t, around.sessions) + 0.3
        powers["lighting"] = lighting_kw(around, self._sine * self._clear)
        powers["pv"] = -photovoltaic_kw(170.0, self._sine, self._clear)
        powers[UNMETERED] = self._unmetered_kw()
        return powers

    def _left_on(self, machine: str) -> bool:
        return any(s.machine == machine and s.from_s <= self.t_s < s.to_s for s in self.surprises.left_on)

    def _due_today(self, machine: str) -> bool:
        """Whether another batch will come within two hours, so that the unmanned furnace is kept ready for it."""
        return any(j.machine == machine and self.t_s < j.end_s and j.start_s - self.t_s < 7200 for j in self.schedule.jobs())

    def _air_demand(self) -> float:
        """Compressed air [m³/min]: leaks, and what each working machine takes."""
        working = {name for name in JOB_MACHINES if self.machines[name].state == "Execute"}
        takes = {
            "press-1": 1.7,
            "press-2": 1.6,
            "cnc-line": 2.3,
            "moulding-1": 0.8,
            "moulding-2": 0.8,
            "moulding-3": 0.8,
            "washer": 0.6,
        }
        return 1.9 + (0.7 if self._around.any_staffed else 0.0) + sum(takes.get(name, 0.0) for name in sorted(working))

    def _heat_kw(self, powers: dict[str, float]) -> float:
        """Cooling load: hydraulics and moulds, compressors' dryers, and the building in warm weather."""
        process = 0.62 * sum(powers[name] for name in ("moulding-1", "moulding-2", "moulding-3"))
        quench = sum(9.0 for name in ("furnace-1", "furnace-2") if self.machines[name].state == "Execute")
        building = 2.6 * max(0.0, self._outdoor_c - 12.0) if self._around.any_staffed else 0.0
        return 6.0 + process + quench + building + 0.14 * powers["compressor-1"]

    def _unmetered_kw(self) -> float:
        around = self._around
        office = 17.0 if around.workday and 7 <= around.local_hour < 17 else 0.0
        halls = 21.0 if around.any_staffed else 6.0
        heating_fans = max(0.0, 12.0 - self._outdoor_c) * (0.9 if around.any_staffed else 0.35)
        return (16.0 + office + halls + heating_fans) * (1 + 0.035 * self._base.at(self.t_s))

    def _reactive(self) -> float:
        load = sum(abs(self.power_kw[name]) * tan for name, tan in TAN_PHI.items())
        return (
            load - min(load, 8 * _COMPENSATION_STEP_KVAR * self._scale) // _COMPENSATION_STEP_KVAR * _COMPENSATION_STEP_KVAR * 0.6
        )

    # -- storing -------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes, as values that JSON holds; jobs are the planner's."""
        return {
            "t_s": self.t_s,
            "energy_uwh": [[meter, channel, value] for (meter, channel), value in self.energy_uwh.items()],
            "base_uwh": [[meter, channel, value] for (meter, channel), value in self.register_base_uwh.items()],
            "quarter_uwh": [[meter, channel, value] for (meter, channel), value in self._quarter_energies.items()],
            "machines": {name: _fields(machine) for name, machine in self.machines.items()},
            "steps": dict(self._steps),
            "reactive_kvar": self.reactive_kvar,
            "outdoor_c": self._outdoor_c,
            "clear": self._clear,
            "sine": self._sine,
            "shadow": self._replay.shadow.snapshot()
            if self._replay is not None and isinstance(self._replay.shadow, Factory)
            else None,
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self.t_s = stored["t_s"]
        self.energy_uwh = {(meter, channel): value for meter, channel, value in stored["energy_uwh"]}
        self.register_base_uwh = {(meter, channel): value for meter, channel, value in stored["base_uwh"]}
        self._quarter_energies = {(meter, channel): value for meter, channel, value in stored["quarter_uwh"]}
        for name, fields in stored["machines"].items():
            _set_fields(self.machines[name], fields)
        self._steps = dict(stored["steps"])
        per_tick = self.tick_s * UWH_PER_KW_S
        self.power_kw = {name: step / per_tick for name, step in self._steps.items()}
        self.reactive_kvar = stored["reactive_kvar"]
        self._outdoor_c, self._clear, self._sine = stored["outdoor_c"], stored["clear"], stored["sine"]
        self._around = self._calendar.at_quarter(self.t_s // QUARTER_S)
        if stored["shadow"] is not None and self._replay is not None and isinstance(self._replay.shadow, Factory):
            self._replay.shadow.restore(stored["shadow"])

    def machine_state(self, machine: str) -> str:
        """PackML state by name."""
        return str(self._part(machine).state)

    def signal(self, machine: str, name: str) -> float | None:
        """Another number that the machine's control shows: ``parts``, ``current_a``, ``vibration_mm_s``; None if it has none."""
        value = getattr(self._part(machine), name, None)
        return None if value is None or not math.isfinite(value) else value

    def _part(self, machine: str) -> Any:
        if machine == "compressor-1":
            return self.machines["air"].first
        if machine == "compressor-2":
            return self.machines["air"].second
        return self.machines[machine]


def _fields(machine: Any) -> dict[str, Any]:
    values = {name: getattr(machine, name) for name in machine.__slots__}
    return {name: _fields(value) if hasattr(value, "__slots__") else copy.copy(value) for name, value in values.items()}


def _set_fields(machine: Any, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _set_fields(getattr(machine, name), value)
        else:
            setattr(machine, name, value)
