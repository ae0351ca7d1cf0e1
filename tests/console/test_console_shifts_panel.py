"""The panel *Shifts* without a browser: what each cell and line says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from console_ledger import sample_ledger
from console_sample import NOW_UTC, SampleFeed

from console.render import shifts as draw
from console.views.scene import Scene
from console.views.shifts import DAYS, CellState, shift_calendar
from domain.plant import Plant
from domain.shift_changes import ShiftChange
from words.catalogue import languages
from words.speech import of_page

SATURDAY = NOW_UTC.date() + timedelta(days=(5 - NOW_UTC.weekday()) % 7)
NAUGHTY = '"><script>alert(1)</script>'


def scene(plant: Plant, *changes: ShiftChange) -> Scene:
    ledger = sample_ledger(plant)
    return Scene(plant, ledger, SampleFeed(plant, ledger).picture(), NOW_UTC, shift_changes_sent=changes)


def special(plant: Plant, **more: object) -> ShiftChange:
    made = ShiftChange(plant.site.id, "early", SATURDAY.isoformat(), 1, True, NOW_UTC, reason=NAUGHTY, by="M. Adler")
    return replace(made, **more)  # type: ignore[arg-type]


def test_each_shift_has_a_cell_for_each_of_28_days_and_a_change_is_one_of_them(plant: Plant) -> None:
    usual, content = shift_calendar(scene(plant)), shift_calendar(scene(plant, special(plant)))
    assert [len(content.of(shift.id)) for shift in plant.shifts] == [DAYS] * len(plant.shifts)
    (cell,) = [one for one in content.of("early") if one.state is CellState.ADDED]
    assert (cell.day_local, cell.by) == (SATURDAY, "M. Adler")
    differ = [(one.shift, one.day_local) for one, other in zip(content.cells, usual.cells, strict=True) if one != other]
    assert differ == [("early", SATURDAY)], "all other cells are as usual"
    assert [one.shift for one in content.changes] == ["early"]
    assert SATURDAY in content.closed


def test_a_withdrawn_change_leaves_the_calendar_as_it_was(plant: Plant) -> None:
    gone = special(plant, revision=2, withdrawn=True)
    assert shift_calendar(scene(plant, special(plant), gone)) == shift_calendar(scene(plant))


def test_a_revision_of_another_site_is_not_shown(plant: Plant) -> None:
    assert shift_calendar(scene(plant, special(plant, site="elsewhere"))) == shift_calendar(scene(plant))


def test_every_cell_has_words_and_what_people_typed_cannot_break_the_markup(plant: Plant) -> None:
    content = shift_calendar(scene(plant, special(plant)))
    for code in languages():
        words = of_page(code, plant.site.zone)
        markup = draw.calendar(content, plant, words)
        assert "<script>" not in markup
        assert markup.count("<td class=") == len(content.cells)
        assert NAUGHTY in draw.change_text(content.changes[0], plant, words)
    bare = plant.model_copy(update={"shifts": ()})
    assert "<table" not in draw.calendar(shift_calendar(scene(bare)), bare, of_page("en", plant.site.zone))
