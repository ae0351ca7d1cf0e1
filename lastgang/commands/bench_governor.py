"""``lastgang bench governor``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("governor")
@click.option("--loads", multiple=True, type=click.IntRange(min=1), help="Numbers of loads that can wait; none: 1, 10 and 100.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here.")
def command(loads: tuple[int, ...], json_file: Path | None) -> None:
    """Time from a projection to the governor's decision, by the number of loads that can wait.

    \b
    Example:
      lastgang bench governor --json governor.json
    """
    import json

    from rich.console import Console
    from rich.table import Table

    from benchmarks.governor.bench import results
    from domain.files import write_whole

    table = Table("loads", "looks", "recommendations", "p50 [ms]", "p99 [ms]", "most [ms]", "between, p99 [ms]", "state [kB]")
    rows = []
    with Console(stderr=True).status("deciding"):
        for one in results(loads or (1, 10, 100)):
            rows.append(one.as_row())
            times = (one.p50_ms, one.p99_ms, one.most_ms, one.between_p99_ms)
            table.add_row(f"{one.loads}", f"{one.looks}", f"{one.advice}", *(f"{ms:.2f}" for ms in times), f"{one.state_kb:.1f}")
    Console().print(table)
    if json_file is not None:
        write_whole(json_file, json.dumps(rows, indent=1) + "\n")
