"""All devices of a plant, from their files, checked against the plant file: every fault at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connectors.channels import Channel, bind, dimension
from connectors.devices import Connection
from connectors.modbus.config import ModbusDevice
from connectors.modbus.line import ModbusUnit, modbus_lines
from connectors.opcua.config import OpcUaDevice
from connectors.opcua.server import OpcUaUnit, opcua_servers
from domain.errors import Fault, InputFaults
from domain.plant import Meter, Plant, Register, RegisterKind, load_plant
from domain.readings import CONTROL_CHANNELS
from domain.toml_files import is_file, key_lines, load_toml, read_toml

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """A plant and the devices that measure it."""

    plant: Plant
    modbus: tuple[ModbusUnit, ...]
    opcua: tuple[OpcUaUnit, ...]

    def units(self) -> list[ModbusUnit | OpcUaUnit]:
        """All devices by file name."""
        return sorted([*self.modbus, *self.opcua], key=lambda unit: unit.file)

    def connections(self) -> list[Connection]:
        """What the gateway reads and `check-config --connect` probes, by protocol."""
        return [*modbus_lines(self.modbus), *opcua_servers(self.opcua)]


@dataclass(slots=True)
class _File:
    """A device file with the lines of its keys."""

    path: Path
    lines: dict[Place, int]

    def fault(self, where: Place, found: object, expected: str) -> Fault:
        line = next((self.lines[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.lines), None)
        return Fault(str(self.path), line, ".".join(str(part) for part in where), repr(found), expected)


def load_fleet(folder: Path) -> Fleet:
    """The plant in `folder` and its devices.

    Raises
    ------
    InputFaults
        With every fault of the plant file and of all device files.
    """
    plant = load_plant(folder / "plant.toml")
    fleet, faults = check_fleet(folder, plant)
    if faults:
        raise InputFaults(faults)
    return fleet


def check_fleet(folder: Path, plant: Plant) -> tuple[Fleet, list[Fault]]:
    """The devices that can be used, and everything that is wrong with them."""
    devices = folder / (plant.connections.devices if plant.connections is not None else "devices")
    try:
        files = sorted(devices.glob("*.toml"))
    except (OSError, ValueError):  # no folder can have that name
        files = []
    if not files:
        return Fleet(plant, (), ()), [Fault(str(devices), None, "folder", "no *.toml", "one file a device")]
    meters = {meter.id: meter for meter in plant.meters}
    modbus: list[ModbusUnit] = []
    opcua: list[OpcUaUnit] = []
    faults: list[Fault] = []
    places: dict[str, _File] = {}
    for path in files:
        try:
            text, document = read_toml(path)
            protocol = document.get("device", {}).get("protocol") if isinstance(document.get("device"), dict) else None
            file = _File(path, key_lines(text))
            if protocol == "modbus-tcp":
                unit: ModbusUnit | OpcUaUnit = _modbus_unit(file, load_toml(path, ModbusDevice), meters, faults)
            elif protocol == "opcua":
                unit = _opcua_unit(file, load_toml(path, OpcUaDevice), meters, faults)
            else:
                faults.append(file.fault(("device", "protocol"), protocol, "'modbus-tcp' or 'opcua'"))
                continue
        except InputFaults as error:
            faults += error.faults
            continue
        head = unit.settings.device
        if head.id in places:
            faults.append(file.fault(("device", "id"), head.id, f"an id that {places[head.id].path.name} does not have"))
        places.setdefault(head.id, file)
        (modbus if isinstance(unit, ModbusUnit) else opcua).append(unit)  # type: ignore[arg-type]
    fleet = Fleet(plant, tuple(modbus), tuple(opcua))
    faults += _double_faults(fleet, places)
    faults += _unread_faults(folder / "plant.toml", fleet, {fault.file for fault in faults})
    return fleet, faults


def own_faults(devices: Path) -> list[Fault]:
    """What is wrong with the device files in a folder, as far as that can be known without a plant file."""
    faults: list[Fault] = []
    for path in sorted(devices.glob("*.toml")):
        try:
            _, document = read_toml(path)
            head = document.get("device")
            load_toml(path, OpcUaDevice if isinstance(head, dict) and head.get("protocol") == "opcua" else ModbusDevice)
        except InputFaults as error:
            faults += error.faults
    return faults


def _modbus_unit(file: _File, settings: ModbusDevice, meters: dict[str, Meter], faults: list[Fault]) -> ModbusUnit:
    head = settings.device
    try:
        profile = settings.load_profile()
    except InputFaults as error:
        raise InputFaults([file.fault(("device", "profile"), head.profile, fault.expected) for fault in error.faults]) from error
    meter = _meter(file, head.meter, meters, faults)
    channels: list[Channel] = []
    for name, source in settings.channels.items():
        where = ("channels", name)
        try:
            parts = profile.parts(source)
        except KeyError:
            faults.append(file.fault(where, source, f"a point of {head.profile}: {', '.join(profile.names())}"))
            continue
        register = _register(meter, name)
        channel = bind(head.id, head.meter, name, source, parts[0].unit, register, head.poll_s)
        if channel is None and register is not None:
            expected = (
                f"a point that measures {dimension(register.unit)} ({register.unit} in the plant file), as {head.meter}.{name} does"
            )
            faults.append(file.fault(where, f"{source} in {parts[0].unit}", expected))
            continue
        if channel is not None:
            channels.append(channel)
        if register is not None:
            faults += _register_faults(file, where, register, head.poll_s, ("device", "poll_s"))
            is_short = parts[0].type == "f32"
            if register.kind is RegisterKind.COUNTER and is_short != (register.encoding == "float32"):
                expected = "encoding = 'float32' in the plant file" if is_short else "encoding = 'float64' in the plant file"
                faults.append(file.fault(where, f"{source} is {parts[0].type}, the register {register.encoding}", expected))
    return ModbusUnit(file.path, settings, profile, tuple(channels))


def _opcua_unit(file: _File, settings: OpcUaDevice, meters: dict[str, Meter], faults: list[Fault]) -> OpcUaUnit:
    head = settings.device
    for key in ("certificate", "private_key", "server_certificate"):
        name = getattr(head, key)
        if name and not is_file(file.path.parent / name):
            faults.append(file.fault(("device", key), name, f"a file in {file.path.parent}"))
    meter = _meter(file, head.meter, meters, faults)
    channels: list[Channel] = []
    for name, source in settings.channels.items():
        register = _register(meter, name)
        unit = settings.units.get(name, "")
        channel = bind(head.id, head.meter, name, source, unit, register, head.sampling_ms / 1000)
        if channel is None and register is not None:
            faults.append(file.fault(("units", name), unit, f"a unit of {dimension(register.unit)}, as {head.meter}.{name} is"))
            continue
        if channel is not None:
            channels.append(channel)
        if register is not None:
            faults += _register_faults(file, ("channels", name), register, head.sampling_ms / 1000, ("device", "sampling_ms"))
    return OpcUaUnit(file.path, settings, tuple(channels))


def _meter(file: _File, meter: str, meters: dict[str, Meter], faults: list[Fault]) -> Meter | None:
    if meter not in meters:
        faults.append(file.fault(("device", "meter"), meter, f"one of the plant's meters {sorted(meters)}"))
    return meters.get(meter)


def _register(meter: Meter | None, channel: str) -> Register | None:
    return next((r for r in meter.registers if r.channel == channel), None) if meter is not None else None


def _register_faults(file: _File, where: Place, register: Register, every_s: float, setting: Place) -> Iterable[Fault]:
    if every_s > register.sampling_s:
        yield file.fault(setting, every_s, f"at most every {register.sampling_s:g} s, as the plant file says of {where[-1]}")


def _double_faults(fleet: Fleet, places: dict[str, _File]) -> Iterable[Fault]:
    read_by: dict[tuple[str, str], str] = {}
    for unit in fleet.units():
        for channel in unit.channels:
            key = (channel.meter, channel.channel)
            if channel.channel in CONTROL_CHANNELS:
                expected = f"another name: on {', '.join(sorted(CONTROL_CHANNELS))} the gateway publishes reports of its own"
                yield places[channel.device].fault(("channels", channel.channel), channel.channel, expected)
            if key in read_by and read_by[key] != channel.device:
                expected = f"one device for {channel.meter}.{channel.channel}; {read_by[key]} reads it already"
                yield places[channel.device].fault(("channels", channel.channel), channel.source, expected)
            read_by.setdefault(key, channel.device)
    kinds: dict[tuple[str, int, int], ModbusUnit] = {}
    for unit in fleet.modbus:
        head = unit.settings.device
        other = kinds.setdefault((head.host, head.port, head.unit_id), unit)
        if other.settings.device.profile != head.profile:
            expected = f"one meter at {unit.address}; {other.file.name} says it is a {other.settings.device.profile}"
            yield places[head.id].fault(("device", "profile"), head.profile, expected)


def _unread_faults(plant_file: Path, fleet: Fleet, faulty_files: set[str]) -> Iterable[Fault]:
    """Registers of a meter that has devices, but none for them: most often a channel's name that is not spelt as in the plant."""
    if faulty_files:
        return  # a device that could not be loaded may be the one that reads them
    read = {(channel.meter, channel.channel) for unit in fleet.units() for channel in unit.channels}
    measured = {meter for meter, _ in read}
    lines = key_lines(read_toml(plant_file)[0])
    for number, meter in enumerate(fleet.plant.meters):
        for index, register in enumerate(meter.registers):
            if meter.id in measured and (meter.id, register.channel) not in read:
                line = lines.get(("meter", number, "register", index, "channel"))
                expected = f"a device of {meter.id} that reads it; none does"
                yield Fault(str(plant_file), line, f"meter[{number}].register[{index}].channel", repr(register.channel), expected)
