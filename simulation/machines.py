"""Machines with physics behind them: each takes a step of plant time and says what power it draws meanwhile [kW].

Steps are a few seconds (live) or a minute (history). A machine's variables are plain numbers in dataclass fields, so a factory
can be stored and woken again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.lifelike import AS_PLANNED, Effort
from simulation.noise import Noise
from simulation.surroundings import Surroundings

ROOM_C = 20.0
HELD_WATER_C = 13.0
"""The warmest that moulds and quenching stand [°C]."""
_HOUR = 3600.0


@dataclass(slots=True)
class Furnace:
    """A hardening furnace: one thermal mass, heating groups, a thermostat. A batch brings cold steel into it.

    Full power heats up; near the set point only the holding groups switch on and off.
    """

    heater_kw: float
    holding_kw: float
    capacity_kwh_per_k: float
    loss_kw_per_k: float
    charge_share: float
    """Share of the hot mass that a batch of cold steel stands for."""
    ready_c: float = 780.0
    batch_c: float = 860.0
    fan_kw: float = 12.0
    control_kw: float = 1.2
    pieces: int = 240
    temperature_c: float = 780.0
    heating: bool = False
    job: str = ""
    parts: int = 0
    state: str = "Idle"

    def step(
        self,
        t_s: float,
        dt_s: float,
        job: str,
        ready: bool,
        warm_up: bool,
        ripple: float,
        effort: Effort = AS_PLANNED,
        broken: bool = False,
    ) -> float:
        """Power over the step. `ready`: staffed or left on; `warm_up`: heating slowly before the week begins; `broken`: no heating."""
        self._change_charge(job, effort.batch)
        target = None if broken else self.batch_c if job else self.ready_c if (ready or warm_up) else None
        heater = self._thermostat(target, slow=warm_up and not job) * (1 + 0.012 * ripple) * effort.drift
        loss = self.loss_kw_per_k * (self.temperature_c - ROOM_C)
        self.temperature_c += (heater - loss) * dt_s / _HOUR / self.capacity_kwh_per_k
        self.state = "Aborted" if broken else "Execute" if job else "Idle" if target is not None else "Stopped"
        return heater + self.control_kw + (self.fan_kw if job else 0.0)

    def _change_charge(self, job: str, batch: float) -> None:
        if job == self.job:
            return
        if self.job:
            self.parts += self.pieces
        if job:
            self.temperature_c -= self.charge_share * batch * (self.temperature_c - ROOM_C)
        self.job = job

    def _thermostat(self, target_c: float | None, slow: bool) -> float:
        if target_c is None:
            self.heating = False
            return 0.0
        if self.temperature_c < target_c - 4:
            self.heating = True
        elif self.temperature_c > target_c + 4:
            self.heating = False
        if not self.heating:
            return 0.0
        if slow:
            return 0.55 * self.heater_kw
        return self.heater_kw if self.temperature_c < target_c - 22 else self.holding_kw

    def idle_kw(self) -> float:
        """Mean power that keeps it ready without a batch."""
        return self.loss_kw_per_k * (self.ready_c - ROOM_C) + self.control_kw


def all_good(number: int) -> bool:
    """A machine that makes no scrap."""
    return False


@dataclass(slots=True)
class Moulding:
    """An injection moulding machine: the barrel is heated first, then hydraulics and mould run in cycles."""

    drive_kw: float
    cycle_s: float
    heater_kw: float = 18.0
    barrel_c: float = 40.0
    heating: bool = False
    job: str = ""
    made_s: float = 0.0
    parts: int = 0
    """Good ones."""
    scrap: int = 0
    state: str = "Idle"
    current_a: float = 0.0

    def step(
        self, t_s: float, dt_s: float, job: str, staffed: bool, ripple: float, effort: Effort = AS_PLANNED,
        is_scrap: Callable[[int], bool] = all_good,
    ) -> float:  # fmt: skip
        """Power over the step. `is_scrap`: whether the piece of that number is."""
        self.job = job
        heater = self._heater(bool(job))
        self.barrel_c += (heater - 0.03 * (self.barrel_c - ROOM_C)) * dt_s / _HOUR / 0.04
        power = heater + (1.5 if staffed or job else 1.0)
        if job and self.barrel_c > 212:
            power += self._drive(t_s, dt_s) * (1 + 0.03 * ripple) * (effort.batch * effort.drift)
            self.made_s += dt_s
            made, before = int(self.made_s / self.cycle_s), self.parts + self.scrap
            bad = sum(is_scrap(before + number) for number in range(made))
            self.parts += made - bad
            self.scrap += bad
            self.made_s -= made * self.cycle_s
            self.state = "Execute"
        else:
            self.state = "Starting" if job else "Idle" if staffed else "Stopped"
        self.current_a = power / (math.sqrt(3) * 0.4 * 0.86)
        return power

    def _heater(self, wanted: bool) -> float:
        if not wanted:
            self.heating = False
            return 0.0
        if self.barrel_c < 222:
            self.heating = True
        elif self.barrel_c > 228:
            self.heating = False
        return self.heater_kw if self.heating else 0.0

    def _drive(self, t_s: float, dt_s: float) -> float:
        if dt_s > self.cycle_s / 2:
            return self.drive_kw
        phase = (t_s % self.cycle_s) / self.cycle_s
        return self.drive_kw * (2.0 if phase < 0.2 else 1.0 if phase < 0.5 else 0.6)  # 0.2*2 + 0.3*1 + 0.5*0.6 = 1

    def idle_kw(self) -> float:
        """Mean power without a job in a staffed shift."""
        return 1.5


@dataclass(slots=True)
class WorkCentre:
    """A press or a machining line: draws its working power while a job runs, less in breaks, idle power otherwise."""

    working_kw: float
    idle_power_kw: float
    off_kw: float
    break_share: float
    """Share of the working power above idle that goes on in a break."""
    part_s: float
    spread: float = 0.07
    job: str = ""
    made_s: float = 0.0
    parts: int = 0
    state: str = "Idle"
    vibration_mm_s: float = 1.0

    def step(
        self, t_s: float, dt_s: float, job: str, staffed: bool, on_break: bool, ripple: float, effort: Effort = AS_PLANNED
    ) -> float:
        """Power over the step."""
        self.job = job
        if not job:
            self.state = "Idle" if staffed else "Stopped"
            self.vibration_mm_s = 0.2
            return self.idle_power_kw if staffed else self.off_kw
        share = self.break_share if on_break else 1.0
        self.state = "Execute" if share > 0.3 else "Suspended"
        self.vibration_mm_s = 0.3 + 1.4 * share + 0.1 * ripple
        self.made_s += dt_s * share
        made = int(self.made_s / self.part_s)
        self.parts += made
        self.made_s -= made * self.part_s
        above_idle_kw = (self.working_kw - self.idle_power_kw) * (effort.batch * effort.drift)
        return self.idle_power_kw + above_idle_kw * share * (1 + self.spread * ripple)

    def idle_kw(self) -> float:
        """Mean power without a job in a staffed shift."""
        return self.idle_power_kw


@dataclass(slots=True)
class Washer:
    """A parts washer: a bath to be heated, pumps while it washes."""

    heater_kw: float = 36.0
    pump_kw: float = 7.0
    bath_c: float = 30.0
    heating: bool = False
    job: str = ""
    state: str = "Idle"

    def step(self, t_s: float, dt_s: float, job: str, ripple: float, effort: Effort = AS_PLANNED) -> float:
        """Power over the step."""
        self.job = job
        if job and self.bath_c < 62:
            self.heating = True
        elif not job or self.bath_c > 65:
            self.heating = False
        heater = self.heater_kw * (1 + 0.01 * ripple) * effort.drift if self.heating else 0.0
        self.bath_c += (heater - (0.14 * effort.batch if job else 0.3) * (self.bath_c - ROOM_C)) * dt_s / _HOUR / 0.6
        self.state = "Execute" if job else "Idle"
        return heater + (self.pump_kw if job else 0.0) + 0.8

    def idle_kw(self) -> float:
        """Mean power without a job."""
        return 0.8


def compression_work(pressure_bar: float) -> float:
    """Work that a cubic metre of air takes up to a pressure above that of the surroundings [bar], up to a constant factor.

    Polytropic with n = 1.25: oil is injected into a screw compressor and takes heat, so it lies between isothermal and adiabatic.
    """
    return (1.0 + pressure_bar) ** 0.2 - 1.0


@dataclass(slots=True)
class Compressor:
    """A screw compressor with load and unload switching by pressure. `loaded_kw` is what it draws in the band that it was delivered with."""

    loaded_kw: float
    unloaded_kw: float
    delivery_m3_min: float
    on_bar: float
    off_bar: float
    run_on_s: float = 600.0
    loaded: bool = False
    unloaded_s: float = 1e9
    state: str = "Stopped"
    vibration_mm_s: float = 0.1
    current_a: float = 0.0
    lowered_bar: float = 0.0
    """By how much its band was lowered since."""
    pressure_bar: float = 7.1
    """What it shows: the pressure of the receiver."""

    def switch(self, pressure_bar: float, dt_s: float) -> None:
        """Load below the band, unload above it; stop after running on unloaded."""
        self.pressure_bar = pressure_bar
        if pressure_bar < self.on_bar - self.lowered_bar:
            self.loaded = True
        elif pressure_bar > self.off_bar - self.lowered_bar:
            self.loaded = False
        self.unloaded_s = 0.0 if self.loaded else self.unloaded_s + dt_s
        self.state = "Execute" if self.loaded else "Idle" if self.unloaded_s <= self.run_on_s else "Stopped"

    def power_kw(self) -> float:
        """Power in the present state."""
        return self.loaded_kw * self._work_share() if self.loaded else self.unloaded_kw if self.unloaded_s <= self.run_on_s else 0.4

    def _work_share(self) -> float:
        """What the air takes in its band, against the one that it was delivered with."""
        if not self.lowered_bar:
            return 1.0
        middle = (self.on_bar + self.off_bar) / 2
        return compression_work(middle - self.lowered_bar) / compression_work(middle)


@dataclass(slots=True)
class CompressedAir:
    """Two compressors on one receiver: the first carries the load, the second follows where pressure falls further."""

    first: Compressor = field(default_factory=lambda: Compressor(74.0, 21.0, 12.4, 6.8, 7.4))
    second: Compressor = field(default_factory=lambda: Compressor(53.0, 15.0, 8.6, 6.5, 7.1))
    volume_m3: float = 14.0
    pressure_bar: float = 7.1

    def lower(self, bar: float) -> None:
        """Lower the bands of both [bar]; a negative figure raises them."""
        for machine in (self.first, self.second):
            machine.lowered_bar += bar

    def leak_share(self) -> float:
        """What leaks let through, against the band that the first was delivered with: it goes with the absolute pressure."""
        middle = (self.first.on_bar + self.first.off_bar) / 2
        return (1.0 + middle - self.first.lowered_bar) / (1.0 + middle)

    def step(self, dt_s: float, demand_m3_min: float, wear: float, ripple: float) -> tuple[float, float]:
        """Power of both over the step, in sub-steps of at most 10 s."""
        count = max(1, math.ceil(dt_s / 10))
        part = dt_s / count
        energy = [0.0, 0.0]
        for _ in range(count):
            flow = -demand_m3_min
            for number, (machine, loss) in enumerate(((self.first, wear), (self.second, 0.0))):
                machine.switch(self.pressure_bar, part)
                # a worn screw element leaks inside: it delivers less, and takes more to turn unloaded
                energy[number] += machine.power_kw() * (1 if machine.loaded else 1 + 1.2 * loss)
                if machine.loaded:
                    flow += machine.delivery_m3_min * (1 - loss)
            self.pressure_bar = max(5.0, self.pressure_bar + flow * part / 60 / self.volume_m3)
        for machine, loss in ((self.first, wear), (self.second, 0.0)):
            running = machine.state != "Stopped"
            machine.vibration_mm_s = (1.6 + 18.0 * loss + 0.12 * ripple) if running else 0.1
        powers = energy[0] / count * (1 + 0.008 * ripple), energy[1] / count * (1 + 0.008 * ripple)
        self.first.current_a, self.second.current_a = (power / (math.sqrt(3) * 0.4 * 0.88) for power in powers)
        return powers


@dataclass(slots=True)
class Chiller:
    """A chiller with two compressor stages on a cold-water tank, whose efficiency follows the weather."""

    stage_kw: float = 21.0
    tank_kwh_per_k: float = 7.0
    tank_c: float = 9.0
    stages: int = 1
    state: str = "Execute"
    warmer_k: float = 0.0
    """By how much its water was set warmer since it was delivered."""

    def step(self, dt_s: float, heat_kw: float, outdoor_c: float, held: bool = False) -> float:
        """Power over the step, for `heat_kw` of cooling load. A hold is followed while the water is cold enough for the moulds."""
        if held and self.tank_c < HELD_WATER_C:
            self.stages = 0
        elif self.tank_c > 11.5 + self.warmer_k:
            self.stages = 2
        elif self.tank_c > 10.0 + self.warmer_k:
            self.stages = max(self.stages, 1)
        elif self.tank_c < 8.0 + self.warmer_k:
            self.stages = 0
        elif self.tank_c < 9.2 + self.warmer_k:
            self.stages = min(self.stages, 1)
        performance = min(5.5, max(2.4, 4.6 - 0.07 * (outdoor_c - 10.0))) * self._carnot_share(outdoor_c)
        power = self.stages * self.stage_kw
        self.tank_c += (heat_kw - power * performance) * dt_s / _HOUR / self.tank_kwh_per_k
        self.tank_c = min(18.0, max(5.0, self.tank_c))
        self.state = "Execute" if self.stages else "Idle"
        return power + 3.0

    def _carnot_share(self, outdoor_c: float) -> float:
        """How much better it performs by the warmer water: as Carnot's cycle between evaporator and condenser does.

        It evaporates 6 K below the water and condenses 15 K above the air, at 40 °C at least.
        """
        if not self.warmer_k:
            return 1.0
        evaporates_k, condenses_k = 273.15 + 9.75 - 6.0, 273.15 + max(40.0, outdoor_c + 15.0)
        lift_k = condenses_k - evaporates_k
        return (evaporates_k + self.warmer_k) / evaporates_k * lift_k / (lift_k - self.warmer_k)


def charging_kw(t_s: float, sessions: tuple[tuple[float, float], ...], point_kw: float = 11.0) -> float:
    """Power of all cars that charge at `t_s`: each session is (start, energy still to be charged [kWh])."""
    return sum(point_kw for start, energy in sessions if start <= t_s < start + energy / point_kw * _HOUR)


def lighting_kw(around: Surroundings, daylight: float) -> float:
    """Lamps of halls and yard: by shift, dimmed by daylight."""
    if not around.any_staffed:
        return 3.5
    return 27.0 - 8.0 * min(1.0, daylight * 1.5)


def photovoltaic_kw(peak_kw: float, sun_sine: float, clearness: float) -> float:
    """What the panels give: clear-sky radiation grows a little faster than the sine of the elevation (air mass)."""
    return peak_kw * 0.92 * sun_sine**1.15 * clearness


@dataclass(slots=True)
class Ripples:
    """One fast noise a machine."""

    seed: int
    noises: dict[str, Noise] = field(default_factory=dict)

    def at(self, machine: str, t_s: float) -> float:
        """The machine's noise at `t_s`."""
        noise = self.noises.get(machine)
        if noise is None:
            noise = self.noises[machine] = Noise(self.seed, f"ripple-{machine}", 25.0)
        return noise.at(t_s)
