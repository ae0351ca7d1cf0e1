"""What the platform itself used in the month, beside what its advice was measured to have saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.forecasts import RungUse
from domain.instants import instant_text
from domain.own_use import EnergyBasis, PartUse
from domain.units import WATTS_PER_CORE
from reporting.own_use import OwnSum
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed, shortened
from reporting.sections.section import ADVICE_ROWS, Content, Section
from words.speech import Words


def _data(content: Content) -> dict[str, Any]:
    own = content.own
    if own is None:
        return {"own_use": None}
    saved, benefit = own.saved_eur, own.benefit
    return {
        "own_use": {
            "covered_h": round(own.covered / timedelta(hours=1), 3), "cpu_s": round(own.cpu_s, 3), "energy_wh": round(own.energy_wh, 6),
            "basis": [str(one) for one in own.bases], "cost_eur": own.cost_eur, "co2_g": own.co2_g, "sci_g_per_meter_and_30_days": own.sci_g,
            "saved_eur": None if saved is None else {"value": saved.value, "low": saved.low, "high": saved.high},
            "benefit": None if benefit is None else {"value": benefit.value, "low": benefit.low, "high": benefit.high},
            "rungs": [_rung_data(one) for one in own.rungs],
            **{kind: {one.name: one.cpu_s for one in uses} for kind, uses in (("parts", own.parts), ("jobs", own.jobs), ("models", own.models))},
        }
    }  # fmt: skip


def _page(content: Content, words: Words) -> list[Block]:
    own = content.own
    heading = Heading(words["own"])
    if own is None:
        return [heading, Paragraph(words["own.none"])]
    facts = [
        words.fill(
            "own.used",
            energy=words.unit(own.energy_wh / 1000, "kWh", 3) if own.energy_wh >= 100 else words.unit(own.energy_wh, "Wh", 3),
            cpu=words.number(own.cpu_s / 3600, 2),
            hours=words.number(own.covered / timedelta(hours=1), 1),
        )
    ]
    facts += [
        words["own.rapl" if one is EnergyBasis.RAPL else "own.model"].replace("{watt}", words.number(WATTS_PER_CORE))
        for one in own.bases
    ]
    if own.cost_eur is not None:
        facts.append(words.fill("own.cost", eur=words.number(own.cost_eur, 2 if own.cost_eur >= 1 else 5)))
    if own.co2_g is not None and own.sci_g is not None:
        facts.append(words.fill("own.co2", grams=words.number(own.co2_g, 0), rate=words.number(own.sci_g, 1)))
    facts.append(_benefit(own, words))
    blocks: list[Block] = [heading, Paragraph(" ".join(facts))]
    for key, uses in (("own.parts", own.parts), ("own.jobs", own.jobs), ("own.models", own.models)):
        if uses:
            blocks += [Heading(words[key], 2), shortened(printed(_columns(uses, own, words), uses), ADVICE_ROWS, words)]
    if own.rungs:
        blocks += [Heading(words["own.rungs"], 2), printed(_rung_columns(words), own.rungs), Paragraph(words["own.rungs_note"])]
    return blocks


def _rung_data(one: RungUse) -> dict[str, Any]:
    since = None if one.since_utc is None else instant_text(one.since_utc)
    return {
        "rung": one.rung, "served": one.served, "since_utc": since, "joules": one.joules, "kwh_in_30_days": one.kwh, "days": one.days,
        "error_kw": one.error_kw, "mixed_error_kw": one.mixed_error_kw, "gain_eur_in_30_days": one.gain_eur,
        "gain_within_eur": one.gain_within_eur, "cost_eur_in_30_days": one.cost_eur,
    }  # fmt: skip


def _rung_columns(words: Words) -> list[PrintColumn[RungUse]]:
    def served(one: RungUse) -> str:
        state = words["own.served" if one.served else "own.not_served"]
        return (
            state
            if one.since_utc is None
            else words.fill("own.since", state=state, day=words.full_day(one.since_utc.astimezone(words.zone).date()))
        )

    return [
        PrintColumn(words["own.rung"], lambda one: one.rung, "1fr"),
        PrintColumn(f"{words['own.error']} [kW]", lambda one: words.number(one.error_kw, 2), is_number=True),
        PrintColumn(words["own.joules"], lambda one: words.number(one.joules, 3), is_number=True),
        PrintColumn(f"{words['own.rung_cost']} [EUR]", lambda one: words.number(one.cost_eur, 6), is_number=True),
        PrintColumn(f"{words['own.gain']} [EUR]", lambda one: words.number(one.gain_eur, 2), is_number=True),
        PrintColumn(words["own.state"], served),
    ]


def _benefit(own: OwnSum, words: Words) -> str:
    benefit, saved = own.benefit, own.saved_eur
    if benefit is None or saved is None:
        return words["own.benefit_unknown"]
    return words.fill(
        "own.benefit", saved=words.money(saved.value), low_eur=words.money(saved.low), high_eur=words.money(saved.high),
        ratio=words.number(benefit.value, 0), low=words.number(benefit.low, 0), high=words.number(benefit.high, 0),
    )  # fmt: skip


def _columns(uses: Sequence[PartUse], own: OwnSum, words: Words) -> list[PrintColumn[PartUse]]:
    per_s = own.energy_wh / own.cpu_s if own.cpu_s else 0.0
    return [
        PrintColumn(words["own.name"], lambda use: use.name, "1fr"),
        PrintColumn(f"{words['own.cpu']} [s]", lambda use: words.number(use.cpu_s, 1), is_number=True),
        PrintColumn(f"{words['own.energy']} [Wh]", lambda use: words.number(use.cpu_s * per_s, 3), is_number=True),
    ]


SECTION = Section(data=_data, page=_page)
