"""Plans again when a forecast comes: what is open is kept while it helps, and further moves are advised where they are worth it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from billing.tariff import Tariff
from domain.forecasts import Forecast
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import slot_of, slot_start
from scheduling.besides import Besides
from scheduling.live.known import Known
from scheduling.live.planning import LivePlanning, is_of_a_plan
from scheduling.live.shifting import is_about_loads
from scheduling.outlook import day_of
from scheduling.pen import Pen, change_of, recommendation_id
from scheduling.pricing import Pricing
from scheduling.problem import Load, Outlook, is_movable_from, load_change, place_of, with_move
from scheduling.settings import AdviceSettings
from scheduling.solve import Move, Request, moves, plan
from scheduling.state import AdviceState, Notes
from scheduling.worth import Saving, Worth


class Advising:
    """Recommendations for one site from a forecast and what is known.

    Parameters
    ----------
    tariff
        None where the plant has none: advice then speaks in kilowatts, and all money is unknown.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, settings: AdviceSettings) -> None:
        self._plant, self._settings = plant, settings
        self._zone = plant.site.zone
        self._pricing = Pricing(plant, tariff)
        self.besides = Besides(plant)
        self.planning = LivePlanning(self._pricing, settings)

    def plan(self, state: AdviceState, forecast: Forecast) -> list[Recommendation]:
        """What changes in the light of `forecast`: open recommendations first, then new ones that rest on them."""
        if not forecast.q50_kw:
            return []
        notes = state.notes
        known = self.planning.known(state, forecast, self.besides.of(notes))
        pen = self.planning.pen(state, known)
        outlook, orders = _with_accepted(notes, known)
        issued: list[Recommendation] = []
        open_advice = [one for one in notes.with_status(RecommendationStatus.OPEN) if not is_about_loads(one)]
        for place, advice in enumerate(open_advice):
            later = [move for one in open_advice[place + 1 :] for move in one.moves()]
            later_kw = load_change(later, known.orders, known.outlook)
            if is_of_a_plan(advice):
                outlook, orders, news = self._kept_of_plan(notes, known, pen, advice, outlook, orders, later_kw)
                issued += news
                continue
            kept, news = self._kept(notes, pen, advice, outlook, orders, later_kw)
            issued += news
            if kept is not None:
                outlook, orders = outlook.moved(kept.order, kept.to_slot), with_move(orders, kept.order.job, kept.to_slot)
        issued += self._new(notes, pen, outlook, orders)
        return issued

    def worth(self, state: AdviceState, outlook: Outlook) -> Worth:
        """What plans are priced by."""
        return self._pricing.worth(state, outlook)

    def _kept(
        self, notes: Notes, pen: Pen, advice: Recommendation, outlook: Outlook, orders: dict[str, Order], later_kw: Load
    ) -> tuple[Move | None, list[Recommendation]]:
        """An open recommendation in the light of a new forecast: kept while it helps, published again where its figures changed."""
        settings, to_slot = self._settings, slot_of(advice.after.jobs[0].start_utc)
        order = orders.get(advice.subject)
        good = order is not None and still_as_advised(advice, order) and to_slot in pen.rules.starts(order, orders, settings.notice)
        if order is None or not good:
            return None, [notes.end(advice, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        move = moves(outlook, order, [to_slot])[0]
        if not self._still_helps(pen, move, outlook):
            return None, [notes.end(advice, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        changed = (
            abs(move.before.median_kw - advice.peak_before_kw) >= settings.republish_kw
            or abs(move.after.median_kw - advice.peak_after_kw) >= settings.republish_kw
            or _has_changed(advice.saving_eur, pen.saving(outlook, move).total_eur, settings.republish_eur)
        )
        if not changed:
            return move, []
        again = pen.write(move, [], outlook, advice.recommendation, advice.issued_utc, advice.revision + 1, later_kw)
        again = replace(again, alternatives=advice.alternatives)
        notes.recommendations[advice.recommendation] = again
        return move, [again]

    def _helps(self, pen: Pen, move: Move, outlook: Outlook) -> bool:
        """Whether a move is worth while in other days than those in which it was found."""
        settings, tried = self._settings, _tried(pen, move, outlook)
        return tried is None or (tried[0] >= settings.min_gain_kw and tried[1] >= settings.min_chance)

    def _still_helps(self, pen: Pen, move: Move, outlook: Outlook) -> bool:
        settings, tried = self._settings, _tried(pen, move, outlook)
        if tried is None:
            too_low = move.before.judged_kw < pen.basis.level_kw - settings.keep_margin_kw
            return not too_low and move.reduction_kw >= 0 and move.relief_kw >= settings.keep_share * settings.min_reduction_kw
        return move.reduction_kw >= 0 and tried[0] >= settings.keep_share * settings.min_gain_kw

    def _kept_of_plan(
        self,
        notes: Notes,
        known: Known,
        pen: Pen,
        advice: Recommendation,
        outlook: Outlook,
        orders: dict[str, Order],
        later_kw: Load,
    ) -> tuple[Outlook, dict[str, Order], list[Recommendation]]:
        """The same for advice that a plan made; the load and the orders as they are with it."""
        settings = self._settings
        kept = self.planning.kept(notes, known, pen, advice, outlook, later_kw)
        if kept is None:
            return outlook, orders, [notes.end(advice, RecommendationStatus.WITHDRAWN, known.now_utc)]
        for _, after in advice.moves():
            orders = with_move(orders, after.job, slot_of(after.start_utc), after.machine)
        changed = (
            abs(kept.now.peak_before_kw - advice.peak_before_kw) >= settings.republish_kw
            or abs(kept.now.peak_after_kw - advice.peak_after_kw) >= settings.republish_kw
            or _has_changed(advice.saving_eur, kept.now.saving_eur, settings.republish_eur)
        )
        if changed:
            notes.recommendations[advice.recommendation] = kept.now
        return outlook.plus(kept.change_kw), orders, [kept.now] if changed else []

    def _new(self, notes: Notes, pen: Pen, outlook: Outlook, orders: dict[str, Order]) -> list[Recommendation]:
        """Further moves while the plan passes the level and there is room for advice."""
        settings = self._settings
        live = (RecommendationStatus.OPEN, RecommendationStatus.ACCEPTED)
        busy = {place.job for r in notes.recommendations.values() if r.status in live for place in r.before.jobs}
        request = Request(
            pen.rules,
            pen.basis.level_kw,
            settings.notice + settings.time_to_decide,
            settings.most_open - len(notes.with_status(RecommendationStatus.OPEN)),
            frozenset(busy),
            lambda move, load: self._helps(pen, move, load) and self._may_be_advised(notes, move, pen.saving(load, move)),
            pen.seeking,
        )
        issued: list[Recommendation] = []
        worth: list[float | None] = []
        before = dict(notes.recommendations)
        turns = plan(outlook, orders, request)
        later_kw = np.zeros(len(outlook.median_kw)) + sum(change_of(outlook, move) for move, *_ in turns)
        for move, *others in turns:
            later_kw = later_kw - change_of(outlook, move)
            name = recommendation_id(move.order, move.to_slot, notes.decided)
            known = notes.recommendations.get(name)
            advice = pen.write(move, others, outlook, name, pen.rules.now_utc, 1 if known is None else known.revision + 1, later_kw)
            issued.append(advice)
            notes.recommendations[name] = advice  # what it promises is sunk for the next one
            worth.append(pen.saving(outlook, move).total_eur)
            outlook = outlook.moved(move.order, move.to_slot)
        if self._plant.site.target_kw is None and not _is_worth_while(worth):
            notes.recommendations = before
            return []
        return issued

    def _may_be_advised(self, notes: Notes, move: Move, saving: Saving) -> bool:
        """Whether a move is not known to cost money, and nobody has declined it for this peak, unless it is worth much more now.

        Worth is compared in euros where both are known, else in kilowatts.
        """
        total_eur, day = saving.total_eur, day_of(slot_start(move.before.slot), self._zone)
        most_eur = 0.0 if self._plant.site.target_kw is None else self._settings.most_cost_eur
        if total_eur is not None and round(total_eur, 2) < -most_eur:
            return False
        for declined in notes.declined:
            if declined.subject != move.order.job or declined.peak_day != day:
                continue
            in_eur = total_eur is not None and bool(declined.saving_eur)
            worth, then = (total_eur, declined.saving_eur) if in_eur else (move.reduction_kw, declined.reduction_kw)
            if (worth or 0.0) < self._settings.again_factor * (then or 0.0):
                return False
        return True


def _tried(pen: Pen, move: Move, outlook: Outlook) -> tuple[float, float] | None:
    """How much less the peak lies above the level with a move on average [kW], and how likely it is lower; None where nothing but what is expected may come."""
    days = pen.scenarios
    if days is None or days.is_certain:
        return None
    gains, chances = days.tried(outlook, move.order, [move.to_slot], pen.basis.level_kw)
    return float(gains[0]), float(chances[0])


def _with_accepted(notes: Notes, known: Known) -> tuple[Outlook, dict[str, Order]]:
    """The outlook and the orders that are known, with every accepted move that is still to be carried out."""
    outlook, orders = known.outlook, dict(known.orders)
    for advice in notes.with_status(RecommendationStatus.ACCEPTED):
        for _, after in advice.moves():
            order = orders.get(after.job)
            if order is not None and known.now_utc < advice.begins_utc and still_as_advised(advice, order):
                change_kw = load_change([(place_of(order), after)], known.orders, outlook)
                outlook, orders = outlook.plus(change_kw), with_move(orders, after.job, slot_of(after.start_utc), after.machine)
    return outlook, orders


def still_as_advised(advice: Recommendation, order: Order) -> bool:
    """Whether `order` is still a job that `advice` advises to move, where it was then."""
    return any(place.job == order.job and is_movable_from(order, place) for place in advice.before.jobs)


def _has_changed(before_eur: float | None, after_eur: float | None, least_eur: float) -> bool:
    """Whether a saving has become known or unknown, or another by `least_eur`."""
    if before_eur is None or after_eur is None:
        return (before_eur is None) != (after_eur is None)
    return abs(after_eur - before_eur) >= least_eur


def _is_worth_while(savings_eur: list[float | None]) -> bool:
    """Whether moves together save money, or might: where no target is to be protected, nothing else speaks for them."""
    return any(saving is None for saving in savings_eur) or sum(saving for saving in savings_eur if saving is not None) > 0
