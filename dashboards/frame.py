"""What all dashboards share: the frame around the panels, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as dash
from grafana_foundation_sdk.models import dashboard

from dashboards.flux import tag_values
from dashboards.panels import SOURCE
from domain.measurements import DEMAND_NOW
from domain.plant import Plant

FOLDER = "Energy"
FOLDER_UID = "lastgang-energy"


def frame(plant: Plant, uid: str, title: str, time_from: str, time_to: str = "now") -> dash.Dashboard:
    """An empty dashboard with the plant's time and the choice of a site."""
    site = (
        dash.QueryVariable("site")
        .label("Site")
        .datasource(SOURCE)
        .query(tag_values(DEMAND_NOW, "site"))
        .refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)
        .current(dashboard.VariableOption(text=plant.site.id, value=plant.site.id, selected=True))
    )
    return (
        dash.Dashboard(title)
        .uid(uid)
        .tags(["lastgang", FOLDER.lower()])
        .timezone(plant.site.timezone)
        .refresh("10s")
        .time(time_from, time_to)
        .editable()
        .with_variable(site)
    )


def placed(board: dash.Dashboard, panels: Sequence[tuple[Any, int, int, int, int]]) -> dash.Dashboard:
    """The dashboard with panels, each with its left edge, top, width and height on the grid."""
    for panel, x, y, width, height in panels:
        board = board.with_panel(panel.grid_pos(dashboard.GridPos(x=x, y=y, w=width, h=height)))
    return board


def choice(name: str, label: str, query: str) -> dash.QueryVariable:
    """A variable of which several values may be chosen; all at first."""
    return (
        dash.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(dashboard.VariableOption(text="All", value="$__all", selected=True))
    )


def newest_first(query: str, columns: Sequence[str]) -> str:
    """The rows of a query in one table, the newest first."""
    kept = ", ".join(f'"{column}"' for column in ("_time", *columns))
    return f'{query}\n  |> group()\n  |> sort(columns: ["_time"], desc: true)\n  |> keep(columns: [{kept}])'
