"""An electric fleet in the linear program: charging placed by routes and departure times, within what the batteries' life allows.

Power is the mean of a quarter hour: one below the least that a charge point can give is made by charging for a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flexibility.charging import Session
from flexibility.horizon import QUARTER_H, Horizon
from flexibility.program import Program

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SessionColumns:
    """Where a session stands in the program."""

    session: Session
    power: dict[int, int]
    """Quarter hour -> column of its mean power [kW]."""
    level: int
    """Column of the charge at the end of the session or of the horizon [kWh]."""
    unmet: int
    """Column of what is missing then, as energy from the grid [kWh]."""
    top_kwh: float
    """The charge that is not exceeded [kWh]."""


def add_sessions(program: Program, horizon: Horizon, sessions: Sequence[Session]) -> list[SessionColumns]:
    """Put `sessions` into `program`; a vehicle's next one begins with what its trip left.

    A session that goes on after the horizon gets its part of the energy within it: as much as of its time.
    """
    found: list[SessionColumns] = []
    before: dict[str, SessionColumns] = {}
    for session in sorted(sessions, key=lambda one: (one.ready_utc, one.vehicle)):
        if session.ready_utc <= horizon.start_utc or session.from_utc >= horizon.end_utc:
            continue
        columns = _add(program, horizon, session, before.get(session.vehicle))
        before[session.vehicle] = columns
        found.append(columns)
    return found


def _add(program: Program, horizon: Horizon, session: Session, before: SessionColumns | None) -> SessionColumns:
    shares = {slot: share for slot in horizon.slots if (share := horizon.share(slot, session.from_utc, session.ready_utc)) > 0}
    left_h = max((session.ready_utc - max(session.from_utc, horizon.start_utc)) / HOUR, 0.0)
    part = min(sum(shares.values()) * QUARTER_H / left_h, 1.0) if session.ready_utc > horizon.end_utc else 1.0
    if before is None:
        start, top_kwh, limit_kw = session.level_kwh, session.top_kwh, session.limit_kw(left_h)
        came: dict[int, float] = {}
    else:
        # It set out with what was charged and what was missing then, and used what the trip needs.
        came = {before.level: 1.0, before.unmet: before.session.efficiency}
        start, empty = -before.session.needed_kwh, session.with_level(0.0, session.from_utc)
        top_kwh, limit_kw = max(empty.top_kwh, before.top_kwh + start), empty.limit_kw(left_h)
    power = {slot: program.column(0.0, limit_kw * share) for slot, share in shares.items()}
    level, unmet = program.column(0.0, top_kwh), program.column()
    charged = dict.fromkeys(power.values(), -session.efficiency * QUARTER_H)
    program.row({level: 1.0} | charged | _times(came, -1.0), start, start)
    wanted = max(session.needed_kwh, session.level_kwh) if before is None else session.needed_kwh
    program.row({level: 1.0, unmet: session.efficiency} | _times(came, part - 1.0), start + part * (wanted - start))
    return SessionColumns(session, power, level, unmet, top_kwh)


def _times(terms: dict[int, float], factor: float) -> dict[int, float]:
    return {column: factor * value for column, value in terms.items()}
