"""Effects as records: figures, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from billing.tariff import Tariff
from domain.effects import Basis, Effect, EffectStatus, Figure, Outcome
from domain.facts import Fact, fact
from domain.plant import Plant
from effects.draws import Lack
from effects.measuring import Figures, measured
from effects.moved import Moved
from effects.series import Powers
from quarters.numbers import quarter_start
from quarters.periods import billing_period


def effects_of(
    plant: Plant, tariff: Tariff | None, load: Powers, moves: Sequence[Moved], at_utc: datetime, is_over: bool
) -> list[Effect]:
    """The effects of `moves` as of `at_utc`, revision 0; none of those whose jobs have not ended.

    Parameters
    ----------
    load
        The billing meter's import as far as it is known.
    is_over
        Whether the billing period is over, and all of its quarter hours have come.
    """
    ended = [one for one in moves if one.lack is not Lack.NOT_OVER]
    named = {one.advice.recommendation: one.named_slot for one in ended}
    found = measured(plant, tariff, load, [one.undoing for one in ended], named)
    return [_effect(plant, tariff, one, found.figures[one.advice.recommendation], at_utc, is_over) for one in ended]


def _effect(plant: Plant, tariff: Tariff | None, one: Moved, figures: Figures, at_utc: datetime, is_over: bool) -> Effect:
    advice = one.advice
    period = billing_period(plant.site, advice.peak_start_utc)
    is_unknown = one.lack is not None or figures.gap
    status = EffectStatus.UNKNOWN if is_unknown else EffectStatus.FINAL if is_over else EffectStatus.PROVISIONAL
    cost_eur = 0.0 if one.outcome in (Outcome.NOT_CARRIED_OUT, Outcome.REPLACED) else advice.cost_eur
    saving = None if is_unknown or tariff is None else _less(figures.saving_eur, cost_eur)
    return Effect(
        advice.site, advice.recommendation, 0, at_utc, status, one.outcome, one.basis, advice.machine, period.start_utc, period.end_utc,
        quarter_start(advice.peak_start_utc), advice.reduction_kw, advice.saving_eur,
        relief_kw=None if is_unknown else figures.relief_kw, reduction_kw=None if is_unknown else figures.reduction_kw, saving_eur=saving,
        shared_with=figures.shared_with[:100], sampled=figures.sampled, reason=tuple(_reasons(one, figures, tariff)),
    )  # fmt: skip


def _less(saving: Figure | None, cost_eur: float) -> Figure | None:
    return (
        saving
        if saving is None or not cost_eur
        else Figure(*(round(eur - cost_eur, 2) for eur in (saving.value, saving.low, saving.high)))
    )


def _reasons(one: Moved, figures: Figures, tariff: Tariff | None) -> Iterator[Fact]:
    jobs = [place.job for place in one.advice.after.jobs]
    if one.lack is Lack.NO_POWER:
        yield fact("effect.no_power", job=jobs)
    elif one.lack is not None:
        yield fact("effect.no_order", job=jobs)
    if figures.gap:
        yield fact("effect.gap")
    if figures.in_doubt:
        yield fact("effect.in_doubt")
    if one.basis is Basis.LEARNED:
        yield fact("effect.learned_power")
    if one.basis is Basis.TYPED:
        yield fact("effect.typed_power")
    if tariff is None:
        yield fact("effect.no_tariff")
    if figures.sampled:
        yield fact("effect.sampled", recommendations=len(figures.shared_with) + 1)


def revised(known: dict[str, Effect], found: Iterable[Effect]) -> list[Effect]:
    """Those of `found` that say more than the revision that is known, with the next number; what was final stays."""
    news = []
    for effect in found:
        before = known.get(effect.recommendation)
        if before is not None and before.status is EffectStatus.FINAL:
            continue
        if before is None or replace(effect, revision=before.revision, at_utc=before.at_utc) != before:
            news.append(replace(effect, revision=0 if before is None else before.revision + 1))
    return news
