"""A file of readings through the same steps as the stream: the latest row of every quarter hour, and what was not used."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from pydantic_core import from_json

from domain.codec import UnreadableRecord, decode
from domain.errors import Fault, InputFaults, fault
from domain.files import open_input
from domain.instants import instant_text
from domain.intervals import QUARTERS_PER_HOUR, Interval
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality, Rejection
from domain.units import kwh_text
from metering.intake import dated_ahead
from metering.leaps import sifted
from metering.virtual import VirtualMeterStep
from metering.whole_site import WholeSite

BATCH_MS = 60_000
"""Readings received within this time are given to the steps together."""
COLUMNS = ("site", "meter", "channel", "start_utc", "energy_kwh", "power_kw", "coverage", "quality", "method", "revision")
_MOST_FAULTS = 20
_LONGEST_LINE = 1 << 20
"""Of a reading [bytes]: what is longer is another file."""
_PLAIN_MS = 10**14
_QUALITIES = {quality.value: quality for quality in ReadingQuality}
_FIELDS: dict[str, tuple[tuple[type, ...], str]] = {
    "site": ((str,), "a text"),
    "meter": ((str,), "a text"),
    "channel": ((str,), "a text"),
    "observed_ms": ((int,), "whole milliseconds since 1970"),
    "received_ms": ((int,), "whole milliseconds since 1970"),
    "value": ((int, float, type(None)), "a number or null"),
    "quality": ((str,), "good, uncertain or bad"),
}


@dataclass(slots=True)
class Result:
    """What came of a file of readings."""

    intervals: dict[tuple[str, str, int], Interval]
    """Latest revision by meter, channel and start [s since 1970]."""
    rejections: list[Rejection]
    readings: int = 0

    def rows(self) -> list[Interval]:
        """In order of meter, channel and time."""
        return [self.intervals[key] for key in sorted(self.intervals)]

    @property
    def used(self) -> int:
        """Readings used, of meters that have rows: each counted once, by its meter's first row channel."""
        channels: dict[str, str] = {}
        for meter, channel, _ in self.intervals:
            channels[meter] = min(channel, channels.get(meter, channel))
        return sum(row.readings for (meter, channel, _), row in self.intervals.items() if channel == channels[meter])


def read_readings(path: Path) -> Iterator[Reading]:
    """The readings of a JSON Lines file, in order of arrival.

    Raises
    ------
    InputFaults
        With the first faults found, each with its line.
    """
    faults: list[Fault] = []
    with open_input(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE + 1), b""), start=1):
            if len(line) > _LONGEST_LINE:
                faults.append(Fault(str(path), number, "line", f"more than {_LONGEST_LINE:,} bytes", "a reading as a JSON object"))
                break
            try:
                yield _plain_reading(line) or decode(Reading, line.rstrip(b"\r\n"))
            except UnreadableRecord as error:
                found = _line_faults(path, number, line)
                faults += found or [fault(path, error.field, error.found, error.expected, number)]
                if len(faults) >= _MOST_FAULTS:
                    break
    if faults:
        raise InputFaults(faults)


def _plain_reading(line: bytes) -> Reading | None:
    """The reading in a line as most are, in half the time; None where the codec must look closer.

    As many colons as keys: so no key stands twice, and no value holds anything that would have to be looked at.
    """
    try:
        row = from_json(line, allow_inf_nan=False)
        site, meter, channel, value, quality = row["site"], row["meter"], row["channel"], row["value"], row["quality"]
        observed_ms, received_ms = row["observed_ms"], row["received_ms"]
    except (ValueError, KeyError, TypeError):
        return None
    is_plain = (
        line.count(b":") == len(row)
        and type(site) is type(meter) is type(channel) is type(quality) is str
        and type(observed_ms) is type(received_ms) is int
        and 0 <= observed_ms < _PLAIN_MS
        and 0 <= received_ms < _PLAIN_MS
        and (type(value) is float or (type(value) is int and -(2**63) <= value < 2**63) or value is None)
        and quality in _QUALITIES
        and len(row) == len(_FIELDS)
    )
    if not is_plain or (type(value) is float and not isfinite(value)):
        return None
    return Reading(site, meter, channel, observed_ms, received_ms, value, _QUALITIES[quality])


def _line_faults(path: Path, number: int, line: bytes) -> list[Fault]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return [fault(path, "line", line[:80].decode(errors="backslashreplace").strip(), "a reading as a JSON object", number)]
    if not isinstance(row, dict):
        return [fault(path, "line", row, "a reading as a JSON object", number)]
    faults = [Fault(str(path), number, name, "nothing", expected) for name, (_, expected) in _FIELDS.items() if name not in row]
    for name, (types, expected) in _FIELDS.items():
        value = row.get(name)
        wrong = name in row and (not isinstance(value, types) or isinstance(value, bool))
        if wrong or (name == "quality" and value is not None and value not in _QUALITIES):
            faults.append(fault(path, name, value, expected, number))
    return faults


def quarter_hours(plant: Plant, readings: Iterable[Reading]) -> Result:
    """Drive the steps of all meters with `readings` in order of arrival.

    The site's event time is the highest usable ``observed_ms`` of any of its meters so far.  What a gateway's clock has dated far ahead is
    refused, as far as the readings that came later show it: there is no other clock here.
    """
    run = _Run(plant)
    batch_ends_ms: int | None = None
    batch: list[Reading] = []
    for reading, is_ahead in sifted(readings):
        if is_ahead:
            run.refuse_ahead(reading)
            continue
        if batch_ends_ms is None or reading.received_ms >= batch_ends_ms:
            run.take(batch)
            batch = []
            batch_ends_ms = (reading.received_ms // BATCH_MS + 1) * BATCH_MS
        batch.append(reading)
    run.take(batch)
    return run.close()


class _Run:
    """The site's meters, and its virtual meters behind them."""

    def __init__(self, plant: Plant) -> None:
        self._site = WholeSite(plant)
        self._virtual_meters = VirtualMeterStep(plant)
        self._virtual = self._virtual_meters.initial()
        self._result = Result({}, [])

    def take(self, batch: Sequence[Reading]) -> None:
        """Give the site its readings."""
        self._result.readings += len(batch)
        self._keep(self._site.take(batch))

    def refuse_ahead(self, reading: Reading) -> None:
        """A reading that was dated far ahead by a clock that was right again later."""
        self._result.readings += 1
        self._result.rejections.append(dated_ahead(reading))

    def close(self) -> Result:
        """Publish what is left."""
        self._keep(self._site.close())
        return self._result

    def _keep(self, outputs: Iterable[Interval | Rejection]) -> None:
        for output in outputs:
            if isinstance(output, Interval):
                self._virtual, virtual = self._virtual_meters.take_interval(self._virtual, output)
                for row in (output, *virtual):
                    self._result.intervals[row.meter, row.channel, int(row.start_utc.timestamp())] = row
            else:
                self._result.rejections.append(output)


def write_intervals(path: Path, rows: Iterable[Interval]) -> None:
    """The table as CSV; energies in kWh with nine decimals, which is exact."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            known = row.energy_uwh is not None
            writer.writerow(
                (
                    row.site, row.meter, row.channel, instant_text(row.start_utc),
                    kwh_text(row.energy_uwh) if row.energy_uwh is not None else "",
                    kwh_text(row.energy_uwh * QUARTERS_PER_HOUR) if known and row.energy_uwh is not None else "",
                    row.coverage, row.quality.value, row.method.value, row.revision,
                )
            )  # fmt: skip


def write_rejections(path: Path, rejections: Iterable[Rejection]) -> None:
    """Every reading that was not used, as it came, with ``reason`` (and ``detail``) added."""
    with path.open("w", encoding="utf-8") as file:
        for rejected in rejections:
            original = json.loads(rejected.original)
            row = {name: value for name, value in original.items() if name in _FIELDS or value is not None}
            row["reason"] = rejected.reason.value
            if rejected.detail:
                row["detail"] = rejected.detail
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
