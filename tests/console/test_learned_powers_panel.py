"""The panel of learned powers: its rows, its picture by hand, and what others chose cannot break it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_ledger import put
from console_sample import NOW_UTC, SITE

from console.render.job_powers import HEADROOM, picture, table
from console.views.job_powers import MOST_ROWS, LearnedPowers, PowerRow, learned_powers
from console.views.scene import Scene
from domain.job_power import JobPower, PowerSource
from domain.topics import JOB_POWERS
from reporting.ledger import Ledger
from words.speech import of_page

POWER = JobPower(
    SITE, "press-1", "Welle", 7, (10.0, 20.0), (20.0, 30.0), (50.0, 40.0), 9, PowerSource.SUB_METER, 1.24, NOW_UTC, 4.0
)


@pytest.fixture
def ledger(scene: Scene) -> Ledger:
    assert isinstance(scene.ledger, Ledger)
    return scene.ledger


def test_the_newest_revision_of_each_product_is_shown_with_its_numbers(scene: Scene, ledger: Ledger) -> None:
    by_regression = replace(POWER, machine="press-2", source=PowerSource.REGRESSION, idle_kw=None, runs=30)
    put(ledger, JOB_POWERS, replace(POWER, revision=6, q50_kw=(1.0, 1.0)), POWER, by_regression)
    view = learned_powers(scene)
    assert [(row.machine, row.mean_kw) for row in view.rows] == [("Presse 1", 25.0), ("Presse 2", 25.0)]
    found = table(view, of_page("de", scene.plant.site.zone))
    for text in ("25,0\u202fkW", "± 1,2\u202fkW", "4,0\u202fkW", "eigenem Zähler", "Regression eines gemeinsamen Zählers"):
        assert text in found, text


def test_nothing_learned_says_what_it_takes(scene: Scene) -> None:
    assert "it takes three jobs" in table(learned_powers(scene), of_page("en", scene.plant.site.zone))


def test_the_picture_is_the_profile_in_its_band(scene: Scene) -> None:
    found = picture(PowerRow("Presse 1", POWER), of_page("en", scene.plant.site.zone))
    top = HEADROOM * 50
    y20, y30 = (40 * (top - kw) / top for kw in (20, 30))
    assert f'd="M0.00,{y20:.2f} 50.00,{y20:.2f} 50.00,{y30:.2f} 100.00,{y30:.2f}"' in found
    assert "Welle on Presse 1: 25.0\u202fkW on average over 0:30 h, quarter hours from 10.0\u202fkW to 50.0\u202fkW" in found


def test_of_very_many_those_with_most_runs_are_shown(scene: Scene, ledger: Ledger) -> None:
    put(ledger, JOB_POWERS, *(replace(POWER, product=f"P{n:03}", runs=n + 3) for n in range(MOST_ROWS + 2)))
    view = learned_powers(scene)
    assert (len(view.rows), view.left_out) == (MOST_ROWS, 2)
    assert "P000" not in {row.power.product for row in view.rows}


def test_a_products_name_cannot_break_the_page(scene: Scene) -> None:
    odd = replace(POWER, product='"><script>', q10_kw=(0.0,), q50_kw=(0.0,), q90_kw=(0.0,))
    assert "<script>" not in table(LearnedPowers((PowerRow("m", odd),), 0), of_page("en", scene.plant.site.zone))
