"""Incidents as cards, those that ended as a table, and what all of them cost, in words."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from console.render import machines
from console.render.evidence import evidence
from console.render.markup import SENTENCES, SHORT, Markup, cut, icon, join, short, tag
from console.render.meters import nothing_found, watched
from console.views.feedback import FeedbackEntry
from console.views.incidents import AlsoShown, Incident, IncidentGroup, IncidentsView
from domain.anomalies import Nature
from domain.incident_cost import IncidentCost
from words.speech import Words

MONEY = 2
"""Decimals of euros."""
MOST_ALSO = 6
"""Meters that are named as showing the same."""
TONES = {Nature.WASTE: "warn", Nature.WEAR: "bad", Nature.QUALITY: "warn", Nature.DATA: "quiet"}
ICONS = {Nature.WASTE: "warning", Nature.WEAR: "gear", Nature.QUALITY: "warning", Nature.DATA: "gap"}


def address(incident: str) -> str:
    """Where one incident is shown alone."""
    return f"/findings?{urlencode({'incident': incident})}"


def headline(view: IncidentsView, words: Words) -> Markup:
    """How many lie open and what they cost; where there are none, that, and for what it holds."""
    if not view.groups:
        return join(nothing_found(view.watch, words), watched(view.watch, words))
    sentences = []
    for group in view.groups:
        text = f"{words[f'nature.{group.nature}']}: {words.number(len(group.incidents) + group.left_out)}"
        if group.eur_per_day is not None:
            text += f" ({words.fill('findings.a_day', amount=words.euro(group.eur_per_day, MONEY))})"
        sentences.append(text)
    is_bad = any(group.nature is Nature.WEAR for group in view.groups)
    return join(
        tag("p", icon("warning"), tag("span", " · ".join(sentences)), class_=f"alarm tone-{'bad' if is_bad else 'warn'} small"),
        watched(view.watch, words),
    )


def group_head(group: IncidentGroup, words: Words) -> Markup:
    """What the group is, and what it costs together."""
    parts = [words[f"incidents.about_{group.nature}"]]
    if group.eur_per_day is not None and len(group.incidents) > 1:
        parts.append(words.fill("findings.total", eur=words.euro(group.eur_per_day, MONEY)))
    if group.cost.eur is not None:
        parts.append(words.fill("incidents.so_far", amount=words.euro(group.cost.eur, MONEY)))
    if group.left_out:
        parts.append(words.fill("findings.left_out", count=words.number(group.left_out)))
    return tag("p", " · ".join(parts), class_="remark above")


def card(incident: Incident, view: IncidentsView, words: Words) -> Markup:
    """Everything but the buttons: what, where, since when, what it costs, what it rests on, what to check first."""
    found, a = incident.finding, incident.finding.anomaly
    meter = tag("a", short(found.meter_label), href=f"/meters?{urlencode({'meter': a.meter})}")
    return join(
        tag(
            "div",
            tag("h3", words[f"anomaly.{a.kind}"], ": ", meter),
            _chip(incident, words),
            class_="card-head",
        ),
        _numbers(incident, view, words),
        tag("p", short(found.texts[words.language], SENTENCES), class_="reason"),
        _picture(incident, words),
        tag("p", tag("strong", words["incidents.check"]), " ", words[f"check.{a.kind}"], class_="check"),
        _also(incident, words),
    )  # fmt: skip


def _chip(incident: Incident, words: Words) -> Markup:
    """What somebody reported of it; else the sign of its nature."""
    a = incident.finding.anomaly
    if incident.holds is not None:
        return tag("span", icon("ok"), words[f"feedback.{incident.holds.kind}"], class_="chip tone-good")
    name = words[f"nature.{a.kind.nature}"]
    return tag("span", icon(ICONS[a.kind.nature], name), title=name, class_=f"chip plain tone-{TONES[a.kind.nature]}")


def _also(incident: Incident, words: Words) -> Markup | None:
    """Where it comes from, and meters that show the same."""
    parts: list[Markup] = []
    if incident.cause_label:
        parts.append(tag("p", tag("strong", words["incidents.cause"]), " ", short(incident.cause_label), class_="check"))
    if incident.also:
        named = [_also_name(incident, one, words) for one in incident.also[:MOST_ALSO]]
        left = len(incident.also) - MOST_ALSO
        named += [words.fill("findings.left_out", count=words.number(left))] if left > 0 else []
        parts.append(tag("p", tag("strong", words["incidents.also"]), " ", short(", ".join(named), SENTENCES), class_="check"))
    return join(*parts) if parts else None


def _also_name(incident: Incident, one: AlsoShown, words: Words) -> str:
    """Another meter, or at the same meter another kind."""
    is_here = one.meter == incident.finding.anomaly.meter
    name = words.texts.get(f"anomaly.{one.kind}", one.kind) if is_here else one.meter_label
    return name if one.share is None or is_here else f"{name} ({words.percent(one.share)})"


def _numbers(incident: Incident, view: IncidentsView, words: Words) -> Markup:
    a = incident.finding.anomaly
    since = words.fill("findings.since", moment=words.moment(a.since_utc, view.now_utc))
    if (risk := a.kind.risk) is not None:
        since = f"{since} · {words.fill('incidents.risk', risk=words[f'risk.{risk}'])}"
    if a.kind.nature is Nature.DATA:
        return tag("p", since, class_="soft")
    rows: list[tuple[str, Markup | str, str]] = []
    if a.eur_per_day is not None:
        rows.append((words["incidents.per_day"], words.euro(a.eur_per_day, MONEY), ""))
    elif a.kwh_per_day:
        rows.append((words["incidents.per_day"], words[f"money.{view.no_price}"], "words"))
    if a.kwh_per_day:
        rows.append((words["incidents.energy_per_day"], words.unit(a.kwh_per_day, "kWh", _places(a.kwh_per_day)), ""))
    if incident.cost.kwh or incident.cost.eur:
        rows.append((words["incidents.cost"], amount(incident.cost, words), "words"))
    dl = tag("dl", *(tag("div", tag("dt", name), tag("dd", value, class_=css or None)) for name, value, css in rows), class_="advice-numbers")  # fmt: skip
    return join(dl if rows else None, tag("p", since, class_="soft"))


def amount(cost: IncidentCost, words: Words) -> str:
    """Money and energy; energy alone where no price is known."""
    energy = words.unit(cost.kwh, "kWh", _places(cost.kwh))
    if cost.eur is None:
        return energy
    return f"{words.euro(cost.eur, MONEY)} · {energy}" if cost.kwh else words.euro(cost.eur, MONEY)


def _places(kwh: float) -> int:
    """Decimals of an energy that are worth showing."""
    return 0 if abs(kwh) >= 100 else 1


def _picture(incident: Incident, words: Words) -> Markup | None:
    """The health of the machine where it is about wear; else what was drawn."""
    link = None
    if incident.machine is not None:
        link = tag("p", tag("a", words["machines.channels"], href=machines.address(incident.machine)), class_="check")
    if incident.health:
        return join(machines.trend(incident.health, words["machines.index_picture"], words, 0.0, 100.0), link)
    if incident.picture is not None:
        return join(evidence(incident.picture, words), link)
    shown = tag("p", tag("a", words["incidents.picture"], href=address(incident.finding.anomaly.anomaly)), class_="check")
    return join(None if incident.finding.anomaly.kind.nature is Nature.DATA else shown, link)


def ended(view: IncidentsView, words: Words) -> Markup:
    """What ended within the last 30 days, with what it cost."""
    if not view.ended:
        return tag("p", words["incidents.none_ended"], class_="remark above")
    total = words.fill("incidents.ended_total", amount=amount(view.ended_cost, words))
    names = ("what", "from", "until", "cost")
    head = tag("tr", *(tag("th", words[f"incidents.column_{name}"], scope="col") for name in names))
    left_out = tag("p", words.fill("findings.left_out", count=words.number(view.ended_left_out)), class_="remark")
    return join(
        tag("p", total, class_="remark above") if view.ended_cost.kwh or view.ended_cost.eur else None,
        tag("table", tag("caption", words["incidents.ended"], class_="sr-only"), tag("thead", head), tag("tbody", *_ended_rows(view, words)), class_="table incidents"),
        left_out if view.ended_left_out else None,
    )  # fmt: skip


def _ended_rows(view: IncidentsView, words: Words) -> Iterator[Markup]:
    for incident in view.ended:
        a = incident.finding.anomaly
        name = tag("a", words[f"anomaly.{a.kind}"], ": ", short(incident.finding.meter_label), href=address(a.anomaly))
        cost = amount(incident.cost, words) if incident.cost.kwh or incident.cost.eur else "–"
        cells = (
            ("from", words.moment(a.since_utc, view.now_utc)),
            ("until", words.moment(a.until_utc, view.now_utc)),
            ("cost", cost),
        )
        yield tag(
            "tr",
            tag("th", name, scope="row"),
            *(
                tag("td", text, data_label=words[f"incidents.column_{key}"], class_="n" if key == "cost" else None)
                for key, text in cells
            ),
        )


def spoken_name(incident: Incident, words: Words) -> str:
    """An incident in a few words, for those who hear its buttons."""
    return f"{words[f'anomaly.{incident.finding.anomaly.kind}']}, {cut(incident.finding.meter_label, SHORT)}"


def holds(incident: Incident, words: Words) -> Markup | None:
    """Who reported what of it; that it is on its way, where the incident does not show it yet."""
    if incident.holds is None:
        return tag("span", words["incidents.taking_back"], class_="soft") if incident.is_waiting else None
    given = incident.holds
    text = words.fill(
        "incidents.given_by", kind=words[f"feedback.{given.kind}"], by=cut(given.by, SHORT), moment=words.moment(given.at_utc)
    )
    return tag("span", text, f" – {words['incidents.waiting']}" if incident.is_waiting else None)


def feedback_line(one: FeedbackEntry, words: Words) -> Markup:
    """Who reported what of which incident, when and why."""
    f = one.feedback
    name = words[f"anomaly.{one.anomaly_kind}"] if one.anomaly_kind is not None else short(f.anomaly)
    what = words.fill("incidents.given_by", kind=words[f"feedback.{f.kind}"], by=cut(f.by, SHORT), moment=words.moment(f.at_utc))
    return join(
        tag("strong", tag("a", name, ": ", short(one.meter_label), href=address(f.anomaly))),
        tag("span", what, class_=None if one.holds else "soft"),
        tag("span", short(f.comment, SENTENCES), class_="soft") if f.comment else None,
    )


def feedback_name(one: FeedbackEntry, words: Words) -> str:
    """The incident of a feedback, for those who hear its button."""
    kind = words[f"anomaly.{one.anomaly_kind}"] if one.anomaly_kind is not None else cut(one.feedback.anomaly, SHORT)
    return f"{kind}, {cut(one.meter_label, SHORT)}"
