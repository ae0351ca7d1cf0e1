"""An influxd for the campaign, where there is a binary: started as a part of the stack, set up once, asked what it holds."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from deploy.parts import Part, Stage
from domain.instants import as_utc

ORG, BUCKET = "fault-works", "energy"


def influxd_binary() -> Path | None:
    """``LASTGANG_INFLUXD``, else the newest one in the cache folder; None if there is none."""
    named = os.environ.get("LASTGANG_INFLUXD")
    if named:
        return Path(named)
    built = sorted(Path.home().glob(".cache/lastgang/influxd-*/influxd"))
    return built[-1] if built else None


@dataclass(slots=True)
class Influxd:
    """The server on `port` with its data in `folder`."""

    binary: Path
    folder: Path
    port: int
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def part(self) -> Part:
        """As the supervisor starts it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = (
            str(self.binary), "--bolt-path", str(self.folder / "influxd.bolt"), "--engine-path", str(self.folder / "engine"),
            "--sqlite-path", str(self.folder / "influxd.sqlite"), "--http-bind-address", f"127.0.0.1:{self.port}",
            "--reporting-disabled",
        )  # fmt: skip
        return Part("influxd", command, Stage.SERVICES, ready=self.is_ready, port=self.port)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/health", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    def set_up(self) -> None:
        """Make organisation, bucket and token."""
        body = {"username": "admin", "password": secrets.token_hex(8), "org": ORG, "bucket": BUCKET, "token": self.token}
        httpx.post(f"{self.url}/api/v2/setup", json=body, timeout=30.0).raise_for_status()

    def _query(self, flux: str) -> list[dict[str, str]]:
        answer = httpx.post(
            f"{self.url}/api/v2/query", params={"org": ORG}, json={"query": flux, "type": "flux"}, timeout=30.0,
            headers={"Authorization": f"Token {self.token}", "Accept": "application/csv"},
        )  # fmt: skip
        answer.raise_for_status()
        rows: list[dict[str, str]] = []
        for block in answer.text.replace("\r", "").split("\n\n"):
            lines = [line.split(",") for line in block.splitlines() if line]
            rows += [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
        return rows

    def newest_demand_utc(self) -> datetime | None:
        """Time of the newest running quarter hour; None while there is none, or nobody answers."""
        flux = f'from(bucket:"{BUCKET}") |> range(start:0) |> filter(fn:(r) => r._measurement=="demand" and r._field=="now_kw") |> last()'
        try:
            rows = self._query(flux)
        except httpx.HTTPError:
            return None
        return max((as_utc(datetime.fromisoformat(row["_time"])) for row in rows), default=None)

    def quarter_hours(self) -> dict[tuple[str, str, datetime], tuple[float, int]]:
        """(meter, channel, start) -> (energy [kWh], revision)."""
        flux = (
            f'from(bucket:"{BUCKET}") |> range(start:0) |> filter(fn:(r) => r._measurement=="energy15") '
            '|> filter(fn:(r) => r._field=="kwh" or r._field=="revision") |> toFloat() '
            '|> pivot(rowKey:["_time"], columnKey:["_field"], valueColumn:"_value") |> keep(columns:["_time","meter","channel","kwh","revision"])'
        )
        return {
            (row["meter"], row["channel"], as_utc(datetime.fromisoformat(row["_time"]))): (
                float(row["kwh"]),
                int(float(row["revision"])),
            )
            for row in self._query(flux)
            if row.get("kwh")
        }
