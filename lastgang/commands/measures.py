"""``lastgang measures``: what was done to save energy, and events that change what is drawn."""

from __future__ import annotations

from pathlib import Path

import click

from lastgang.options import broker_options

_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")


@click.group("measures")
def command() -> None:
    """Measures that people took to save energy, and events that change what is drawn."""


@command.command("import", epilog="\b\nExamples:\n  lastgang measures import measures.toml --plant my-plant --dry-run\n")
@click.argument("file", type=click.Path(path_type=Path))
@_plant
@click.option("--by", default="", help="Who enters them.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing; needs no broker.")
@broker_options
def import_command(file: Path, folder: Path, by: str, dry_run: bool, kafka: str | None, namespace: str | None) -> None:
    """Take the measures and events of FILE (TOML, as `lastgang baseline --measures` reads it).

    What is handed in again corrects itself; the same again changes nothing. A file with a fault is refused whole, with all its faults.
    """
    from connectors.measures.judging import judge, known_measures, measures_in
    from connectors.measures.log import measures_on_topic, send_measures
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from lastgang.commands.orders import broker_of

    plant = load_plant(folder / "plant.toml")
    stated = measures_in(file, plant.site.id, process_clock().now_utc(), by)
    settings = broker_of(lambda: Whereabouts(folder).kafka(kafka, namespace), dry_run)
    known = known_measures([] if settings is None else measures_on_topic(settings), plant)
    results = judge(stated, plant, known, str(file))
    for one in results:
        click.echo(f"{one.entry.measure}: {one.outcome}")
    sent = [one.entry for one in results if one.is_sent]
    if settings is None:
        click.echo(f"{len(sent)} entries would be sent; nothing was sent")
        return
    send_measures(settings, sent)
    click.echo(f"{len(sent)} entries sent")


@command.command("list", epilog="\b\nExample:\n  lastgang measures list --plant my-plant\n")
@_plant
@broker_options
def list_command(folder: Path, kafka: str | None, namespace: str | None) -> None:
    """Show what is entered, by first day."""
    from connectors.measures.judging import known_measures
    from connectors.measures.log import measures_on_topic
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant

    plant = load_plant(folder / "plant.toml")
    found = known_measures(measures_on_topic(Whereabouts(folder).kafka(kafka, namespace)), plant).values()
    for one in found:
        if not one.withdrawn:
            click.echo(f"{one.first_local}  {one.kind}  {one.measure}  {', '.join(one.meters)}  {one.description}".rstrip())


@command.command("withdraw", epilog="\b\nExample:\n  lastgang measures withdraw leaks-2026 --plant my-plant\n")
@click.argument("measure")
@_plant
@click.option("--by", default="", help="Who takes it back.")
@broker_options
def withdraw_command(measure: str, folder: Path, by: str, kafka: str | None, namespace: str | None) -> None:
    """Take back the measure or event called MEASURE: its next revision says that it counts no more. Nothing is deleted."""
    from connectors.measures.judging import known_measures, taken_back
    from connectors.measures.log import measures_on_topic, send_measures
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.errors import Fault, InputFaults
    from domain.plant import load_plant

    plant = load_plant(folder / "plant.toml")
    settings = Whereabouts(folder).kafka(kafka, namespace)
    known = known_measures(measures_on_topic(settings), plant)
    one = known.get(measure)
    if one is None or one.withdrawn:
        there = ", ".join(name for name, other in known.items() if not other.withdrawn) or "none is entered"
        raise InputFaults([Fault("command line", None, "MEASURE", measure, f"one that is entered: {there}")])
    send_measures(settings, [taken_back(one, process_clock().now_utc(), by)])
    click.echo(f"{measure}: taken back")
