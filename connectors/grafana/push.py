"""Create or update folder, data source and dashboards; safe to repeat, because everything has a fixed uid.

What stands in the way (a folder or data source of the same name under another uid, or what was provisioned from files and is read-only)
is looked for before anything is written, and explained together. Only interfaces by uid are used: those by number are gone since
Grafana 13 (``datasourceLegacyIdApi``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from grafana_client import GrafanaApi, TokenAuth
from grafana_client.client import GrafanaClientError, GrafanaException

from domain.errors import Fault, InputFaults, LastgangError

_PROVISIONED = (
    "was provisioned from files and is read-only; update those files (`lastgang grafana build`), or remove them and push again"
)


class GrafanaRefused(LastgangError):
    """Grafana refused. Operator: the message names the obstacle, or what the token may not do."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where Grafana is served."""

    origin: str
    """``http://HOST:PORT``."""
    path: str
    """The sub-path without a slash at its end; empty for none."""

    @classmethod
    def of(cls, url: str) -> Server:
        """The server at `url`, with or without a slash at its end.

        Raises
        ------
        InputFaults
            If it is no address, or holds a login.
        """
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or parts.query or parts.fragment:
            expected = "an address such as http://127.0.0.1:3000 or https://host/grafana"
            raise InputFaults([Fault("command line", None, "--url", repr(url), expected)])
        if parts.username or parts.password:
            expected = "an address without a login; put a service account's token into GRAFANA_TOKEN"
            raise InputFaults([Fault("command line", None, "--url", "an address with a login", expected)])
        return cls(urlunsplit((parts.scheme, parts.netloc, "", "", "")), parts.path.rstrip("/"))

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"

    def link(self, path: str) -> str:
        """The whole address of a page that Grafana names by its path; that begins with the sub-path where Grafana knows of it."""
        return self.origin + path if path.startswith(f"{self.path}/") else f"{self}{path}"


def push(
    url: str, token: str, folder: str, folder_uid: str, source: Mapping[str, Any], boards: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Push everything; gives the dashboards' addresses.

    Parameters
    ----------
    url
        Grafana's address, with its sub-path where it has one.
    source
        Data source as the API takes it, with its token in ``secureJsonData``.
    boards
        File name -> dashboard document with ``uid`` and without ``id``.

    Raises
    ------
    InputFaults
        If `url` is no address.
    GrafanaRefused
        Naming the address and what stands in the way; no token is ever in it.
    """
    server = Server.of(url)
    api = GrafanaApi.from_url(url=f"{server}/", credential=TokenAuth(token))
    with _explained(server):
        _check_that_it_is_grafana(api, server)
        in_the_way = [
            *_of_folder(api, folder, folder_uid),
            *_of_source(api, source),
            *(line for board in boards.values() for line in _of_board(api, board)),
        ]
        if in_the_way:
            raise GrafanaRefused("\n".join(f"Grafana at {server}: {line}" for line in in_the_way))
        with _explained(server, f"the folder {folder!r}"):
            _ensure_folder(api, folder, folder_uid)
        with _explained(server, f"the data source {source['name']!r}"):
            _ensure_source(api, source)
        links = []
        for board in boards.values():
            with _explained(server, f"the dashboard {board['title']!r}"):
                # Without folderUid an update would move the dashboard to the root.
                written = api.dashboard.update_dashboard({"dashboard": dict(board), "folderUid": folder_uid, "overwrite": True})
                links.append(server.link(written["url"]))
        return links


@contextmanager
def _explained(server: Server, what: str = "it") -> Iterator[None]:
    """Within it what Grafana and its client raise becomes `GrafanaRefused` with what to do about `what`."""
    try:
        yield
    except GrafanaClientError as error:
        msg = f"Grafana at {server}: {str(error)[:300]}; {_what_to_do(error, what)}"
        raise GrafanaRefused(msg) from error
    except (GrafanaException, KeyError, TypeError) as error:
        msg = f"Grafana at {server}: {type(error).__name__}: {str(error)[:300]}"
        raise GrafanaRefused(msg) from error
    except OSError as error:  # the client library's connection errors are such
        msg = f"no Grafana answers at {server} ({_innermost(error)}); is it running, is the address right?"
        raise GrafanaRefused(msg) from error


def _what_to_do(error: GrafanaClientError, what: str) -> str:
    text = str(error).lower()
    if "provisioned" in text or "read-only" in text:
        return f"{what} {_PROVISIONED}"
    if error.status_code in {409, 412}:
        return f"{what} is there already under another uid; the name is fixed: rename or delete that one"
    return {
        401: "it does not know the token in GRAFANA_TOKEN (Administration, Service accounts)",
        403: "the token in GRAFANA_TOKEN may not do that; it needs the role Admin, or folders, dashboards and data sources to write",
    }.get(error.status_code, "is it of a version before 9, or is something between that changes requests?")


def _innermost(error: BaseException) -> str:
    """The operating system's word for it, at the bottom of what the client library wraps around."""
    found: BaseException = error
    while (inner := found.__cause__ or found.__context__) is not None:
        found = inner
    return str(getattr(found, "strerror", None) or found)[:200]


def _check_that_it_is_grafana(api: Any, server: Server) -> None:
    health = _found(lambda: api.client.GET("/health"))
    if not isinstance(health, Mapping) or not {"database", "version"} & set(health):
        msg = f"what answers at {server} is no Grafana; if yours is served below a sub-path, name that too: {server.origin}/grafana"
        raise GrafanaRefused(msg)


def _of_folder(api: Any, title: str, uid: str) -> Iterator[str]:
    """What stands in the way of a folder."""
    if _found(lambda: api.folder.get_folder(uid)) is None:
        for other in _found(api.folder.get_all_folders) or ():
            if other["title"] == title:
                yield f"a folder {title!r} is there already, under the uid {other['uid']!r}; rename it, its dashboards stay in it"


def _of_source(api: Any, source: Mapping[str, Any]) -> Iterator[str]:
    """What stands in the way of the data source."""
    known = _found(lambda: api.datasource.get_datasource_by_uid(source["uid"]))
    if known is not None:
        if known.get("readOnly"):
            yield f"the data source {known['name']!r} {_PROVISIONED}"
        return
    for other in _found(api.datasource.list_datasources) or ():
        if other["name"] == source["name"]:
            yield (
                f"a data source {other['name']!r} is there already, under the uid {other['uid']!r}, where the dashboards do not look "
                f"for it ({source['uid']!r}); rename or delete it"
            )


def _of_board(api: Any, board: Mapping[str, Any]) -> Iterator[str]:
    """What stands in the way of a dashboard."""
    known = _found(lambda: api.dashboard.get_dashboard(board["uid"]))
    if known is not None and known.get("meta", {}).get("provisioned"):
        yield f"the dashboard {board['title']!r} {_PROVISIONED}"


def _ensure_folder(api: Any, title: str, uid: str) -> None:
    if _found(lambda: api.folder.get_folder(uid)) is None:
        api.folder.create_folder(title=title, uid=uid)


def _ensure_source(api: Any, source: Mapping[str, Any]) -> None:
    if _found(lambda: api.datasource.get_datasource_by_uid(source["uid"])) is None:
        api.datasource.create_datasource(dict(source))
    else:
        api.datasource.update_datasource_by_uid(source["uid"], dict(source))


def _found(query: Callable[[], Any]) -> Any:
    """What `query` gives; None where Grafana answers that there is none."""
    try:
        return query()
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
        return None
