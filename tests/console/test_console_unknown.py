"""Missing is never zero: what is not known is shown as not known, with the reason, and nothing is claimed beyond what was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import console_extremes as extremes
import pytest
from console_ledger import sample_ledger
from console_sample import (
    NOW_UTC,
    SITE,
    SampleFeed,
    sample_anomalies,
    sample_demand,
    sample_interval,
    sample_orders,
    sample_recommendations,
)
from test_console_extremes import bare_scene, gappy_scene, scene_of, troubled_scene

from console.render import empty as draw_empty
from console.render import forecasts, gauge, meters, plan, platform
from console.render.gaps import gap_table, quarter_story
from console.views.coverage import Emptiness, due_until
from console.views.findings import open_findings, watch_view
from console.views.gaps import meter_gaps_view
from console.views.levels import levels
from console.views.meters import meter_day_view, meters_view
from console.views.now import now_view
from console.views.outlook import outlook_view
from console.views.plan import plan_view
from console.views.platform import Health, Lack, platform_view
from console.views.scene import Scene
from domain.anomalies import Anomaly, AnomalyKind
from domain.channels import EXPORT
from domain.demand import Demand
from domain.instants import NEVER_UTC
from domain.intervals import QUARTER, Interval, IntervalMethod, IntervalOrigin, IntervalQuality
from domain.orders import Order
from domain.plant import PlannedJob, Plant
from domain.readings import REFUSED_CHANNEL, Reading
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import quarter_start
from reporting.ledger import Ledger
from reporting.month import channels_of
from words.speech import of_page

BERLIN = ZoneInfo("Europe/Berlin")
DE, EN = of_page("de", BERLIN), of_page("en", BERLIN)
TODAY_UTC = datetime(2026, 10, 22, 22, 0, tzinfo=UTC)
"""Local midnight."""
UWH = 10**9


class NoDemand(SampleFeed):
    """A feed without a running quarter hour."""

    def __init__(self, plant: Plant, ledger: Ledger, demand: Demand | None = None) -> None:
        super().__init__(plant, ledger)
        self.state._demand = demand


def row(start_utc: datetime, kwh: float | None, meter: str = "main") -> Interval:
    quality, method = (
        (IntervalQuality.MEASURED, IntervalMethod.REGISTER) if kwh is not None else (IntervalQuality.MISSING, IntervalMethod.NONE)
    )
    return Interval(
        SITE,
        meter,
        "energy_import",
        start_utc,
        None if kwh is None else round(kwh * UWH),
        float(kwh is not None),
        quality,
        method,
        1,
    )


def rows_today(kwh: float | None = 25.0, leave_out: Sequence[int] = (), meter: str = "main") -> list[Interval]:
    """All quarter hours of today until now, but those at some places; the grid connection fed nothing back."""
    count = (quarter_start(NOW_UTC) - TODAY_UTC) // QUARTER
    rows = [row(TODAY_UTC + n * QUARTER, kwh, meter) for n in range(count) if n not in leave_out]
    return rows + [replace(row(one.start_utc, 0.0, meter), channel=EXPORT) for one in rows if meter == "main"]


def scene_with(plant: Plant, rows: Sequence[Interval], demand: Demand | None = None) -> Scene:
    ledger = sample_ledger(plant, intervals=rows)
    return scene_of(plant, ledger, NoDemand(plant, ledger, demand))


def with_site(plant: Plant, **changes: object) -> Plant:
    return plant.model_copy(update={"site": plant.site.model_copy(update=changes)})


# energy ------------------------------------------------------------------------------------------------------------


def test_todays_energy_says_how_many_quarter_hours_it_lacks(plant: Plant) -> None:
    """47 quarter hours are due; four were never sent, two were sent without a value, and none of them is 0 kWh."""
    rows = [*rows_today(leave_out=(3, 4, 5, 6, 20, 21)), *(row(TODAY_UTC + n * QUARTER, None) for n in (20, 21))]
    view = now_view(scene_with(plant, rows))
    assert (view.today_kwh, view.today_missing) == (pytest.approx(41 * 25), 6)
    assert "1\u202f025\u202fkWh, fehlende Viertelstunden: 6" in gauge.figures(view, DE)


def test_a_day_of_which_nothing_is_known_has_no_energy_and_not_none(plant: Plant) -> None:
    view = now_view(scene_with(plant, []))
    assert (view.today_kwh, view.today_missing, view.today_peak) == (None, 0, None)


def test_a_quarter_hour_is_missing_once_it_is_due_and_not_before(plant: Plant) -> None:
    scene = scene_with(plant, rows_today(leave_out=(46,)))
    assert due_until(scene) == quarter_start(NOW_UTC), "seven and a half minutes after its end it should be there"
    assert now_view(scene).today_missing == 1
    early = replace(scene, now_utc=quarter_start(NOW_UTC) + timedelta(minutes=4))
    assert now_view(early).today_missing == 0


def test_each_meter_and_the_rest_say_what_they_lack(plant: Plant) -> None:
    halls = [r for hall in ("hall-1", "hall-2") for r in rows_today(5.0, (0, 1), hall)]
    others = [
        replace(r, channel=m.energy_channel() or "")
        for m in plant.meters
        if m.parent == "main" and m.id not in ("hall-1", "hall-2")
        for r in rows_today(1.0, meter=m.id)
    ]
    view = meters_view(scene_with(plant, [*rows_today(), *halls, *others]))
    rows = {r.meter: r for r in view.rows}
    assert (rows["main"].today_missing, rows["hall-1"].today_missing, rows["main/rest"].today_missing) == (0, 2, 2)
    assert rows["hall-1"].today_measured == pytest.approx(45 / 47)
    assert rows["furnace-1"].today_kwh is None
    assert meters.tree(view, EN, "main").count("2 missing") == 3


def test_quarter_hours_that_nobody_sent_are_missing_in_the_meters_day(plant: Plant) -> None:
    scene = scene_with(plant, rows_today(leave_out=(3, 4)))
    view = meter_day_view(scene, "main", scene.day())
    assert view.missing == {TODAY_UTC + n * QUARTER for n in (3, 4)}
    assert view.by_quality[IntervalQuality.MISSING] == 2
    assert view.energy_kwh == pytest.approx(45 * 25)
    assert "2 fehlen" in meters.meter_summary(view, DE)
    assert "Von dieser Viertelstunde kam nie etwas" in quarter_story(view, DE, TODAY_UTC + 3 * QUARTER)
    before = meter_day_view(scene, "main", date(2026, 10, 21))
    assert (before.missing, before.empty and before.empty.why) == (frozenset(), Emptiness.NOT_THEN), "before the first one of all"


def test_import_without_export_leaves_net_energy_and_remainder_unknown_and_says_what_lacks(plant: Plant) -> None:
    """History of the grid operator's import alone, beside measured halls: 25 - 2 * 5 kWh would be a guess."""
    imported = [one for one in rows_today() if one.channel != EXPORT]
    halls = [one for hall in ("hall-1", "hall-2") for one in rows_today(5.0, meter=hall)]
    scene = scene_with(plant, [*imported, *halls])
    rows = {one.meter: one for one in meters_view(scene).rows}
    assert (rows["main"].today_kwh, rows["main"].today_missing, rows["main/rest"].today_kwh) == (None, 47, None)
    view = meter_day_view(scene, "main", scene.day())
    assert (view.energy_kwh, view.lacks) == (None, {EXPORT: 47})
    assert "energy_export" in meters.meter_summary(view, EN)
    assert now_view(scene).today_kwh == pytest.approx(47 * 25), "what was drawn is known"


def test_five_days_between_an_import_and_the_first_live_minutes_are_a_gap(tmp_path: Path) -> None:
    scene = gappy_scene(tmp_path)
    view = meter_gaps_view(scene, "main")
    (gap,) = (g for g in view.gaps if g.method == "no_record")
    assert (gap.from_utc, gap.to_utc) == (extremes.IMPORTED[1], quarter_start(NOW_UTC))
    assert (gap.energy_kwh, gap.revision, gap.quality) == (None, None, IntervalQuality.MISSING)
    assert "Keine Lücken" not in gap_table(view, DE)


def test_a_meter_of_which_nothing_is_recorded_has_no_measured_quarter_hours(tmp_path: Path) -> None:
    view = meter_gaps_view(bare_scene(tmp_path), "main")
    assert not view.is_recorded
    assert "noch keine Viertelstunde aufgezeichnet" in gap_table(view, DE)


def test_a_gateway_that_does_not_say_how_much_it_buffers_has_not_buffered_nothing(plant: Plant) -> None:
    scene = extremes.ExtremeFeed(plant).picture()
    states = {g.gateway: g for g in platform_view(Scene(plant, sample_ledger(plant), scene, NOW_UTC)).gateways}
    assert all(g.buffered is None or g.buffered >= 0 for g in states.values())
    assert any(g.buffered is None for g in states.values())


# money -------------------------------------------------------------------------------------------------------------


def unpriced(plant: Plant) -> Scene:
    """The sample without a tariff: advice and findings have no money."""
    bare = plant.model_copy(update={"tariff": None})
    none = dict.fromkeys(("bill_before_eur", "bill_after_eur", "saving_eur", "saving_demand_eur", "saving_energy_eur"))
    advice = [replace(r, **none, alternatives=()) for r in sample_recommendations()]  # type: ignore[arg-type]
    ledger = sample_ledger(bare, advice=advice, anomalies=[replace(a, eur_per_day=None) for a in sample_anomalies()])
    return scene_of(bare, ledger, SampleFeed(bare, ledger))


def test_without_a_tariff_money_is_unknown_with_the_reason_and_advice_is_in_kilowatts_only(plant: Plant) -> None:
    view = plan_view(unpriced(plant))
    assert (view.best_saving_eur, view.best_reduction_kw) == (None, 57.0)
    card = plan.card(view.cards[0], DE)
    assert card.count("unbekannt: kein Tarif") == 5
    assert "€" not in card and ">0" not in card
    assert "2 offene Empfehlungen, die beste senkt die Spitze um 57\u202fkW" in plan.headline(view, DE)


def test_findings_without_a_price_say_so_and_are_no_euros_a_day(plant: Plant) -> None:
    view = now_view(unpriced(plant))
    text = meters.findings(view, EN)
    assert view.findings_eur_per_day is None
    assert "2 of them without an amount: unknown: no tariff" in text
    assert "€" not in text


def test_a_sum_of_which_a_part_is_not_priced_names_the_part(plant: Plant) -> None:
    first, second = sample_anomalies()
    ledger = sample_ledger(plant, anomalies=[first, replace(second, eur_per_day=None)])
    view = now_view(scene_of(plant, ledger, SampleFeed(plant, ledger)))
    assert [f.anomaly.eur_per_day for f in view.findings] == [264.48, None], "what has no price comes after what has one"
    assert "1 davon ohne Betrag: unbekannt: nicht bepreist" in meters.findings(view, DE)


def test_expected_euros_are_called_expected_and_carried_out_claims_no_effect(plant: Plant) -> None:
    done = next(r for r in sample_recommendations() if r.recommendation == "R-0417")
    ledger = sample_ledger(
        plant, advice=[*sample_recommendations(), replace(done, revision=5, status=RecommendationStatus.CARRIED_OUT)]
    )
    view = plan_view(scene_of(plant, ledger, SampleFeed(plant, ledger)))
    card = next(c for c in view.cards if c.recommendation.recommendation == "R-0417")
    assert "Erwartete Ersparnis" in plan.card(card, DE) and "durchgeführt" in plan.card(card, DE)
    assert "Expected saving" in plan.card(card, EN) and "carried out" in plan.card(card, EN)
    assert "erwartete Ersparnis" in plan.headline(view, DE).replace("erwarteter", "erwartete")


# levels ------------------------------------------------------------------------------------------------------------

NEW_YEAR = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)


def peak_now(plant: Plant, now_utc: datetime, demand: Demand | None, rows: Sequence[Interval] = ()) -> float | None:
    scene = replace(scene_with(plant, rows, demand), now_utc=now_utc)
    billed = levels(scene).billed
    return None if billed is None else billed.kw


@pytest.mark.parametrize("period", ["month", "year"])
def test_the_billed_peak_of_a_period_that_is_over_is_gone(plant: Plant, period: str) -> None:
    site = with_site(plant, demand_period=period, billed_peak_kw=700.0, billed_peak_on=date(2026, 10, 2))
    old = replace(sample_demand(NOW_UTC), billed_peak_kw=668.0)
    assert peak_now(site, NOW_UTC, old) == 668.0
    first_of_november = datetime(2026, 10, 31, 23, 5, tzinfo=UTC)
    assert peak_now(site, first_of_november, old) == (None if period == "month" else 668.0)
    assert peak_now(site, NEW_YEAR + timedelta(minutes=5), old) is None


def test_the_plant_files_peak_counts_in_its_own_period_only(plant: Plant) -> None:
    site = with_site(plant, demand_period="month", billed_peak_kw=700.0, billed_peak_on=date(2026, 10, 2))
    assert peak_now(site, NOW_UTC, None) == 700.0
    assert peak_now(site, datetime(2026, 11, 2, tzinfo=UTC), None) is None


def test_before_metering_has_published_the_peak_is_the_ledgers(plant: Plant) -> None:
    site = with_site(plant, demand_period="month", billed_peak_kw=0.0)
    rows = [row(datetime(2026, 9, 30, 10, tzinfo=UTC), 200.0), row(datetime(2026, 10, 5, 10, tzinfo=UTC), 150.0)]
    assert peak_now(site, NOW_UTC, None, rows) == 600.0
    assert peak_now(site, NOW_UTC, None, rows[:1]) is None


def test_no_peak_and_no_target_are_shown_in_words_and_never_drawn_at_zero(plant: Plant) -> None:
    site = with_site(plant, target_kw=None, billed_peak_kw=0.0)
    demand = replace(sample_demand(NOW_UTC), billed_peak_kw=0.0, billed_peak_utc=None, target_kw=900.0)
    view = now_view(scene_with(site, rows_today(), demand))
    assert (view.billed_peak_kw, view.target_kw, view.target_is_set) == (None, 900.0, False)
    text = gauge.gauge(view, EN) + gauge.figures(view, EN) + gauge.marks(view, EN) + gauge.alarm_bar(view, EN)
    assert "No peak is known in this billing period yet" in text
    assert "No target is set: the threshold is the billed peak" in text
    assert "Below the threshold" in text and "Threshold 900" in text and "Billed peak" not in text


def test_an_old_forecast_says_how_old_its_newest_quarter_hour_is(tmp_path: Path) -> None:
    scene = gappy_scene(tmp_path)
    table = forecasts.peaks_table(plan_view(scene), DE)
    assert "Die neueste bekannte Viertelstunde endet So 18.10. 02:00, 5,4\u202fd vor jetzt." in table
    fresh = replace(extremes.old_forecast(), trained_until_utc=NOW_UTC - timedelta(minutes=20))  # type: ignore[type-var]
    assert forecasts.age(fresh, NOW_UTC, DE) is None


def test_the_period_of_a_forecast_that_is_over_is_not_shown(plant: Plant) -> None:
    scene = scene_of(plant, sample_ledger(plant), SampleFeed(plant))
    view = plan_view(scene)
    assert "Abrechnungs" in forecasts.peaks_table(view, DE)
    assert view.forecast is not None and view.forecast.period_peak is not None
    over = replace(view.forecast.period_peak, ends_utc=NOW_UTC)
    none_known = replace(view.forecast.period_peak, so_far_kw=0.0)
    assert "Abrechnungs" not in forecasts.peaks_table(replace(view, forecast=replace(view.forecast, period_peak=over)), DE)
    text = forecasts.peaks_table(replace(view, forecast=replace(view.forecast, period_peak=none_known)), DE)
    assert "bisher ist keine Höchstlast bekannt" in text


# what comes next ---------------------------------------------------------------------------------------------------


def test_charts_without_data_say_why_and_what_comes_next(tmp_path: Path, plant: Plant) -> None:
    bare, gappy = bare_scene(tmp_path / "bare"), gappy_scene(tmp_path / "gappy")
    for view in (now_view(bare).last_day_empty, plan_view(bare).empty, meter_day_view(bare, "main", bare.day()).empty):
        assert view is not None and (view.why, view.newest_utc, view.next_utc) == (Emptiness.NO_LEDGER, None, None)
        assert "sagt die Seite Plattform" in draw_empty.empty(view, NOW_UTC, DE)
    empty = now_view(gappy).last_day_empty
    assert empty is not None and (empty.why, empty.newest_utc) == (Emptiness.NOT_THEN, extremes.IMPORTED[1])
    assert "Die neueste im Archiv endet So 18.10. 02:00." in draw_empty.empty(empty, NOW_UTC, DE)
    begun = now_view(scene_with(plant, [])).last_day_empty
    assert begun is not None
    assert begun.why is Emptiness.NOTHING_YET
    assert "steht spätestens um 12:05 hier" in draw_empty.empty(begun, NOW_UTC, DE)
    assert "<code>lastgang import</code>" in draw_empty.empty(begun, NOW_UTC, DE)
    assert now_view(scene_with(plant, rows_today())).last_day_empty is None


def test_a_site_without_a_billing_meter_says_what_to_write(plant: Plant) -> None:
    several = [m.model_copy(update={"parent": None}) for m in plant.meters]
    lost = with_site(plant.model_copy(update={"meters": tuple(several)}), billing_meter=None)
    view = now_view(scene_with(lost, []))
    assert view.last_day_empty is not None
    assert "billing_meter unter [site] eintragen" in draw_empty.empty(view.last_day_empty, NOW_UTC, DE)


def test_no_recommendation_is_good_news_only_where_there_could_be_one(plant: Plant, tmp_path: Path) -> None:
    ledger = sample_ledger(plant, advice=())
    full = plan_view(scene_of(plant, ledger, SampleFeed(plant, ledger)))
    assert "tone-good" in plan.headline(full, EN)
    without_jobs = replace(full, has_jobs=False)
    assert "no job is known that could be moved" in plan.headline(without_jobs, EN)
    assert "it takes a forecast" in plan.headline(plan_view(bare_scene(tmp_path)), EN)
    after_a_gap = plan.headline(replace(full, known_quarters=2), EN)
    assert "4 measured quarter hours in a row; 2 are known" in after_a_gap
    assert "tone-good" not in after_a_gap


@pytest.mark.parametrize(("left_out", "known"), [((), 4), ((45,), 1), ((46,), 0), ((40,), 4)])
def test_the_quarter_hours_that_advice_waits_for_are_counted_back_from_the_newest(
    plant: Plant, left_out: tuple[int, ...], known: int
) -> None:
    view = plan_view(scene_with(plant, rows_today(leave_out=left_out)))
    assert view.known_quarters == known


# what is looked at -------------------------------------------------------------------------------------------------


def quiet(plant: Plant, live: bool = True) -> Scene:
    imported = [
        replace(sample_interval(m.id, channel, TODAY_UTC), origin=IntervalOrigin.IMPORT)
        for m in plant.meters
        for channel, _ in channels_of(m)
    ]
    ledger = sample_ledger(plant, intervals=None if live else imported, anomalies=())
    return scene_of(plant, ledger, SampleFeed(plant, ledger))


def test_nothing_abnormal_is_claimed_of_what_is_watched_and_of_no_more(plant: Plant) -> None:
    view = meters_view(quiet(plant))
    text = meters.findings(view, EN)
    assert "Nothing abnormal in what is watched" in text
    silent = next(k for k in view.watch.kinds if k.kind is AnomalyKind.SILENT_METER)
    assert (silent.watched, silent.waiting, silent.not_watched) == (len(plant.meters), 0, {})
    assert f"{len(plant.meters)} of {view.watch.meters} meters" in text
    on = next(k for k in view.watch.kinds if k.kind is AnomalyKind.ON_WHILE_OFF)
    assert on.watched + sum(on.not_watched.values()) + on.waiting + on.learning == view.watch.meters
    assert "no machine belongs to it" in text


def test_before_anything_live_came_nothing_is_watched_and_nothing_is_normal(plant: Plant, tmp_path: Path) -> None:
    for scene in (quiet(plant, live=False), bare_scene(tmp_path)):
        assert not watch_view(scene).is_any
        text = meters.findings(now_view(scene), DE)
        assert "Noch nichts überwacht" in text and "Nichts Auffälliges" not in text


def test_meters_that_were_never_received_are_not_counted_as_sending(plant: Plant, tmp_path: Path) -> None:
    assert "noch kein Zähler gesprochen" in meters.silence(meters_view(bare_scene(tmp_path)), DE)
    view = meters_view(quiet(plant))
    some = replace(view, silent=0, heard=5)
    assert f"5 von {len(plant.meters)} Zählern sprechen" in meters.silence(some, DE)
    assert "Alle Zähler sprechen" in meters.silence(replace(view, silent=0), DE)


# jobs --------------------------------------------------------------------------------------------------------------


def with_orders(plant: Plant, *orders: Order) -> Scene:
    ledger = sample_ledger(plant, orders=[*sample_orders(), *orders])
    return scene_of(plant, ledger, SampleFeed(plant, ledger))


def test_a_job_that_is_planned_for_no_date_is_named_in_words_and_not_drawn(plant: Plant) -> None:
    order = sample_orders()[2]
    never = replace(order, job="J-2000", start_utc=NEVER_UTC, due_utc=NEVER_UTC, earliest_utc=NEVER_UTC)
    due = replace(never, job="J-2001", due_utc=NOW_UTC + timedelta(days=3), earliest_utc=NOW_UTC)
    view = plan_view(with_orders(plant, never, due))
    assert [job.job for job in view.unplanned] == ["J-2001", "J-2000"]
    assert all(bar.job not in ("J-2000", "J-2001") for r in view.rows for bar in r.jobs)
    text = plan.gantt(view, DE)
    assert text.count("noch nicht freigegeben") == 1
    assert "kein Termin" in text and "8999" not in text and "9000" not in text


def test_a_planned_job_without_a_due_date_says_so(plant: Plant) -> None:
    order = replace(sample_orders()[3], job="J-2002", due_utc=NEVER_UTC)
    text = plan.gantt(plan_view(with_orders(plant, order)), EN)
    assert "J-2002" in text and "no due date" in text and "8999" not in text


def test_jobs_of_the_plant_file_are_on_the_plan_until_the_topic_knows_better(plant: Plant) -> None:
    start = quarter_start(NOW_UTC) + 4 * QUARTER
    job = PlannedJob(
        job="J-3000",
        machine="washer",
        start_utc=start,
        earliest_utc=start,
        due_utc=NEVER_UTC,
        profile_kw=(40.0, 40.0),
        product="Kisten",
    )
    written = plant.model_copy(update={"orders": (job,)})
    bars = {bar.job: bar for r in plan_view(with_orders(written)).rows for bar in r.jobs}
    assert (bars["J-3000"].before.start_utc, bars["J-3000"].due_utc) == (start, None)
    moved = replace(sample_orders()[4], job="J-3000", start_utc=start + QUARTER)
    bars = {bar.job: bar for r in plan_view(with_orders(written, moved)).rows for bar in r.jobs}
    assert bars["J-3000"].before.start_utc == start + QUARTER


def test_dates_that_stand_for_none_are_words_and_far_ones_have_their_year() -> None:
    assert (DE.moment(NEVER_UTC), EN.moment(NEVER_UTC)) == ("kein Termin", "no date")
    assert DE.moment(datetime(2062, 3, 1, tzinfo=UTC), NOW_UTC) == "Mi 01.03.2062 01:00"
    assert EN.moment(NOW_UTC, NOW_UTC) == "Fri 23 Oct 11:52"
    assert DE.since(NOW_UTC - timedelta(days=3), NOW_UTC) == "Di 20.10. 11:52"
    assert DE.since(NOW_UTC, NOW_UTC) == "11:52"
    assert (DE.number(1e15), EN.number(-9.2e18), DE.number(float("inf"))) == ("1,0e+15", "\u22129.2e+18", "–")


# the platform ------------------------------------------------------------------------------------------------------


def test_the_platform_says_what_is_not_there_and_what_to_do(tmp_path: Path, plant: Plant) -> None:
    view = platform_view(bare_scene(tmp_path))
    assert view.lacks == (Lack.NO_BROKER, Lack.NO_LEDGER, Lack.NO_TARIFF, Lack.NO_TARGET)
    text = platform.overview(view, EN) + platform.rejected(view, EN)
    for words_ in ("<code>lastgang up</code>", "The historian makes it", "Set [tariff] file", "Set target_kw in [site]"):
        assert words_ in text
    assert (view.readings_per_s, view.cpu_s, view.energy_wh) == (None, None, None)
    assert "All readings used" not in text and "Unknown as long as there is no ledger" in text
    assert platform_view(scene_of(plant, sample_ledger(plant), SampleFeed(plant))).lacks == ()


def test_a_broker_without_any_gateway_is_distinguished_from_none(tmp_path: Path) -> None:
    assert platform_view(gappy_scene(tmp_path)).lacks == (Lack.NOTHING_RECEIVED, Lack.NO_TARIFF, Lack.NO_TARGET)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "de",
            (
                "liefert nichts",
                "2 Register verweigert",
                "Puffer voll: 48\u202f200 Messwerte ausgedünnt",
                "ausgefallen",
                "startet neu",
            ),
        ),
        (
            "en",
            ("stalled", "2 registers refused", "Buffer full: 48\u202f200 readings thinned out", "failed", "restarting"),
        ),
    ],
)
def test_devices_that_stall_or_refuse_and_parts_that_failed_are_on_the_platform(
    plant: Plant, language: str, words: tuple[str, ...]
) -> None:
    w = of_page(language, BERLIN)  # type: ignore[arg-type]
    view = platform_view(troubled_scene(plant))
    text = platform.overview(view, w) + platform.connections(view, w)
    for part in (*words, "exception 02, illegal address", "exit 2: influx.toml:3", "power of 12 meters"):
        assert part in text, part
    assert [part.name for part in view.losses] == ["influx-sink", "job advice"]
    stalled = next(c for c in view.connections if c.device == "press-1-meter")
    assert (stalled.word, stalled.health) == ("stalled", Health.BAD)


def test_the_meters_name_their_troubled_devices(plant: Plant) -> None:
    view = meters_view(troubled_scene(plant))
    assert [c.device for c in view.troubles] == ["furnace-1-control", "lighting-meter", "press-1-meter"]
    text = platform.troubles(view, DE)
    assert "press-1-meter: </strong><span>liefert nichts" in text and "2 Register verweigert" in text


def test_a_device_that_gives_everything_again_refuses_nothing(plant: Plant) -> None:
    ledger = sample_ledger(plant)
    feed = extremes.TroubledFeed(plant, ledger)
    later = int(NOW_UTC.timestamp() * 1000)
    feed.state.take(Reading(SITE, "furnace-1-control", REFUSED_CHANNEL, later, later, 0, text=""), 0.0)
    found = {c.device: c for c in platform_view(scene_of(plant, ledger, feed)).connections}
    assert found["furnace-1-control"].refusal is None


def test_a_page_that_stands_alone_shows_no_parts(plant: Plant) -> None:
    view = platform_view(scene_of(plant, sample_ledger(plant), SampleFeed(plant)))
    assert view.losses == ()
    assert "advice" not in platform.connections(view, DE)


def test_the_outlook_of_a_meter_without_a_forecast_says_when_there_will_be_one(plant: Plant) -> None:
    from console.render.outlook import outlook_words

    scene = scene_of(plant, sample_ledger(plant), SampleFeed(plant))
    assert "Sie kommt mit seiner ersten abgeschlossenen Viertelstunde" in outlook_words(outlook_view(scene, "lighting"), DE)


def test_the_most_expensive_finding_comes_first_and_unknown_amounts_last(plant: Plant) -> None:
    first = sample_anomalies()[0]
    amounts: list[float | None] = [None, 0.0, 5.0, None, -1.0]
    found: list[Anomaly] = [replace(first, anomaly=f"a/{n}", eur_per_day=eur, excess_kwh=float(n)) for n, eur in enumerate(amounts)]
    ledger = sample_ledger(plant, anomalies=found)
    scene = scene_of(plant, ledger, SampleFeed(plant, ledger))
    assert [f.anomaly.eur_per_day for f in open_findings(scene)] == [5.0, 0.0, -1.0, None, None]


def test_the_best_saving_is_that_of_what_can_still_be_decided(plant: Plant) -> None:
    first, *others = sample_recommendations()
    gone: Recommendation = replace(first, valid_until_utc=NOW_UTC - timedelta(minutes=1))
    ledger = sample_ledger(plant, advice=[gone, *others])
    view = plan_view(scene_of(plant, ledger, SampleFeed(plant, ledger)))
    assert (view.best_saving_eur, view.best_reduction_kw) == (0.0, 21.0)
    assert [c.recommendation.recommendation for c in view.cards][:2] == ["R-0422", "R-0421"]
