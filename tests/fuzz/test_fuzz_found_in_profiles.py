"""What the fuzz found in the reader of load profiles, each as one case."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from connectors.files.load_profile import read_profile
from domain.errors import InputFaults

HEADER = b"start_utc,power_kw\n"
PACKED = gzip.compress(HEADER + b"2026-10-23T04:00:00Z,5\n", mtime=0)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (PACKED[:-9], r"p\.csv: file: found gzip that cannot be unpacked \(Compressed file ended"),
        (PACKED[:-8] + bytes(8), r"p\.csv: file: found gzip that cannot be unpacked \(CRC check failed"),
        (PACKED[:12] + b"\xff" + PACKED[13:], r"p\.csv: file: found gzip that cannot be unpacked \(Error -3"),
        (HEADER + b"2026-10-23T04:00:00Z," + 200_000 * b"5", r"p\.csv:2: row: found field larger than field limit"),
        (HEADER + b"2026-10-23T04:00:00Z,1e400", r"p\.csv:2: power_kw: found '1e400'; expected a number up to 1e\+12"),
        (HEADER + b"0001-01-01T00:00:00+12:00,5", r"p\.csv:2: start_utc: found '0001-01-01T00:00:00\+12:00'; expected an instant"),
        (HEADER + b"9999-12-31T23:45:00-12:00,5", r"p\.csv:2: start_utc: found '9999-12-31T23:45:00-12:00'; expected an instant"),
    ],
)
def test_a_broken_profile_is_refused_with_its_place(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / "p.csv").write_bytes(raw)
    with pytest.raises(InputFaults, match=words):
        read_profile(tmp_path / "p.csv")
