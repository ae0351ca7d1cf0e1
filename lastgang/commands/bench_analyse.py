"""``lastgang bench analyse``."""

from __future__ import annotations

from pathlib import Path

import click

_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("analyse")
@click.argument("files", nargs=-1, required=True, type=_file)
@click.option(
    "--rival-python", type=_file, default=None, help="Python of an environment with peakshaving-analyzer, to compare with."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
def command(files: tuple[Path, ...], rival_python: Path | None, json_file: Path | None) -> None:
    """Time of `lastgang analyse` on load files, and the battery's bound beside peakshaving-analyzer's in the same run.

    \b
    Example:
      lastgang bench analyse load.csv --rival-python /opt/psa/bin/python
    """
    import json

    from rich.console import Console
    from rich.table import Table

    from benchmarks.analysis.bench import results
    from domain.files import write_whole

    table = Table("load", "quarter hours", "analyse [s]", "most memory [MB]", "bound [kW]", "in [s]", "rival [kW]", "in [s]")
    rows = []
    with Console(stderr=True).status("analysing"):
        for one in results(files, rival_python):
            rows.append(one.as_row())
            rival = ("", "") if one.rival_kw is None or one.rival_s is None else (f"{one.rival_kw:.3f}", f"{one.rival_s:.1f}")
            table.add_row(
                one.file, f"{one.quarter_hours}", f"{one.analyse_s:.1f}", f"{one.analyse_mb:.0f}", f"{one.bound_kw:.3f}", f"{one.bound_s:.2f}", *rival
            )  # fmt: skip
    Console().print(table)
    if json_file is not None:
        write_whole(json_file, json.dumps(rows, indent=1) + "\n")
