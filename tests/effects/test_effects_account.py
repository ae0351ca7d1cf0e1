"""The running account: what is known is summed, what is not is counted; and the same on page and report."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from console.render.effects import account_table, autopsy_table, effects_table
from console.views.effects import Accounts, EffectsView
from domain.contracts import EXAMPLES
from domain.effects import Effect, EffectStatus, Figure, Outcome
from domain.topics import AUTOPSIES, EFFECTS
from effects.account import account, by_machine, by_month
from tests.effects.effect_cases import at
from words.speech import of_page

BERLIN = ZoneInfo("Europe/Berlin")
EXAMPLE: Effect = EXAMPLES[EFFECTS.name]


def effect(
    name: str, promised: float, measured: float | None, machine: str = "furnace", place: int = 0, **changes: object
) -> Effect:
    figure = None if measured is None else Figure(measured, measured - 10, measured + 20)
    status = EffectStatus.UNKNOWN if measured is None else EffectStatus.PROVISIONAL
    return replace(
        EXAMPLE,
        recommendation=name,
        promised_eur=promised,
        saving_eur=figure,
        machine=machine,
        quarter_utc=at(place),
        status=status,
        **changes,
    )


EFFECTS_ = [
    effect("a", 500.0, 300.0),
    effect("b", 200.0, 0.0, "oven"),
    effect("c", 900.0, None),
    effect("d", 400.0, 100.0, place=96 * 31, outcome=Outcome.NOT_CARRIED_OUT),
    effect("e", 900.0, 0.0, outcome=Outcome.REPLACED),
]


def test_what_is_not_known_is_counted_and_in_no_sum():
    whole = account(EFFECTS_)
    assert (whole.effects, whole.promised_eur, whole.measured_eur, whole.missed_eur) == (4, 1100.0, 400.0, 700.0)
    assert (whole.low_eur, whole.high_eur, whole.unknown, whole.not_carried_out) == (370.0, 460.0, 1, 1)


def test_months_and_machines_sum_to_the_whole():
    whole = account(EFFECTS_)
    for parts in (by_month(EFFECTS_, BERLIN), by_machine(EFFECTS_)):
        assert sum(one.measured_eur for one in parts) == whole.measured_eur
        assert sum(one.effects for one in parts) == whole.effects
    assert [one.name for one in by_month(EFFECTS_, BERLIN)] == ["2026-03", "2026-04"]
    assert [one.name for one in by_machine(EFFECTS_)] == ["furnace", "oven"]


def view(*effects: Effect) -> EffectsView:
    return EffectsView(
        Accounts.of(effects, BERLIN), effects, EXAMPLES[AUTOPSIES.name], {"furnace": "Ofen <1>"}, True,
    )  # fmt: skip


def test_the_page_shows_promise_beside_effect_with_its_interval_and_says_what_is_unknown():
    for language, unknown in (("en", "not known"), ("de", "nicht bekannt")):
        page = effects_table(view(*EFFECTS_), of_page(language, BERLIN))
        assert "500" in page
        assert "290" in page
        assert "320" in page
        assert unknown in page
        assert "Ofen &lt;1&gt;" in page


def test_the_account_and_the_peak_are_on_the_page():
    words = of_page("en", BERLIN)
    assert "700" in account_table(view(*EFFECTS_), words)
    peak = autopsy_table(view(), words)
    assert "671.4" in peak
    assert "furnace-2" in peak
    assert "2,304.80" in peak or "2 304.80" in peak or "2\u202f304.80" in peak


def test_nothing_measured_says_so():
    words = of_page("en", BERLIN)
    assert words["effects.none"] in effects_table(view(), words)
    assert account_table(view(), words) == ""
