"""``lastgang reporter``: scheduled reports, made and sent by mail."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("reporter", epilog="Example: lastgang reporter --plant my-plant --send month")
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml and stack.toml.")
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option(
    "--send",
    "name",
    default=None,
    metavar="NAME",
    help="Make and send this report now, whatever its cron expression says; exit 1 if somebody did not get it.",
)
@click.option("--list", "listed", is_flag=True, help="Show when each is due next, and who got what; send nothing.")
def command(folder: Path, once: bool, name: str | None, listed: bool) -> None:
    """Make the reports of [[report]] in stack.toml when they are due, and send them by [mail]; may be killed at any instant.

    What was due while it was off is made once. A report is sent at least once: killed between sending and noting it, it sends the same mail again.
    """
    import os
    import signal
    import threading

    from connectors.mail.settings import PASSWORD
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.plant import load_plant
    from domain.scheduled_reports import next_due_utc
    from lastgang.reporter.book import read_book
    from lastgang.reporter.working import Reporter
    from lastgang.secrets import require

    plant = load_plant(folder / "plant.toml")
    places = Whereabouts(folder)
    settings, clock = places.settings, process_clock()
    reports = {report.name: report for report in settings.scheduled}
    if name is not None and name not in reports:
        msg = f"found {name!r}; expected a name of [[report]] in stack.toml: {', '.join(reports) or 'it has none'}"
        raise click.BadParameter(msg, param_hint="--send")
    if listed:
        for report in settings.scheduled:
            click.echo(f"{report.name}: due {next_due_utc(report, plant.site.zone, clock.now_utc()).astimezone(plant.site.zone)}")
        for run in read_book(places.home).runs:
            click.echo(f"{run.report} {run.period}: {run.state} {run.folder or run.note}")
            for letter in run.letters:
                click.echo(f"  {letter.address}: {letter.state} {letter.at_utc or ''} {letter.note}".rstrip())
        return
    if settings.mail is not None and settings.mail.user:
        require(PASSWORD)
    reporter = Reporter(
        folder.resolve(), plant, places.home, settings.reports_of(folder.resolve()), settings.scheduled, settings.mail,
        os.environ.get(PASSWORD, ""), clock, lambda line: click.echo(line, err=True),
    )  # fmt: skip
    if once or name is not None:
        reporter.look(None if name is None else reports[name])
        last = read_book(places.home).runs[-1] if name is not None else None
        if last is not None and (last.state != "made" or any(letter.state != "sent" for letter in last.letters)):
            raise click.exceptions.Exit(1)
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"reporter ready: {len(reports)} reports", err=True)
    while not stop.is_set():
        reporter.look()
        stop.wait(_POLL_S)


_POLL_S = 5.0
