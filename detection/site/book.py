"""The advice on settings of one site: given once, decided by a person, expired, carried out, and left alone for a while afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from detection.site import rests
from detection.site.settings import DAYS_PER_YEAR, Draft
from detection.site.state import Advised
from detection.site.view import View
from domain.facts import Fact, fact
from domain.recommendations import (
    Action,
    Decision,
    DecisionKind,
    Places,
    Recommendation,
    RecommendationStatus,
)

VALID = timedelta(days=14)
FOLLOWED_WITHIN = timedelta(days=30)
"""How long after somebody has accepted it a machine is watched for being set so."""
QUIET: Mapping[RecommendationStatus, timedelta] = {
    RecommendationStatus.REJECTED: timedelta(days=180),
    RecommendationStatus.EXPIRED: timedelta(days=14),
    RecommendationStatus.WITHDRAWN: timedelta(days=14),
    RecommendationStatus.CARRIED_OUT: timedelta(days=30),
}
"""How long nothing is advised of the same set point after one has ended so."""
LEAST_EUR_PER_YEAR = 300.0
LEAST_KWH_PER_YEAR = 1_500.0
STILL_WORTH = 0.5
"""Part of the saving that must remain while it is open."""
FOLLOWED = 0.5
"""Part of the change that must be seen for it to count as carried out."""
LIKELY = 0.9
"""Probability that the saving reaches the lower end of an 80 % interval."""
_HOURS_PER_YEAR = 24 * DAYS_PER_YEAR


def decide(advised: Advised, decision: Decision) -> list[Recommendation]:
    """A person's word: the first that is in time counts."""
    found = next(((subject, one) for subject, one in advised.live.items() if one.recommendation == decision.recommendation), None)
    if found is None or found[1].status is not RecommendationStatus.OPEN or decision.at_utc > found[1].valid_until_utc:
        return []
    subject, advice = found[0], replace(found[1], decided_by=decision.by)
    if decision.kind is DecisionKind.REJECTED:
        return [_ended(advised, subject, advice, RecommendationStatus.REJECTED, decision.at_utc)]
    advised.live[subject] = replace(
        advice, status=RecommendationStatus.ACCEPTED, revision=advice.revision + 1, at_utc=decision.at_utc
    )
    return [advised.live[subject]]


def advise(view: View, found: Iterable[Draft]) -> Iterator[Recommendation]:
    """What becomes of advice by now, and what is new."""
    advised, now_utc = view.notes.advised, view.end_utc
    drafts = {draft.subject: draft for draft in found}
    advised.quiet_until = {subject: until for subject, until in advised.quiet_until.items() if until > now_utc}
    for subject, advice in list(advised.live.items()):
        status = _status(view, advice, drafts.get(subject), now_utc)
        if status is not advice.status:
            yield _ended(advised, subject, advice, status, now_utc)
    for subject, draft in drafts.items():
        is_worth = rests.is_worth(draft.saved.middle, draft.price, LEAST_EUR_PER_YEAR, LEAST_KWH_PER_YEAR)
        if is_worth and subject not in advised.live and subject not in advised.quiet_until:
            advised.live[subject] = _recommendation(view, draft, now_utc)
            yield advised.live[subject]


def _status(view: View, advice: Recommendation, draft: Draft | None, now_utc: datetime) -> RecommendationStatus:
    if advice.status is RecommendationStatus.ACCEPTED:
        if _is_followed(view, advice):
            return RecommendationStatus.CARRIED_OUT
        return RecommendationStatus.EXPIRED if now_utc - advice.at_utc > FOLLOWED_WITHIN else advice.status
    if now_utc > advice.valid_until_utc:
        return RecommendationStatus.EXPIRED
    remains_kw = 0.0 if draft is None else draft.saved.middle / _HOURS_PER_YEAR
    return RecommendationStatus.WITHDRAWN if remains_kw < STILL_WORTH * advice.reduction_kw else advice.status


def _is_followed(view: View, advice: Recommendation) -> bool:
    """Whether every set point has moved most of the way, by its newest whole day after the decision."""
    pairs = list(zip(advice.before.set_points, advice.after.set_points, strict=True))
    for before, after in pairs:
        shown = _shown(view, advice, before.machine, before.channel)
        if shown is None or (shown - before.value) / (after.value - before.value) < FOLLOWED:
            return False
    return True


def _shown(view: View, advice: Recommendation, machine: str, channel: str) -> float | None:
    """What it was in the mean of the newest whole day after the decision: a channel, or the power at rest."""
    decided = advice.at_utc.astimezone(view.zone).date().toordinal()
    if advice.action is Action.SWITCH_OFF:
        return _rest_kw(view, machine, decided)
    gauge = view.notes.gauges.get(f"{machine}/{channel}")
    days = {} if gauge is None else {day: one for day, one in gauge.days.items() if day > decided}
    return days[max(days)].middle if days else None


def _rest_kw(view: View, machine: str, decided_day: int) -> float | None:
    """Lowest power of an hour in the last day, where that lies wholly after the decision."""
    known = next((one for one in view.machines.machines if one.machine.id == machine), None)
    first, end = view.day_slots(1)
    if known is None or view.start_utc.astimezone(view.zone).date().toordinal() - 1 <= decided_day:
        return None
    kw = view.sound_kw(known.meter, first, end)
    hours = kw[: len(kw) // 4 * 4].reshape(-1, 4).mean(axis=1)
    hours = hours[hours == hours]
    return float(hours.min()) if len(hours) else None


def _ended(
    advised: Advised, subject: str, advice: Recommendation, status: RecommendationStatus, at_utc: datetime
) -> Recommendation:
    advised.live.pop(subject, None)
    advised.quiet_until[subject] = at_utc + QUIET[status]
    return replace(advice, status=status, revision=advice.revision + 1, at_utc=at_utc)


def _recommendation(view: View, draft: Draft, now_utc: datetime) -> Recommendation:
    before_kw, less_kw = draft.kwh_per_day / 24, draft.saved.middle / _HOURS_PER_YEAR
    eur = None if draft.price is None else draft.saved.times(draft.price)
    worth = (
        fact("setting.unpriced")
        if eur is None
        else fact("setting.saves_eur", saving_eur=eur.middle, low_eur=eur.low, high_eur=eur.high)
    )
    saves = fact(
        "setting.saves", kwh_per_year=draft.saved.middle, low_kwh_per_year=draft.saved.low, high_kwh_per_year=draft.saved.high
    )
    reason: tuple[Fact, ...] = (draft.what, saves, worth)
    saving_eur = None if eur is None else round(eur.middle, 2)
    return Recommendation(
        view.site, f"{view.site}-{draft.subject.replace('/', '-')}-{now_utc.astimezone(view.zone):%Y%m%d}", 1, RecommendationStatus.OPEN,
        now_utc, now_utc, now_utc + VALID, draft.action, Places(set_points=draft.before), Places(set_points=draft.after), view.start_utc,
        round(before_kw, 2), round(before_kw - less_kw, 2), round(less_kw, 3), None, None, saving_eur, None if eur is None else 0.0, saving_eur,
        LIKELY, reason, checked=draft.checked, not_checked=draft.not_checked,
    )  # fmt: skip
