"""Create or update folder, data source and dashboards; safe to repeat, because everything has a fixed uid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafana_client import GrafanaApi, TokenAuth
from grafana_client.client import GrafanaClientError, GrafanaException

from domain.errors import LastgangError


class GrafanaRefused(LastgangError):
    """Grafana said no. Operator: is the address right, may the token write dashboards and data sources?"""


def push(
    url: str, token: str, folder: str, folder_uid: str, source: Mapping[str, Any], boards: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Push everything; gives the dashboards' paths on the server.

    Parameters
    ----------
    source
        Data source as the API takes it, with its token in ``secureJsonData``.
    boards
        File name -> dashboard document with ``uid`` and without ``id``.

    Raises
    ------
    GrafanaRefused
        Naming the address and what Grafana answered; the token is never in it.
    """
    api = GrafanaApi.from_url(url=url, credential=TokenAuth(token))
    try:
        _ensure_folder(api, folder, folder_uid)
        _ensure_source(api, source)
        # Without folderUid an update would move the dashboard to the root.
        return [
            api.dashboard.update_dashboard({"dashboard": dict(board), "folderUid": folder_uid, "overwrite": True})["url"]
            for board in boards.values()
        ]
    except (GrafanaException, OSError) as error:
        msg = f"Grafana at {url}: {type(error).__name__}: {str(error)[:300]}"
        raise GrafanaRefused(msg) from error


def _ensure_folder(api: Any, title: str, uid: str) -> None:
    try:
        api.folder.get_folder(uid)
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
        api.folder.create_folder(title=title, uid=uid)


def _ensure_source(api: Any, source: Mapping[str, Any]) -> None:
    try:
        known = api.datasource.get_datasource_by_uid(source["uid"])
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
        api.datasource.create_datasource(dict(source))
        return
    api.datasource.update_datasource(known["id"], dict(source))
