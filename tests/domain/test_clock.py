"""The plant's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.clock import ScaledClock, StartableClock, SystemClock, clock_from_setting, epoch_ms, instant

SIX = datetime(2026, 10, 23, 4, tzinfo=UTC)


def test_a_scaled_clock_shows_an_hour_after_a_minute_at_sixty_times():
    clock = ScaledClock(datetime.now(UTC) - timedelta(minutes=1), SIX, 60.0)
    assert timedelta(hours=1) <= clock.now_utc() - SIX < timedelta(hours=1, minutes=5)
    assert clock.real_seconds(timedelta(minutes=15)) == 15.0


def test_a_clock_comes_back_from_its_setting():
    clock = ScaledClock(SIX, SIX, 60.0)
    assert clock_from_setting(clock.as_setting()) == clock
    assert clock_from_setting("") == SystemClock()


def test_a_held_clock_stands_until_it_is_started_for_all_who_share_it(tmp_path):
    path = tmp_path / "clock"
    StartableClock.hold(path, SIX, 60.0)
    clock = clock_from_setting(f"@{path}")
    assert (clock.now_utc(), clock.speed) == (SIX, 60.0)
    running = StartableClock.start(path)
    assert SIX <= clock.now_utc() < SIX + timedelta(minutes=10)
    assert clock_from_setting(f"@{path}").now_utc() >= SIX
    assert running.plant_anchor_utc == SIX


def test_a_running_clock_that_is_set_back_and_forth_is_followed_by_all_who_share_it(tmp_path):
    path = tmp_path / "clock"
    StartableClock.hold(path, SIX, 60.0)
    StartableClock.start(path)
    clock = clock_from_setting(f"@{path}")
    assert clock.now_utc() < SIX + timedelta(minutes=10)
    StartableClock.step(path, timedelta(hours=1))
    assert SIX + timedelta(hours=1) <= clock.now_utc() < SIX + timedelta(hours=1, minutes=10)
    StartableClock.step(path, timedelta(hours=-2))
    assert SIX - timedelta(hours=1) <= clock.now_utc() < SIX - timedelta(minutes=50)
    path.unlink()
    assert clock.now_utc() < SIX


def test_a_setting_of_another_form_is_refused():
    with pytest.raises(ValueError, match="REAL_ANCHOR_UTC"):
        clock_from_setting("sixty times")


def test_epoch_milliseconds_go_there_and_back_exactly():
    at = datetime(2026, 10, 23, 4, 5, 6, 789_000, tzinfo=UTC)
    assert instant(epoch_ms(at)) == at
