"""The dashboards: running quarter hour and peaks; forecast, plan and advice; meters, quality and anomalies; findings; machine health."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards.findings import RANGES, findings_board
from dashboards.flux import DATA_SOURCE, DATA_SOURCE_UID, MEAN_OF_WINDOW, PIVOT, select, tag_values
from dashboards.frame import FOLDER, FOLDER_UID, choice, frame, newest_first, placed
from dashboards.machines import machines_board
from dashboards.panels import (
    BILLED,
    LOAD,
    PROJECTED,
    SUBSTITUTED,
    TARGET,
    curves,
    dial,
    line,
    number,
    prop,
    rows,
)
from domain.channels import IMPORT
from domain.measurements import (
    DEMAND_NOW,
    EFFECT,
    EVENT,
    FORECAST,
    FORECAST_DAY_AHEAD,
    FORECAST_METER,
    FORECAST_PEAK,
    FORECAST_PERIOD,
    FORECAST_QUALITY,
    INTERVAL,
    PEAK,
    PEAK_SHARE,
    PIECES,
    PLAN,
    POWER,
    QUALITY_CODES,
    REVISIONS,
)
from domain.plant import Plant

_IMPORT = f'r.channel == "{IMPORT}"'
_LAST = "  |> last()"


def dashboards(plant: Plant) -> dict[str, dict[str, Any]]:
    """File name -> dashboard document, for the plant's zone, billing meter and target."""
    built = {
        "running-quarter.json": _running_quarter(plant),
        "plan.json": _plan(plant),
        "meters.json": _meters(plant),
        "findings.json": findings_board(plant),
        "machines.json": machines_board(plant),
    }
    return {name: _tidied(json.loads(JSONEncoder(sort_keys=True).encode(_numbered(board)))) for name, board in built.items()}


def _tidied(board: dict[str, Any]) -> dict[str, Any]:
    """The SDK's document without keys that today's Grafana no longer knows, and with the annotations it wants to see."""
    board.pop("style", None)
    board["annotations"] = {
        "list": [
            {
                "name": "Anomalies",
                "datasource": DATA_SOURCE,
                "enable": True,
                "iconColor": TARGET,
                "target": {"refId": "Anno", "datasource": DATA_SOURCE, "query": RANGES},
            }
        ]
    }
    for variable in board["templating"]["list"]:
        for stale in ("auto", "auto_count", "auto_min", "id"):
            variable.pop(stale, None)
    for panel in board["panels"]:
        panel["options"] = panel.get("options") or {}
    return board


def _numbered(board: dash.Dashboard) -> dashboard.Dashboard:
    built = board.build()
    for number_, panel in enumerate(built.panels or [], start=1):
        panel.id_val = number_
    return built


def _running_quarter(plant: Plant) -> dash.Dashboard:
    target = plant.site.target_kw or 0.0
    top = round(1.25 * max(target, plant.site.billed_peak_kw, 1.0), -1)
    billing = plant.billing_meter()
    main = f'{_IMPORT} and r.meter == "{billing.id if billing else ""}"'
    headroom_steps: list[tuple[float | None, str]] = [(None, TARGET), (0.0, PROJECTED), (0.05 * target, LOAD)]
    projection_steps: list[tuple[float | None, str]] = [(None, LOAD), (0.95 * target, PROJECTED), (target, TARGET)]
    names = [
        ("mean_so_far_kw", "mean so far"),
        ("projected_kw", "projected mean"),
        ("target_kw", "target"),
        ("billed_peak_kw", "billed peak"),
    ]
    lines = [
        line("mean_so_far_kw", LOAD),
        line("projected_kw", PROJECTED),
        line("target_kw", TARGET, dashed=True),
        line("billed_peak_kw", BILLED, dashed=True),
    ]
    board = frame(plant, "fab-running-quarter", "Running quarter hour and peaks", "now-3h")
    return placed(
        board,
        [
            (
                dial(
                    "Projected mean of this quarter hour", select(DEMAND_NOW, ["projected_kw"], then=_LAST), "kwatt",
                    "What the bill would count if the present power held to the end of the quarter hour.", top, projection_steps,
                ), 0, 0, 8, 8,
            ),
            (
                number(
                    "Headroom to target", select(DEMAND_NOW, ["headroom_kw"], then=_LAST), "kwatt",
                    "Target minus projection; below zero the target will be passed.", steps=headroom_steps,
                ), 8, 0, 4, 4,
            ),
            (
                number(
                    "Left in this quarter hour", select(DEMAND_NOW, ["remaining_s"], then=_LAST), "s",
                    "Time in which something can still be done.",
                ), 8, 4, 4, 4,
            ),
            (
                number(
                    "Billed peak so far", select(DEMAND_NOW, ["billed_peak_kw"], then=_LAST), "kwatt",
                    "Highest quarter-hour mean of the billing year; sunk cost up to here.", decimals=1,
                ), 12, 0, 6, 4,
            ),
            (
                number(
                    "Power allowed for the rest", select(DEMAND_NOW, ["allowed_kw"], then=_LAST), "kwatt",
                    "Mean power that may still be drawn without passing the target.",
                ), 12, 4, 6, 4,
            ),
            (
                number(
                    "P(today's peak > target)", select(FORECAST_PEAK, ["above_target"], then='  |> group()\n  |> sort(columns: ["_time"])\n' + _LAST),
                    "percentunit", "From the newest forecast's paths.",
                ), 18, 0, 6, 8,
            ),
            (
                curves(
                    "The quarter hour as it runs", [
                        select(DEMAND_NOW, ["mean_so_far_kw", "projected_kw", "target_kw", "billed_peak_kw"], then=MEAN_OF_WINDOW + '\n  |> keep(columns: ["_time", "_value", "_field"])')
                    ], "kwatt", "Mean since the start of the quarter hour, and where it is going.", lines, names,
                ), 0, 8, 24, 9,
            ),
            (
                curves(
                    "Power, 15-min mean, grid connection", [
                        select(INTERVAL, ["kw"], where=main, then='  |> keep(columns: ["_time", "_value", "_field"])')
                    ], "kwatt", "One step a quarter hour, labelled by its start.",
                    [line("kw", LOAD)], [("kw", "15-min mean")], steps=True,
                ), 0, 17, 24, 9,
            ),
        ],
    )  # fmt: skip


def _plan(plant: Plant) -> dash.Dashboard:
    billing = plant.billing_meter()
    main = f'{_IMPORT} and r.meter == "{billing.id if billing else ""}"'
    keep = '  |> keep(columns: ["_time", "_value", "_field"])'
    recommendations = select(
        EVENT, ["title", "text", "status", "kw", "eur", "end_time"], where='r.kind == "recommendation"',
        then=PIVOT + '\n  |> group()\n  |> sort(columns: ["_time"], desc: true)\n  |> keep(columns: ["_time", "title", "text", "status", "kw", "eur", "end_time"])',
    )  # fmt: skip
    columns = [
        "promised_kw",
        "promised_eur",
        "relief_kw",
        "measured_eur",
        "measured_low_eur",
        "measured_high_eur",
        "outcome",
        "status",
    ]
    effects = newest_first(select(EFFECT, columns, then=PIVOT), [*columns, "machine"])
    peaks = newest_first(select(PEAK, ["kw", "before_kw", "rest_kw", "eur"], then=PIVOT), ["kw", "before_kw", "rest_kw", "eur"])
    shares = newest_first(select(PEAK_SHARE, ["kw", "usual_kw"], then=PIVOT), ["machine", "kw", "usual_kw"])
    band = [
        line("q10_kw", PROJECTED, 1),
        ("q90_kw", [*line("q90_kw", PROJECTED, 1)[1], prop("custom.fillBelowTo", "10 %"), prop("custom.fillOpacity", 15)]),
        line("q50_kw", PROJECTED),
        line("kw", LOAD),
    ]
    day_names = [("q50_kw", "as forecast when the day began"), ("kw", "measured")]
    names = [("q10_kw", "10 %"), ("q50_kw", "50 %"), ("q90_kw", "90 %"), ("kw", "measured")]
    board = frame(plant, "fab-plan", "Forecast, plan and recommendations", "now-24h", "now+48h")
    return placed(
        board,
        [
            (
                curves(
                    "Load, 15-min mean: measured and forecast",
                    [select(INTERVAL, ["kw"], where=main, then=keep), select(FORECAST, ["q10_kw", "q50_kw", "q90_kw"], then=keep)],
                    "kwatt", "Eight of ten quarter hours should lie in the band.", band, names, steps=True,
                ), 0, 0, 24, 10,
            ),
            (
                curves(
                    "Each day as forecast when it began, beside what came",
                    [select(INTERVAL, ["kw"], where=main, then=keep), select(FORECAST_DAY_AHEAD, ["q50_kw"], then=keep)],
                    "kwatt", "Never revised: this is what could be known at midnight.", [line("q50_kw", PROJECTED), line("kw", LOAD)], day_names, steps=True,
                ), 0, 28, 24, 9,
            ),
            (
                curves(
                    "P(peak of the day > target), as forecast at the time", [
                        select(FORECAST_PEAK, ["above_target"], then='  |> group(columns: ["day"])\n  |> keep(columns: ["_time", "_value", "day"])')
                    ], "percentunit", "How the odds of each day moved from issue to issue.",
                ), 0, 37, 12, 8,
            ),
            (
                curves(
                    "Peak of the billing period, as forecast at the time", [
                        select(FORECAST_PERIOD, ["so_far_kw", "q10_kw", "q50_kw", "q90_kw"], then=keep)
                    ], "kwatt", "What was drawn so far, and how high it is likely to become.",
                ), 12, 37, 12, 8,
            ),
            (
                curves(
                    "How good the forecast is: error over last week's, and share within the band (28 days)", [
                        select(FORECAST_QUALITY, ["score", "coverage"], then=keep)
                    ], "percentunit", "Below 100 % is better than last week's curve; 80 % of the quarter hours should lie in the band.",
                ), 0, 45, 12, 8,
            ),
            (
                curves(
                    "Meters: likely load", [
                        select(FORECAST_METER, ["q50_kw"], then='  |> group(columns: ["meter"])\n  |> keep(columns: ["_time", "_value", "meter"])')
                    ], "kwatt", "Of every meter below the grid connection.", steps=True,
                ), 12, 45, 12, 8,
            ),
            (
                curves(
                    "Jobs as planned", [
                        select(PLAN, ["kw"], then='  |> group(columns: ["job"])\n  |> keep(columns: ["_time", "_value", "job"])')
                    ], "kwatt", "What each job adds, where it is planned now.", steps=True,
                ), 0, 10, 12, 9,
            ),
            (
                curves(
                    "Peak of the day, as forecast at the time", [
                        select(FORECAST_PEAK, ["q10_kw", "q50_kw", "q90_kw"], then='  |> group(columns: ["day", "_field"])\n  |> keep(columns: ["_time", "_value", "_field", "day"])')
                    ], "kwatt", "How the expected peak of each day moved from issue to issue.",
                ), 12, 10, 12, 9,
            ),
            (
                rows(
                    "Recommendations", recommendations, "What to move, what it is worth, and what became of it.",
                    [("kw", "kwatt"), ("eur", "currencyEUR")],
                ), 0, 19, 24, 9,
            ),
            (
                rows(
                    "What advice was worth: promised and measured", effects,
                    "Measured against the load without the change; provisional until the billing period ends. Empty: not known, which is not zero.",
                    [("promised_kw", "kwatt"), ("relief_kw", "kwatt"), *((name, "currencyEUR") for name in columns if name.endswith("_eur"))],
                ), 0, 53, 24, 9,
            ),
            (
                rows(
                    "New highest quarter hours", peaks, "What each costs until the billing period ends; rest: what no machine's own meter counts.",
                    [("kw", "kwatt"), ("before_kw", "kwatt"), ("rest_kw", "kwatt"), ("eur", "currencyEUR")],
                ), 0, 62, 12, 9,
            ),
            (
                rows(
                    "Who made them", shares, "Each machine beside what it usually draws at that time of such a day.", [("kw", "kwatt"), ("usual_kw", "kwatt")],
                ), 12, 62, 12, 9,
            ),
        ],
    )  # fmt: skip


def _meters(plant: Plant) -> dash.Dashboard:
    meter = choice("meter", "Meter", tag_values(INTERVAL, "meter"))
    chosen = "r.meter =~ /^${meter:regex}$/"
    anomalies = select(
        EVENT, ["title", "text", "status", "kw", "eur", "end_time"], where='r.kind == "anomaly"',
        then=PIVOT + '\n  |> group()\n  |> sort(columns: ["_time"], desc: true)\n  |> keep(columns: ["_time", "title", "text", "status", "kw", "eur", "end_time"])',
    )  # fmt: skip
    by_meter = '  |> group(columns: ["meter"])\n  |> keep(columns: ["_time", "_value", "meter"])'
    quality_names = [
        prop("mappings", [{"type": "value", "options": {
            str(code): {"text": str(word), "index": code}
            for word, code in QUALITY_CODES.items()
        }}]),
        prop("max", max(QUALITY_CODES.values())), prop("min", 0),
    ]  # fmt: skip
    quality = curves(
        "Quality of the quarter hours", [select(INTERVAL, ["quality"], where=f"{_IMPORT} and {chosen}", then=by_meter)], "none",
        "0 measured, 1 corrected, 2 substituted, 3 estimated, 4 faulty, 5 missing.", steps=True,
    )  # fmt: skip
    revision_lines = '  |> group(columns: ["meter", "revision"])\n  |> keep(columns: ["_time", "_value", "meter", "revision"])'
    in_doubt = select(
        REVISIONS, ["kwh", "quality", "method", "coverage"], where=f"{_IMPORT} and {chosen}",
        then=PIVOT + '\n  |> group()\n  |> filter(fn: (r) => (r.quality >= 2 and r.quality <= 5) or (r.revision != "0" and r.revision != "1"))'
        '\n  |> sort(columns: ["_time", "meter", "revision"], desc: true)'
        '\n  |> keep(columns: ["_time", "meter", "revision", "kwh", "quality", "method", "coverage"])',
    )  # fmt: skip
    by_machine = (
        '  |> group(columns: ["machine"])\n  |> aggregateWindow(every: 1h, fn: sum, createEmpty: false)'
        '\n  |> keep(columns: ["_time", "_value", "machine"])'
    )
    board = frame(plant, "fab-meters", "Meters, quality and anomalies", "now-24h").with_variable(meter)
    return placed(
        board,
        [
            (
                curves(
                    "Power as the meters say it",
                    [select(POWER, ["kw"], where=chosen, then=MEAN_OF_WINDOW + "\n" + by_meter)], "kwatt",
                    "Instantaneous values, thinned to what the screen can show.",
                ), 0, 0, 12, 9,
            ),
            (
                curves(
                    "Energy a quarter hour", [select(INTERVAL, ["kwh"], where=f"{_IMPORT} and {chosen}", then=by_meter)], "kwatth",
                    "From the counters; the newest revision.", steps=True,
                ), 12, 0, 12, 9,
            ),
            (quality.override_by_regexp(".*", quality_names), 0, 9, 12, 8),
            (
                curves(
                    "Coverage", [select(INTERVAL, ["coverage"], where=f"{_IMPORT} and {chosen}", then=by_meter)], "percentunit",
                    "Share of each quarter hour that was seen.", [("coverage", [prop("color", {"mode": "fixed", "fixedColor": SUBSTITUTED})])], steps=True,
                ), 12, 9, 12, 8,
            ),
            (
                rows("Anomalies", anomalies, "What is abnormal, since when, and what it costs a day.", [("kw", "kwatt"), ("eur", "currencyEUR")]),
                0, 17, 24, 9,
            ),
            (
                curves(
                    "Energy a quarter hour, by revision",
                    [select(REVISIONS, ["kwh"], where=f"{_IMPORT} and {chosen}", then=revision_lines)], "kwatth",
                    "The first value, and what it was restated to; the panel above shows the newest revision only.", steps=True,
                ), 0, 26, 24, 9,
            ),
            (
                rows(
                    "Gaps, substitutes and restatements", in_doubt,
                    "Every revision of quarter hours that were not simply measured: what was published, by which rule, and what it became.",
                    [("kwh", "kwatth"), ("coverage", "percentunit")],
                ).override_by_name("quality", quality_names[:1]), 0, 35, 24, 10,
            ),
            (
                curves(
                    "Scrap an hour, by machine", [select(PIECES, ["scrap"], then=by_machine)], "none",
                    "Pieces that were thrown away, by whoever counted them; what nobody counted is not there.", steps=True,
                ), 0, 45, 24, 8,
            ),
        ],
    )  # fmt: skip


def data_source(url: str, org: str, bucket: str) -> dict[str, Any]:
    """The InfluxDB data source as Grafana's files and API take it, without its token."""
    return {
        "name": "Lastgang",
        "uid": DATA_SOURCE_UID,
        "type": "influxdb",
        "access": "proxy",
        "url": url,
        "jsonData": {"version": "Flux", "organization": org, "defaultBucket": bucket, "timeInterval": "10s"},
    }


def provisioning(url: str, org: str, bucket: str, dashboards_path: str) -> dict[str, str]:
    """File name below Grafana's ``provisioning`` folder -> content. The token stays a variable of Grafana's environment."""
    source = data_source(url, org, bucket) | {"secureJsonData": {"token": "$INFLUX_TOKEN"}}
    provider = {
        "name": "Lastgang",
        "orgId": 1,
        "folder": FOLDER,
        "folderUid": FOLDER_UID,
        "type": "file",
        "disableDeletion": True,
        "updateIntervalSeconds": 30,
        "allowUiUpdates": False,
        "options": {"path": dashboards_path},
    }
    return {
        "datasources/lastgang.yaml": yaml.safe_dump({"apiVersion": 1, "datasources": [source]}, sort_keys=False),
        "dashboards/lastgang.yaml": yaml.safe_dump({"apiVersion": 1, "providers": [provider]}, sort_keys=False),
    }


def write(
    folder: Path, plant: Plant, url: str, org: str, bucket: str, dashboards_path: str = "/var/lib/grafana/dashboards"
) -> list[Path]:
    """Write ``dashboards/*.json`` and ``provisioning/**`` into `folder`; gives the paths."""
    files = {f"dashboards/{name}": json.dumps(board, indent=2) + "\n" for name, board in dashboards(plant).items()}
    files |= {f"provisioning/{name}": text for name, text in provisioning(url, org, bucket, dashboards_path).items()}
    paths = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths
