"""``lastgang check-config``: every fault of a plant folder at once, what would be read, and notes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectors.gateway.fleet import Fleet
    from connectors.gateway.verdicts import Verdict
    from connectors.probe import Probe
    from deploy.settings import StackSettings
    from domain.errors import Fault
    from domain.plant import Plant


@click.command("check-config", epilog="Example: lastgang check-config my-plant --connect")
@click.argument("folder", metavar="PLANT_DIR", type=click.Path(path_type=Path))
@click.option("--connect", is_flag=True, help="Read every device and say of each channel whether its value can be used.")
def command(folder: Path, connect: bool) -> None:
    """Check a whole plant folder and report every fault with file and line.

    Exit code 2 where there are faults. Where there are none a table says what would be read, and notes say what is no fault and may
    not be as expected. With --connect each channel is read, and its value put before the rules of metering: exit code 1 if a device does
    not answer, refuses a register, gives a value that metering would refuse, or one that cannot be (voltage, frequency, sum of the phases).
    """
    from connectors.gateway.fleet import check_fleet, own_faults
    from domain.errors import InputFaults
    from domain.plant import load_plant

    stack, faults = _stack_settings(folder)
    try:
        plant = load_plant(folder / "plant.toml")
    except InputFaults as error:
        # Without the plant only the faults within the other files can be found.
        raise InputFaults(error.faults + own_faults(folder / "devices") + _tariff_faults(folder, None) + faults) from error
    fleet, device_faults = check_fleet(folder, plant)
    faults += device_faults + _tariff_faults(folder, plant.tariff.file if plant.tariff is not None else None)
    if faults:
        raise InputFaults(faults)
    click.echo(table_of(fleet) + "\n")
    for line in _remarks(fleet, folder, stack):
        click.echo(line)
    click.echo(f"{_count(fleet)}: no fault found")
    if connect:
        _connect(fleet)


def _remarks(fleet: Fleet, folder: Path, stack: StackSettings | None) -> Iterable[str]:
    """Notes before the plant runs: how large the buffer may become, and notes, which are no faults."""
    from connectors.gateway.notes import buffer_text, disk_notes, fleet_notes
    from connectors.gateway.sizing import stream_of

    stream = stream_of(fleet)
    yield buffer_text(stream)
    home = stack.home_of(folder) if stack is not None else folder
    for note in [*fleet_notes(fleet, os.environ), *disk_notes(stream, home / "gateway.db"), *_tariff_notes(folder, fleet.plant)]:
        yield f"note: {note}"


def _stack_settings(folder: Path) -> tuple[StackSettings | None, list[Fault]]:
    """How the stack of the plant would run, None where that cannot be known; and what is wrong with its file."""
    import importlib.util

    from domain.errors import InputFaults

    if importlib.util.find_spec("deploy") is None:
        return None, []  # a gateway may be installed without the stack
    from deploy.settings import FILE_NAME, load_settings

    try:
        return load_settings(folder), []
    except InputFaults as error:
        return None, error.faults if (folder / FILE_NAME).exists() else []


def _connect(fleet: Fleet) -> None:
    import asyncio

    from connectors.gateway.probe import probe_all
    from connectors.gateway.verdicts import verdicts
    from domain.clock import epoch_ms, process_clock

    clock = process_clock()
    probes = asyncio.run(probe_all(fleet, clock))
    found = verdicts(fleet.plant, probes, epoch_ms(clock.now_utc()))
    click.echo("\n" + verdicts_text(found))
    doubts = [line for probe in probes for line in remarks_of(probe)]
    if doubts:
        click.echo("\n" + "\n".join(doubts))
    bad = sum(not verdict.is_good for verdict in found) + sum(len(probe.found.doubts) for probe in probes)
    click.echo(f"\ndevices looked at: {len(probes)}; to look into: {bad or 'nothing'}")
    if bad:
        raise click.exceptions.Exit(1)


def _tariff_faults(folder: Path, file: str | None) -> list[Fault]:
    import importlib.util

    from domain.errors import InputFaults

    if importlib.util.find_spec("billing") is None or importlib.util.find_spec("billing.tariff") is None:
        return []  # a gateway may be installed without billing
    load_tariff = importlib.import_module("billing.tariff").load_tariff
    path = folder / (file or "tariff.toml")
    if file is None and not path.is_file():
        return []
    try:
        load_tariff(path)
    except InputFaults as error:
        return error.faults
    return []


def _tariff_notes(folder: Path, plant: Plant) -> list[str]:
    import importlib.util

    from domain.clock import process_clock

    if importlib.util.find_spec("billing") is None:
        return []  # a gateway may be installed without billing
    from billing.notes import tariff_notes
    from billing.tariff import load_tariff

    tariff = None if plant.tariff is None else load_tariff(folder / plant.tariff.file)
    return tariff_notes(plant, tariff, process_clock().now_utc())


def table_of(fleet: Fleet) -> str:
    """What would be read: a line a channel."""
    from connectors.modbus.line import ModbusUnit

    rows = [("meter", "channel", "unit", "every", "device", "source", "where")]
    for unit in fleet.units():
        for channel in unit.channels:
            sampling = f"{channel.every_s:g} s"
            kind = unit.settings.device.profile if isinstance(unit, ModbusUnit) else "opcua"
            source = f"{kind} {channel.source}"
            rows.append((channel.meter, channel.channel, channel.unit or "-", sampling, channel.device, source, unit.address))
    return _table(rows)


def _count(fleet: Fleet) -> str:
    channels = sum(len(unit.channels) for unit in fleet.units())
    return f"{len(fleet.units())} devices, {channels} channels, {len(fleet.plant.meters)} meters"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows
    )


def verdicts_text(found: Sequence[Verdict]) -> str:
    """A line for each device and channel: value, unit, age, verdict."""
    rows = [("device", "channel", "value", "unit", "age", "verdict")]
    rows += [(one.device, one.channel, one.value, one.unit, one.age, one.verdict) for one in found]
    return _table(rows)


def remarks_of(probe: Probe) -> list[str]:
    """Notes on a device: what cannot be true, and what is worth knowing."""
    return [
        *(f"DOUBT {probe.device} ({probe.address}): {doubt}" for doubt in probe.found.doubts),
        *(f"note: {probe.device}: {remark}" for remark in probe.found.remarks),
    ]
