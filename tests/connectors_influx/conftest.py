"""A real influxd for the tests of this folder, started at most once per run."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.ports import free_port

ORG, BUCKET, TOKEN = "werk", "energy", "test-token-of-no-secret"


@dataclass
class Influxd:
    """A running server; `process` may be killed and started again on the same data and port."""

    binary: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        data = self.folder
        self.process = subprocess.Popen(
            [
                self.binary, "--bolt-path", str(data / "influxd.bolt"), "--engine-path", str(data / "engine"),
                "--sqlite-path", str(data / "influxd.sqlite"), "--http-bind-address", f"127.0.0.1:{self.port}",
                "--reporting-disabled",
            ],
            stdout=(data / "influxd.log").open("ab"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(transport=transport) as client:
            while True:
                assert self.process.poll() is None, (data / "influxd.log").read_text()[-2000:]
                try:
                    if client.get(f"{self.url}/health").status_code == 200:
                        return
                except httpx.TransportError:
                    psutil.Process(self.process.pid).cpu_percent(0.05)  # give it the time of a measurement

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def query(self, flux: str) -> list[str]:
        """Lines of the answer with data in them."""
        answer = httpx.post(
            f"{self.url}/api/v2/query", params={"org": ORG}, json={"query": flux, "type": "flux"}, timeout=30,
            headers={"Authorization": f"Token {TOKEN}", "Accept": "application/csv"},
        )  # fmt: skip
        assert answer.status_code == 200, f"{answer.text}\n{flux}"
        lines = answer.text.splitlines()
        return [line for line in lines if line.startswith(",") and not line.startswith(",result")]

    def write(self, bucket: str, line: str) -> None:
        """Write one line of line protocol, its time in milliseconds."""
        answer = httpx.post(
            f"{self.url}/api/v2/write", params={"org": ORG, "bucket": bucket, "precision": "ms"}, content=line,
            headers={"Authorization": f"Token {TOKEN}"},
        )  # fmt: skip
        assert answer.status_code == 204, answer.text

    def new_bucket(self, name: str, keep: timedelta | None = None) -> None:
        """A bucket that keeps points for ever, or for `keep`."""
        rules = [] if keep is None else [{"type": "expire", "everySeconds": int(keep.total_seconds())}]
        headers = {"Authorization": f"Token {TOKEN}"}
        org = httpx.get(f"{self.url}/api/v2/orgs", headers=headers).json()["orgs"][0]["id"]
        answer = httpx.post(
            f"{self.url}/api/v2/buckets", headers=headers, json={"orgID": org, "name": name, "retentionRules": rules}
        )
        assert answer.status_code == 201, answer.text


def _binary() -> str | None:
    named = os.environ.get("LASTGANG_INFLUXD")
    if named:
        return named
    built = sorted(Path.home().glob(".cache/lastgang/influxd-*/influxd"))
    return str(built[-1]) if built else None


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    binary = _binary()
    if binary is None:
        pytest.skip("no influxd: build one with tests/tools/influxd/build-influxd.sh and name it in LASTGANG_INFLUXD")
    server = Influxd(binary, tmp_path_factory.mktemp("influxd"), free_port())
    server.start()
    try:
        setup = {"username": "admin", "password": "only-for-tests", "org": ORG, "bucket": BUCKET, "token": TOKEN}
        assert httpx.post(f"{server.url}/api/v2/setup", json=setup).status_code == 201
        yield server
    finally:
        server.stop()


@pytest.fixture
def bucket(influxd: Influxd, request: pytest.FixtureRequest) -> str:
    """An empty bucket of the test's own."""
    name = request.node.name[:60]
    influxd.new_bucket(name)
    return name
