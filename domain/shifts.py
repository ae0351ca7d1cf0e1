"""Shifts and people as the plant file has them: the weekly pattern, what differs from it, crews, surcharges, working time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.orders import Workers
from domain.shift_changes import ClockText, ShiftChange
from domain.texts import Name, Text
from domain.toml_files import ClockTime, Identifier, LocalDate, Settings

People = Annotated[int, Field(ge=0, le=10_000)]
Wage = Annotated[float, Field(ge=0, le=10_000)]
ShiftOrOff = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")]


class Break(Settings):
    """A break within a shift, local time.

    The first forecasts of a new site, which are made from shifts, dip in it. A machine that idles or runs in a break is never found to be
    on while it should be off: a break is part of its shift.
    """

    from_: ClockTime = Field(alias="from")
    """When it begins."""
    to: ClockTime
    """When it ends; within its shift."""
    paid: bool = False
    """Whether it is paid: counted as hours of the shift's cost."""


class Shift(Settings):
    """A shift that repeats weekly; where `to` is not after `from` it ends on the next day. It belongs to the day it starts."""

    id: Identifier
    """Id by which machines name it."""
    name: Name = ""
    """Name for people."""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    """Weekdays on which it starts."""
    from_: ClockTime = Field(alias="from")
    """When it begins."""
    to: ClockTime
    """When it ends."""
    on_holidays: bool = False
    """Whether it is worked on public holidays."""
    on_shutdowns: bool = False
    """Whether it is worked on the days of a `[[shutdown]]` too, as by a maintenance crew."""
    breaks: tuple[Break, ...] = ()
    """Breaks within it."""
    optional: bool = False
    """Whether it is worked only on the days that a shift change opens it; `days` are then those that advice may open it on."""
    crews: tuple[Identifier, ...] = ()
    """Crews that may work it; none: any, or nobody says."""
    workers: Mapping[Identifier, People] = {}
    """How many people of each skill work it; none: as many as the crew has."""
    wage_eur_per_hour: Wage | None = None
    """What an hour of one of its people costs without surcharges, with what the employer pays on top; none: as the crew's [EUR/h]."""
    may_move_min: int = Field(default=0, ge=0, le=240, multiple_of=15)
    """By how much advice may have it begin and end earlier or later on a day [min]; 0: never. It needs a crew."""


class Shutdown(Settings):
    """Days on which the plant stands still: company holidays, an overhaul.

    No shift begins on them except one with `on_shutdowns`, no job is moved into them, and a machine that runs then is reported. Forecasts treat
    them as a day type of their own. Bills and limits stay as they are.
    """

    from_: LocalDate = Field(alias="from")
    """First day of it."""
    to: LocalDate
    """Last day of it."""
    name: Name = ""
    """Name for people."""


class PlannedShiftChange(Settings):
    """One shift on one day, against the weekly pattern; others come on ``energy.shift_changes.v1`` and go before those of the file.

    What is left out stays as the shift has it.
    """

    shift: Identifier
    """The shift."""
    day: LocalDate
    """The day on which it begins."""
    worked: bool
    """Whether it is worked on that day: whatever weekday, holiday or shutdown it is."""
    from_: ClockText = Field(default="", alias="from")
    """When it begins on that day."""
    to: ClockText = ""
    """When it ends; where that is not after its beginning, on the day after."""
    workers: Mapping[Identifier, People] = {}
    """How many people of each skill work it."""
    crew: Identifier | None = None
    """The crew that works it."""
    reason: Text = ""
    """Why, for people."""

    @classmethod
    def of(cls, change: ShiftChange) -> PlannedShiftChange:
        """What a record has, without who entered it and when; its bounds were checked where it was read."""
        return cls.model_construct(
            shift=change.shift, day=date.fromisoformat(change.day_local), worked=change.worked, from_=change.from_local,
            to=change.to_local, workers={one.skill: one.workers for one in change.workers}, crew=change.crew, reason=change.reason,
        )  # fmt: skip

    def people(self) -> tuple[Workers, ...]:
        """Its workers, as a record has them."""
        return tuple(Workers(skill, count) for skill, count in sorted(self.workers.items()))


class Crew(Settings):
    """People who work the same shifts: no single person is known, and no hours of one are kept."""

    id: Identifier
    """Id by which shifts name it."""
    name: Name = ""
    """Name for people."""
    workers: Mapping[Identifier, People] = {}
    """How many people of each skill it has."""
    rotation: tuple[ShiftOrOff, ...] = ()
    """The shift that it works, week after week, and then from the first again; an empty text is a week off. None: no rotation."""
    rotation_from: LocalDate | None = None
    """The Monday of a week in which it works the first of its rotation."""
    most_hours_per_week: float | None = Field(default=None, gt=0, le=168)
    """What may be planned for it in a week; none: as `[working_time]` has it [h]."""
    wage_eur_per_hour: Wage | None = None
    """What an hour of one of its people costs without surcharges, with what the employer pays on top; none: not known [EUR/h]."""


class SurchargeKind(StrEnum):
    """Which time a surcharge is paid for."""

    ALWAYS = "always"
    """All hours of the shifts that it names: for a shift outside the usual ones."""
    NIGHT = "night"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"


class Surcharge(Settings):
    """What is paid on top of the wage for some hours, from a day on. Nothing is taken for given: without any, no surcharge is counted.

    Saturdays, Sundays and holidays are local days, whatever shift the hours belong to.
    """

    kind: SurchargeKind
    """``night`` every day, ``saturday``, ``sunday``, ``holiday``, or ``always``."""
    percent: float = Field(ge=0, le=1000)
    """On top of the wage [%]."""
    valid_from: LocalDate
    """First day on which it holds."""
    valid_to: LocalDate | None = None
    """First day on which it holds no more; none: until further notice."""
    source: Text = Field(min_length=1)
    """Where it is agreed: the collective or works agreement, with its date."""
    from_: ClockTime = Field(default="00:00", alias="from")
    """Where its time begins on each day."""
    to: ClockTime = "24:00"
    """Where it ends; if that is not after `from`, on the day after: ``22:00`` to ``06:00`` is one night, of the day it begins."""
    dates: tuple[Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-([0-2][0-9]|3[01])$")], ...] = ()
    """Only on these dates of a year, ``MM-DD``, whatever days of the week they are; none: on all of its kind."""
    shifts: tuple[Identifier, ...] = ()
    """Only in these shifts; none: in all."""
    on_top: bool = False
    """Whether it is added to the others that hold at the same time. Of those that are not, only the highest counts."""


class WorkingTime(Settings):
    """Limits of working time that plans keep. The defaults are those of the German Arbeitszeitgesetz; an agreement may say less."""

    rest_hours: float = Field(default=11.0, ge=0, le=24)
    """Uninterrupted rest between two shifts of one crew (ArbZG section 5) [h]."""
    usual_hours_per_day: float = Field(default=8.0, gt=0, le=24)
    """What a working day may have on average (ArbZG section 3) [h]."""
    most_hours_per_day: float = Field(default=10.0, gt=0, le=24)
    """What a single day may have where the average stays at the usual hours (ArbZG section 3) [h]."""
    most_hours_per_week: float = Field(default=48.0, gt=0, le=168)
    """What a week may have on average: six working days of the usual hours (ArbZG section 3) [h]."""
    source: Text = "Arbeitszeitgesetz, sections 3 and 5"
    """Where they are written."""
