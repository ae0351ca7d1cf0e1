"""Billing periods by the plant's local calendar, and which of them the plant file's peak belongs to."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.plant import Site
from quarters.periods import billing_period, known_peak_kw

ZONES = ["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Pacific/Auckland", "UTC"]
MOMENT = timedelta(microseconds=1)


def site(**fields):
    return Site.model_validate({"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", **fields})


def test_a_german_october_has_its_25_hour_day_and_ends_at_local_midnight():
    period = billing_period(site(demand_period="month"), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert period.start_utc == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert period.end_utc == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert period.end_utc - period.start_utc == timedelta(days=31, hours=1)


def test_a_year_turns_at_the_plants_midnight_and_not_at_that_of_utc():
    before, after = datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert billing_period(site(), before).end_utc == after
    assert billing_period(site(), after).start_utc == after
    indian = site(timezone="Asia/Kolkata", demand_period="year")
    assert billing_period(indian, before).start_utc == datetime(2026, 12, 31, 18, 30, tzinfo=UTC)


@settings(deadline=None)
@given(
    at_utc=st.timedeltas(timedelta(0), timedelta(days=365 * 7900)).map(lambda since: datetime(1000, 1, 1, tzinfo=UTC) + since),
    zone=st.sampled_from(ZONES),
    kind=st.sampled_from(["month", "year"]),
)
def test_every_instant_lies_in_one_period_and_periods_follow_one_another(at_utc, zone, kind):
    plant_site = site(timezone=zone, demand_period=kind)
    period = billing_period(plant_site, at_utc)
    assert period.start_utc <= at_utc < period.end_utc
    assert billing_period(plant_site, period.start_utc) == period
    assert billing_period(plant_site, period.end_utc - MOMENT) == period
    assert billing_period(plant_site, period.end_utc).start_utc == period.end_utc
    local = period.start_utc.astimezone(ZoneInfo(zone))
    assert local.day == 1 and (kind == "month" or local.month == 1)


@pytest.mark.parametrize(
    ("fields", "at_utc", "kw"),
    [
        ({}, datetime(2026, 11, 3, tzinfo=UTC), 637.0),
        ({}, datetime(2027, 1, 15, tzinfo=UTC), 0.0),
        ({"billed_peak_on": date(2027, 1, 4)}, datetime(2027, 2, 15, tzinfo=UTC), 637.0),
        ({"billed_peak_on": date(2027, 1, 4)}, datetime(2026, 11, 3, tzinfo=UTC), 0.0),
        ({"demand_period": "month"}, datetime(2026, 1, 31, 22, 59, tzinfo=UTC), 637.0),
        ({"demand_period": "month"}, datetime(2026, 1, 31, 23, tzinfo=UTC), 0.0),
        ({"demand_period": "month", "billed_peak_on": date(2026, 10, 1)}, datetime(2026, 10, 23, tzinfo=UTC), 637.0),
        ({"demand_period": "month", "billed_peak_on": date(2026, 10, 1)}, datetime(2026, 11, 1, tzinfo=UTC), 0.0),
    ],
)
def test_the_plant_files_peak_counts_in_its_own_period_only(fields, at_utc, kw):
    assert known_peak_kw(site(billed_peak_kw=637.0, **fields), at_utc) == kw


@pytest.mark.parametrize("found", ["2026-10-01", datetime(2026, 10, 1, tzinfo=UTC), date(9999, 12, 31), date(1, 1, 1)])
def test_the_day_of_the_peak_is_a_plain_date_that_can_be_counted_with(found):
    with pytest.raises(ValueError, match="a local date such as 2026-08-03, in the years 1000 to 8999"):
        site(billed_peak_on=found)
