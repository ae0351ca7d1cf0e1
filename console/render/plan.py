"""Jobs as bars on a day's ruler, recommendations as cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.render.markup import SENTENCES, SHORT, Markup, cut, icon, join, short, tag
from console.render.timeline import LoadPicture, Ruler
from console.views.money import NoPrice
from console.views.plan import AdviceCard, Button, Change, JobBar, Move, PlanView, ShiftBand, Span
from domain.instants import instant_text
from domain.orders import OrderStatus
from domain.recommendations import ADVICE_QUARTERS, Action, Alternative, RecommendationStatus, SetPoint
from domain.texts import refused_character
from words.speech import Words

STATUS_ICONS = {
    RecommendationStatus.OPEN: "arrow",
    RecommendationStatus.ACCEPTED: "ok",
    RecommendationStatus.CARRIED_OUT: "ok",
    RecommendationStatus.REJECTED: "stop",
    RecommendationStatus.EXPIRED: "wait",
    RecommendationStatus.WITHDRAWN: "wait",
}
STATUS_TONES = {
    RecommendationStatus.OPEN: "warn",
    RecommendationStatus.ACCEPTED: "good",
    RecommendationStatus.CARRIED_OUT: "good",
    RecommendationStatus.REJECTED: "quiet",
    RecommendationStatus.EXPIRED: "quiet",
    RecommendationStatus.WITHDRAWN: "quiet",
}


MOST_CHANGES = 12
"""Jobs and shifts that a card names."""
_HOURS_PER_YEAR = 8_766
_NO_PLACES_FROM = 100
"""Values of a set point from this on are shown as whole numbers."""


def gantt(view: PlanView, words: Words) -> Markup:
    """Machines as rows; a moved job is a dashed outline where it was and a full bar where it goes."""
    ruler = Ruler(view.gantt_from_utc, view.gantt_to_utc)
    marks = hour_marks(view, words, ruler)
    shifts = [shift_band(band, style, words) for band in view.shifts if (style := ruler.style(band.span)) is not None]
    rows = [
        tag("div", tag("div", "", class_="gantt-name"), tag("div", *marks, class_="gantt-lane hours"), class_="gantt-row head"),
        tag(
            "div",
            tag("div", words["plan.shifts"], class_="gantt-name"),
            tag("div", *shifts, class_="gantt-lane shifts"),
            class_="gantt-row",
        ),
    ]
    for row in view.rows:
        bars = [bar for job in row.jobs for bar in job_bars(job, ruler, words)]
        grid = tag("span", class_="now-line", style=f"left:{ruler.at(view.now_utc):.3f}%")
        more = tag("small", words.fill("plan.jobs_left_out", count=words.number(row.left_out))) if row.left_out else None
        name = tag("div", row.label, " ", more, class_="gantt-name")
        rows.append(tag("div", name, tag("div", grid, *bars, class_="gantt-lane"), class_="gantt-row"))
    if not view.rows:
        rows.append(tag("p", words["plan.no_jobs"], class_="remark"))
    load = LoadPicture(view, ruler)
    picture = load.draw(words["plan.load_lane"])
    if picture is not None:
        lane = tag(
            "div", picture, tag("span", class_="now-line", style=f"left:{ruler.at(view.now_utc):.3f}%"), class_="gantt-lane load"
        )
        reach = tag("small", words.fill("plan.load_up_to", highest=load.highest(words)))
        rows.append(tag("div", tag("div", words["plan.load_lane"], " ", reach, class_="gantt-name"), lane, class_="gantt-row"))
    keys = ["job-stays", "job-from", "job-to", "job-running"]
    keys += [] if picture is None else ["load-drawn", "load-median", "load-after"]
    legend = tag(
        "div",
        *(
            tag(
                "span",
                tag("i", class_=f"key {css}"),
                words[f"plan.legend_{css.removeprefix('job-').replace('-', '_')}"],
                class_="legend-item",
            )
            for css in keys
        ),
        class_="legend",
    )
    return join(
        tag(
            "div",
            tag("div", *rows, class_="gantt", data_from=instant_text(view.gantt_from_utc), data_to=instant_text(view.gantt_to_utc)),
            class_="gantt-scroll",
            tabindex="0",
            role="region",
            aria_label=words["plan.jobs"],
        ),
        legend,
        left_out(view.rows_left_out, "plan.machines_left_out", words),
        unplanned(view, words),
    )


def shift_band(band: ShiftBand, style: str, words: Words) -> Markup:
    """One shift with its crew; dashed where advice would open it, struck through where it would drop it."""
    label = f"{band.label} · {band.crew}" if band.crew else band.label
    css, spoken = "g-shift", f"{label} {_span_words(band.span, words)}"
    if band.move is Move.ADVISED:
        css, spoken = "g-shift g-shift-to", f"{spoken}: {words['plan.shift_advised']}"
    elif band.is_dropped:
        css, spoken = "g-shift g-shift-from", f"{spoken}: {words['plan.shift_dropped']}"
    return tag("span", label, class_=css, style=style, title=spoken, role="img", aria_label=spoken)


def hour_marks(view: PlanView, words: Words, ruler: Ruler) -> list[Markup]:
    """Every six hours of the wall clock; the day's name at midnight."""
    marks = []
    at = view.gantt_from_utc
    while at < view.gantt_to_utc:
        local = at.astimezone(words.zone)
        if local.minute == 0 and local.hour % 6 == 0:
            text = words.day(local.date()) if local.hour == 0 else f"{local:%H:%M}"
            marks.append(tag("span", text, class_="hour" + (" day" if local.hour == 0 else ""), style=f"left:{ruler.at(at):.3f}%"))
        at += timedelta(hours=1)
    return marks


def _span_words(span: Span, words: Words) -> str:
    return f"{words.moment(span.start_utc)}–{words.time(span.end_utc)}"


def job_bars(job: JobBar, ruler: Ruler, words: Words) -> list[Markup]:
    """One bar, or two where the job moves."""
    name = job.label if job.label == job.job else f"{job.label} ({job.job})"
    power = words.unit(job.peak_kw, "kW")
    due = words["plan.no_due"] if job.due_utc is None else words.fill("plan.due", moment=words.moment(job.due_utc))
    state = f"{words[f'order.{job.status}']}, {due}"
    found: list[Markup] = []

    is_movable = job.movable and job.status is OrderStatus.PLANNED

    def draw(span: Span, css: str, spoken: str) -> None:
        style = ruler.style(span)
        if style is None:
            return
        may_drag = is_movable and css != "job-from"
        held: dict[str, object] = {"role": "img"}
        if may_drag:
            held = {"role": "button", "tabindex": 0, "data_job": job.job}
            held |= {"data_start": instant_text(span.start_utc), "data_end": instant_text(span.end_utc)}
        found.append(tag("span", tag("b", job.label), class_=f"job {css}", style=style, title=spoken, aria_label=spoken, **held))

    if job.move is Move.STAYS or job.after is None:
        css = (
            "job-running" if job.status is OrderStatus.RUNNING else ("job-done" if job.status is OrderStatus.DONE else "job-stays")
        )
        draw(job.before, css, f"{name}: {_span_words(job.before, words)}, {power}, {state}")
        return found
    verb = words[f"plan.move_{job.move}"]
    spoken = f"{name}: {verb} {_span_words(job.before, words)} → {_span_words(job.after, words)}, {power}, {state}"
    if job.move is not Move.COMES:
        draw(job.before, "job-from", spoken)
    draw(job.after, "job-to", spoken)
    return found


def card(card_: AdviceCard, words: Words) -> Markup:
    """A recommendation in full, without its buttons."""
    r = card_.recommendation
    reason = card_.texts[words.language].reason
    status = tag("span", icon(STATUS_ICONS[r.status]), words[f"status.{r.status}"], class_=f"chip tone-{STATUS_TONES[r.status]}")
    title = tag("h3", " · ".join(part for part in (card_.subject_label, card_.machine_label) if part))
    named = r.action is not Action.MOVE_JOB
    moves = [tag("p", words[f"action.{r.action}"], class_="remark above") if named else None]
    moves += [_move(change, words, is_named=place > 0) for place, change in enumerate(card_.changes[:MOST_CHANGES])]
    moves += [_set_point(*pair, words) for pair in zip(r.before.set_points, r.after.set_points, strict=True)]
    is_setting = bool(r.set_points)
    lowers = (
        words.unit(-r.reduction_kw * _HOURS_PER_YEAR, "kWh", 0, sign=True)
        if is_setting
        else words.unit(-r.reduction_kw, "kW", 0, sign=True)
    )
    effect = [
        (words["advice.lowers_year" if is_setting else "advice.lowers"], lowers),
        (words["advice.saves_year" if is_setting else "advice.saves"], money(r.saving_eur, card_.no_price, words)),
        (words["advice.sure"], words.percent(r.confidence)),
    ]
    size = {money(None, card_.no_price, words): "words"}  # a sentence is no figure
    numbers = tag("dl", *(tag("div", tag("dt", n), tag("dd", v, class_=size.get(v))) for n, v in effect), class_="advice-numbers")
    return join(
        tag("div", title, status, class_="card-head"), *moves, numbers, tag("p", short(reason, SENTENCES), class_="reason"), deadline(card_, words),
        details(card_, words),
    )  # fmt: skip


def _move(change: Change, words: Words, *, is_named: bool) -> Markup:
    """From when to when, with what it is where it is not the title."""
    before, after = _begins(change, words)
    return tag(
        "p",
        tag("span", f"{change.label}: ") if is_named else None,
        tag("span", before, class_="from"),
        icon("arrow", words["plan.to"]),
        tag("strong", after),
        class_="move",
    )


def _set_point(before: SetPoint, after: SetPoint, words: Words) -> Markup:
    """How a machine is set, and is to be set."""
    shown = _shown(before, after, words)
    return tag("p", tag("span", shown[0], class_="from"), icon("arrow", words["plan.to"]), tag("strong", shown[1]), class_="move")


def _shown(before: SetPoint, after: SetPoint, words: Words) -> list[str]:
    places = 0 if abs(before.value) >= _NO_PLACES_FROM else 1
    return [words.unit(one.value, one.unit, places) for one in (before, after)]


def _begins(change: Change, words: Words) -> tuple[str, str]:
    """When it begins before and after; a shift may not be worked at all."""
    before, after = (words["action.not_worked"] if at is None else words.moment(at) for at in (change.from_utc, change.to_utc))
    return before, after


def summary(card_: AdviceCard, words: Words) -> str:
    """What would be changed, in a line."""
    r = card_.recommendation
    if r.set_points:
        values = (" → ".join(_shown(*pair, words)) for pair in zip(r.before.set_points, r.after.set_points, strict=True))
        return f"{words[f'action.{r.action}']}: {'; '.join(values)}"
    if r.loads and not card_.changes:
        until = max(place.end_utc for place in r.loads)
        return f"{words[f'action.{r.action}']}: {words.moment(r.begins_utc)} – {words.time(until)}"
    changes = [
        (card_.machine_label if place == 0 else change.label, change) for place, change in enumerate(card_.changes[:MOST_CHANGES])
    ]
    return "; ".join(f"{label}: {' → '.join(_begins(one, words))}".removeprefix(": ") for label, one in changes)


def _place_words(alternative: Alternative, words: Words) -> str:
    """An alternative in a few words: when it would begin, else what would be done."""
    starts = alternative.after.starts_utc
    if alternative.action is Action.DO_NOTHING or not starts:
        return words[f"action.{alternative.action}"]
    return words.moment(starts[0])


def deadline(card_: AdviceCard, words: Words) -> Markup:
    """Until when it helps, or who decided."""
    r = card_.recommendation
    if r.status is RecommendationStatus.OPEN:
        key = "advice.until" if card_.minutes_left > 0 else "advice.too_late"
        now_utc = r.valid_until_utc - timedelta(minutes=card_.minutes_left)
        left = words.lasting(max(card_.minutes_left, 0) * 60)
        text = words.fill(key, moment=words.moment(r.valid_until_utc, now_utc), left=left)
    elif (by := r.decided_by or (card_.decision.by if card_.decision is not None else None)) is not None:
        text = words.fill(
            "advice.decided_by", by=cut(by, SHORT), moment=words.moment(card_.decision.at_utc if card_.decision else r.at_utc)
        )
        if card_.decision is not None and card_.decision.reason != "none":
            text += f" · {words[f'decline.{card_.decision.reason}']}"
        if card_.decision is not None and card_.decision.comment:
            comment = cut(card_.decision.comment, SENTENCES)
            text += f" · {words.quoted(comment)}"
    else:
        text = words.fill("advice.since", moment=words.moment(r.at_utc))
    return tag("p", text, class_="remark deadline")


def details(card_: AdviceCard, words: Words) -> Markup:
    """The bill before and after, alternatives, and what was and was not looked at."""
    r, texts = card_.recommendation, card_.texts[words.language]
    facts = [
        ("advice.bill_before", money(r.bill_before_eur, card_.no_price, words)),
        ("advice.bill_after", money(r.bill_after_eur, card_.no_price, words)),
        ("advice.by_demand", money(r.saving_demand_eur, card_.no_price, words)),
        ("advice.by_energy", money(r.saving_energy_eur, card_.no_price, words, 2, sign=True)),
        ("advice.peak_at", words.moment(r.peak_start_utc)),
        ("advice.peak_before", words.unit(r.peak_before_kw, "kW")),
        ("advice.peak_after", words.unit(r.peak_after_kw, "kW")),
    ]
    if r.set_points:  # for good, and for no peak
        facts = []
    parts: list[object] = [
        tag("summary", words["advice.more"]),
        tag("dl", *(tag("div", tag("dt", words[k]), tag("dd", v)) for k, v in facts), class_="facts") if facts else None,
    ]
    if r.alternatives:
        parts.append(tag("h4", words["advice.alternatives"]))
        parts.append(
            tag(
                "ul",
                *(
                    tag(
                        "li",
                        tag("strong", _place_words(a, words)),
                        f" {words.unit(a.peak_after_kw, 'kW')}, {money(a.saving_eur, card_.no_price, words)}: ",
                        short(why, SENTENCES),
                    )
                    for a, why in zip(r.alternatives, texts.alternatives, strict=True)
                ),
            )
        )
    for key, found in (("advice.checked", texts.checked), ("advice.not_checked", texts.not_checked)):
        if found:
            parts += [tag("h4", words[key]), tag("p", short("; ".join(found), 2 * SENTENCES))]
    return tag("details", *parts)


def card_state(card_: AdviceCard, words: Words) -> str:
    """What the buttons' line says."""
    if card_.button is Button.SENT and card_.decision is not None:
        decision = card_.decision
        kind = words[f"status.{decision.kind}"]
        return words.fill("advice.waiting", kind=kind, by=cut(decision.by, SHORT), moment=words.moment(decision.at_utc))
    if card_.button is Button.FAILED:
        return words.fill("advice.failed", why=card_.failure)
    return ""


def undecidable(status: str, by: str | None, at_utc: datetime | None, words: Words) -> str:
    """Why a decision does not count, for the person who made it."""
    found = words.texts.get(f"status.{status}", words["advice.unknown"])
    key = "advice.decided_already" if by is not None else "advice.closed_already"
    return words.fill(key, status=found, by=by, moment=words.moment(at_utc))


def unfit(name: str, text: str, most: int, allowed: str, words: Words) -> str | None:
    """What is wrong with an entered text; None where it can be kept."""
    if len(text) > most:
        return words.fill("advice.too_long", name=name, most=words.number(most), count=words.number(len(text)))
    refused = refused_character(text, allowed)
    if refused is None:
        return None
    code, place = refused.split()[0], refused.split()[-1]
    return words.fill("advice.character", name=name, code=code, place=place)


def money(value: float | None, why: NoPrice, words: Words, places: int = 0, sign: bool = False) -> str:
    """An amount; where it is not known, why."""
    return words[f"money.{why}"] if value is None else words.euro(value, places, sign)


def unplanned(view: PlanView, words: Words) -> Markup:
    """Jobs without a start, as a table; nothing where there are none."""
    if not view.unplanned:
        return join()
    head = tag(
        "tr", *(tag("th", words[f"plan.unplanned_{c}"], scope="col") for c in ("job", "machine", "lasts", "earliest", "due"))
    )
    rows = [
        tag(
            "tr",
            tag("th", f"{job.job} {job.product}".strip(), scope="row"),
            tag("td", job.machine_label),
            tag("td", words.lasting(job.duration.total_seconds()), class_="n"),
            tag("td", words["plan.not_released"] if job.earliest_utc is None else words.moment(job.earliest_utc, view.now_utc)),
            tag("td", words["plan.no_due"] if job.due_utc is None else words.moment(job.due_utc, view.now_utc)),
        )
        for job in view.unplanned
    ]
    return join(
        tag("h3", words["plan.unplanned"], class_="second"),
        tag("p", words["plan.unplanned_note"], class_="remark above"),
        tag("div", tag("table", tag("thead", head), tag("tbody", *rows), class_="table"), class_="scroll"),
        left_out(view.unplanned_left_out, "plan.jobs_left_out", words),
    )


def left_out(count: int, key: str, words: Words) -> Markup | None:
    """What there is no room for, as a number."""
    return tag("p", words.fill(key, count=words.number(count)), class_="remark") if count else None


def headline(view: PlanView, words: Words) -> Markup:
    """How much lies open."""
    count = sum(c.recommendation.status is RecommendationStatus.OPEN for c in view.cards) + view.open_left_out
    if not count and (view.forecast is None or not view.has_jobs):
        why = "plan.none_without_forecast" if view.forecast is None else "plan.none_without_jobs"
        return tag("p", icon("wait"), words[why], class_="alarm tone-quiet small")
    if not count and view.known_quarters < ADVICE_QUARTERS:
        why = words.fill("plan.none_while_unknown", count=words.number(view.known_quarters), needed=words.number(ADVICE_QUARTERS))
        return tag("p", icon("wait"), why, class_="alarm tone-quiet small")
    if not count:
        return tag("p", icon("ok"), words["plan.none_open"], class_="alarm tone-good small")
    key = ("plan.one_open" if count == 1 else "plan.some_open") + ("" if view.best_saving_eur is not None else "_kw")
    lowers = None if view.best_reduction_kw is None else -view.best_reduction_kw
    kw = words.unit(lowers if count == 1 else view.best_reduction_kw, "kW", 0, sign=count == 1)
    text = words.fill(key, count=words.number(count), saving=words.euro(view.best_saving_eur), kw=kw)
    return tag("p", icon("arrow"), text, class_="alarm tone-warn small")


def order_of(cards: Sequence[AdviceCard]) -> tuple[str, ...]:
    """Ids in the order of the cards."""
    return tuple(c.recommendation.recommendation for c in cards)


__all__ = ["Ruler", "card", "card_state", "gantt", "headline", "order_of", "undecidable", "unfit"]
