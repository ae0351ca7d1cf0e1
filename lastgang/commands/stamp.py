"""``lastgang stamp``: let somebody outside the plant confirm when a report existed."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("stamp", epilog="Example: lastgang stamp reports/werk-nord-2026-10-v1 --server https://stamps.example/tsr")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--server", default=None, metavar="URL", help="Time stamp server (RFC 3161). [default: only write the request]")
@click.option("--response", type=click.Path(path_type=Path), default=None, help="An answer that was fetched by hand.")
def command(folder: Path, server: str | None, response: Path | None) -> None:
    """Put a time stamp by RFC 3161 beside a report's manifest.

    Only the SHA-256 of the manifest leaves the machine. Without network: take manifest.tsq to a stamp server, and bring its answer back with
    --response. Whoever receives the report checks it by `lastgang verify --stamp-roots`.
    """
    from domain.files import read_input
    from reporting.stamps import keep_stamp, request_stamp, sent_to
    from reporting.verifier import STAMP_REQUEST

    if server is not None and response is not None:
        msg = "--server and --response: expected one of them"
        raise click.UsageError(msg)
    request = request_stamp(folder)
    if server is None and response is None:
        click.echo(click.format_filename(folder / STAMP_REQUEST))
        return
    answer = read_input(response) if response is not None else sent_to(str(server), request)
    stamp = keep_stamp(folder, answer)
    click.echo(f"stamped at {stamp.at_utc:%Y-%m-%d %H:%M:%S} UTC, serial number {stamp.serial}")
