"""What runs, on disk: so that `status` and `down` find it, and a crash of the supervisor leaves nobody behind unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, ValidationError, model_validator

from deploy.processes import ProcessId, born_at
from domain.files import write_whole
from domain.toml_files import Settings

FILE_NAME = "stack.json"


class ProcessState(Settings):
    """A `ProcessId` as it is written."""

    pid: int
    birth: str

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, found: Any) -> Any:
        if isinstance(found, dict) and isinstance(found.get("created"), float):
            return {"pid": found.get("pid"), "birth": born_at(found["created"])}
        return found

    @classmethod
    def of(cls, identity: ProcessId) -> ProcessState:
        """As it is written."""
        return cls(pid=identity.pid, birth=identity.birth)

    def identity(self) -> ProcessId:
        """As the rest of the program knows it."""
        return ProcessId(self.pid, self.birth)


class PartState(Settings):
    """One part as the supervisor saw it last."""

    name: str
    state: str
    process: ProcessState | None = None
    family: tuple[ProcessState, ...] = ()
    """The process and its descendants."""
    port: int | None = None
    memory_mb: float = Field(default=0.0, validation_alias=AliasChoices("memory_mb", "rss_mb"))  # earlier versions wrote the latter
    cpu_s: float = 0.0
    restarts: int = 0
    note: str = ""


class StackState(Settings):
    """The whole stack; `phase` is one of starting, ready, degraded (up, but a part does not run), stopping, stopped, failed."""

    phase: str
    supervisor: ProcessState
    plant: str
    message: str = ""
    ports: dict[str, int] = Field(default_factory=dict)
    """Every port, by the name of its setting; where that is 0, the one that was picked."""
    namespace: str = ""
    page: str = ""
    """Address of the web page for a browser on this machine."""
    parts: tuple[PartState, ...] = ()

    def is_supervised(self) -> bool:
        """Whether the supervisor that wrote this runs."""
        return self.supervisor.identity().is_alive()

    def has_broker(self) -> bool:
        """Whether the broker's process runs, with its supervisor or without."""
        return any(part.name == "kafka" and part.process and part.process.identity().is_alive() for part in self.parts)

    def is_of_an_earlier_boot(self) -> bool:
        """Whether the computer has been started again since."""
        return self.supervisor.identity().is_of_an_earlier_boot()

    def doubtful(self) -> list[int]:
        """Pids of processes that may be this stack's, though they cannot be recognised for certain."""
        known = {self.supervisor.identity(), *(member.identity() for part in self.parts for member in part.family)}
        return sorted({identity.pid for identity in known if identity.is_doubtful()})

    def living(self) -> list[PartState]:
        """Parts of which a process still runs."""
        return [part for part in self.parts if any(member.identity().is_alive() for member in part.family)]


def write_state(home: Path, state: StackState) -> None:
    """Replace the file whole: a reader sees the old or the new one."""
    write_whole(home / FILE_NAME, state.model_dump_json(indent=1))


def read_state(home: Path) -> StackState | None:
    """The last state; None where there has never been a stack, or its file is of another version."""
    try:
        return StackState.model_validate_json((home / FILE_NAME).read_text())
    except (OSError, ValidationError):
        return None
