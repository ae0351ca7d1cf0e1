"""Prices from services: real HTTP to a server in this process that answers as the publishers do, and as they do when they fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.prices.entsoe_xml import NoPricesYet
from connectors.prices.pull import Query, ServiceRefused, ServiceUnavailable, pulled
from domain.errors import InputFaults

BEGIN = datetime(2026, 10, 22, 22, tzinfo=UTC)
SECRET = "7d1c-secret"


class Service(ThreadingHTTPServer):
    """Answers by path with (status, body); remembers the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, str]] = {}
        self.requests: list[tuple[str, dict[str, list[str]]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.requests.append((parts.path, parse_qs(parts.query)))
        status, body = self.server.answers.get(parts.path, (404, "not here"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def query(service: Service, kind: Any = "entsoe", **changes: Any) -> Query:
    fields = {"url": f"{service.url}/api", "zone": "DE-LU", "from_utc": BEGIN, "to_utc": BEGIN + timedelta(days=1), "token": SECRET}
    return Query(kind, **{**fields, **changes})


def a44(prices: list[float]) -> str:
    points = "".join(
        f"<Point><position>{n}</position><price.amount>{price}</price.amount></Point>" for n, price in enumerate(prices, 1)
    )
    end = BEGIN + timedelta(minutes=15) * len(prices)
    return (
        '<Publication_MarketDocument xmlns="urn:x"><TimeSeries><in_Domain.mRID>10Y1001A1001A82H</in_Domain.mRID>'
        "<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>A03</curveType>"
        f"<Period><timeInterval><start>{BEGIN:%Y-%m-%dT%H:%MZ}</start><end>{end:%Y-%m-%dT%H:%MZ}</end></timeInterval>"
        f"<resolution>PT15M</resolution>{points}</Period></TimeSeries></Publication_MarketDocument>"
    )


def test_the_transparency_platform_is_requested_for_one_zone_and_span(service: Service):
    service.answers["/api"] = 200, a44([80.5, -1, 3, 4])
    found = pulled(query(service))
    assert (found.zone, [float(one.eur_per_mwh) for one in found.prices]) == ("DE-LU", [80.5, -1, 3, 4])
    ((path, parameters),) = service.requests
    assert path == "/api"
    assert parameters == {
        "documentType": ["A44"], "in_Domain": ["10Y1001A1001A82H"], "out_Domain": ["10Y1001A1001A82H"], "periodStart": ["202610222200"],
        "periodEnd": ["202610232200"], "securityToken": [SECRET],
    }  # fmt: skip


def test_smard_is_requested_for_the_weeks_that_hold_the_days_and_only_the_days_are_taken(service: Service):
    week = datetime(2026, 10, 18, 22, tzinfo=UTC)
    names = [int((week + n * timedelta(days=7)).timestamp()) * 1000 for n in (-2, -1, 0)]
    service.answers["/api/4169/DE/index_quarterhour.json"] = 200, json.dumps({"timestamps": names})
    pairs = [[names[-1] + n * 900_000, float(n) if n < 600 else None] for n in range(672)]
    service.answers[f"/api/4169/DE/4169_DE_quarterhour_{names[-1]}.json"] = 200, json.dumps({"series": pairs})
    found = pulled(query(service, "smard", token=""))
    assert [found.prices[0].start_utc, found.prices[-1].start_utc] == [BEGIN, BEGIN + timedelta(days=1) - timedelta(minutes=15)]
    assert float(found.prices[0].eur_per_mwh) == 4 * 96
    assert len(service.requests) == 2, "one week is enough"


def test_prices_that_are_not_there_yet_end_the_run_and_can_be_asked_for_again(service: Service):
    service.answers["/api"] = (
        200,
        "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>",
    )
    with pytest.raises(NoPricesYet, match="No matching data found"):
        pulled(query(service))
    service.answers["/api"] = 200, a44([1, 2, 3, 4])
    with pytest.raises(NoPricesYet, match="no prices of DE-LU from 2026-10-24"):
        pulled(query(service, from_utc=BEGIN + timedelta(days=2), to_utc=BEGIN + timedelta(days=3)))


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, ServiceRefused, 2),
        (404, ServiceRefused, 2),
        (302, ServiceRefused, 2),
        (429, ServiceUnavailable, 1),
        (503, ServiceUnavailable, 1),
    ],
)
def test_what_a_service_refuses_is_apart_from_what_may_work_later_and_no_message_holds_the_token(
    service: Service, status: int, error: Any, code: int
):
    service.answers["/api"] = status, f"token {SECRET} is wrong"
    with pytest.raises(error, match=f"HTTP {status}") as found:
        pulled(query(service))
    assert found.value.exit_code == code
    assert SECRET not in str(found.value)
    assert len(service.requests) == 1, "a redirect is not followed"


def test_a_service_that_cannot_be_reached_is_named_without_the_token():
    with pytest.raises(ServiceUnavailable, match=r"http://127.0.0.1:1/api: ConnectError") as found:
        pulled(Query("entsoe", "http://127.0.0.1:1/api", "DE-LU", BEGIN, BEGIN + timedelta(days=1), SECRET))
    assert SECRET not in repr(found.value)
    assert found.value.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "ftp://host/api"}, "url: found 'ftp://host/api'"),
        ({"url": "https://host/api?token=5"}, "without a query"),
        ({"url": "http://example.org/api"}, "https, since a token is sent"),
        ({"zone": "DE"}, "zone: found 'DE'; expected one of DE-LU"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_sent(service: Service, changes: dict[str, str], words: str):
    with pytest.raises(InputFaults) as found:
        pulled(query(service, **changes))
    assert words in str(found.value)
    assert service.requests == []


def test_an_answer_that_cannot_be_read_is_named_by_its_address(service: Service):
    service.answers["/api"] = 200, "<html>maintenance</html>"
    with pytest.raises(InputFaults, match="root: found html"):
        pulled(query(service))
    service.answers["/api/4169/DE/index_quarterhour.json"] = 200, '{"timestamps": ["x"]}'
    with pytest.raises(InputFaults, match=r"index_quarterhour.json: timestamps\[0\]"):
        pulled(query(service, "smard"))
