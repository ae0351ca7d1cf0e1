"""What a watch is given of one quarter hour of a site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from detection.site.levels import Floats, Levels, sound_kw
from detection.site.machines import SiteMachine, SiteMachines
from detection.site.state import Notes, SiteState
from domain.plant import Plant
from quarters.numbers import slot_of, slot_start
from quarters.periods import midnight_utc
from quarters.series import QuarterSeries

Price = Callable[[datetime], float | None]
"""What one more kilowatt-hour costs at an instant [EUR]; None: not known."""
WEEKS_BACK = (7, 14, 21, 28)


@dataclass(frozen=True, slots=True)
class View:
    """One site as it is at the end of quarter hour `slot`."""

    plant: Plant
    machines: SiteMachines
    state: SiteState
    slot: int
    price: Price

    @property
    def notes(self) -> Notes:
        """What is remembered."""
        return self.state.notes

    @property
    def site(self) -> str:
        """Its id."""
        return self.plant.site.id

    @property
    def zone(self) -> ZoneInfo:
        """That of its local days."""
        return self.plant.site.zone

    @property
    def start_utc(self) -> datetime:
        """Start of the quarter hour."""
        return slot_start(self.slot)

    @property
    def end_utc(self) -> datetime:
        """End of the quarter hour: the time that it is."""
        return slot_start(self.slot + 1)

    @property
    def eur_per_kwh(self) -> float | None:
        """The price of the quarter hour."""
        return self.price(self.start_utc)

    def series(self, meter: str) -> QuarterSeries:
        """A meter's quarter hours; empty where none has come."""
        return self.state.series.get(meter, _EMPTY)

    def kw(self, meter: str) -> float | None:
        """What a meter drew in the quarter hour; None where nothing sound is known."""
        found = self.sound_kw(meter, self.slot, self.slot + 1)[0]
        return None if found != found else float(found)

    def sound_kw(self, meter: str, first_slot: int, end_slot: int) -> Floats:
        """Powers [kW]; NaN where nothing sound is known."""
        return sound_kw(self.series(meter), first_slot, end_slot)

    def levels(self, machine: SiteMachine) -> Levels | None:
        """What was learnt of a machine; None before the first time."""
        return self.notes.levels.get(machine.machine.id)

    def day_slots(self, days_back: int) -> tuple[int, int]:
        """First quarter hour of a local day and of the one after it; 0 is the day of `slot`."""
        day = self.start_utc.astimezone(self.zone).date() - timedelta(days=days_back)
        return slot_of(midnight_utc(day, self.zone)), slot_of(midnight_utc(day + timedelta(days=1), self.zone))

    def like_day(self, meter: str, slot: int) -> str | None:
        """Local date of the last day of the same weekday of which the meter's quarter hour at that time is known."""
        for days in WEEKS_BACK:
            like = slot - days * 96
            if self.series(meter).power_kw(like) is not None:
                return slot_start(like).astimezone(self.zone).date().isoformat()
        return None


_EMPTY = QuarterSeries()
