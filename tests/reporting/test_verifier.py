"""The verifier: every byte counts, every file is named, and it needs nothing but Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reporting.verifier as verifier
from lastgang.commands.verify import command
from reporting.manifest import write_manifest
from reporting.verifier import Finding, NoManifest, report_folders, verify

HEADER = {"report": "werk-nord-2026-10", "version": 1}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "werk-nord-2026-10-v1"
    (folder / "parts").mkdir(parents=True)
    (folder / "report.json").write_text('{"energy_kwh": 100.0}')
    (folder / "intervals.csv").write_text("a,b\n1,2\n")
    (folder / "parts" / "bill.csv").write_text("x\n")
    write_manifest(folder, HEADER)
    return folder


def test_an_untouched_report_holds(report: Path) -> None:
    verdict = verify(report)
    assert verdict.holds
    assert verdict.files == 3


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_in_any_file_is_found(place: int, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.json").write_text('{"energy_kwh": 100.0}')
    (folder / "intervals.csv").write_text("a,b\n1,2\n")
    write_manifest(folder, HEADER)
    files = sorted(folder.iterdir())
    file = files[place % len(files)]
    content = bytearray(file.read_bytes())
    content[place % len(content)] ^= 1 << bit
    file.write_bytes(bytes(content))
    try:
        assert not verify(folder).holds
    except NoManifest:
        assert file.name == "manifest.json"


def test_each_file_that_differs_is_named(report: Path) -> None:
    (report / "intervals.csv").write_text("a,b\n1,3\n")
    (report / "report.json").unlink()
    (report / "parts" / "more.csv").write_text("")
    assert verify(report).findings == (
        Finding("intervals.csv", "changed", "same length, other content"),
        Finding("report.json", "missing"),
        Finding("parts/more.csv", "added"),
    )


def test_a_manifest_made_to_fit_is_found_by_the_checksum_file(report: Path) -> None:
    manifest = report / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 2'))
    assert verify(report).findings == (Finding("manifest.json", "changed", "not the one that SHA256SUMS names"),)


def test_a_manifest_that_names_files_elsewhere_does_not_lead_there(report: Path) -> None:
    manifest = report / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"report.json"', '"../../etc/passwd"'))
    assert Finding("../../etc/passwd", "unreadable", "the manifest names a file outside the report") in verify(report).findings


def test_sha256sum_agrees(report: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=report, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_verb_says_what_it_found_and_exits_by_it(report: Path) -> None:
    good = CliRunner().invoke(command, [str(report)])
    assert (good.exit_code, "holds" in good.stdout) == (0, True)
    (report / "intervals.csv").write_text("")
    bad = CliRunner().invoke(command, [str(report.parent)])
    assert bad.exit_code == 1
    assert "intervals.csv: changed (0 bytes, 8 expected)" in bad.stdout
    assert "DOES NOT HOLD" in bad.stdout
    assert CliRunner().invoke(command, [str(report / "parts")]).exit_code == 2


def test_folders_of_reports_are_found(report: Path) -> None:
    assert report_folders(report) == report_folders(report.parent) == [report]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "lastgang-report-manifest-1", "files": [{}]}'])
def test_what_is_no_manifest_is_said_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(NoManifest, match=r"manifest\.json"):
        verify(tmp_path)


def test_it_runs_alone_without_any_of_our_packages(report: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(alone), str(report)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "holds" in done.stdout
