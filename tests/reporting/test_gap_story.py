"""A pulled plug from the readings to the report: missing, then substitutes, then what the device remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from report_sample import NOON, StepClock, data_of, put

from domain.clock import epoch_ms
from domain.intervals import Interval
from domain.plant import load_plant
from domain.readings import Reading
from domain.units import UWH_PER_KWH
from metering.engine import MeterStep
from quarters.gaps import Filling, gaps_in
from reporting.ledger import Ledger
from reporting.report import WrittenReport

OUT_UTC, BACK_UTC, END_UTC = NOON + timedelta(hours=1), NOON + timedelta(hours=4), NOON + timedelta(hours=5)


def reading(at_utc: datetime, received_utc: datetime) -> Reading:
    """The furnace's counter at an instant: 60 kW, and 120 kW in the second half of the outage."""
    higher = max(timedelta(0), min(at_utc, BACK_UTC) - OUT_UTC - timedelta(minutes=90))
    wh = 60_000 * (at_utc - NOON + higher) / timedelta(hours=1)
    return Reading("werk-nord", "furnace-1", "energy_import", epoch_ms(at_utc), epoch_ms(received_utc), round(1_000_000 + wh))


def test_three_hours_without_network_are_reported_three_times_and_the_last_word_is_measured(
    ledger: Ledger, folder: Path, clock: StepClock, make: Callable[..., WrittenReport]
) -> None:
    step = MeterStep(load_plant(folder / "plant" / "plant.toml"), "furnace-1")
    state = step.initial()

    def receive(from_utc: datetime, to_utc: datetime, now_utc: datetime) -> None:
        nonlocal state
        seconds = range(0, int((to_utc - from_utc).total_seconds()) + 1, 5)
        state, _ = step.take(state, [reading(from_utc + timedelta(seconds=s), now_utc) for s in seconds])
        publish(now_utc)

    def publish(now_utc: datetime) -> None:
        nonlocal state
        state, published = step.advance(state, epoch_ms(now_utc))
        clock.now = now_utc
        put(ledger, *[interval for interval in published if isinstance(interval, Interval)])

    receive(NOON, OUT_UTC, OUT_UTC)
    publish(BACK_UTC + timedelta(minutes=2))  # others are heard, so the site's time goes on
    receive(BACK_UTC, END_UTC, END_UTC + timedelta(minutes=5))
    receive(OUT_UTC, BACK_UTC, END_UTC + timedelta(minutes=6))

    (gap,) = gaps_in(ledger.doubtful("furnace-1", "energy_import", OUT_UTC, BACK_UTC))
    assert (gap.from_utc, gap.to_utc, gap.filling, gap.revision) == (OUT_UTC, BACK_UTC, Filling.LATE_READINGS, 3)
    assert [(str(e.quality), e.quarters) for e in gap.earlier] == [("missing", 12), ("substituted", 12)]
    # 90 minutes at 60 kW and 90 at 120 kW; the substitutes had the same sum, divided evenly
    assert gap.energy_uwh == (90 + 180) * UWH_PER_KWH
    assert [e.energy_uwh for e in gap.earlier] == [None, 270 * UWH_PER_KWH]
    text = ledger.interval_revisions("furnace-1", "energy_import", OUT_UTC)
    assert [(str(i.quality), i.energy_kwh) for i in text] == [("missing", None), ("substituted", 22.5), ("measured", 15.0)]
    published = [g for g in data_of(make())["meters"][1]["gaps"] if g["revision"] == 3]
    assert [(g["filled_by"], g["quarter_hours"], [e["quality"] for e in g["published_before"]]) for g in published] == [
        ("late_readings", 12, ["missing", "substituted"]),
    ]
