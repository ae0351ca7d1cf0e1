"""What the hash chain costs the historian: ``python -m benchmarks.evidence.rows``. CPU seconds, so that other work on the machine counts less."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from domain.channels import IMPORT
from domain.codec import decode, encode
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.topics import INTERVALS
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.ledger.canonical import KINDS

ROWS, BATCH, METERS = 100_000, 5_000, 20
_FIRST_UTC = datetime(2026, 1, 1, tzinfo=UTC)


def messages() -> list[bytes]:
    """Quarter hours of some meters as they are on the topic."""
    return [
        encode(
            Interval(
                "werk-nord", f"meter-{n % METERS}", IMPORT, _FIRST_UTC + QUARTER * (n // METERS), 25_000_000_000 + n, 1.0,
                IntervalQuality.MEASURED, IntervalMethod.REGISTER, 1, 180, IntervalOrigin.METERING,
            )
        )
        for n in range(ROWS)
    ]  # fmt: skip


def written(path: Path, sent: list[bytes], with_chain: bool) -> tuple[float, float]:
    """CPU seconds to decode all of `sent`, and to write them into a ledger at `path`."""
    with Ledger.open(path) as ledger:
        if not with_chain:
            for kind in KINDS:
                ledger.database.execute(f"DROP TRIGGER {kind}_linked")
        decoding = writing = 0.0
        for first in range(0, len(sent), BATCH):
            begun = time.process_time()
            records = [decode(INTERVALS.record, value) for value in sent[first : first + BATCH]]
            decoded = time.process_time()
            ledger.append([(INTERVALS, 0, first + n, record) for n, record in enumerate(records)])
            decoding, writing = decoding + decoded - begun, writing + time.process_time() - decoded
    return decoding, writing


def sealed_s(path: Path, folder: Path) -> float:
    """CPU seconds to seal all rows at once."""
    keys = KeyFolder(folder)
    keys.add("werk-nord", bytes(32))
    with Ledger.open(path) as ledger:
        ledger.sign_with(keys.signer)
        begun = time.process_time()
        ledger.seal()
        return time.process_time() - begun


def main() -> None:
    """Three rounds, without and with the chain."""
    sent = messages()
    for number in range(3):
        for with_chain in (False, True):
            with tempfile.TemporaryDirectory() as scratch:
                path = Path(scratch) / "ledger.sqlite"
                decoding, writing = written(path, sent, with_chain)
                seal = f", sealing {sealed_s(path, Path(scratch) / 'keys') / ROWS * 1e6:.1f} us a row" if with_chain else ""
                print(
                    f"round {number + 1}, chain {with_chain}: decoding {decoding / ROWS * 1e6:.2f} us, writing {writing / ROWS * 1e6:.2f} us a row, "
                    f"{ROWS / writing:,.0f} rows/s written, {ROWS / (decoding + writing):,.0f} rows/s with decoding, "
                    f"{path.stat().st_size / ROWS:.1f} bytes a row{seal}"
                )


if __name__ == "__main__":
    main()
