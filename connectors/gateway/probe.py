"""A probe of every device, for commissioning: what the gateway would get of it, and whether that can be true."""

from __future__ import annotations

import asyncio

from connectors.gateway.fleet import Fleet
from connectors.probe import Probe
from domain.clock import Clock


async def probe_all(fleet: Fleet, clock: Clock, patience_s: float = 5.0) -> list[Probe]:
    """Read each device twice, all connections at once; takes some seconds, and some time-outs where a device is silent."""
    site = fleet.plant.site.id
    found = await asyncio.gather(*(connection.probe(site, clock, patience_s) for connection in fleet.connections()))
    return sorted((probe for probes in found for probe in probes), key=lambda probe: probe.device)
