"""Small pictures as SVG: bars, lines, dots.  In: numbers and names.  Out: text of an SVG that light and dark pages can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite

WIDTH, LEFT, TOP = 860, 150, 46
INK, SOFT, PAPER = "#1c2429", "#8a949a", "#ffffff"
TONES = ("#35647f", "#c07a1a", "#6a3d9a", "#4f8a4c", "#b03a48", "#7a8790", "#1f9aa8", "#94703f")


class Picture:
    """An SVG that grows downwards."""

    def __init__(self, title: str, height: int) -> None:
        self.height = height
        self.parts = [f'<text x="12" y="24" font-size="16" font-weight="700" fill="{INK}">{escape(title)}</text>']

    def text(self, x: float, y: float, words: str, anchor: str = "start", size: int = 12, tone: str = INK) -> None:
        """Words at a place."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{tone}">{escape(words)}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, tone: str, note: str = "") -> None:
        """A filled box with a tooltip."""
        title = f"<title>{escape(note)}</title>" if note else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{tone}">{title}</rect>'
        )

    def line(self, points: Sequence[tuple[float, float]], tone: str, width: float = 1.5, dash: str = "") -> None:
        """A line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{tone}" stroke-width="{width}"{dashed}/>')

    def dot(self, x: float, y: float, tone: str, note: str = "", radius: float = 4) -> None:
        """A dot with a note."""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{tone}"><title>{escape(note)}</title></circle>')

    def svg(self) -> str:
        """The whole."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" font-family="sans-serif">'
        return "\n".join([head, f'<rect width="{WIDTH}" height="{self.height}" fill="{PAPER}"/>', *self.parts, "</svg>", ""])


def grouped_bars(title: str, rows: Mapping[str, Mapping[str, float]], limit: float, mark: float, unit: str) -> str:
    """Rows of bars, one a series and name; `mark` is drawn as a line through all."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    tones = {name: TONES[n % len(TONES)] for n, name in enumerate(names)}
    bar, gap = 9, 10
    height = TOP + 24 + sum(len(row) * bar + gap for row in rows.values()) + 10
    picture = Picture(title, height)
    reach = (WIDTH - LEFT - 60) / limit
    x = float(LEFT)
    for name in names:
        picture.box(x, TOP - 8, 10, 10, tones[name])
        picture.text(x + 14, TOP + 1, name)
        x += 24 + 7 * len(name)
    y = TOP + 20.0
    for series, row in rows.items():
        picture.text(LEFT - 8, y + len(row) * bar / 2 + 4, series, "end")
        for name, value in row.items():
            if isfinite(value):
                picture.box(LEFT, y, min(value, limit) * reach, bar - 1, tones[name], f"{series}, {name}: {value:.2f}{unit}")
                picture.text(LEFT + min(value, limit) * reach + 4, y + bar - 1, f"{value:.2f}", size=9, tone=SOFT)
            y += bar
        y += gap
    picture.line([(LEFT + mark * reach, TOP + 14), (LEFT + mark * reach, height - 8)], INK, 1, "4 3")
    return picture.svg()


def lines(
    title: str,
    rows: Mapping[str, Sequence[float]],
    low: float,
    high: float,
    mark: float,
    below: Sequence[str],
    notes: Mapping[int, str],
) -> str:
    """Lines over equal steps; `below` names the steps, `notes` marks some."""
    height = 330
    picture = Picture(title, height)
    count = max(len(row) for row in rows.values())

    def at(step: int, value: float) -> tuple[float, float]:
        return 60 + step * (WIDTH - 100) / max(count - 1, 1), 270 - (min(max(value, low), high) - low) / (high - low) * 190

    for share in (low, (low + high) / 2, high, mark):
        picture.line([at(0, share), at(count - 1, share)], INK if share == mark else "#d7dcdf", 1, "4 3" if share == mark else "")
        picture.text(52, at(0, share)[1] + 4, f"{share:.0%}", "end", 11)
    x = 60.0
    for number, (name, row) in enumerate(rows.items()):
        tone = TONES[number % len(TONES)]
        picture.box(x, TOP - 8, 10, 10, tone)
        picture.text(x + 14, TOP + 1, name)
        x += 30 + 7 * len(name)
        picture.line([at(step, value) for step, value in enumerate(row) if isfinite(value)], tone, 2)
    for step, words in notes.items():
        picture.line([at(step, low), at(step, high)], TONES[4], 1, "2 2")
        picture.text(at(step, high)[0] + 4, at(step, high)[1] - 4, words, size=11, tone=TONES[4])
    for step in range(0, count, max(count // 12, 1)):
        picture.text(at(step, low)[0], 290, below[step], "middle", 11, SOFT)
    return picture.svg()


def dots(title: str, points: Sequence[tuple[str, float, float]], across: str, up: str, best_low: bool = True) -> str:
    """Named dots; the horizontal axis is logarithmic."""
    from math import log10

    height = 380
    picture = Picture(title, height)
    xs = [log10(max(x, 1e-6)) for _, x, _ in points]
    ys = [y for _, _, y in points]
    low_x, high_x = min(xs) - 0.2, max(xs) + 0.6
    low_y, high_y = min(ys) - 0.03, max(ys) + 0.03

    def at(x: float, y: float) -> tuple[float, float]:
        return 70 + (log10(max(x, 1e-6)) - low_x) / (high_x - low_x) * (WIDTH - 120), 320 - (y - low_y) / (high_y - low_y) * 250

    for power in range(int(low_x) - 1, int(high_x) + 2):
        if low_x <= power <= high_x:
            x, _ = at(10.0**power, low_y)
            picture.line([(x, 70), (x, 320)], "#d7dcdf", 1)
            picture.text(x, 336, f"{10.0**power:g}", "middle", 11, SOFT)
    picture.text(WIDTH / 2, 362, across, "middle")
    picture.text(12, TOP + 4, up)
    for number, (name, x, y) in enumerate(points):
        picture.dot(*at(x, y), TONES[number % len(TONES)], f"{name}: {x:.3g}, {y:.3f}", 5)
        picture.text(at(x, y)[0] + 8, at(x, y)[1] + 4 - (8 if number % 2 else 0), f"{name} ({y:.2f})", size=11)
    return picture.svg()
