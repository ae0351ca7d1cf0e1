"""What is advised at one minute of the running quarter hour, and what the governor states of itself. Pure; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.demand import Demand
from domain.facts import Fact
from domain.governing import CanWait, Governing, GovernorMode
from domain.load_facts import no_forecast, none_waits, not_known, silent_not_synchronised, silent_partial
from domain.recommendations import Action, Recommendation, RecommendationStatus
from flexibility.holding import Holdable, holdable_now
from governor.live.choosing import capacity_kw, choose, in_turn
from governor.live.instruments import Instruments, Known
from governor.live.moment import MINUTE, NOTICE, RULE, SHORTEST, Running, moment, running
from governor.live.state import Held, Notes
from governor.live.writing import hold, release
from governor.rules import Moment, shift_kw

FORECAST_IS_NEW = timedelta(hours=26)
"""How old a forecast may be: a day, and some time for the next one."""
MOST_SHOWN = 100
LEAST_KW = 2.0
"""What a load draws less must be at least this: less is not worth a call."""


@dataclass(frozen=True, slots=True)
class Draft:
    """New advice, and what each of its loads draws more afterwards [kWh]."""

    advice: Recommendation
    backs_kwh: Mapping[str, float]


class Deciding:
    """Decides for the loads of one plant."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def look(self, notes: Notes, demand: Demand) -> tuple[list[Draft], Governing | None]:
        """Advice at this minute, and what is to be published because it has changed; None: nothing has."""
        silent = _silent(notes, demand)
        run = None if silent or notes.ahead is None else running(demand, notes.ahead)
        if run is None:
            silent = silent or [no_forecast()]
            return [], _changed(
                notes, Governing(demand.site, demand.at_utc, GovernorMode.SILENT, demand.start_utc, None, reason=tuple(silent))
            )
        known = self._instruments.known(notes, run.now_utc)
        could = self._holdable(known, run)
        free = [one for one in could if one.name not in notes.requested and not _runs_on(notes.held.get(one.name), run)]
        held = [*notes.held.values(), *_requested(notes)]
        why, flexibility = moment(run, free, held)
        drafts: list[Draft] = []
        if demand.confidence != "early" and run.minute in flexibility.decision_minutes:
            wanted = shift_kw(RULE, why, flexibility)
            if wanted > 0:
                drafts = list(self._hold(notes, demand, run, why, wanted, in_turn(free, notes.released)))
            elif wanted < 0:
                drafts = list(self._release(notes, demand, run, why, -wanted, known))
        return drafts, _changed(notes, self._of_itself(notes, demand, why, could, known, drafts))

    def _holdable(self, known: Known, run: Running) -> list[Holdable]:
        """The loads that can be held from now to the end of the quarter hour: what would have to draw again before that lowers nothing."""
        step = max(run.end_utc - run.now_utc, MINUTE)
        found = holdable_now(self._instruments.loads.values(), known.states, run.now_utc, step)
        return [one for one in found if one.kw_now >= LEAST_KW]

    def _hold(
        self, notes: Notes, demand: Demand, run: Running, why: Moment, wanted_kw: float, free: list[Holdable]
    ) -> Iterator[Draft]:
        """Advice to hold, once waiting another minute would leave too little time for it."""
        start = run.now_utc + NOTICE
        is_last = run.end_utc - (start + MINUTE) < SHORTEST
        if not is_last and capacity_kw(run, free, start + MINUTE) >= wanted_kw:
            return
        back = [(one.until_utc, one.back_kwh) for one in notes.held.values()]
        chosen = choose(run, wanted_kw, why.level_kw, free, self._instruments.loads, back)
        if chosen:
            assert notes.ahead is not None
            yield Draft(hold(demand, run, why, chosen, notes.ahead, notes.given + 1), {one.load: one.back_kwh for one in chosen})

    def _release(self, notes: Notes, demand: Demand, run: Running, why: Moment, room_kw: float, known: Known) -> Iterator[Draft]:
        """Advice to release, who was held last first, one load after the other."""
        assert notes.ahead is not None
        number, start = notes.given, run.now_utc + NOTICE
        for name, one in sorted(notes.held.items(), key=lambda item: (-item[1].since_utc.timestamp(), item[0])):
            state, back = known.states.get(name), run.mean_kw(one.kw, max(start, one.since_utc))
            load = self._instruments.loads.get(name)
            if one.until_utc < run.end_utc or state is None or load is None or not 0 < back <= room_kw or _is_released(notes, name):
                continue
            if one.since_utc + load.min_off_min * MINUTE > start:
                continue
            number, room_kw = number + 1, room_kw - back
            yield Draft(release(demand, run, why, name, one, notes.ahead, number), {})

    def _of_itself(
        self, notes: Notes, demand: Demand, why: Moment, could: list[Holdable], known: Known, drafts: list[Draft]
    ) -> Governing:
        can_wait = tuple(CanWait(one.name, round(one.kw_now, 1), one.until_utc) for one in could[:MOST_SHOWN])
        reason: list[Fact] = [not_known(known.unknown)] if known.unknown else []
        if known.states and not could:
            reason.append(none_waits(sorted(known.states)))
        mode = GovernorMode.WATCHING
        if any(draft.advice.action is Action.HOLD for draft in drafts) or any(
            one.until_utc > demand.at_utc for one in [*notes.held.values(), *_requested(notes)]
        ):
            mode = GovernorMode.HOLDING
        elif notes.held:
            mode = GovernorMode.RETURNING
        return Governing(
            demand.site, demand.at_utc, mode, demand.start_utc, round(why.level_kw, 1), can_wait, round(sum(one.kw_now for one in could), 1), tuple(reason)
        )  # fmt: skip


def _silent(notes: Notes, demand: Demand) -> list[Fact]:
    """Why nothing can be decided; empty where something can."""
    if demand.confidence == "partial":
        return [silent_partial(demand.start_utc)]
    if not demand.synchronised:
        return [silent_not_synchronised()]
    if notes.ahead is None or demand.at_utc - notes.ahead.issued_utc > FORECAST_IS_NEW:
        return [no_forecast()]
    return []


def _requested(notes: Notes) -> list[Held]:
    """What is requested for and not answered yet, as if it were held."""
    return [
        Held(name, place.start_utc, place.end_utc, place.kw, 0.0, place.kw)
        for name, advice in notes.advice.items()
        if advice.status is RecommendationStatus.OPEN and advice.action is Action.HOLD
        for place in advice.loads
    ]


def _runs_on(held: Held | None, run: Running) -> bool:
    """Whether a load is held to the end of the quarter hour already."""
    return held is not None and held.until_utc >= run.end_utc


def _is_released(notes: Notes, load: str) -> bool:
    releases = (one for one in notes.advice.values() if one.action is Action.RELEASE)
    return any(place.load == load for one in releases for place in one.loads)


def _changed(notes: Notes, now: Governing) -> Governing | None:
    """What is to be published: another mode, reason or choice of loads, or another quarter hour while there is something to say."""
    before = notes.stated
    if before is None:
        return now
    names = [[one.load for one in stated.can_wait] for stated in (before, now)]
    same = (before.mode, before.reason) == (now.mode, now.reason) and names[0] == names[1]
    if same and (now.mode is GovernorMode.SILENT or before.start_utc == now.start_utc):
        return None
    return now
