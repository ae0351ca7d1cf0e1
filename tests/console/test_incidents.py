"""The page *Findings* as views and as markup: groups, money, pictures, what ended, feedback, machine health."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from console_extremes import extreme_ledger
from console_ledger import put, sample_ledger
from console_sample import NOW_UTC, SampleFeed, sample_interval
from findings_sample import findings_ledger, incident

from console.render import incidents as draw
from console.render import machines as draw_machines
from console.render.evidence import evidence, spoken
from console.views.evidence import evidence_of
from console.views.feedback import feedback_view
from console.views.incidents import GROUPS, incident_view, incidents_view
from console.views.machines import machine_rows, machine_view
from console.views.scene import Scene
from domain.anomalies import AnomalyKind, Nature
from domain.incident_cost import cost_so_far
from domain.intervals import QUARTER, IntervalQuality
from domain.machine_health import HealthStatus
from domain.plant import Plant
from domain.topics import ANOMALIES
from domain.units import UWH_PER_KWH
from quarters.numbers import quarter_starts
from words.speech import Words, of_page


@pytest.fixture
def words(plant: Plant) -> Words:
    return of_page("en", plant.site.zone)


@pytest.fixture(scope="module")
def found(plant: Plant) -> Scene:
    """The sample with incidents of every nature."""
    ledger = findings_ledger(plant)
    return Scene(plant, ledger, SampleFeed(plant, ledger).picture(), NOW_UTC)


def test_waste_wear_scrap_and_data_faults_stand_in_groups_of_their_own(found: Scene) -> None:
    view = incidents_view(found)
    assert [group.nature for group in view.groups] == list(GROUPS)
    for group in view.groups:
        assert {one.finding.anomaly.kind.nature for one in group.incidents} == {group.nature}
    waste = view.groups[0]
    per_day = [one.finding.anomaly.eur_per_day for one in waste.incidents]
    assert per_day == [264.48, 40.1, 6.6, None]
    assert waste.eur_per_day == pytest.approx(311.18)
    assert (view.groups[-1].eur_per_day, view.groups[-1].cost.eur) == (None, None), "a data fault costs nothing"


def test_what_an_incident_has_cost_is_the_one_answer_of_the_domain(found: Scene) -> None:
    for one in (*incidents_view(found).groups[0].incidents, *incidents_view(found).ended):
        assert one.cost == cost_so_far(one.finding.anomaly)


def test_ended_ones_of_thirty_days_stand_below_the_newest_first(found: Scene) -> None:
    view = incidents_view(found)
    assert [one.finding.anomaly.meter for one in view.ended] == ["lighting", "chiller", "cnc-line"]
    assert view.ended_cost.eur == pytest.approx(17.1 * 22 / 24 + 80.0 * 12 / 24)
    old = incident("washer", AnomalyKind.LEFT_ON, 31 * 24, 3, 50.0, 9.0)
    put(found.ledger, ANOMALIES, old)  # type: ignore[arg-type]
    assert len(incidents_view(found).ended) == 3


def test_the_picture_shows_what_was_drawn_beside_the_day_that_was_named(found: Scene) -> None:
    furnace = next(one for one in incidents_view(found).groups[0].incidents if one.finding.anomaly.meter == "furnace-1")
    picture = furnace.picture
    assert picture is not None
    assert (picture.step, picture.like_day, picture.is_week_before) == (QUARTER, date(2026, 10, 16), False)
    inside = [point for point in picture.points if point.is_inside]
    assert inside[0].start_utc <= furnace.finding.anomaly.since_utc < inside[0].start_utc + QUARTER
    assert len(inside) == 16 and len(picture.points) == 40, "six hours before it, and up to now"
    week_before = found.ledger.intervals(
        "furnace-1", "energy_import", inside[0].start_utc - timedelta(days=7), inside[1].start_utc - timedelta(days=7)
    )
    assert inside[0].like_kw == week_before[0].power_kw


def test_a_day_that_nobody_named_is_the_same_weekday_a_week_before_and_says_so(found: Scene, words: Words) -> None:
    picture = evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, 5, None, 100.0, 20.0, 2.0, 30.0))
    assert picture is not None and picture.is_week_before
    assert "a week before, Fri 16 Oct" in spoken(picture, words)
    named = evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, 5, evidence={"like_day": "2027-99-99"}))
    assert named is not None and named.like_day == date(2026, 10, 16)


def test_a_like_day_across_the_end_of_summer_time_is_compared_by_the_wall_clock(plant: Plant) -> None:
    zone, now = plant.site.zone, datetime(2026, 10, 25, 11, 0, tzinfo=UTC)
    rows = [
        replace(
            sample_interval("press-1", "energy_import", start),
            energy_uwh=round(start.astimezone(zone).hour / 4 * UWH_PER_KWH),
            quality=IntervalQuality.MEASURED,
        )
        for start in quarter_starts(now - timedelta(hours=60), now)
    ]
    ledger = sample_ledger(plant, intervals=rows, anomalies=())
    scene = Scene(plant, ledger, SampleFeed(plant, ledger).picture(), now)
    since = datetime(2026, 10, 25, 4, 30, tzinfo=UTC)  # 05:30, two hours after the clock went back
    left_on = replace(incident("press-1", AnomalyKind.LEFT_ON, 5, evidence={"like_day": "2026-10-24"}), since_utc=since)
    picture = evidence_of(scene, left_on)
    assert picture is not None and picture.like_day == date(2026, 10, 24)
    assert [point.like_kw for point in picture.points] == [point.start_utc.astimezone(zone).hour for point in picture.points]


def test_a_longer_incident_is_drawn_by_hours_and_a_long_one_by_days(found: Scene) -> None:
    hours = evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, 4 * 24, None))
    days = evidence_of(found, incident("press-1", AnomalyKind.PRESSURE_HIGH, 24 * 24, None))
    assert hours is not None and days is not None
    assert (hours.step, days.step, days.is_lowest) == (timedelta(hours=1), timedelta(days=1), False)
    assert hours.like_day is days.like_day is None
    assert len(days.points) <= 61


def test_what_is_about_rest_is_drawn_by_the_lowest_hour_of_each_day(found: Scene) -> None:
    creep = incident("press-1", AnomalyKind.CREEP, 24 * 24, None)
    lowest, mean = evidence_of(found, creep), evidence_of(found, replace(creep, kind=AnomalyKind.PRESSURE_HIGH))
    assert lowest is not None and mean is not None and lowest.is_lowest
    pairs = list(zip(lowest.points, mean.points, strict=True))
    assert all((a.actual_kw or 0) <= (b.actual_kw or 0) for a, b in pairs) and any((a.actual_kw or 0) < (b.actual_kw or 0) for a, b in pairs)  # fmt: skip


def test_a_missing_quarter_hour_leaves_a_gap_in_the_picture(found: Scene) -> None:
    picture = evidence_of(found, incident("furnace-2", AnomalyKind.LEFT_ON, 4, None))
    assert picture is not None
    eight = [point for point in picture.points if point.start_utc.astimezone(found.plant.site.zone).hour == 8]
    assert [point.actual_kw for point in eight] == [None] * 4


def test_there_is_no_picture_of_what_nobody_measures_or_of_the_future(found: Scene) -> None:
    assert evidence_of(found, incident("nobody", AnomalyKind.LEFT_ON, 4, None)) is None
    assert evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, -1000, None)) is None
    assert evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, 24 * 3000, 1)) is None


def test_a_card_says_what_where_since_what_it_costs_and_what_to_check(found: Scene, words: Words) -> None:
    view = incidents_view(found)
    text = draw.card(view.groups[0].incidents[0], view, words)
    for part in (
        "On without a shift",
        "264.48",
        "1 392",
        "45.22",
        "Check first:",
        "Halle 1 Härterei (83",
        "reference day Fri 16 Oct",
        'role="img"',
    ):
        assert part.replace(" ", "\u202f") in text or part in text, part
    unpriced = draw.card(view.groups[0].incidents[3], view, words)
    assert "unknown" in unpriced and "€" not in unpriced, "unknown is not zero"
    data = draw.card(view.groups[-1].incidents[0], view, words)
    assert "€" not in data and "risk: low" in data


def test_the_newest_word_on_an_incident_is_on_its_card_and_in_the_list(found: Scene, words: Words) -> None:
    view = incidents_view(found)
    known = next(one for one in view.groups[0].incidents if one.finding.anomaly.meter == "compressor-1")
    assert "Known" in draw.card(known, view, words)
    given = feedback_view(found, 50)
    assert [one.feedback.at_utc for one in given] == sorted((one.feedback.at_utc for one in given), reverse=True)
    chiller = [one for one in given if one.feedback.meter == "chiller"]
    assert [one.holds for one in chiller] == [False, False], "it was taken back"
    assert "M. Krüger" in draw.feedback_line(next(one for one in given if one.feedback.comment == "Wochenendschicht"), words)


def test_five_hundred_extreme_incidents_are_drawn_in_both_languages(plant: Plant) -> None:
    ledger = extreme_ledger(plant)
    scene = Scene(plant, ledger, SampleFeed(plant, ledger).picture(), NOW_UTC)
    view = incidents_view(scene)
    assert sum(len(group.incidents) + group.left_out for group in view.groups) >= 500
    for language in ("de", "en"):
        w = of_page(language, plant.site.zone)
        for group in view.groups:
            assert len(group.incidents) <= 50
            for one in group.incidents:
                assert draw.card(one, view, w)
        assert draw.headline(view, w) and draw.ended(view, w)


def test_nothing_abnormal_says_what_is_watched(plant: Plant, words: Words) -> None:
    ledger = sample_ledger(plant, anomalies=())
    scene = Scene(plant, ledger, SampleFeed(plant, ledger).picture(), NOW_UTC)
    view = incidents_view(scene)
    assert view.groups == ()
    text = draw.headline(view, words)
    assert "Nothing abnormal in what is watched" in text and "What is watched" in text
    assert "None ended" in draw.ended(view, words)


def test_an_incident_has_a_page_of_its_own_open_or_ended(found: Scene) -> None:
    for one in (*incidents_view(found).groups[0].incidents, *incidents_view(found).ended):
        alone = incident_view(found, one.finding.anomaly.anomaly)
        assert alone is not None and alone.finding == one.finding and alone.cost == one.cost
    assert incident_view(found, "nobody/left_on/1") is None


def test_wear_shows_the_machines_health_instead_of_its_power(found: Scene, words: Words) -> None:
    view = incidents_view(found)
    [worn] = next(group for group in view.groups if group.nature is Nature.WEAR).incidents
    assert (worn.machine, worn.picture) == ("press-1", None)
    values = [point.value for point in worn.health]
    assert values[0] == 100 and values[-1] == pytest.approx(58)
    text = draw.card(worn, view, words)
    assert 'href="/machines/press-1"' in text and "Health index of the last week" in text


def test_machines_are_listed_the_worst_first_and_one_that_learns_last(found: Scene, words: Words) -> None:
    rows = machine_rows(found)
    recorded = {"press-1", "moulding-1", "compressor-1"}
    assert [(row.machine, row.status) for row in rows if row.machine in recorded] == [
        ("press-1", HealthStatus.LIMIT_AHEAD),
        ("moulding-1", HealthStatus.USUAL),
        ("compressor-1", HealthStatus.LEARNING),
    ]
    unknown = [row for row in rows if row.machine not in recorded]
    assert {(row.status, row.index) for row in unknown} == {(HealthStatus.LEARNING, None)}, "watched, and nothing known yet"
    assert [row.machine for row in rows][:2] == ["press-1", "moulding-1"]
    text = draw_machines.rows(rows, words)
    assert "0.9 days (0.6 to 1.6 in 8 of 10 cases)" in text and "still learning (40" in text


def test_a_machine_shows_its_channels_beside_their_limits(found: Scene, words: Words) -> None:
    view = machine_view(found, "press-1")
    assert view is not None and view.newest is not None
    assert [one.anomaly.kind for one in view.findings] == [AnomalyKind.LIMIT_AHEAD]
    text = draw_machines.channels(view, words)
    assert "Vibration" in text and "7.10" in text and "0.90" in text and text.count("ev-limit") == 1
    later = replace(found, now_utc=NOW_UTC + timedelta(hours=5))
    stale = machine_view(later, "press-1")
    assert stale is not None and stale.is_stale and "nothing for hours" in draw_machines.head(stale, words)
    assert machine_view(found, "nobody") is None


def test_a_machine_of_which_nothing_is_known_says_so(found: Scene, words: Words) -> None:
    view = machine_view(found, "furnace-1")
    assert view is not None and view.newest is None
    assert "Nothing is known" in draw_machines.head(view, words)
    assert "No channel" in draw_machines.channels(view, words)


def test_a_picture_without_any_power_is_flat_and_does_not_divide_by_zero(found: Scene, words: Words) -> None:
    picture = evidence_of(found, incident("press-1", AnomalyKind.LEFT_ON, 5, None, expected_kw=0.0))
    assert picture is not None
    flat = replace(picture, points=tuple(replace(point, actual_kw=0.0, like_kw=0.0) for point in picture.points))
    assert "nan" not in evidence(flat, words)
