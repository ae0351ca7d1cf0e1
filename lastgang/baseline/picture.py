"""The picture of a baseline: measured and expected energy of each day, and what was saved since the measure."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from baselines.answer import Answer
from baselines.model import Design
from words.speech import Words

INK, SOFT, LOAD, WARM, GRID = "#1c2429", "#8a949a", "#35647f", "#c2571a", "#d5dde0"


def picture(found: Answer, words: Words) -> str:
    """The picture as SVG; the same answer gives the same bytes.

    Parameters
    ----------
    words
        Of the section ``baseline``.
    """
    savings = [one.saving for one in found.measures if one.saving is not None]
    figure = Figure(figsize=(9.0, 3.0 + (2.2 if savings else 0.0)), layout="constrained")
    axes = figure.subplots(2 if savings else 1, 1, sharex=True, squeeze=False)[:, 0]
    _energies(axes[0], found, words)
    for saving in savings:
        axes[1].plot(np.array(saving.day_list, dtype="datetime64[D]"), saving.cusum_kwh, color=LOAD, linewidth=1.2)
        axes[1].axhline(0, color=SOFT, linewidth=0.8)
        axes[1].set_ylabel(words.fill("picture.cusum", day=words.full_day(savings[0].first)), fontsize=9, color=INK)
    for one in axes:
        for measure in found.measures:
            one.axvline(measure.measure.acts_from, color=WARM, linewidth=1.0, linestyle=(0, (4, 3)))
        one.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
        one.tick_params(colors=INK, labelsize=9, color=SOFT)
        one.grid(axis="y", color=GRID, linewidth=0.6)
        for side in ("top", "right"):
            one.spines[side].set_visible(False)
    written = io.StringIO()
    with rc_context({"svg.hashsalt": "lastgang"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def _energies(axes: Axes, found: Answer, words: Words) -> None:
    rows = found.rows
    days = np.array(rows.days, dtype="datetime64[D]")
    axes.plot(days, rows.energy_kwh, color=LOAD, linewidth=0.9, label=words["picture.measured"])
    if found.baseline is not None:
        expected = found.baseline.model.predicted_kw(Design(rows, found.baseline.trained.design)) * rows.hours
        axes.plot(days, expected, color=WARM, linewidth=0.9, alpha=0.8, label=words["picture.expected"])
        axes.legend(fontsize=9, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    axes.set_ylabel(words["picture.energy"], fontsize=9, color=INK)
    lowest = float(np.nanmin(rows.energy_kwh)) if np.isfinite(rows.kw).any() else 0.0
    axes.set_ylim(bottom=min(0.0, lowest))
