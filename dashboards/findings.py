"""The dashboard *Findings*, and incidents as ranges on every other one."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from dashboards.flux import PIVOT, select
from dashboards.frame import frame, newest_first, placed
from dashboards.panels import curves, number, rows
from domain.measurements import INCIDENT
from domain.plant import Plant

_SINCE_EVER = "-400d"
"""An open incident may have begun long before what is shown."""
_MONEY = [
    ("eur_per_day", "currencyEUR"), ("eur_so_far", "currencyEUR"), ("kwh_per_day", "kwatth"), ("excess_kwh", "kwatth"),
    ("expected_kw", "kwatt"), ("actual_kw", "kwatt"),
]  # fmt: skip
RANGES = select(
    INCIDENT, ["title", "text", "until_ms"], start=_SINCE_EVER,
    then=PIVOT + "\n  |> group()"
    "\n  |> filter(fn: (r) => time(v: r.until_ms * 1000000) >= v.timeRangeStart)"
    '\n  |> map(fn: (r) => ({time: r._time, timeEnd: time(v: r.until_ms * 1000000), title: r.title, text: r.text, tags: r.nature, id: r.id}))',
)  # fmt: skip
"""Incidents from their beginning to their end, or to what is known of those that last."""


def findings_board(plant: Plant) -> dash.Dashboard:
    """What is abnormal by EUR a day, how much of it comes and what it has cost."""
    columns = ["eur_per_day", "kwh_per_day", "eur_so_far", "excess_kwh", "title", "text", "check", "feedback"]
    everything = [*columns, "status"]
    is_open = '\n  |> group()\n  |> filter(fn: (r) => r.status == "open")'
    kept = ", ".join(f'"{column}"' for column in ("_time", "nature", *columns))
    by_cost = select(
        INCIDENT, everything, start=_SINCE_EVER,
        then=f'{PIVOT}{is_open}\n  |> sort(columns: ["eur_per_day", "kwh_per_day"], desc: true)\n  |> keep(columns: [{kept}])',
    )  # fmt: skip
    by_nature = select(
        INCIDENT, ["eur_per_day", "revision", "status"], start=_SINCE_EVER,
        then=PIVOT + is_open + '\n  |> map(fn: (r) => ({r with eur: if exists r.eur_per_day then r.eur_per_day else 0.0}))'
        '\n  |> group(columns: ["nature"])\n  |> reduce(fn: (r, accumulator) => ({open: accumulator.open + 1, eur_per_day: accumulator.eur_per_day + r.eur}),'
        " identity: {open: 0, eur_per_day: 0.0})\n  |> group()",
    )  # fmt: skip
    per_day = select(
        INCIDENT, ["eur_per_day", "status"], start=_SINCE_EVER,
        then=PIVOT + is_open + '\n  |> filter(fn: (r) => exists r.eur_per_day)\n  |> sum(column: "eur_per_day")\n  |> rename(columns: {eur_per_day: "_value"})',
    )  # fmt: skip
    so_far = select(INCIDENT, ["eur_so_far"], then="  |> group()\n  |> sum()")
    count = select(INCIDENT, ["revision"], then="  |> group()\n  |> count()")
    weekly = '  |> group(columns: ["nature"])\n  |> aggregateWindow(every: 1w, fn: {fn}, createEmpty: false, timeSrc: "_start")\n  |> keep(columns: ["_time", "_value", "nature"])'
    ended = newest_first(
        select(INCIDENT, [*everything, "until_ms"], then=PIVOT + '\n  |> filter(fn: (r) => r.status == "closed")'),
        ["nature", "eur_so_far", "excess_kwh", "title", "text", "feedback"],
    )
    board = frame(plant, "fab-findings", "Findings", "now-30d")
    return placed(
        board,
        [
            (number("Open findings cost", per_day, "currencyEUR", "EUR a day of all open ones that are priced.", decimals=2), 0, 0, 6, 5),
            (number("Found", so_far, "currencyEUR", "What the incidents that began in the range have cost so far; data faults cost nothing.", decimals=2), 0, 5, 6, 4),
            (number("Incidents", count, "none", "That began in the range."), 6, 0, 6, 5),
            (rows("Open, by nature", by_nature, "Data faults, waste, wear and scrap are different things.", [("eur_per_day", "currencyEUR")]), 12, 0, 12, 9),
            (number("Open data faults", _count_of("data"), "none", "What was measured there says nothing of the plant."), 6, 5, 6, 4),
            (rows("Open findings by EUR a day", by_cost, "The most expensive first; empty amounts are not known, which is not zero.", _MONEY), 0, 9, 24, 10),
            (
                curves("Incidents a week", [select(INCIDENT, ["revision"], then=weekly.replace("{fn}", "count"))], "none", "By the week in which they began."),
                0, 19, 12, 8,
            ),
            (
                curves("EUR found a week", [select(INCIDENT, ["eur_so_far"], then=weekly.replace("{fn}", "sum"))], "currencyEUR", "What the incidents that began in the week have cost so far."),
                12, 19, 12, 8,
            ),
            (rows("Ended", ended, "What ended, what it cost, and what people reported of it.", _MONEY), 0, 27, 24, 10),
        ],
    )  # fmt: skip


def _count_of(nature: str) -> str:
    return select(
        INCIDENT, ["revision", "status"], where=f'r.nature == "{nature}"', start=_SINCE_EVER,
        then=PIVOT + '\n  |> group()\n  |> filter(fn: (r) => r.status == "open")\n  |> count(column: "revision")\n  |> rename(columns: {revision: "_value"})',
    )  # fmt: skip
