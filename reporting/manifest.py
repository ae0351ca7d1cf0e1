"""The list of a report's files with their hashes, and who issued what when."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InputFaults
from domain.files import read_text_input
from reporting.data import as_json
from reporting.verifier import CHECKSUMS, FORMAT, MANIFEST, SIGNATURE, STAMP, STAMP_REQUEST, sha256_of

_VERSION = re.compile(r"^(?P<report>.+)-v(?P<version>\d+)$")


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """A report of the same month that lies in the same folder."""

    folder: Path
    version: int
    manifest: Mapping[str, Any]
    manifest_sha256: str


def earlier_versions(out: Path, report: str) -> list[EarlierVersion]:
    """Versions of `report` in the folder `out`, oldest first; folders without a manifest that can be read are passed over."""
    found = []
    for path in out.glob(f"{report}-v*"):
        name = _VERSION.match(path.name)
        if name is None or name["report"] != report:
            continue
        digest = sha256_of(path / MANIFEST) if (path / MANIFEST).is_file() else ""
        found.append(EarlierVersion(path, int(name["version"]), _manifest_in(path), digest))
    return sorted(found, key=lambda earlier: earlier.version)


def _manifest_in(folder: Path) -> Mapping[str, Any]:
    """The manifest of a report; empty if it cannot be read."""
    try:
        manifest = json.loads(read_text_input(folder / MANIFEST))
    except (InputFaults, ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def file_entries(folder: Path) -> list[dict[str, Any]]:
    """Name, hash and size of every file of a report but the manifest, its signature and stamp, and the checksums."""
    beside = {folder / name for name in (MANIFEST, SIGNATURE, CHECKSUMS, STAMP_REQUEST, STAMP)}
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p not in beside)
    return [{"name": p.relative_to(folder).as_posix(), "sha256": sha256_of(p), "bytes": p.stat().st_size} for p in files]


def write_manifest(folder: Path, header: Mapping[str, Any], manifest_format: str = FORMAT) -> str:
    """Write manifest and checksum file over what is in `folder`; gives the manifest's SHA-256."""
    entries = file_entries(folder)
    manifest = {"format": manifest_format, **header, "files": entries}
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")
    own = sha256_of(folder / MANIFEST)
    lines = [f"{entry['sha256']}  {entry['name']}\n" for entry in entries] + [f"{own}  {MANIFEST}\n"]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
    return own
