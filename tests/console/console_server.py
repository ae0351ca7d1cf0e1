"""The page over the sample plant in a process of its own, for tests that need a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


class Server:
    """The sample's server in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        script = Path(__file__).with_name("serve_console_sample.py")
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": root}
        for name in ("PYTEST_CURRENT_TEST", "NICEGUI_SCREEN_TEST_PORT"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=root,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def decided(self) -> list[list[str]]:
        assert self.process.stdout is not None
        self.send("decided")
        found: list[list[str]] = json.loads(self.process.stdout.readline())
        return found

    def ordered(self) -> list[list[object]]:
        assert self.process.stdout is not None
        self.send("ordered")
        found: list[list[object]] = json.loads(self.process.stdout.readline())
        return found

    def reported(self) -> list[list[str]]:
        assert self.process.stdout is not None
        self.send("reported")
        found: list[list[str]] = json.loads(self.process.stdout.readline())
        return found

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            assert self.process.wait(30) in (0, -15), "ends cleanly on SIGTERM"
        finally:
            self.process.kill()
            self.process.stdout.close()
