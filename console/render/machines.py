"""Machine health as tables and small pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from console.render.markup import Markup, coded, icon, join, short, tag
from console.render.meters import state_word
from console.views.machines import ChannelView, MachineRow, MachineView, TrendPoint
from domain.machine_health import ChannelHealth, HealthStatus
from words.speech import Words

WIDTH, HEIGHT, HEADROOM = 100.0, 40.0, 0.12
TONES = {
    HealthStatus.LEARNING: ("wait", "quiet"),
    HealthStatus.USUAL: ("ok", "good"),
    HealthStatus.UNUSUAL: ("warning", "bad"),
    HealthStatus.LIMIT_AHEAD: ("warning", "warn"),
    HealthStatus.NO_DATA: ("gap", "quiet"),
}


def address(machine: str) -> str:
    """The page of one machine."""
    return f"/machines/{quote(machine, safe='')}"


def rows(machines: Sequence[MachineRow], words: Words) -> Markup:
    """All machines whose health is watched, the worst first."""
    if not machines:
        return tag("p", coded(words["machines.none"]), class_="remark above")
    names = ("machine", "index", "status", "ahead")
    head = tag("tr", *(tag("th", words[f"machines.column_{name}"], scope="col") for name in names))
    return tag(
        "table",
        tag("caption", words["machines.title"], class_="sr-only"),
        tag("thead", head),
        tag("tbody", *(_row(one, words) for one in machines)),
        class_="table machines",
    )


def _row(row: MachineRow, words: Words) -> Markup:
    cells = (
        ("index", words.number(row.index), "n strong"),
        ("status", status_chip(row.status, row.learned, row.is_stale, words), None),
        ("ahead", "" if row.soonest is None else f"{channel_name(row.soonest.channel, words)}: {days(row.soonest, words)}", None),
    )
    return tag(
        "tr",
        tag("th", tag("a", short(row.label), href=address(row.machine)), scope="row"),
        *(tag("td", text, data_label=words[f"machines.column_{key}"], class_=css) for key, text, css in cells),
    )


def status_chip(status: HealthStatus, learned: float, is_stale: bool, words: Words) -> Markup:
    """What is known of it, and how far it has learned."""
    shape, tone = ("gap", "quiet") if is_stale else TONES[status]
    text = words["machines.stale"] if is_stale else words[f"machines.status_{status}"]
    if status is HealthStatus.LEARNING and not is_stale:
        text = f"{text} ({words.percent(learned)})"
    return tag("span", icon(shape), text, class_=f"chip plain tone-{tone}")


def channel_name(channel: str, words: Words) -> Markup | str:
    """In the reader's language where it has a word for it."""
    return words.texts.get(f"channel.{channel}") or short(channel)


def days(channel: ChannelHealth, words: Words) -> str:
    """Days to the limit, with the interval where it is known."""
    if channel.days_to_limit is None:
        return words["machines.no_limit_ahead"]
    if channel.days_to_limit <= 0:
        return words["machines.beyond"]
    text = words.fill("machines.days", days=words.number(channel.days_to_limit, 1))
    if channel.days_low is None:
        return text
    high = "∞" if channel.days_high is None else words.number(channel.days_high, 1)
    return f"{text} ({words.fill('machines.between', low=words.number(channel.days_low, 1), high=high)})"


def head(view: MachineView, words: Words) -> Markup:
    """Health in a large number, what it rests on, and since when."""
    newest = view.newest
    if newest is None:
        return tag("p", icon("wait"), words["machines.unknown_yet"], class_="alarm tone-quiet small")
    tone = TONES[newest.status][1]
    numbers = [
        (words["machines.column_index"], words.number(newest.index)),
        (words["machines.t2"], words.number(newest.t2, 2)),
        (words["machines.q"], words.number(newest.q, 2)),
    ]
    note = [
        words.fill("machines.of_quarter", moment=words.moment(newest.at_utc, view.now_utc), minutes=words.number(newest.minutes))
    ]
    note += [words.fill("machines.in_state", state=state_word(newest.state, words))] if newest.state else []
    return join(
        tag("p", status_chip(newest.status, newest.learned, view.is_stale, words), class_=f"tone-{tone}"),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers), class_="advice-numbers"),
        tag("p", " · ".join(note), class_="soft"),
        trend(view.index, words["machines.index_picture"], words, 0.0, 100.0),
        tag("p", words["machines.index_note"], class_="remark"),
    )  # fmt: skip


def trend(
    points: Sequence[TrendPoint], label: str, words: Words, low: float, high: float, levels: Sequence[tuple[str, float]] = ()
) -> Markup | None:
    """A line over time between `low` and `high`, with levels (style, value); None where there is nothing to draw."""
    known = [one.value for one in points if one.value is not None]
    if not known or high <= low:
        return None
    top = high + HEADROOM * (high - low)

    def y(value: float) -> str:
        return f"{HEIGHT * min(max((top - value) / (top - low), 0.0), 1.0):.2f}"

    width = WIDTH / len(points)
    lines = (tag("path", class_="ev-trend", d=f"M{' '.join(run)}") for run in _runs(points, width, y))
    marks = (tag("line", class_=css, x1="0", x2=f"{WIDTH:g}", y1=y(value), y2=y(value)) for css, value in levels)
    spoken = f"{label}: {words.number(known[0], 1)} – {words.number(known[-1], 1)}"
    drawing = tag(
        "svg", *marks, *lines, viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", preserveAspectRatio="none", role="img", aria_label=spoken
    )
    axis = tag("div", tag("span", words.moment(points[0].start_utc)), tag("span", words.moment(points[-1].start_utc)), class_="ev-axis", aria_hidden="true")  # fmt: skip
    highest = tag("span", words.number(high, 0 if high >= 20 else 1), class_="ev-top")
    return tag("figure", tag("div", highest, drawing, class_="ev-plot"), axis, class_="evidence")


def _runs(points: Sequence[TrendPoint], width: float, y: Callable[[float], str]) -> Iterator[list[str]]:
    run: list[str] = []
    for place, point in enumerate(points):
        if point.value is None:
            if run:
                yield run
            run = []
        else:
            run += [f"{edge * width:.2f},{y(point.value)}" for edge in (place, place + 1)]
    if run:
        yield run


def channels(view: MachineView, words: Words) -> Markup:
    """Each channel beside what it usually shows and its limits, with its trend."""
    if not view.channels:
        return tag("p", words["machines.no_channels"], class_="remark above")
    return tag("div", *(_channel(one, words) for one in view.channels), class_="cards")


def _channel(view: ChannelView, words: Words) -> Markup:
    c = view.health

    def value(number: float | None) -> str:
        return words.unit(number, c.unit, _places(number)).strip() if c.unit else words.number(number, _places(number))

    facts = [
        (words["machines.mean"], value(c.mean)),
        (words["machines.usual"], value(c.usual)),
        (words["machines.learned"], "–" if c.low is None or c.high is None else f"{value(c.low)} … {value(c.high)}"),
        (words["machines.limit"], value(c.limit) if c.limit is not None else words["machines.limit_none"]),
        (words["machines.per_day"], "–" if c.trend_per_day is None else words.fill("findings.a_day", amount=_signed(c, words))),
        (words["machines.column_ahead"], days(c, words)),
    ]
    known = [one.value for one in view.trend if one.value is not None] + [v for v in (c.low, c.high, c.limit) if v is not None]
    low, high = min([*known, 0.0]), max([*known, 0.0])
    levels = [("ev-learned", v) for v in (c.low, c.high) if v is not None] + (
        [("ev-limit", c.limit)] if c.limit is not None else []
    )
    return tag(
        "article",
        tag("h3", channel_name(c.channel, words)),
        trend(view.trend, str(channel_name(c.channel, words)), words, low, high, levels),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in facts), class_="facts"),
        class_="advice channel",
    )


def _signed(channel: ChannelHealth, words: Words) -> str:
    number = words.number(channel.trend_per_day, 3, sign=True)
    return f"{number} {channel.unit}".strip()


def _places(value: float | None) -> int:
    """Decimals that are worth showing."""
    return 2 if value is not None and abs(value) < 10 else 1
