"""Gaps of a meter as a table, and all revisions of one quarter hour as a list."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from console.render.markup import Markup, icon, join, tag
from console.render.meters import quality_chip
from console.views.gaps import MeterGap, MeterGapsView, RevisionEntry, revision_entries
from console.views.meters import MeterDayView
from domain.intervals import QUARTER
from words.numbers import NOTHING
from words.speech import Words


def address(meter: str, day: str, at_utc: datetime | None = None, first: bool = False) -> str:
    """The page of a meter's day, at a quarter hour, as first published or in the latest revision."""
    query = {"meter": meter, "day": day}
    if at_utc is not None:
        query["at"] = f"{at_utc:%Y-%m-%dT%H:%MZ}"
    if first:
        query["revision"] = "first"
    return f"/meters?{urlencode(query)}#detail"


def day_of(at_utc: datetime, words: Words) -> str:
    """The local day of an instant, as addresses have it."""
    return at_utc.astimezone(words.zone).date().isoformat()


def revision_switch(view: MeterDayView, words: Words, at_utc: datetime | None) -> Markup:
    """Latest revision or the first published one: two links, the one that is shown marked."""

    def choice(key: str, is_first: bool) -> Markup:
        current = "true" if is_first == view.as_first_published else None
        return tag("a", words[key], href=address(view.meter, view.day.isoformat(), at_utc, is_first), aria_current=current)

    parts = choice("gaps.revision_latest", False), choice("gaps.revision_first", True)
    return tag("div", *parts, role="group", aria_label=words["gaps.revision_label"], class_="switch")


def quarter_story(view: MeterDayView, words: Words, at_utc: datetime | None) -> Markup:
    """All revisions of one quarter hour, the newest first."""
    if at_utc is None:
        return tag("p", words["gaps.pick"], class_="remark") if view.empty is None or view.missing else join()
    head = tag("h3", words.fill("gaps.quarter", start=words.time(at_utc), end=words.time(at_utc + QUARTER)))
    entries = revision_entries(view.revisions, at_utc)
    if not entries:
        key = "gaps.never_sent" if at_utc in view.missing else "gaps.nothing_published"
        return join(head, tag("p", words[key], class_="remark"))
    several = len({s.channel for s in entries}) > 1
    return join(head, tag("ol", *(_entry(s, words, several) for s in entries), class_="revisions", reversed=True))


def _entry(s: RevisionEntry, words: Words, with_channel: bool) -> Markup:
    channel = words.texts.get(f"channel.{s.channel}", s.channel)
    name = words.fill("gaps.revision_of", number=s.revision) + (f", {channel}" if with_channel else "")
    energy = words.unit(s.energy_kwh, "kWh", 3) if s.energy_kwh is not None else words["gaps.no_value"]
    recorded = words.fill("gaps.recorded", moment=f"{words.moment(s.recorded_utc)}:{s.recorded_utc:%S}")
    return tag(
        "li",
        tag("div", tag("strong", name), tag("span", energy, class_="energy"), quality_chip(s.quality, words), class_="published"),
        tag("div", f"{words[f'method.{s.method}']} · {recorded}", class_="soft"),
        tag("span", words["gaps.counts"], class_="sr-only") if s.counts else None,
        class_=None if s.counts else "old",
    )


def gap_table(view: MeterGapsView, words: Words) -> Markup:
    """Gaps of one meter, the latest first; each leads to its day and first quarter hour."""
    if not view.is_recorded:
        return tag("p", icon("wait"), words["gaps.not_recorded"], class_="alarm tone-quiet small")
    if not view.gaps:
        return tag("p", icon("ok"), words["gaps.none"], class_="alarm tone-good small")
    several = len({gap.channel for gap in view.gaps}) > 1
    columns = ("when", "quarters", "before", "now", "filled", "revision")
    head = tag("tr", *(tag("th", words[f"gaps.{c}"], scope="col", class_=f"g-{c}") for c in columns))
    rest = tag("p", words.fill("gaps.more", count=view.left_out), class_="remark") if view.left_out else None
    return join(
        tag(
            "table", tag("caption", words["gaps.title"], class_="sr-only"), tag("thead", head),
            tag("tbody", *(_gap_row(gap, words, several) for gap in view.gaps)), class_="table gaps",
        ),
        rest,
    )  # fmt: skip


def _gap_row(gap: MeterGap, words: Words, with_channel: bool) -> Markup:
    begin, end = gap.from_utc.astimezone(words.zone), gap.to_utc.astimezone(words.zone)
    until = f"{end:%H:%M}" if begin.date() == end.date() else words.moment(gap.to_utc)
    zone = f"{end:%Z}" if begin.tzname() == end.tzname() else f"{begin:%Z} – {end:%Z}"
    channel = tag("div", words.texts.get(f"channel.{gap.channel}", gap.channel), class_="soft") if with_channel else None
    when = tag(
        "a", f"{words.moment(gap.from_utc)} – {until}", " ", tag("span", zone, class_="soft"),
        href=address(gap.meter, day_of(gap.from_utc, words), gap.from_utc),
    )  # fmt: skip
    before = [tag("div", _sum(e.energy_kwh, e.quarters, gap, words), " ", quality_chip(e.quality, words)) for e in gap.earlier]
    now = tag("div", _sum(gap.energy_kwh, gap.quarters, gap, words), " ", quality_chip(gap.quality, words))
    lasting = words.lasting((gap.to_utc - gap.from_utc).total_seconds())
    cells: list[tuple[str, object]] = [
        ("quarters", f"{lasting} ({words.number(gap.quarters)})"),
        ("before", before or tag("span", NOTHING, class_="none")),
        ("now", now),
        ("filled", words[f"filled.{gap.filled_by}"]),
        ("revision", words.number(gap.revision) if gap.revision is not None else tag("span", NOTHING, class_="none")),
    ]
    return tag(
        "tr",
        tag("th", when, channel, scope="row", class_="g-when"),
        *(tag("td", content, class_=f"g-{name}", data_label=words[f"gaps.{name}"]) for name, content in cells),
    )


def _sum(energy_kwh: float | None, quarters: int, gap: MeterGap, words: Words) -> Markup:
    if energy_kwh is None:
        return tag("span", words.fill("gaps.without", count=words.number(quarters)))
    return tag("span", words.unit(energy_kwh, gap.unit, 2), class_="energy")
