"""OPC UA: the machine controls of a line in one server, as a line server shows them.

Each machine is an object with power, energy, state by PackML name, counts of good pieces and of scrap and, for some, current and vibration; compressors show
the pressure of their receiver, the chiller its water's temperature, and the control of the charge points what each draws and the charge of the vehicle at it, bad where none stands. Values carry the plant's time as source time; a value that has not changed keeps its old one. While a control cannot be reached
its nodes say BadNoCommunication; it goes on remembering (`memory.py`), which can be read afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua

from domain.channels import IMPORT
from simulation.factory import Factory
from simulation.layout import CHARGERS
from simulation.live import LivePlant
from simulation.memory import Memory
from simulation.modbus_server import PortTaken

POWER, ENERGY, STATE, PARTS, CURRENT, VIBRATION = "Power", "Energy", "State", "Parts", "Current", "Vibration"
SCRAP = "Scrap"
TEMPERATURE, CHARGE, PRESSURE = "Temperature", "Charge", "Pressure"
UNITS = {
    POWER: ("KWT", "kW", "kilowatt"),
    ENERGY: ("KWH", "kWh", "kilowatt hour"),
    PARTS: ("C62", "1", "one"),
    SCRAP: ("C62", "1", "one"),
    CURRENT: ("AMP", "A", "ampere"),
    VIBRATION: ("C16", "mm/s", "millimetre per second"),
    TEMPERATURE: ("CEL", "°C", "degree Celsius"),
    CHARGE: ("KWH", "kWh", "kilowatt hour"),
    PRESSURE: ("BAR", "bar", "bar"),
}
"""UN/CEFACT code, symbol and name of each variable's unit."""
_EVERY_S = {
    POWER: 30,
    ENERGY: 30,
    STATE: 10,
    PARTS: 30,
    SCRAP: 30,
    CURRENT: 60,
    VIBRATION: 60,
    TEMPERATURE: 30,
    CHARGE: 30,
    PRESSURE: 60,
}
STEP_S = 10
_COUNTS = (PARTS, SCRAP)
_SIGNALS = {
    PARTS: "parts",
    SCRAP: "scrap",
    CURRENT: "current_a",
    VIBRATION: "vibration_mm_s",
    TEMPERATURE: "tank_c",
    PRESSURE: "pressure_bar",
}
"""Variable -> the number of `simulation.loads` that it shows."""
_NEVER = object()
"""Shown before anything was: what a node begins with has the computer's time, so the first look at the plant always writes."""
_TYPES = {
    POWER: ua.VariantType.Double,
    ENERGY: ua.VariantType.Double,
    STATE: ua.VariantType.String,
    PARTS: ua.VariantType.UInt32,
    SCRAP: ua.VariantType.UInt32,
    CURRENT: ua.VariantType.Double,
    VIBRATION: ua.VariantType.Double,
    TEMPERATURE: ua.VariantType.Double,
    CHARGE: ua.VariantType.Double,
    PRESSURE: ua.VariantType.Double,
}


def unit_id(code: str) -> int:
    """EUInformation.UnitId of a UN/CEFACT common code: its characters as bytes (OPC 10000-8, 5.6.3)."""
    number = 0
    for character in code:
        number = number << 8 | ord(character)
    return number


@dataclass(slots=True)
class _Node:
    machine: str
    name: str
    """Of the variable; ``charge-point-1.Charge`` is of a part of the machine."""
    node_id: ua.NodeId
    offset_s: int
    due_s: float = 0.0
    last: Any = _NEVER
    bad: bool = False

    @property
    def kind(self) -> str:
        """What it shows."""
        return kind_of(self.name)


class MachineServer:
    """One OPC UA server for the machines of one endpoint."""

    def __init__(self, endpoint: str, namespace_uri: str, machines: Iterable[str], live: LivePlant) -> None:
        self.endpoint = endpoint
        self._uri = namespace_uri
        self._machines = tuple(machines)
        self._live = live
        self._server: Server | None = None
        self._memory: Memory | None = None
        self._nodes: list[_Node] = []

    async def start(self) -> None:
        """Build the address space and listen; raises `PortTaken`."""
        server = Server()
        await server.init()
        server.set_endpoint(self.endpoint)
        server.set_server_name("Werk Nord line server")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        self._memory = server.iserver.history_manager = Memory(server.iserver, self._is_readable)
        index = await server.register_namespace(self._uri)
        folder = await server.nodes.objects.add_folder(ua.NodeId("Machines", index), ua.QualifiedName("Machines", index))
        for place, machine in enumerate(self._machines):
            await self._add(folder, index, machine, place)
        self._server = server
        await self.update()
        try:
            await server.start()
        except OSError as error:
            self._server = None
            msg = f"OPC UA: nobody can listen on {self.endpoint} ({error.strerror}); free the port or change it in the device files"
            raise PortTaken(msg) from error

    async def _add(self, folder: Any, index: int, machine: str, place: int) -> None:
        name = ua.QualifiedName(machine, index)
        parent = await folder.add_object(ua.NodeId(machine, index), name)
        for variable in variables_of(self._live.factory, machine):
            node_id = ua.NodeId(f"{machine}.{variable}", index)
            kind = kind_of(variable)
            start: Any = "" if kind == STATE else 0 if kind in _COUNTS else 0.0
            node = await parent.add_variable(node_id, ua.QualifiedName(variable, index), start, _TYPES[kind])
            if kind in UNITS:
                await self._add_unit(node, kind)
            await self._remember(node, _TYPES[kind])
            self._nodes.append(_Node(machine, variable, node_id, place % 3 * STEP_S))

    async def _remember(self, node: Any, variant: ua.VariantType) -> None:
        assert self._memory is not None
        self._memory.add(node.nodeid, variant)
        await node.set_attr_bit(ua.AttributeIds.AccessLevel, ua.AccessLevel.HistoryRead)
        await node.set_attr_bit(ua.AttributeIds.UserAccessLevel, ua.AccessLevel.HistoryRead)
        await node.write_attribute(ua.AttributeIds.Historizing, ua.DataValue(ua.Variant(True, ua.VariantType.Boolean)))

    def _is_readable(self, node_id: ua.NodeId) -> bool:
        machine = next((node.machine for node in self._nodes if node.node_id == node_id), None)
        return machine is None or not self._live.unreachable(machine, self._live.now_s())

    async def _add_unit(self, node: Any, variable: str) -> None:
        code, symbol, name = UNITS[variable]
        unit = ua.EUInformation(
            NamespaceUri="http://www.opcfoundation.org/UA/units/un/cefact",
            UnitId=unit_id(code),
            DisplayName=ua.LocalizedText(symbol),
            Description=ua.LocalizedText(name),
        )
        await node.add_property(
            ua.NodeId(f"{node.nodeid.Identifier}.Unit", node.nodeid.NamespaceIndex), ua.QualifiedName("EngineeringUnits", 0), unit
        )

    async def update(self) -> None:
        """Write what is due and has changed, as it is at this instant."""
        if self._server is None or self._memory is None:
            return
        now = self._live.now_s()
        stamp = datetime.fromtimestamp(now, UTC)
        for node in self._nodes:
            reached = not self._live.unreachable(node.machine, now)
            back = reached and node.bad
            if not reached and not node.bad:
                node.bad = True
                await self._write(node, None, stamp, ua.StatusCodes.BadNoCommunication)
            if now < node.due_s and not back:
                continue
            every_s = _EVERY_S[node.kind]
            node.due_s = (now - node.offset_s) // every_s * every_s + every_s + node.offset_s
            value = value_of(self._live.factory, node.machine, node.name, now)
            if value is None:
                if (node.last is not None or back) and reached:
                    node.bad = False
                    await self._write(node, None, stamp, ua.StatusCodes.BadNoData)
                node.last = None
            elif value != node.last or back:
                node.last = value
                self._memory.keep(node.node_id, stamp, value)
                if reached:
                    node.bad = False
                    await self._write(node, value, stamp, ua.StatusCodes.Good)

    async def _write(self, node: _Node, value: Any, stamp: datetime, code: int) -> None:
        variant = ua.Variant(value, _TYPES[node.kind]) if value is not None else ua.Variant(None, ua.VariantType.Null)
        assert self._server is not None
        status = ua.StatusCode(ua.UInt32(code))
        await self._server.write_attribute_value(
            node.node_id, ua.DataValue(variant, status, SourceTimestamp=stamp, ServerTimestamp=stamp)
        )

    async def stop(self) -> None:
        """Close all sessions and stop listening."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop()


def kind_of(variable: str) -> str:
    """What a variable shows, be it of the machine or of a part of it."""
    return variable.rpartition(".")[2]


def variables_of(factory: Factory, machine: str) -> list[str]:
    """What the machine's control shows."""
    if machine == CHARGERS:
        return [f"{point}.{kind}" for point in factory.loads.fleet.charge_points for kind in (CHARGE, POWER)]
    return [POWER, ENERGY, STATE, *(name for name, signal in _SIGNALS.items() if factory.loads.signal(machine, signal) is not None)]


def value_of(factory: Factory, machine: str, variable: str, at_s: float) -> Any:
    """The variable's value at `at_s`; None where there is none to show."""
    if machine == CHARGERS:
        point, _, kind = variable.rpartition(".")
        if kind == POWER:
            return round(factory.loads.fleet.shown_kw(point, at_s), 4)
        level_kwh = factory.loads.fleet.level_kwh(point)
        return None if level_kwh is None else round(level_kwh, 5)
    if variable == POWER:
        return round(factory.power_kw[machine], 2)
    if variable == ENERGY:
        return factory.register_uwh(machine, IMPORT, at_s) // 1_000_000 / 1000
    if variable == STATE:
        return factory.loads.state_of(machine)
    signal = _SIGNALS[variable]
    found = factory.loads.signal(machine, signal) or 0.0
    return int(found) if variable in _COUNTS else round(found, 3 if variable == TEMPERATURE else 2)
