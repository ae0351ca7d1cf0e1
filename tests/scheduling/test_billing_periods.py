"""A peak is sunk in its own billing period and nowhere else, and what is known of it follows restatements down as well as up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from small_works import NOW, TARIFF, Advised, demand, forecast, interval, tariff, two_furnaces, works

from billing.site import SitePrices
from domain.intervals import QUARTER, IntervalOrigin, IntervalQuality
from quarters.numbers import slot_of
from quarters.periods import billing_period
from quarters.series import QuarterSeries
from scheduling.worth import Measured, Worth
from tests.spoken import english

MONTHLY = TARIFF.replace('reset = "year"', 'reset = "month"').replace("100.00 EUR/kW/year", "10.00 EUR/kW/month")
LONG = TARIFF.replace("valid_to = 2027-01-01", "valid_to = 2028-01-01")
JULY = datetime(2026, 7, 14, 8, tzinfo=UTC)
JANUARY = datetime(2027, 1, 15, 5, tzinfo=UTC)
"""A Friday, 06:00 in Germany, as `NOW` is."""


def shifted(record, to):
    """An order or forecast of `NOW`, of another day."""
    return replace(record, **{n: getattr(record, n) + (to - NOW) for n in ("start_utc", "earliest_utc", "due_utc", "at_utc")})


def advised(folder, rows, price=TARIFF, at=NOW, before=(), **site):
    """What is advised at `at` where two furnaces would make 640 kW; 520 with the move."""
    found = Advised(folder, history=False, price=price, **{"target_kw": None, "billed_peak_kw": 0.0, **site})
    for row in [*rows, *(interval(at - n * QUARTER) for n in range(96, 0, -1))]:
        found.take(row)
    for record in before:
        found.take(record)
    jobs = [shifted(job, at) for job in two_furnaces()]
    for job in jobs:
        found.take(job)
    advice = forecast(jobs, issued=at)
    loads = list(forecast(issued=at).q50_kw)
    loads[8], loads[9] = 640.0, 640.0
    quantiles = tuple(loads)
    return found.take(replace(advice, q10_kw=quantiles, q50_kw=quantiles, q90_kw=quantiles))


@pytest.mark.parametrize(
    ("price", "period", "saving_eur"),
    [
        (TARIFF, "year", None),
        (MONTHLY, "month", 1_200),
        # The plant file says "year" by mistake: the price sheet knows better what is billed together.
        (MONTHLY, "year", 1_200),
    ],
)
def test_a_higher_peak_in_july_silences_october_only_where_the_year_is_billed(tmp_path, price, period, saving_eur):
    advice = advised(tmp_path, [interval(JULY, 700.0)], price, demand_period=period)
    assert [one.saving_eur for one in advice] == ([] if saving_eur is None else [saving_eur])


def test_without_a_tariff_the_plant_file_says_what_is_billed_together(tmp_path):
    assert advised(tmp_path, [interval(JULY, 700.0)], None, demand_period="year") == []
    [advice] = advised(tmp_path, [interval(JULY, 700.0)], None, demand_period="month")
    assert "below" not in english(advice, works())
    assert "above the peak billed so far of 400 kW" in english(advice, works())


def test_the_plant_files_peak_ends_with_its_year(tmp_path):
    november = interval(datetime(2026, 11, 3, 9, tzinfo=UTC), 637.0)
    in_2026 = advised(tmp_path, [], LONG, billed_peak_kw=637.0)
    in_2027 = advised(tmp_path, [november], LONG, JANUARY, billed_peak_kw=637.0)
    assert [one.saving_eur for one in (*in_2026, *in_2027)] == [300.0, 12_000.0]


def test_the_plant_files_peak_may_say_which_month_it_belongs_to(tmp_path):
    of_october = {"billed_peak_kw": 600.0, "demand_period": "month", "billed_peak_on": datetime(2026, 10, 2, tzinfo=UTC).date()}
    [advice] = advised(tmp_path, [], MONTHLY, **of_october)
    assert advice.saving_eur == 400.0, "640 instead of 600 kW are saved in October"
    [advice] = advised(tmp_path, [], MONTHLY, **{**of_october, "billed_peak_on": datetime(2026, 9, 30, tzinfo=UTC).date()})
    assert advice.saving_eur == 1_200.0


@pytest.mark.parametrize(
    ("zone", "last"),
    [
        ("Europe/Berlin", datetime(2026, 10, 31, 22, 45, tzinfo=UTC)),  # summer time has ended: 23:45
        ("Europe/Berlin", datetime(2026, 3, 31, 21, 45, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 10, 31, 18, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 1, 4, 45, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 1, 3, 45, tzinfo=UTC)),
    ],
)
def test_a_month_ends_at_local_midnight(tmp_path, zone, last):
    site = works(demand_period="month", timezone=zone).site
    known = QuarterSeries()
    known.put(interval(last - 2 * QUARTER, 700.0))
    known.put(interval(last, 500.0))
    prices = SitePrices(tariff(tmp_path, MONTHLY.replace("Europe/Berlin", zone)), frozenset())

    def billed_kw(at_utc, prices):
        period = billing_period(site, at_utc)
        return Worth(prices, Measured(known, QuarterSeries(), QuarterSeries()), slot_of(at_utc), period, 0.0).billed_kw

    for priced in (prices, None):
        assert billed_kw(last, priced) == 700.0
        assert billed_kw(last + QUARTER, priced) == 0.0


def test_watts_taken_for_kilowatts_and_repaired_leave_no_trace(tmp_path):
    """A whole month of them: more than any list of the highest would have kept."""
    march = [datetime(2026, 3, 2, tzinfo=UTC) + n * QUARTER for n in range(96 * 21)]
    wrong = [interval(at, 400_000.0, revision=0, origin=IntervalOrigin.IMPORT) for at in march]
    right = [interval(at, 400.0, revision=1, origin=IntervalOrigin.IMPORT) for at in march]
    reports = [demand(NOW - timedelta(minutes=2), 400_000.0, march[0]), demand(NOW - timedelta(minutes=1), 400.0, march[0])]
    assert advised(tmp_path, wrong) == []
    [advice] = advised(tmp_path, [*wrong, *right])
    assert advice.saving_eur == 12_000.0
    [advice] = advised(tmp_path, [*wrong, *right], before=reports)
    assert advice.saving_eur == 12_000.0
    # Even without a running quarter hour since.
    [advice] = advised(tmp_path, [*wrong, *right], before=reports[:1])
    assert advice.saving_eur == 12_000.0


def test_the_running_quarter_hours_report_of_another_period_says_nothing_of_this_one(tmp_path):
    september = demand(datetime(2026, 9, 30, 21, tzinfo=UTC), 700.0)
    [advice] = advised(tmp_path, [], MONTHLY, before=[september], demand_period="month")
    assert advice.saving_eur == 1_200.0
    assert advised(tmp_path, [], MONTHLY, before=[demand(NOW, 700.0)], demand_period="month") == []


@pytest.mark.parametrize("quality", [IntervalQuality.FAULTY, IntervalQuality.MISSING])
def test_a_faulty_quarter_hour_is_no_billed_peak(tmp_path, quality):
    row = interval(JULY, 5_000.0 if quality is IntervalQuality.FAULTY else None, quality=quality)
    [advice] = advised(tmp_path, [row])
    assert advice.saving_eur == 12_000.0


def test_a_ratchet_looks_back_over_new_year(tmp_path):
    """90 % of July's 700 kW are billed until June: in January 10 of the 120 kW count, from July on 90 % of January's own peak."""
    ratchet = LONG.replace('reset = "year"', 'reset = "month"').replace(
        '"100.00 EUR/kW/year"', '"10.00 EUR/kW/month"\nratchet = { percent = 90, months = 11 }'
    )
    july = datetime(2026, 6, 30, 22, tzinfo=UTC)
    rows = [interval(july + n * QUARTER, 700.0 if n == 1000 else 400.0) for n in range((JANUARY - july) // QUARTER)]
    [advice] = advised(tmp_path, rows, ratchet, JANUARY)
    assert advice.saving_eur == pytest.approx(10 * 10 + 6 * 0.9 * 120 * 10)
    # Without those months the sheet's own figure for December stands, which is billed until November.
    sheet = ratchet.replace("months = 11 }", 'months = 11 }\nhistory = { "2026-12" = "700 kW" }')
    [advice] = advised(tmp_path, [], sheet, JANUARY)
    assert advice.saving_eur == pytest.approx(10 * 10 + 0.9 * 120 * 10)


def test_a_winter_season_does_not_end_with_the_year(tmp_path):
    season = LONG.replace('reset = "year"', 'reset = "season"').replace("100.00 EUR/kW/year", "50.00 EUR/kW/season")
    season += '[[season]]\nid = "winter"\nmonths = [12, 1, 2]\n[[season]]\nid = "rest"\nmonths = [3, 4, 5, 6, 7, 8, 9, 10, 11]\n'
    december = datetime(2026, 11, 30, 23, tzinfo=UTC)
    rows = [interval(december + n * QUARTER, 600.0 if n == 1000 else 400.0) for n in range((JANUARY - december) // QUARTER)]
    [advice] = advised(tmp_path, rows, season, JANUARY)
    assert 1_000 < advice.saving_eur < 40 * 50.0, "600 kW are sunk since December; what the weeks to come may reach costs anyway"


def test_the_billed_peak_of_two_charges_is_that_of_the_shorter_one_and_each_is_priced_by_its_own(tmp_path):
    both = MONTHLY + '[[demand]]\nid = "year"\nquantity = "kW"\ninterval_min = 15\nreset = "year"\nprice = "100.00 EUR/kW/year"\n'
    [advice] = advised(tmp_path, [interval(JULY, 600.0)], both, demand_period="month")
    assert advice.saving_eur == 1_200.0 + 40 * 100.0
