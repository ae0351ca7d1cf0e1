"""What a running stack writes down of itself, for whoever asks from outside: the state file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.home import Home
from deploy.processes import ProcessId
from deploy.state_file import PartState, ProcessState, StackState, write_state


class StackRecord:
    """Phase and message of a stack, written with the states of its parts as long as its home is taken by this process."""

    def __init__(self, home: Home, plant_dir: Path, ports: Mapping[str, int], namespace: str, page: str) -> None:
        self._home, self._plant_dir, self._ports, self._namespace, self._page = home, plant_dir, dict(ports), namespace, page
        self.phase = "starting"
        self.message = ""

    def write(self, parts: Sequence[PartState]) -> None:
        """Write the state file; a stack that is ready and has losses is degraded, and its message names them."""
        own = ProcessId.of(os.getpid())
        if own is None or not self._home.is_ours:
            return
        losses = losses_of(parts) if self.phase == "ready" else []
        state = StackState(
            phase="degraded" if losses else self.phase,
            supervisor=ProcessState.of(own),
            plant=str(self._plant_dir),
            message="\n".join(losses) or self.message,
            ports=self._ports,
            namespace=self._namespace,
            page=self._page,
            parts=tuple(parts),
        )
        write_state(self._home.folder, state)


def losses_of(parts: Sequence[PartState]) -> list[str]:
    """A line for each part that does not run: its name, how it is, and why."""
    return [f"{part.name} {part.state}: {part.note}".removesuffix(": ") for part in parts if part.state != "running"]
