"""``lastgang report``: a month, quarter, year or span of days to take home, and to check."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from words.catalogue import DEFAULT, languages

if TYPE_CHECKING:
    from reporting.periods import Period


@click.command(
    "report",
    epilog="Example: lastgang report --plant my-plant --month 2026-10 --out reports --author 'M. Adler'",
)
@click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml and the tariff.")
@click.option(
    "--ledger", "path", type=click.Path(path_type=Path), default=None, help="The ledger's file. [default: that of `lastgang up`]"
)
@click.option("--month", default=None, metavar="YYYY-MM", help="Local month of the plant.")
@click.option("--quarter", default=None, metavar="YYYY-QN", help="Local quarter of a year.")
@click.option("--year", default=None, metavar="YYYY", help="Local year.")
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), default=None, help="First local day of a span of days; with --to."
)
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Its last local day, which is in it.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of reports; each version gets its own folder in it."
)
@click.option(
    "--as-of", default=None, metavar="INSTANT", help="Data as known at this instant, with Z or offset. [default: all there is]"
)
@click.option("--language", type=click.Choice(languages()), default=DEFAULT, show_default=True, help="Of PDF and workbook.")
@click.option("--author", default="", help="Who answers for the report.")
@click.option("--approver", default="", help="Who has approved it.")
@click.option(
    "--keys", type=click.Path(path_type=Path), default=None, help="Folder of the signing keys. [default: keys/ beside the ledger]"
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    default=None,
    envvar="LASTGANG_CERTIFICATE",
    help="PKCS#12 file that signs the PDF; its passphrase: LASTGANG_CERTIFICATE_PASSPHRASE. [default: LASTGANG_CERTIFICATE; unset: not signed]",
)
@click.option(
    "--stamp-server",
    default=None,
    metavar="URL",
    envvar="LASTGANG_STAMP_SERVER",
    help="Time stamp server (RFC 3161) that confirms the manifest. [default: LASTGANG_STAMP_SERVER; unset: no stamp]",
)
@click.option(
    "--progress",
    type=click.Choice(["auto", "lines", "none"]),
    default="auto",
    show_default=True,
    help="What shows how far it is, on stderr: a bar on a terminal, a line of JSON a step for programs, or nothing.",
)
def command(
    folder: Path,
    path: Path | None,
    month: str | None,
    quarter: str | None,
    year: str | None,
    first: datetime | None,
    last: datetime | None,
    out: Path,
    as_of: str | None,
    language: Any,
    author: str,
    approver: str,
    keys: Path | None,
    certificate: Path | None,
    stamp_server: str | None,
    progress: Any,
) -> None:
    """Write the energy report of a month, quarter, year or span of days: CSV, XLSX, PDF, JSON and a manifest. A second one becomes the next version; the first one stays.

    Where the plant has a signing key (`lastgang keys new`) the ledger is sealed and the report is signed: it holds the rows that its figures
    rest on, the proofs that they are those of the ledger, and a program that checks it without ours. Without a key it proves nothing.
    """
    import os
    from dataclasses import replace

    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.files import check_output_folder
    from domain.instants import as_utc
    from domain.plant import load_plant
    from lastgang.ledger_file import opened_ledger
    from lastgang.report_progress import shown
    from reporting.evidence.bundle import Evidence
    from reporting.evidence.keys import KeyFolder
    from reporting.report import ReportOrder, write_report
    from reporting.signing import PASSPHRASE, load_signer
    from reporting.stamps import StampFault, keep_stamp, request_stamp, sent_to
    from words.speech import of_page

    plant = load_plant(folder / "plant.toml")
    period = _period(plant.site.timezone, month, quarter, year, first, last)
    try:
        as_of_utc = None if as_of is None else as_utc(datetime.fromisoformat(as_of))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--as-of") from error
    clock = process_clock()
    signer = None if certificate is None else load_signer(certificate, os.environ.get(PASSPHRASE), clock.now_utc())
    order = ReportOrder(folder, out, language, _name(author, "--author"), _name(approver, "--approver"), as_of_utc, signer)
    path = path or Whereabouts(folder).ledger
    key_folder = KeyFolder(keys or path.parent / "keys")
    signs = bool(key_folder.keys())
    check_output_folder(out)
    with opened_ledger(path, readonly=not signs) as ledger, shown(progress, of_page(language, plant.site.zone)) as seen:
        order = replace(order, evidence=Evidence.of(ledger, key_folder), progress=seen)
        made = write_report(ledger, plant, period, order, clock.now_utc())
    click.echo(click.format_filename(made.folder))
    for note in made.notes:
        click.echo(note, err=True)
    signed = (
        f"signed by {order.evidence.signer.fingerprint}"
        if order.evidence is not None
        else "not signed: `lastgang keys new` makes a key"
    )
    click.echo(signed, err=True)
    if stamp_server is not None:
        try:
            stamp = keep_stamp(made.folder, sent_to(stamp_server, request_stamp(made.folder)))
            click.echo(f"stamped at {stamp.at_utc:%Y-%m-%d %H:%M:%S} UTC, serial number {stamp.serial}", err=True)
        except StampFault as fault:  # the report is made; a stamp can be added later by `lastgang stamp`
            click.echo(f"not stamped: {fault}", err=True)
    click.echo(f"{made.report} version {made.version}, {made.status}; manifest SHA-256 {made.manifest_sha256}", err=True)


def _period(
    timezone: str, month: str | None, quarter: str | None, year: str | None, first: datetime | None, last: datetime | None
) -> Period:
    """The one period that the options name."""
    from reporting.periods import month_period, quarter_period, span_period, year_period

    kinds = {"--month": (month, month_period), "--quarter": (quarter, quarter_period), "--year": (year, year_period)}
    given = [option for option, (value, _) in kinds.items() if value is not None]
    given += ["--from, --to"] if first is not None or last is not None else []
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        msg = f"found {found}; expected exactly one of --month, --quarter, --year, or --from with --to"
        raise click.UsageError(msg)
    (option,) = given
    try:
        if option in kinds:
            value, of = kinds[option]
            return of(value or "", timezone)
        if first is None or last is None:
            msg = f"found --{'from' if last is None else 'to'} alone; expected --from with --to"
            raise click.UsageError(msg)
        return span_period(first.date(), last.date(), timezone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _name(text: str, option: str) -> str:
    from domain.texts import KEY_LENGTH, refused_character

    if refused := refused_character(text):
        msg = f"found {refused}; expected a name of printable characters, as UTF-8"
        raise click.BadParameter(msg, param_hint=option)
    if len(text) > KEY_LENGTH:
        msg = f"found {len(text):,} characters; expected at most {KEY_LENGTH}"
        raise click.BadParameter(msg, param_hint=option)
    return text
