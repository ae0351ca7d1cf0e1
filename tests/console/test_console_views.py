from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from console_ledger import put, sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, sample_demand, sample_orders, sample_recommendations, site_kw

from console.live_state import Live
from console.render.platform import connections
from console.views.findings import open_findings
from console.views.forecasts import days_ahead
from console.views.meters import gauge_kw, meter_day_view, meters_view, silent_since
from console.views.now import Alarm, alarm_of, gauge_end_kw, now_view
from console.views.outlook import outlook_view
from console.views.plan import Button, Move, advice_cards, button_of, job_bar, load_points, plan_view
from console.views.platform import Health, broker_health, platform_view
from console.views.reports import can_be_reported, months_view
from console.views.scene import PartSeen, Scene, Sent, net_of_meter
from console.views.what_if import Supposing
from domain.clock import epoch_ms
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalQuality
from domain.orders import OrderStatus
from domain.plant import Plant
from domain.readings import Reading, ReadingQuality
from domain.recommendations import Action, Decision, DecisionKind, Places, RecommendationStatus, ShiftPlace
from domain.topics import DEMAND, ORDERS
from domain.units import UWH_PER_KWH
from quarters.net import NetQuarter, net_channels
from reporting.ledger import Ledger
from words.speech import of_page


def given(plant: Plant, *intervals: Interval) -> Ledger:
    """A ledger with just the quarter hours that a test gives."""
    return sample_ledger(plant, intervals=intervals)


def quarter(meter: str, channel: str, start: datetime, kwh: float | None, quality: str = "measured") -> Interval:
    energy = None if kwh is None else round(kwh * UWH_PER_KWH)
    return Interval(SITE, meter, channel, start, energy, 1.0, IntervalQuality(quality), IntervalMethod.REGISTER, 1)


NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "alarm"),
    [
        ({"projected_kw": 600.0, "projected_high_kw": 630.0}, Alarm.CALM),
        ({"projected_kw": 600.0, "projected_high_kw": 641.0}, Alarm.CLOSE),
        ({"projected_kw": 640.0, "projected_high_kw": 640.0}, Alarm.CALM),
        ({"projected_kw": 650.0}, Alarm.OVER),
        ({"projected_kw": 669.0}, Alarm.OVER_PEAK),
        ({"projected_kw": 900.0, "confidence": "early"}, Alarm.EARLY),
    ],
)
def test_the_alarm_follows_projection_target_and_billed_peak(scene: Scene, changes: dict[str, object], alarm: Alarm) -> None:
    demand = dataclasses.replace(sample_demand(NOW_UTC), **changes)  # type: ignore[arg-type]
    assert alarm_of(demand, scene) is alarm


def test_a_projection_is_stale_only_by_the_plants_clock_and_by_the_watch(scene: Scene) -> None:
    demand = sample_demand(NOW_UTC - timedelta(seconds=100))
    assert alarm_of(demand, scene) is Alarm.STALE
    assert alarm_of(demand, dataclasses.replace(scene, speed=60.0)) is not Alarm.STALE, "100 plant seconds are 1.7 s here"
    assert alarm_of(sample_demand(NOW_UTC - timedelta(seconds=30)), scene) is not Alarm.STALE
    assert alarm_of(None, scene) is Alarm.NO_DATA


def test_the_gauge_ends_at_a_round_number_with_a_sixth_of_room() -> None:
    assert gauge_end_kw(640.0, 668.0, 682.0) == 800.0
    assert gauge_end_kw(0.0) == 15.0
    assert gauge_end_kw(87.0) == 150.0


def test_the_last_day_has_96_places_and_none_where_nothing_is_known(scene: Scene, plant: Plant) -> None:
    view = now_view(dataclasses.replace(scene, ledger=given(plant, quarter("main", "energy_import", NINE, 150.0))))
    assert len(view.last_day) == 96
    assert [q.power_kw for q in view.last_day if q is not None] == [600.0]
    assert view.last_day_from_utc == datetime(2026, 10, 22, 9, 45, tzinfo=UTC)


def test_todays_energy_counts_the_running_quarter_hour_too(scene: Scene, plant: Plant) -> None:
    view = now_view(dataclasses.replace(scene, ledger=given(plant, quarter("main", "energy_import", NINE, 150.0))))
    assert view.demand is not None
    assert view.today_kwh == pytest.approx(150.0 + view.demand.energy_kwh)


def test_the_newer_of_ledger_and_topic_is_shown(scene: Scene) -> None:
    newer = sample_demand(NOW_UTC + timedelta(seconds=5), 611.0)
    put(scene.ledger, DEMAND, newer)
    assert scene.demand() == newer


def test_the_most_expensive_finding_comes_first(scene: Scene) -> None:
    assert [f.anomaly.meter for f in open_findings(scene)] == ["furnace-1", "press-2"]
    assert open_findings(scene)[0].meter_label == "Kammerofen 1"


def test_what_a_meter_feeds_back_counts_negative(plant: Plant) -> None:
    main, pv = plant.meter_by_id("main"), plant.meter_by_id("pv")
    assert net_channels(main) == [("energy_import", 1), ("energy_export", -1)]
    assert net_channels(pv) == [("energy_export", -1)]
    ledger = given(
        plant, quarter("main", "energy_import", NINE, 10.0), quarter("main", "energy_export", NINE, 2.5, "estimated"),
        quarter("main", "energy_import", NINE + QUARTER, 8.0), quarter("main", "energy_import", NINE + 2 * QUARTER, None, "missing"),
    )  # fmt: skip
    net = net_of_meter(ledger, main, NINE, NINE + 4 * QUARTER)
    assert [(q.power_kw, str(q.quality)) for q in net.values()] == [(30.0, "estimated"), (None, "missing"), (None, "missing")]
    assert [q.lacks for q in net.values()] == [(), ("energy_export",), ("energy_export",)], (
        "an export that nobody recorded is not one of zero"
    )


def test_the_unmetered_rest_is_the_parent_less_its_children_where_all_are_known(scene: Scene, plant: Plant) -> None:
    known = [quarter("hall-1", "energy_import", NINE, 100.0), quarter("hall-1", "energy_import", NINE + QUARTER, 100.0)]
    known += [quarter(m, "energy_import", NINE, kwh) for m, kwh in (("furnace-1", 40.0), ("furnace-2", 30.0), ("washer", 12.0))]
    known += [quarter(m, "energy_import", NINE + QUARTER, 50.0) for m in ("furnace-1", "furnace-2")]
    rows = meters_view(dataclasses.replace(scene, ledger=given(plant, *known))).rows
    rest = next(r for r in rows if r.meter == "hall-1/rest")
    assert rest.remainder_of == "Halle 1 Härterei"
    assert rest.last is not None
    assert (rest.last.start_utc, rest.last.power_kw, rest.today_kwh) == (NINE, pytest.approx(72.0), pytest.approx(18.0))
    assert [r.depth for r in rows[:4]] == [0, 1, 2, 2]


def test_meters_say_who_is_silent_and_how_much_of_today_was_measured(scene: Scene) -> None:
    view = meters_view(scene)
    rows = {r.meter: r for r in view.rows}
    assert view.silent == 1
    assert rows["lighting"].silent_since_utc == NOW_UTC - timedelta(minutes=14)
    assert rows["furnace-2"].today_measured == pytest.approx((47 - 3 - 4) / 47)
    assert rows["furnace-1"].state == "Execute"
    assert [f.anomaly.kind.value for f in rows["furnace-1"].findings] == ["on_while_off"]


def test_a_meter_on_a_fast_clock_is_not_silent_before_ten_seconds_of_the_wall_clock(scene: Scene, plant: Plant) -> None:
    lighting = plant.meter_by_id("lighting")
    assert silent_since(dataclasses.replace(scene, speed=60.0), lighting) is not None, "840 plant seconds are 14 s"
    assert silent_since(dataclasses.replace(scene, speed=120.0), lighting) is None
    assert silent_since(dataclasses.replace(scene, live=Live()), lighting) is None, "nothing heard yet is not silence"


def test_a_gauge_that_is_not_good_shows_nothing(plant: Plant) -> None:
    feed = SampleFeed(plant)
    seen = feed.picture().readings[("furnace-1", "power")]
    gauge = plant.meter_by_id("furnace-1").gauge()
    assert gauge_kw(gauge, seen) == pytest.approx(float(seen.reading.value or 0) / 1000)
    bad = dataclasses.replace(seen, reading=dataclasses.replace(seen.reading, quality=ReadingQuality.BAD))
    assert gauge_kw(gauge, bad) is None
    assert gauge_kw(gauge, None) is None


@pytest.mark.parametrize(("day", "count"), [("2026-10-25", 100), ("2026-03-29", 92), ("2026-10-23", 96)])
def test_a_meters_day_has_as_many_quarter_hours_as_the_local_day(scene: Scene, day: str, count: int) -> None:
    view = meter_day_view(scene, "furnace-2", datetime.fromisoformat(day).date())
    assert len(view.quarters) == count


def test_a_meters_day_counts_its_qualities(scene: Scene) -> None:
    view = meter_day_view(scene, "furnace-2", scene.day())
    assert {str(q): n for q, n in view.by_quality.items()} == {"measured": 40, "substituted": 3, "missing": 4}
    assert view.is_last
    assert [c.channel for c in view.channels] == ["power", "energy_import", "state"]


def test_an_open_recommendation_shows_its_job_before_and_after() -> None:
    order = next(o for o in sample_orders() if o.job == "J-1043")
    advice = sample_recommendations()[0]
    bar = job_bar(order, advice.after.jobs[0], None)
    assert bar.move is Move.ADVISED
    assert bar.after is not None
    assert (bar.before.start_utc, bar.after.start_utc) == (order.start_utc, advice.to_utc)
    assert bar.after.end_utc - bar.after.start_utc == order.duration


def test_a_moved_job_shows_where_it_was_and_one_without_advice_stays() -> None:
    order = next(o for o in sample_orders() if o.job == "J-1044")
    moved = job_bar(order, None, next(r for r in sample_recommendations() if r.recommendation == "R-0417").before.jobs[0])
    assert (moved.move, moved.after and moved.after.start_utc) == (Move.MOVED, order.start_utc)
    assert job_bar(order, None, None).move is Move.STAYS


def test_buttons_wait_for_the_status_after_a_decision() -> None:
    advice = sample_recommendations()[0]
    decision = Decision(SITE, advice.recommendation, DecisionKind.ACCEPTED, "A", NOW_UTC)
    assert button_of(advice, None, None, NOW_UTC) is Button.OFFERED
    assert button_of(advice, Sent(decision), None, NOW_UTC) is Button.SENT
    assert button_of(advice, Sent(decision, "broker away"), None, NOW_UTC) is Button.FAILED
    assert button_of(advice, None, decision, NOW_UTC) is Button.SENT, "decided elsewhere"
    assert button_of(advice, None, None, advice.valid_until_utc) is Button.CLOSED
    accepted = dataclasses.replace(advice, status=RecommendationStatus.ACCEPTED)
    assert button_of(accepted, Sent(decision), decision, NOW_UTC) is Button.CLOSED


def test_cards_show_the_open_ones_by_deadline_then_what_was_decided_lately(scene: Scene) -> None:
    cards = advice_cards(scene, scene.recommendations())
    assert [c.recommendation.recommendation for c in cards] == ["R-0421", "R-0422", "R-0409", "R-0417"]
    assert cards[0].minutes_left == pytest.approx(22.5)
    assert cards[2].decision is not None


def test_a_newer_revision_on_the_topic_goes_before_the_ledgers(scene: Scene) -> None:
    old = sample_recommendations()[0]
    new = dataclasses.replace(old, revision=9, status=RecommendationStatus.WITHDRAWN)
    live = dataclasses.replace(
        scene.live,
        recommendations={new.recommendation: new, "R-0422": dataclasses.replace(sample_recommendations()[1], revision=0)},
    )
    found = {r.recommendation: r for r in dataclasses.replace(scene, live=live).recommendations()}
    assert (found["R-0421"].revision, found["R-0422"].revision) == (9, 1)


def test_the_plan_covers_three_local_days_and_the_forecast_begins_where_it_says(scene: Scene) -> None:
    view = plan_view(scene)
    assert len(view.points) == 3 * 96
    first = next(p for p in view.points if p.q50_kw is not None)
    assert view.forecast is not None
    assert first.start_utc == view.forecast.first_start_utc
    assert view.best_saving_eur == 7_612.0, "savings on one peak do not add up"
    late = dataclasses.replace(scene, now_utc=datetime(2026, 10, 24, 12, 0, tzinfo=UTC))
    from_utc, to_utc = late.day_span(late.day(-1))[0], late.day_span(late.day(1))[1]
    assert len(load_points({}, None, (), from_utc, to_utc)) == 292, "tomorrow has 25 hours"


def advised(scene: Scene, **changes: object) -> Scene:
    """The scene with the first sample recommendation changed."""
    first = dataclasses.replace(sample_recommendations()[0], revision=9, alternatives=(), **changes)  # type: ignore[arg-type]
    return dataclasses.replace(scene, live=dataclasses.replace(scene.live, recommendations={first.recommendation: first}))


def test_a_job_that_is_to_change_its_machine_is_drawn_on_both(scene: Scene) -> None:
    before = sample_recommendations()[0].before
    after = Places(tuple(dataclasses.replace(place, machine="furnace-1") for place in before.jobs))
    rows = {row.machine: row.jobs for row in plan_view(advised(scene, action=Action.OTHER_MACHINE, after=after)).rows}
    assert [bar.move for bar in rows["furnace-1"] if bar.job == "J-1043"] == [Move.COMES]
    assert [bar.move for bar in rows["furnace-2"] if bar.job == "J-1043"] == [Move.STAYS]


def test_a_shift_that_advice_would_have_earlier_is_drawn_where_it_is_and_where_it_would_be(scene: Scene) -> None:
    unmanned = next(band for band in plan_view(scene).shifts if band.label == "Mannlos")
    start, end = unmanned.span.start_utc, unmanned.span.end_utc
    was = ShiftPlace("unmanned", "2026-10-23", start, end)
    then = dataclasses.replace(was, start_utc=start - QUARTER, end_utc=end - QUARTER)
    changed = advised(scene, action=Action.SHIFT_EARLIER, before=Places((), (was,)), after=Places((), (then,)))
    bands = [band for band in plan_view(changed).shifts if band.label == "Mannlos"]
    assert [(band.span.start_utc, band.move, band.is_dropped) for band in bands] == [
        (start, Move.STAYS, True),
        (start - QUARTER, Move.ADVISED, False),
    ]


def test_the_load_with_the_advice_is_drawn_as_the_advice_is_judged(scene: Scene) -> None:
    """1.75 h later: 140 kW go from the first quarter hours of the job at its old place to those at its new one."""
    with_answers = dataclasses.replace(scene, supposes=Supposing())
    points = {p.start_utc: p for p in plan_view(advised(with_answers)).points}
    [(old, new)] = sample_recommendations()[0].moves()
    gone, come = points[old.start_utc], points[new.start_utc + 3 * QUARTER]
    assert gone.after_kw is not None and gone.q50_kw is not None and come.after_kw is not None and come.q50_kw is not None
    assert gone.after_kw == pytest.approx(gone.q50_kw - 140.0)
    assert come.after_kw == pytest.approx(come.q50_kw + 110.0)
    assert all(p.after_kw is None for p in plan_view(scene).points)


def test_a_meters_outlook_is_measured_until_now_and_forecast_from_then_on(scene: Scene) -> None:
    view = outlook_view(scene, "furnace-2")
    assert len(view.points) == 2 * 96
    measured = [p.start_utc for p in view.points if p.actual is not None]
    forecast = [p for p in view.points if p.q50_kw is not None]
    assert measured[-1] + QUARTER == forecast[0].start_utc == datetime(2026, 10, 23, 9, 45, tzinfo=UTC)
    assert forecast[-1].start_utc == view.points[-1].start_utc == datetime(2026, 10, 24, 21, 45, tzinfo=UTC), (
        "no hole until the end of tomorrow"
    )
    assert forecast[0].q50_kw == pytest.approx(site_kw(forecast[0].start_utc) * 0.17), "its own, not the plant's"
    assert [p.day_local for p in view.peaks] == ["2026-10-23", "2026-10-24"], "the sample tells a third day too"


def test_the_outlook_of_the_grid_connection_is_the_sites(scene: Scene) -> None:
    view = outlook_view(scene, "main")
    assert view.forecast == scene.ledger.latest_forecast()
    assert outlook_view(scene, "lighting").forecast is None
    with pytest.raises(KeyError, match="nobody"):
        outlook_view(scene, "nobody")


def test_what_is_fed_in_is_positive_beside_its_forecast(scene: Scene) -> None:
    view = outlook_view(scene, "pv")
    noon = [p.actual.power_kw for p in view.points if p.actual is not None and p.start_utc.hour == 9]
    assert view.channel == "energy_export"
    assert all(kw is not None and kw > 0 for kw in noon)


def test_a_forecast_that_ended_before_now_is_none(scene: Scene) -> None:
    published = scene.ledger.meter_forecast("furnace-2")
    assert published is not None
    end = published.first_start_utc + 192 * QUARTER
    assert outlook_view(dataclasses.replace(scene, now_utc=end - timedelta(seconds=1)), "furnace-2").forecast == published
    assert outlook_view(dataclasses.replace(scene, now_utc=end), "furnace-2").forecast is None


def test_the_two_days_of_an_outlook_have_the_doubled_hour(scene: Scene) -> None:
    eve = dataclasses.replace(scene, now_utc=datetime(2026, 10, 24, 12, 0, tzinfo=UTC))
    assert len(outlook_view(eve, "furnace-2").points) == 96 + 100


def test_cancelled_jobs_are_not_drawn(scene: Scene) -> None:
    machines = [row.machine for row in plan_view(scene).rows]
    assert machines == ["furnace-1", "furnace-2", "washer", "moulding-1", "press-1", "cnc-line"]
    put(scene.ledger, ORDERS, *(dataclasses.replace(o, revision=2, status=OrderStatus.CANCELLED) for o in sample_orders()))
    assert plan_view(scene).rows == ()


def test_the_platform_counts_its_own_electricity(scene: Scene) -> None:
    view = platform_view(scene)
    assert view.cpu_s == pytest.approx(521.5)
    assert view.energy_wh == pytest.approx(521.5 * 4 / 3600)
    assert view.connections[0].device == "lighting-meter", "troubled ones first"
    assert view.rejected[0] == ("duplicate", 1_204)


def test_parts_of_the_stack_that_do_not_run_are_shown_with_their_last_words(scene: Scene) -> None:
    gateway = PartSeen("gateway", "failed", "ended with exit 2: plant.toml:3: no such key <x>")
    seen = (PartSeen("kafka", "running", ""), gateway, PartSeen("job advice", "restarting", "ValueError: no price"))
    view = platform_view(dataclasses.replace(scene, parts=seen))
    assert [part.name for part in view.losses] == ["gateway", "job advice"]
    shown = str(connections(view, of_page("de", scene.plant.site.zone)))
    assert "ausgefallen" in shown
    assert "startet neu" in shown
    assert "no such key &lt;x&gt;" in shown
    assert "kafka" not in str(connections(platform_view(scene), of_page("de", scene.plant.site.zone)))


def test_a_broker_from_which_nothing_comes_is_waited_for(scene: Scene) -> None:
    heard = scene.live.received_s
    assert broker_health(dataclasses.replace(scene.live, taken_s=heard + 29)) is Health.GOOD
    assert broker_health(dataclasses.replace(scene.live, taken_s=heard + 31)) is Health.WAITING
    assert broker_health(Live(connected=False, trouble="refused")) is Health.BAD


def test_lag_is_reported_in_seconds_of_the_wall_clock(scene: Scene) -> None:
    later = dataclasses.replace(scene, now_utc=NOW_UTC + timedelta(seconds=30), speed=60.0)
    assert platform_view(later).lag_s == pytest.approx(0.5)
    assert platform_view(dataclasses.replace(scene, live=Live())).lag_s is None


def test_a_gateway_that_stopped_is_reported_and_a_full_buffer_too(scene: Scene, plant: Plant) -> None:
    view = platform_view(dataclasses.replace(scene, now_utc=NOW_UTC + timedelta(minutes=3)))
    assert [g.health for g in view.gateways] == [Health.BAD]
    feed = SampleFeed(plant)
    feed.state.take(Reading(SITE, "gateway-1", "heartbeat", epoch_ms(NOW_UTC) + 1, epoch_ms(NOW_UTC), 5_000), 0.0)
    assert platform_view(dataclasses.replace(scene, live=feed.picture())).gateways[0].health is Health.WAITING


def test_months_run_from_the_newest_to_the_first_quarter_hour(scene: Scene) -> None:
    assert [(m.name, m.over) for m in months_view(scene)] == [("2026-10", False), ("2026-09", True)]


def test_a_month_without_a_quarter_hour_is_not_offered_as_a_report(scene: Scene) -> None:
    imported = quarter("main", "energy_import", datetime(2026, 5, 31, 21, 45, tzinfo=UTC), 12.0)
    with_history = dataclasses.replace(
        scene, ledger=sample_ledger(scene.plant, intervals=[imported, quarter("main", "energy_import", NINE, 25.0)])
    )
    assert [m.name for m in months_view(with_history)] == ["2026-10", "2026-05"], "23:45 local of 31 May is May's last quarter hour"
    assert [can_be_reported(with_history, month) for month in ("2026-05", "2026-06", "2026-10", "2027-01")] == [
        True,
        False,
        True,
        False,
    ]


def test_the_forecast_of_the_days_beginning_stands_beside_what_came(scene: Scene) -> None:
    starts = [NINE - n * QUARTER for n in range(1, 5)]
    came = {at: NetQuarter(at, 25 * UWH_PER_KWH, IntervalQuality.MEASURED, 1.0, 0) for at in starts}
    today = days_ahead(scene, came)[-1]
    assert (today.quarters, today.highest_kw) == (4, 100.0), "25 kWh in a quarter of an hour are 100 kW"
    assert today.mean_error_kw == pytest.approx(sum(abs(100.0 - today.q50_kw[at]) for at in starts) / 4)
    assert today.within == sum(today.q10_kw[at] <= 100.0 <= today.q90_kw[at] for at in starts) / 4
