"""What a job moved by hand would do, as one line of figures."""

from __future__ import annotations

from console.render.markup import Markup, join, tag
from console.render.plan import money
from console.views.money import NoPrice
from scheduling.what_if import Consequence, InTheWay
from words.speech import Words


def what_if(found: Consequence, name: str, price: NoPrice, words: Words) -> Markup:
    """The place, the peak before and after, the euros, and what stands in the way."""
    title = tag(
        "p", tag("strong", f"{name}:"), f"{words.moment(found.from_start_utc)} → ", tag("strong", words.moment(found.to_start_utc)), class_="move"
    )  # fmt: skip
    peak = f"{words.unit(found.peak_before_kw, 'kW')} → {words.unit(found.peak_after_kw, 'kW')}"
    saving = found.saving.total_eur
    figures = [
        (words["what_if.peak"], f"{peak} ({words.moment(found.peak_after_utc)})"),
        (words["what_if.change"], words.unit(-found.reduction_kw, "kW", 0, sign=True)),
        (words["what_if.saving"], money(None if saving is None else round(saving, 2) + 0.0, price, words, sign=saving is not None)),
    ]
    numbers = tag("dl", *(tag("div", tag("dt", n), tag("dd", v)) for n, v in figures), class_="advice-numbers")
    reasons = tag("ul", *(tag("li", in_the_way(one, words)) for one in found.in_the_way), class_="in-the-way")
    return join(title, numbers, reasons if found.in_the_way else tag("p", words["what_if.possible"], class_="remark"))


def in_the_way(one: InTheWay, words: Words) -> str:
    """One reason against a place."""
    moment = "" if one.at_utc is None else words.moment(one.at_utc)
    return words.fill(f"what_if.{one.obstacle}", job=one.other_job, moment=moment)
