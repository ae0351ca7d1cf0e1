"""The step of the governor, keyed by site: projection, levels of loads, forecasts and decisions to advice to hold and to release.

It looks once a minute of the running quarter hour, at the first projection in it, and waits as long as waiting costs nothing. What it advises is
named by quarter hour and number, so that the same input leads to the same records. Time comes from the projection alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.clock import Clock, instant
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.plant import Plant
from domain.recommendations import Decision, Recommendation
from domain.steps import Outputs, Records
from domain.topics import DECISIONS, DEMAND, FORECASTS, GOVERNING, READINGS, RECOMMENDATIONS
from governor.live.book import Book
from governor.live.deciding import Deciding
from governor.live.instruments import Instruments
from governor.live.plausible import is_of_a_quarter_hour
from governor.live.state import Ahead, GovernorState, decode_state, encode_state

LATE = timedelta(minutes=5)
"""A projection that is older by the plant's clock is history: nothing can be held any more by what it says."""
AHEAD = timedelta(minutes=5)


class GovernorStep:
    """Holds and releases of one site.

    Parameters
    ----------
    clock
        The plant's: projections that are not of now are passed over. None: the records alone say the time.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._plant, self._clock = plant, clock
        self._instruments = Instruments(plant)
        self._deciding = Deciding(self._instruments)
        self._book = Book(self._instruments.loads)

    def initial(self, key: str) -> GovernorState:
        """A site of which nothing is known."""
        return GovernorState()

    def encode(self, state: GovernorState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> GovernorState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: GovernorState, records: Records) -> tuple[GovernorState, Outputs]:
        """Each record in turn."""
        outputs: Outputs = []
        for topic, record in records:
            if record.site != self._plant.site.id:
                continue
            if topic is READINGS:
                if not self._is_ahead(instant(record.observed_ms)) and self._instruments.take(state.notes, record):
                    state.encoded = None
            elif topic is FORECASTS:
                self._take_forecast(state, record)
            elif topic is DECISIONS:
                outputs += _advice(self._take_decision(state, record))
            elif topic is DEMAND:
                outputs += self._take_demand(state, record)
        return state, outputs

    def _take_forecast(self, state: GovernorState, forecast: Forecast) -> None:
        before = state.notes.ahead
        if self._is_ahead(forecast.issued_utc):
            return
        if not forecast.replayed and not forecast.meter and (before is None or forecast.issued_utc >= before.issued_utc):
            state.notes.ahead, state.encoded = Ahead.of(forecast), None

    def _take_decision(self, state: GovernorState, decision: Decision) -> list[Recommendation]:
        found = self._book.decide(state.notes, decision)
        state.encoded = None if found else state.encoded
        return found

    def _take_demand(self, state: GovernorState, demand: Demand) -> Outputs:
        """Look, where a minute has begun."""
        notes = state.notes
        if not is_of_a_quarter_hour(demand):
            return []
        minute = int(demand.elapsed_s // 60)
        seen = notes.looked_utc is not None and demand.at_utc <= notes.looked_utc
        if seen or (notes.quarter_utc, notes.minute) == (demand.start_utc, minute) or self._is_of_another_time(demand):
            return []
        notes.looked_utc, notes.minute, state.encoded = demand.at_utc, minute, None
        if notes.quarter_utc != demand.start_utc:
            notes.quarter_utc, notes.given, notes.requested = demand.start_utc, 0, []
        outputs = _advice(self._book.pass_time(notes, demand.at_utc))
        found, stated = self._deciding.look(notes, demand)
        outputs += _advice(self._book.give(notes, found))
        if stated is not None:
            notes.stated = stated
            outputs.append((GOVERNING, stated))
        return outputs

    def _is_ahead(self, at_utc: datetime) -> bool:
        """Whether something is dated later than clocks may be apart: it would keep out what is right."""
        return self._clock is not None and at_utc > self._clock.now_utc() + AHEAD

    def _is_of_another_time(self, demand: Demand) -> bool:
        if self._clock is None:
            return False
        behind = self._clock.now_utc() - demand.at_utc
        return not -AHEAD <= behind <= LATE


def _advice(found: list[Recommendation]) -> Outputs:
    return [(RECOMMENDATIONS, one) for one in found]
