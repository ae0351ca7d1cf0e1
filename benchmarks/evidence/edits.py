"""Random edits of a signed report, as somebody without its key could make them; each states where it must be found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reporting.evidence.bundle import MANIFEST_MESSAGE, signature_bytes
from reporting.evidence.check import KEYS, ROWS, SEALS
from reporting.evidence.figures import REPORT
from reporting.evidence.keys import fingerprint_of
from reporting.ledger.chain import leaf_of
from reporting.verifier import CHECKSUMS, MANIFEST, SIGNATURE

Files = dict[str, bytes]
VERSIONS = "evidence/versions/"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signed report as an edit sees it: its files, those of its earlier versions, and those of another month."""

    files: Mapping[str, bytes]
    earlier: Sequence[Mapping[str, bytes]]
    other_month: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Edited:
    """What the folder holds after an edit, and what a finding of it must name."""

    files: Files
    files_named: frozenset[str]
    """At least one of them must be named."""
    words: str = ""
    """Must stand in a finding of that file, such as the number of the row; empty: any."""
    notes: str = field(default="")


Edit = Callable[[Bundle, Random], Edited | None]
"""None where there is nothing to do it to."""


def _made_to_fit(files: Files) -> Files:
    """Manifest and checksums written again over the files as they are: the forgery that held before reports were signed."""
    manifest = json.loads(files[MANIFEST])
    names = sorted(set(files) - {MANIFEST, SIGNATURE, CHECKSUMS})
    manifest["files"] = [{"name": name, "sha256": sha256(files[name]).hexdigest(), "bytes": len(files[name])} for name in names]
    return _with_manifest(files, manifest)


def _with_manifest(files: Files, manifest: dict[str, object]) -> Files:
    content = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    listed: list[dict[str, str]] = json.loads(content)["files"]
    sums = [f"{entry['sha256']}  {entry['name']}\n" for entry in listed] + [f"{sha256(content).hexdigest()}  {MANIFEST}\n"]
    return {**files, MANIFEST: content, CHECKSUMS: "".join(sums).encode()}


def _named(*names: str) -> frozenset[str]:
    return frozenset(names)


def one_byte(bundle: Bundle, draw: Random) -> Edited:
    """One byte of one file becomes another."""
    files = dict(bundle.files)
    name = draw.choice(sorted(name for name in files if files[name]))
    content = bytearray(files[name])
    place = draw.randrange(len(content))
    content[place] ^= draw.randint(1, 255)
    files[name] = bytes(content)
    # A manifest may become another that can be read: then its signature is what does not fit.
    return Edited(files, _named(name, SIGNATURE) if name == MANIFEST else _named(name), notes=f"{name} byte {place}")


def cut_or_grown(bundle: Bundle, draw: Random) -> Edited:
    """A file loses its end, or gets one."""
    files = dict(bundle.files)
    name = draw.choice(sorted(name for name in files if files[name]))
    longer = draw.random() < 0.5
    files[name] = files[name] + draw.randbytes(draw.randint(1, 9)) if longer else files[name][: draw.randrange(len(files[name]))]
    return Edited(files, _named(name, SIGNATURE) if name == MANIFEST else _named(name), notes=name)


def file_gone_or_new(bundle: Bundle, draw: Random) -> Edited:
    """A file is taken away, or one is put in."""
    files = dict(bundle.files)
    if draw.random() < 0.3:
        name = draw.choice(["note.txt", "evidence/more.txt", "evidence/config/other.toml"])
        files[name] = draw.randbytes(5)
    else:
        name = draw.choice(sorted(files))
        del files[name]
    return Edited(files, _named(name, MANIFEST), notes=name)


def _rows(files: Mapping[str, bytes]) -> list[bytes]:
    return files[ROWS].removesuffix(b"\n").split(b"\n")


def _line(line: bytes, row: bytes) -> bytes:
    """The line of a row with a short hash that fits."""
    return b"%s %s %s" % (line.split(b" ")[0], leaf_of(row).hex()[:16].encode(), row)


def row_changed(bundle: Bundle, draw: Random) -> Edited:
    """A value of a row becomes another: as it is, with a short hash that fits, or with manifest and checksums that fit, too."""
    files, lines = dict(bundle.files), _rows(bundle.files)
    place = draw.choice([n for n, line in enumerate(lines) if b'["interval"' in line])
    values = json.loads(lines[place].split(b" ", 2)[2])
    column = draw.choice([4, 5, 6, 7, 10, 12])
    values[column] = (values[column] or 0) + draw.randint(1, 10**9)
    row = json.dumps(values, separators=(",", ":")).encode()
    link = lines[place].split(b" ")[0].decode()
    depth = draw.randrange(3)
    lines[place] = b" ".join([*lines[place].split(b" ")[:2], row]) if depth == 0 else _line(lines[place], row)
    files[ROWS] = b"\n".join(lines) + b"\n"
    if depth == 2:
        files = _made_to_fit(files)
    return Edited(files, _named(ROWS), f"row {link}:" if depth == 0 else "", f"row {link}, depth {depth}")


def rows_reordered(bundle: Bundle, draw: Random) -> Edited:
    """Rows change places, one is taken out, or one is put in twice; manifest and checksums may fit."""
    files, lines = dict(bundle.files), _rows(bundle.files)
    one, other = sorted(draw.sample(range(len(lines)), 2))
    how = draw.choice(["swap", "out", "twice", "numbers"])
    if how == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    elif how == "out":
        del lines[one]
    elif how == "twice":
        lines.insert(other, lines[one])
    else:
        first, second = (lines[n].split(b" ", 1) for n in (one, other))
        lines[one], lines[other] = b" ".join([first[0], second[1]]), b" ".join([second[0], first[1]])
    files[ROWS] = b"\n".join(lines) + b"\n"
    return Edited(_made_to_fit(files) if draw.random() < 0.5 else files, _named(ROWS), notes=how)


def seals_reordered(bundle: Bundle, draw: Random) -> Edited | None:
    """Seals change places, the last one is taken away, or one says another root; manifest and checksums may fit."""
    files = dict(bundle.files)
    lines = files[SEALS].splitlines()
    how = draw.choice(["swap", "out", "other root"])
    place = draw.randrange(len(lines))
    if how == "swap":
        if len(lines) < 2:
            return None
        one, other = draw.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
    elif how == "out":
        del lines[place]
    else:
        entry = json.loads(lines[place])
        values = json.loads(entry["statement"])
        values[6] = draw.randbytes(32).hex()
        entry["statement"] = json.dumps(values, separators=(",", ":"))
        lines[place] = json.dumps(entry).encode()
    files[SEALS] = b"\n".join(lines) + b"\n"
    return Edited(_made_to_fit(files) if draw.random() < 0.5 else files, _named(SEALS), notes=how)


def version_dropped(bundle: Bundle, draw: Random) -> Edited | None:
    """An earlier version is taken out of the chain, exchanged, or hidden by a manifest that is the first one."""
    if not bundle.earlier:
        return None
    files = dict(bundle.files)
    version = draw.randint(1, len(bundle.earlier))
    path = f"{VERSIONS}v{version}.json"
    how = draw.choice(["out", "changed", "exchanged", "hidden"])
    if how == "out":
        del files[path], files[f"{VERSIONS}v{version}.sig"]
    elif how == "changed":
        manifest = json.loads(files[path])
        manifest["author"] = "somebody"
        files[path] = json.dumps(manifest).encode()
    elif how == "exchanged":
        files[path] = bundle.other_month[MANIFEST]
        files[f"{VERSIONS}v{version}.sig"] = bundle.other_month[SIGNATURE]
    else:
        files = {name: content for name, content in files.items() if not name.startswith(VERSIONS)}
        manifest = json.loads(files[MANIFEST]) | {"version": 1, "replaces": None, "changes": None}
        return Edited(_made_to_fit(_with_manifest(files, manifest)), _named(MANIFEST, SIGNATURE), notes=how)
    return Edited(_made_to_fit(files) if draw.random() < 0.5 else files, _named(path, MANIFEST), notes=how)


def signer_exchanged(bundle: Bundle, draw: Random) -> Edited:
    """Everything is signed by a key of somebody else: with a list of keys of their own, or put behind the plant's."""
    files = dict(bundle.files)
    report = json.loads(files[REPORT])
    report["organisation"] = "somebody else"
    files[REPORT] = json.dumps(report).encode()
    private = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
    public = private.public_key().public_bytes_raw()
    keys = json.loads(files[KEYS])
    own = draw.random() < 0.5
    before = "0" * 64 if own else sha256(keys[-1]["statement"].encode()).hexdigest()
    site = json.loads(files[MANIFEST])["site"]
    values = ["lastgang-key-1", site, 1 if own else len(keys) + 1, public.hex(), 0, before]
    statement = json.dumps(values, separators=(",", ":"))
    signature = private.sign(statement.encode()).hex()
    entry = {"statement": statement, "by_previous": "" if own else signature, "by_itself": signature}
    files[KEYS] = json.dumps([entry] if own else [*keys, entry]).encode()
    if own:
        files[SEALS] = _sealed_by(files[SEALS], private, public)
        manifest = json.loads(files[MANIFEST])
        last = json.loads(files[SEALS].splitlines()[-1])["statement"]
        manifest["seal"]["statement_sha256"] = sha256(last.encode()).hexdigest()
        files = _with_manifest(files, manifest)
    files = _made_to_fit(files)
    files[SIGNATURE] = signature_bytes(fingerprint_of(public), private.sign(MANIFEST_MESSAGE + files[MANIFEST]).hex())
    return Edited(files, _named(KEYS), notes="keys of their own" if own else "behind the plant's")


def _sealed_by(seals: bytes, private: Ed25519PrivateKey, public: bytes) -> bytes:
    """All seals signed again, each with the SHA-256 of the one before."""
    lines, before = [], "0" * 64
    for line in seals.splitlines():
        values = json.loads(json.loads(line)["statement"])
        values[8:] = [before, fingerprint_of(public)]
        statement = json.dumps(values, separators=(",", ":"))
        before = sha256(statement.encode()).hexdigest()
        lines.append(json.dumps({"statement": statement, "signature": private.sign(statement.encode()).hex()}))
    return "".join(f"{line}\n" for line in lines).encode()


def replayed(bundle: Bundle, draw: Random) -> Edited:
    """Another report of the same plant in the place of this one: another month, an earlier version, or some of their files."""
    donor = draw.choice([bundle.other_month, *bundle.earlier])
    if draw.random() < 0.4:
        return Edited(dict(donor), _named(MANIFEST), notes="whole")
    files = dict(bundle.files)
    choices = sorted(name for name in donor if name in files and donor[name] != files[name] and name != CHECKSUMS)
    name = draw.choice(choices)
    files[name] = donor[name]
    fits = name not in (MANIFEST, SIGNATURE) and draw.random() < 0.5
    # Where the manifest fits, only its signature can tell.
    return Edited(_made_to_fit(files) if fits else files, _named(name, SIGNATURE), notes=f"{name}{', made to fit' if fits else ''}")


def figure_forged(bundle: Bundle, draw: Random) -> Edited:
    """A figure of the report is changed, with manifest and checksums that fit: what held before reports were signed."""
    files, report = dict(bundle.files), json.loads(bundle.files[REPORT])
    meter = draw.choice(report["meters"])
    bill = next((one["bill"] for one in (report["cost"], *report["cost"].get("months", [])) if one["bill"] is not None), None)
    how = draw.choice(["energy", "peak", "bill"])
    if how == "bill" and bill is not None:
        bill["lines"][0]["amount_eur"] = round(bill["lines"][0]["amount_eur"] + 1.23, 2)
        bill["total_eur"] = round(bill["total_eur"] + 1.23, 2)
    elif how == "peak" and meter["peak"] is not None:
        meter["peak"]["energy_uwh"] -= draw.randint(1, meter["peak"]["energy_uwh"] or 1)
    else:
        meter["energy_uwh"] += draw.randint(1, 10**9)
    files[REPORT] = json.dumps(report, indent=2).encode()
    return Edited(_made_to_fit(files), _named(REPORT), notes=how)


EDITS: Mapping[str, Edit] = {
    "byte": one_byte,
    "end of a file": cut_or_grown,
    "file gone or new": file_gone_or_new,
    "row changed": row_changed,
    "rows reordered": rows_reordered,
    "seals reordered": seals_reordered,
    "version dropped": version_dropped,
    "signer exchanged": signer_exchanged,
    "replay": replayed,
    "figure forged": figure_forged,
}
"""What is done -> how."""
