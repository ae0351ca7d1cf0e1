"""``lastgang import``: a load profile into the intervals topic."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.channels import IMPORT
from lastgang.options import broker_options
from lastgang.reading import reading_options_of_import

if TYPE_CHECKING:
    from connectors.files.import_check import SeriesCheck
    from connectors.files.plausible import Confirmation, Limits
    from connectors.kafka.client import KafkaSettings
    from domain.intervals import Interval
    from domain.plant import Plant
    from quarters.profiles.status import StatusCount

_EPILOG = """\b
Examples:
  lastgang import LOAD.csv --plant my-plant --dry-run
  lastgang import Lastgang_2025.xlsx --plant my-plant --dry-run
  lastgang import Lastgang_2025.csv --plant my-plant --timezone Europe/Berlin --label end \\
      --time-column Datum --time-column Uhrzeit --power-column "Wirkleistung [kW]" --unit kW
  lastgang import load.csv.txt --plant my-plant --first-start 2020-01-01T00:00+01:00 --unit kW
"""
_PROGRESS_EVERY = 500


@click.command("import", epilog=_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
@click.option("--meter", default=None, help="Meter of a file that names none. [default: the billing meter]")
@click.option("--channel", default=IMPORT, show_default=True, help="Channel of a file that names none.")
@reading_options_of_import
@click.option("--revision", type=click.IntRange(min=0), default=0, show_default=True,
    help="Stands above lower ones; 0 is below all that the platform has metered itself.")  # fmt: skip
@click.option("--confirm", "confirmed", multiple=True, type=click.Choice(["above-rating", "unit"]),
    help="What was questioned and is right: values above the meter's rating; a unit that the column's heading contradicts.")  # fmt: skip
@broker_options
@click.option("--dry-run", is_flag=True, help="Show what would be sent, send nothing.")
def command(
    file: Path,
    folder: Path,
    meter: str | None,
    channel: str,
    revision: int,
    confirmed: tuple[Confirmation, ...],
    kafka: str | None,
    namespace: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Bring a load profile of quarter hours into the intervals topic; may be repeated, nothing is written twice.

    Reads start_utc,power_kw and meter,channel,start_utc,energy_kwh as they are. Of other files it is shown what they were taken for and why;
    what could mean two things is asked, never guessed, and the options answer it. Rows without a value are sent as missing; absent rows are reported.

    Refused are quarter hours that end more than 5 s after the plant's clock, as metering does with readings, and those before 1990.
    Quarter hours above 1.2 times max_power_kw of their meter are refused until --confirm above-rating; what was imported in a wrong unit is
    repaired by importing it again with a higher --revision.
    """
    from connectors.files.any_file import read_file
    from connectors.files.import_check import check
    from connectors.files.load_profile import to_intervals
    from connectors.files.plausible import power_faults, power_notes, time_faults, without_blanks_ahead
    from deploy.whereabouts import Whereabouts
    from domain.errors import InputFaults
    from domain.plant import load_plant
    from lastgang.reading import asking, options_of, show_assumptions

    plant = load_plant(folder / "plant.toml")
    limits = _limits(plant)
    billing = plant.billing_meter()
    meter = meter or (billing.id if billing else "")
    read, assumptions = asking(
        file, options_of(options | {"confirmed": confirmed}, str(plant.site.zone)), lambda stated: read_file(file, stated)
    )
    show_assumptions(assumptions)
    profile, blanks = without_blanks_ahead(read, limits)
    intervals = to_intervals(profile, plant.site.id, meter, channel, revision)
    _check_against_plant(intervals, {row.site for row in profile.rows} - {None, plant.site.id}, plant, file)
    if faults := time_faults(profile.rows, limits, str(file)):
        raise InputFaults(faults)
    notes = [*profile.notes, *power_notes(profile.rows, meter, channel, limits)]
    if blanks:
        notes.append(f"{blanks} rows without a value lie after the plant's clock: they were left out")
    for note in notes:
        click.echo(note, err=True)
    for status in profile.statuses:
        _show_status(status)
    printed: object = None
    for series in check(intervals, plant.site.zone):
        _show(series, plant)
        calendar = (series.gaps, series.days, series.change_days)
        if calendar != printed:
            _show_calendar(series, plant)
        printed = calendar
    above = power_faults(profile.rows, meter, channel, limits, str(file))
    if above and "above-rating" not in confirmed:
        raise InputFaults(above)
    for fault in above:
        click.echo(f"{fault.field}: {fault.found}; confirmed")
    if dry_run:
        click.echo(f"{len(intervals)} quarter hours would be sent; nothing was sent")
        return
    _send(intervals, Whereabouts(folder).kafka(kafka, namespace))
    click.echo(f"{len(intervals)} quarter hours sent")


def _limits(plant: Plant) -> Limits:
    from datetime import timedelta

    from connectors.files.plausible import Limits
    from domain.clock import process_clock
    from metering.rules import CLOCK_AHEAD_MS, POWER_MARGIN

    rated = {meter.id: meter.max_power_kw for meter in plant.meters}
    most = {meter: POWER_MARGIN * kw for meter, kw in rated.items()}
    return Limits(process_clock().now_utc(), timedelta(milliseconds=CLOCK_AHEAD_MS), most, rated)


def _check_against_plant(intervals: list[Interval], other_sites: set[Any], plant: Plant, file: Path) -> None:
    from domain.errors import InputFaults, fault

    faults = [fault(str(file), "site", site, f"{plant.site.id!r}, the site of the plant file") for site in sorted(other_sites)]
    known = {m.id: [r.channel for r in m.counters()] for m in plant.meters}
    for meter, channel in sorted({(i.meter, i.channel) for i in intervals}):
        if meter not in known:
            faults.append(fault(str(file), "meter", meter, f"one of the meters {sorted(known)}"))
        elif channel not in known[meter]:
            faults.append(fault(str(file), f"channel of {meter}", channel, f"one of its counters {known[meter]}"))
    if faults:
        raise InputFaults(faults)


def _show(series: SeriesCheck, plant: Plant) -> None:
    def local(instant: datetime) -> str:
        return f"{instant.astimezone(plant.site.zone):%Y-%m-%d %H:%M %z}"

    meter = plant.meter_by_id(series.meter)
    unit = next(r.unit for r in meter.counters() if r.channel == series.channel)
    energy, power = ("kvarh", "kvar") if "var" in unit else ("kWh", "kW")
    peak = "no value"
    if series.peak_utc is not None and series.peak_kw is not None:
        share = f"{series.peak_kw / meter.max_power_kw:.0%} of max_power_kw"
        peak = f"highest {series.peak_kw:.1f} {power} ({share}) at {local(series.peak_utc)}"
    click.echo(
        f"{series.meter}/{series.channel}: {series.rows} quarter hours from {local(series.first_utc)} to the one at {local(series.last_utc)}, "
        f"{series.energy_kwh:.3f} {energy}, {peak}, {series.without_value} without value, {sum(g.quarters for g in series.gaps)} not there"
    )


def _show_status(status: StatusCount) -> None:
    word = repr(status.word) if status.word else "no status"
    why = " as --status says" if status.is_explained else ""
    click.echo(f"{word}: {status.rows:,} rows, taken as {status.quality}{why}")


def _show_calendar(series: SeriesCheck, plant: Plant) -> None:
    """Gaps and days that are not whole; printed once where the next series has the same."""

    def local(instant: datetime) -> str:
        return f"{instant.astimezone(plant.site.zone):%Y-%m-%d %H:%M %z}"

    for gap in series.gaps[:10]:
        click.echo(f"  gap: {gap.quarters} quarter hours from {local(gap.from_utc)} to {local(gap.to_utc)}")
    if len(series.gaps) > 10:
        click.echo(f"  and {len(series.gaps) - 10} more gaps")
    for day in series.change_days:
        click.echo(f"  clock change {day.day}: {day.found} of {day.expected} quarter hours")
    changed = {day.day for day in series.change_days}
    partial = [day for day in series.days if day.day not in changed]
    for day in partial[:10]:
        click.echo(f"  day {day.day}: {day.found} of {day.expected} quarter hours")
    if len(partial) > 10:
        click.echo(f"  and {len(partial) - 10} more days that are not whole")


def _send(intervals: list[Interval], settings: KafkaSettings) -> None:
    import logging

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from connectors.kafka.client import RecordProducer, ensure_topics, failure
    from domain.topics import INTERVALS

    logging.getLogger("kafka").setLevel(logging.ERROR)
    ensure_topics(settings)
    columns = ("sending", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with RecordProducer(settings, linger_ms=50) as producer, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(intervals))
        pending = []
        for number, interval in enumerate(intervals, start=1):
            pending.append(producer.send(INTERVALS, interval))
            if number % _PROGRESS_EVERY == 0:
                progress.update(task, completed=number)
        producer.flush(120.0)
        progress.update(task, completed=len(intervals))
        failed = [future.exception for future in pending if future.failed()]
    if failed:
        why = failure(failed[0], settings)
        msg = f"{len(failed)} of {len(intervals)} quarter hours were not acknowledged: {why}; import again, what arrived is recognised"
        raise type(why)(msg)
