"""The ruler of the jobs' chart, and the load under it on the same axis.

In: a span of time and quarter hours in it.  Out: places in percent of the chart's width, and an inline picture that fills it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from console.render.markup import Markup, tag
from console.views.plan import LoadPoint, PlanView, Span
from domain.intervals import QUARTER
from words.speech import Words

HEIGHT = 100.0
"""Of the picture, in units of its own."""
HEADROOM = 1.12


class Ruler:
    """Places instants on the width of the chart, in percent."""

    def __init__(self, from_utc: datetime, to_utc: datetime) -> None:
        self.from_utc, self.to_utc = from_utc, to_utc

    def at(self, when: datetime) -> float:
        """Left edge of `when`, kept within the chart."""
        share = (when - self.from_utc) / (self.to_utc - self.from_utc)
        return 100 * min(max(share, 0.0), 1.0)

    def style(self, span: Span) -> str | None:
        """CSS of a piece of time; None if it lies outside."""
        left, right = self.at(span.start_utc), self.at(span.end_utc)
        return None if right <= left else f"left:{left:.3f}%;width:{right - left:.3f}%"


class LoadPicture:
    """The load lane: what was drawn, what is expected with its band, the same with the advice, target and billed peak."""

    def __init__(self, view: PlanView, ruler: Ruler) -> None:
        self._points = [p for p in view.points if ruler.from_utc <= p.start_utc < ruler.to_utc]
        self._ruler = ruler
        self._levels = [("line-target", view.target_kw), ("line-peak", view.billed_peak_kw)]
        self.top_kw = HEADROOM * max((kw for kw in self._heights() if kw is not None), default=0.0)

    def _heights(self) -> Iterator[float | None]:
        for point in self._points:
            yield from (point.q90_kw, point.after_kw, None if point.actual is None else point.actual.power_kw)
        yield from (kw for _, kw in self._levels)

    def highest(self, words: Words) -> str:
        """How high the picture reaches, for people."""
        return words.unit(self.top_kw / HEADROOM, "kW")

    def draw(self, label: str) -> Markup | None:
        """The picture; None where there is no load to show."""
        if self.top_kw <= 0:
            return None
        drawn = self._steps(lambda p: None if p.actual is None else p.actual.power_kw)
        median, after = self._steps(lambda p: p.q50_kw), self._steps(lambda p: p.after_kw)
        levels = [
            tag("line", class_=f"l-{css}", x1="0", x2="100", y1=self._y(kw), y2=self._y(kw))
            for css, kw in self._levels
            if kw is not None
        ]
        parts = [
            *(tag("path", class_="l-band", d=d) for d in self._band()),
            *(tag("path", class_="l-drawn", d=self._closed(run)) for run in drawn),
            *(tag("path", class_="l-median", d=_line(run)) for run in median),
            *(tag("path", class_="l-after", d=_line(run)) for run in after),
            *levels,
        ]
        return tag("svg", *parts, viewBox=f"0 0 100 {HEIGHT:g}", preserveAspectRatio="none", role="img", aria_label=label)

    def _y(self, kw: float) -> str:
        return f"{HEIGHT * (1 - max(kw, 0.0) / self.top_kw):.2f}"

    def _steps(self, of: Callable[[LoadPoint], float | None]) -> list[list[tuple[str, str]]]:
        """Corners of a curve that holds over each quarter hour, one list for each run without a gap."""
        runs: list[list[tuple[str, str]]] = []
        open_run = False
        for point in self._points:
            kw = of(point)
            if kw is not None:
                if not open_run:
                    runs.append([])
                y = self._y(kw)
                edges = (point.start_utc, point.start_utc + QUARTER)
                runs[-1] += [(f"{self._ruler.at(edge):.3f}", y) for edge in edges]
            open_run = kw is not None
        return runs

    def _closed(self, run: Sequence[tuple[str, str]]) -> str:
        return f"{_line(run)} V{HEIGHT:g} H{run[0][0]} Z"

    def _band(self) -> Iterator[str]:
        low, high = self._steps(lambda p: p.q10_kw), self._steps(lambda p: p.q90_kw)
        for below, above in zip(low, high, strict=False):
            yield f"{_line(above)} L{' '.join(f'{x},{y}' for x, y in reversed(below))} Z"


def _line(run: Sequence[tuple[str, str]]) -> str:
    return "M" + " ".join(f"{x},{y}" for x, y in run)
