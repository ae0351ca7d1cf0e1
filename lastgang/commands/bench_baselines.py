"""``lastgang bench baselines``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("baselines")
@click.option("--seeds", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Meters of each kind.")
@click.option("--first-seed", type=click.IntRange(0, 1_000_000), default=1000, show_default=True, help="Of the meters of our own.")
@click.option(
    "--only", multiple=True, metavar="KIND", help="Only this kind of meter, and nothing measured; may be given several times."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("../shared/data"),
    show_default=True,
    help="Measured loads.",
)
@click.option(
    "--peer-python",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Python of an environment with opendsm, to compare with.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
@click.option("--write-report", is_flag=True, help="Write benchmarks/baselines.md too.")
def command(
    seeds: int,
    first_seed: int,
    only: tuple[str, ...],
    data: Path,
    peer_python: Path | None,
    json_file: Path | None,
    write_report: bool,
) -> None:
    """Put known savings into meters and see how well they are found: error, how often the stated interval is right, what is refused.

    \b
    Example:
      lastgang bench baselines --seeds 5 --only "heated hall"
    """
    from benchmarks.baselines.command import run
    from domain.files import check_output_folder

    if json_file is not None:
        check_output_folder(json_file.parent)

    run(seeds, first_seed, only, data, peer_python, json_file, write_report)
