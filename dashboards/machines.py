"""The dashboard *Machine health*."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from dashboards.flux import PIVOT, select, tag_values
from dashboards.frame import choice, frame, placed
from dashboards.panels import BILLED, LOAD, PROJECTED, TARGET, curves, line, rows
from domain.measurements import HEALTH, HEALTH_CHANNEL
from domain.plant import Plant

_NEWEST = '\n  |> sort(columns: ["_time"])\n  |> tail(n: 1)\n  |> group()'
"""Of each table its last row, in one table."""


def machines_board(plant: Plant) -> dash.Dashboard:
    """Health by machine, its channels beside their limits, and when a limit is near."""
    chosen = "r.machine =~ /^${machine:regex}$/"
    by_machine = '  |> group(columns: ["machine"])\n  |> keep(columns: ["_time", "_value", "machine"])'
    of_channel = '  |> group(columns: ["machine", "channel", "_field"])\n  |> keep(columns: ["_time", "_value", "_field", "machine", "channel"])'
    values = ["mean", "usual", "low", "high", "limit"]
    lines = [
        line("mean", LOAD), line("usual", BILLED, 1), line("low", PROJECTED, 1, dashed=True), line("high", PROJECTED, 1, dashed=True),
        line("limit", TARGET, dashed=True),
    ]  # fmt: skip
    ahead = ["mean", "limit", "high", "trend_per_day", "days_to_limit", "days_low", "days_high"]
    kept = ", ".join(f'"{column}"' for column in ("_time", "machine", "channel", *ahead))
    soonest = select(
        HEALTH_CHANNEL, ahead, where=chosen,
        then=f'{PIVOT}\n  |> group(columns: ["machine", "channel"]){_NEWEST}\n  |> filter(fn: (r) => exists r.days_to_limit)\n  |> sort(columns: ["days_to_limit"])\n  |> keep(columns: [{kept}])',
    )  # fmt: skip
    newest = select(
        HEALTH, ["index", "learned", "minutes", "status", "state"], where=chosen,
        then=f'{PIVOT}\n  |> group(columns: ["machine"]){_NEWEST}\n  |> sort(columns: ["index"])\n  |> keep(columns: ["_time", "machine", "index", "learned", "minutes", "status", "state"])',
    )  # fmt: skip
    board = frame(plant, "fab-machines", "Machine health", "now-7d").with_variable(
        choice("machine", "Machine", tag_values(HEALTH, "machine"))
    )
    return placed(
        board,
        [
            (
                curves("Health index", [select(HEALTH, ["index"], where=chosen, then=by_machine)], "none", "100 is as learned, 0 far beyond every limit."),
                0, 0, 16, 9,
            ),
            (rows("Newest", newest, "Worst first; empty: it still learns.", [("learned", "percentunit")]), 16, 0, 8, 9),
            (
                curves(
                    "Distance from what is usual", [select(HEALTH, ["t2", "q"], where=chosen, then='  |> group(columns: ["machine", "_field"])\n  |> keep(columns: ["_time", "_value", "_field", "machine"])')],
                    "none", "1 is the limit: t2 within what the channels usually do together, q beside it.",
                ), 0, 9, 12, 8,
            ),
            (
                rows("Limits ahead", soonest, "Channels on their way to a limit, the next first; days at the present trend, and between which days with 80 %."),
                12, 9, 12, 8,
            ),
            (
                curves("Channels beside their limits", [select(HEALTH_CHANNEL, values, where=chosen, then=of_channel)], "none",
                    "Mean of the quarter hour, learned level and limits, and the limit that somebody set; in the channel's own unit. Choose one machine.", lines),
                0, 17, 24, 10,
            ),
        ],
    )  # fmt: skip
