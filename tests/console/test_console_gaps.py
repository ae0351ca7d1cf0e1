"""Gaps on the page: what was published first, what counts now, and all revisions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from console_ledger import sample_ledger
from console_sample import OUTAGE_UTC
from test_console_render import well_formed

from console.render import charts
from console.render import gaps as draw
from console.render.meters import meter_summary
from console.render.platform import connections
from console.views.gaps import meter_gaps_view, revision_entries
from console.views.meters import meter_day_view, meters_view
from console.views.platform import platform_view
from console.views.scene import Scene
from domain.intervals import QUARTER, IntervalQuality
from quarters.gaps import Filling
from words.catalogue import languages
from words.speech import of_page

EIGHT = datetime(2026, 10, 23, 6, 0, tzinfo=UTC)
"""In the middle of the outage."""
EN = of_page("en", ZoneInfo("Europe/Berlin"))


def test_a_healed_gap_and_one_that_keeps_its_substitutes(scene: Scene) -> None:
    healed, night = meter_gaps_view(scene, "moulding-2").gaps
    kept, _ = meter_gaps_view(scene, "ev-chargers").gaps
    for gap in (healed, kept):
        assert (gap.from_utc, gap.to_utc, gap.quarters) == (*OUTAGE_UTC, 12)
    assert (healed.quality, healed.filled_by, healed.revision) == (IntervalQuality.MEASURED, Filling.LATE_READINGS, 3)
    assert (kept.quality, kept.filled_by, kept.revision) == (IntervalQuality.SUBSTITUTED, Filling.SHARED_EVENLY, 2)
    assert [(e.quality, e.quarters, e.energy_kwh) for e in healed.earlier] == [
        (IntervalQuality.MISSING, 12, None), (IntervalQuality.SUBSTITUTED, 12, pytest.approx(12 * 8.8)),
    ]  # fmt: skip
    assert (night.quarters, night.earlier) == (3, ())


def test_the_day_as_it_counts_and_as_it_was_first_published(scene: Scene) -> None:
    now = meter_day_view(scene, "moulding-2", scene.day())
    first = meter_day_view(scene, "moulding-2", scene.day(), as_first_published=True)
    place = (EIGHT - now.from_utc) // QUARTER
    latest, as_first = now.quarters[place], first.quarters[place]
    assert latest is not None and as_first is not None
    assert (latest.quality, latest.revision, as_first.quality, as_first.energy_uwh) == ("measured", 3, "missing", None)
    assert set(now.restated.values()) == {3}
    assert (len(now.restated), first.restated) == (12, {})
    assert {str(quality): count for quality, count in first.by_quality.items()} == {"measured": 32, "substituted": 3, "missing": 12}
    assert sum(now.energy_shares.values()) == pytest.approx(1)


def test_every_revision_of_a_quarter_hour_is_shown_with_its_moment_the_newest_first(scene: Scene) -> None:
    entries = revision_entries(meter_day_view(scene, "moulding-2", scene.day()).revisions, EIGHT)
    assert [(s.revision, str(s.quality), str(s.method), s.counts) for s in entries] == [
        (3, "measured", "register", True), (2, "substituted", "interpolated", False), (1, "missing", "none", False),
    ]  # fmt: skip
    assert [s.recorded_utc for s in entries] == sorted((s.recorded_utc for s in entries), reverse=True)
    assert entries[2].recorded_utc == EIGHT + QUARTER + timedelta(minutes=2)


def test_a_meter_with_import_and_export_publishes_both(scene: Scene) -> None:
    entries = revision_entries(meter_day_view(scene, "main", scene.day()).revisions, EIGHT)
    assert [s.channel for s in entries] == ["energy_import", "energy_export"]


def test_the_rest_that_nobody_measures_is_no_better_known_than_its_parts(scene: Scene) -> None:
    then = replace(scene, ledger=sample_ledger(scene.plant, OUTAGE_UTC[1] + timedelta(minutes=3)))
    rows = {row.meter: row for row in meters_view(then).rows}
    rest = rows["main/rest"].last
    assert rest is not None
    assert rest.start_utc == OUTAGE_UTC[1] - QUARTER
    assert rest.quality is IntervalQuality.SUBSTITUTED  # the charging points' last quarter hour is


def test_the_chart_marks_missing_columns_and_restated_runs_once(scene: Scene) -> None:
    options = charts.meter_day_chart(meter_day_view(scene, "moulding-2", scene.day()), EN)
    means, columns, crosses, marks = options["series"]
    place = (EIGHT - meter_day_view(scene, "moulding-2", scene.day()).from_utc) // QUARTER
    assert means["data"][place]["note"] == "Revision 3"
    assert sum(mark is not None for mark in marks["data"]) == 12
    assert [mark["label"]["formatter"] for mark in marks["data"] if mark and "label" in mark] == ["Rev. 3"]
    assert not any(c["itemStyle"]["color"] == "var(--gap)" for c in columns["data"])
    first = charts.meter_day_chart(meter_day_view(scene, "moulding-2", scene.day(), True), EN)
    _, columns, crosses, marks = first["series"]
    assert sum(c["itemStyle"]["color"] == "var(--gap)" for c in columns["data"]) == 12
    assert sum(1 for cross in crosses["data"] if cross and cross["symbolSize"]) == 1
    assert not any(marks["data"])
    json.dumps([options, first], allow_nan=False)


def test_what_a_devices_memory_gave_is_reported_with_the_device_and_is_no_reading(scene: Scene) -> None:
    view = platform_view(scene)
    gaps = {c.device: c.gap for c in view.connections}
    gap = gaps.pop("furnace-1-control")
    assert gap is not None
    assert (gap.values, gap.text) == (1080, "history: 1,080 values of 3 registers for 180 min")
    assert set(gaps.values()) == {None}
    assert "1\u202f080 readings from memory, Fri 23 Oct 11:38" in connections(view, EN)
    assert ("furnace-1-control", "gap") not in scene.live.readings


def test_the_quarter_hour_looked_at_is_marked_in_the_chart(scene: Scene) -> None:
    options = charts.meter_day_chart(meter_day_view(scene, "moulding-2", scene.day()), EN)
    label = charts.label_of(EIGHT, EN)
    assert charts.with_pick(options, label)["series"][0]["markLine"]["data"][0]["xAxis"] == label
    assert charts.with_pick(options, None) is options
    assert charts.with_pick(options, "another day") is options


@pytest.mark.parametrize("language", languages())
def test_every_fragment_is_well_formed(scene: Scene, language: str) -> None:
    w = of_page(language, ZoneInfo("Europe/Berlin"))  # type: ignore[arg-type]
    day = meter_day_view(scene, "ev-chargers", scene.day())
    table = draw.gap_table(meter_gaps_view(scene, "moulding-2"), w)
    for fragment in (
        table, draw.quarter_story(day, w, EIGHT), draw.quarter_story(day, w, None), draw.revision_switch(day, w, EIGHT), meter_summary(day, w),
        draw.gap_table(meter_gaps_view(scene, "pv"), w),
    ):  # fmt: skip
        well_formed(fragment)
    assert "/meters?meter=moulding-2&amp;day=2026-10-23&amp;at=2026-10-23T05%3A30Z#detail" in table
    assert w["filled.late_readings"] in table


def test_a_gap_over_the_clock_change_names_both_zones(scene: Scene) -> None:
    import dataclasses

    view = meter_gaps_view(scene, "moulding-2")
    autumn = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    gap = dataclasses.replace(view.gaps[0], from_utc=autumn, to_utc=autumn + timedelta(hours=3))
    table = draw.gap_table(dataclasses.replace(view, gaps=(gap,)), EN)
    assert "Sun 25 Oct 01:30 – 03:30" in table
    assert "CEST – CET" in table
