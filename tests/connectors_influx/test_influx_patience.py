"""How long the sink waits for a server that is busy, against a server with scripted answers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.influx.points import Point
from connectors.influx.sink import LONGEST_RETRY_AFTER_S, InfluxSettings, InfluxWriter, retry_after_s
from domain.measurements import DEMAND_NOW

POINT = Point(DEMAND_NOW, {"site": "werk"}, {"projected_kw": 120.0}, 1_792_746_305_000)


class Waits(threading.Event):
    """A stop signal that notes how long it was waited for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        return self.is_set()


@pytest.fixture
def answers(monkeypatch):
    """Status and headers that the server answers with, in turn; then 204."""
    monkeypatch.setenv("INFLUX_TOKEN", "x")
    script: list[tuple[int, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = script.pop(0) if script else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stop = Waits()
    writer = InfluxWriter(InfluxSettings(f"http://127.0.0.1:{server.server_port}", "werk", "energy"), stop)
    yield script, writer, stop.seconds
    writer.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_busy_server_is_waited_for_as_long_as_it_asks(answers):
    script, writer, waited = answers
    script += [(429, {"Retry-After": "17"}), (503, {}), (429, {"Retry-After": "1"})]
    assert writer.write([POINT]) == []
    # As long as asked, but never shorter than our own patience, which doubles.
    assert waited == [17.0, 1.0, 2.0]


def test_retry_after_is_read_as_seconds_or_as_a_date_and_has_an_end():
    assert retry_after_s({"Retry-After": "17"}) == 17.0
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50.0 < retry_after_s({"Retry-After": in_a_minute}) <= 60.0
    assert retry_after_s({"Retry-After": "99999999999"}) == LONGEST_RETRY_AFTER_S
    for nothing in (None, {}, {"Retry-After": ""}, {"Retry-After": "soon"}, {"Retry-After": "-5"}, {"Retry-After": "²"}):
        assert retry_after_s(nothing) == 0.0
