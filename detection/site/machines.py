"""The machines of a plant as far as watches over the whole site go: which meter measures each alone, and what it is watched for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detection.staffing import Staffing
from domain.plant import Machine, MachineKind, Plant
from domain.set_points import MachineSetPoint, SetPointKind
from production.meters import machine_meters

SERVES_OTHERS = frozenset(
    {
        MachineKind.COMPRESSOR, MachineKind.CHILLER, MachineKind.CHARGER, MachineKind.LIGHTING, MachineKind.PHOTOVOLTAIC, MachineKind.HEATING,
        MachineKind.COOLING,
    }
)  # fmt: skip
"""No jobs run on them: they follow other machines, weather, daylight or cars."""


@dataclass(frozen=True, slots=True)
class SiteMachine:
    """One machine with a meter of its own."""

    machine: Machine
    staffing: Staffing
    runs_jobs: bool
    rests: bool
    """Whether the plant file says when nobody needs it."""

    @property
    def meter(self) -> str:
        """The meter that measures it alone."""
        return self.machine.meter

    def set_point(self, kind: SetPointKind) -> MachineSetPoint | None:
        """Its set point of `kind`; None: the plant file names none."""
        return next((one for one in self.machine.set_points if one.kind is kind), None)


@dataclass(frozen=True, slots=True)
class SiteMachines:
    """The machines of a plant under one calendar, with the channels of energy that are read."""

    machines: tuple[SiteMachine, ...]
    channels: Mapping[str, str]
    """Meter -> the channel of its energy: machines with a meter of their own, and the billing meter."""
    billing: str
    """The billing meter; empty where there is none."""

    @staticmethod
    def of(plant: Plant) -> SiteMachines:
        """Those of `plant`."""
        meters = machine_meters(plant)
        billing = plant.billing_meter()
        channels = {meter: meters.channels[meter] for meter in meters.own.values()}
        channel = None if billing is None else billing.energy_channel()
        if billing is not None and channel is not None:
            channels[billing.id] = channel
        machines = tuple(
            SiteMachine(
                machine,
                Staffing(plant, (machine,)),
                bool(machine.shifts) and machine.kind not in SERVES_OTHERS,
                bool(machine.shifts),
            )
            for machine in plant.machines
            if machine.id in meters.own
        )
        return SiteMachines(machines, channels, "" if billing is None or channel is None else billing.id)

    def of_kind(self, *kinds: MachineKind) -> tuple[SiteMachine, ...]:
        """Those of these kinds."""
        return tuple(one for one in self.machines if one.machine.kind in kinds)
