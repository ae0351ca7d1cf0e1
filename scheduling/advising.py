"""Plans again when a forecast comes: what is open is kept while it helps, and further moves are advised where they are worth it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
from billing.published import published
from billing.site import SitePrices, reactive_channels
from billing.tariff import Tariff
from domain.forecasts import Forecast
from domain.orders import Order, OrderStatus
from domain.plant import Plant
from domain.prices import Prices
from domain.recommendations import Recommendation, RecommendationStatus
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw
from scheduling.explain import Basis
from scheduling.outlook import day_of
from scheduling.outlook import outlook as outlook_of
from scheduling.pen import Pen, recommendation_id
from scheduling.problem import Outlook, Rules, is_at, with_move
from scheduling.settings import AdviceSettings
from scheduling.solve import Move, Request, moves, plan
from scheduling.state import AdviceState, Notes
from scheduling.worth import Measured, Saving, Worth


class Advising:
    """Recommendations for one site from a forecast and what is known.

    Parameters
    ----------
    tariff
        None where the plant has none: advice then speaks in kilowatts, and all money is unknown.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, settings: AdviceSettings) -> None:
        self._plant, self._tariff, self._settings = plant, tariff, settings
        self._zone = plant.site.zone
        self._reactive = reactive_channels(plant)
        self._prices: dict[frozenset[str], SitePrices] = {}
        """By the reactive energies that are known; made once each for `_priced_by`."""
        self._priced_by: list[Prices] = []

    def plan(self, state: AdviceState, forecast: Forecast) -> list[Recommendation]:
        """What changes in the light of `forecast`: open recommendations first, then new ones that rest on them."""
        notes, settings = state.notes, self._settings
        now = notes.now_utc or forecast.issued_utc
        if not forecast.q50_kw:
            return []
        outlook = outlook_of(notes, forecast, settings.risk_weight, self._zone)
        rules = Rules.at(self._plant, settings, now, outlook)
        worth = self.worth(state, outlook.first_slot)
        level = self._plant.site.target_kw if self._plant.site.target_kw is not None else worth.billed_kw
        outlook, orders = _with_accepted(notes, outlook, now)
        pen = Pen(forecast, rules, worth, Basis(self._plant, worth.billed_kw, level), lambda instant: day_of(instant, self._zone))
        issued: list[Recommendation] = []
        for advice in notes.with_status(RecommendationStatus.OPEN):
            kept, news = self._kept(notes, pen, advice, outlook, orders)
            issued += news
            if kept is not None:
                outlook, orders = outlook.moved(kept.order, kept.to_slot), with_move(orders, kept.order.job, kept.to_slot)
        issued += self._new(notes, pen, outlook, orders)
        return issued

    def worth(self, state: AdviceState, first_slot: int) -> Worth:
        """What plans are priced by; reactive energy that the plant measures counts once there is some."""
        prices = None
        if self._tariff is not None:
            series = {REACTIVE_IMPORT: state.reactive_import, REACTIVE_EXPORT: state.reactive_export}
            channels = frozenset(channel for channel in self._reactive if series[channel].newest(first_slot) is not None)
            if state.notes.prices != self._priced_by:
                self._prices, self._priced_by = {}, list(state.notes.prices)
            if channels not in self._prices:
                self._prices[channels] = SitePrices(self._tariff.with_published(published(self._priced_by)), channels)
            prices = self._prices[channels]
        measured = Measured(state.known, state.reactive_import, state.reactive_export)
        period = billing_period(self._plant.site, slot_start(first_slot))
        return Worth(prices, measured, first_slot, period, self._known_peak_kw(state, first_slot))

    def _kept(
        self, notes: Notes, pen: Pen, advice: Recommendation, outlook: Outlook, orders: dict[str, Order]
    ) -> tuple[Move | None, list[Recommendation]]:
        """An open recommendation in the light of a new forecast: kept while it helps, published again where its figures changed."""
        settings, to_slot = self._settings, slot_of(advice.after.jobs[0].start_utc)
        order = orders.get(advice.subject)
        good = order is not None and still_as_advised(advice, order) and to_slot in pen.rules.starts(order, orders, settings.notice)
        if order is None or not good:
            return None, [notes.end(advice, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        move = moves(outlook, order, [to_slot])[0]
        too_low = move.before.judged_kw < pen.basis.level_kw - settings.keep_margin_kw
        if too_low or move.reduction_kw < 0 or move.relief_kw < settings.keep_share * settings.min_reduction_kw:
            return None, [notes.end(advice, RecommendationStatus.WITHDRAWN, pen.rules.now_utc)]
        changed = (
            abs(move.before.median_kw - advice.peak_before_kw) >= settings.republish_kw
            or abs(move.after.median_kw - advice.peak_after_kw) >= settings.republish_kw
            or _has_changed(advice.saving_eur, pen.saving(outlook, move).total_eur, settings.republish_eur)
        )
        if not changed:
            return move, []
        again = pen.write(move, [], outlook, advice.recommendation, advice.issued_utc, advice.revision + 1)
        again = replace(again, alternatives=advice.alternatives)
        notes.recommendations[advice.recommendation] = again
        return move, [again]

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
            lambda move, load: self._may_be_advised(notes, move, pen.saving(load, move)),
        )
        issued: list[Recommendation] = []
        for move, *others in plan(outlook, orders, request):
            name = recommendation_id(move.order, move.to_slot, notes.decided)
            known = notes.recommendations.get(name)
            issued.append(pen.write(move, others, outlook, name, pen.rules.now_utc, 1 if known is None else known.revision + 1))
            outlook = outlook.moved(move.order, move.to_slot)
        if self._plant.site.target_kw is None and not _is_worth_while(issued):
            return []
        notes.recommendations |= {advice.recommendation: advice for advice in issued}
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

    def _known_peak_kw(self, state: AdviceState, first_slot: int) -> float:
        """The peak billed so far in the period in which the outlook begins, as far as it is not among the known quarter hours."""
        site, billed = self._plant.site, state.notes.billed
        written_kw = known_peak_kw(site, slot_start(first_slot))
        if billed is None or billed.start_utc not in billing_period(site, slot_start(first_slot)):
            return written_kw
        is_known = billed.peak_utc is not None and state.known.power_kw(slot_of(billed.peak_utc)) is not None
        return written_kw if is_known else max(written_kw, billed.kw)


def _with_accepted(notes: Notes, outlook: Outlook, now_utc: datetime) -> tuple[Outlook, dict[str, Order]]:
    """The outlook and the orders with every accepted move that is still to be carried out."""
    orders = dict(notes.orders)
    for advice in notes.with_status(RecommendationStatus.ACCEPTED):
        for _, after in advice.moves():
            order = orders.get(after.job)
            if order is not None and now_utc < advice.begins_utc and still_as_advised(advice, order):
                to_slot = slot_of(after.start_utc)
                outlook, orders = outlook.moved(order, to_slot), with_move(orders, after.job, to_slot)
    return outlook, orders


def still_as_advised(advice: Recommendation, order: Order) -> bool:
    """Whether `order` is still a job that `advice` advises to move, where it was then."""
    was_there = any(place.job == order.job and is_at(order, place) for place in advice.before.jobs)
    return was_there and order.movable and order.status is OrderStatus.PLANNED


def _has_changed(before_eur: float | None, after_eur: float | None, least_eur: float) -> bool:
    """Whether a saving has become known or unknown, or another by `least_eur`."""
    if before_eur is None or after_eur is None:
        return (before_eur is None) != (after_eur is None)
    return abs(after_eur - before_eur) >= least_eur


def _is_worth_while(issued: list[Recommendation]) -> bool:
    """Whether moves together save money, or might: where no target is to be protected, nothing else speaks for them."""
    savings = [advice.saving_eur for advice in issued]
    return any(saving is None for saving in savings) or sum(saving for saving in savings if saving is not None) > 0
