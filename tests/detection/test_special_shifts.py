"""A shift that is worked, dropped or moved on one day: detection knows it from the moment on at which it was entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.priced import Detection
from domain.anomalies import Anomaly, AnomalyKind
from domain.codec import encode
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.known_changes import MOST, Changes, days_that_differ, decode_changes, encode_changes, with_change
from domain.plant import Plant
from domain.shift_changes import ShiftChange, newest_changes
from domain.topics import INTERVALS, SHIFT_CHANGES
from quarters.numbers import quarter_starts

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = ["mon", "tue", "wed", "thu", "fri"]
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk", "timezone": "Europe/Berlin", "commissioned_utc": "2026-01-01T00:00:00Z"},
        "meter": [{"id": "m", "max_power_kw": 200}],
        "shift": [
            {"id": "day", "days": WEEK, "from": "06:00", "to": "14:00"},
            {"id": "late", "days": WEEK, "from": "14:00", "to": "22:00"},
        ],
        "machine": [{"id": "oven", "name": "Ofen 1", "meter": "m", "rated_kw": 100, "shifts": ["day", "late"]}],
    }
)
KEY = "werk/m"
SATURDAY = date(2026, 10, 17)
ENTERED = datetime(2026, 10, 14, 9, tzinfo=UTC)
SPECIAL = ShiftChange("werk", "day", SATURDAY.isoformat(), 1, True, ENTERED)


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN).astimezone(UTC)


def found_in(changes: Sequence[tuple[datetime, ShiftChange]], extra: tuple[datetime, datetime], until: datetime) -> list[Anomaly]:
    """Newest revisions of `on_while_off` in a plant whose oven also works in `extra`; each change comes at its instant.

    State is stored and read again each midnight, as a restart would.
    """
    random, step = Random(1), Detection(PLANT, None)
    state, found, waiting = step.initial(KEY), {}, sorted(changes, key=lambda one: one[0])
    begin = at(SATURDAY - timedelta(days=17), 0)
    live = at(SATURDAY - timedelta(days=5), 0)
    for start_utc in quarter_starts(begin, until):
        while waiting and waiting[0][0] <= start_utc:
            state, _ = step.take(KEY, state, [(SHIFT_CHANGES, waiting.pop(0)[1])])
        local = start_utc.astimezone(BERLIN)
        works = (local.weekday() < 5 and 6 <= local.hour < 22) or extra[0] <= start_utc < extra[1]
        energy = round(((60 if works else 1) + random.random() * 0.2) / 4 * 1e9)
        origin = IntervalOrigin.METERING if start_utc >= live else IntervalOrigin.IMPORT
        quarter = Interval(
            "werk", "m", "energy_import", start_utc, energy, 1.0, IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 9, origin
        )
        state, out = step.take(KEY, state, [(INTERVALS, quarter)])
        found |= {one.anomaly: one for _, one in out if one.kind is AnomalyKind.ON_WHILE_OFF}
        if local.hour == 0 and local.minute == 0:
            state = step.decode(KEY, step.encode(state))
    return list(found.values())


WORKED = (at(SATURDAY, 6), at(SATURDAY, 14))
SUNDAY = at(SATURDAY + timedelta(days=1), 6)


def test_a_machine_that_runs_on_a_special_saturday_raises_nothing() -> None:
    assert found_in([(ENTERED, SPECIAL)], WORKED, SUNDAY) == []


def test_the_same_without_the_change_is_found_as_running_while_it_should_be_off() -> None:
    found = found_in([], WORKED, SUNDAY)
    assert [(one.since_utc, one.until_utc) for one in found] == [WORKED]


def test_a_withdrawn_change_restores_the_weekly_pattern() -> None:
    withdrawn = replace(SPECIAL, revision=2, withdrawn=True)
    found = found_in([(ENTERED, SPECIAL), (ENTERED + QUARTER, withdrawn)], WORKED, SUNDAY)
    assert [one.since_utc for one in found] == [WORKED[0]]
    again = found_in([(ENTERED, withdrawn), (ENTERED + QUARTER, SPECIAL)], WORKED, SUNDAY)
    assert [one.since_utc for one in again] == [WORKED[0]], "an older revision that comes late changes nothing"


def test_a_change_entered_while_the_shift_runs_ends_the_finding_and_restates_nothing() -> None:
    found = found_in([(at(SATURDAY, 10), SPECIAL)], WORKED, SUNDAY)
    assert [(one.since_utc, one.until_utc) for one in found] == [(WORKED[0], at(SATURDAY, 10))]


def test_what_runs_on_beyond_the_special_shift_is_found_from_its_end_on() -> None:
    found = found_in([(ENTERED, SPECIAL)], (WORKED[0], at(SATURDAY, 20)), SUNDAY)
    assert [one.since_utc for one in found] == [WORKED[1]]


def test_what_runs_in_a_dropped_shift_is_found() -> None:
    friday = SATURDAY - timedelta(days=1)
    dropped = ShiftChange("werk", "late", friday.isoformat(), 1, False, ENTERED)
    found = found_in([(ENTERED, dropped)], (WORKED[0], WORKED[0]), SUNDAY)
    assert [(one.since_utc, one.until_utc) for one in found] == [(at(friday, 14), at(friday, 22))]


def test_changes_of_another_site_or_of_an_unknown_shift_change_nothing() -> None:
    for stranger in (replace(SPECIAL, site="elsewhere"), replace(SPECIAL, shift="twilight")):
        assert len(found_in([(ENTERED, stranger)], WORKED, SUNDAY)) == 1


def test_a_change_that_comes_with_the_quarter_hours_it_is_about_is_known_first() -> None:
    """Two topics have no order between them: when both are read again from the start, they come in one bucket."""
    step = Detection(PLANT, None)
    state = step.initial(KEY)
    quarters = [
        Interval(
            "werk", "m", "energy_import", start_utc, (15 if start_utc >= WORKED[0] else 0) * 10**9, 1.0,
            IntervalQuality.MEASURED, IntervalMethod.REGISTER, 0, 9, IntervalOrigin.METERING,
        )
        for start_utc in quarter_starts(WORKED[0] - timedelta(hours=4), WORKED[1])
    ]  # fmt: skip
    _, out = step.take(KEY, state, [*((INTERVALS, one) for one in quarters), (SHIFT_CHANGES, SPECIAL)])
    assert [one for _, one in out if one.kind is AnomalyKind.ON_WHILE_OFF] == []


changes = st.builds(
    ShiftChange,
    site=st.just("werk"),
    shift=st.sampled_from(["day", "late"]),
    day_local=st.dates(date(2026, 9, 1), date(2026, 9, 6)).map(date.isoformat),
    revision=st.integers(0, 3),
    worked=st.booleans(),
    at_utc=st.just(ENTERED),
    withdrawn=st.booleans(),
)


@given(st.lists(changes, max_size=12, unique_by=lambda one: (one.shift, one.day_local, one.revision)), st.randoms())
def test_what_is_known_is_the_newest_of_each_whatever_came_first(records: list[ShiftChange], random: Random) -> None:
    known: Changes = ()
    for record in records:
        known = with_change(known, record, None)
    shuffled = random.sample(records, len(records))
    other: Changes = ()
    for record in shuffled:
        other = with_change(other, record, None)
        assert with_change(other, record, None) is other, "a repeated record changes nothing"
    assert known == other == newest_changes(records)
    assert decode_changes(encode_changes(known)) == known
    assert days_that_differ((), known) == {date.fromisoformat(one.day_local) for one in records}


def test_what_is_remembered_is_bounded_in_time_and_number() -> None:
    known: Changes = ()
    for number in range(MOST + 50):
        day = date(2026, 1, 1) + timedelta(days=number)
        known = with_change(known, replace(SPECIAL, day_local=day.isoformat()), None)
    assert len(known) == MOST
    today = date(2026, 12, 1)
    later = with_change(known, replace(SPECIAL, day_local="2026-12-02", revision=9), today)
    assert later[0].day_local == "2026-05-15", "half a year back"
    assert with_change(later, replace(SPECIAL, day_local="2026-05-14"), today) is later
    assert len(encode(later[0])) < 500


@pytest.mark.parametrize("day", ["1000-01-01", "8999-12-31"])
def test_a_change_at_the_ends_of_time_is_taken(day: str) -> None:
    step = Detection(PLANT, None)
    state, out = step.take(KEY, step.initial(KEY), [(SHIFT_CHANGES, replace(SPECIAL, day_local=day))])
    assert out == [] and step.decode(KEY, step.encode(state)) == state
