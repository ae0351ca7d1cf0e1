"""``lastgang verify``: is a report still what it was, and whose is it?"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reporting.evidence.against_ledger import BesideLedger
    from reporting.verifier import Verdict

_DATABASE = b"SQLite format 3\0"
_NO_SIGNATURE = "nobody has signed it: whoever changed it could make files and manifest fit; --files-only checks just that they fit"


@click.command("verify", epilog="Example: lastgang verify reports/werk-nord-2026-10-v2 --expect 3f1c...")
@click.argument("places", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDERS...")
@click.option(
    "--expect", default="", metavar="KEY", help="Fingerprint or public key that the plant gave you: any other is a fault."
)
@click.option("--alone", is_flag=True, help="The reports were taken home without the versions that they replace.")
@click.option("--files-only", is_flag=True, help="Only hold the files against their manifest: for reports that nobody has signed.")
@click.option(
    "--keys",
    "keys",
    type=click.Path(path_type=Path),
    default=None,
    help="Of a ledger: its folder of keys. [default: keys/ beside it]",
)
@click.option(
    "--stamp-roots",
    type=click.Path(path_type=Path),
    default=None,
    help="PEM file of the certificates that you trust to vouch for time stamps.",
)
@click.option(
    "--ledger",
    "beside",
    type=click.Path(path_type=Path),
    default=None,
    help="Also hold the reports against this ledger: whether it is still the one, and what its rows say today.",
)
def command(
    places: tuple[Path, ...],
    expect: str,
    alone: bool,
    files_only: bool,
    keys: Path | None,
    stamp_roots: Path | None,
    beside: Path | None,
) -> None:
    """Check report folders, offline: files, signatures, versions, the rows and their seals, and the figures again from the rows.

    Each fault is named with its file, its row and what was expected. Versions that a report replaces must be the ones that it names. A
    folder may also hold several reports. In the place of a folder a ledger's file may stand: then each of its rows is held against the
    chain and the seals.
    Exit 0: all hold; 1: something differs, or is not signed; 2: nothing to check.
    """
    from reporting.verifier import main

    ledgers = [place for place in places if _is_database(place)]
    folders = [str(place) for place in places if place not in ledgers]
    worst = max((_check_ledger(ledger, keys or ledger.parent / "keys", expect) for ledger in ledgers), default=0)
    if folders:

        def deeper(verdict: Verdict) -> Verdict:
            return verdict if files_only else _with_evidence(verdict, expect)

        worst = max(worst, main([*(["--alone"] if alone else []), *folders], deeper))
    sys.exit(max([worst, *_stamp_codes(folders, stamp_roots), *_ledger_codes(folders, beside)]))


def _ledger_codes(folders: list[str], path: Path | None) -> Iterator[int]:
    """1 for each signed report that the ledger contradicts."""
    if path is None:
        return
    from reporting.evidence.against_ledger import beside_ledger
    from reporting.evidence.check import check_evidence
    from reporting.ledger import Ledger
    from reporting.verifier import is_signed, report_folders

    with Ledger.open(path, readonly=True) as ledger:
        for report in (report for folder in folders for report in report_folders(Path(folder))):
            if not is_signed(report) or check_evidence(report):
                continue  # its faults are listed already
            found = beside_ledger(report, ledger)
            for fault in found.faults:
                click.echo(f"{report.name}: DOES NOT HOLD beside {path}; {fault}")
            yield 1 if found.faults else 0
            if not found.faults:
                click.echo(f"{report.name}: {path} is its ledger and gives it again as it was")
                _list_changes(report.name, found)


def _list_changes(name: str, found: BesideLedger) -> None:
    for change in found.changes:
        energies = f"{change.before_uwh / 1e9:.3f} kWh then, {change.after_uwh / 1e9:.3f} kWh today"
        click.echo(f"{name}: {change.meter} {change.channel}: {change.quarters} quarter hours restated since, {energies}")
    then, now = found.bill_eur
    if then != now:
        texts = ["no bill" if eur is None else f"{float(eur):.2f} EUR" for eur in (then, now)]
        click.echo(f"{name}: bills by its own tariff: {texts[0]} then, {texts[1]} today")
    for document in found.documents:
        click.echo(f"{name}: {document} has become another since")


def _stamp_codes(folders: list[str], stamp_roots: Path | None) -> Iterator[int]:
    """1 for each report without a time stamp that holds, where stamps are wanted."""
    if stamp_roots is None:
        return
    from reporting.stamps import StampFault, checked_stamp, roots_in
    from reporting.verifier import report_folders

    roots = roots_in(stamp_roots)
    for report in (report for folder in folders for report in report_folders(Path(folder))):
        try:
            stamp = checked_stamp(report, roots)
        except StampFault as fault:
            click.echo(str(fault))
            yield 1
            continue
        if stamp is not None:
            click.echo(f"{report.name}: existed at {stamp.at_utc:%Y-%m-%d %H:%M:%S} UTC, by stamp {stamp.serial}")
        else:
            click.echo(f"{report.name}: DOES NOT HOLD; there is no time stamp")
            yield 1


def _is_database(place: Path) -> bool:
    if not place.is_file():
        return False
    with place.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


def _with_evidence(verdict: Verdict, expect: str) -> Verdict:
    from rich.console import Console

    from reporting.evidence.check import EvidenceCheck
    from reporting.verifier import MANIFEST, Finding, is_signed

    if not is_signed(verdict.folder):
        return replace(verdict, findings=(*verdict.findings, Finding(MANIFEST, "unsigned", _NO_SIGNATURE)))
    with Console(stderr=True).status(verdict.folder.name) as status:
        check = EvidenceCheck(verdict.folder, expect.lower(), lambda file: status.update(f"{verdict.folder.name}: {file}"))
        found = (*verdict.findings, *check.run())
    if not found and not expect:
        hint = "compare it with the one that the plant gave you, or name that by --expect"
        click.echo(f"{verdict.folder}: signed by the key {check.keys[-1].fingerprint}; {hint}", err=True)
    return replace(verdict, findings=found)


def _check_ledger(path: Path, keys: Path, expect: str) -> int:
    from reporting.evidence.keys import KeyFolder
    from reporting.evidence.ledger_check import check_ledger
    from reporting.ledger import Ledger

    with Ledger.open(path, readonly=True) as ledger:
        checked = check_ledger(ledger, KeyFolder(keys).keys(), expect.lower())
    for fault in checked.faults:
        click.echo(f"{path}: {fault}")
    words = "DOES NOT HOLD" if checked.faults else "holds"
    click.echo(f"{path}: {words}; {checked.links} rows, {checked.seals} seals over the first {checked.sealed} of them")
    return 1 if checked.faults else 0
