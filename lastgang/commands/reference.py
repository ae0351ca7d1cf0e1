"""``lastgang reference``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/reference"), show_default=True, help="Folder."
)
def command(out: Path) -> None:
    """Write the reference pages of all files that people write, and of the command line.

    \b
    Example:
      lastgang reference --out docs/reference
    """
    from domain.files import check_output_folder, write_changed
    from lastgang.reference.pages import reference_files

    check_output_folder(out)
    for path in write_changed(out, reference_files()):
        click.echo(path)
