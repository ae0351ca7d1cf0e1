"""``lastgang bench fuzz``: broken inputs for every decoder, and what became of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from benchmarks.fuzz.campaign import Tally


@click.command("fuzz", epilog="Example: lastgang bench fuzz --inputs 20000 --only modbus --seed 7")
@click.option("--inputs", type=click.IntRange(min=1), default=1_000_000, show_default=True, help="How many, over all targets.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same inputs, on any machine.")
@click.option("--only", multiple=True, metavar="TARGET", help="Only these targets; may be given more than once.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the result into this file.")
@click.option("--input", "number", type=click.IntRange(min=0), help="Show this one input of --only TARGET, and what becomes of it.")
def command(inputs: int, seed: int, only: tuple[str, ...], json_file: Path | None, number: int | None) -> None:
    """Put broken inputs before every decoder: none may crash it, hold it up, be misread, or be refused without a helpful word.

    Exit code 1 where something was found; each finding names its seed and number.
    """
    from benchmarks.fuzz import campaign
    from domain.files import check_output_folder, write_whole

    if json_file is not None:
        check_output_folder(json_file.parent)
    if unknown := sorted(set(only) - set(campaign.TARGETS)):
        msg = f"no target {', '.join(unknown)}; there are {', '.join(campaign.TARGETS)}"
        raise click.BadParameter(msg, param_hint="--only")
    names = [name for name in campaign.TARGETS if not only or name in only]
    if number is not None:
        _show(names, seed, number)
        return
    tallies: dict[str, Tally] = {}
    for name, count in campaign.shares(names, inputs).items():
        click.echo(f"{name}: {count:,} inputs", err=True)
        tallies[name] = campaign.run(name, seed, range(count))
    result = campaign.summary(seed, tallies)
    click.echo(campaign.table(result))
    if json_file is not None:
        write_whole(json_file, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if result["findings"]:
        raise click.exceptions.Exit(1)


def _show(names: list[str], seed: int, number: int) -> None:
    from benchmarks.fuzz import campaign
    from benchmarks.fuzz.target import input_of

    if len(names) != 1:
        msg = "one target that the number is of"
        raise click.BadParameter(msg, param_hint="--only")
    target = campaign.target_named(names[0])
    given: Any = input_of(target, seed, number)
    click.echo(repr(given))
    click.echo(target.answer(given))
