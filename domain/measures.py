"""Measures that somebody took to save energy, and what else happened: the file that `lastgang baseline` reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from domain.emission_factors import EmissionFactor
from domain.errors import Fault, InputFaults
from domain.texts import Name, Text
from domain.toml_files import Identifier, LocalDate, Settings, load_toml


class Measure(Settings):
    """One measure."""

    id: Identifier
    begins: LocalDate
    """First local day on which it may show."""
    complete: LocalDate | None = None
    """First local day on which it acts in full; the days from `begins` on until then count for nothing. Without it: `begins`."""
    description: Text = ""
    """For the report."""
    meters: tuple[Identifier, ...] = ()
    """On which it shows. Without them: on every meter that is looked at."""

    @property
    def acts_from(self) -> date:
        """First local day that counts."""
        return self.begins if self.complete is None else self.complete

    @model_validator(mode="after")
    def _in_order(self) -> Measure:
        if self.complete is not None and self.complete < self.begins:
            msg = f"complete = {self.complete}: expected {self.begins} or later, where it begins"
            raise ValueError(msg)
        return self

    def shows_on(self, meter: str | None) -> bool:
        """Whether it is looked for on that meter; None: a file that names none."""
        return not self.meters or meter is None or meter in self.meters


class Event(Settings):
    """Something that has nothing to do with any measure: a shutdown, a fair, a machine that was lent. A non-routine event."""

    name: Name
    first: LocalDate
    """Its first local day ..."""
    last: LocalDate
    """... and its last one, which belongs to it."""
    kwh_per_day: Annotated[float, Field(ge=-1e9, le=1e9)] | None = None
    """What it added to each day [kWh]; below zero: what it took. Without it its days count for nothing."""

    @model_validator(mode="after")
    def _in_order(self) -> Event:
        if self.last < self.first:
            msg = f"last = {self.last}: expected {self.first} or later, its first day"
            raise ValueError(msg)
        return self

    def holds(self, day: date) -> bool:
        """Whether it was on on `day`."""
        return self.first <= day <= self.last


class Measures(Settings):
    """The file."""

    measure: Annotated[tuple[Measure, ...], Field(max_length=100)] = ()
    event: Annotated[tuple[Event, ...], Field(max_length=100)] = ()
    co2: EmissionFactor | None = None


def load_measures(path: Path) -> Measures:
    """The measures in the TOML file `path`.

    Raises
    ------
    InputFaults
        With every fault of the file, and where an id is there twice.
    """
    found = load_toml(path, Measures)
    ids = [one.id for one in found.measure]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise InputFaults([Fault(str(path), None, "measure.id", ", ".join(twice), "each id once")])
    return found
