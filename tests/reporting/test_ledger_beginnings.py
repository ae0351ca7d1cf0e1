"""When each meter began, imported and live, and the newest forecast of a meter that is not from the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.contracts import EXAMPLES
from domain.intervals import IntervalOrigin
from domain.topics import INTERVALS, METER_FORECASTS
from reporting.ledger import Ledger

FIRST = datetime(2026, 4, 1, tzinfo=UTC)
LIVE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)


def test_a_meter_begins_with_its_first_quarter_hour_and_is_live_from_its_first_metered_one(ledger: Ledger) -> None:
    example = EXAMPLES[INTERVALS.name]
    rows = [
        replace(example, start_utc=FIRST, origin=IntervalOrigin.IMPORT, revision=0),
        replace(example, start_utc=FIRST + timedelta(hours=1), origin=IntervalOrigin.IMPORT, revision=0),
        replace(example, start_utc=LIVE),
        replace(example, channel="energy_export", start_utc=LIVE - timedelta(hours=1)),
        replace(example, meter="press-1", start_utc=LIVE, origin=IntervalOrigin.IMPORT, revision=0),
    ]
    assert ledger.begun() == {}
    ledger.append([(INTERVALS, 0, offset, row) for offset, row in enumerate(rows)])
    assert ledger.begun() == {"main": (FIRST, LIVE - timedelta(hours=1)), "press-1": (LIVE, None)}


def test_a_meters_forecast_from_the_future_hides_none_that_was_issued_by_then(ledger: Ledger) -> None:
    example = EXAMPLES[METER_FORECASTS.name]
    right, wrong = replace(example, issued_utc=LIVE), replace(example, issued_utc=datetime(2062, 3, 1, tzinfo=UTC))
    ledger.append([(METER_FORECASTS, 0, offset, one) for offset, one in enumerate((wrong, right))])
    assert ledger.meter_forecast(example.meter) == wrong
    assert ledger.meter_forecast(example.meter, LIVE) == right
    assert ledger.meter_forecast(example.meter, LIVE - timedelta(seconds=1)) is None
