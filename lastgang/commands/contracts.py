"""``lastgang contracts``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/contracts"), show_default=True)
def command(out: Path) -> None:
    """Write the JSON Schema and an example of every topic.

    \b
    Example:
      lastgang contracts --out docs/contracts
    """
    from domain.contracts import contract_files
    from domain.files import check_output_folder, write_changed

    check_output_folder(out)
    for path in write_changed(out, contract_files()):
        click.echo(path)
