"""The forecast of a site's first day, and how far the standard load profiles are those that others measured."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from small_forecast_plant import BERLIN, PLANT, SmallPlant, interval

from domain.intervals import QUARTER
from domain.plant import Plant, Sector
from forecasting.days import SiteDays
from forecasting.first_day import FirstDay, first_day, profile_of
from forecasting.slots import LEADS, SLOTS_PER_DAY, Floats
from forecasting.step import ForecastStep
from quarters.numbers import slot_of

MONDAY = datetime(2026, 6, 8, tzinfo=BERLIN).astimezone(UTC)
LOADS = np.array(list(SmallPlant(seed=2).loads(MONDAY, MONDAY + timedelta(days=14)).values()))
NOTHING = np.empty(0)


def site(sector: Sector | None = None, billed_peak_kw: float = 0.0, **more: object) -> Plant:
    own = {
        "id": "s",
        "timezone": "Europe/Berlin",
        "commissioned_utc": "2026-01-01T00:00:00Z",
        "holiday_region": "DE-BW",
        "sector": sector,
        "billed_peak_kw": billed_peak_kw,
    }
    return Plant.model_validate({"site": own, **more})


def issued(plant: Plant, seen: int = 0, loads: Floats = LOADS, meter: str = "") -> FirstDay:
    """The forecast of 48 h after `seen` quarter hours of a Monday."""
    found = first_day(plant, meter, SiteDays(plant), slot_of(MONDAY) + seen, LEADS, loads[:seen])
    assert found is not None
    return found


SEVEN_TO_SEVENTEEN, EVENING = range(7, 17), range(17, 22)
SECTORS = {
    Sector.BUSINESS: (SEVEN_TO_SEVENTEEN, (0.6, 0.9), (0.4, 0.75)),
    Sector.OFFICE: (SEVEN_TO_SEVENTEEN, (0.05, 0.4), (0.05, 0.4)),
    Sector.EVENING: (range(15, 22), (0.7, 1.1), (0.6, 1.1)),
    Sector.CONTINUOUS: (SEVEN_TO_SEVENTEEN, (0.8, 1.0), (0.7, 0.95)),
    Sector.SHOP: (SEVEN_TO_SEVENTEEN, (0.5, 0.9), (0.3, 0.7)),
    Sector.BAKERY: (range(3, 12), (0.7, 1.2), (0.1, 0.6)),
    Sector.WEEKEND: (EVENING, (1.0, 1.5), (1.0, 1.5)),
    Sector.HOUSEHOLD: (EVENING, (0.9, 1.3), (0.9, 1.3)),
    Sector.FARM: ((*range(7, 10), *range(17, 21)), (0.9, 1.1), (0.9, 1.1)),
}
"""What everybody in the field knows of each sector: hours of a working day's highest load, energy of Saturday and Sunday over that day's."""


@pytest.mark.parametrize("sector", SECTORS)
def test_each_sector_works_when_such_places_work(sector: Sector) -> None:
    hours, saturday, sunday = SECTORS[sector]
    plant = site(sector)
    days = SiteDays(plant)
    work, *weekend = (profile_of(plant, days.day(date(2026, 4, day))).sum(axis=1) for day in (22, 25, 26))
    assert work.max() == pytest.approx(1.0, abs=0.1)
    assert int(work.argmax()) // 4 in hours
    for profile, (least, most) in zip(weekend, (saturday, sunday), strict=True):
        assert least < profile.sum() / work.sum() < most


def test_before_the_first_quarter_hour_the_shifts_are_the_load_profile_and_the_billed_peak_its_size() -> None:
    plant = Plant.model_validate({**PLANT.model_dump(by_alias=True), "site": {**PLANT.site.model_dump(), "billed_peak_kw": 400}})
    found = issued(plant)
    middle = found.kw[1]
    assert (found.profile, found.scaled_by) == ("shifts", "billed_peak")
    assert middle[10 * 4] == pytest.approx(300, rel=0.1)  # three quarters of the year's peak, at work
    assert middle[3 * 4] < 0.5 * middle[10 * 4]
    night_of_four_shifts = middle[23 * 4]
    assert night_of_four_shifts < 0.5 * middle[21 * 4]


def test_the_less_is_written_down_the_wider_is_the_band() -> None:
    meter = [{"id": "grid", "max_power_kw": 1000}]
    machine = [{"id": "press", "meter": "grid", "rated_kw": 714}]
    billed, rated, connected = (
        issued(site(Sector.TWO_SHIFTS, billed_peak_kw=333, meter=meter, machine=machine)),
        issued(site(Sector.TWO_SHIFTS, meter=meter, machine=machine)),
        issued(site(Sector.TWO_SHIFTS, meter=meter)),
    )
    widths = [float((one.kw[2] - one.kw[0]).mean()) for one in (billed, rated, connected)]
    assert widths == sorted(widths)
    assert [one.scaled_by for one in (billed, rated, connected)] == [
        "billed_peak", "machines", "meter",
    ]  # fmt: skip


def test_each_day_that_is_seen_makes_it_better_and_narrower() -> None:
    plant = Plant.model_validate({**PLANT.model_dump(by_alias=True), "site": {**PLANT.site.model_dump(), "billed_peak_kw": 900}})
    errors, widths = [], []
    for seen in (0, 40, SLOTS_PER_DAY, 2 * SLOTS_PER_DAY):
        found = issued(plant, seen)
        errors.append(float(np.abs(found.kw[1] - LOADS[seen : seen + LEADS]).mean()))
        widths.append(float((found.kw[2] - found.kw[0]).mean()))
    assert errors == sorted(errors, reverse=True)
    assert widths == sorted(widths, reverse=True)
    assert errors[-1] < 0.3 * errors[0]


def test_eight_of_ten_quarter_hours_fall_within_the_band_whatever_the_size_was_thought_to_be() -> None:
    """From any hour of the first two days, with the meter's size off by a factor of two either way."""
    inside = []
    for billed in (150, 300, 600, 900):
        plant = Plant.model_validate(
            {**PLANT.model_dump(by_alias=True), "site": {**PLANT.site.model_dump(), "billed_peak_kw": billed}}
        )
        for seen in range(32, 2 * SLOTS_PER_DAY, 20):
            found, came = issued(plant, seen), LOADS[seen : seen + LEADS]
            inside.append(float(((came >= found.kw[0]) & (came <= found.kw[2])).mean()))
    assert float(np.mean(inside)) > 0.8


def test_holes_and_zeros_in_what_was_seen_break_nothing() -> None:
    plant = site(Sector.ONE_SHIFT, meter=[{"id": "grid", "max_power_kw": 900}])
    holed = LOADS.copy()
    holed[::3] = np.nan
    for loads in (holed, np.zeros(200), np.full(200, np.nan)):
        found = issued(plant, 100, loads)
        assert np.isfinite(found.kw).all()
        assert (np.diff(found.kw, axis=0) >= 0).all()
        assert (found.kw >= 0).all()


def test_a_meter_is_sized_by_its_own_machines_and_not_by_the_sites_bill() -> None:
    more = {
        "meter": [{"id": "grid", "max_power_kw": 900}, {"id": "hall", "parent": "grid", "max_power_kw": 200}],
        "machine": [{"id": "oven", "meter": "hall", "rated_kw": 100}],
    }
    found = issued(site(Sector.THREE_SHIFTS, billed_peak_kw=800, **more), meter="hall")
    assert found.scaled_by == "machines"
    assert found.kw[1].max() < 60


def test_where_nothing_says_how_large_the_load_is_nothing_is_forecast() -> None:
    plant = site(Sector.SHOP)
    assert first_day(plant, "", SiteDays(plant), slot_of(MONDAY), LEADS, NOTHING) is None


def test_on_clock_change_days_a_shop_opens_by_the_local_clock() -> None:
    plant = site(Sector.SHOP, billed_peak_kw=100)
    days = SiteDays(plant)
    for monday in (date(2026, 3, 30), date(2026, 10, 26)):
        midnight = datetime.combine(monday, datetime.min.time(), tzinfo=BERLIN).astimezone(UTC)
        found = first_day(plant, "", days, slot_of(midnight) - SLOTS_PER_DAY, LEADS, NOTHING)
        assert found is not None
        opens, closed = found.kw[1, SLOTS_PER_DAY + 10 * 4], found.kw[1, SLOTS_PER_DAY + 6 * 4]
        assert opens > 2 * closed


def test_a_branch_nobody_knows_is_a_fault() -> None:
    with pytest.raises(ValueError, match="two-shifts"):
        site("four-shifts")  # type: ignore[arg-type]


def test_a_size_that_is_belied_by_what_was_measured_is_dropped() -> None:
    """A meter rated at 1 kW, below a plant of some hundred."""
    found = issued(site(Sector.TWO_SHIFTS, meter=[{"id": "grid", "max_power_kw": 1}]), 3 * SLOTS_PER_DAY)
    assert found.scaled_by == "measured"
    assert np.abs(found.kw[1] - LOADS[3 * SLOTS_PER_DAY :][:LEADS]).mean() < 0.5 * LOADS.mean()  # without: all of it


def test_in_the_first_week_the_standard_load_profile_is_nearer_than_days_that_are_hardly_alike_and_its_band_holds() -> None:
    """Each of the days from the second to the seventh, as the step tells it to a site that knows its shifts only."""
    inside = []
    for days in range(2, 8):
        step = ForecastStep(PLANT)
        state = step.initial()
        for number, kw in enumerate(LOADS[: days * SLOTS_PER_DAY]):
            step.put(state, interval(MONDAY + number * QUARTER, float(kw)))
        found = step.forecaster.issue(state, MONDAY + days * SLOTS_PER_DAY * QUARTER)
        came = LOADS[days * SLOTS_PER_DAY :][:LEADS]
        assert "standard load profile" in found.model
        assert any(note.key == "forecast.standard_profile" for note in found.notes)
        inside.append(float(((came >= np.array(found.q10_kw)) & (came <= np.array(found.q90_kw))).mean()))
    assert float(np.mean(inside)) > 0.75


def test_in_the_second_week_the_band_is_not_as_narrow_as_the_few_like_days_are() -> None:
    """Days eight to twelve; the band of similar days alone holds about a half."""
    step = ForecastStep(PLANT)
    state = step.initial()
    inside = []
    for number, kw in enumerate(LOADS[: 12 * SLOTS_PER_DAY]):
        step.put(state, interval(MONDAY + number * QUARTER, float(kw)))
        days, rest = divmod(number + 1, SLOTS_PER_DAY)
        if days >= 8 and not rest:
            found = step.forecaster.issue(state, MONDAY + days * SLOTS_PER_DAY * QUARTER)
            assert "standard load profile" not in found.model
            came = LOADS[days * SLOTS_PER_DAY :][:LEADS]
            inside.append(float(((came >= np.array(found.q10_kw)) & (came <= np.array(found.q90_kw))).mean()))
    assert 0.7 < float(np.mean(inside)) < 0.95


# -- breaks ------------------------------------------------------------------------------------------------------------

WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
LUNCH = {"from": "12:00", "to": "12:30"}


def crew(shift: str, begins: str, ends: str, *breaks: dict[str, str]) -> dict[str, object]:
    return {"id": shift, "days": WORKDAYS, "from": begins, "to": ends, "breaks": breaks}


def at_each_quarter(*shifts: dict[str, object]) -> Floats:
    """The load profile of the second day, a Tuesday, by the local clock."""
    plant = site(shift=shifts, billed_peak_kw=400.0)
    return issued(plant).kw[1][96:]


def test_the_first_days_dip_while_the_shift_has_its_break_and_only_then() -> None:
    without, with_lunch = at_each_quarter(crew("day", "06:00", "14:00")), at_each_quarter(crew("day", "06:00", "14:00", LUNCH))
    night = without[2 * 4]
    changed = np.flatnonzero(np.abs(with_lunch - without) > 1)
    assert changed.tolist() == [48, 49], "12:00 and 12:15"
    at_work = without[48] - night
    assert with_lunch[48:50] - night == pytest.approx([0.5 * at_work] * 2, rel=0.05), "half of what work adds goes on"


def test_a_break_of_ten_minutes_is_felt_for_ten_minutes() -> None:
    without = at_each_quarter(crew("day", "06:00", "14:00"))
    short = at_each_quarter(crew("day", "06:00", "14:00", {"from": "09:10", "to": "09:20"}))
    night = without[2 * 4]
    # Five minutes of each of two quarter hours: a third of them at half of the work.
    share = (short[36:38] - night) / (without[36:38] - night)
    assert share == pytest.approx([1 - 0.5 / 3] * 2, rel=0.02)


def test_one_crews_break_is_none_while_another_works() -> None:
    both = at_each_quarter(crew("day", "06:00", "14:00", LUNCH), crew("office", "08:00", "16:00"))
    assert both[48] == pytest.approx(both[46], rel=0.01)


def test_a_night_shifts_break_lies_on_the_next_morning() -> None:
    without = at_each_quarter(crew("night", "22:00", "06:00"))
    paused = at_each_quarter(crew("night", "22:00", "06:00", {"from": "01:00", "to": "01:30"}))
    assert np.flatnonzero(np.abs(paused - without) > 1).tolist() == [4, 5]
