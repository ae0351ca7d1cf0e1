"""Key figures of a ledger: the same in report and command, refused where the data carry no baseline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from report_sample import StepClock

from domain.entered_measures import EnteredMeasure, EntryKind
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.quality import QualityEvent
from domain.topics import INTERVALS, MEASURES, ORDERS, QUALITY
from domain.units import UWH_PER_KWH
from quarters.periods import midnight_utc
from reporting.key_figures import Beside, KeyFigures, Span, key_figures
from reporting.key_figures.as_json import figures_json
from reporting.key_figures.texts import account_texts, measure_texts, of_figures, specific_texts
from reporting.ledger import Ledger
from words.speech import of_report

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2025, 1, 1)
"""A day of the first year; the measure begins a year and a day later."""
BEGINS = date(2026, 1, 2)


REGISTER = [{"channel": "energy_import", "kind": "counter", "unit": "Wh", "sampling_s": 5, "resolution": 1}]


def plant(**more: object) -> Plant:
    return Plant.model_validate({
        "site": {"id": "works", "timezone": "Europe/Berlin", "commissioned_utc": "2024-12-01T00:00:00Z", "billing_meter": "main"},
        "meter": [
            {"id": "main", "max_power_kw": 500.0, "register": REGISTER},
            {"id": "press-meter", "parent": "main", "max_power_kw": 100.0, "register": REGISTER},
        ],
        "machine": [{"id": "press", "meter": "press-meter", "rated_kw": 90.0}],
        "emissions": {"g_per_kwh": 400.0, "of_year": 2025, "source": "an agency"},
        **more,
    })  # fmt: skip


def quarters(meter: str, first: date, kwh_of_day: Iterable[float]) -> list[tuple[object, int, int, Interval]]:
    """Quarter hours of days with these energies, the same at all hours."""
    found = []
    for place, kwh in enumerate(kwh_of_day):
        day = first + timedelta(days=place)
        start, end = midnight_utc(day, BERLIN), midnight_utc(day + timedelta(days=1), BERLIN)
        count = (end - start) // QUARTER
        uwh = round(kwh / count * UWH_PER_KWH)
        found += [
            Interval(
                "works", meter, "energy_import", start + number * QUARTER, uwh, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 4
            )
            for number in range(count)
        ]  # fmt: skip
    return [(INTERVALS, 0, number, one) for number, one in enumerate(found)]


def days(count: int, share_saved: float = 0.0, from_day: int = 10_000, seed: int = 5) -> list[float]:
    """Energies of days from `FIRST` on: less on Saturdays and Sundays, noise of 2 %, a saving from a day on."""
    rng = np.random.default_rng(seed)
    level = [1000.0 if (FIRST + timedelta(days=n)).weekday() < 5 else 400.0 for n in range(count)]
    return [kwh * (1 + 0.02 * float(rng.normal())) * (1 - share_saved if n >= from_day else 1.0) for n, kwh in enumerate(level)]


def measure(name: str, begins: date, *meters: str, **more: object) -> EnteredMeasure:
    return EnteredMeasure(
        "works", name, 1, EntryKind.MEASURE, begins.isoformat(), datetime(2026, 3, 1, tzinfo=UTC), meters=meters, **more
    )  # type: ignore[arg-type]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory(StepClock()) as opened:
        yield opened


def put_measures(ledger: Ledger, *measures: EnteredMeasure) -> None:
    ledger.append([(MEASURES, 0, number, one) for number, one in enumerate(measures)])


def test_a_saving_that_the_data_carry_is_claimed_with_money_unknown_and_co2_known(ledger: Ledger) -> None:
    ledger.append(quarters("main", FIRST, days(460, 0.10, 366)))
    put_measures(ledger, measure("lamps", BEGINS))
    found = key_figures(ledger, plant(), Span(date(2026, 3, 1), date(2026, 4, 1)))
    (judged,) = found.meters[0].measures
    assert judged.refusals == ()
    assert judged.saving is not None
    assert judged.saving.share.value == pytest.approx(0.10, abs=0.01)
    assert found.account.measures_kwh == judged.saving.saved_kwh
    assert found.account.measures_eur is None
    assert found.account.measures_co2_kg is not None
    assert found.account.measures_co2_kg.value == pytest.approx(0.4 * judged.saving.saved_kwh.value)


def test_five_weeks_carry_no_baseline_and_say_so_in_words(ledger: Ledger) -> None:
    ledger.append(quarters("main", FIRST, days(35)))
    put_measures(ledger, measure("lamps", FIRST + timedelta(days=20)))
    found = key_figures(ledger, plant(), Span(FIRST, FIRST + timedelta(days=35)))
    main = found.meters[0]
    assert [one.key for one in main.measures[0].refusals] == ["baseline.few_days"]
    assert main.standby is not None
    # Weekends draw 40 % of a working day: base load all the time, 400 of (5 x 1000 + 2 x 400) / 7 a day.
    assert main.standby.value == pytest.approx(400 / (5800 / 7), abs=0.02)
    assert found.account.measures_kwh is None
    assert found.account.unclaimed == 1
    words = of_figures(of_report("en", BERLIN))
    (text,) = measure_texts(found, words)
    assert (text.verdict, text.saved) == ("not claimed", "–")
    assert text.notes[0].startswith("Only 20 days of the baseline period are known")
    assert dict(account_texts(found, words))["Savings of measures that are claimed"] == "none"


def test_a_saving_counts_at_the_meter_above_only(ledger: Ledger) -> None:
    rows = [
        *quarters("main", FIRST, days(460, 0.10, 366)),
        *quarters("press-meter", FIRST, [0.3 * one for one in days(460, 0.10, 366)]),
    ]
    ledger.append([(INTERVALS, 0, number, row[3]) for number, row in enumerate(rows)])
    put_measures(ledger, measure("lamps", BEGINS, "main", "press-meter"))
    found = key_figures(ledger, plant(), Span(date(2026, 3, 1), date(2026, 4, 1)))
    main, press = (one.measures[0] for one in found.meters)
    assert main.saving is not None
    assert press.saving is not None
    assert not main.refusals
    assert not press.refusals
    assert found.account.measures_kwh == main.saving.saved_kwh
    assert found.counted_above == {("lamps", "press-meter")}


def test_days_of_a_measure_end_where_one_on_a_meter_below_begins(ledger: Ledger) -> None:
    rows = [*quarters("main", FIRST, days(460)), *quarters("press-meter", FIRST, [0.3 * one for one in days(460)])]
    ledger.append([(INTERVALS, 0, number, row[3]) for number, row in enumerate(rows)])
    later = BEGINS + timedelta(days=40)
    put_measures(ledger, measure("lamps", BEGINS), measure("dies", later, "press-meter"))
    found = key_figures(ledger, plant(), Span(date(2026, 3, 1), date(2026, 4, 1)))
    (lamps,) = found.meters[0].measures
    assert lamps.saving is not None
    assert lamps.saving.end == later
    assert [one.measure.id for one in found.meters[1].measures] == ["dies"]


def test_what_was_taken_back_and_what_other_sites_enter_counts_for_nothing(ledger: Ledger) -> None:
    ledger.append(quarters("main", FIRST, days(35)))
    gone = measure("lamps", FIRST)

    put_measures(ledger, gone, replace(gone, revision=2, withdrawn=True), measure("far", FIRST, "no-such-meter"))
    found = key_figures(ledger, plant(), Span(FIRST, FIRST + timedelta(days=35)))
    assert found.meters[0].measures == ()
    assert found.unknown_meters == (("far", "no-such-meter"),)


def made(day: date, pieces: int) -> QualityEvent:
    start = midnight_utc(day, BERLIN) + timedelta(hours=8)
    return QualityEvent(
        "works", "press", f"{day}", 0, start, start + timedelta(hours=4), start + timedelta(hours=5), good=pieces, source="counter"
    )


def test_energy_per_piece_is_energy_over_pieces_of_days_of_which_both_are_known(ledger: Ledger) -> None:
    ledger.append(quarters("press-meter", FIRST, [100.0] * 31))
    counted = [FIRST + timedelta(days=n) for n in range(31) if n != 12]  # nobody counted on the 13th
    ledger.append([(QUALITY, 0, number, made(day, 50)) for number, day in enumerate(counted)])
    found = key_figures(ledger, plant(), Span(FIRST, date(2025, 2, 1)))
    press = next(one for one in found.meters if one.meter == "press-meter")
    (month,) = press.specific["pieces"]
    assert (month.days, month.amount) == (30, pytest.approx(1500))
    assert month.kwh_per_unit == pytest.approx(2.0)
    assert month.expected is None


def test_parts_of_orders_that_are_done_are_shared_out_over_their_days(ledger: Ledger) -> None:
    ledger.append(quarters("press-meter", FIRST, [100.0] * 31))
    start = midnight_utc(date(2025, 1, 10), BERLIN) + timedelta(hours=18)

    def order(job: str, at: datetime, status: OrderStatus) -> Order:
        return Order(
            "works", job, 0, "press", "ring", at, (), at, at + timedelta(days=9), True, status, at, quarters=48, quantity=120.0
        )

    orders = [order("a", start, OrderStatus.DONE), order("b", start + timedelta(days=2), OrderStatus.PLANNED)]
    ledger.append([(ORDERS, 0, number, one) for number, one in enumerate(orders)])
    found = key_figures(ledger, plant(), Span(FIRST, date(2025, 2, 1)))
    press = next(one for one in found.meters if one.meter == "press-meter")
    (month,) = press.specific["parts"]
    assert (month.days, month.amount, month.energy_kwh) == (2, pytest.approx(120), pytest.approx(200))


def test_a_file_of_production_that_knows_all_days_has_a_band(ledger: Ledger) -> None:
    rng = np.random.default_rng(3)
    kilograms = {FIRST + timedelta(days=n): float(rng.uniform(500, 1500)) for n in range(400)}
    ledger.append(quarters("main", FIRST, [200 + 0.5 * kg for kg in kilograms.values()]))
    beside = Beside(None, {"steel_kg": kilograms})
    found = key_figures(ledger, plant(), Span(date(2025, 12, 1), date(2026, 1, 1)), None, beside)
    (month,) = found.meters[0].specific["steel_kg"]
    assert month.expected is not None
    assert month.kwh_per_unit == pytest.approx(month.expected.value, rel=0.02)
    (text,) = specific_texts(found, of_figures(of_report("de", BERLIN)))
    assert text.label == "main, steel_kg"


def test_the_same_figures_for_programs_are_json(ledger: Ledger) -> None:
    ledger.append(quarters("main", FIRST, days(120)))
    found: KeyFigures = key_figures(ledger, plant(), Span(FIRST, FIRST + timedelta(days=28)))
    written = json.loads(json.dumps(figures_json(found), allow_nan=False))
    assert written["format"] == "lastgang.key-figures.v1"
    assert written["meters"][0]["refusals"] == json.loads(json.dumps([{"key": "baseline.few_days", "days": 28.0, "needed": 84.0}]))


def test_a_plant_without_any_quarter_hour_is_refused_with_the_reason(ledger: Ledger) -> None:
    put_measures(ledger, measure("lamps", FIRST))
    found = key_figures(ledger, plant(), Span(FIRST, FIRST + timedelta(days=28)))
    assert [one.key for one in found.meters[0].refusals] == ["baseline.few_days"]
    assert [one.key for one in found.meters[0].measures[0].refusals] == ["baseline.few_days"]
