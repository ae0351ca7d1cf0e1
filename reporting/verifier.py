"""Does a report folder still hold what its manifest says?  Standard library only, needs no network and none of our other modules.

``python verifier.py FOLDER`` does the same as ``lastgang verify FOLDER``. A manifest proves that files and manifest belong together, and the
next version's manifest proves that the one before it was not exchanged. That nobody made the newest one and its files again is proved
only by its own SHA-256 noted elsewhere (it is shown when the report is made, and here).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
CHECKSUMS = "SHA256SUMS"
STAMP_REQUEST, STAMP = "manifest.tsq", "manifest.tsr"
"""Time stamp over the manifest by RFC 3161, and the request for it: they come after it, and are checked by whom the reader trusts (``lastgang verify --stamp-roots``)."""
FORMAT = "lastgang-report-manifest-1"
"""Nobody has signed it."""
SIGNED_FORMAT = "lastgang-report-manifest-2"
"""With ``evidence/``: see docs/evidence-format.md."""
_MOST_BYTES = 64 << 20
"""Of a manifest: it names a few dozen files."""
_VERSION = re.compile(r"^(?P<report>.+)-v(?P<version>[0-9]{1,9})$")


class NoManifest(ValueError):
    """There is no manifest, or it cannot be read."""


@dataclass(frozen=True)
class Finding:
    """One file that is not as the manifest says, or one version that is not as its successor says."""

    file: str
    """From the report's folder; an earlier version lies beside it: ``../werk-nord-2026-10-v1``."""
    what: str
    """``changed``, ``missing``, ``added``, ``unreadable`` or ``misplaced``."""
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was found in one report folder."""

    folder: Path
    report: str
    version: int
    files: int
    manifest_sha256: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as the manifest says."""
        return not self.findings


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def report_folders(folder: Path) -> list[Path]:
    """`folder` if it is a report, else the reports within it."""
    if (folder / MANIFEST).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []


def verify(folder: Path, with_chain: bool = True) -> Verdict:
    """Hold every file of a report against its manifest, and the versions before it against what each successor says of them.

    Parameters
    ----------
    with_chain
        False: only this one, which was taken home without the versions that it replaces.

    Raises
    ------
    NoManifest
        If there is none that can be read.
    """
    manifest = _manifest(folder)
    listed = {str(entry["name"]): entry for entry in manifest["files"]}
    findings = [finding for name, entry in listed.items() if (finding := _check(folder, name, entry)) is not None]
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    findings += [Finding(name, "added") for name in sorted(there - set(listed) - _beside(manifest))]
    own = sha256_of(folder / MANIFEST)
    findings += _check_sums(folder, listed, own)
    findings += _misplaced(folder, manifest)
    if with_chain:
        findings += _chain(folder, manifest)
    return Verdict(folder, str(manifest["report"]), int(manifest["version"]), len(listed), own, tuple(findings))


def _beside(manifest: dict[str, Any]) -> set[str]:
    """Files that a manifest does not list."""
    return {MANIFEST, CHECKSUMS, STAMP_REQUEST, STAMP, *([SIGNATURE] if manifest["format"] == SIGNED_FORMAT else [])}


def is_signed(folder: Path) -> bool:
    """Whether a report is of the format that has evidence; no word about whether that holds."""
    try:
        return bool(_manifest(folder)["format"] == SIGNED_FORMAT)
    except NoManifest:
        return False


def _misplaced(folder: Path, manifest: dict[str, Any]) -> list[Finding]:
    """A folder that is named like another version than it holds: versions that changed places."""
    named = _VERSION.match(folder.resolve().name)
    if named is None or (named["report"], int(named["version"])) == (manifest["report"], manifest["version"]):
        return []
    is_of = f"it is of {manifest['report']} version {manifest['version']}"
    return [Finding(MANIFEST, "misplaced", f"{is_of}, the folder is named as {named['report']} version {named['version']}")]


def _chain(folder: Path, manifest: dict[str, Any]) -> Iterator[Finding]:
    """The first version before this one that is not there, or not the one that its successor names."""
    where, prefix = folder.resolve(), ""
    while manifest.get("replaces") is not None:
        if manifest["format"] == SIGNED_FORMAT and not _is_beside(where, manifest["replaces"]):
            return  # its own evidence has the chain
        earlier = _earlier(where, manifest, prefix)
        if isinstance(earlier, Finding):
            yield earlier
            return
        where, manifest = earlier
        prefix = f"../{where.name}/"
    if manifest["version"] != 1:
        yield Finding(f"{prefix}{MANIFEST}", "changed", f"version {manifest['version']} says that it replaces none")


def _is_beside(where: Path, replaces: object) -> bool:
    name = replaces.get("report") if isinstance(replaces, dict) else None
    return not isinstance(name, str) or (where.parent / name / MANIFEST).exists()


def _earlier(where: Path, manifest: dict[str, Any], prefix: str) -> tuple[Path, dict[str, Any]] | Finding:
    """Folder and manifest of the version before `manifest`, or what is wrong with it."""
    replaces = manifest["replaces"]
    if fault := _link_fault(manifest, replaces):
        return Finding(f"{prefix}{MANIFEST}", "changed", fault)
    folder = where.parent / replaces["report"]
    named = f"../{folder.name}/{MANIFEST}"
    if not (folder / MANIFEST).is_file():
        return Finding(f"../{folder.name}", "missing", f"{where.name} replaces it; with this version alone, check it by --alone")
    digest = sha256_of(folder / MANIFEST)
    if digest != replaces["manifest_sha256"]:
        return Finding(named, "changed", f"{where.name} names the SHA-256 {replaces['manifest_sha256']}, found {digest}")
    try:
        earlier = _manifest(folder)
    except NoManifest as error:
        return Finding(named, "unreadable", str(error))
    if (earlier["report"], earlier["version"]) != (manifest["report"], manifest["version"] - 1):
        is_of = f"{earlier['report']} version {earlier['version']}"
        return Finding(named, "misplaced", f"it is of {is_of}, {where.name} replaces version {manifest['version'] - 1}")
    return folder, earlier


def _link_fault(manifest: dict[str, Any], replaces: object) -> str:
    """What is wrong with the words by which a manifest names the version before it; empty if nothing is."""
    if not isinstance(replaces, dict) or not {"report", "version", "manifest_sha256"} <= set(replaces):
        return "found no report, version and manifest_sha256 of the version that it replaces"
    expected = f"{manifest['report']}-v{manifest['version'] - 1}"
    if (replaces["report"], replaces["version"]) != (expected, manifest["version"] - 1) or manifest["version"] < 2:
        return f"version {manifest['version']} says that it replaces {replaces['report']!r}, version {replaces['version']!r}"
    return ""


def _manifest(folder: Path) -> dict[str, Any]:
    where = folder / MANIFEST
    if not where.is_file() or where.stat().st_size > _MOST_BYTES:
        msg = f"{where}: found no file of at most {_MOST_BYTES >> 20} MiB"
        raise NoManifest(msg)
    try:
        manifest = json.loads(where.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NoManifest(f"{where}: {error}") from error  # noqa: EM102
    if not isinstance(manifest, dict) or manifest.get("format") not in (FORMAT, SIGNED_FORMAT):
        msg = f"{where}: found no manifest of the format {FORMAT} or {SIGNED_FORMAT}"
        raise NoManifest(msg)
    files = manifest.get("files")
    if not isinstance(files, list) or not all(isinstance(f, dict) and {"name", "sha256", "bytes"} <= set(f) for f in files):
        msg = f"{where}: found no list of files with name, sha256 and bytes"
        raise NoManifest(msg)
    report = manifest.get("report")
    if not isinstance(report, str) or Path(report).name != report or type(manifest.get("version")) is not int:
        msg = f"{where}: found no report id and version"
        raise NoManifest(msg)
    return manifest


def _check(folder: Path, name: str, entry: dict[str, Any]) -> Finding | None:
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return Finding(name, "unreadable", "the manifest names a file outside the report")
    try:
        if not path.is_file():
            return Finding(name, "missing")
        size = path.stat().st_size
        if size != entry["bytes"]:
            return Finding(name, "changed", f"{size} bytes, {entry['bytes']} expected")
        if sha256_of(path) == entry["sha256"]:
            return None
    except (OSError, ValueError) as error:
        return Finding(name, "unreadable", str(error))
    return Finding(name, "changed", "same length, other content")


def _check_sums(folder: Path, listed: dict[str, dict[str, Any]], manifest_sha256: str) -> list[Finding]:
    """The file for ``sha256sum -c`` must say the same as the manifest, and name the manifest itself."""
    expected = {name: str(entry["sha256"]) for name, entry in listed.items()} | {MANIFEST: manifest_sha256}
    where = folder / CHECKSUMS
    try:
        if not where.is_file():
            return [Finding(CHECKSUMS, "missing")]
        if where.stat().st_size > _MOST_BYTES:
            return [Finding(CHECKSUMS, "changed", f"more than {_MOST_BYTES >> 20} MiB")]
        text = where.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        return [Finding(CHECKSUMS, "unreadable", str(error))]
    found = {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}
    if found.get(MANIFEST) != manifest_sha256 and {**found, MANIFEST: ""} == {**expected, MANIFEST: ""}:
        return [Finding(MANIFEST, "changed", f"not the one that {CHECKSUMS} names")]
    return [] if found == expected else [Finding(CHECKSUMS, "changed", f"not what {MANIFEST} says")]


def verify_all(folders: list[Path], with_chain: bool = True) -> list[Verdict | NoManifest]:
    """Verdicts of reports that lie together; two that call themselves the same version are a finding of both."""
    verdicts: list[Verdict | NoManifest] = []
    for folder in folders:
        try:
            verdicts.append(verify(folder, with_chain))
        except NoManifest as error:
            verdicts.append(error)
    places: dict[tuple[str, int], list[str]] = {}
    for verdict in verdicts:
        if isinstance(verdict, Verdict):
            places.setdefault((verdict.report, verdict.version), []).append(verdict.folder.name)
    return [_with_doubles(verdict, places) if isinstance(verdict, Verdict) else verdict for verdict in verdicts]


def _with_doubles(verdict: Verdict, places: dict[tuple[str, int], list[str]]) -> Verdict:
    others = [name for name in places[verdict.report, verdict.version] if name != verdict.folder.name]
    doubles = tuple(Finding(MANIFEST, "misplaced", f"{other} calls itself version {verdict.version}, too") for other in others)
    return replace(verdict, findings=verdict.findings + doubles)


def _as_found(verdict: Verdict) -> Verdict:
    return verdict


def main(arguments: list[str], deeper: Callable[[Verdict], Verdict] = _as_found) -> int:
    """Verify the folders named on the command line; 0 if all hold, 1 if not, 2 if there is nothing to verify.

    ``--alone``: reports that were taken home without the versions that they replace. `deeper` may add to what was found in a report.
    """
    worst, with_chain = 0, "--alone" not in arguments
    for argument in [word for word in arguments if word != "--alone"] or ["."]:
        folders = report_folders(Path(argument))
        if not folders:
            print(_shown(f"{argument}: found no {MANIFEST}, here or one folder below"), file=sys.stderr)
            worst = max(worst, 2)
        verdicts = [deeper(one) if isinstance(one, Verdict) else one for one in verify_all(folders, with_chain)]
        worst = max([worst, *map(_print_verdict, verdicts)])
    return worst


def _print_verdict(verdict: Verdict | NoManifest) -> int:
    if isinstance(verdict, NoManifest):
        print(_shown(str(verdict)), file=sys.stderr)
        return 2
    for finding in verdict.findings:
        place = os.path.normpath(verdict.folder / finding.file)
        print(_shown(f"{place}: {finding.what}{f' ({finding.detail})' if finding.detail else ''}"))
    words = "holds" if verdict.holds else "DOES NOT HOLD"
    report = f"{verdict.report} version {verdict.version}"
    print(_shown(f"{report}: {words}; {verdict.files} files, manifest SHA-256 {verdict.manifest_sha256}"))
    return 0 if verdict.holds else 1


def _shown(line: str) -> str:
    """A line as a terminal can bear it, whatever a manifest or a file name holds."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= 2_000 else f"{shown[:2_000]}…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
