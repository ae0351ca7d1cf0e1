"""What differs from the version of the report that this one replaces."""

from __future__ import annotations

from collections.abc import Iterator

from reporting.month import Change
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.section import Content, Section, SheetPart
from reporting.sections.shared_sheets import CHANGELOG, ChangeRow
from reporting.tables import exact_kwh
from words.speech import Words


def _rows(content: Content, words: Words) -> Iterator[ChangeRow]:
    if content.changes is None:
        yield ChangeRow(words["versions.unknown" if content.replaced else "versions.none"])
        return
    yield ChangeRow(words["versions"] if content.changes else words["versions.same"])
    for change in content.changes:
        energy = exact_kwh(change.after_uwh - change.before_uwh)
        yield ChangeRow(change.meter, change.channel, f"{change.quarters} {words['quarters']}", energy=energy)


def _page(content: Content, words: Words) -> list[Block]:
    columns: list[PrintColumn[Change]] = [
        PrintColumn(words["meter"], lambda change: f"{change.meter}/{change.channel}", "1fr"),
        PrintColumn(words["quarters"], lambda change: words.number(change.quarters), is_number=True),
        PrintColumn(f"{words['before']} [kWh, kvarh]", lambda change: words.energy(change.before_uwh, 3), is_number=True),
        PrintColumn(f"{words['after']} [kWh, kvarh]", lambda change: words.energy(change.after_uwh, 3), is_number=True),
    ]
    blocks: list[Block] = [Heading(words["versions"], level=2), Paragraph(_intro(content, words), stays_with_next=True)]
    return [*blocks, printed(columns, content.changes)] if content.changes else blocks


def _intro(content: Content, words: Words) -> str:
    named = f"{words['replaces']}: {content.replaced}."
    if content.changes is None:
        return f"{named} {words['versions.unknown']}" if content.replaced else words["versions.none"]
    return named if content.changes else f"{named} {words['versions.same']}"


SECTION = Section(sheets=(SheetPart(CHANGELOG, _rows),), page=_page)
