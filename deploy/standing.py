"""What a running stack costs now: its parts and their families, by the state file, and the supervisor; nothing else on the machine."""

from __future__ import annotations

from dataclasses import dataclass

from deploy import processes
from deploy.state_file import StackState


@dataclass(frozen=True, slots=True)
class StandingUse:
    """Memory and CPU of one part: its process and all that this started, restarts included."""

    name: str
    pid: int
    memory_mb: float
    cpu_s: float


def standing_uses(state: StackState | None) -> tuple[StandingUse, ...]:
    """Of every part that runs, as the supervisor measured it last, and of the supervisor; none where no stack runs."""
    if state is None or not state.is_supervised():
        return ()
    parts = [
        StandingUse(part.name, part.process.pid, part.memory_mb, part.cpu_s) for part in state.living() if part.process is not None
    ]
    own = processes.usage_alone(state.supervisor.identity())
    supervisor = [] if own is None else [StandingUse("supervisor", state.supervisor.pid, own.memory_mb, own.cpu_s)]
    return (*parts, *supervisor)
