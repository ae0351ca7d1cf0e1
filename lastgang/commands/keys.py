"""``lastgang keys``: what a plant signs its ledger and its reports with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from domain.plant import Plant
    from reporting.evidence.keys import KeyFolder, PublicKey

_NEW_EPILOG = """\b
Example:
  lastgang keys new --plant my-plant
"""
_ROTATE_EPILOG = """\b
Example:
  lastgang keys rotate --plant my-plant
"""
_SHOW_EPILOG = """\b
Example:
  lastgang keys show --plant my-plant
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_ledger = click.option(
    "--ledger", "ledger", type=click.Path(path_type=Path), default=None, help="The ledger's file. [default: that of `lastgang up`]"
)
_keys = click.option(
    "--keys", "keys", type=click.Path(path_type=Path), default=None, help="Folder of the keys. [default: keys/ beside the ledger]"
)


@click.group("keys")
def command() -> None:
    """The plant's signing keys: make the first one, follow it by another, show them.

    The private key is a file that nobody but its owner may read (mode 0600). Keep a copy of the folder in another place: without it nothing can
    be signed any more. Give the fingerprint to those who check your reports, by another way than the reports.
    """


@command.command("new", epilog=_NEW_EPILOG)
@_plant
@_ledger
@_keys
def new_command(folder: Path, ledger: Path | None, keys: Path | None) -> None:
    """Make the plant's first key."""
    plant, place = _place(folder, ledger, keys)
    if known := place.keys():
        msg = f"{place.folder} has {len(known)} already; `lastgang keys rotate` follows the last one by another"
        raise click.UsageError(msg)
    _show([place.add(plant.site.id)], place)


@command.command("rotate", epilog=_ROTATE_EPILOG)
@_plant
@_ledger
@_keys
def rotate_command(folder: Path, ledger: Path | None, keys: Path | None) -> None:
    """Make a key that follows the last one, which vouches for it; from now on it signs."""
    plant, place = _place(folder, ledger, keys)
    if not place.keys():
        msg = f"{place.folder} has no key; `lastgang keys new` makes the first one"
        raise click.UsageError(msg)
    place.add(plant.site.id)
    _show(place.keys(), place)


@command.command("show", epilog=_SHOW_EPILOG)
@_plant
@_ledger
@_keys
def show_command(folder: Path, ledger: Path | None, keys: Path | None) -> None:
    """Show the public keys and their fingerprints, the oldest first."""
    _, place = _place(folder, ledger, keys)
    known = place.keys()
    if not known:
        click.echo(f"{place.folder}: no key; `lastgang keys new` makes one", err=True)
    _show(known, place)


def _place(folder: Path, ledger: Path | None, keys: Path | None) -> tuple[Plant, KeyFolder]:
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from reporting.evidence.keys import KeyFolder

    plant = load_plant(folder / "plant.toml")
    beside = ledger or Whereabouts(folder).ledger
    return plant, KeyFolder(keys or beside.parent / "keys")


def _show(keys: list[PublicKey], place: KeyFolder) -> None:
    for key in keys:
        click.echo(f"{key.number} fingerprint {key.fingerprint}")
        click.echo(f"{key.number} public key  {key.public}")
    if keys:
        click.echo(f"private key: {place.private_path(keys[-1])}", err=True)
