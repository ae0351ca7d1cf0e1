"""The push against a server that answers as Grafana's API is documented to; no Grafana can run here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.grafana.push import GrafanaRefused, push

SOURCE = {"uid": "src", "name": "Lastgang", "type": "influxdb", "secureJsonData": {"token": "influx-secret"}}
BOARDS = {"plan.json": {"uid": "fab-plan", "title": "Plan"}}


class StandIn(ThreadingHTTPServer):
    """Remembers requests; knows folders, data sources and dashboards by uid."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str, dict]] = []
        self.known: set[str] = set()
        self.accepts = True


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def answer(self, method: str) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        self.server.requests.append((method, self.path, body))
        status, reply = self.decide(method, body)
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def decide(self, method: str, body: dict) -> tuple[int, dict]:
        if not self.server.accepts:
            return 401, {"message": "Invalid API key"}
        if method == "GET":
            uid = self.path.rsplit("/", 1)[-1]
            return (200, {"uid": uid, "id": 5}) if uid in self.server.known else (404, {"message": "not found"})
        self.server.known.add(body.get("uid", ""))
        return 200, {"url": "/d/fab-plan/plan", "uid": body.get("uid"), "status": "success"}

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_PUT(self) -> None:
        self.answer("PUT")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def pushed(grafana: StandIn) -> list[str]:
    return push(f"http://127.0.0.1:{grafana.server_address[1]}", "token", "Energy", "lastgang-energy", SOURCE, BOARDS)


def test_a_first_push_makes_folder_source_and_dashboards_in_the_folder(grafana):
    assert pushed(grafana) == ["/d/fab-plan/plan"]
    writes = [(method, path) for method, path, _ in grafana.requests if method != "GET"]
    assert writes == [("POST", "/api/folders"), ("POST", "/api/datasources"), ("POST", "/api/dashboards/db")]
    body = grafana.requests[-1][2]
    assert (body["folderUid"], body["overwrite"], body["dashboard"]["uid"]) == ("lastgang-energy", True, "fab-plan")


def test_a_second_push_updates_and_makes_nothing_twice(grafana):
    pushed(grafana)
    grafana.requests.clear()
    pushed(grafana)
    writes = [(method, path) for method, path, _ in grafana.requests if method != "GET"]
    assert writes == [("PUT", "/api/datasources/5"), ("POST", "/api/dashboards/db")]


def test_a_refusal_names_the_server_and_no_secret(grafana):
    grafana.accepts = False
    with pytest.raises(GrafanaRefused, match=r"127\.0\.0\.1.*") as caught:
        pushed(grafana)
    assert "influx-secret" not in str(caught.value)
