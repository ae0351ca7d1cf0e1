from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from console.render import charts, forecasts, gauge, meters, outlook, plan, platform
from console.render.markup import Markup, icon, join, tag
from console.views.meters import meter_day_view, meters_view
from console.views.now import now_view
from console.views.outlook import outlook_view
from console.views.plan import plan_view
from console.views.platform import platform_view
from console.views.scene import Scene
from domain.facts import Fact
from domain.recommendations import Places
from words.catalogue import languages
from words.speech import Words, of_page

BERLIN = ZoneInfo("Europe/Berlin")
VOID = {"br", "hr", "img", "input"}
NASTY = "<img src=x onerror=alert(1)>\"'&"


class Checker(HTMLParser):
    """Checks that tags close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, name: str, attributes: object) -> None:
        self.seen.append(name)
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name


def well_formed(markup: str) -> list[str]:
    checker = Checker()
    checker.feed(markup)
    assert checker.open == []
    return checker.seen


def test_texts_and_attributes_are_escaped_once() -> None:
    assert tag("p", NASTY) == "<p>&lt;img src=x onerror=alert(1)&gt;\"'&amp;</p>"
    assert tag("a", Markup("<b>x</b>"), title='"', href=None, hidden=True) == '<a title="&quot;" hidden><b>x</b></a>'
    assert join("a<", None, [Markup("<i></i>"), 3]) == "a&lt;<i></i>3"


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in icon("ok")
    assert 'aria-label="to"' in icon("arrow", "to")


@pytest.mark.parametrize("language", languages())
def test_every_fragment_is_well_formed_in_both_languages(scene: Scene, language: str) -> None:
    w = of_page(language, BERLIN)  # type: ignore[arg-type]
    now, planned, tree, own = now_view(scene), plan_view(scene), meters_view(scene), platform_view(scene)
    day = meter_day_view(scene, "furnace-2", scene.day())
    fragments = [
        gauge.gauge(now, w), gauge.alarm_bar(now, w), gauge.figures(now, w), gauge.marks(now, w), plan.gantt(planned, w),
        plan.headline(planned, w), forecasts.peaks_table(planned, w), forecasts.day_ahead_table(planned, w), meters.tree(tree, w, "main"), meters.findings(tree, w),
        meters.meter_summary(day, w), meters.channel_table(day, w), outlook.outlook_words(outlook_view(scene, "furnace-2"), w),
        outlook.outlook_words(outlook_view(scene, "lighting"), w), charts.outlook_keys(w), platform.overview(own, w), platform.connections(own, w),
        platform.rejected(own, w), platform.processes(own, w), charts.load_keys(planned, w), charts.last_day_keys(now, w),
        *(plan.card(card, w) for card in planned.cards),
    ]  # fmt: skip
    for fragment in fragments:
        assert isinstance(fragment, Markup)
        well_formed(fragment)


def test_what_comes_from_outside_cannot_break_the_page(scene: Scene) -> None:
    w = of_page("en", BERLIN)
    card = plan_view(scene).cards[0]
    texts = dataclasses.replace(card.texts["en"], reason=NASTY, checked=(NASTY,))
    nasty = Places(tuple(dataclasses.replace(place, job=NASTY, machine=NASTY) for place in card.recommendation.before.jobs))
    evil = dataclasses.replace(
        card,
        recommendation=dataclasses.replace(card.recommendation, before=nasty, after=nasty),
        texts={"en": texts},
        subject_label=NASTY,
        machine_label=NASTY,
        changes=tuple(dataclasses.replace(change, label=NASTY) for change in card.changes),
    )
    assert "img" not in well_formed(plan.card(evil, w))
    assert "img" not in well_formed(plan.gantt(plan_view(scene), w)), "the sample has a product called <links>"
    view = meters_view(scene)
    finding = view.findings[0]
    bad = dataclasses.replace(finding, texts={"en": NASTY})
    assert "img" not in well_formed(meters.findings(dataclasses.replace(view, findings=(bad,)), w))


def test_the_gauges_arc_starts_left_and_ends_where_the_share_says() -> None:
    assert gauge.arc(0, 0.5, 100) == "M120.0 212.0A100 100 0 0 1 220.0 112.0"
    assert gauge.arc(0, 1.7, 100).endswith("320.0 212.0"), "never past its end"


def test_the_state_is_reported_by_word_and_icon_not_by_colour_alone(scene: Scene) -> None:
    bar = gauge.alarm_bar(now_view(scene), of_page("de", BERLIN))
    assert "Ziel wird überschritten" in bar
    assert "<svg" in bar


def test_the_gauge_has_a_text_for_screen_readers(scene: Scene) -> None:
    text = gauge.gauge_words(now_view(scene), of_page("en", BERLIN))
    assert text == (
        "Projection of the running quarter hour 652 kilowatts, between 622 and 682. Target 640, billed peak 668 kilowatts."
    )


def test_a_jobs_bar_lies_where_its_hours_are(scene: Scene) -> None:
    view = plan_view(scene)
    ruler = plan.Ruler(view.gantt_from_utc, view.gantt_to_utc)
    hours = (view.gantt_to_utc - view.gantt_from_utc).total_seconds() / 3600
    bar = next(job for row in view.rows for job in row.jobs if job.job == "J-1048")
    left, width = map(float, re.findall(r"[\d.]+(?=%)", ruler.style(bar.before) or ""))
    assert left == pytest.approx(100 * (bar.before.start_utc - view.gantt_from_utc).total_seconds() / 3600 / hours, abs=0.01)
    assert width == pytest.approx(100 * 5 / hours, abs=0.01)


def bars_of(options: dict[str, object], words_: Words) -> list[dict[str, object] | None]:
    series = options["series"]
    assert isinstance(series, list)
    data: list[dict[str, object] | None] = series[0]["data"]
    return data


def test_what_was_not_measured_is_drawn_hollow_and_says_so(scene: Scene) -> None:
    w = of_page("en", BERLIN)
    bars = bars_of(charts.meter_day_chart(meter_day_view(scene, "furnace-2", scene.day()), w), w)
    substituted, measured, missing, still_to_come = bars[12], bars[20], bars[32], bars[90]
    assert substituted is not None and measured is not None
    assert substituted["note"] == "substituted"
    assert "borderType" in substituted["itemStyle"]  # type: ignore[operator]
    assert "note" not in measured
    assert missing is None
    assert still_to_come is None


def test_chart_options_are_plain_json_and_name_only_colours_of_the_style_sheet(scene: Scene) -> None:
    w = of_page("de", BERLIN)
    for options in (
        charts.last_day_chart(now_view(scene), w),
        charts.load_chart(plan_view(scene), w),
        charts.outlook_chart(outlook_view(scene, "furnace-2"), w),
    ):
        text = json.dumps(options, allow_nan=False)
        assert not re.findall(r"#[0-9a-fA-F]{3,6}\b", text)


def test_the_doubled_hour_of_autumn_has_labels_of_its_own(scene: Scene) -> None:
    w = of_page("de", BERLIN)
    view = meter_day_view(scene, "main", __import__("datetime").date(2026, 10, 25))
    labels = charts.meter_day_chart(view, w)["xAxis"]["data"]
    assert len(labels) == len(set(labels)) == 100


def test_a_meters_outlook_draws_band_and_median_as_the_plan_does(scene: Scene) -> None:
    w = of_page("de", BERLIN)
    of_meter = charts.outlook_chart(outlook_view(scene, "furnace-2"), w)
    of_plan = charts.load_chart(plan_view(scene), w)

    def styles(options: dict[str, list[dict[str, object]]], name: str) -> dict[str, object]:
        return {
            key: value for series in options["series"] if series["name"] == name for key, value in series.items() if key != "data"
        }

    for name in ("_low", w["chart.band"], w["chart.forecast"]):
        assert styles(of_meter, name) == styles(of_plan, name) != {}
    measured, low, band, median = of_meter["series"]
    at = next(n for n, value in enumerate(median["data"]) if value is not None)
    assert low["data"][at] < median["data"][at] < low["data"][at] + band["data"][at]["value"], (
        "the band is stacked on its lower edge"
    )
    assert measured["data"][at - 1] is not None and measured["data"][at] is None
    assert [mark["xAxis"] for mark in measured["markLine"]["data"]] == ["Fr 23.10.|11:45|CEST"]
    assert of_meter["xAxis"]["data"][at] == "Fr 23.10.|11:45|CEST"


def test_an_outlook_says_how_much_when_and_who_says_it(scene: Scene) -> None:
    text = re.sub(r"<[^>]+>", " ", outlook.outlook_words(outlook_view(scene, "furnace-2"), of_page("en", BERLIN)))
    for part in (
        "111.4\u202fkW",
        "106.6–117.0",
        "10:15",
        "Import",
        "like-days 54%",
        "30 days",
        "71\u202f%",
        "82\u202f%",
        "learning again since Mon 19 Oct 07:15",
    ):
        assert part in text, part
    german = outlook.outlook_words(outlook_view(scene, "furnace-2"), of_page("de", BERLIN))
    assert "die Modelle lernen seit Mo 19.10. 07:15 neu" in german
    assert "above target" not in text, "a meter below the grid connection has no target"
    assert "There is no forecast" in outlook.outlook_words(outlook_view(scene, "lighting"), of_page("en", BERLIN))


def test_a_model_name_from_outside_cannot_break_the_outlook(scene: Scene) -> None:
    view = outlook_view(scene, "furnace-2")
    assert view.forecast is not None
    evil = dataclasses.replace(view, forecast=dataclasses.replace(view.forecast, model=NASTY, notes=(Fact(NASTY),)))
    assert "img" not in well_formed(outlook.outlook_words(evil, of_page("en", BERLIN)))
