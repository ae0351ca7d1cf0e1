"""What belongs together is one anomaly with its cause; what does not is one of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.anomalies import AlsoFound, AnomalyKind
from tests.detection.desk_scene import DAY, HOUR, NIGHT, Desk, by_time, found, lasting


def keys(record: object) -> list[str]:
    return [fact.key for fact in record.facts if fact.key.startswith("incident.")]  # type: ignore[attr-defined]


def test_a_hall_that_is_up_because_a_furnace_in_it_is_on_is_one_anomaly() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 60))
    desk.take(found("hall-1", 64, 45), found("main", 66, 45))
    assert desk.open() == [found("furnace-1", 60).anomaly]
    anomaly = desk.published[-1]
    assert (anomaly.meter, anomaly.cause) == ("furnace-1", "")
    assert anomaly.also == (AlsoFound("hall-1", AnomalyKind.LEFT_ON, 0.938), AlsoFound("main", AnomalyKind.LEFT_ON, 0.909))
    assert keys(anomaly) == ["incident.also"]
    assert anomaly.excess_kwh == pytest.approx(30), "the furnace's, once"


def test_a_cause_that_is_found_later_is_named_in_an_update() -> None:
    desk = Desk()
    (first,) = desk.take(found("hall-1", 64))
    assert (first.cause, first.also) == ("", ())
    (update,) = desk.take(found("furnace-1", 60, 45))
    assert (update.anomaly, update.revision, update.meter, update.cause) == (first.anomaly, 1, "hall-1", "furnace-1")
    assert [also.meter for also in update.also] == ["furnace-1"]
    assert keys(update) == ["incident.cause"]


def test_what_the_cause_does_not_explain_is_an_anomaly_of_its_own() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 40), found("hall-1", 100))
    one, other = desk.now().values()
    assert (one.meter, one.excess_kwh) == ("furnace-1", pytest.approx(20))
    assert (other.meter, other.excess_kwh, other.eur_per_day) == ("hall-1", pytest.approx(30), pytest.approx(120))
    assert keys(other) == ["incident.remainder"]


def test_a_cause_that_opens_an_anomaly_of_its_own_lowers_the_one_above_at_once() -> None:
    desk = Desk()
    desk.take(found("hall-1", 100))
    opened, lowered = desk.take(found("furnace-1", 55))
    assert (opened.meter, lowered.meter) == ("furnace-1", "hall-1")
    assert opened.excess_kwh + lowered.excess_kwh == pytest.approx(50)


def test_two_furnaces_explain_their_hall_together() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 40), found("furnace-2", 35), found("hall-1", 80))
    assert [one.partition("/")[0] for one in desk.open()] == ["furnace-1", "furnace-2"]
    assert [also.meter for also in desk.now()[found("furnace-1", 40).anomaly].also] == ["hall-1"]


def test_findings_of_different_times_or_natures_or_halls_are_not_joined() -> None:
    desk = Desk()
    desk.take(
        found("furnace-1", 60, ended=True), found("hall-1", 60, since=NIGHT + 6 * HOUR), found("press-1", 60), found("hall-2", 0, kind=AnomalyKind.STUCK),
        found("furnace-1", 1, kind=AnomalyKind.POOR_POWER_FACTOR),
    )  # fmt: skip
    assert len(desk.now()) == 5


def test_two_watches_on_one_meter_find_one_thing() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 60), found("furnace-1", 58, kind=AnomalyKind.ON_WHILE_OFF))
    (anomaly,) = desk.now().values()
    assert [(also.meter, also.kind) for also in anomaly.also] == [("furnace-1", AnomalyKind.ON_WHILE_OFF)]
    assert anomaly.excess_kwh == pytest.approx(30)


def test_a_slow_creep_does_not_hide_a_furnace_that_is_left_on() -> None:
    desk = Desk()
    creep = found("furnace-1", 3, 60 * 24 * 20, since=NIGHT - 20 * DAY, kind=AnomalyKind.CREEP)
    desk.take(creep, found("furnace-1", 60))
    assert len(desk.open()) == 2


def test_meters_behind_one_gateway_fall_silent_as_one_anomaly_that_ends_with_the_last() -> None:
    desk, kind = Desk(), AnomalyKind.SILENT_METER
    meters = ("furnace-1", "hall-2", "press-1")
    desk.take(*(found(meter, 0, 15, kind=kind) for meter in meters))
    (anomaly,) = desk.now().values()
    assert {also.meter for also in anomaly.also} == {"hall-2", "press-1"}
    desk.take(*(found(meter, 0, 60, kind=kind, revision=1, ended=True) for meter in meters[:2]))
    assert len(desk.open()) == 1
    desk.take(found("press-1", 0, 75, kind=kind, revision=1, ended=True))
    assert desk.open() == []
    assert desk.published[-1].until_utc == NIGHT + timedelta(minutes=75)


def test_a_meter_that_falls_silent_an_hour_later_is_another_matter() -> None:
    desk, kind = Desk(), AnomalyKind.SILENT_METER
    desk.take(found("furnace-1", 0, 15, kind=kind), found("press-1", 0, 15, kind=kind, since=NIGHT + HOUR))
    assert len(desk.now()) == 2


def test_more_scrap_and_more_energy_a_part_are_one_anomaly() -> None:
    desk = Desk()
    desk.take(found("press-1", 0, 60, kind=AnomalyKind.SCRAP_RISING), found("press-1", 0, 120, kind=AnomalyKind.ENERGY_PER_PART))
    assert len(desk.now()) == 1


def test_two_machines_behind_one_meter_wear_each_for_itself() -> None:
    desk, kind = Desk(), AnomalyKind.MACHINE_UNUSUAL
    desk.take(
        found("press-1", 0, 60, kind=kind, machine="press-1a"),
        found("press-1", 0, 60, kind=kind, machine="press-1b", since=NIGHT + HOUR),
    )
    assert len(desk.now()) == 2
    assert desk.published[0].cause == "press-1a"


def test_an_anomaly_that_goes_on_is_published_once_an_hour_and_when_it_ends() -> None:
    desk = Desk()
    desk.take(*lasting("furnace-1", 60, 240))
    minutes = [(one.at_utc - NIGHT) / timedelta(minutes=1) for one in desk.published]
    assert minutes == [30, 90, 150, 210, 240]
    assert [one.revision for one in desk.published] == [0, 4, 8, 12, 14]
    assert desk.published[-1].until_utc is not None


def test_a_cost_that_doubles_is_published_at_once() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 60), found("furnace-1", 90, 35, revision=1))
    assert len(desk.published) == 1
    desk.take(found("furnace-1", 125, 40, revision=2))
    assert len(desk.published) == 2


def test_what_comes_again_within_two_hours_goes_on_with_the_same_anomaly() -> None:
    desk = Desk()
    desk.take(*lasting("furnace-1", 60, 60), *lasting("furnace-1", 55, 60, since=NIGHT + 2.5 * HOUR))
    (anomaly,) = desk.now().values()
    assert anomaly.excess_kwh == pytest.approx(115)
    assert [one.until_utc is None for one in desk.published] == [True, False, True, False]
    desk.take(found("furnace-1", 60, since=NIGHT + 24 * HOUR))
    assert len(desk.now()) == 2


def test_a_hall_that_stays_up_after_its_furnace_is_off_becomes_an_anomaly_of_its_own() -> None:
    desk = Desk()
    desk.take(*by_time(lasting("furnace-1", 60, 90), lasting("hall-1", 62, 180, ended=False)))
    assert desk.open() == [found("hall-1", 62).anomaly]
    hall = desk.now()[found("hall-1", 62).anomaly]
    assert hall.excess_kwh < 62 * 3 - 80, "what the furnace has explained is not counted again"


def test_unknown_money_stays_unknown() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 60, price=None), found("hall-1", 64, price=0.2))
    assert desk.published[-1].eur_per_day is None


def test_records_of_another_site_and_older_revisions_change_nothing() -> None:
    from dataclasses import replace

    desk = Desk()
    desk.take(found("furnace-1", 60, 45, revision=3))
    stored = desk.stored
    desk.take(found("furnace-1", 600, 60, revision=2), replace(found("furnace-1", 60), site="elsewhere"))
    assert (len(desk.published), desk.stored) == (1, stored)


def test_a_finding_whose_end_was_lost_ends_when_the_same_watch_finds_the_next() -> None:
    desk = Desk()
    desk.take(found("furnace-1", 60), found("furnace-1", 60, since=NIGHT + 3 * DAY))
    assert desk.open() == [found("furnace-1", 60, since=NIGHT + 3 * DAY).anomaly]


def test_counters_that_jump_at_once_at_several_meters_and_again_are_all_published() -> None:
    desk, kind = Desk(), AnomalyKind.COUNTER_DISCONTINUITY
    desk.take(*(found(meter, 0, 15, kind=kind, ended=True) for meter in ("furnace-1", "press-1")))
    assert [[also.meter for also in one.also] for one in desk.published] == [[], ["press-1"]]
    (again,) = desk.take(found("furnace-1", 0, 15, since=NIGHT + HOUR, kind=kind, ended=True))
    assert (again.anomaly, again.until_utc) == (desk.published[0].anomaly, NIGHT + timedelta(minutes=75))
