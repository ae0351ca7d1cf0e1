"""What goes wrong, as data: scheduled against the start of the live span, the same in every run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendars import at_local
from simulation.weather import Overcast


@dataclass(frozen=True, slots=True)
class LeftOn:
    """A furnace keeps its temperature although nobody needs it."""

    machine: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class CounterReset:
    """A meter's energy registers begin again at zero; the energy itself flows on."""

    meter: str
    at_s: float


@dataclass(frozen=True, slots=True)
class NetworkOutage:
    """The meters cannot be reached; their counters go on."""

    meters: tuple[str, ...]
    from_s: float
    to_s: float


TRAINING_FURNACE_KW = 140.0
_PULL = re.compile(r"(?P<meter>[\w.-]+)@(?P<clock>(?:[01]\d|2[0-3]):[0-5]\d)\+(?P<minutes>[1-9]\d{0,4})")


def pulled_plug(text: str, after_utc: datetime, zone: ZoneInfo) -> NetworkOutage:
    """The outage that ``METER@HH:MM+MINUTES`` asks for: at the next such local time at or after `after_utc`.

    Raises
    ------
    ValueError
        For any other text.
    """
    found = _PULL.fullmatch(text.strip())
    if found is None:
        msg = f"{text!r}: expected METER@HH:MM+MINUTES such as press-1@07:30+180"
        raise ValueError(msg)
    day = after_utc.astimezone(zone).date()
    start = at_local(day, found["clock"], zone)
    if start < after_utc:
        start = at_local(day + timedelta(days=1), found["clock"], zone)
    from_s = start.astimezone(UTC).timestamp()
    return NetworkOutage((found["meter"],), from_s, from_s + 60.0 * int(found["minutes"]))


@dataclass(frozen=True, slots=True)
class Wear:
    """A machine loses efficiency steadily, from none at `from_s` to `loss` at `to_s` and on at that pace."""

    machine: str
    from_s: float
    to_s: float
    loss: float

    def at(self, t_s: float) -> float:
        """Share of its output that the machine has lost, at most 0.3."""
        return min(0.3, max(0.0, self.loss * (t_s - self.from_s) / (self.to_s - self.from_s)))


@dataclass(frozen=True, slots=True)
class Bearing:
    """A bearing that fails: while the machine runs it shakes more, from nothing at `from_s` to `mm_s` more at `to_s`, and stays so."""

    machine: str
    from_s: float
    to_s: float
    mm_s: float
    """Vibration above that of the sound machine at the end [mm/s]."""

    def at(self, t_s: float) -> float:
        """Vibration above that of the sound machine [mm/s]."""
        return self.mm_s * min(1.0, max(0.0, (t_s - self.from_s) / (self.to_s - self.from_s)))


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Something draws `kw` behind the main meter and no other, and stands in no plan."""

    kw: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Leak:
    """Compressed air that escapes beside what always does, until somebody seals it."""

    m3_per_min: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class ExtraWork:
    """These machines work although the shift calendar has no shift."""

    machines: tuple[str, ...]
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class WornMould:
    """A machine makes more scrap than usual."""

    machine: str
    from_s: float
    to_s: float
    share: float
    """Of its pieces, 0..1."""


@dataclass(frozen=True, slots=True)
class Surprises:
    """Everything that is not as planned."""

    left_on: tuple[LeftOn, ...] = ()
    resets: tuple[CounterReset, ...] = ()
    outages: tuple[NetworkOutage, ...] = ()
    wear: tuple[Wear, ...] = ()
    overcast: tuple[Overcast, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    leaks: tuple[Leak, ...] = ()
    extra_work: tuple[ExtraWork, ...] = ()
    bearings: tuple[Bearing, ...] = ()
    worn_moulds: tuple[WornMould, ...] = ()

    def wear_of(self, machine: str, t_s: float) -> float:
        """Loss of `machine` at `t_s`, 0 if it is as new."""
        return max((wear.at(t_s) for wear in self.wear if wear.machine == machine), default=0.0)

    def leaked_m3_per_min(self, t_s: float) -> float:
        """Compressed air that escapes at `t_s` beside what always does."""
        return sum(leak.m3_per_min for leak in self.leaks if leak.from_s <= t_s < leak.to_s)

    def extra_job(self, machine: str, t_s: float) -> str:
        """What `machine` works on at `t_s` outside the plan; empty for nothing."""
        return "extra-work" if any(machine in one.machines and one.from_s <= t_s < one.to_s for one in self.extra_work) else ""

    def shaking_of(self, machine: str, t_s: float) -> float:
        """Vibration of `machine` above that of a sound one while it runs [mm/s]."""
        return max((bearing.at(t_s) for bearing in self.bearings if bearing.machine == machine), default=0.0)


NONE = Surprises()


def scheduled(start_utc: datetime, zone: ZoneInfo) -> Surprises:
    """The surprises of a demo whose live span begins at `start_utc`, on a Friday morning.

    Fog hides the sun until the early afternoon; the chiller's meter restarts at zero mid-morning; the compressor house has no
    network for ten minutes, a moulding machine and the charging points have none for three hours; the chamber furnace stays on
    after the last shift until Monday's warm-up. Within one quarter hour of the morning somebody tries out the old furnace of the
    training workshop. The first compressor has been wearing for five weeks, and since last Saturday
    a coupling leaks air. A bearing of the first press fails from half past seven on.

    The first moulding machine's mould breaks out at half past seven: every seventh piece is scrap until it is changed for Monday.

    The second moulding machine's control remembers what it measured and can be read afterwards; the meter of the charging points
    only counts on.
    """
    day = start_utc.astimezone(zone).date()

    def at(clock: str, days: int = 0) -> float:
        return at_local(day + timedelta(days=days), clock, zone).timestamp()

    five_weeks = timedelta(days=35).total_seconds()
    start_s = start_utc.timestamp()
    return Surprises(
        left_on=(LeftOn("furnace-1", at("14:00"), at("01:00", 3)),),
        resets=(CounterReset("chiller", at("10:07")),),
        outages=(
            NetworkOutage(("compressor-1", "compressor-2"), at("11:10"), at("11:20")),
            NetworkOutage(("moulding-2",), at("07:30"), at("10:30")),
            NetworkOutage(("ev-chargers",), at("07:30"), at("10:30")),
        ),
        wear=(Wear("compressor-1", start_s - five_weeks, start_s, 0.11),),
        overcast=(Overcast(at("00:00"), at("13:30")),),
        unplanned=(Unplanned(TRAINING_FURNACE_KW, at("06:46"), at("06:59")),),
        leaks=(Leak(0.8, at("02:00", -6), at("00:00", 60)),),
        bearings=(Bearing("press-1", at("07:30"), at("14:00"), 4.2),),
        worn_moulds=(WornMould("moulding-1", at("07:30"), at("01:00", 3), 0.15),),
    )
