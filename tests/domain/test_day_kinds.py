"""Which days are holidays, bridges or shutdowns, in three Laender and in Korea."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register

from domain.calendars import DayKind, DayType, day_kind, day_type
from domain.errors import InputFaults
from domain.plant import Plant, load_plant
from forecasting.days import SiteDays

GOOD = plant("werk-1", "main", register(*COUNTER), max_power_kw=900)
SUMMER = '[[shutdown]]\nfrom = 2026-08-03\nto = 2026-08-14\nname = "company holidays"\n'


def in_region(region: str, zone: str = "Europe/Berlin", **more: object) -> Plant:
    site = {"id": "s", "timezone": zone, "commissioned_utc": "2018-01-01T00:00:00Z", "holiday_region": region}
    return Plant.model_validate({"site": site, **more})


def kinds(plant: Plant, first: str, count: int) -> list[str]:
    begin = date.fromisoformat(first)
    return [day_kind(begin + timedelta(days=n), plant).value for n in range(count)]


def test_the_friday_after_corpus_christi_is_a_bridge_where_corpus_christi_is_a_holiday():
    """4 June 2026: a holiday in Baden-Wuerttemberg and Bavaria, in Saxony only in some villages."""
    assert kinds(in_region("DE-BW"), "2026-06-03", 4) == ["workday", "holiday", "bridge", "saturday"]
    assert kinds(in_region("DE-BY"), "2026-06-03", 4) == ["workday", "holiday", "bridge", "saturday"]
    assert kinds(in_region("DE-SN"), "2026-06-03", 4) == ["workday", "workday", "workday", "saturday"]


def test_the_monday_before_epiphany_is_a_bridge_in_the_south_only():
    """6 January 2026 is a Tuesday."""
    assert kinds(in_region("DE-BW"), "2026-01-05", 2) == ["bridge", "holiday"]
    assert kinds(in_region("DE-SN"), "2026-01-05", 2) == ["workday", "workday"]


def test_repentance_day_is_a_wednesday_and_makes_no_bridge_of_two_days():
    assert kinds(in_region("DE-SN"), "2026-11-16", 6) == ["workday", "workday", "holiday", "workday", "workday", "saturday"]
    assert kinds(in_region("DE-BW"), "2026-11-18", 1) == ["workday"]


def test_korean_holidays_make_bridges_too():
    """Memorial Day, Wednesday 6 June 2018, makes none; Tuesday 25 September closes Chuseok with a holiday in lieu on Wednesday."""
    korea = in_region("KR", "Asia/Seoul")
    assert kinds(korea, "2018-06-04", 6) == ["workday", "workday", "holiday", "workday", "workday", "saturday"]
    assert kinds(korea, "2018-09-22", 7) == ["saturday", "sunday", "holiday", "holiday", "holiday", "workday", "workday"]
    assert kinds(korea, "2018-05-05", 3) == ["holiday", "sunday", "holiday"]
    assert kinds(korea, "2019-08-14", 4) == ["workday", "holiday", "bridge", "saturday"]


def test_a_holiday_of_the_plants_own_makes_a_bridge_as_well():
    site = {"id": "s", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z", "holidays": [date(2026, 7, 14)]}
    assert kinds(Plant.model_validate({"site": site}), "2026-07-13", 3) == ["bridge", "holiday", "workday"]


def test_days_between_the_years_are_their_own_kind_but_stay_working_days():
    bw = in_region("DE-BW")
    assert kinds(bw, "2026-12-23", 5) == ["workday", "year-end", "holiday", "holiday", "sunday"]
    assert kinds(bw, "2026-12-28", 6) == ["year-end"] * 4 + ["holiday", "saturday"]
    assert day_type(date(2026, 12, 28), bw.site) is DayType.WORKDAY


def test_a_shutdown_covers_both_its_ends_and_its_weekends_and_changes_no_day_type(tmp_path: Path):
    path = tmp_path / "plant.toml"
    path.write_text(GOOD + SUMMER, encoding="utf-8")
    werk = load_plant(path)
    assert kinds(werk, "2026-08-02", 15) == ["sunday", *["shutdown"] * 12, "saturday", "sunday"]
    assert werk.shutdowns[0].name == "company holidays"
    assert day_type(date(2026, 8, 5), werk.site) is DayType.WORKDAY


def test_the_day_left_between_a_holiday_and_a_shutdown_is_a_bridge():
    werk = in_region("DE-BW", shutdown=[{"from": date(2026, 1, 8), "to": date(2026, 1, 16)}])
    assert kinds(werk, "2026-01-06", 3) == ["holiday", "bridge", "shutdown"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (SUMMER.replace("2026-08-14", "2026-07-14"), r"shutdown\[0\]\.to: found '2026-07-14'.* not before 2026-08-03"),
        (SUMMER.replace("to = 2026-08-14\n", ""), r"shutdown\[0\]\.to: found nothing"),
        (SUMMER.replace("2026-08-03", "2026-08-03T00:00:00Z"), "a local date such as"),
        (SUMMER.replace("2026-08-03", '"3.8.2026"'), "a local date such as"),
        (SUMMER.replace("name", "nmae"), r"shutdown\[0\]\.nmae"),
    ],
)
def test_a_shutdown_that_cannot_be_meant_is_a_fault_with_its_line(tmp_path: Path, wrong: str, words: str):
    path = tmp_path / "plant.toml"
    path.write_text(GOOD + wrong, encoding="utf-8")
    with pytest.raises(InputFaults, match=words):
        load_plant(path)


def test_the_forecast_distinguishes_a_bridge_from_another_friday():
    days = SiteDays(in_region("DE-BW"))
    bridge, friday = days.day(date(2026, 6, 5)), days.day(date(2026, 6, 12))
    assert (bridge.by_kind, friday.by_kind) == ((DayKind.BRIDGE.value,), (DayKind.WORKDAY.value,))
    assert bridge.by_type == friday.by_type


def test_the_forecast_expects_rest_in_a_shutdown():
    werk = in_region("DE-BW", shutdown=[{"from": date(2026, 8, 3), "to": date(2026, 8, 14)}])
    wednesday = SiteDays(werk).day(date(2026, 8, 5))
    assert wednesday.rests
    assert wednesday.by_shifts == SiteDays(werk).day(date(2026, 8, 2)).by_shifts


def test_shifts_do_not_run_in_a_shutdown_but_the_night_before_it_ends_in_it():
    nights = {"id": "night", "days": ["mon", "tue", "wed", "thu", "fri", "sun"], "from": "22:00", "to": "06:00"}
    werk = in_region("DE-BW", shift=[nights], shutdown=[{"from": date(2026, 8, 3), "to": date(2026, 8, 14)}])
    monday, tuesday = SiteDays(werk).from_day(date(2026, 8, 3), 2)
    assert monday.at_work[:24].all()
    assert not monday.at_work[24:].any()
    assert tuesday.rests
