"""``lastgang bench pipeline``: speed of the path from Kafka to quarter hours in Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from benchmarks.pipeline.bench import Figures


@click.command("pipeline")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures to this file.")
@click.option("--quick", is_flag=True, help="A tenth of the load: says that it works, not how fast it is.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep broker, cluster and logs in this folder.")
@click.option(
    "--beside-planner", is_flag=True, help="Only the latency while the planner searches and while it waits, turn by turn."
)
def command(json_path: Path | None, quick: bool, keep: Path | None, beside_planner: bool) -> None:
    """Measure readings a second, latency and state on this machine; about ten minutes. Let nothing else run meanwhile.

    \b
    Example:
      lastgang bench pipeline --json pipeline.json
    """
    from rich.console import Console

    from benchmarks.pipeline.bench import Sizes, measure
    from domain.files import check_output_folder, write_whole

    if json_path is not None:
        check_output_folder(json_path.parent)

    console = Console(stderr=True)
    sizes = Sizes(meters=100, many_meters=500, quarters=1, live_meters=100, live_s=30, outage_meters=50) if quick else Sizes()
    with console.status("broker and cluster start") as status:

        def report(line: str) -> None:
            console.print(line)
            status.update(line.strip())

        if beside_planner:
            text = _beside_planner(quick, report, keep)
        else:
            figures = measure(sizes, report, keep)
            text = json.dumps(asdict(figures), indent=1)
    if json_path is not None:
        write_whole(json_path, text + "\n")
    if beside_planner:
        click.echo(text)
    else:
        _show(figures)


def _beside_planner(quick: bool, report: Callable[[str], None], keep: Path | None) -> str:
    from benchmarks.pipeline.beside_planner import Turns, measure_beside_planner

    turns = Turns(meters=100, turns=1, turn_s=5.0) if quick else Turns()
    return json.dumps(measure_beside_planner(turns, report, keep).as_json(), indent=1)


def _show(figures: Figures) -> None:
    from rich.console import Console
    from rich.table import Table

    from domain.units import WATTS_PER_CORE

    table = Table("measure", "figure", title="Kafka to quarter hours in Kafka, on this machine")
    latency, late = figures.projection_latency_ms, figures.catch_up
    rows = [
        ("readings a second", f"{figures.readings_per_s:,.0f}"),
        ("the same, decoding only, pure JVM", f"{figures.jvm_readings_per_s:,.0f}  (ours: {figures.share_of_jvm:.0%})"),
        ("CPU a reading, TaskManager", f"{figures.cpu_us_per_reading:.2f} us = {figures.energy_uj_per_reading:.0f} uJ at {WATTS_PER_CORE:g} W a core"),
        *[(f"  {stage}", f"{used:.2f} us") for stage, used in figures.cpu_us_by_stage.items()],
        *[(f"beside: {who}", f"{used:.2f} us") for who, used in figures.cpu_us_beside.items()],
        ("CPU a reading with many meters", f"{figures.many_meters_cpu_us_per_reading:.2f} us  ({figures.many_meters_ratio:.0%})"),
        ("state a meter", f"{figures.state_bytes_per_meter:,.0f} bytes"),
        (f"running quarter hour at {figures.live_readings_per_s:,.0f}/s", f"p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms"),
        ("an hour late, beside the present", f"{late['times_real_time']:.0f} times real time"),
        ("  running quarter hour meanwhile", f"p50 {late['projection_latency_p50_ms']:.0f} ms, p99 {late['projection_latency_p99_ms']:.0f} ms"),
    ]  # fmt: skip
    for row in rows:
        table.add_row(*row)
    Console().print(table)
