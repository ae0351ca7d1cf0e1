"""The platform's own health."""

from __future__ import annotations

from console.render.markup import Markup, icon, join, tag
from console.views.platform import ClockEvent, GapEvent, Health, PlatformView
from console.words import NOTHING, Words

HEALTH_ICONS = {Health.GOOD: "ok", Health.WAITING: "wait", Health.BAD: "stop"}
HEALTH_TONES = {Health.GOOD: "good", Health.WAITING: "quiet", Health.BAD: "bad"}


def chip(health: Health, text: str) -> Markup:
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
        tag(
            "div",
            *(
                tag("div", tag("div", n, class_="figure-name"), tag("div", v, tag("small", u), class_="figure"), class_="fig")
                for n, v, u in figures
            ),
            class_="figures-row",
        ),
        tag("p", words.say("platform.model", watt=words.number(view.watt_per_core)), class_="remark"),
    )


def connections(view: PlatformView, words: Words) -> Markup:
    """Broker, ledger, gateways, devices."""
    rows = [
        _row(words["platform.broker"], chip(view.broker, words[f"health.{view.broker}"]), view.trouble),
        _row(
            words["platform.ledger"],
            chip(view.ledger, words[f"health.{view.ledger}"]),
            words.say("platform.until", moment=words.moment(view.ledger_until_utc)) if view.ledger_until_utc else "",
        ),
    ]
    for g in view.gateways:
        said = words.say("platform.heartbeat", age=words.lasting(g.age_s), buffered=words.number(g.buffered))
        rows.append(_row(words.say("platform.gateway", name=g.gateway), chip(g.health, words[f"health.{g.health}"]), said))
    for c in view.connections:
        word = words.texts.get(f"connection.{c.word}", c.word or NOTHING)
        said = words.say("platform.since", moment=words.moment(c.since_utc))
        rows.append(_row(c.label, chip(c.health, word), said, _gap(c.gap, words), _clock(c.clock, words)))
    if not view.gateways and not view.connections:
        rows.append(_row(words["platform.devices"], chip(Health.WAITING, words["platform.none_heard"]), ""))
    return tag("table", tag("caption", words["platform.connections"], class_="sr-only"), tag("tbody", *rows), class_="table")


def _gap(gap: GapEvent | None, words: Words) -> Markup | None:
    """What was done about the device's last gap, in our words; the gateway's own at hand."""
    if gap is None:
        return None
    key = "platform.memory_asked" if gap.values is None else "platform.memory_gave" if gap.values else "platform.memory_none"
    return tag("div", words.say(key, moment=words.moment(gap.at_utc), count=words.number(gap.values or 0)), title=gap.text)


def _clock(clock: ClockEvent | None, words: Words) -> Markup | None:
    """What was found last about the device's clock, in our words; the gateway's own at hand."""
    if clock is None:
        return None
    way = "clock_right" if abs(clock.behind_s) < 1.0 else "clock_behind" if clock.behind_s > 0 else "clock_ahead"
    said = words.say(f"platform.{way}", moment=words.moment(clock.at_utc), offset=words.lasting(abs(clock.behind_s)))
    return tag("div", said, title=clock.text)


def _row(name: str, state: Markup, said: str, *more: Markup | None) -> Markup:
    return tag("tr", tag("th", name, scope="row"), tag("td", state), tag("td", said, *more, class_="soft"))


def rejected(view: PlatformView, words: Words) -> Markup:
    """Why readings were not used."""
    if not view.rejected:
        return tag("p", icon("ok"), words["platform.none_rejected"], class_="alarm tone-good small")
    rows = [
        tag("tr", tag("th", words.texts.get(f"rejection.{r}", r), scope="row"), tag("td", words.number(n), class_="n strong"))
        for r, n in view.rejected
    ]
    return tag("table", tag("caption", words["platform.rejected"], class_="sr-only"), tag("tbody", *rows), class_="table")


def processes(view: PlatformView, words: Words) -> Markup:
    """Memory, CPU and modelled electricity of each process."""
    if not view.processes:
        return tag("p", words["platform.no_processes"], class_="remark")
    head = tag("tr", *(tag("th", words[f"platform.process_{c}"], scope="col") for c in ("name", "memory", "cpu", "energy")))
    rows = [
        tag(
            "tr",
            tag("th", p.name, scope="row"),
            tag("td", words.unit(p.rss_mb, "MB"), class_="n"),
            tag("td", words.unit(p.cpu_s, "s", 1), class_="n strong"),
            tag("td", words.unit(p.cpu_s * view.watt_per_core / 3600, "Wh", 3), class_="n"),
        )
        for p in view.processes
    ]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="table processes")
