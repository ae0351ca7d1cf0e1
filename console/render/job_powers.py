"""Learned powers as a table, each with a small picture of its profile and band."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.orders.writing import duration_text
from console.render.markup import Markup, join, tag
from console.views.job_powers import LearnedPowers, PowerRow
from words.speech import Words

WIDTH, HEIGHT = 100.0, 40.0
"""Of a picture, in units of its own."""
HEADROOM = 1.08
COLUMNS = ("machine", "product", "profile", "mean", "error", "idle", "runs", "source")


def table(view: LearnedPowers, words: Words) -> Markup:
    """All rows; what it takes where nothing is learned yet."""
    if not view.rows:
        return tag("p", words["orders.powers.none"], class_="remark")
    head = tag("tr", *(tag("th", words[f"orders.powers.{name}"], scope="col") for name in COLUMNS))
    left_out = tag("p", words.fill("orders.powers.left_out", count=view.left_out), class_="remark") if view.left_out else None
    rows = tag("tbody", *(_row(row, words) for row in view.rows))
    return join(tag("p", words["orders.powers.intro"]), tag("table", tag("thead", head), rows, class_="table powers"), left_out)


def _row(row: PowerRow, words: Words) -> Markup:
    power = row.power
    cells = {
        "machine": row.machine, "product": power.product, "profile": picture(row, words), "mean": words.unit(row.mean_kw, "kW", 1),
        "error": f"± {words.unit(power.error_kw, 'kW', 1)}", "idle": words.unit(power.idle_kw, "kW", 1), "runs": words.number(power.runs),
        "source": words[f"orders.powers.of_{power.source.value}"],
    }  # fmt: skip
    return tag("tr", *(tag("td", cell, data_label=words[f"orders.powers.{name}"]) for name, cell in cells.items()))


def picture(row: PowerRow, words: Words) -> Markup:
    """The middle profile as a line in the band of four runs in five, from 0 kW or the lowest power up."""
    power = row.power
    top, bottom = HEADROOM * max(*power.q90_kw, 0.001), min(0.0, *power.q10_kw)
    label = words.fill(
        "orders.powers.picture", machine=row.machine, product=power.product, mean=words.unit(row.mean_kw, "kW", 1),
        low=words.unit(min(power.q10_kw), "kW", 1), high=words.unit(max(power.q90_kw), "kW", 1), duration=duration_text(len(power.q50_kw)),
    )  # fmt: skip

    def corners(curve: Iterable[float]) -> list[str]:
        width = WIDTH / len(power.q50_kw)
        heights = [HEIGHT * (top - kw) / (top - bottom) for kw in curve]
        return [f"{x * width:.2f},{y:.2f}" for place, y in enumerate(heights) for x in (place, place + 1)]

    band = f"M{' '.join([*corners(power.q90_kw), *reversed(corners(power.q10_kw))])} Z"
    parts = (tag("path", class_="l-band", d=band), tag("path", class_="l-median", d=f"M{' '.join(corners(power.q50_kw))}"))
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
        class_="power-picture",
    )
