"""Does a report folder still hold what its manifest says?  Standard library only, needs no network and none of our other modules.

``python verifier.py FOLDER`` does the same as ``lastgang verify FOLDER``. A manifest proves that files and manifest belong together; that
nobody made both anew is proved only by the manifest's own SHA-256 noted elsewhere (it is shown when the report is made, and here).
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
FORMAT = "lastgang-report-manifest-1"


class NoManifest(ValueError):
    """There is no manifest, or it cannot be read."""


@dataclass(frozen=True)
class Finding:
    """One file that is not as the manifest says."""

    file: str
    what: str
    """``changed``, ``missing``, ``added`` or ``unreadable``."""
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


def verify(folder: Path) -> Verdict:
    """Hold every file of a report against its manifest.

    Raises
    ------
    NoManifest
        If there is none that can be read.
    """
    manifest = _manifest(folder)
    listed = {str(entry["name"]): entry for entry in manifest["files"]}
    findings = [finding for name, entry in listed.items() if (finding := _check(folder, name, entry)) is not None]
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    findings += [Finding(name, "added") for name in sorted(there - set(listed) - {MANIFEST, CHECKSUMS})]
    own = sha256_of(folder / MANIFEST)
    findings += _check_sums(folder, listed, own)
    return Verdict(folder, str(manifest["report"]), int(manifest["version"]), len(listed), own, tuple(findings))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoManifest(f"{folder / MANIFEST}: {error}") from error  # noqa: EM102
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        msg = f"{folder / MANIFEST}: found no manifest of the format {FORMAT}"
        raise NoManifest(msg)
    files = manifest.get("files")
    if not isinstance(files, list) or not all(isinstance(f, dict) and {"name", "sha256", "bytes"} <= set(f) for f in files):
        msg = f"{folder / MANIFEST}: found no list of files with name, sha256 and bytes"
        raise NoManifest(msg)
    if "report" not in manifest or not isinstance(manifest.get("version"), int):
        msg = f"{folder / MANIFEST}: found no report id and version"
        raise NoManifest(msg)
    return manifest


def _check(folder: Path, name: str, entry: dict[str, Any]) -> Finding | None:
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return Finding(name, "unreadable", "the manifest names a file outside the report")
    if not path.is_file():
        return Finding(name, "missing")
    try:
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        return Finding(name, "unreadable", str(error))
    if digest == entry["sha256"]:
        return None
    detail = f"{size} bytes, {entry['bytes']} expected" if size != entry["bytes"] else "same length, other content"
    return Finding(name, "changed", detail)


def _check_sums(folder: Path, listed: dict[str, dict[str, Any]], manifest_sha256: str) -> list[Finding]:
    """The file for ``sha256sum -c`` must say the same as the manifest, and name the manifest itself."""
    expected = {name: str(entry["sha256"]) for name, entry in listed.items()} | {MANIFEST: manifest_sha256}
    try:
        text = (folder / CHECKSUMS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return [Finding(CHECKSUMS, "missing")]
    except (OSError, ValueError) as error:
        return [Finding(CHECKSUMS, "unreadable", str(error))]
    found = {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}
    if found.get(MANIFEST) != manifest_sha256 and {**found, MANIFEST: ""} == {**expected, MANIFEST: ""}:
        return [Finding(MANIFEST, "changed", f"not the one that {CHECKSUMS} names")]
    return [] if found == expected else [Finding(CHECKSUMS, "changed", f"not what {MANIFEST} says")]


def main(arguments: list[str]) -> int:
    """Verify the folders named on the command line; 0 if all hold, 1 if not, 2 if there is nothing to verify."""
    worst = 0
    for argument in arguments or ["."]:
        folders = report_folders(Path(argument))
        if not folders:
            print(f"{argument}: found no {MANIFEST}, here or one folder below", file=sys.stderr)
            worst = max(worst, 2)
        for folder in folders:
            worst = max(worst, _tell(folder))
    return worst


def _tell(folder: Path) -> int:
    try:
        verdict = verify(folder)
    except NoManifest as error:
        print(error, file=sys.stderr)
        return 2
    for finding in verdict.findings:
        print(f"{folder / finding.file}: {finding.what}{f' ({finding.detail})' if finding.detail else ''}")
    words = "holds" if verdict.holds else "DOES NOT HOLD"
    print(f"{verdict.report} version {verdict.version}: {words}; {verdict.files} files, manifest SHA-256 {verdict.manifest_sha256}")
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
