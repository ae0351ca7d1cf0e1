"""``lastgang check-config``: every fault of a plant folder at once, and what would be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectors.gateway.fleet import Fleet
    from connectors.gateway.look import Look
    from domain.errors import Fault


@click.command("check-config", epilog="Example: lastgang check-config my-plant --connect")
@click.argument("folder", metavar="PLANT_DIR", type=click.Path(path_type=Path))
@click.option("--connect", is_flag=True, help="Read every device once and say what is not plausible.")
def command(folder: Path, connect: bool) -> None:
    """Check a plant folder whole, telling every fault with file and line.

    Exit code 2 where there are faults; where there are none a table says what would be read. With --connect, exit code 1 if a
    device does not answer or says what cannot be (voltage, frequency, sum of the phases).
    """
    import asyncio

    from connectors.gateway.fleet import check_fleet, own_faults
    from domain.errors import InputFaults
    from domain.plant import load_plant

    plant_file = folder / "plant.toml"
    faults: list[Fault] = []
    try:
        plant = load_plant(plant_file)
    except InputFaults as error:
        # Without the plant, what can be said of the other files is what they say wrongly by themselves.
        raise InputFaults(error.faults + own_faults(folder / "devices") + _tariff_faults(folder, None)) from error
    fleet, device_faults = check_fleet(folder, plant)
    faults += device_faults + _tariff_faults(folder, plant.tariff.file if plant.tariff is not None else None)
    if faults:
        raise InputFaults(faults)
    click.echo(table_of(fleet))
    if connect:
        from connectors.gateway.look import look_at_all

        looks = asyncio.run(look_at_all(fleet))
        click.echo("\n" + looks_text(looks))
        if any(look.doubts for look in looks):
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


def table_of(fleet: Fleet) -> str:
    """What would be read: a line a channel."""
    from connectors.gateway.fleet import ModbusUnit

    rows = [("meter", "channel", "unit", "every", "device", "source", "where")]
    for unit in fleet.units():
        for channel in unit.channels:
            sampling = f"{channel.every_s:g} s"
            kind = unit.settings.device.profile if isinstance(unit, ModbusUnit) else "opcua"
            source = f"{kind} {channel.source}"
            rows.append((channel.meter, channel.channel, channel.unit or "-", sampling, channel.device, source, unit.address))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    counted = f"{len(fleet.units())} devices, {len(rows) - 1} channels, {len(fleet.plant.meters)} meters: no fault found"
    return "\n".join([*lines, "", counted])


def looks_text(looks: list[Look]) -> str:
    """What every device said, and what is doubtful about it."""
    lines = []
    for look in looks:
        values = ", ".join(f"{channel} {value}" for channel, value in look.values.items())
        lines.append(f"{'DOUBT' if look.doubts else 'ok':<6}{look.device}  {values}".rstrip())
        lines += [f"      {look.address}: {text}" for text in (*look.doubts, *look.remarks)]
    return "\n".join(lines)
