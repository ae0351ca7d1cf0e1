"""What draws power: machines, compressed air, chiller, lamps, cars, panels and the rest, given work, people and weather.

The order of a step is that of cause and effect: the machines first, then the air and the cold that they take.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

from domain.plant import Plant
from simulation.fleet import Fleet
from simulation.layout import CHARGERS, CHILLER, FURNACES, JOB_MACHINES, MOULDING, UNMETERED, WORK_CENTRES
from simulation.lifelike import AS_PLANNED, Effort, Nature
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
from simulation.schedule import Schedule
from simulation.scrap import ScrapChances
from simulation.surprises import Surprises
from simulation.surroundings import QUARTER_S, WARM_UP, Calendar, Surroundings
from simulation.waiting import Waiting
from simulation.weather import Weather

KEPT_READY_S = 7200
"""The unmanned furnace is kept hot for a batch that comes within this long."""
_WITHOUT_HEAT = ("washer", *MOULDING, *WORK_CENTRES)
"""Machines that do nothing while they are broken; a furnace keeps its charge."""
PANELS_KWP = 170.0
CHARGERS_STANDBY_KW = 0.3
AIR_M3_PER_MIN = {
    "press-1": 1.7, "press-2": 1.6, "cnc-line": 2.3, "moulding-1": 0.8, "moulding-2": 0.8, "moulding-3": 0.8, "washer": 0.6,
}  # fmt: skip
"""Compressed air that each takes while it works."""


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


class Loads:
    """All loads of the plant. `machines` are taken as they are; new ones if None.

    All powers are those of a plant of scale 1; vehicles are of one size everywhere, so what they draw is divided by `scale`.
    """

    def __init__(
        self,
        plant: Plant,
        seed: int,
        start_s: int,
        schedule: Schedule,
        surprises: Surprises,
        machines: dict[str, Any] | None,
        nature: Nature | None = None,
        scale: float = 1.0,
    ) -> None:
        self._nature, self._scale = nature, scale
        self.machines = make_machines() if machines is None else machines
        self._schedule, self._surprises = schedule, surprises
        self._weather = Weather(seed, surprises.overcast)
        self._calendar = Calendar(plant, seed)
        self.fleet = Fleet(plant, seed, self.machines)
        self.waiting = Waiting()
        self._waits_at = {load.machine: load.id for load in plant.flexible.loads() if load.machine is not None}
        """Id of the load that can wait, by its machine."""
        self._ripples = Ripples(seed)
        self._scrap = ScrapChances(seed, surprises)
        self._base = Noise(seed, "base", 600.0)
        self._around: Surroundings = self._calendar.at_quarter(start_s // QUARTER_S)
        self._outdoor_c = self._weather.temperature_c(start_s)
        self._sine, self._clear = self._weather.sun_sine(start_s), self._weather.clearness(start_s)

    def step(self, t_s: int, dt_s: int) -> dict[str, float]:
        """Power of each load [kW] from `t_s` on for `dt_s`; production is negative."""
        self._look_around(t_s)
        powers = self._furnaces(t_s, dt_s) | self._jobs(t_s, dt_s) | self._air(t_s, dt_s)
        is_held, heat_kw = self._is_held(CHILLER, t_s), self._heat_kw(powers)
        powers[CHILLER] = self.machines[CHILLER].step(dt_s, heat_kw, self._outdoor_c, is_held)
        visitors_kw = charging_kw(t_s, self._around.sessions)
        fleet_kw = self.fleet.step(t_s, dt_s, lambda point: self.waiting.limit_kw(point, t_s))
        powers[CHARGERS] = visitors_kw + fleet_kw / self._scale + CHARGERS_STANDBY_KW
        powers["lighting"] = lighting_kw(self._around, self._sine * self._clear)
        powers["pv"] = -photovoltaic_kw(PANELS_KWP, self._sine, self._clear)
        powers[UNMETERED] = self._unmetered_kw(t_s)
        return powers

    def _look_around(self, t_s: int) -> None:
        if t_s % QUARTER_S == 0:
            self._around = self._calendar.at_quarter(t_s // QUARTER_S)
            self._outdoor_c = self._weather.temperature_c(t_s)
        if t_s % 60 == 0:
            self._sine, self._clear = self._weather.sun_sine(t_s), self._weather.clearness(t_s)

    # -- machines that jobs run on ---------------------------------------------------------------------------------

    def _furnaces(self, t_s: int, dt_s: int) -> dict[str, float]:
        warm_up = WARM_UP in self._around.shifts
        powers = {}
        for name in FURNACES:
            job, ripple = self._schedule.running(name, t_s), self._ripples.at(name, t_s)
            ready, effort, broken = self._is_kept_hot(name, t_s), self._effort(name, job, t_s), self._is_broken(name, t_s)
            powers[name] = self.machines[name].step(t_s, dt_s, job, ready, warm_up, ripple, effort, broken)
        return powers

    def _effort(self, machine: str, job: str, t_s: int) -> Effort:
        return AS_PLANNED if self._nature is None else self._nature.effort(job, machine, t_s)

    def _is_broken(self, machine: str, t_s: int) -> bool:
        return self._nature is not None and self._nature.stands_still(machine, t_s)

    def _is_kept_hot(self, furnace: str, t_s: int) -> bool:
        """While people are there, or somebody has left it on; the second one also without people where a batch is due."""
        if self._around.any_staffed or self._is_left_on(furnace, t_s):
            return True
        return furnace == "furnace-2" and "unmanned" in self._around.shifts and self._is_due_soon(furnace, t_s)

    def _is_left_on(self, machine: str, t_s: int) -> bool:
        return any(s.machine == machine and s.from_s <= t_s < s.to_s for s in self._surprises.left_on)

    def _is_due_soon(self, machine: str, t_s: int) -> bool:
        jobs = self._schedule.jobs()
        return any(j.machine == machine and t_s < j.end_s and j.start_s - t_s < KEPT_READY_S for j in jobs)

    def _jobs(self, t_s: int, dt_s: int) -> dict[str, float]:
        ripple, machines, effort = self._ripples.at, self.machines, self._effort
        staffed, on_break = self._around.any_staffed, self._around.on_break
        jobs = {name: "" if self._is_broken(name, t_s) else self._job(name, t_s) for name in _WITHOUT_HEAT}
        job = jobs["washer"]
        powers = {"washer": machines["washer"].step(t_s, dt_s, job, ripple("washer", t_s), effort("washer", job, t_s))}
        for name in MOULDING:
            job = jobs[name]
            powers[name] = machines[name].step(
                t_s, dt_s, job, staffed, ripple(name, t_s), effort(name, job, t_s), self._scrap.of(name, t_s)
            )
        for name in WORK_CENTRES:
            job = jobs[name]
            powers[name] = machines[name].step(t_s, dt_s, job, staffed, on_break, ripple(name, t_s), effort(name, job, t_s))
            if job:
                machines[name].vibration_mm_s += self._surprises.shaking_of(name, t_s)
        return powers

    def _job(self, machine: str, t_s: int) -> str:
        return self._schedule.running(machine, t_s) or self._surprises.extra_job(machine, t_s)

    # -- what serves them ------------------------------------------------------------------------------------------

    def _air(self, t_s: int, dt_s: int) -> dict[str, float]:
        wear = self._surprises.wear_of("compressor-1", t_s)
        first, second = self.machines["air"].step(dt_s, self._air_m3_per_min(t_s), wear, self._ripples.at("compressor-1", t_s))
        return {"compressor-1": first, "compressor-2": second}

    def _air_m3_per_min(self, t_s: int) -> float:
        """Leaks, and what each working machine takes."""
        leaks = 1.9 * self.machines["air"].leak_share()
        working = [AIR_M3_PER_MIN.get(name, 0.0) for name in sorted(JOB_MACHINES) if self._is_working(name)]
        return leaks + (0.7 if self._around.any_staffed else 0.0) + self._surprises.leaked_m3_per_min(t_s) + sum(working)

    def _is_working(self, machine: str) -> bool:
        return bool(self.machines[machine].state == "Execute")

    def _heat_kw(self, powers: Mapping[str, float]) -> float:
        """Cooling load: hydraulics and moulds, compressors' dryers, and the building in warm weather."""
        process = 0.62 * sum(powers[name] for name in MOULDING)
        quench = sum(9.0 for name in FURNACES if self._is_working(name))
        building = 2.6 * max(0.0, self._outdoor_c - 12.0) if self._around.any_staffed else 0.0
        return 6.0 + process + quench + building + 0.14 * powers["compressor-1"]

    def _is_held(self, machine: str, t_s: float) -> bool:
        load = self._waits_at.get(machine)
        return load is not None and self.waiting.is_held(load, t_s)

    def _unmetered_kw(self, t_s: int) -> float:
        """Offices, halls, fans; and what nobody has planned."""
        around = self._around
        office = 17.0 if around.workday and 7 <= around.local_hour < 17 else 0.0
        halls = 21.0 if around.any_staffed else 6.0
        heating_fans = max(0.0, 12.0 - self._outdoor_c) * (0.9 if around.any_staffed else 0.35)
        usual_kw = (16.0 + office + halls + heating_fans) * (1 + 0.035 * self._base.at(t_s))
        return usual_kw + sum(one.kw for one in self._surprises.unplanned if one.from_s <= t_s < one.to_s)

    # -- what a machine's control shows ----------------------------------------------------------------------------

    def state_of(self, machine: str) -> str:
        """PackML state by name."""
        return str(self._part(machine).state)

    def signal(self, machine: str, name: str) -> float | None:
        """Another number that the machine's control shows: ``parts``, ``scrap``, ``current_a``, ``vibration_mm_s``, ``pressure_bar``; None if it has none."""
        value = getattr(self._part(machine), name, None)
        return None if value is None or not math.isfinite(value) else value

    def _part(self, machine: str) -> Any:
        if machine == "compressor-1":
            return self.machines["air"].first
        if machine == "compressor-2":
            return self.machines["air"].second
        return self.machines[machine]

    # -- storing ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes, as values that JSON holds; jobs are the planner's."""
        machines = {name: _fields(machine) for name, machine in self.machines.items()}
        sky = {"outdoor_c": self._outdoor_c, "clear": self._clear, "sine": self._sine}
        return {"machines": machines, "waiting": self.waiting.snapshot(), **sky}

    def restore(self, stored: Mapping[str, Any], t_s: int) -> None:
        """Go on from a snapshot that was taken in the tick at `t_s`."""
        for name, fields in stored["machines"].items():
            _set_fields(self.machines[name], fields)
        self.waiting.restore(stored["waiting"])
        self._outdoor_c, self._clear, self._sine = stored["outdoor_c"], stored["clear"], stored["sine"]
        self._around = self._calendar.at_quarter(t_s // QUARTER_S)


def _fields(machine: Any) -> dict[str, Any]:
    values = {name: getattr(machine, name) for name in machine.__slots__}
    return {name: _fields(value) if hasattr(value, "__slots__") else copy.copy(value) for name, value in values.items()}


def _set_fields(machine: Any, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _set_fields(getattr(machine, name), value)
        else:
            setattr(machine, name, value)
