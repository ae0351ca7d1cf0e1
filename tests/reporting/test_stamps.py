"""Time stamps by RFC 3161 from a real server (OpenSSL's), and what is none of this manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from authorities import Authority, StampServer, pem, serving
from click.testing import CliRunner
from report_sample import NOON, put, quarter

from lastgang.commands import stamp as stamp_command
from lastgang.commands import verify as verify_command
from reporting.ledger import Ledger
from reporting.report import WrittenReport
from reporting.stamps import StampFault, checked_stamp, keep_stamp, request_stamp, roots_in, sent_to
from reporting.verifier import verify

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl as the stamp server (Debian: openssl)")


@pytest.fixture
def authority() -> Authority:
    return Authority("Stamp root")


@pytest.fixture
def server(tmp_path: Path, authority: Authority) -> StampServer:
    folder = tmp_path / "tsa"
    folder.mkdir()
    return StampServer(folder, authority)


@pytest.fixture
def report(make: Callable[..., WrittenReport], ledger: Ledger) -> Path:
    put(ledger, quarter(NOON, 100.0))
    return make().folder


def test_a_stamp_holds_and_the_report_still_does(report: Path, server: StampServer, authority: Authority) -> None:
    with serving(server) as address:
        kept = keep_stamp(report, sent_to(address, request_stamp(report)))
    assert checked_stamp(report, [authority.certificate]) == kept
    assert kept.serial == 2
    assert verify(report).holds
    assert len(server.requests[0]) < 200, "only a hash leaves the machine"


def test_a_manifest_that_was_changed_afterwards_is_not_the_stamped_one(
    report: Path, server: StampServer, authority: Authority
) -> None:
    keep_stamp(report, server.answer(request_stamp(report)))
    with (report / "manifest.json").open("a") as file:
        file.write(" ")
    with pytest.raises(StampFault, match=r"a stamp over SHA-256 [0-9a-f]{64}; the manifest has"):
        checked_stamp(report, [authority.certificate])


def test_who_is_not_certified_by_the_given_roots_counts_for_nothing(report: Path, server: StampServer) -> None:
    keep_stamp(report, server.answer(request_stamp(report)))
    with pytest.raises(StampFault, match="certified by one of the 1 given roots"):
        checked_stamp(report, [Authority("Somebody else").certificate])


def test_a_changed_stamp_is_found(report: Path, server: StampServer, authority: Authority) -> None:
    keep_stamp(report, server.answer(request_stamp(report)))
    stamp = bytearray((report / "manifest.tsr").read_bytes())
    stamp[-5] ^= 1  # in the signature
    (report / "manifest.tsr").write_bytes(bytes(stamp))
    with pytest.raises(StampFault):
        checked_stamp(report, [authority.certificate])


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_stamp_is_not_kept(report: Path, answer: bytes) -> None:
    with pytest.raises(StampFault, match="the answer: found no time stamp response"):
        keep_stamp(report, answer)
    assert not (report / "manifest.tsr").exists()


def test_the_stamp_of_another_report_is_not_kept(report: Path, server: StampServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    with pytest.raises(StampFault, match="the answer: a stamp over"):
        keep_stamp(report, server.answer(request_stamp(tmp_path / "other")))


def test_by_hand_as_over_the_network(report: Path, server: StampServer, authority: Authority, tmp_path: Path) -> None:
    run = CliRunner().invoke
    written = run(stamp_command.command, [str(report)])
    assert (written.exit_code, written.output.strip()) == (0, str(report / "manifest.tsq"))
    (tmp_path / "answer.tsr").write_bytes(server.answer((report / "manifest.tsq").read_bytes()))
    kept = run(stamp_command.command, [str(report), "--response", str(tmp_path / "answer.tsr")])
    assert kept.exit_code == 0
    (tmp_path / "roots.pem").write_bytes(pem(authority.certificate))
    assert len(roots_in(tmp_path / "roots.pem")) == 1
    checked = run(verify_command.command, ["--files-only", str(report), "--stamp-roots", str(tmp_path / "roots.pem")])
    assert checked.exit_code == 0, checked.output
    assert "existed at" in checked.output
    (report / "manifest.tsr").unlink()
    without = run(verify_command.command, ["--files-only", str(report), "--stamp-roots", str(tmp_path / "roots.pem")])
    assert (without.exit_code, "there is no time stamp" in without.output) == (1, True)
