"""Prices from a service: the transparency platform's API (document A44), or SMARD's chart data.

No address stands here: it is an option. Redirects are not followed, as they would carry the token elsewhere, and no message holds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import httpx

from connectors.prices import entsoe_xml, smard
from connectors.prices.series import ZonePrices, chosen
from connectors.prices.zones import zones
from domain.clock import epoch_ms
from domain.errors import Fault, InputFaults, LastgangError
from domain.files import MOST_BYTES
from quarters.profiles.day_prices import DayPrice

Service = Literal["entsoe", "smard"]
TIMEOUT_S = 30.0
_RETRYABLE = frozenset({408, 425, 429})
_DAY = timedelta(days=1)


class ServiceUnavailable(LastgangError):
    """The service cannot be reached, or is too busy. Operator: try again later; check the address and the network (exit 1)."""


class ServiceRefused(LastgangError):
    """The service refuses the request. Operator: check address, zone and token (exit 2)."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Query:
    """What is requested: prices of `zone` in ``[from_utc, to_utc)``.

    Attributes
    ----------
    url
        Base address of the service.
    token
        For the transparency platform; empty for SMARD.
    resolution
        Of SMARD's chart data: ``quarterhour`` since delivery on 1 October 2025, else ``hour``.
    """

    service: Service
    url: str
    zone: str
    from_utc: datetime
    to_utc: datetime
    token: str = ""
    resolution: Literal["quarterhour", "hour"] = "quarterhour"
    region: str = "DE"


def pulled(query: Query, client: httpx.Client | None = None) -> ZonePrices:
    """The prices that the service has.

    Raises
    ------
    InputFaults
        If address or zone cannot be used, or the answer cannot be read.
    NoPricesYet, ServiceUnavailable, ServiceRefused
        If there is no answer that has prices.
    """
    _check(query)
    with client or httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as used:
        found = _entsoe(query, used) if query.service == "entsoe" else _smard(query, used)
    within = tuple(price for price in found.prices if query.from_utc <= price.start_utc < query.to_utc)
    if not within:
        msg = f"{query.url}: no prices of {query.zone} from {query.from_utc:%Y-%m-%dT%H:%MZ} to {query.to_utc:%Y-%m-%dT%H:%MZ} yet"
        raise entsoe_xml.NoPricesYet(msg)
    return ZonePrices(query.zone, within)


def _check(query: Query) -> None:
    parts = urlsplit(query.url)
    faults = []
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        faults.append(Fault("pull", None, "url", repr(query.url), "a base address such as https://host/api, without a query"))
    if query.token and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        faults.append(Fault("pull", None, "url", repr(query.url), "https, since a token is sent"))
    if query.zone not in zones():
        faults.append(Fault("pull", None, "zone", repr(query.zone), f"one of {', '.join(zones())}"))
    if faults:
        raise InputFaults(faults)


def _entsoe(query: Query, client: httpx.Client) -> ZonePrices:
    area = zones()[query.zone].eic
    span = {
        "periodStart": f"{query.from_utc.astimezone(UTC):%Y%m%d%H%M}",
        "periodEnd": f"{query.to_utc.astimezone(UTC):%Y%m%d%H%M}",
    }
    parameters = {"documentType": "A44", "in_Domain": area, "out_Domain": area, **span, "securityToken": query.token}
    text = _get(client, query.url, parameters)
    return chosen(query.url, entsoe_xml.read_document(query.url, text), query.zone)


def _smard(query: Query, client: httpx.Client) -> ZonePrices:
    chart = zones()[query.zone].chart
    base = f"{query.url.rstrip('/')}/{chart}/{query.region}"
    index = f"{base}/index_{query.resolution}.json"
    weeks = smard.chart_weeks(index, _get(client, index))
    begin, end = epoch_ms(query.from_utc), epoch_ms(query.to_utc)
    # A file holds a week, a day longer where the clock is changed within it.
    wanted = [week for week in weeks if begin - 8 * _DAY // timedelta(milliseconds=1) < week < end]
    prices: list[DayPrice] = []
    for week in wanted:
        address = f"{base}/{chart}_{query.region}_{query.resolution}_{week}.json"
        (series,) = smard.read_chart(address, _get(client, address), query.zone)
        prices += series.prices
    return ZonePrices(query.zone, tuple(prices))


def _get(client: httpx.Client, address: str, parameters: Mapping[str, str] | None = None) -> str:
    """The body of the answer; messages name the address without its parameters, which holds the token."""
    try:
        with client.stream("GET", address, params=parameters) as answer:
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    msg = f"{address}: more than {MOST_BYTES >> 20} MiB; expected the prices of some days"
                    raise ServiceRefused(msg)
            status = answer.status_code
    except httpx.HTTPError as error:
        msg = f"{address}: {type(error).__name__}: the service cannot be reached; check the address and the network, then try again"
        raise ServiceUnavailable(msg) from None
    if status in _RETRYABLE or status >= 500:
        msg = f"{address}: HTTP {status}: the service is not ready; try again later"
        raise ServiceUnavailable(msg)
    text = body.decode("utf-8", errors="replace")
    if status != 200 and "Acknowledgement_MarketDocument" not in text:
        msg = f"{address}: HTTP {status}; expected 200: check address, zone and token"
        raise ServiceRefused(msg)
    return text
