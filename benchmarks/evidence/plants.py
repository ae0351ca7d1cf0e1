"""Generated plants with signed reports: few quarter hours, and everything that a report can rest on, by a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from domain.channels import EXPORT, IMPORT
from domain.contracts import EXAMPLES
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.plant import load_plant
from domain.prices import Prices
from domain.quality import QualityEvent
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DECISIONS,
    EFFECTS,
    FEEDBACK,
    FORECASTS,
    INTERVALS,
    ORDERS,
    OWN_USE,
    PRICES,
    QUALITY,
    RECOMMENDATIONS,
    REJECTED,
    SHIFT_CHANGES,
    Topic,
)
from domain.units import UWH_PER_KWH
from reporting.evidence.bundle import Evidence
from reporting.evidence.keys import KeyFolder
from reporting.ledger import Ledger
from reporting.periods import period_of
from reporting.report import ReportOrder, WrittenReport, write_report

ZONES = ("Europe/Berlin", "UTC", "America/New_York")
MONTH_STARTS_UTC = {"2026-10": datetime(2026, 10, 23, 12, tzinfo=UTC), "2026-03": datetime(2026, 3, 27, 12, tzinfo=UTC)}
"""Just before the clock changes."""
PERIODS = {"2026-10": ("2026-Q4", "2026", "2026-10-20--2026-11-09"), "2026-03": ("2026-Q1", "2026", "2026-03-24--2026-04-05")}
"""Of the same days: a quarter, a year, and days that cut months."""
SITE, MACHINE = "werk-nord", "oven"
_EVENTS = (IntervalMethod.RESET, IntervalMethod.ROLLOVER, IntervalMethod.EXCHANGE)
_METHODS = {IntervalQuality.MEASURED: IntervalMethod.REGISTER, IntervalQuality.MISSING: IntervalMethod.NONE}


@dataclass
class TrialClock:
    """Stands until it is moved."""

    now: datetime
    speed: float = 1.0

    def now_utc(self) -> datetime:
        """Where it stands."""
        return self.now

    def real_seconds(self, plant_time: timedelta) -> float:
        """As it goes."""
        return plant_time.total_seconds()


@dataclass(frozen=True, slots=True)
class SignedPlant:
    """One plant with the versions of one report, and another month's report of the same plant for mistaken identities."""

    reports: tuple[Path, ...]
    """Folders, oldest version first."""
    other_month: Path
    fingerprint: str
    """Of the key that signs the newest."""


def make_plant(folder: Path, seed: int) -> SignedPlant:
    """A plant in `folder` with one to three versions of a report; the same seed gives the same bytes."""
    draw = Random(seed)
    month = draw.choice(sorted(MONTH_STARTS_UTC))
    start_utc = MONTH_STARTS_UTC[month]
    clock = TrialClock(start_utc + timedelta(days=6))
    series = [(f"meter-{n}", IMPORT) for n in range(draw.randint(1, 3))]
    if draw.random() < 0.4:
        series.append((series[0][0], EXPORT))
    write_settings(folder / "plant", draw, series)
    keys = KeyFolder(folder / "keys", clock)
    keys.add(SITE, draw.randbytes(32))
    label = draw.choices([month, *PERIODS[month]], [16, 2, 1, 3])[0]
    with Ledger.in_memory(clock) as ledger:
        _fill(ledger, clock, draw, series, start_utc)
        other = "2026-04" if month == "2026-03" else "2026-11"
        other_utc = datetime(2026, int(other[-2:]), 3, 10, tzinfo=UTC)
        _put(ledger, INTERVALS, [_quarter(draw, *series[0], other_utc + QUARTER * n) for n in range(8)])
        made = []
        for version in range(draw.randint(1, 3)):
            if version:
                clock.now += timedelta(hours=draw.randint(1, 40))
                if draw.random() < 0.5:
                    keys.add(SITE, draw.randbytes(32))
                if draw.random() < 0.3:
                    _corrected_price(folder / "plant" / "tariff.toml")
                _put(ledger, INTERVALS, _restated(draw, series, start_utc, version + 1))
            made.append(_report(ledger, keys, folder, label, clock))
        other_report = _report(ledger, keys, folder, other, clock)
    return SignedPlant(tuple(one.folder for one in made), other_report.folder, keys.keys()[-1].fingerprint)


def _report(ledger: Ledger, keys: KeyFolder, folder: Path, label: str, clock: TrialClock) -> WrittenReport:
    plant = load_plant(folder / "plant" / "plant.toml")
    order = ReportOrder(folder / "plant", folder / "out", evidence=Evidence.of(ledger, keys), data_only=True)
    return write_report(ledger, plant, period_of(label, plant.site.timezone), order, clock.now)


def write_settings(folder: Path, draw: Random, series: Sequence[tuple[str, str]]) -> None:
    """Plant file and tariff."""
    folder.mkdir(parents=True)
    zone, main = draw.choice(ZONES), series[0][0]
    tables = ""
    for n, meter in enumerate(dict.fromkeys(meter for meter, _ in series)):
        tables += f'[[meter]]\nid = "{meter}"\nmax_power_kw = 2000\n{"" if n == 0 else f"parent = {main!r}" + chr(10)}'
        for channel in (channel for of, channel in series if of == meter):
            tables += f'[[meter.register]]\nchannel = "{channel}"\nkind = "counter"\nunit = "Wh"\nsampling_s = 5\nresolution = 1\n'
    site = f'[site]\nid = "{SITE}"\ntimezone = "{zone}"\ncommissioned_utc = 2026-01-01T00:00:00Z\nbilling_meter = "{main}"\n'
    if draw.random() < 0.5:
        tables += f'[[machine]]\nid = "{MACHINE}"\nmeter = "{series[-1][0]}"\nrated_kw = 150\n'
    if draw.random() < 0.5:
        tables += f'[emissions]\ng_per_kwh = {draw.randint(20, 700)}.5\nof_year = 2024\nsource = "authority"\n'
    tariff = '[tariff]\nfile = "tariff.toml"\n' if draw.random() < 0.9 else ""
    (folder / "plant.toml").write_text(f"{site}{tariff}{tables}")
    (folder / "tariff.toml").write_text(_tariff(draw, zone))


def _corrected_price(tariff: Path) -> None:
    """The supplier's price was wrong: a correction of the configuration."""
    tariff.write_text(tariff.read_text().replace('price = "9.87 ct/kWh"', 'price = "10.03 ct/kWh"'))


def _tariff(draw: Random, zone: str) -> str:
    parts = [
        'id = "trial"\nversion = "1"\nsource = "price sheet"\nvalid_from = 2026-01-01\nvalid_to = 2027-01-01\ncurrency = "EUR"\n'
        f'timezone = "{zone}"\n{f"vat_percent = 19{chr(10)}" if draw.random() < 0.5 else ""}',
        '[[energy]]\nid = "supply"\nprice = "9.87 ct/kWh"\n',
    ]
    if draw.random() < 0.4:
        parts.append('[[energy]]\nid = "spot"\nspot = { zone = "DE_LU", adder = "0.4 ct/kWh" }\n')
    if draw.random() < 0.8:
        yearly = draw.random() < 0.5
        window = 'inside = "day"\n' if draw.random() < 0.5 else ""
        price = '"96.4 EUR/kW/year"' if yearly else '"7.31 EUR/kW/month"'
        reset = "year" if yearly else "month"
        parts.append(
            f'[[demand]]\nid = "network"\nquantity = "kW"\ninterval_min = 15\nreset = "{reset}"\nprice = {price}\n{window}'
        )
        if window:
            parts.append('[[calendar]]\nid = "day"\n[[calendar.band]]\ndays = ["all"]\nfrom = "06:00"\nto = "22:00"\n')
    if draw.random() < 0.5:
        parts.append('[[fixed]]\nid = "metering"\nprice = "412.5 EUR/year"\n')
    if draw.random() < 0.5:
        parts.append('[[levy]]\nid = "tax"\nprice = "2.05 ct/kWh"\n')
    if draw.random() < 0.2:
        parts.append(
            '[[levy]]\nid = "tiered"\n[[levy.tiers]]\nup_to_kwh = 1000\nprice = "1.5 ct/kWh"\n[[levy.tiers]]\nprice = "0.5 ct/kWh"\n'
        )
    return "".join(parts)


def _quarter(draw: Random, meter: str, channel: str, start_utc: datetime, revision: int = 1) -> Interval:
    quality = draw.choices(list(IntervalQuality), [20 if one is IntervalQuality.MEASURED else 1 for one in IntervalQuality])[0]
    energy = None if quality is IntervalQuality.MISSING else draw.randint(0, 250 * UWH_PER_KWH)
    coverage = 0.0 if energy is None else 1.0 if quality is IntervalQuality.MEASURED else round(draw.random(), 3)
    method = _METHODS.get(quality, IntervalMethod.REGISTER)
    if energy is not None and draw.random() < 0.03:
        method = draw.choice(_EVENTS)
    readings = 0 if energy is None else 180
    return Interval(SITE, meter, channel, start_utc, energy, coverage, quality, method, revision, readings, IntervalOrigin.METERING)


def _restated(draw: Random, series: Sequence[tuple[str, str]], start_utc: datetime, revision: int) -> list[Interval]:
    places = draw.sample(range(40), draw.randint(1, 5))
    return [_quarter(draw, *draw.choice(series), start_utc + QUARTER * place, revision) for place in sorted(places)]


def _fill(ledger: Ledger, clock: TrialClock, draw: Random, series: Sequence[tuple[str, str]], start_utc: datetime) -> None:
    """Quarter hours with holes over some days, so that there are several seals, and one of everything else."""
    first_utc = start_utc
    for _ in range(draw.randint(1, 4)):
        rows = [
            _quarter(draw, *one, start_utc + QUARTER * n)
            for one in series
            for n in range(draw.randint(20, 96))
            if draw.random() > 0.05
        ]
        _put(ledger, INTERVALS, rows)
        start_utc += timedelta(days=1)
        clock.now += timedelta(days=1)
    for topic, record in _others(first_utc):
        if draw.random() < 0.5:
            _put(ledger, topic, [record])
    if draw.random() < 0.3:  # something else under an identity that is taken
        _put(ledger, INTERVALS, [_quarter(draw, *series[0], first_utc)])
    if draw.random() < 0.5:
        events = [(n, draw.randint(0, 30), draw.randint(0, 9)) for n in range(draw.randint(1, 6))]
        _put(ledger, QUALITY, [_made(first_utc + QUARTER * n, n, good, scrap) for n, good, scrap in events])
    if draw.random() < 0.7:
        prices = tuple(round(draw.uniform(-20, 180), 2) for _ in range(96))
        day_utc = start_utc - timedelta(hours=36)
        _put(ledger, PRICES, [Prices(SITE, "DE_LU", day_utc, 1, 15, prices, day_utc, "file")])


def _others(at_utc: datetime) -> Iterator[tuple[Topic, Any]]:
    """A record of every other kind that a report reads; of some the instant decides whether it belongs to the period."""
    for topic in (ANOMALIES, RECOMMENDATIONS, DECISIONS, REJECTED, EFFECTS, AUTOPSIES, ORDERS, SHIFT_CHANGES):
        yield topic, EXAMPLES[topic.name]
    yield FEEDBACK, replace(EXAMPLES[FEEDBACK.name], at_utc=at_utc)
    yield OWN_USE, replace(EXAMPLES[OWN_USE.name], from_utc=at_utc, to_utc=at_utc + timedelta(hours=1))
    yield FORECASTS, replace(EXAMPLES[FORECASTS.name], issued_utc=at_utc)


def _made(start_utc: datetime, number: int, good: int, scrap: int) -> QualityEvent:
    end_utc = start_utc + QUARTER
    return QualityEvent(
        SITE, MACHINE, f"count-{number}", 0, start_utc, end_utc, end_utc, "ring", good=good, scrap=scrap, source="counter"
    )


def _put(ledger: Ledger, topic: Topic, records: Sequence[Any]) -> None:
    first = ledger.offsets().get((topic.name, 0), 0)
    ledger.append([(topic, 0, first + n, record) for n, record in enumerate(records)])
