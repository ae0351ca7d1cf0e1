"""Checks a signed Lastgang report: ``python3 verify.py FOLDER [--expect KEY]``.  Needs Python 3.9 or later and nothing else.

Written from docs/evidence-format.md, whose sections stand beside the checks.  Ends with 0 if the report holds, else 1.  KEY is the fingerprint or
public key that the plant gave you: without it this proves that the parts belong together, not whose they are."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]
ZEROS, MANIFEST, SIGNATURE, REPORT = "0" * 64, "manifest.json", "manifest.sig", "report.json"
ROWS, SEALS, KEYS = "evidence/rows.txt", "evidence/seals.jsonl", "evidence/keys.json"
PROOFS, BILL = "evidence/proofs.json", "evidence/bill.json"


def _point(data: bytes) -> Point:  # Ed25519: RFC 8032, section 5.1
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - x2) % P or (x == 0 and sign):
        raise ValueError(number)
    return (x := P - x if x & 1 != sign else x), y, 1, x * y % P


def _plus(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, p: Point, q: Point = (0, 1, 1, 0)) -> Point:
    while n:
        q, p, n = _plus(q, p) if n & 1 else q, _plus(p, p), n >> 1
    return q


@lru_cache(maxsize=4096)
def signed(public: str, message: bytes, signature: str) -> bool:
    key, both = bytes.fromhex(public), bytes.fromhex(signature)
    a, r, s = _point(key), _point(both[:32]), int.from_bytes(both[32:], "little")
    k = int.from_bytes(sha512(both[:32] + key + message).digest(), "little") % L
    p, q = _times(s, _point(bytes.fromhex("58" + "66" * 31))), _plus(r, _times(k, a))
    same = not ((p[0] * q[2] - q[0] * p[2]) % P or (p[1] * q[2] - q[1] * p[2]) % P)
    return same and s < L and both.hex() == signature and key.hex() == public


def seconds(text: str) -> Fraction:  # since 1970
    return Fraction(str(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()))


def rounded(value: Fraction, decimals: int) -> Fraction:  # halves away from zero
    return Fraction((1 if value >= 0 else -1) * (abs(value) * 10**decimals + Fraction(1, 2)).__floor__(), 10**decimals)


class Report:
    def __init__(self, folder: Path) -> None:
        self.folder, self.files, self.manifest = folder, dict[str, bytes](), dict[str, Any]()
        self.keys, self.seals, self.rows = list[tuple[str, str]](), list[tuple[int, int, str]](), dict[int, list[Any]]()
        for path in sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()):
            self.files[path.relative_to(folder).as_posix()] = path.read_bytes() if path.is_file() and not path.is_symlink() else b""

    def check(self, expect: str) -> list[tuple[str, str]]:
        faults = list[tuple[str, str]]()
        for file, checks in (
            (MANIFEST, self.check_files()), (KEYS, self.check_keys(expect)), (SIGNATURE, self.check_signature(MANIFEST, SIGNATURE, 0)),
            (SEALS, self.check_seals()), (ROWS, self.check_rows()), (MANIFEST, self.check_versions()),
            (REPORT, self.check_figures()), (BILL, self.check_bill()),
        ):  # fmt: skip
            try:
                faults.extend(checks)
            except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
                faults.append((file, f"cannot be read: {type(error).__name__} {error}"))
        return faults

    def check_files(self) -> Any:  # 7.1
        self.manifest = json.loads(self.files[MANIFEST])
        if self.manifest["format"] != "lastgang-report-manifest-2":
            yield MANIFEST, f"format {self.manifest['format']!r}: not signed, or of another version of this format"
        listed = {entry["name"]: entry for entry in self.manifest["files"]}
        for name, entry in listed.items():
            content = self.files.get(name, b"")
            found = {"name": name, "sha256": sha256(content).hexdigest(), "bytes": len(content)}
            if found != entry or name not in self.files:
                yield name, f"missing or changed: found {found}, the manifest has {entry}"
        for name in sorted(set(self.files) - set(listed) - {MANIFEST, SIGNATURE, "SHA256SUMS", "manifest.tsq", "manifest.tsr"}):
            yield name, "added: the manifest does not list it"
        sums = {**{name: entry["sha256"] for name, entry in listed.items()}, MANIFEST: sha256(self.files[MANIFEST]).hexdigest()}
        if self.files.get("SHA256SUMS") != "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode():
            yield "SHA256SUMS", "not what the manifest says"
        name, mark, number = self.folder.resolve().name.rpartition("-v")
        if mark and number.isdigit() and (name, int(number)) != (self.manifest["report"], self.manifest["version"]):
            yield MANIFEST, f"misplaced: it is of {self.manifest['report']} version {self.manifest['version']}"

    def check_keys(self, expect: str) -> Any:  # 4, 7.2
        before, previous = ZEROS, ""
        for place, entry in enumerate(json.loads(self.files[KEYS]), 1):
            text = entry["statement"].encode("ascii")
            kind, site, number, public, _, named = json.loads(text)
            self.keys.append((sha256(bytes.fromhex(public)).hexdigest(), public))
            vouched = signed(previous, text, entry["by_previous"]) if previous else entry["by_previous"] == ""
            follows = [kind, site, number, named] == ["lastgang-key-1", self.manifest["site"], place, before]
            if not (vouched and follows and signed(public, text, entry["by_itself"])):
                yield KEYS, f"key {place} is of another site, or the one before or itself does not vouch for it"
            before, previous = sha256(text).hexdigest(), public
        if not any(expect in ("", *key) for key in self.keys):
            yield KEYS, f"expected the key {expect or 'of a plant'}, found {[fingerprint for fingerprint, _ in self.keys]}"

    def check_signature(self, manifest: str, signature: str, least: int) -> Any:  # 7.3
        kind, fingerprint, by = json.loads(self.files[signature])
        place = [own for own, _ in self.keys].index(fingerprint)
        may = place >= (len(self.keys) - 1 if manifest == MANIFEST else least) and kind == "lastgang-signature-1"
        one_form = self.files[signature] == f'["{kind}","{fingerprint}","{by}"]\n'.encode()
        if not (may and one_form and signed(self.keys[place][1], b"lastgang-manifest-2\n" + self.files[manifest], by)):
            yield signature, f"not the signature of {manifest} by a key that may sign it; found key {place + 1}"
        return place

    def check_versions(self) -> Any:  # 7.4
        before, key, is_signed, name, last = None, 0, False, self.manifest["report"], self.manifest["version"]
        for version in range(1, last + 1):
            path = MANIFEST if version == last else f"evidence/versions/v{version}.json"
            is_signed = is_signed or json.loads(self.files[path])["format"] != "lastgang-report-manifest-1"
            if version < last and is_signed:
                key = yield from self.check_signature(path, path[:-4] + "sig", key)
            if [json.loads(self.files[path])[field] for field in ("report", "version", "replaces")] != [name, version, before]:
                yield path, f"not version {version} of {name} that replaces {before}"
            digest = sha256(self.files[path]).hexdigest()
            if any(row[:3] == ["report", name, version] and row[3] != digest for row in self.rows.values()):
                yield path, f"the ledger has another SHA-256 of version {version} than {digest}"
            before = {"report": f"{name}-v{version}", "version": version, "manifest_sha256": digest}

    def check_seals(self) -> Any:  # 3, 7.5
        before, until, least = ZEROS, 0, 0
        for number, line in enumerate(self.files[SEALS].decode("ascii").splitlines(), 1):
            text, signature = (json.loads(line)[key] for key in ("statement", "signature"))
            kind, site, own, _, first, last, root, _, named, fingerprint = json.loads(text)
            self.seals.append((first, last, root))
            follows = [kind, site, own, first, named] == ["lastgang-seal-1", self.manifest["site"], number, until + 1, before]
            place = [key for key, _ in self.keys].index(fingerprint)
            if not follows or place < least or not signed(self.keys[place][1], text.encode("ascii"), signature):
                yield SEALS, f"line {number}, seal {own}: does not follow the one before, or its signature does not hold"
            before, until, least = sha256(text.encode("ascii")).hexdigest(), last, place
        if self.manifest["seal"] != {"number": len(self.seals), "statement_sha256": before}:
            yield SEALS, f"the last seal is {len(self.seals)} with SHA-256 {before}, the manifest has {self.manifest['seal']}"

    def check_rows(self) -> Any:  # 1, 2, 6, 7.6, 7.7
        self.leaves, before = dict[int, bytes](), 0
        for number, line in enumerate(self.files[ROWS][:-1].split(b"\n"), 1):
            head, row = b" ".join(line.split(b" ", 2)[:2]), line.split(b" ", 2)[2]
            leaf, link = sha256(b"\0" + row).digest(), int(line.split(b" ")[0])
            if link <= before or head != f"{link} {leaf.hex()[:16]}".encode() or not self.files[ROWS].endswith(b"\n"):
                yield ROWS, f"line {number}, row {link}: changed or out of order: {row[:200]!r}"
            before, self.leaves[link], self.rows[link] = link, leaf, json.loads(row)
        newest = {f"evidence/config/{row[1]}": row[2] for row in self.rows.values() if row[0] == "document"}
        for name in sorted(name for name in {*self.files, *newest} if name.startswith("evidence/config/")):
            if newest.get(name) != sha256(self.files.get(name, b"")).hexdigest():
                yield name, f"not the file of which the ledger has the SHA-256 {newest.get(name)}"
        proofs, sealed = json.loads(self.files[PROOFS]), 0
        for number, (first, last, root) in enumerate(self.seals, 1):
            links = [link for link in self.leaves if first <= link <= last]
            hashes, sealed = proofs.pop(str(number), []), sealed + len(links)
            if links and (self.root(sorted(links), first, last + 1, hashes).hex() != root or hashes):
                yield ROWS, f"rows {min(links)} to {max(links)} with their proof in proofs.json are not those of seal {number}"
        if proofs or sealed != len(self.leaves):
            yield PROOFS, f"{len(self.leaves) - sealed} rows without a seal, proofs without rows for the seals {sorted(proofs)}"

    def root(self, links: list[int], low: int, high: int, hashes: list[str]) -> bytes:  # 6
        if not links or high - low == 1:
            return self.leaves[low] if links else bytes.fromhex(hashes.pop(0) if hashes else "")
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        left = self.root([link for link in links if link < middle], low, middle, hashes)
        return sha256(b"\1" + left + self.root([link for link in links if link >= middle], middle, high, hashes)).digest()

    def quarters(self, meter: str, channel: str) -> dict[int, tuple[int, bool]]:  # start [s]: energy [uWh], makes a maximum; 7.8
        begin, end = (seconds(self.manifest["period"][key]) for key in ("from_utc", "to_utc"))
        known, series = seconds(self.manifest["data_cut_off_utc"]) * 1000, ["interval", self.manifest["site"], meter, channel]
        rows = [row for row in self.rows.values() if row[:4] == series and begin <= row[4] < end and row[12] <= known]
        newest = {row[4]: row for row in sorted(rows, key=lambda row: int(row[5]))}
        return {start: (row[6], row[8] not in {"missing": 0, "faulty": 0}) for start, row in newest.items() if row[6] is not None}

    def check_figures(self) -> Any:  # 7.8
        for entry in json.loads(self.files[REPORT])["meters"]:
            rows = self.quarters(entry["meter"], entry["channel"])
            best = min(((-energy, start) for start, (energy, counts) in rows.items() if counts), default=None)
            peak = entry["peak"] and (-entry["peak"]["energy_uwh"], seconds(entry["peak"]["start_utc"]))
            if (found := (entry["energy_uwh"], peak)) != (right := (sum(energy for energy, _ in rows.values()), best)):
                yield REPORT, f"{entry['meter']} {entry['channel']}: found energy and peak {found}, the rows give {right}"

    def check_bill(self) -> Any:  # 8
        cost, bills, total = json.loads(self.files[REPORT])["cost"], json.loads(self.files[BILL]), Fraction(0)
        shown = [one["bill"] for one in (cost, *cost.get("months", [])) if one["bill"] is not None]
        for bill, stated in zip(bills, shown):  # noqa: B905  Python 3.9
            total += yield from self.check_lines(bill, stated)
        if len(shown) != len(bills) or cost.get("total_eur") != (float(total) if "months" in cost and bills else None):
            yield REPORT, f"found {len(shown)} bills, in all {cost.get('total_eur')} EUR; {len(bills)} in bill.json give {total}"

    def check_lines(self, bill: dict[str, Any], stated: dict[str, Any]) -> Any:
        total, rows = Fraction(0), self.quarters(bill["meter"], bill["channel"])
        for line, shown in zip(bill["lines"], stated["lines"]):  # noqa: B905  Python 3.9
            amount, right = Fraction(line["amount_eur"]), self.amount(line, rows, total, bill["amount_decimals"])
            if amount != right:
                yield BILL, f"{line['id']} {line['kind']}: found {amount} EUR, the rows give {right}"
            if shown | {"id": line["id"], "kind": line["kind"], "period": line["period"], "amount_eur": float(amount)} != shown:
                yield REPORT, f"bill, {line['id']} {line['kind']}: found {shown}, bill.json has {amount} EUR"
            total += amount
        stated_sum, made = (stated["total_eur"], len(stated["lines"])), (float(total), len(bill["lines"]))
        if stated_sum != made or total != Fraction(bill["total_eur"]):
            yield REPORT, f"bill of {bill['month']}: found a total and lines {stated_sum}, bill.json has {made}"
        return total

    def amount(self, line: dict[str, Any], rows: dict[int, tuple[int, bool]], total: Fraction, decimals: int) -> Fraction:
        basis, inside = line["basis"], list[tuple[int, bool, Fraction]]()
        for begin, end, *price in basis.get("spans", []):
            inside += [(max(rows[at][0], 0), rows[at][1], Fraction(*price or [1])) for at in rows if begin <= at < end]
        quantity = {
            "energy": sum(energy for energy, _, _ in inside) * Fraction(1, 10**9),
            "priced_energy": sum((energy * price for energy, _, price in inside), Fraction(0)) / 10**9,
            "peak": max((energy for energy, counts, _ in inside if counts), default=0) * Fraction(4, 10**9),
            "agreed": Fraction(basis.get("quantity", 0)),
            "lines": total,
            "tariff": Fraction(line["amount_eur"]),
        }[basis["of"]]
        quantity = quantity if basis.get("decimals") is None else rounded(quantity, basis["decimals"])
        return rounded(quantity * Fraction(basis.get("price_eur", 1)) * Fraction(basis.get("parts", 1)), decimals)


def main(arguments: list[str]) -> int:
    expect = arguments.pop(arguments.index("--expect") + 1).lower() if "--expect" in arguments[:-1] else ""
    report = Report(Path(next((word for word in arguments if word != "--expect"), Path(__file__).resolve().parents[1])))
    faults = report.check(expect)
    verdict = f"DOES NOT HOLD: {len(faults)} faults" if faults else f"holds, signed by {report.keys[-1][0]}"
    for file, what in [*faults, ("", verdict)]:
        print(ascii(f"{report.folder / file}: {what}"[:2000])[1:-1])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
