"""The verifier: every byte counts, every file is named, and it needs nothing but Python."""

from __future__ import annotations

import json
import os
import shutil
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
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 1, "author": "somebody"'))
    assert verify(report).findings == (Finding("manifest.json", "changed", "not the one that SHA256SUMS names"),)


def test_a_manifest_that_names_files_elsewhere_does_not_lead_there(report: Path) -> None:
    manifest = report / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"report.json"', '"../../etc/passwd"'))
    assert Finding("../../etc/passwd", "unreadable", "the manifest names a file outside the report") in verify(report).findings


def test_sha256sum_agrees(report: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=report, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_verb_says_what_it_found_and_exits_by_it(report: Path) -> None:
    good = CliRunner().invoke(command, ["--files-only", str(report)])
    assert (good.exit_code, "holds" in good.stdout) == (0, True)
    (report / "intervals.csv").write_text("")
    bad = CliRunner().invoke(command, ["--files-only", str(report.parent)])
    assert bad.exit_code == 1
    assert "intervals.csv: changed (0 bytes, 8 expected)" in bad.stdout
    assert "DOES NOT HOLD" in bad.stdout
    assert CliRunner().invoke(command, ["--files-only", str(report / "parts")]).exit_code == 2


def test_folders_of_reports_are_found(report: Path) -> None:
    assert report_folders(report) == report_folders(report.parent) == [report]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "lastgang-report-manifest-1", "files": [{}]}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
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


def versions(out: Path, count: int) -> list[Path]:
    """This many versions of one report, each naming the one before it."""
    folders, replaces = [], None
    for version in range(1, count + 1):
        folder = out / f"werk-nord-2026-10-v{version}"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(f'{{"version": {version}}}')
        digest = write_manifest(folder, {"report": "werk-nord-2026-10", "version": version, "replaces": replaces})
        replaces = {"report": folder.name, "version": version, "manifest_sha256": digest}
        folders.append(folder)
    return folders


def made_again(folder: Path, **header: object) -> None:
    """Another manifest over the folder as it is, with checksums that fit it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, {key: value for key, value in {**manifest, **header}.items() if key not in ("files", "format")})


def found(folder: Path) -> list[tuple[str, str]]:
    return [(finding.file, finding.what) for finding in verify(folder).findings]


def test_versions_that_follow_each_other_hold(tmp_path: Path) -> None:
    assert all(verify(folder).holds for folder in versions(tmp_path, 3))
    assert CliRunner().invoke(command, ["--files-only", str(tmp_path)]).exit_code == 0


def test_a_version_that_was_taken_away_is_named(tmp_path: Path) -> None:
    first, second, third = versions(tmp_path, 3)
    shutil.rmtree(second)
    assert found(third) == [("../werk-nord-2026-10-v2", "missing")]
    assert found(first) == []
    result = CliRunner().invoke(command, ["--files-only", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{second}: missing (werk-nord-2026-10-v3 replaces it; with this version alone, check it by --alone)" in result.output


def test_a_version_taken_home_alone_can_be_checked_alone(tmp_path: Path) -> None:
    first, second = versions(tmp_path, 2)
    shutil.rmtree(first)
    assert CliRunner().invoke(command, ["--files-only", str(second)]).exit_code == 1
    assert CliRunner().invoke(command, ["--files-only", "--alone", str(second)]).exit_code == 0


def test_an_earlier_version_made_again_with_other_figures_is_found_by_its_successor(tmp_path: Path) -> None:
    first, second, third = versions(tmp_path, 3)
    (first / "report.json").write_text('{"version": 1, "energy_kwh": 0}')
    made_again(first)
    assert found(first) == []
    assert found(second) == found(third) == [("../werk-nord-2026-10-v1/manifest.json", "changed")]
    assert "names the SHA-256" in verify(second).findings[0].detail


def test_versions_that_changed_places_are_found(tmp_path: Path) -> None:
    first, second, _ = versions(tmp_path, 3)
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    verdicts = {folder.name[-2:]: found(folder) for folder in report_folders(tmp_path)}
    assert ("manifest.json", "misplaced") in verdicts["v1"]
    assert ("manifest.json", "misplaced") in verdicts["v2"]
    assert verdicts["v3"] == [("../werk-nord-2026-10-v2/manifest.json", "changed")]


def test_a_version_that_hides_what_it_replaced_is_found(tmp_path: Path) -> None:
    _, second = versions(tmp_path, 2)
    made_again(second, replaces=None)
    assert verify(second).findings == (Finding("manifest.json", "changed", "version 2 says that it replaces none"),)


@pytest.mark.parametrize("replaces", [
    {"report": "werk-nord-2026-10-v1", "version": 1}, "werk-nord-2026-10-v1", {"report": "werk-nord-2026-09-v1", "version": 1, "manifest_sha256": ""},
    {"report": "werk-nord-2026-10-v3", "version": 3, "manifest_sha256": ""}, {"report": "../../etc", "version": 1, "manifest_sha256": ""},
    {"report": "werk-nord-2026-10-v2", "version": 2, "manifest_sha256": ""},
])  # fmt: skip
def test_a_version_that_names_no_version_before_it_is_found(tmp_path: Path, replaces: object) -> None:
    _, second = versions(tmp_path, 2)
    made_again(second, replaces=replaces)
    assert found(second) == [("manifest.json", "changed")]


def test_two_folders_that_call_themselves_the_same_version_are_found(tmp_path: Path) -> None:
    _, second = versions(tmp_path, 2)
    shutil.copytree(second, tmp_path / "copy")
    result = CliRunner().invoke(command, ["--files-only", str(tmp_path)])
    assert result.exit_code == 1
    assert "manifest.json: misplaced (copy calls itself version 2, too)" in result.output


def test_a_folder_may_be_called_as_somebody_likes(tmp_path: Path) -> None:
    [first] = versions(tmp_path, 1)
    first.rename(tmp_path / "Oktober")
    assert verify(tmp_path / "Oktober").holds


@settings(max_examples=30, deadline=None)
@given(count=st.integers(2, 5), which=st.integers(0, 3), how=st.sampled_from(["drop", "forge", "exchange"]))
def test_whatever_happens_to_an_earlier_version_its_place_is_named(
    count: int, which: int, how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    folders = versions(out, count)
    victim = folders[which % (count - 1)]
    if how == "drop":
        shutil.rmtree(victim)
    elif how == "forge":
        made_again(victim, author="somebody else")
    else:
        [other] = versions(out / "elsewhere", 1)
        shutil.rmtree(victim)
        shutil.copytree(other, victim)
        made_again(victim, version=int(victim.name[-1]), author="somebody else")
    findings = verify(folders[-1]).findings
    assert [Path(finding.file).parts[1] for finding in findings] == [victim.name]


@pytest.mark.timeout(10)
def test_a_file_blown_up_to_terabytes_is_changed_without_being_read(report: Path) -> None:
    with (report / "report.json").open("wb") as file:
        file.truncate(1 << 42)
    assert found(report) == [("report.json", "changed")]


@pytest.mark.timeout(10)
def test_what_has_no_end_does_not_hold_up_the_verifier(report: Path) -> None:
    for name in ("SHA256SUMS", "report.json"):
        (report / name).unlink()
        os.mkfifo(report / name)
    assert {(f.file, f.what) for f in verify(report).findings} == {("report.json", "missing"), ("SHA256SUMS", "missing")}
    (report / "manifest.json").unlink()
    os.mkfifo(report / "manifest.json")
    with pytest.raises(NoManifest):
        verify(report)


def test_a_manifest_that_nobody_can_take_in_is_none(report: Path) -> None:
    for text in ("[" * 100_000, '{"a":1'):
        (report / "manifest.json").write_text(text)
        with pytest.raises(NoManifest):
            verify(report)
    with (report / "manifest.json").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(NoManifest, match="no file of at most 64 MiB"):
        verify(report)


def test_names_in_a_manifest_do_nothing_to_the_terminal(report: Path) -> None:
    manifest = json.loads((report / "manifest.json").read_text())
    manifest["files"][0]["name"] = "a\x1b[2Jb\x00\ud800"
    (report / "manifest.json").write_text(json.dumps(manifest))
    result = CliRunner().invoke(command, ["--files-only", str(report)])
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "a\\x1b[2Jb" in result.output
