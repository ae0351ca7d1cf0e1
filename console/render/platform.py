"""The platform's own health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.render.markup import SENTENCES, Markup, coded, cut, icon, join, short, tag
from console.views.meters import MetersView
from console.views.platform import ClockEvent, Connection, GapEvent, GatewayState, Health, PlatformView, Refusal, Thinning
from domain.forecasts import RungUse
from domain.own_use import EnergyBasis
from words.speech import Words

HOUR = timedelta(hours=1)
HEALTH_ICONS = {Health.GOOD: "ok", Health.WAITING: "wait", Health.BAD: "stop"}
HEALTH_TONES = {Health.GOOD: "good", Health.WAITING: "quiet", Health.BAD: "bad"}


def chip(health: Health, text: str | Markup) -> Markup:
    """A part's health: mark and word."""
    return tag("span", icon(HEALTH_ICONS[health]), text, class_=f"chip plain tone-{HEALTH_TONES[health]}")


def overview(view: PlatformView, words: Words) -> Markup:
    """Lag, throughput and own electricity in large figures."""
    figures = [
        (words["platform.lag"], words.number(view.lag_s, 1), "s"),
        (words["platform.rate"], words.number(view.readings_per_s), words["platform.per_s"]),
        (words["platform.cpu"], words.number(view.cpu_s), "s"),
        (words["platform.energy"], words.number(view.energy_wh, 2), "Wh"),
    ]
    return join(
        _figures(figures),
        tag("p", words.fill("platform.model", watt=words.number(view.watt_per_core)), class_="remark"),
        lacks(view, words),
    )


def own_use(view: PlatformView, words: Words) -> Markup:
    """The month's electricity of the platform, beside what advice was measured to have saved."""
    own = view.own_month
    if own is None:
        return tag("p", words["platform.own_none"], class_="remark")
    cost, saved, benefit = own.cost_eur, own.saved_eur, own.benefit
    figures = [
        (
            words["platform.energy"],
            *((words.number(own.energy_wh / 1000, 1), "kWh") if own.energy_wh >= 1000 else (words.number(own.energy_wh, 2), "Wh")),
        ),
        (words["platform.cpu"], words.number(own.cpu_s / 3600, 2), "h"),
        (
            words["platform.own_cost"],
            words.number(None if cost is None else 100 * cost, 3 if cost is not None and cost < 1 else 0),
            "ct",
        ),
        ("CO₂", words.number(own.co2_g, 2 if own.co2_g is not None and own.co2_g < 10 else 0), "g"),
        (words["platform.own_saved"], words.number(None if saved is None else saved.value, 2), "EUR"),
        (words["platform.own_benefit"], words.number(None if benefit is None else benefit.value, 0), "×"),
    ]
    basis = "platform.own_rapl" if own.bases == (EnergyBasis.RAPL,) else "platform.model"
    notes = [
        words.fill("platform.own_hours", hours=words.number(own.covered / HOUR, 1)),
        words[basis].replace("{watt}", words.number(view.watt_per_core)),
    ]
    if benefit is not None:
        notes.append(words.fill("platform.own_between", low=words.number(benefit.low, 0), high=words.number(benefit.high, 0)))
    if own.sci_g is not None:
        notes.append(words.fill("platform.own_rate", rate=words.number(own.sci_g, 1)))
    rows = [tag("tr", tag("td", job.name), tag("td", words.unit(job.cpu_s, "s", 1), class_="n strong")) for job in own.jobs]
    table = tag(
        "table",
        tag(
            "thead",
            tag(
                "tr",
                tag("th", words["platform.own_job"], scope="col"),
                tag("th", words["platform.process_cpu"], class_="n", scope="col"),
            ),
        ),
        tag("tbody", *rows),
        class_="table processes",
    )
    return join(
        _figures(figures), tag("p", " ".join(notes), class_="remark"), table if rows else "", _rungs(own.rungs, words) if own.rungs else ""
    )  # fmt: skip


def _rungs(rungs: Sequence[RungUse], words: Words) -> Markup:
    """Accuracy and electricity of each model of the forecast that can be switched."""
    heads = ("rung", "error", "joules", "rung_cost", "gain", "state")
    units = {"error": " [kW]", "rung_cost": " [EUR]", "gain": " [EUR]"}
    cells = [
        (one.rung, words.number(one.error_kw, 2), words.number(one.joules, 3), words.number(one.cost_eur, 6), words.number(one.gain_eur, 2),
         words["report.own.served" if one.served else "report.own.not_served"])
        for one in rungs
    ]  # fmt: skip
    return join(
        tag("h3", words["report.own.rungs"]),
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", words[f"report.own.{name}"] + units.get(name, ""), scope="col") for name in heads))),
            tag(
                "tbody",
                *(tag("tr", *(tag("td", cell, class_="" if n in {0, 5} else "n") for n, cell in enumerate(row))) for row in cells),
            ),
            class_="table processes",
        ),
        tag("p", words["report.own.rungs_note"], class_="remark"),
    )


def _figures(figures: Sequence[tuple[str, str, str]]) -> Markup:
    return tag(
        "div",
        *(
            tag("div", tag("div", n, class_="figure-name"), tag("div", v, tag("small", u), class_="figure"), class_="fig")
            for n, v, u in figures
        ),
        class_="figures-row",
    )


def connections(view: PlatformView, words: Words) -> Markup:
    """Broker, ledger, gateways, devices."""
    rows = [
        _row(words["platform.broker"], chip(view.broker, words[f"health.{view.broker}"]), view.trouble),
        _row(
            words["platform.ledger"],
            chip(view.ledger, words[f"health.{view.ledger}"]),
            words.fill("platform.until", moment=words.moment(view.ledger_until_utc)) if view.ledger_until_utc else "",
        ),
    ]
    for part in view.losses:
        word = short(words.texts.get(f"part.{part.state}", part.state))
        rows.append(
            _row(part.name, chip(Health.BAD if part.state == "failed" else Health.WAITING, word), cut(part.note, SENTENCES))
        )
    for g in view.gateways:
        chip_ = chip(g.health, words[f"health.{g.health}"])
        rows.append(
            _row(words.fill("platform.gateway", name=g.gateway), chip_, _heartbeat(g, words), _thinning(g.thinning, view, words))
        )
    for c in view.connections:
        text = words.fill("platform.since", moment=words.moment(c.since_utc, view.now_utc)) if c.since_utc is not None else ""
        more = (_refusal(c.refusal, view, words), _gap(c.gap, words), _clock(c.clock, words))
        rows.append(_row(c.label, chip(c.health, connection_word(c.word, words)), text, *more))
    if not view.gateways and not view.connections:
        rows.append(_row(words["platform.devices"], chip(Health.WAITING, words["platform.none_received"]), ""))
    table = tag(
        "table", tag("caption", words["platform.connections"], class_="sr-only"), tag("tbody", *rows), class_="table states"
    )
    left_out = words.fill("platform.left_out", count=words.number(view.left_out))
    return join(table, tag("p", left_out, class_="remark") if view.left_out else None)


def connection_word(word: str, words: Words) -> Markup:
    """How a device's connection stands, in the reader's language where we know the word."""
    return short(words.texts.get(f"connection.{word}", word) if word else words["platform.no_state"])


def _heartbeat(g: GatewayState, words: Words) -> str:
    if g.age_s is None:
        return words["platform.no_heartbeat"]
    if g.buffered is None:
        return words.fill("platform.heartbeat_unknown", age=words.lasting(g.age_s))
    return words.fill("platform.heartbeat", age=words.lasting(g.age_s), buffered=words.number(g.buffered))


def _thinning(thinning: Thinning | None, view: PlatformView, words: Words) -> Markup | None:
    """What a full buffer had to give up."""
    if thinning is None:
        return None
    key = "platform.thinned_unknown" if thinning.count is None else "platform.thinned"
    moment = words.moment(thinning.at_utc, view.now_utc)
    text = words.fill(key, count=words.number(thinning.count), moment=moment, text=thinning.text)
    return tag("div", icon("warning"), " ", text, class_="tone-bad")


def _refusal(refusal: Refusal | None, view: PlatformView, words: Words) -> Markup | None:
    """What a device does not give."""
    return (
        None
        if refusal is None
        else tag("div", icon("warning"), " ", refusal_words(refusal, view.now_utc, words), class_="tone-warn")
    )


def refusal_words(refusal: Refusal, now_utc: datetime, words: Words) -> str:
    """How many registers a device refuses, and which."""
    moment = words.moment(refusal.at_utc, now_utc)
    return words.fill("platform.refuses", count=words.number(refusal.count), moment=moment, text=refusal.text)


def troubles(view: MetersView, words: Words) -> Markup:
    """Devices that are not connected, stall, or refuse something; nothing where all is well."""
    items = [tag("li", icon("warning"), tag("div", *_trouble(c, view.now_utc, words))) for c in view.troubles]
    return tag("ul", *items, class_="findings") if items else join()


def _trouble(c: Connection, now_utc: datetime, words: Words) -> list[Markup]:
    since = "" if c.since_utc is None else f", {words.fill('platform.since', moment=words.moment(c.since_utc, now_utc))}"
    found = (
        [tag("div", tag("strong", f"{c.label}: "), connection_word(c.word, words), since)] if c.health is not Health.GOOD else []
    )
    if c.refusal is not None:
        found.append(tag("div", tag("strong", f"{c.label}: "), refusal_words(c.refusal, now_utc, words)))
    return found


def lacks(view: PlatformView, words: Words) -> Markup:
    """What is not there, and what to do about it; nothing where all is there."""
    if not view.lacks:
        return join()
    items = (
        tag(
            "li",
            icon("gap"),
            tag("div", tag("strong", words[f"lack.{one}"]), tag("div", coded(words[f"lack.{one}_do"]), class_="soft")),
        )
        for one in view.lacks
    )
    return join(tag("h3", words["platform.lacks"], class_="second"), tag("ul", *items, class_="findings"))


def _gap(gap: GapEvent | None, words: Words) -> Markup | None:
    """What was done about the device's last gap, in our words; the gateway's own at hand."""
    if gap is None:
        return None
    key = "platform.memory_requested" if gap.values is None else "platform.memory_gave" if gap.values else "platform.memory_none"
    return tag("div", words.fill(key, moment=words.moment(gap.at_utc), count=words.number(gap.values)), title=gap.text)


def _clock(clock: ClockEvent | None, words: Words) -> Markup | None:
    """What was found last about the device's clock, in our words; the gateway's own at hand."""
    if clock is None:
        return None
    way = "clock_right" if abs(clock.behind_s) < 1.0 else "clock_behind" if clock.behind_s > 0 else "clock_ahead"
    text = words.fill(f"platform.{way}", moment=words.moment(clock.at_utc), offset=words.lasting(abs(clock.behind_s)))
    return tag("div", text, title=clock.text)


def _row(name: str, state: Markup, text: str, *more: Markup | None) -> Markup:
    return tag("tr", tag("th", name, scope="row"), tag("td", state), tag("td", text, *more, class_="soft"))


def rejected(view: PlatformView, words: Words) -> Markup:
    """Why readings were not used."""
    if view.ledger is not Health.GOOD:
        return tag("p", words["platform.rejected_unknown"], class_="remark")
    if not view.rejected:
        return tag("p", icon("ok"), words["platform.none_rejected"], class_="alarm tone-good small")
    rows = [
        tag(
            "tr", tag("th", short(words.texts.get(f"rejection.{r}", r)), scope="row"), tag("td", words.number(n), class_="n strong")
        )
        for r, n in view.rejected
    ]
    return tag("table", tag("caption", words["platform.rejected"], class_="sr-only"), tag("tbody", *rows), class_="table")


def processes(view: PlatformView, words: Words) -> Markup:
    """Memory, CPU and modelled electricity of each part."""
    if not view.processes:
        return tag("p", words["platform.no_processes"], class_="remark")
    head = tag("tr", *(tag("th", words[f"platform.process_{c}"], scope="col") for c in ("name", "memory", "cpu", "energy")))
    rows = [
        tag(
            "tr",
            tag("th", p.name, scope="row"),
            tag("td", words.unit(p.memory_mb, "MB"), class_="n"),
            tag("td", words.unit(p.cpu_s, "s", 1), class_="n strong"),
            tag("td", words.unit(p.cpu_s * view.watt_per_core / 3600, "Wh", 3), class_="n"),
        )
        for p in view.processes
    ]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="table processes")
