"""Panels in the product's hand: same colours, units and words on every dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.builders import gauge, stat, table, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.models import common, dashboard

from dashboards.flux import DATA_SOURCE_UID, Flux

SOURCE = dashboard.DataSourceRef(type_val="influxdb", uid=DATA_SOURCE_UID)

LOAD, PROJECTED, TARGET, BILLED, SUBSTITUTED = "#3274A1", "#E1812C", "#C03D3E", "#6B6B6B", "#9372B2"
"""One colour a meaning, distinct also for those who see no red or green."""


def prop(identifier: str, value: Any) -> dashboard.DynamicConfigValue:
    """One overridden property of a field."""
    return dashboard.DynamicConfigValue(id_val=identifier, value=value)


def line(name: str, colour: str, width: int = 2, dashed: bool = False) -> tuple[str, list[dashboard.DynamicConfigValue]]:
    """How the series `name` is drawn."""
    properties = [
        prop("color", {"mode": "fixed", "fixedColor": colour}),
        prop("custom.lineWidth", width),
        prop("custom.lineStyle", {"fill": "dash", "dash": [8, 6]} if dashed else {"fill": "solid"}),
    ]
    return name, properties


def curves(
    title: str,
    queries: Sequence[str],
    unit: str,
    description: str,
    overrides: Sequence[tuple[str, list[dashboard.DynamicConfigValue]]] = (),
    names: Sequence[tuple[str, str]] = (),
    steps: bool = False,
) -> timeseries.Panel:
    """Curves over time. `names` says what a field is called on the panel."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .line_interpolation(common.LineInterpolation.STEP_AFTER if steps else common.LineInterpolation.LINEAR)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(
            VizLegendOptions()
            .show_legend(True)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
        )
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    )
    for number, query in enumerate(queries):
        panel = panel.with_target(Flux(chr(ord("A") + number), query))
    for field, label in names:
        panel = panel.override_by_name(field, [prop("displayName", label)])
    for name, properties in overrides:
        panel = panel.override_by_name(name, properties)
    return panel


def number(
    title: str, query: str, unit: str, description: str, decimals: int = 0, steps: Sequence[tuple[float | None, str]] = ()
) -> stat.Panel:
    """The newest value, large."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .decimals(decimals)
        .reduce_options(ReduceDataOptions().values(False).calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.NONE)
        .with_target(Flux("A", query))
    )
    return panel.thresholds(_thresholds(steps)) if steps else panel


def dial(title: str, query: str, unit: str, description: str, top: float, steps: Sequence[tuple[float | None, str]]) -> gauge.Panel:
    """The newest value on a dial from 0 to `top`."""
    return (
        gauge.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .decimals(0)
        .min(0)
        .max(top)
        .reduce_options(ReduceDataOptions().values(False).calcs(["lastNotNull"]))
        .thresholds(_thresholds(steps))
        .with_target(Flux("A", query))
    )


def rows(title: str, query: str, description: str, units: Sequence[tuple[str, str]] = ()) -> table.Panel:
    """A table of what a query gives."""
    panel = table.Panel().title(title).description(description).datasource(SOURCE).with_target(Flux("A", query))
    for field, unit in units:
        panel = panel.override_by_name(field, [prop("unit", unit)])
    return panel


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> dash.ThresholdsConfig:
    return (
        dash.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=colour) for value, colour in steps])
    )
