"""A signed report: two verifiers that agree, forgeries that are found and located, versions, keys, and figures that follow from the rows."""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from report_sample import NOON, NOW, PLANT, StepClock, data_of, put, quarter, whole_month

from benchmarks.evidence.campaign import first_verifier, run, second_verifier
from benchmarks.evidence.plants import make_plant
from domain.errors import InputFaults, LastgangError
from domain.intervals import QUARTER
from domain.plant import load_plant
from lastgang.cli import run as lastgang
from lastgang.commands.verify import command as verify_command
from reporting.evidence import verify as second
from reporting.evidence.bundle import Evidence
from reporting.evidence.check import check_evidence
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.manifest import write_manifest
from reporting.month import month_period
from reporting.report import ReportOrder, WrittenReport, write_report
from reporting.verifier import verify

SCRIPT = Path(second.__file__)


@pytest.fixture
def sign(ledger: Ledger, folder: Path, keys: KeyFolder) -> Callable[..., WrittenReport]:
    def write(data_only: bool = True, out: str = "out") -> WrittenReport:
        plant = load_plant(folder / "plant" / "plant.toml")
        order = ReportOrder(folder / "plant", folder / out, evidence=Evidence.of(ledger, keys), data_only=data_only)
        return write_report(ledger, plant, month_period("2026-10", plant.site.timezone), order, NOW)

    return write


def both(folder: Path, expect: str = "") -> tuple[list[str], list[str]]:
    """The files that each verifier names."""
    return [file for file, _ in first_verifier(folder, expect)], [file for file, _ in second_verifier(folder, expect)]


def holds(folder: Path, expect: str = "") -> bool:
    found = both(folder, expect)
    assert bool(found[0]) == bool(found[1]), found
    return not found[0]


def test_what_was_a_forgery_in_twelve_lines_is_refused_by_both(
    ledger: Ledger, sign: Callable[..., WrittenReport], make: Callable[..., WrittenReport]
) -> None:
    """Two megawatt hours less, with a manifest and checksums that fit."""

    def forge(report: Path) -> None:
        data = json.loads((report / "report.json").read_text())
        data["meters"][0]["energy_uwh"] -= 2 * 10**12
        data["meters"][0]["energy_kwh"] -= 2000.0
        (report / "report.json").write_text(json.dumps(data, indent=2) + "\n")
        header = json.loads((report / "manifest.json").read_text())
        write_manifest(report, {k: v for k, v in header.items() if k not in ("format", "files")}, header["format"])

    put(ledger, *whole_month())
    unsigned, signed = make().folder, sign(out="signed").folder
    forge(unsigned)
    forge(signed)
    assert verify(unsigned).holds, "files and manifest fit"
    refused = CliRunner().invoke(verify_command, [str(unsigned)])
    assert refused.exit_code == 1
    assert "manifest.json: unsigned (nobody has signed it" in refused.output
    assert both(signed) == (["manifest.sig", "report.json"], ["manifest.sig", "report.json"])
    refused = CliRunner().invoke(verify_command, [str(signed)])
    assert refused.exit_code == 1
    assert (
        "report.json: changed (meter main energy_import.energy_uwh: found 296060000000000; the rows give 298060000000000)"
        in refused.output
    )


def test_a_signed_report_holds_with_everything_that_people_read(
    ledger: Ledger, sign: Callable[..., WrittenReport], keys: KeyFolder
) -> None:
    put(ledger, *whole_month())
    made = sign(data_only=False)
    names = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert {
        "report.pdf",
        "report.xlsx",
        "intervals.csv",
        "manifest.sig",
        "evidence/rows.txt",
        "evidence/config/tariff.toml",
    } <= names
    assert holds(made.folder, keys.keys()[0].fingerprint)
    assert holds(made.folder, keys.keys()[0].public)
    (bill,) = json.loads((made.folder / "evidence" / "bill.json").read_text())
    assert [(line["id"], line["basis"]["of"]) for line in bill["lines"]] == [("supply", "energy"), ("network", "peak")]


def test_the_second_verifier_runs_alone_from_the_report(
    ledger: Ledger, sign: Callable[..., WrittenReport], keys: KeyFolder, tmp_path: Path
) -> None:
    put(ledger, quarter(NOON, 100.0))
    made = sign()
    script = made.folder / "evidence" / "verify.py"
    line = [sys.executable, "-I", "-S", str(script)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "holds, signed by" in done.stdout) == (0, True), done.stdout + done.stderr
    strange = subprocess.run([*line, str(made.folder), "--expect", "0" * 64], capture_output=True, text=True, check=False)
    assert (strange.returncode, "evidence/keys.json: expected the key 000" in strange.stdout) == (1, True)
    (made.folder / "report.json").write_text("{}")
    broken = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (broken.returncode, "report.json: missing or changed" in broken.stdout) == (1, True)


def test_the_second_verifier_is_short_and_imports_nothing_of_ours_or_of_others() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 250
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_its_ed25519_takes_the_vectors_of_rfc_8032(public: str, message: str, signature: str) -> None:
    assert second.signed(public, bytes.fromhex(message), signature)
    assert not second.signed(public, bytes.fromhex(message) + b"x", signature)


@settings(max_examples=15, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=99), place=st.integers(0, 511))
def test_its_ed25519_agrees_with_the_library_on_any_key_and_refuses_any_flipped_bit(
    seed: bytes, message: bytes, place: int
) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw().hex(), bytearray(private.sign(message))
    assert second.signed(public, message, signature.hex())
    signature[place // 8] ^= 1 << place % 8
    with suppress(ValueError):  # it may be no point of the curve any more
        assert not second.signed(public, message, signature.hex())


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    """Two plants from one seed: ledger, keys, signatures, every version."""
    contents = []
    for name in ("one", "two"):
        plant = make_plant(tmp_path / name, 5)
        folders = (*plant.reports, plant.other_month)
        contents.append(
            [(p.name, sha256(p.read_bytes()).hexdigest()) for f in folders for p in sorted(f.rglob("*")) if p.is_file()]
        )
    assert contents[0] == contents[1]


def test_random_edits_are_found_and_located_by_both_and_honest_reports_are_accepted() -> None:
    *_, result = run(seed=11, reports=6, edits=60)
    assert result.reports >= 6
    assert min(row.edits for row in result.rows.values()) == 6
    assert result.holds, result.examples


def test_a_correction_is_a_version_that_names_the_one_before_and_its_difference(
    ledger: Ledger, clock: StepClock, sign: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, 100.0))
    first = sign()
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 110.0, revision=2))
    made = sign()
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest["replaces"]["manifest_sha256"] == sha256((first.folder / "manifest.json").read_bytes()).hexdigest()
    assert manifest["changes"] == [
        {"meter": "main", "channel": "energy_import", "quarters": 1, "before_uwh": 100 * 10**9, "after_uwh": 110 * 10**9}
    ]
    assert (made.folder / "evidence" / "versions" / "v1.json").read_bytes() == (first.folder / "manifest.json").read_bytes()
    assert holds(first.folder)
    shutil.rmtree(first.folder)
    assert holds(made.folder), "the newest holds the chain by itself"


def test_a_report_as_it_was_known_then_can_be_made_again_after_restatements(
    ledger: Ledger, folder: Path, clock: StepClock, sign: Callable[..., WrittenReport], keys: KeyFolder
) -> None:
    put(ledger, quarter(NOON, 100.0))
    first, then = sign(), clock.now
    clock.now += timedelta(days=1)
    put(ledger, quarter(NOON, 110.0, revision=2))
    plant = load_plant(folder / "plant" / "plant.toml")
    order = ReportOrder(folder / "plant", folder / "out", as_of_utc=then, evidence=Evidence.of(ledger, keys), data_only=True)
    again = write_report(ledger, plant, month_period("2026-10", "Europe/Berlin"), order, NOW)
    assert again.version == 2
    assert (again.folder / "report.json").read_bytes() == (first.folder / "report.json").read_bytes()
    assert holds(again.folder)
    assert json.loads((sign().folder / "manifest.json").read_text())["changes"][0]["after_uwh"] == 110 * 10**9


def test_a_month_has_one_chain_of_versions(ledger: Ledger, sign: Callable[..., WrittenReport]) -> None:
    put(ledger, quarter(NOON, 100.0))
    sign()
    with pytest.raises(LastgangError, match="found no werk-nord-2026-10-v1 with the manifest"):
        sign(out="elsewhere")


def test_reports_from_before_the_key_are_vouched_for_by_the_first_signed_one(
    ledger: Ledger, make: Callable[..., WrittenReport], sign: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    old = make()
    made = sign()
    assert made.version == 2
    assert holds(made.folder)
    (old.folder / "report.json").write_text("{}")
    assert not verify(old.folder).holds
    copied = made.folder / "evidence" / "versions" / "v1.json"
    copied.write_bytes(copied.read_bytes().replace(b'"author": null', b'"author": "me"'))
    first, other = both(made.folder)
    assert "evidence/versions/v1.json" in first
    assert "evidence/versions/v1.json" in other


def test_a_version_that_is_not_there_any_more_is_named_before_anything_is_signed(
    ledger: Ledger, folder: Path, sign: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    first = sign()
    sign()
    shutil.rmtree(first.folder)
    with pytest.raises(LastgangError, match="found no werk-nord-2026-10-v1 with the manifest"):
        sign()
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["werk-nord-2026-10-v2"]


def test_old_keys_may_not_sign_what_is_new(
    ledger: Ledger, keys: KeyFolder, folder: Path, sign: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    old = keys.signer()
    keys.add("werk-nord", bytes([1]) * 32)
    made = sign()
    newest, oldest = keys.keys()[1], keys.keys()[0]
    assert holds(made.folder, newest.fingerprint)
    assert holds(made.folder, oldest.fingerprint), "the old key vouches for the new one"
    assert old is not None
    message = b"lastgang-manifest-2\n" + (made.folder / "manifest.json").read_bytes()
    (made.folder / "manifest.sig").write_text(f'["lastgang-signature-1","{old.fingerprint}","{old.sign(message).hex()}"]\n')
    assert both(made.folder) == (["manifest.sig"], ["manifest.sig"])


def test_a_private_key_is_for_its_owner_alone(keys: KeyFolder) -> None:
    path = keys.private_path(keys.keys()[0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(InputFaults, match=r"found mode 0640; expected mode 0600"):
        keys.signer()
    path.chmod(0o600)
    path.write_text(os.urandom(32).hex())
    with pytest.raises(InputFaults, match="that of another key"):
        keys.signer()


def test_keys_of_another_plant_or_a_lost_folder_sign_nothing(
    ledger: Ledger, folder: Path, sign: Callable[..., WrittenReport], keys: KeyFolder
) -> None:
    put(ledger, quarter(NOON, 100.0))
    with pytest.raises(InputFaults, match="name another folder"):
        keys.add("werk-sued")
    sign()
    shutil.rmtree(folder / "keys")
    keys.add("werk-nord", bytes([9]) * 32)
    with pytest.raises(LastgangError, match="put back the folder of keys"):
        sign()


def test_a_quarter_hour_that_comes_while_the_report_is_made_is_not_in_it(
    ledger: Ledger, folder: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the month and sealing: the row is sealed, is not disclosed, and the report holds."""
    put(ledger, quarter(NOON, 100.0))
    evidence = Evidence.of(ledger, keys)
    assert evidence is not None
    seal = evidence.seal

    def later(*given: Any) -> Any:
        put(ledger, quarter(NOON, 150.0, revision=2))
        return seal(*given)

    monkeypatch.setattr(evidence, "seal", later)
    plant = load_plant(folder / "plant" / "plant.toml")
    order = ReportOrder(folder / "plant", folder / "out", evidence=evidence, data_only=True)
    made = write_report(ledger, plant, month_period("2026-10", "Europe/Berlin"), order, NOW)
    assert data_of(made)["meters"][0]["energy_kwh"] == 100.0
    assert holds(made.folder)


def test_a_virtual_meter_and_a_meter_without_rows_hold(ledger: Ledger, folder: Path, sign: Callable[..., WrittenReport]) -> None:
    (folder / "plant" / "plant.toml").write_text(PLANT.replace('[tariff]\nfile = "tariff.toml"\n', ""))
    put(ledger, quarter(NOON, 100.0), quarter(NOON + QUARTER, None))
    made = sign()
    assert json.loads((made.folder / "evidence" / "bill.json").read_text()) == []
    assert holds(made.folder)


def test_what_a_verifier_cannot_read_is_a_finding_and_no_crash(ledger: Ledger, sign: Callable[..., WrittenReport]) -> None:
    put(ledger, quarter(NOON, 100.0))
    made = sign()
    for name in (
        "manifest.json",
        "evidence/keys.json",
        "evidence/seals.jsonl",
        "evidence/rows.txt",
        "evidence/proofs.json",
        "report.json",
        "evidence/bill.json",
    ):
        path = made.folder / name
        before = path.read_bytes()
        for content in (b"", b"[]", b"{", b"[" * 100_000, b"null", b"\xff\xfe", b'{"a": NaN}', b"1 2 3"):
            path.write_bytes(content)
            assert not holds(made.folder), (name, content[:9])
        path.write_bytes(before)
    assert holds(made.folder)


def test_the_commands_make_a_key_sign_verify_and_check_the_ledger(
    ledger: Ledger, folder: Path, clock: StepClock, capsys: pytest.CaptureFixture[str]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    ledger.close()
    plant, file = str(folder / "plant"), str(folder / "ledger.sqlite")
    common = ["--plant", plant, "--ledger", file]
    assert lastgang(["keys", "show", *common]) == 0
    assert "`lastgang keys new` makes one" in capsys.readouterr().err
    assert lastgang(["keys", "rotate", *common]) == 2
    assert lastgang(["keys", "new", *common]) == 0
    fingerprint = capsys.readouterr().out.split()[2]
    assert lastgang(["keys", "new", *common]) == 2
    assert lastgang(["report", *common, "--month", "2026-10", "--out", str(folder / "out")]) == 0
    made = capsys.readouterr()
    assert f"signed by {fingerprint}" in made.err
    for arguments, code in (([], 0), (["--expect", fingerprint], 0), (["--expect", "0" * 64], 1)):
        with pytest.raises(SystemExit) as ended:
            lastgang(["verify", made.out.strip(), *arguments])
        assert ended.value.code == code, capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        lastgang(["verify", file, "--expect", fingerprint])
    assert ended.value.code == 0
    assert "ledger.sqlite: holds; " in capsys.readouterr().out


def test_an_edit_of_a_row_is_located_by_its_number(ledger: Ledger, sign: Callable[..., WrittenReport]) -> None:
    put(ledger, *(quarter(NOON + n * QUARTER, 100.0) for n in range(5)))
    made = sign()
    path = made.folder / "evidence" / "rows.txt"
    path.write_bytes(path.read_bytes().replace(b",1790850600,1,100000000000,", b",1790850600,1,100000000001,"))
    expected = "row 6: changed or out of order"
    assert next(expected in str(finding) for finding in check_evidence(made.folder) if finding.file == "evidence/rows.txt")
    found = [what for file, what in second_verifier(made.folder, "") if file == "evidence/rows.txt"]
    assert any(expected in what for what in found), found


def test_an_unsigned_version_among_signed_ones_is_not_vouched_for(
    ledger: Ledger, sign: Callable[..., WrittenReport], make: Callable[..., WrittenReport]
) -> None:
    put(ledger, quarter(NOON, 100.0))
    sign()
    assert make().version == 2
    with pytest.raises(LastgangError, match="version 2 of the report is not there, cannot be read or is not signed by the plant"):
        sign()
