"""A real load profile at the grid connection: energy kept, moves on top, the start well chosen."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InputFaults
from simulation import demo_plant
from simulation.counterfactual import main_import_kw, without_moves
from simulation.history import history
from simulation.replay import LoadProfile, Replay, pick_replay_start, plan_replay, read_replay
from simulation.span import Span, begin, load_span, schedule_of

BERLIN = ZoneInfo("Europe/Berlin")


def made_profile(path: Path, peak_at: datetime, days: int = 50) -> Path:
    """Days like each other from 2026-01-01 on, with one quarter hour above all others."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines = ["start_utc,power_kw"]
    for number in range(days * 96):
        instant = start + timedelta(minutes=15) * number
        power = 700 + 400 * math.sin(math.pi * (number % 96) / 96) + (60 if instant == peak_at else 0)
        lines.append(f"{instant:%Y-%m-%dT%H:%M:%SZ},{power:.3f}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Span:
    folder = tmp_path_factory.mktemp("replay")
    file = made_profile(folder / "load.csv", datetime(2026, 2, 13, 12, 0, tzinfo=UTC))
    plan = plan_replay(read_replay(file), BERLIN)
    demo_plant.write(
        folder, start_utc=plan.start_utc, scale=plan.scale, target_kw=plan.target_kw, billed_peak_kw=plan.billed_peak_kw
    )  # fmt: skip
    return load_span(folder, replay=file)


def test_the_replay_starts_on_the_friday_that_brings_a_new_peak(replayed: Span) -> None:
    assert replayed.start_utc == datetime(2026, 2, 13, 5, tzinfo=UTC)
    assert replayed.plant.site.billed_peak_kw == 1100.0


@settings(max_examples=40, deadline=None)
@given(
    powers=st.lists(st.floats(-50, 3000), min_size=3, max_size=3), tick_s=st.sampled_from([5, 15, 60]), seed=st.integers(0, 1000)
)  # fmt: skip
def test_ripple_within_a_quarter_hour_keeps_its_energy(powers: list[float], tick_s: int, seed: int) -> None:
    replay = Replay(LoadProfile((0, 900, 1800), tuple(powers)), seed, tick_s)
    ticks = replay._quarter_ticks(1)
    assert len(ticks) == 900 // tick_s
    assert sum(ticks) == round(powers[1] * 250_000_000)


def test_history_is_the_profile(replayed: Span) -> None:
    assert replayed.profile is not None
    for start, power in main_import_kw(history(replayed, timedelta(days=2))).items():
        assert power == pytest.approx(replayed.profile.at(int(start.timestamp())), abs=1e-6)


def test_without_moves_the_grid_meter_is_the_profile_until_the_furnace_stays_on(replayed: Span) -> None:
    assert replayed.profile is not None
    load = main_import_kw(without_moves(replayed, replayed.start_utc + timedelta(hours=10)))
    for start, power in load.items():
        extra = power - replayed.profile.at(int(start.timestamp()))
        if start < replayed.start_utc + timedelta(hours=8):
            assert extra == pytest.approx(0.0, abs=1e-6)
        else:
            assert 8 < extra < 40  # holding heat in a furnace of this size


def test_a_moved_batch_lowers_the_replayed_quarter_hour(replayed: Span) -> None:
    orders = replayed.orders_between(replayed.first_day, replayed.first_day + timedelta(days=1))
    peak = replayed.start_utc + timedelta(hours=7)
    batch = next(o for o in orders if o.machine == "furnace-2" and o.start_utc <= peak < o.start_utc + timedelta(minutes=45))
    schedule = schedule_of(orders)
    schedule.move(batch.job, int((replayed.start_utc + timedelta(hours=12)).timestamp()))
    factory = begin(replayed, schedule)
    moved: dict[int, int] = {}
    factory.on_quarter = lambda quarter: moved.__setitem__(quarter.start_s, quarter.energy_uwh["main", "energy_import"])
    factory.advance_to(peak.timestamp() + 900)
    naive = main_import_kw(without_moves(replayed, peak + timedelta(minutes=15)))[peak]
    assert 25 < naive - moved[int(peak.timestamp())] * 4e-9 < 90


def test_a_batch_can_be_moved_at_nearly_every_hour_of_the_working_day(replayed: Span) -> None:
    orders = [o for o in replayed.orders_of(replayed.first_day) if o.machine.startswith("furnace") and o.movable]
    for hour in range(1, 11):
        instant = replayed.start_utc + timedelta(hours=hour)
        assert any(o.start_utc < instant + timedelta(minutes=45) and instant < o.start_utc + timedelta(minutes=75) for o in orders)


def test_faults_of_a_profile_are_reported_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("start_utc,power_kw\n2026-01-01T00:00:00,5\n2026-01-01T00:07:00Z,5\n2026-01-01T00:15:00Z,x\n")
    with pytest.raises(InputFaults) as caught:
        read_replay(file)
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4]


def test_a_profile_that_is_too_short_is_refused(tmp_path: Path) -> None:
    profile = read_replay(made_profile(tmp_path / "load.csv", datetime(2026, 1, 2, tzinfo=UTC), days=20))
    with pytest.raises(InputFaults, match="five weeks and a Friday"):
        pick_replay_start(profile, BERLIN)
