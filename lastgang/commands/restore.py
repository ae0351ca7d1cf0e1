"""``lastgang restore``: a plant from its backup."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Example:
  lastgang restore /mnt/backups/my-plant-backup-20261201T020000Z --plant my-plant
"""


@click.command("restore", epilog=_EPILOG)
@click.argument("backup", type=click.Path(path_type=Path))
@click.option(
    "--plant", "folder", type=click.Path(path_type=Path), required=True, help="Plant folder to make; not there yet, or empty."
)
def command(backup: Path, folder: Path) -> None:
    """Check a backup file by file and make the plant again; nothing that is there is overwritten.

    `lastgang up` goes on from it: the ledger and the jobs where they were, the broker with a new log.
    """
    from lastgang.backup.display import shown
    from lastgang.backup.restoring import restore_backup

    with shown() as progress:
        manifest = restore_backup(backup, folder, progress)
    click.echo(click.format_filename(folder))
    for note in manifest.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{manifest.site} as of {manifest.made_at_utc}; `lastgang up --plant {folder}` starts it", err=True)
