"""The tables of the plant file: all faults at once, each with its line; and the sessions that usual trips make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register

from domain.errors import InputFaults
from domain.plant import Plant, load_plant
from flexibility.charging import Session, usual_sessions

GOOD = plant("werk-1", "main", register(*COUNTER), max_power_kw=900)
POINT = '[[flexible.charge_point]]\nid = "p1"\nmax_kw = 22.0\n'
VAN = '[[flexible.vehicle]]\nid = "van"\ncharge_point = "p1"\ncapacity_kwh = 70.0\n'
TRIP = (
    '[[flexible.vehicle.trip]]\ndays = ["mon", "tue", "wed", "thu", "fri"]\nleaves = "06:30"\nreturns = "15:30"\nneeds_kwh = 40.0\n'
)
COMPRESSOR = (
    '[[flexible.compressor]]\nid = "c"\nlower_bar = 6.5\nupper_bar = 7.5\nreceiver_m3 = 8.0\ndelivery_m3_per_min = 9.5\n'
    "most_use_m3_per_min = 7.0\nusual_use_m3_per_min = 4.5\nmax_kw = 55.0\n"
)
COLD = (
    '[[flexible.cold_store]]\nid = "cold"\nlower_c = -24.0\nupper_c = -20.0\nheat_capacity_kwh_per_k = 42.0\nloss_kw_per_k = 0.35\n'
    "surroundings_c = 32.0\nmax_kw = 35.0\ncop = 1.9\nmost_gain_kw = 15.0\nusual_gain_kw = 6.0\n"
)
FURNACE = (
    '[[flexible.furnace]]\nid = "f"\nlower_c = 820.0\nupper_c = 860.0\nheat_capacity_kwh_per_k = 1.1\nloss_kw_per_k = 0.045\n'
    "surroundings_c = 15.0\nmax_kw = 165.0\nmost_draw_kw = 80.0\nusual_draw_kw = 25.0\n"
)
BATTERY = (
    '[[flexible.battery]]\nid = "b"\ncapacity_kwh = 210.0\nmax_charge_kw = 100.0\nmax_discharge_kw = 100.0\n'
    'cycle_cost_eur_per_kwh = 0.06\nvalid_from = 2026-01-01\nsource = "offer"\n'
)


def read(folder: Path, text: str) -> Plant:
    path = folder / "plant.toml"
    path.write_text(GOOD + text, encoding="utf-8")
    return load_plant(path)


def test_a_plant_without_such_tables_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, "").flexible.loads() == ()


def test_all_kinds_are_read(tmp_path: Path) -> None:
    loads = read(tmp_path, POINT + VAN + TRIP + COMPRESSOR + COLD + FURNACE + BATTERY).flexible
    assert [load.id for load in loads.loads()] == ["p1", "c", "cold", "f", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (POINT + POINT, r"flexible.charge_point\[1\].id: found 'p1'; expected an id that no other load"),
        (POINT + COMPRESSOR.replace('"c"', '"p1"'), r"flexible.compressor\[0\].id: found 'p1'"),
        (POINT.replace('"p1"', '"p1"\nmachine = "press"'), r"machine: found 'press'; expected one of the machines"),
        (POINT + "min_kw = 30.0\n", "at most max_kw, 22"),
        (POINT + "min_off_min = 5.0\nmax_off_min = 4.0\n", "at least min_off_min, 5"),
        (VAN, r"flexible.vehicle\[0\].charge_point: found 'p1'; expected one of the charge points"),
        (POINT + VAN + VAN, "an id that no other vehicle has"),
        (POINT + VAN + "most_charge = 0.0\n", "above 0"),
        (
            POINT + VAN + TRIP.replace("40.0", "71.0"),
            r"trip\[0\].needs_kwh: found 71.0; expected at most the vehicle's capacity_kwh, 70",
        ),
        (COMPRESSOR.replace("6.5", "7.5"), "below upper_bar"),
        (COMPRESSOR.replace("= 9.5", "= 7.0"), "else the pressure falls under full load"),
        (COMPRESSOR.replace("4.5", "7.5"), "at most most_use_m3_per_min, 7"),
        (COMPRESSOR + "idle_kw = 55.0\n", "below max_kw"),
        (COLD.replace("-24.0", "-20.0"), "below upper_c"),
        (COLD.replace("= 32.0", "= -21.0"), "else nothing has to be cooled"),
        # 15 kW + 0.35 kW/K * 56 K = 34.6 kW of heat, at a COP of 1.9 18.2105 kW.
        (COLD.replace("= 35.0", "= 18.2"), "more than the 18.2105 kW"),
        (COLD.replace("= 6.0", "= 16.0"), "at most most_gain_kw, 15"),
        (FURNACE.replace("820.0", "10.0"), "else nothing has to be heated"),
        # 80 kW + 0.045 kW/K * 845 K
        (FURNACE.replace("= 165.0", "= 118.0"), "more than the 118.025 kW"),
        (FURNACE.replace("= 25.0", "= 81.0"), "at most most_draw_kw, 80"),
        (BATTERY + "lowest_charge = 0.95\n", "below highest_charge, 0.9"),
        (BATTERY.replace("source", "sauce"), "sauce: found"),
    ],
)
def test_what_cannot_be_is_a_fault_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputFaults, match=words) as caught:
        read(tmp_path, text)
    assert all(fault.line for fault in caught.value.faults)


# -- sessions ------------------------------------------------------------------------------------------------------------


def sessions(folder: Path, text: str, day: str, hours: float = 24.0, levels: dict[str, float] | None = None) -> list[Session]:
    start = datetime.fromisoformat(f"{day}T00:00:00+01:00").astimezone(UTC)
    return usual_sessions(read(folder, POINT + text), start, start + timedelta(hours=hours), levels)


def test_a_vehicle_stands_from_one_trip_to_a_quarter_hour_before_the_next(tmp_path: Path) -> None:
    night, evening = sessions(tmp_path, VAN + TRIP, "2026-12-01")
    assert (night.from_utc.isoformat(), night.ready_utc.isoformat()) == ("2026-11-30T14:30:00+00:00", "2026-12-01T05:15:00+00:00")
    assert (evening.from_utc.isoformat(), evening.ready_utc.isoformat()) == (
        "2026-12-01T14:30:00+00:00",
        "2026-12-02T05:15:00+00:00",
    )
    # It set out with 80 % of 70 kWh and used 40.
    assert (night.level_kwh, night.needed_kwh, night.top_kwh) == (16.0, 40.0, 56.0)


def test_a_long_weekend_and_a_clock_change_lie_within_one_session(tmp_path: Path) -> None:
    (session,) = sessions(tmp_path, VAN + TRIP, "2026-10-25")  # Sunday, on which the clock is set back
    assert (session.ready_utc - session.from_utc) / timedelta(hours=1) == 62 + 45 / 60 + 1


def test_no_trip_is_driven_on_a_holiday_unless_it_is_meant_for_it(tmp_path: Path) -> None:
    region = GOOD.replace('timezone = "Europe/Berlin"', 'timezone = "Europe/Berlin"\nholiday_region = "DE-BW"')
    assert region != GOOD
    path = tmp_path / "plant.toml"
    start = datetime(2026, 12, 24, 23, 0, tzinfo=UTC)  # Christmas Day is a Friday
    for trip, ready in ((TRIP, "2026-12-28T05:15:00+00:00"), (TRIP + "not_on_holidays = false\n", "2026-12-25T05:15:00+00:00")):
        path.write_text(region + POINT + VAN + trip, encoding="utf-8")
        assert usual_sessions(load_plant(path), start, start + timedelta(hours=6))[0].ready_utc.isoformat() == ready


def test_a_known_charge_goes_before_the_usual_one(tmp_path: Path) -> None:
    night, evening = sessions(tmp_path, VAN + TRIP, "2026-12-01", levels={"van": 33.0})
    assert (night.level_kwh, night.from_utc.isoformat()) == (33.0, "2026-11-30T23:00:00+00:00")
    assert evening.level_kwh == 16.0


def test_a_trip_that_needs_more_lifts_the_limit_for_the_batterys_life(tmp_path: Path) -> None:
    session = sessions(tmp_path, VAN + TRIP.replace("40.0", "65.0"), "2026-12-01")[0]
    assert session.top_kwh == 65.0
    assert sessions(tmp_path, VAN + TRIP, "2026-12-01")[0].top_kwh == 56.0


def test_a_short_stay_lifts_the_limit_of_the_power(tmp_path: Path) -> None:
    session = sessions(tmp_path, VAN + "gentle_kw = 5.0\n" + TRIP, "2026-12-01")[0]
    assert session.missing_kwh == pytest.approx(24 / 0.9)
    assert session.limit_kw(14.75) == 5.0
    assert session.limit_kw(2.0) == pytest.approx(24 / 0.9 / 2)
    assert session.limit_kw(1.0) == 22.0


def test_who_comes_second_to_a_charge_point_waits(tmp_path: Path) -> None:
    early = VAN.replace('"van"', '"early"') + TRIP.replace("06:30", "04:00").replace("15:30", "13:00")
    found = sessions(tmp_path, VAN + TRIP + early, "2026-12-01", 8)
    by_vehicle = {one.vehicle: one for one in found}
    assert by_vehicle["early"].ready_utc.isoformat() == "2026-12-01T02:45:00+00:00"
    assert by_vehicle["van"].from_utc == by_vehicle["early"].ready_utc


def test_a_stay_without_time_is_kept_so_that_what_it_misses_is_reported(tmp_path: Path) -> None:
    second = TRIP.replace("06:30", "15:40").replace("15:30", "18:00")
    short = [one for one in sessions(tmp_path, VAN + TRIP + second, "2026-12-01") if one.from_utc == one.ready_utc]
    assert [one.ready_utc.isoformat() for one in short] == ["2026-12-01T14:25:00+00:00"]
    assert short[0].missing_kwh > 0
