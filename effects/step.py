"""The step of the effects, keyed by site: quarter hours, recommendations, orders and learned powers to effects and autopsies.

Effects are measured again when a job that was moved has ended, and once a day; what is published again says something else. An autopsy leaves with
the quarter hour that is a new highest one, and again as more quarter hours of machines come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from billing.tariff import Tariff
from domain.clock import Clock
from domain.effects import Autopsy, Effect
from domain.intervals import Interval
from domain.job_power import newest_powers
from domain.plant import PLANT_FILE_REVISION, Plant, planned_orders
from domain.recommendations import Recommendation, RecommendationStatus
from domain.steps import Outputs, Records
from domain.topics import AUTOPSIES, EFFECTS, INTERVALS, JOB_POWERS, ORDERS, RECOMMENDATIONS
from effects.autopsy import autopsy
from effects.draws import Lack, Ran
from effects.forget import forget
from effects.intake import Intake, newest_slot
from effects.moved import Moved, Owed, moved, moved_by, others_on, owed
from effects.records import effects_of, revised
from effects.series import Powers
from effects.state import EffectsState, KeptDraw, KeptMoves, decode_state, encode_state
from effects.undoing import chance_kw
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw

HOUR_SLOTS, DAY_SLOTS = 4, 96
SETTLE_SLOTS = 2 * DAY_SLOTS
"""Quarter hours after the end of a billing period, or of a job, in which late ones are waited for."""
REVISED_SLOTS = 8
"""Quarter hours for which an autopsy is revised as more of its machines' quarter hours come."""
NEAR_SHARE = 0.8
"""Of the highest quarter hour of the last weeks: a period begins with many new highest ones, and what is lower than this is none to look into."""
LOOK_BACK_SLOTS = 28 * DAY_SLOTS
MOVED = (RecommendationStatus.ACCEPTED, RecommendationStatus.CARRIED_OUT)


class Effects:
    """Effects of accepted recommendations and autopsies of peaks, of one site.

    Parameters
    ----------
    tariff
        None where the plant has none: effects are then known in kilowatts alone.
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, clock: Clock | None = None) -> None:
        self._plant, self._tariff, self._intake = plant, tariff, Intake(plant, clock)
        self._standby = {machine.id: machine.standby_kw for machine in plant.machines}

    def initial(self, key: str) -> EffectsState:
        """Nothing known but the jobs in the plant file."""
        return self._resumed(EffectsState())

    def encode(self, state: EffectsState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> EffectsState:
        """The state that `encode` made, with the jobs that the plant file has now."""
        return self._resumed(decode_state(stored))

    def _resumed(self, state: EffectsState) -> EffectsState:
        notes = state.notes
        written = {order.job: order for order in planned_orders(self._plant)}
        orders = {job: order for job, order in notes.orders.items() if order.revision > PLANT_FILE_REVISION}
        if {**written, **orders} != notes.orders:
            notes.orders, state.encoded = {**written, **orders}, None
        return state

    def take(self, key: str, state: EffectsState, records: Records) -> tuple[EffectsState, Outputs]:
        """Note all, then look at a new peak, and measure what is due."""
        outputs: Outputs = []
        peak = state.notes.autopsy
        revise = False
        for topic, record in records:
            if record.site != self._plant.site.id:
                continue
            if topic is INTERVALS:
                newest = self._intake.take_interval(state, record)
                if newest is not None:
                    outputs += [(AUTOPSIES, one) for one in self._new_peak(state, newest, record)]
                revise |= peak is not None and record.start_utc == peak.quarter_utc
            elif topic is ORDERS:
                self._intake.take_order(state, record)
            elif topic is RECOMMENDATIONS:
                self._intake.take_advice(state, record)
            elif topic is JOB_POWERS:
                self._intake.take_power(state, record)
        if revise:
            outputs += [(AUTOPSIES, one) for one in self._revised_peak(state)]
        return state, [*outputs, *((EFFECTS, effect) for effect in self._measure(state))]

    # Peaks.

    def _new_peak(self, state: EffectsState, slot: int, interval: Interval) -> Iterator[Autopsy]:
        series, at = state.series[self._intake.main], slot_start(slot)
        period = billing_period(self._plant.site, at)
        power_kw = series.power_kw(slot)
        known = series.highest(slot_of(period.start_utc), slot)
        before_kw = max(known_peak_kw(self._plant.site, at), 0.0 if known is None else known.power_kw)
        lately = series.highest(slot - LOOK_BACK_SLOTS, slot)
        if (
            power_kw is None
            or lately is None
            or power_kw <= before_kw
            or power_kw > self._intake.most_kw[self._intake.main]
            or power_kw < NEAR_SHARE * lately.power_kw
        ):
            return
        state.notes.autopsy, state.encoded = self._autopsy(state, slot, before_kw, interval.end_utc), None
        yield state.notes.autopsy

    def _revised_peak(self, state: EffectsState) -> Iterator[Autopsy]:
        """The newest autopsy again, where a quarter hour that it rests on has come."""
        before, newest = state.notes.autopsy, newest_slot(state, self._intake.main)
        if before is None or newest - slot_of(before.quarter_utc) > REVISED_SLOTS:
            return
        slot = slot_of(before.quarter_utc)
        if state.series[self._intake.main].power_kw(slot) is None:
            return
        found = self._autopsy(state, slot, before.before_kw, before.at_utc)
        if replace(found, revision=before.revision) != before:
            state.notes.autopsy, state.encoded = replace(found, revision=before.revision + 1), None
            yield state.notes.autopsy

    def _autopsy(self, state: EffectsState, slot: int, before_kw: float, at_utc: datetime) -> Autopsy:
        highest = state.series[self._intake.main].highest(slot, slot + 1)
        assert highest is not None
        machines = {name: self._intake.powers(state, meter, slot + 1) for name, meter in self._intake.machines.items()}
        return autopsy(
            self._plant, self._tariff, slot, before_kw, self._intake.powers(state, self._intake.main, slot + 1), machines, state.notes.orders.values(),
            state.notes.advice.values(), at_utc, highest.quality,
        )  # fmt: skip

    # Effects.

    def _measure(self, state: EffectsState) -> list[Effect]:
        """Effects that say something else than before, where it is time to look."""
        notes, newest = state.notes, newest_slot(state, self._intake.main)
        accepted = [one for one in notes.advice.values() if one.status in MOVED and one.moves()]
        another_day = newest // DAY_SLOTS != notes.measured_slot // DAY_SLOTS
        if newest // HOUR_SLOTS == notes.measured_slot // HOUR_SLOTS or not (accepted or another_day):
            return []
        load = self._intake.powers(state, self._intake.main, newest + 1)
        moves = self._moves(state, accepted, load, newest)
        ended = {one.advice.recommendation for one in moves if one.lack is not Lack.NOT_OVER}
        notes.measured_slot, state.encoded = newest, None
        if not another_day and ended <= notes.effects.keys():
            return []
        found = revised(notes.effects, self._effects(moves, load, newest))
        notes.effects |= {effect.recommendation: effect for effect in found}
        if another_day:
            forget(state, self._plant, self._intake.main, newest)
        return found

    def _moves(self, state: EffectsState, accepted: list[Recommendation], load: Powers, newest: int) -> list[Moved]:
        """What became of each, from what is kept of those that ended long ago."""
        notes, powers, other_kw = state.notes, newest_powers(state.notes.powers), chance_kw(load)
        machines = {name: self._intake.powers(state, meter, newest + 1) for name, meter in self._intake.machines.items()}

        def ran(job: str) -> Ran:
            order = notes.orders.get(job)
            if order is None:
                return Ran(None, newest + 1, None)
            others = others_on(order.machine, job, notes.orders)
            return Ran(order, newest + 1, machines.get(order.machine), others, self._standby.get(order.machine, 0.0))

        found = []
        for one in owed(accepted):
            name = one.advice.recommendation
            kept = notes.kept.get(name)
            if kept is not None and newest - slot_of(one.advice.last_start_utc) > SETTLE_SLOTS:
                found.append(moved_by(Owed(one.advice, one.moves, kept.replaced), [draw.draw() for draw in kept.draws], other_kw))
                continue
            move = moved(one, ran, powers, other_kw)
            if move.lack is None:
                notes.kept[name] = KeptMoves(tuple(KeptDraw.of(draw) for draw in move.draws), one.replaced)
            found.append(move)
        return found

    def _effects(self, moves: list[Moved], load: Powers, newest: int) -> list[Effect]:
        """Effects billing period by billing period, final where it is over and settled."""
        of_period: dict[datetime, list[Moved]] = {}
        for one in moves:
            of_period.setdefault(billing_period(self._plant.site, one.advice.peak_start_utc).end_utc, []).append(one)
        found: list[Effect] = []
        for end_utc, some in sorted(of_period.items()):
            is_over = newest >= slot_of(end_utc) + SETTLE_SLOTS
            found += effects_of(self._plant, self._tariff, load, some, slot_start(newest + 1), is_over)
        return found
