"""What is advised and what became of it: open, accepted, rejected, over; and which loads are held by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from domain.flexible_loads import FlexibleLoad
from domain.intervals import QUARTER
from domain.recommendations import Action, Decision, DecisionKind, LoadPlace, Recommendation, RecommendationStatus
from flexibility.holding import LONGEST
from governor.live.deciding import Draft
from governor.live.state import Held, Notes

BACK = QUARTER
"""How long after a hold what comes back is counted on."""
_FOLLOWED = 0.5
"""Part of what it was to draw less: a load that does so is held."""


class Book:
    """Keeps the advice of one plant's loads.

    Parameters
    ----------
    loads
        By id.
    """

    def __init__(self, loads: Mapping[str, FlexibleLoad]) -> None:
        self._loads = loads

    def give(self, notes: Notes, drafts: Iterable[Draft]) -> list[Recommendation]:
        """Take new advice into the book."""
        given = []
        for draft in drafts:
            advice = draft.advice
            notes.given += 1
            notes.advice[advice.recommendation] = advice
            notes.requested += [place.load for place in advice.loads]
            notes.backs_kwh |= {f"{advice.recommendation}/{load}": kwh for load, kwh in draft.backs_kwh.items()}
            given.append(advice)
        return given

    def decide(self, notes: Notes, decision: Decision) -> list[Recommendation]:
        """A person's word: the first that is in time counts; what is accepted is held, or released."""
        advice = notes.advice.get(decision.recommendation)
        if advice is None or advice.status is not RecommendationStatus.OPEN or decision.at_utc > advice.valid_until_utc:
            return []
        accepted = decision.kind is DecisionKind.ACCEPTED
        status = RecommendationStatus.ACCEPTED if accepted else RecommendationStatus.REJECTED
        decided = replace(advice, decided_by=decision.by, status=status, revision=advice.revision + 1, at_utc=decision.at_utc)
        if accepted:
            notes.advice[advice.recommendation] = decided
            for place in advice.loads:
                self._act(notes, decided, place)
        else:
            self._forget(notes, advice.recommendation)
        return [decided]

    def _act(self, notes: Notes, advice: Recommendation, place: LoadPlace) -> None:
        if advice.action is Action.RELEASE:
            held = notes.held.get(place.load)
            if held is not None:
                notes.held[place.load] = replace(held, until_utc=min(held.until_utc, max(place.start_utc, advice.at_utc)))
            return
        since, power = max(place.start_utc, advice.at_utc), notes.powers.get(place.load)
        back_kwh = notes.backs_kwh.get(f"{advice.recommendation}/{place.load}", 0.0)
        before_kw = place.kw if power is None or power.value is None else power.value
        earlier = notes.held.get(place.load)
        if earlier is not None and earlier.until_utc >= since:  # it goes on
            since, before_kw, back_kwh = earlier.since_utc, earlier.before_kw, earlier.back_kwh + back_kwh
        if since < place.end_utc:
            notes.held[place.load] = Held(advice.recommendation, since, place.end_utc, place.kw, back_kwh, before_kw)

    def pass_time(self, notes: Notes, now_utc: datetime) -> list[Recommendation]:
        """What nobody decided in time expires; what was accepted is over when its loads may draw again."""
        ended: list[Recommendation] = []
        for name, advice in list(notes.advice.items()):
            if advice.status is RecommendationStatus.OPEN and now_utc > advice.valid_until_utc:
                ended.append(_next(advice, RecommendationStatus.EXPIRED, now_utc))
                self._forget(notes, name)
            elif advice.status is RecommendationStatus.ACCEPTED:
                ended += self._followed(notes, advice, now_utc)
        for load, held in list(notes.held.items()):
            if held.until_utc <= now_utc and self._is_back(held, now_utc):
                del notes.held[load]
            if held.until_utc <= now_utc:
                notes.released[load] = held.until_utc
        notes.released = {load: at for load, at in notes.released.items() if now_utc - at < LONGEST and load in self._loads}
        return ended

    @staticmethod
    def _is_back(held: Held, now_utc: datetime) -> bool:
        """Whether what came back has been drawn: it counts in the quarter hour in which the hold ended."""
        return now_utc - held.until_utc >= BACK

    def _followed(self, notes: Notes, advice: Recommendation, now_utc: datetime) -> list[Recommendation]:
        """Its end, where its time is over; carried out where a meter has shown that the loads drew less."""
        if advice.action is Action.HOLD and self._draws_less(notes, advice, now_utc):
            notes.advice[advice.recommendation] = done = _next(advice, RecommendationStatus.CARRIED_OUT, now_utc)
            return [done]
        if now_utc > max(place.end_utc for place in advice.loads):
            self._forget(notes, advice.recommendation)
        return []

    @staticmethod
    def _draws_less(notes: Notes, advice: Recommendation, now_utc: datetime) -> bool:
        """Whether each of its loads draws less than before, while it is held."""
        for place in advice.loads:
            held, power = notes.held.get(place.load), notes.powers.get(place.load)
            if held is None or power is None or power.value is None or not held.since_utc < now_utc <= held.until_utc:
                return False
            if power.at_ms <= held.since_utc.timestamp() * 1000 or held.before_kw - power.value < _FOLLOWED * held.kw:
                return False
        return True

    @staticmethod
    def _forget(notes: Notes, name: str) -> None:
        notes.advice.pop(name, None)
        notes.backs_kwh = {key: kwh for key, kwh in notes.backs_kwh.items() if not key.startswith(f"{name}/")}


def _next(advice: Recommendation, status: RecommendationStatus, at_utc: datetime) -> Recommendation:
    return replace(advice, status=status, revision=advice.revision + 1, at_utc=at_utc)
