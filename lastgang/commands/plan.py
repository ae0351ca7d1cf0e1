"""``lastgang plan``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("problem", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, max=86_400),
    default=10.0,
    show_default=True,
    help="How long to search; 0: the first plan.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan here; else to stdout.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all draws.")
@click.option(
    "--rounds", type=click.IntRange(min=1), help="End after so many rounds: the same answer on any machine that is done in time."
)
@click.option("--language", default="en", show_default=True, help="Of the texts where there is no plan: en, de.")
def command(problem: Path, seconds: float, out: Path | None, seed: int, rounds: int | None, language: str) -> None:
    """Plan jobs, shifts and crews of PROBLEM (JSON, see docs/how-to/plan-jobs-and-shifts.md) against the bill.

    The plan keeps every hard rule and costs no more than the current one. Where there is no plan, it names the rules in conflict.

    \b
    Example:
      lastgang plan problem.json --seconds 10 --out plan.json
    """
    import time
    from contextlib import ExitStack

    from domain.files import output_file
    from lastgang.planning.charging import charging_plan
    from lastgang.planning.texts import answer_as_json, summary
    from lastgang.planning.workers import CORES, in_processes
    from scheduling.planner.answer import Request, plan
    from scheduling.planner.reading import load_problem

    with ExitStack() as places:
        result_file = None if out is None else places.enter_context(output_file(out))
        wanted = load_problem(problem)
        answer = plan(wanted, Request(seconds, seed, rounds, CORES), time.monotonic, in_processes)
        document = answer_as_json(wanted, answer, language)
        if answer.cost is not None and (charging := charging_plan(wanted, answer.plan)) is not None:
            document["charging"] = charging
        text = json.dumps(document, indent=1, ensure_ascii=False)
        if result_file is not None:
            result_file.write_text(text + "\n", encoding="utf-8")
    if out is None:
        click.echo(text)
    else:
        click.echo(f"{summary(answer)} written to {out}", err=True)
