"""The sample plant with a cold store and a chiller that can wait, in each of the states of its governor."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from console_ledger import sample_ledger
from console_sample import NOW_UTC, SITE, SampleFeed, demo_plant

from domain.contracts import EXAMPLES
from domain.facts import fact
from domain.governing import CanWait, Governing, GovernorMode
from domain.load_facts import HOLD_CHECKED, held, not_known, returning, silent_partial
from domain.plant import Plant, load_plant
from domain.recommendations import Action, LoadPlace, Places, Recommendation, RecommendationStatus
from domain.topics import RECOMMENDATIONS
from quarters.numbers import quarter_start
from tests.governor.live_site import COLD_STORE

QUARTER_UTC = quarter_start(NOW_UTC)
MINUTE = timedelta(minutes=1)
_COLD = """
[[flexible.cold_store]]
id = "{id}"
name = "{name}"
machine = "chiller"
"""
LOADS = {"cold-store-1": "Kühlhaus Versand", "chiller-1": "Kaltwassersatz Spritzguss"}
PLACES = tuple(
    LoadPlace(load, 40.0, QUARTER_UTC + 9.5 * MINUTE, QUARTER_UTC + minute * MINUTE)
    for load, minute in zip(LOADS, (15, 17), strict=True)
)


def governed_plant(folder: Path) -> Plant:
    """The demo's plant with two loads that can wait."""
    demo_plant(folder)
    path = folder / "plant.toml"
    loads = "".join(_COLD.format(id=load, name=name) + COLD_STORE for load, name in LOADS.items())
    path.write_text(path.read_text(encoding="utf-8") + loads, encoding="utf-8")
    return load_plant(path)


def hold(status: RecommendationStatus = RecommendationStatus.OPEN) -> Recommendation:
    """Advice to hold both, at 11:52:30 local time."""
    reason = (
        held(PLACES, QUARTER_UTC, 652.0, 622.0, 640.0), fact("advice.above_target", apart_kw=12.0, level_kw=640.0), returning(6.0),
    )  # fmt: skip
    return replace(
        EXAMPLES[RECOMMENDATIONS.name], site=SITE, recommendation="hold-2610230945-1", status=status, issued_utc=NOW_UTC, at_utc=NOW_UTC,
        valid_until_utc=NOW_UTC + 4 * MINUTE, action=Action.HOLD, before=Places(), after=Places(loads=PLACES), peak_start_utc=QUARTER_UTC,
        peak_before_kw=652.0, peak_after_kw=622.0, reduction_kw=30.0, bill_before_eur=None, bill_after_eur=None, saving_eur=None,
        saving_demand_eur=None, saving_energy_eur=None, reason=reason, alternatives=(), checked=HOLD_CHECKED, not_checked=(), lines=(),
        drivers=(), binding_rule=None,
    )  # fmt: skip


def release() -> Recommendation:
    """Advice to let the first draw again."""
    after = (replace(PLACES[0], start_utc=NOW_UTC + 2 * MINUTE),)
    before = Places(loads=PLACES[:1])
    return replace(hold(), recommendation="release-2610230945-2", action=Action.RELEASE, before=before, after=Places(loads=after))


def governing(mode: GovernorMode = GovernorMode.WATCHING) -> Governing:
    """What the governor has published last."""
    could = tuple(CanWait(load, 40.0, NOW_UTC + 60 * MINUTE) for load in LOADS)
    if mode is GovernorMode.SILENT:
        return Governing(SITE, NOW_UTC, mode, QUARTER_UTC, None, reason=(silent_partial(QUARTER_UTC),))
    return Governing(SITE, NOW_UTC, mode, QUARTER_UTC, 668.0, could, 80.0, (not_known(["chiller-1"]),))


def governed_feed(plant: Plant, state: str) -> SampleFeed:
    """A feed in which the governor has advised (``open``), is followed (``held``), watches, is silent, or was never heard of (``unknown``)."""
    feed = SampleFeed(plant, sample_ledger(plant))
    if state != "unknown":
        feed.state.take(governing(GovernorMode.SILENT if state == "silent" else GovernorMode.WATCHING), time.monotonic())
    if state in ("open", "held"):
        feed.state.take(hold(RecommendationStatus.ACCEPTED if state == "held" else RecommendationStatus.OPEN), time.monotonic())
    return feed
