"""The advice as a stream step: forecasts, orders, decisions and quarter hours in, recommendations out.

Plans are made when a forecast comes. Between forecasts recommendations only end: they expire, are decided, lose their job, or are
measured. Time comes only from the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from math import erf, sqrt

import numpy as np

from billing.tariff import Tariff
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.intervals import QUARTER, Interval
from domain.orders import Order, OrderStatus
from domain.plant import Plant, planned_orders
from domain.recommendations import Decision, DecisionKind, Recommendation, RecommendationStatus
from scheduling.explain import CHECKED, NOT_CHECKED, Facts, alternative, reasons
from scheduling.history import first_slot_of_year, year_of
from scheduling.odds import above, above_after, cases
from scheduling.problem import Load, Outlook, Rules, slot_of, slot_start, with_move
from scheduling.settings import AdviceSettings
from scheduling.solve import Ask, Move, moves, plan
from scheduling.state import AdviceState, Declined, Notes, decode_state, encode_state
from scheduling.worth import Saving, Worth, mean_saving

__all__ = ["AdviceState", "AdviceStep", "decode_state", "encode_state"]

NORMAL_10_TO_90 = 2.5631
"""Width of a normal distribution between its 10 % and 90 % quantiles, in standard deviations."""
MOST_ALTERNATIVES = 2
APART = 2
"""Alternatives lie at least so many quarter hours from each other."""

KEEP_DONE = timedelta(hours=6)
"""How long jobs that are over are kept."""

Said = list[Recommendation]


class AdviceStep:
    """Recommendations for one site."""

    def __init__(self, plant: Plant, tariff: Tariff, settings: AdviceSettings | None = None) -> None:
        self._plant = plant
        self._tariff = tariff
        self._settings = settings or AdviceSettings()
        self._zone = plant.site.zone
        meter = plant.billing_meter()
        self._meter = None if meter is None else meter.id
        self._channel = None if meter is None else meter.energy_channel()

    def initial(self) -> AdviceState:
        """Nothing known but the jobs written down in the plant file."""
        return AdviceState(Notes(orders={order.job: order for order in planned_orders(self._plant)}))

    def take_forecast(self, state: AdviceState, forecast: Forecast) -> tuple[AdviceState, Said]:
        """Plan anew."""
        notes = state.notes
        state.encoded = None
        if forecast.replayed:
            return state, []
        notes.forecast_until_utc = max(forecast.issued_utc, notes.forecast_until_utc or forecast.issued_utc)
        said = self._pass_time(state, forecast.issued_utc)
        self._forget(state)
        return state, [*said, *self._plan(state, forecast)]

    def take_order(self, state: AdviceState, order: Order) -> tuple[AdviceState, Said]:
        """Learn one revision of a job; what was advised and is now planned so is accepted, what advises against it is withdrawn.

        The plan and the decision come on two topics in either order: a plan that does as advised is as good as a word.
        """
        notes = state.notes
        known = notes.orders.get(order.job)
        if known is not None and known.revision >= order.revision:
            return state, []
        state.encoded = None
        if known is not None and _load_of(known) != _load_of(order):
            notes.before[order.job] = known
        notes.orders[order.job] = order
        told = [told for told in self._with_status(notes, RecommendationStatus.OPEN) if told.job == order.job]
        gone = [recommendation for recommendation in told if not _still_as_advised(recommendation, order)]
        return state, [self._end(notes, one, _status_after(one, order), order.at_utc) for one in gone]

    def take_decision(self, state: AdviceState, decision: Decision) -> tuple[AdviceState, Said]:
        """Honour what a person said, if it was said in time."""
        notes = state.notes
        recommendation = notes.recommendations.get(decision.recommendation)
        if recommendation is None or decision.at_utc > recommendation.valid_until_utc:
            return state, []
        accepted = decision.kind is DecisionKind.ACCEPTED
        planned_already = recommendation.status is RecommendationStatus.ACCEPTED and recommendation.decided_by is None
        is_open = recommendation.status in (RecommendationStatus.OPEN, RecommendationStatus.EXPIRED)
        if not is_open and not (accepted and planned_already):
            return state, []
        state.encoded = None
        status = RecommendationStatus.ACCEPTED if accepted else RecommendationStatus.REJECTED
        if not accepted:
            notes.declined.append(
                Declined(
                    recommendation.job,
                    self.day_of(recommendation.peak_start_utc),
                    recommendation.saving_eur,
                    recommendation.reduction_kw,
                )
            )
        told = replace(recommendation, decided_by=decision.by)
        return state, [self._end(notes, told, status, decision.at_utc)]

    def take_demand(self, state: AdviceState, demand: Demand) -> tuple[AdviceState, Said]:
        """Learn the billed peak; let what is too late expire."""
        notes = state.notes
        year = year_of(slot_of(demand.start_utc), self._zone)
        if (year, demand.billed_peak_kw) > (notes.billed_peak_year, notes.billed_peak_kw):
            state.encoded = None
            notes.billed_peak_year, notes.billed_peak_kw = year, demand.billed_peak_kw
        return state, self._pass_time(state, demand.at_utc)

    def take_interval(self, state: AdviceState, interval: Interval) -> tuple[AdviceState, Said]:
        """Learn one quarter hour of the billing meter; measure what was advised for it."""
        if interval.meter != self._meter or interval.channel != self._channel:
            return state, []
        newest = state.history.end_slot
        if not state.history.put(interval):
            return state, []
        state.encoded = None
        return state, self._pass_time(state, interval.end_utc) if slot_of(interval.start_utc) >= newest else []

    # What follows from time alone.

    def _pass_time(self, state: AdviceState, at_utc: datetime) -> Said:
        """Expire what is too late; verify what has been measured."""
        notes = state.notes
        now = max(at_utc, notes.now_utc or at_utc)
        said = []
        for recommendation in list(notes.recommendations.values()):
            if recommendation.status is RecommendationStatus.OPEN and now > recommendation.valid_until_utc:
                said.append(self._end(notes, recommendation, RecommendationStatus.EXPIRED, now))
            elif recommendation.status is RecommendationStatus.ACCEPTED:
                said += self._verify(state, recommendation, now)
        if said:
            state.encoded = None
        if state.encoded is None:
            notes.now_utc = now
        return said

    def _verify(self, state: AdviceState, recommendation: Recommendation, now: datetime) -> Said:
        """Measure an accepted recommendation once its peak and its new start are over."""
        notes = state.notes
        order = notes.orders.get(recommendation.job)
        if (
            order is not None
            and order.start_utc == recommendation.from_start_utc
            and now >= recommendation.from_start_utc + QUARTER
        ):
            return [self._end(notes, recommendation, RecommendationStatus.EXPIRED, now)]
        over = max(recommendation.peak_start_utc, recommendation.to_start_utc) + QUARTER
        measured = state.history.power_kw(slot_of(recommendation.peak_start_utc))
        if measured is None or slot_start(state.history.end_slot) < over:
            return []
        return [self._end(notes, recommendation, RecommendationStatus.CARRIED_OUT, now)]

    def _end(self, notes: Notes, recommendation: Recommendation, status: RecommendationStatus, at_utc: datetime) -> Recommendation:
        """The next revision, in another status."""
        told = replace(recommendation, status=status, revision=recommendation.revision + 1, at_utc=at_utc)
        notes.recommendations[told.recommendation] = told
        return told

    def _forget(self, state: AdviceState) -> None:
        """Drop what nothing can follow from any more."""
        notes, now = state.notes, state.notes.now_utc
        if now is None:
            return
        oldest = now - self._settings.keep_closed
        live = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
        advised = {told.job for told in notes.recommendations.values() if told.status in live}
        notes.orders = {job: order for job, order in notes.orders.items() if order.end_utc > now - KEEP_DONE or job in advised}
        notes.before = {job: order for job, order in notes.before.items() if job in notes.orders}
        notes.recommendations = {
            name: told
            for name, told in notes.recommendations.items()
            if told.status in live or max(told.at_utc, told.peak_start_utc) > oldest
        }
        notes.declined = [d for d in notes.declined if d.peak_day >= self.day_of(oldest)]
        state.history.forget_before(first_slot_of_year(year_of(slot_of(oldest), self._zone), self._zone))

    # Planning.

    def _plan(self, state: AdviceState, forecast: Forecast) -> Said:
        notes, settings = state.notes, self._settings
        now = notes.now_utc or forecast.issued_utc
        if not forecast.q50_kw or not self._data_is_sound(state, now):
            return []
        outlook = self._outlook(notes, forecast)
        rules = Rules.at(self._plant, settings, now, outlook)
        worth = Worth(
            self._tariff, state.history, outlook.first_slot, outlook.end_slot, self._known_peak_kw(notes, outlook.first_slot)
        )
        level = self._plant.site.target_kw if self._plant.site.target_kw is not None else worth.billed_kw
        orders = dict(notes.orders)
        for told in self._with_status(notes, RecommendationStatus.ACCEPTED):
            if (
                (order := orders.get(told.job)) is not None
                and _still_as_advised(told, order)
                and now < min(told.from_start_utc, told.to_start_utc)
            ):
                outlook, orders = (
                    outlook.moved(order, slot_of(told.to_start_utc)),
                    with_move(orders, told.job, slot_of(told.to_start_utc)),
                )
        pen = _Pen(self, state, forecast, rules, worth, Facts(self._plant, now, worth.billed_kw, level))
        said: Said = []
        for told in self._with_status(notes, RecommendationStatus.OPEN):
            kept, news = self._kept(pen, told, outlook, orders)
            said += news
            if kept is not None:
                outlook, orders = outlook.moved(kept.order, kept.to_slot), with_move(orders, kept.order.job, kept.to_slot)
        said += self._new(pen, outlook, orders, level)
        return said

    def _kept(self, pen: _Pen, told: Recommendation, outlook: Outlook, orders: dict[str, Order]) -> tuple[Move | None, Said]:
        """An open recommendation in the light of a new forecast: kept while it helps, told again where its figures changed."""
        settings, to_slot = self._settings, slot_of(told.to_start_utc)
        order = orders.get(told.job)
        good = order is not None and _still_as_advised(told, order) and to_slot in pen.rules.starts(order, orders, settings.notice)
        if order is None or not good:
            return None, [self._end(pen.state.notes, told, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        move = moves(outlook, order, [to_slot])[0]
        too_low = move.before.judged_kw < pen.facts.level_kw - settings.keep_margin_kw
        if too_low or move.reduction_kw < 0 or move.relief_kw < settings.keep_share * settings.min_reduction_kw:
            return None, [self._end(pen.state.notes, told, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        saving = pen.saving(outlook, move)
        changed = (
            abs(move.before.median_kw - told.peak_before_kw) >= settings.republish_kw
            or abs(move.after.median_kw - told.peak_after_kw) >= settings.republish_kw
            or abs(saving.total_eur - (told.saving_eur or 0.0)) >= settings.republish_eur
        )
        if not changed:
            return move, []
        again = pen.write(move, [], outlook, told.issued_utc, told.revision + 1)
        again = replace(again, alternatives=told.alternatives)
        pen.state.notes.recommendations[told.recommendation] = again
        return move, [again]

    def _new(self, pen: _Pen, outlook: Outlook, orders: dict[str, Order], level: float) -> Said:
        """Further moves while the plan passes the level and there is room for advice."""
        notes, settings = pen.state.notes, self._settings
        busy = {
            r.job for r in notes.recommendations.values() if r.status in (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
        }
        ask = Ask(
            pen.rules,
            level,
            settings.notice + settings.time_to_decide,
            settings.most_open - len(self._with_status(notes, RecommendationStatus.OPEN)),
            frozenset(busy),
            lambda move, load: not self._was_declined(notes, move, lambda: pen.saving(load, move)),
        )
        said: Said = []
        for move, *others in plan(outlook, orders, ask):
            known = notes.recommendations.get(recommendation_id(move.order, move.to_slot))
            told = pen.write(move, others, outlook, pen.rules.now_utc, 1 if known is None else known.revision + 1)
            notes.recommendations[told.recommendation] = told
            said.append(told)
            outlook = outlook.moved(move.order, move.to_slot)
        return said

    def _was_declined(self, notes: Notes, move: Move, saving_of: Callable[[], Saving]) -> bool:
        """Whether somebody has said no to it for this peak, and it is not worth much more now."""
        day = self.day_of(slot_start(move.before.slot))
        factor = self._settings.again_factor
        for declined in notes.declined:
            if declined.job == move.order.job and declined.peak_day == day:
                saving = saving_of()
                worth, then = (
                    (saving.total_eur, declined.saving_eur) if declined.saving_eur else (move.reduction_kw, declined.reduction_kw)
                )
                if worth < factor * then:
                    return True
        return False

    def _outlook(self, notes: Notes, forecast: Forecast) -> Outlook:
        """The forecast, with the jobs where they are planned now: orders that are newer than it are moved in it."""
        median, high = np.array(forecast.q50_kw), np.array(forecast.q90_kw)
        outlook = Outlook(slot_of(forecast.first_start_utc), median, self._judged(forecast, median, high))
        for job, order in notes.orders.items():
            if notes.forecast_until_utc is not None and order.at_utc <= notes.forecast_until_utc:
                continue
            was = notes.before.get(job)
            change = _profile(outlook, order) - (_profile(outlook, was) if was is not None else 0.0)
            outlook = outlook.plus(change)
        return outlook

    def _judged(self, forecast: Forecast, median: Load, high: Load) -> Load:
        """The load that a plan is judged by: somewhat above the median, and each day as high as its peak is likely to be.

        The highest of many quarter hours is above the highest median. Where the forecast has a day's peak that is still to come, all
        of the day is lifted by what its highest quarter hour lacks to that peak, taken at the same risk.
        """
        risk = self._settings.risk_weight
        judged = median + risk * (high - median)
        first_slot = slot_of(forecast.first_start_utc)
        days = np.array([self.day_of(slot_start(first_slot + n)) for n in range(len(median))])
        for peak in forecast.peaks:
            of_day = days == peak.day_local
            if peak.start_utc >= forecast.first_start_utc and of_day.any():
                likely_kw = peak.q50_kw + risk * (peak.q90_kw - peak.q50_kw)
                judged[of_day] += max(0.0, likely_kw - float(judged[of_day].max()))
        return judged

    def _known_peak_kw(self, notes: Notes, first_slot: int) -> float:
        """The peak billed so far in the year in which the outlook begins, as far as it is not in the history."""
        year = year_of(first_slot, self._zone)
        if notes.billed_peak_year == 0:
            return self._plant.site.billed_peak_kw
        return notes.billed_peak_kw if notes.billed_peak_year == year else 0.0

    def _data_is_sound(self, state: AdviceState, now: datetime) -> bool:
        """Whether the newest quarter hours of the billing meter are there, sound and recent."""
        end = state.history.end_slot
        recent = now - slot_start(end) <= self._settings.quality_lag
        return recent and all(state.history.power_kw(end - n) is not None for n in range(1, self._settings.quality_quarters + 1))

    def day_of(self, instant: datetime) -> str:
        """The local date of `instant`, ISO."""
        return instant.astimezone(self._zone).date().isoformat()

    @staticmethod
    def _with_status(notes: Notes, status: RecommendationStatus) -> list[Recommendation]:
        found = [told for told in notes.recommendations.values() if told.status is status]
        return sorted(found, key=lambda told: (told.issued_utc, told.recommendation))


class _Pen:
    """Writes recommendations of one planning."""

    def __init__(self, step: AdviceStep, state: AdviceState, forecast: Forecast, rules: Rules, worth: Worth, facts: Facts) -> None:
        self.step, self.state, self.rules, self.worth, self.facts = step, state, rules, worth, facts
        self.forecast = forecast
        self._spread = np.array(forecast.q90_kw) - np.array(forecast.q10_kw)

    def saving(self, outlook: Outlook, move: Move) -> Saving:
        """What a move saves in the billing period: the mean over the cases of the day's peak, each the difference of two bills."""
        savings = []
        for change in cases(self.forecast, outlook, move.before.slot, self.step.day_of):
            case = outlook.plus(change)
            savings.append(self.worth.saving(self.worth.bill(case), self.worth.bill(case.moved(move.order, move.to_slot))))
        return mean_saving(savings)

    def write(self, move: Move, others: Iterable[Move], outlook: Outlook, issued_utc: datetime, revision: int) -> Recommendation:
        """A move as a recommendation."""
        order, to = move.order, slot_start(move.to_slot)
        saving = self.saving(outlook, move)
        reason_en, reason_de = reasons(self.facts, move, saving, self._odds(move))
        second = [alternative(other, move, self.saving(outlook, other)) for other in _apart(move, others)]
        return Recommendation(
            site=order.site, recommendation=recommendation_id(order, move.to_slot), revision=revision, status=RecommendationStatus.OPEN,
            issued_utc=issued_utc, at_utc=self.rules.now_utc, valid_until_utc=min(order.start_utc, to) - self.rules.settings.notice,
            job=order.job, machine=order.machine, from_start_utc=order.start_utc, to_start_utc=to,
            duration_min=order.duration // timedelta(minutes=1), peak_start_utc=slot_start(move.before.slot),
            peak_before_kw=round(move.before.median_kw, 1), peak_after_kw=round(move.after.median_kw, 1), reduction_kw=round(move.reduction_kw, 1),
            bill_before_eur=round(saving.before_eur, 2), bill_after_eur=round(saving.after_eur, 2), saving_eur=round(saving.total_eur, 2),
            saving_demand_eur=round(saving.demand_eur, 2), saving_energy_eur=round(saving.energy_eur, 2),
            confidence=round(self._confidence(move, outlook), 2), reason_en=reason_en, reason_de=reason_de, alternatives=tuple(second),
            conditions_checked=CHECKED, conditions_not_checked=NOT_CHECKED,
        )  # fmt: skip

    def _odds(self, move: Move) -> tuple[float, float] | None:
        """P(the day's peak passes the target) without the move and with it; None where there is no target, or the peak is over."""
        target = self.facts.plant.site.target_kw
        slot, day_of = move.before.slot, self.step.day_of
        before = above(self.forecast, slot, day_of)
        if target is None or before is None:
            return None
        after = above_after(self.forecast, slot, move.reduction_kw, target, day_of)
        return None if after is None else (before, after)

    def _confidence(self, move: Move, outlook: Outlook) -> float:
        """P(the peak without the move passes what it reaches with it), the load taken as normal around its median."""
        place = move.before.slot - outlook.first_slot
        deviation_kw = float(self._spread[place]) / NORMAL_10_TO_90
        if deviation_kw <= 0:
            return 1.0 if move.reduction_kw > 0 else 0.5
        return 0.5 * (1 + erf(move.reduction_kw / deviation_kw / sqrt(2)))


def recommendation_id(order: Order, to_slot: int) -> str:
    """The same job from and to the same start is the same recommendation."""
    return f"{order.job}-{order.start_utc:%y%m%d%H%M}-{slot_start(to_slot):%y%m%d%H%M}"


def _apart(best: Move, others: Iterable[Move]) -> list[Move]:
    taken: list[int] = [best.to_slot]
    chosen: list[Move] = []
    for other in others:
        if len(chosen) < MOST_ALTERNATIVES and all(abs(other.to_slot - slot) >= APART for slot in taken):
            taken.append(other.to_slot)
            chosen.append(other)
    return chosen


def _load_of(order: Order) -> tuple[datetime, tuple[float, ...], bool]:
    return order.start_utc, order.profile_kw, order.status is OrderStatus.CANCELLED


def _profile(outlook: Outlook, order: Order) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if order.status is OrderStatus.CANCELLED:
        return np.zeros(len(outlook.median_kw))
    return outlook.profile(order, slot_of(order.start_utc))


def _still_as_advised(told: Recommendation, order: Order) -> bool:
    return order.movable and order.status is OrderStatus.PLANNED and order.start_utc == told.from_start_utc


def _status_after(told: Recommendation, order: Order) -> RecommendationStatus:
    carried_out = order.status is not OrderStatus.CANCELLED and order.start_utc == told.to_start_utc
    return RecommendationStatus.ACCEPTED if carried_out else RecommendationStatus.WITHDRAWN
