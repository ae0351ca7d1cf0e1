"""What a planning problem is made from: everything that is known of a site at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.forecasts import Forecast
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import JobPlace, Recommendation
from quarters.numbers import quarter_from, slot_of
from scheduling.live.horizon import Horizon
from scheduling.planner.problem import DemandCharge
from scheduling.problem import Outlook


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a site."""

    plant: Plant
    """With the shift changes that have come (`domain.plant.plant_with_changes`)."""
    now_utc: datetime
    forecast: Forecast
    outlook: Outlook
    """The forecast load with the jobs where they are planned now (`scheduling.outlook`)."""
    orders: Mapping[str, Order]
    """Newest revision of each job, with learned powers (`domain.job_power.with_power`)."""
    accepted: Mapping[str, JobPlace]
    """Where accepted advice that is not carried out yet puts a job."""
    open: tuple[Recommendation, ...] = ()
    """Advice that nobody has decided, in the order of its issue."""
    held: frozenset[str] = frozenset()
    """Jobs and shifts that stay as they are: somebody declined to change them."""

    def horizon(self, to_decide: bool = True) -> Horizon | None:
        """The slots that are planned: from the first quarter hour that can still change to the end of the forecast; None where there is none.

        Parameters
        ----------
        to_decide
            Whether people still have to decide; else only the notice is left before slot 0.
        """
        settings = self.plant.planning
        lead = timedelta(minutes=settings.notice_min) + self._to_decide(to_decide)
        first = slot_of(quarter_from(self.now_utc + lead))
        first = max(first, self.outlook.first_slot)
        count = min(self.outlook.end_slot - first, int(4 * settings.horizon_h))
        return Horizon(first, count) if count > 0 else None

    def shifts_from_utc(self, to_decide: bool = True) -> datetime:
        """The first instant at which a shift may begin that is still to be opened or dropped."""
        return self.now_utc + timedelta(hours=self.plant.planning.shift_notice_h) + self._to_decide(to_decide)

    def _to_decide(self, to_decide: bool) -> timedelta:
        return timedelta(minutes=self.plant.planning.decide_min if to_decide else 0)


@dataclass(frozen=True, slots=True)
class SlotPrices:
    """What load costs in the slots of one horizon."""

    energy_eur_per_kwh: tuple[float, ...]
    """Of one more kilowatt-hour, a value a slot."""
    charges: tuple[DemandCharge, ...]
    """What a peak costs over the rest of its billing period (`scheduling.live.charges`)."""
