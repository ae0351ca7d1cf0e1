"""A file of readings through the same steps that the stream job drives, bucket by bucket of the site's event time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.codec import UnreadableRecord, decode
from domain.errors import Fault, InputFaults
from domain.intervals import Interval
from domain.plant import Plant
from domain.readings import Reading, Rejection, RejectionReason
from domain.units import kwh_text
from metering.engine import FUTURE_MS, MeterStep

BUCKET_MS = 30_000
_COLUMNS = ("site", "meter", "channel", "start_utc", "energy_kwh", "power_kw", "coverage", "quality", "method", "revision")


class SiteRun:
    """All meters of a site and its event time."""

    def __init__(self, plant: Plant) -> None:
        self._commissioned_ms = int(plant.site.commissioned_utc.timestamp() * 1000)
        self._steps = {meter.id: MeterStep(plant, meter.id) for meter in plant.meters}
        self._states = {meter: step.initial() for meter, step in self._steps.items()}
        self._waiting: dict[str, list[Reading]] = {}
        self._first_ms: int | None = None
        self._site_time_ms = 0
        self.newest: dict[tuple[str, str, Any], Interval] = {}
        self.rejections: list[Rejection] = []

    def take(self, reading: Reading) -> None:
        """One reading, in the order of arrival."""
        if reading.meter not in self._steps:
            self.rejections.append(_unknown(reading))
            return
        self._waiting.setdefault(reading.meter, []).append(reading)
        if reading.quality != "good" or not self._commissioned_ms <= reading.observed_ms <= reading.received_ms + FUTURE_MS:
            return
        if self._first_ms is None or reading.observed_ms < self._first_ms:
            self._first_ms = reading.observed_ms
        if reading.observed_ms > self._site_time_ms:
            before, self._site_time_ms = self._site_time_ms, reading.observed_ms
            if before // BUCKET_MS != reading.observed_ms // BUCKET_MS:
                self._pass_time()

    def _pass_time(self) -> None:
        for meter, step in self._steps.items():
            state, outputs = step.take(self._states[meter], self._waiting.pop(meter, []))
            if self._first_ms is not None:
                state = step.begin(state, self._first_ms)
            state, more = step.advance(state, self._site_time_ms)
            self._states[meter] = state
            self._keep([*outputs, *more])

    def close(self) -> None:
        """Nothing more will come."""
        self._pass_time()
        for meter, step in self._steps.items():
            self._states[meter], outputs = step.close(self._states[meter], self._site_time_ms)
            self._keep(outputs)

    def _keep(self, outputs: list[Any]) -> None:
        for output in outputs:
            if isinstance(output, Interval):
                self.newest[output.meter, output.channel, output.start_utc] = output
            else:
                self.rejections.append(output)


def run_offline(readings: Path, plant: Plant, out: Path, rejected: Path | None) -> None:
    """Write the latest revision of each quarter hour, and what was not used.

    Raises
    ------
    InputFaults
        Naming every line that is no reading.
    """
    run = SiteRun(plant)
    for reading in _read(readings):
        run.take(reading)
    run.close()
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for _, interval in sorted(run.newest.items()):
            writer.writerow(_line(interval))
    if rejected is not None:
        with rejected.open("w", encoding="utf-8") as file:
            for rejection in run.rejections:
                file.write(json.dumps({**json.loads(rejection.original), "reason": str(rejection.reason)}) + "\n")


def _read(path: Path) -> Iterator[Reading]:
    faults = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield decode(Reading, line)
                except UnreadableRecord as error:
                    faults.append(Fault(str(path), number, "reading", str(error), "a reading as JSON"))
    except OSError as error:
        raise InputFaults([Fault(str(path), None, "file", error.strerror or "unreadable", "a readable file")]) from error
    if faults:
        raise InputFaults(faults)


def _line(interval: Interval) -> list[str]:
    has_value = interval.energy_uwh is not None
    return [
        interval.site,
        interval.meter,
        interval.channel,
        f"{interval.start_utc:%Y-%m-%dT%H:%M:%SZ}",
        kwh_text(interval.energy_uwh) if interval.energy_uwh is not None else "",
        kwh_text(4 * interval.energy_uwh) if interval.energy_uwh is not None else "",
        f"{interval.coverage:.6f}",
        str(interval.quality),
        str(interval.method),
        str(interval.revision) if has_value or interval.revision else "1",
    ]


def _unknown(reading: Reading) -> Rejection:
    from domain.codec import encode

    return Rejection(reading.site, reading.meter, RejectionReason.UNKNOWN_REGISTER, encode(reading).decode(), "no such meter")
