"""A random profile in a random spelling is read back exactly, or asked about and then read back exactly; it is never read as another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import InputFaults
from domain.intervals import QUARTER
from quarters.profiles.load import LoadSeries
from quarters.profiles.sniff.read import read_any
from quarters.profiles.sniff.reading import ReadOptions, Unclear

BERLIN, WINTER = ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=1))
Profile = list[tuple[datetime, Decimal | None]]
"""Start and value in the unit of the file."""
DATES: dict[str, Callable[[datetime], str]] = {
    "dots": lambda day: f"{day:%d.%m.%Y}",
    "short": lambda day: f"{day.day}.{day.month}.{day:%y}",
    "iso": lambda day: f"{day:%Y-%m-%d}",
    "british": lambda day: f"{day.day}/{day.month}/{day.year}",
    "british short": lambda day: f"{day:%d/%m/%y}",
    "american": lambda day: f"{day.month}/{day.day}/{day.year}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "named": lambda day: f"{day:%d-%b-%Y}",
}
CLOCKS: dict[str, Callable[[datetime], str]] = {
    "24": lambda at: f"{at:%H:%M}",
    "seconds": lambda at: f"{at:%H:%M:%S}",
    "bare": lambda at: f"{at.hour}:{at:%M}",
    "12": lambda at: f"{at:%I:%M %p}",
}
HEADINGS = {"kW": "Leistung [kW]", "kWh": "Verbrauch in kWh", "W": "power_w", "Wh": "Arbeit Wh", "MWh": "Energie (MWh)"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    delimiter: str
    decimal: str
    dates: str
    clock: str
    label: str
    split: bool
    unit: str
    says_unit: bool
    zone: str
    midnight: str
    newest_first: bool
    preamble: int
    footer: bool
    encoding: str
    ends: str

    def stated(self) -> ReadOptions:
        """The truth, as a person would give it where it is asked."""
        order = {"british": "day-first", "british short": "day-first", "american": "month-first"}.get(self.dates)
        return ReadOptions(
            timezone={"local": "Europe/Berlin", "winter": "+01:00"}.get(self.zone), label=self.label, unit=self.unit, decimal=self.decimal,  # type: ignore[arg-type]
            date_order=order, home="Europe/Berlin", midnight=None,  # type: ignore[arg-type]
        )  # fmt: skip


dialects = st.builds(
    Dialect, st.sampled_from(";\t,|"), st.sampled_from(",."), st.sampled_from(sorted(DATES)), st.sampled_from(sorted(CLOCKS)), st.sampled_from(["start", "end"]),
    st.booleans(), st.sampled_from(sorted(HEADINGS)), st.booleans(), st.sampled_from(["local", "local", "winter", "offset"]),
    st.sampled_from(["next", "24", "ended"]), st.booleans(), st.integers(0, 3), st.booleans(), st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
).filter(lambda one: not (one.midnight != "next" and one.clock == "12"))  # fmt: skip


@st.composite
def profiles(draw: st.DrawFn) -> tuple[Profile, bool]:
    """Whole local days, or part of one; seldom without values; and whether the days are whole."""
    first = draw(st.dates(date(2024, 1, 1), date(2027, 12, 28)) | st.sampled_from([date(2026, 3, 28), date(2026, 10, 24)]))
    days = draw(st.integers(1, 3))
    begin = datetime(first.year, first.month, first.day, tzinfo=BERLIN).astimezone(UTC)
    end = (datetime(first.year, first.month, first.day) + timedelta(days=days)).replace(tzinfo=BERLIN).astimezone(UTC)  # noqa: DTZ001
    whole = draw(st.booleans())
    if not whole:
        begin += draw(st.integers(1, 40)) * QUARTER
        end -= draw(st.integers(2, 40)) * QUARTER
    count = (end - begin) // QUARTER
    seed = draw(st.randoms(use_true_random=False))
    places = draw(st.integers(0, 3))
    values = [None if seed.random() < 0.02 else Decimal(seed.randrange(10, 2_000_000)).scaleb(-places) for _ in range(count)]
    values[count // 2] = Decimal(seed.randrange(10, 2_000_000)).scaleb(-places)  # a file without any value is no load profile
    return [(begin + place * QUARTER, value) for place, value in enumerate(values)], whole


def written(profile: Profile, dialect: Dialect) -> str:
    zone: tzinfo = {"local": BERLIN, "winter": WINTER}.get(dialect.zone, BERLIN)
    lines = [f"Titel {number}" for number in range(dialect.preamble)]
    heading = HEADINGS[dialect.unit] if dialect.says_unit else "Wert"
    lines.append(dialect.delimiter.join([*(["Datum", "Uhrzeit"] if dialect.split else ["Zeitstempel"]), heading]))
    rows = []
    for start, value in profile:
        stamp = (start + QUARTER if dialect.label == "end" else start).astimezone(zone)
        day, clock = stamp, CLOCKS[dialect.clock](stamp)
        if (
            dialect.label == "end"
            and (stamp.hour, stamp.minute) == (0, 0)
            and dialect.midnight != "next"
            and dialect.zone != "offset"
        ):
            day = stamp - timedelta(days=1)
            clock = clock if dialect.midnight == "ended" else "24:00"
        text = "" if value is None else format(value, "f").replace(".", dialect.decimal)
        whole = f"{DATES[dialect.dates](day)} {clock}"
        if dialect.zone == "offset":
            whole = stamp.isoformat()
        rows.append(
            dialect.delimiter.join([*(whole.split(" ", 1) if dialect.split and dialect.zone != "offset" else [whole]), text])
        )
    lines += rows[::-1] if dialect.newest_first else rows
    if dialect.footer:
        lines.append(dialect.delimiter.join(["Maximum", *([""] if dialect.split else []), "1"]))
    return dialect.ends.join(lines) + dialect.ends


def assert_same(series: LoadSeries, profile: Profile, unit: str) -> None:
    scale = {"kW": 1, "kWh": 4, "W": Decimal("0.001"), "Wh": Decimal("0.004"), "MWh": 4000}[unit]
    assert list(series.starts) == [start for start, _ in profile]
    assert series.power_kw() == [None if value is None else value * scale for _, value in profile]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(profiles(), dialects)
def test_it_is_read_back_exactly_or_asked_about(drawn: tuple[Profile, bool], dialect: Dialect) -> None:
    profile, _ = drawn
    if dialect.zone == "offset":
        dialect = replace(dialect, split=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "load.csv"
        file.write_bytes(written(profile, dialect).encode(dialect.encoding))
        # Where nobody knows the place, the zone is asked; known, a summer without a change of the clock is taken for its local time, as a stated assumption.
        options, truth = ReadOptions(home=None if dialect.zone == "winter" else "Europe/Berlin"), dialect.stated()
        if dialect.delimiter == dialect.decimal:
            with suppress(InputFaults):  # refused where a value has a decimal comma, read where all are whole
                assert_same(read_any(file, dialect.stated()).series, profile, dialect.unit)
            return
        try:
            series = read_any(file, options).series
        except Unclear as unclear:
            fields = {
                "--timezone": "timezone",
                "--label": "label",
                "--unit": "unit",
                "--decimal": "decimal",
                "--date-order": "date_order",
            }
            for _ in range(3):
                options = replace(options, **{fields[one.option]: getattr(truth, fields[one.option]) for one in unclear.questions})
                try:
                    series = read_any(file, options).series
                    break
                except Unclear as again:
                    unclear = again
        assert_same(series, profile, dialect.unit)
