"""What the platform itself used in the month, beside what its advice was measured to have saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.own_use import EnergyBasis, PartUse
from domain.units import WATTS_PER_CORE
from reporting.own_use import OwnSum
from reporting.sections.blocks import Block, Heading, Paragraph, PrintColumn, printed
from reporting.sections.section import Content, Section
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
            energy=words.number(own.energy_wh / 1000, 3),
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
            blocks += [Heading(words[key], 2), printed(_columns(uses, own, words), uses)]
    return blocks


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
