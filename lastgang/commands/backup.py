"""``lastgang backup``: all data of a plant in one folder."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Example:
  lastgang backup --plant my-plant --out /mnt/backups
"""


@click.command("backup", epilog=_EPILOG)
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of backups; each gets its own folder in it.")
def command(folder: Path, out: Path) -> None:
    """Copy configuration, ledger, keys, reports, states of the jobs and what the gateway has not sent, of a plant that runs or is stopped.

    The backup holds the plant's private signing keys: store it where nobody else can read it. It does not hold the broker's log.
    """
    from importlib.metadata import version

    from domain.clock import process_clock
    from lastgang.backup.display import shown
    from lastgang.backup.taking import take_backup

    with shown() as progress:
        target, manifest = take_backup(folder, out, process_clock().now_utc(), version("lastgang"), progress)
    click.echo(click.format_filename(target))
    for note in manifest.notes:
        click.echo(f"note: {note}", err=True)
    size_mb = sum(entry.bytes for entry in manifest.files) / 1e6
    click.echo(
        f"{len(manifest.files)} files, {size_mb:,.1f} MB, states of {len(manifest.jobs)} jobs; it holds private keys", err=True
    )
