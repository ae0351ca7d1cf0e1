"""Load profiles in CSV files of grid operators and loggers: every row that is read is held against the cells it came from."""

from __future__ import annotations

import atexit
import gzip
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.fuzz.nasty import mutilated, noise
from benchmarks.fuzz.target import READ, REFUSED, Target, must
from connectors.files.load_profile import Profile, ProfileOptions, read_profile
from domain.channels import IMPORT
from domain.errors import InputFaults
from quarters.profiles.cells import UTF_16_MARKS

_OWN = "start_utc,power_kw\n" + "".join(
    f"2026-10-23T{hour:02d}:{minute:02d}:00Z,{hour + minute / 8}\n" for hour in (4, 5) for minute in (0, 15, 30, 45)
)
_LONG = "meter,channel,start_utc,energy_kwh\n" + "".join(
    f"main,{IMPORT},2026-10-23T04:{minute:02d}:00Z,{minute}.25\n" for minute in (0, 15, 30, 45)
)
_LOGGER = "Datum;Uhrzeit;Leistung kW;Status\n" + "".join(
    f"25.10.2026;0{hour}:{minute:02d};1{minute},5;W\n" for hour in (0, 1, 4) for minute in (0, 15, 30, 45)
)
_BARE = "kW\n" + "".join(f"{number}.5\n" for number in range(12))
_LOGGER_OPTIONS = ProfileOptions("Europe/Berlin", "start", ("Datum", "Uhrzeit"), "Leistung kW", "kW", "Status")
_BARE_OPTIONS = ProfileOptions(unit="kW", first_start="2020-01-01T00:00+01:00")
SOURCES = ((_OWN, ProfileOptions()), (_LONG, ProfileOptions()), (_LOGGER, _LOGGER_OPTIONS), (_BARE, _BARE_OPTIONS))
_CELLS = (
    "", "-", "nan", "NaN", "inf", "-1", "-0", "1e5", "1e400", "1e999999999999999999999", "9" * 400, "9" * 5_000, "1.234,5", "1,234.5", "1.234", "0x1", "٣", "5 kW",
    "2026-10-23T04:00:00", "2026-10-23T04:00:00Z", "0001-01-01T00:00:00+12:00", "9999-12-31T23:45:00-12:00", "9999-12-31T23:45:00Z", "0001-01-01T00:00:00Z",
    "31.12.9999", "24:00", "25:00", "02:30", "29.03.2026", "30.02.2026", "01.01.0001", "main", "\x00", '"', '"a\nb"', "\ufeff", "x" * 200_000, "²", "W", "E", "?",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file, and which options a person gave for it."""

    source: int
    raw: bytes


def make(rng: Random) -> File:
    """A profile as it should be, with cells, lines or bytes changed, packed or not."""
    number = rng.randrange(len(SOURCES))
    text = SOURCES[number][0]
    style = rng.random()
    raw = text.encode()
    if style < 0.03:
        raw = noise(rng)
    elif style < 0.3:
        raw = mutilated(rng, raw, SOURCES[rng.randrange(len(SOURCES))][0].encode())
    else:
        lines = text.split("\n")
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            _spoil(rng, lines)
        raw = rng.choice(("\n", "\n", "\r\n", "\r")).join(lines).encode(rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    if rng.random() < 0.1:
        raw = gzip.compress(raw, 1, mtime=0)
        raw = mutilated(rng, raw) if rng.random() < 0.6 else raw[: rng.randrange(len(raw) + 1)]
    return File(number, raw)


def _spoil(rng: Random, lines: list[str]) -> None:
    at = rng.randrange(len(lines))
    mark = ";" if ";" in lines[0] else ","
    match rng.randrange(6):
        case 0:
            del lines[at]
            lines.append("")
        case 1:
            lines.insert(rng.randrange(len(lines)), lines[at])
        case 2:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            cells = lines[at].split(mark)
            cells[rng.randrange(len(cells))] = rng.choice(_CELLS)
            lines[at] = mark.join(cells)


@cache
def _file() -> Path:
    keeper = tempfile.TemporaryDirectory(prefix="lastgang-fuzz-")
    atexit.register(keeper.cleanup)
    return Path(keeper.name) / "profile.csv"


def answer(given: File) -> str:
    """Read it as `lastgang import` does."""
    path = _file()
    path.write_bytes(given.raw)
    try:
        profile = read_profile(path, SOURCES[given.source][1])
    except InputFaults as error:
        must(bool(error.faults), "refused without a fault")
        for fault in error.faults:
            must(
                bool(fault.field) and bool(fault.found) and bool(fault.expected) and len(str(fault)) < 3_000,
                f"says too little: {fault}"[:600],
            )
        must(given.raw != SOURCES[given.source][0].encode(), f"refused although it is as it should be: {error}")
        return REFUSED
    _is_what_stands_there(given, profile)
    return READ


def _is_what_stands_there(given: File, profile: Profile) -> None:
    """Rows rise on the grid of quarter hours, and each energy is that of a cell on its line."""
    raw = gzip.decompress(given.raw) if given.raw.startswith(b"\x1f\x8b") else given.raw
    encoding = "utf-16" if raw.startswith(UTF_16_MARKS) else "utf-8-sig"
    lines = raw.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    last: dict[tuple[str | None, str | None], datetime] = {}
    for row in profile.rows:
        must(row.start_utc.tzinfo is UTC and row.start_utc.timestamp() % 900 == 0, f"a row at {row.start_utc}")
        key = (row.meter, row.channel)
        must(key not in last or last[key] < row.start_utc, f"rows that do not rise at {row.start_utc}")
        last[key] = row.start_utc
        must(1 <= row.line <= len(lines), f"line {row.line} of {len(lines)}")
        if row.energy_uwh is not None:
            must(row.energy_uwh >= 0, f"negative energy {row.energy_uwh}")
            cells = [
                cell.strip().strip('"')
                for cell in lines[row.line - 1].replace(";", "\t").replace("," if given.source < 2 else "\t", "\t").split("\t")
            ]
            must(any(_energy(cell, given.source) == row.energy_uwh for cell in cells), f"{row.energy_uwh} from {cells}"[:300])


def _energy(cell: str, source: int) -> int | None:
    if len(cell) > 1_000 or re.search(r"[eE][+-]?\d{3}", cell):
        return None
    try:
        number = Fraction(cell.replace(",", ".") if source >= 2 else cell)
    except (ValueError, ZeroDivisionError):
        return None
    return round(number * 1_000_000_000 / (1 if source == 1 else 4))


TARGET = Target("profiles", 0.02, make, answer, "load profiles in CSV files, packed and plain")
