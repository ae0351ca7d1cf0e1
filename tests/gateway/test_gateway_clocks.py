"""The gateway marks the values of a clock that jumped, says so once, and metering refuses them by name."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.channels import Channel
from connectors.devices import LiveValue
from connectors.gateway.clocks import RIGHT, DeviceClocks
from domain.clock import epoch_ms
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality, Rejection, RejectionReason
from metering.engine import MeterStep
from metering.table import quarter_hours

CHANGE = epoch_ms(datetime(2026, 10, 25, 1, tzinfo=UTC))
HOUR = 3_600_000
POWER, COUNTER = Channel("meter-7", "m", "power", "p"), Channel("meter-7", "m", "energy_import", "e")
STATE = Channel("meter-7", "m", "state", "s")


class Desk:
    """A gateway's clocks, and all they tell."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, float, str]] = []
        self.clocks = DeviceClocks(lambda *what: self.reported.append(what))

    def reading(self, at_ms: int, value: float, behind_ms: int = 0, channel: Channel = COUNTER, text: str | None = None) -> Reading:
        return self.clocks.marked(LiveValue(channel, at_ms - behind_ms, at_ms + 150, value, text=text)).reading("s")


def plant() -> Plant:
    register = {"channel": "energy_import", "kind": "counter", "unit": "kWh", "sampling_s": 60.0, "resolution": 0.001}
    return Plant.model_validate(
        {
            "site": {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
            "meter": [{"id": "m", "max_power_kw": 100.0, "register": [register]}],
        }
    )


def a_night(desk: Desk, jumps: bool) -> list[Reading]:
    """Four hours of a counter at 60 kW, a reading a minute; for two of them its clock may be an hour behind."""
    behind = {minute: HOUR if jumps and 60 <= minute < 180 else 0 for minute in range(241)}
    return [desk.reading(CHANGE - HOUR + minute * 60_000, 1000.0 + minute, behind[minute]) for minute in range(241)]


def test_readings_of_a_clock_that_went_back_are_refused_by_name_and_no_energy_moves_into_another_hour():
    desk = Desk()
    result = quarter_hours(plant(), a_night(desk, jumps=True))
    assert {rejection.reason for rejection in result.rejections} == {RejectionReason.CLOCK_JUMPED}
    assert len(result.rejections) == 120
    rows = result.rows()[:16]
    assert [round(row.energy_kwh, 6) for row in rows] == [15.0] * 16
    assert [str(row.quality) for row in rows] == ["measured"] * 3 + ["substituted"] * 9 + ["measured"] * 4


def test_what_happened_is_reported_once_with_its_end():
    desk = Desk()
    a_night(desk, jumps=True)
    assert [(behind, text) for _, behind, text in desk.reported] == [
        (3600.0, "clock jumped: 1 h behind; its readings are refused until it is right"), (0.0, RIGHT),
    ]  # fmt: skip


def test_values_that_the_gateway_dated_itself_in_between_do_not_report_it_again():
    desk = Desk()
    for n in range(200):
        desk.reading(CHANGE + n * 5000, 1.0, HOUR if 20 <= n < 180 else 0, POWER)
        desk.reading(CHANGE + n * 5000 + 100, 1.0, 0, COUNTER)
    assert [text for _, _, text in desk.reported][1:] == []


def test_texts_pass_as_they_are_and_notes_are_kept():
    desk = Desk()
    desk.reading(CHANGE - 5000, 1.0)
    marked = desk.reading(CHANGE, 1.0, HOUR, text="status 0x00000001")
    assert (marked.quality, marked.text) == (ReadingQuality.UNCERTAIN, "clock jumped: 3600 s behind; status 0x00000001")
    state = LiveValue(STATE, CHANGE - HOUR, CHANGE, None, text="EXECUTE")
    assert desk.clocks.marked(state) == state


def test_a_good_night_needs_no_remark():
    desk = Desk()
    assert quarter_hours(plant(), a_night(desk, jumps=False)).rejections == []
    assert desk.reported == []


def test_a_drifting_clock_is_reported_hour_by_hour_until_it_is_set():
    desk = Desk()
    for minute in range(12 * 60):
        at_ms = CHANGE + minute * 60_000
        desk.reading(at_ms, 1.0, round((at_ms - CHANGE) * 300e-6) if minute < 600 else 0)
    assert desk.reported[0][2].startswith("clock 6.")
    assert "loses 25.9 s a day" in desk.reported[0][2]
    assert desk.reported[-1][2] == RIGHT


def test_a_reading_that_is_uncertain_for_another_reason_is_bad_quality():
    step = MeterStep(plant(), "m")
    uncertain = Reading("s", "m", "energy_import", CHANGE, CHANGE, 1.0, ReadingQuality.UNCERTAIN, "sensor not accurate")
    _, outputs = step.take(step.initial(), [uncertain])
    assert [output.reason for output in outputs if isinstance(output, Rejection)] == [RejectionReason.BAD_QUALITY]
