"""Settings of the demo, and where it keeps its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from quarters.profiles.sniff.reading import ReadOptions

QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """One run of the demo."""

    folder: Path
    minutes: float | None
    """Real minutes of live running; None runs until Ctrl-C."""
    summary: Path | None
    speed: float = 60.0
    seed: int | None = None
    accept: str = "auto"
    replay: Path | None = None
    read_options: ReadOptions = field(default_factory=ReadOptions)
    """How the load profile is to be read, where it leaves something open."""
    start_utc: datetime | None = None
    pull: tuple[str, ...] = ()
    """Plugs to pull, each as ``METER@HH:MM+MINUTES``: local time of the plant and plant minutes."""

    kill: tuple[str, ...] = ()
    """Jobs to kill, each as ``JOB@HH:MM``, local time of the plant; the supervision brings them back."""

    @property
    def plant_dir(self) -> Path:
        """The plant folder that the demo writes."""
        return self.folder / "plant"

    @property
    def clock_file(self) -> Path:
        """The clock that all parts share."""
        return self.folder / "clock"

    @property
    def truth(self) -> Path:
        """The simulator's record of what really happened."""
        return self.folder / "truth.sqlite"

    @property
    def history(self) -> Path:
        """Five weeks of quarter hours before the live span."""
        return self.folder / "history.csv"

    @property
    def scrap_sheet(self) -> Path:
        """What the moulding machines made in these five weeks, by shift."""
        return self.folder / "scrap.csv"

    def live_span(self) -> timedelta | None:
        """Plant time of the live run, in whole quarter hours; at least one."""
        if self.minutes is None:
            return None
        quarters = max(1, int(self.minutes * 60 * self.speed) // QUARTER_S)
        return timedelta(seconds=quarters * QUARTER_S)
