"""Answers as Grafana 13 is documented to: by uid only, read-only what came from files, 409 for a name that is taken, below a sub-path.

Sources: Grafana's HTTP API pages (folder, data source, dashboard) and "Deprecated data source APIs disabled by default" of version 13.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
TOKEN = "service-account-secret"


class GrafanaStandIn(ThreadingHTTPServer):
    """Knows folders, data sources and dashboards; remembers what was asked.

    Parameters
    ----------
    path
        Sub-path below which all is served.
    hidden
        What the token may not read.
    """

    def __init__(self, path: str = "", hidden: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.path = path
        self.hidden = hidden
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.folders: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.boards: dict[str, dict[str, Any]] = {}
        self.provisioned: set[str] = set()
        """Uids of dashboards that came from files."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}{self.path}"

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of what was not only read."""
        return [(method, path) for method, path, _ in self.requests if method != "GET"]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        """What Grafana answers."""
        if method == "GET" and path == self.hidden:
            return 404, {"message": "Not found"}
        for verb, pattern, reply in ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return reply(self, body, *found.groups())
        return 404, {"message": "Not found"}

    def _folder(self, body: Any, uid: str) -> Answer:
        return (200, self.folders[uid]) if uid in self.folders else (404, {"message": "folder not found"})

    def _all_folders(self, body: Any) -> Answer:
        return 200, list(self.folders.values())

    def _make_folder(self, body: Any) -> Answer:
        if any(folder["title"] == body["title"] for folder in self.folders.values()):
            return 409, {"message": "a folder with the same name already exists in the current location"}
        self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"]}
        return 200, self.folders[body["uid"]]

    def _source(self, body: Any, uid: str) -> Answer:
        return (200, self.sources[uid]) if uid in self.sources else (404, {"message": "Data source not found"})

    def _all_sources(self, body: Any) -> Answer:
        return 200, list(self.sources.values())

    def _make_source(self, body: Any) -> Answer:
        if any(source["name"] == body["name"] for source in self.sources.values()):
            return 409, {"message": "data source with the same name already exists"}
        self.sources[body["uid"]] = {**body, "readOnly": False}
        return 200, {"datasource": self.sources[body["uid"]], "message": "Datasource added"}

    def _update_source(self, body: Any, uid: str) -> Answer:
        if uid not in self.sources:
            return 404, {"message": "Data source not found"}
        if self.sources[uid]["readOnly"]:
            return 403, {"message": "Cannot update read-only data source"}
        self.sources[uid] = {**body, "readOnly": False}
        return 200, {"datasource": self.sources[uid], "message": "Datasource updated"}

    def _board(self, body: Any, uid: str) -> Answer:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        return 200, {"dashboard": self.boards[uid]["dashboard"], "meta": {"provisioned": uid in self.provisioned}}

    def _save_board(self, body: Any) -> Answer:
        uid = body["dashboard"]["uid"]
        if uid in self.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        self.boards[uid] = body
        return 200, {"uid": uid, "url": f"{self.path}/d/{uid}/plan", "status": "success"}

    def _health(self, body: Any) -> Answer:
        return 200, {"database": "ok", "version": "13.0.1"}


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/health", GrafanaStandIn._health),
    ("GET", "/api/folders", GrafanaStandIn._all_folders),
    ("GET", r"/api/folders/([^/]+)", GrafanaStandIn._folder),
    ("POST", "/api/folders", GrafanaStandIn._make_folder),
    ("GET", "/api/datasources", GrafanaStandIn._all_sources),
    ("GET", r"/api/datasources/uid/([^/]+)", GrafanaStandIn._source),
    ("POST", "/api/datasources", GrafanaStandIn._make_source),
    ("PUT", r"/api/datasources/uid/([^/]+)", GrafanaStandIn._update_source),
    ("GET", r"/api/dashboards/uid/([^/]+)", GrafanaStandIn._board),
    ("POST", "/api/dashboards/db", GrafanaStandIn._save_board),
]


class Handler(BaseHTTPRequestHandler):
    """Takes the sub-path and the token off, and asks the stand-in."""

    server: GrafanaStandIn

    def _serve(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = self.path.partition("?")[0]
        self.server.requests.append((self.command, path, body))
        if not path.startswith(f"{self.server.path}/"):
            status, reply = 404, {"message": "Not found"}
        elif not path.endswith("/health") and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, reply = 401, {"message": "Invalid API key"}
        else:
            status, reply = self.server.answer(self.command, path.removeprefix(self.server.path), body)
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(path: str = "", hidden: str = "") -> Iterator[GrafanaStandIn]:
    """A stand-in that answers."""
    server = GrafanaStandIn(path, hidden)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
