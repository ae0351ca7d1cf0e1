"""The picture of an incident as an inline drawing: what was drawn, what was expected, and the like day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from console.render.gauge import legend
from console.render.markup import Markup, tag
from console.views.evidence import Evidence, EvidencePoint
from domain.incident_cost import DAY
from domain.intervals import QUARTER
from words.speech import Words

WIDTH, HEIGHT, HEADROOM = 100.0, 60.0, 1.1


def evidence(picture: Evidence, words: Words) -> Markup:
    """Picture, axis and legend; what it shows in words for those who do not see it."""
    return tag(
        "figure",
        tag("div", tag("span", words.unit(_reach(picture)[1] / HEADROOM, "kW"), class_="ev-top"), _drawing(picture, words), class_="ev-plot"),
        _axis(picture, words),
        tag("figcaption", legend(list(_keys(picture, words)))),
        class_="evidence",
    )  # fmt: skip


def spoken(picture: Evidence, words: Words) -> str:
    """The picture in a sentence."""
    parts = [words.fill("incidents.picture_actual", kw=words.unit(picture.actual_mean_kw, "kW", 1))]
    if picture.expected_kw is not None:
        parts.append(words.fill("incidents.picture_expected", kw=words.unit(picture.expected_kw, "kW", 1)))
    if picture.like_day is not None:
        parts.append(f"{like_name(picture, words)} {words.unit(picture.like_mean_kw, 'kW', 1)}")
    return "; ".join(parts)


def like_name(picture: Evidence, words: Words) -> str:
    """Which day it is compared with."""
    assert picture.like_day is not None
    return words.fill("incidents.week_before" if picture.is_week_before else "incidents.like_day", day=words.day(picture.like_day))


def _reach(picture: Evidence) -> tuple[float, float]:
    """Lowest and highest power of the picture [kW]."""
    values = [kw for point in picture.points for kw in (point.actual_kw, point.like_kw) if kw is not None]
    values += [] if picture.expected_kw is None else [picture.expected_kw]
    top = max([*values, 0.0])
    return min([*values, 0.0]), HEADROOM * top if top > 0 else 1.0


def _drawing(picture: Evidence, words: Words) -> Markup:
    low, high = _reach(picture)
    width = WIDTH / len(picture.points)

    def y(kw: float) -> str:
        return f"{HEIGHT * (high - kw) / (high - low):.2f}"

    def runs(of: Callable[[EvidencePoint], float | None]) -> Iterator[list[str]]:
        run: list[str] = []
        for place, point in enumerate(picture.points):
            kw = of(point)
            if kw is None:
                if run:
                    yield run
                run = []
            else:
                run += [f"{edge * width:.2f},{y(kw)}" for edge in (place, place + 1)]
        if run:
            yield run

    inside = [place for place, point in enumerate(picture.points) if point.is_inside]
    parts: list[object] = []
    if inside:
        left, right = inside[0] * width, (inside[-1] + 1) * width
        parts.append(tag("rect", class_="ev-inside", x=f"{left:.2f}", y="0", width=f"{right - left:.2f}", height=f"{HEIGHT:g}"))
    for run in runs(lambda point: point.actual_kw):
        first = run[0].partition(",")[0]
        parts.append(tag("path", class_="l-drawn", d=f"M{' '.join(run)} V{y(0.0)} H{first} Z"))
    parts += [tag("path", class_="ev-like", d=f"M{' '.join(run)}") for run in runs(lambda point: point.like_kw)]
    if inside and picture.expected_kw is not None:
        level = y(picture.expected_kw)
        parts.append(tag("line", class_="ev-expected", x1=f"{left:.2f}", x2=f"{right:.2f}", y1=level, y2=level))
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=spoken(picture, words),
    )


def _axis(picture: Evidence, words: Words) -> Markup:
    """First, middle and last instant under the picture."""
    first, last = picture.points[0].start_utc, picture.points[-1].start_utc
    last += timedelta(0) if picture.step == DAY else picture.step
    middle = picture.points[len(picture.points) // 2].start_utc

    def named(moment: datetime) -> str:
        return words.day(moment.astimezone(words.zone).date()) if picture.step == DAY else words.moment(moment)

    return tag("div", *(tag("span", named(one)) for one in (first, middle, last)), class_="ev-axis", aria_hidden="true")


def _keys(picture: Evidence, words: Words) -> Iterator[tuple[str, str]]:
    unit = {QUARTER: "quarter", DAY: "day"}.get(picture.step, "hour")
    yield "", words["incidents.key_lowest" if picture.is_lowest else f"incidents.key_{unit}"]
    yield "ev-key-inside", words["incidents.key_inside"]
    if picture.expected_kw is not None:
        yield "line-target", words.fill("incidents.key_expected", kw=words.unit(picture.expected_kw, "kW", 1))
    if picture.like_day is not None:
        yield "ev-key-like", like_name(picture, words)
