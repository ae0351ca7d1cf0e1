"""Werk Nord, simulated: in fixed ticks of plant time, the same for the same seed and schedule whatever the wall clock does.

Between two ticks every power is held, so a counter read at any instant is exact; energies are whole micro-watt-hours, so
the main meter is exactly the sum of everything behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.plant import Plant
from simulation.counters import REACTIVE, Counters, counted_uwh
from simulation.layout import GROUPS, LOADS, MAIN, UWH_PER_KW_S
from simulation.lifelike import Nature
from simulation.loads import Loads
from simulation.reactive import compensated_kvar
from simulation.replay import Replay
from simulation.schedule import Schedule
from simulation.surprises import NONE, Surprises
from simulation.surroundings import QUARTER_S


@dataclass(frozen=True, slots=True)
class QuarterHour:
    """Energies of one quarter hour [µWh] by (meter, channel): the truth to compare with."""

    start_s: int
    energy_uwh: dict[tuple[str, str], int]


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
    nature
        How what jobs take and when machines work strays from the plan; not at all if None. The schedule has its own reference to it.
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
        nature: Nature | None = None,
    ) -> None:
        self.t_s = start_s
        self.tick_s = tick_s
        self.schedule = schedule or Schedule()
        self.surprises = surprises
        self.on_quarter = on_quarter
        self.counters = Counters()
        self.loads = Loads(plant, seed, start_s, self.schedule, surprises, machines, nature, scale)
        self.power_kw: dict[str, float] = {}
        self.reactive_kvar = 0.0
        self._replay = replay
        self._scale = scale
        self._steps_uwh: dict[str, int] = {}
        """Energy of the running tick, by meter and load."""
        self._begin_tick()

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Book the energy of the running tick and begin the next one."""
        self.counters.book(self._steps_uwh, self._reactive_step_uvarh())
        self.t_s += self.tick_s
        if self.t_s % QUARTER_S == 0:
            self._end_quarter()
        for reset in self.surprises.resets:
            if self.t_s - self.tick_s < reset.at_s <= self.t_s:
                self.counters.reset(reset.meter)
        self._begin_tick()

    def advance_to(self, t_s: float) -> None:
        """Go on until the running tick holds `t_s`; an instant in the past changes nothing."""
        while self.t_s + self.tick_s <= t_s:
            self.tick()

    def _end_quarter(self) -> None:
        energies = self.counters.end_quarter()
        if self.on_quarter is not None:
            self.on_quarter(QuarterHour(self.t_s - QUARTER_S, energies))

    def _begin_tick(self) -> None:
        powers = self.loads.step(self.t_s, self.tick_s)
        steps = {name: round(power * self._scale * self.tick_s * UWH_PER_KW_S) for name, power in powers.items()}
        steps |= {group: sum(steps[member] for member in members) for group, members in GROUPS.items()}
        own = _behind_main(steps)
        steps[MAIN] = own if self._replay is None else self._replay.main_step_uwh(self.t_s, own)
        self._hold(steps)
        self.reactive_kvar = compensated_kvar(self.power_kw, self._scale)

    def _hold(self, steps_uwh: dict[str, int]) -> None:
        """The running tick draws these energies."""
        per_tick = self.tick_s * UWH_PER_KW_S
        self._steps_uwh = steps_uwh
        self.power_kw = {name: step / per_tick for name, step in steps_uwh.items()}

    # -- what meters show ----------------------------------------------------------------------------------------

    def own_step_uwh(self) -> int:
        """Energy [µWh] that everything behind the main meter draws in the running tick."""
        return _behind_main(self._steps_uwh)

    def main_step_uwh(self) -> int:
        """Energy [µWh] that the main meter counts in the running tick; negative where the site feeds in."""
        return self._steps_uwh[MAIN]

    def counter_uwh(self, meter: str, channel: str, t_s: float) -> int:
        """Energy since the start at `t_s`, which lies in the running tick."""
        share = min(1.0, max(0.0, (t_s - self.t_s) / self.tick_s))
        return self.counters.energy_uwh[meter, channel] + round(self._tick_energy(meter, channel) * share)

    def register_uwh(self, meter: str, channel: str, t_s: float) -> int:
        """What the meter's register shows at `t_s`, which lies in the running tick."""
        return self.counters.register_base_uwh.get((meter, channel), 0) + self.counter_uwh(meter, channel, t_s)

    def _tick_energy(self, meter: str, channel: str) -> int:
        return self._reactive_step_uvarh() if channel == REACTIVE else counted_uwh(self._steps_uwh[meter], channel)

    def _reactive_step_uvarh(self) -> int:
        return round(self.reactive_kvar * self.tick_s * UWH_PER_KW_S)

    # -- storing -------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that changes, as values that JSON holds; jobs are the planner's."""
        shadow = self._shadow()
        return {
            "t_s": self.t_s,
            **self.counters.snapshot(),
            **self.loads.snapshot(),
            "steps": dict(self._steps_uwh),
            "reactive_kvar": self.reactive_kvar,
            "shadow": None if shadow is None else shadow.snapshot(),
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self.t_s = stored["t_s"]
        self.counters.restore(stored)
        self.loads.restore(stored, self.t_s)
        self._hold(dict(stored["steps"]))
        self.reactive_kvar = stored["reactive_kvar"]
        shadow = self._shadow()
        if stored["shadow"] is not None and shadow is not None:
            shadow.restore(stored["shadow"])

    def _shadow(self) -> Factory | None:
        """The factory that runs beside a replayed profile."""
        shadow = self._replay.shadow if self._replay is not None else None
        return shadow if isinstance(shadow, Factory) else None


def _behind_main(steps_uwh: dict[str, int]) -> int:
    return sum(steps_uwh[name] for name in LOADS)
