"""The files of a plant's configuration that the figures of a report rest on: plant file, hourly emission
factors, temperature and production, tariff, and the prices that the tariff names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from domain.errors import InputFaults
from domain.files import read_input
from domain.plant import Plant, load_plant


def configuration(folder: Path, plant: Plant) -> dict[str, bytes]:
    """Name from the plant's folder on -> content; files outside of the folder are left out, and so is what cannot be read."""
    root, found = folder.resolve(), {}
    for path in _paths(folder, plant):
        if path.resolve().is_relative_to(root) and path.is_file():
            found[path.resolve().relative_to(root).as_posix()] = read_input(path)
    return found


def documents(folder: Path) -> dict[str, bytes]:
    """All that decides how a plant is read: every TOML file of its folder, devices too, and what `configuration` gives; by name.

    A plant file that cannot be read is there as it is; what is too large, or a link out of the folder, is left out.
    """
    try:
        found = configuration(folder, load_plant(folder / "plant.toml"))
    except InputFaults:
        found = {}
    root = folder.resolve()
    for path in sorted(folder.rglob("*.toml")):
        inside = path.relative_to(folder)
        if not path.resolve().is_relative_to(root) or any(part.startswith(".") for part in inside.parts):
            continue
        try:
            found[inside.as_posix()] = read_input(path)
        except InputFaults:
            continue
    return found


def _paths(folder: Path, plant: Plant) -> Iterator[Path]:
    yield folder / "plant.toml"
    for row in plant.emission_factors:
        if row.file is not None:
            yield folder / row.file
    for named in (plant.key_figures.temperature, plant.key_figures.production):
        if named is not None:
            yield folder / named
    if plant.tariff is None:
        return
    from billing.tariff import load_tariff

    file = folder / plant.tariff.file
    yield file
    try:
        tariff = load_tariff(file)
    except InputFaults:
        return
    for component in tariff.components:
        spot = getattr(component, "spot", None)  # only some kinds of charge have prices in a file of their own
        if spot is not None and spot.filed.path != file:
            yield spot.filed.path
