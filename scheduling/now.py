"""What time it is, when some records may be dated wrongly. Time comes only from the records.

Three sources say what time it is: forecasts by their issue, the running quarter hour by its reading, live quarter hours by their end
(`domain.newest`). Of each only the newest record counts, so what was wrong is gone with its next record. It is as late as two of them say;
where no two agree, as early as one of them says. Imported quarter hours, orders and decisions never move time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.instants import UtcInstant

JUMP = timedelta(hours=6)
"""Sources that are no further apart than this agree."""
Clocks = dict[str, UtcInstant]
"""The newest time of each source."""


def now_of(clocks: Mapping[str, datetime]) -> datetime | None:
    """The time that two sources agree on, else the earliest; None before the first."""
    times = clocks.values()
    confirmed = [at for at in times if sum(abs(other - at) <= JUMP for other in times) > 1]
    return max(confirmed, default=min(times, default=None))


def agreed(clocks: Mapping[str, datetime], one: str, other: str) -> datetime | None:
    """The time by two sources; None where they do not agree, or are not both known."""
    times = [clocks[name] for name in (one, other) if name in clocks]
    return max(times) if len(times) == 2 and is_near(*times) else None


def is_near(at_utc: datetime, now_utc: datetime) -> bool:
    """Whether something that is dated `at_utc` can be of now."""
    return abs(at_utc - now_utc) <= JUMP
