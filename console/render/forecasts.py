"""The forecast in words and small pictures: odds of the peaks, forecast beside measured load, and which model it is from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from console.render.markup import Markup, cut, icon, join, tag
from console.views.forecasts import DayAhead
from console.views.plan import PlanView
from domain.forecasts import DayPeak, Forecast, PeriodPeak
from words.numbers import NOTHING
from words.sentences import forecast_notes
from words.speech import Words

Peak = DayPeak | PeriodPeak
STILL_NEW = timedelta(hours=1)
"""A forecast that rests on a quarter hour that ended less than this before it is as new as it can be."""
MOST_NOTES, MOST_NOTE = 5, 300
"""Notes of a forecast, and characters of one, that there is room for."""
COLUMNS = ("day", "likely", "band", "when")


def peaks_table(view: PlanView, words: Words) -> Markup:
    """Each day's highest quarter hour as it is expected, and that of the billing period."""
    if view.forecast is None:
        return tag("p", words["plan.no_forecast"], class_="remark")
    named: list[tuple[str, Peak]] = [(_day(peak.day_local, words), peak) for peak in view.peaks]
    period, target_kw = view.forecast.period_peak, view.target_kw if view.target_is_set else None
    if period is not None and period.ends_utc <= view.now_utc:
        period = None  # what was billed is over
    if period is not None:
        named.append((words["plan.peak_period"], period))
    scale = _scale([peak for _, peak in named], target_kw)
    rows = [tag("tr", *_cells(name, peak, scale, words, target_kw), _above(peak, target_kw, words)) for name, peak in named]
    return join(
        _table((*COLUMNS, "above"), rows, words),
        tag("p", _period_words(period, words), class_="remark") if period is not None else "",
        age(view.forecast, view.now_utc, words),
        tag("p", origin_of(view.forecast, words), class_="remark"),
    )


def day_peaks(peaks: Sequence[DayPeak], words: Words) -> Markup:
    """Highest quarter hours of a meter that has no target, to a tenth of a kilowatt."""
    scale = _scale(peaks, None)
    rows = [tag("tr", *_cells(_day(peak.day_local, words), peak, scale, words, places=1)) for peak in peaks]
    return _table(COLUMNS, rows, words)


def _table(columns: Sequence[str], rows: Sequence[Markup], words: Words) -> Markup:
    head = tag("tr", *(tag("th", words[f"plan.peak_{column}"], scope="col") for column in columns))
    return tag("div", tag("table", tag("thead", head), tag("tbody", *rows), class_="table peaks"), class_="scroll")


def _day(day_local: str, words: Words) -> str:
    return words.day(date.fromisoformat(day_local))


def _cells(
    name: str, peak: Peak, scale: tuple[float, float], words: Words, target_kw: float | None = None, places: int = 0
) -> list[Markup]:
    band = f"{words.number(peak.q10_kw, places)}–{words.number(peak.q90_kw, places)}"
    return [
        tag("th", name, scope="row"),
        tag("td", words.unit(peak.q50_kw, "kW", places), class_="n strong"),
        tag("td", band, _odds_bar(peak, target_kw, scale), class_="n"),
        tag("td", words.time(peak.start_utc) if isinstance(peak, DayPeak) else "", class_="n"),
    ]


def _above(peak: Peak, target_kw: float | None, words: Words) -> Markup:
    if target_kw is None:
        return tag("td", NOTHING, class_="n")
    return tag("td", words.percent(peak.above_target), class_=f"n {'tone-bad' if peak.above_target > 0.5 else ''}")


def _scale(peaks: Sequence[Peak], target_kw: float | None) -> tuple[float, float]:
    values = [kw for peak in peaks for kw in (peak.q10_kw, peak.q90_kw)] + ([target_kw] if target_kw is not None else [])
    low, high = min(values, default=0.0), max(values, default=1.0)
    reach = max(high - low, 1.0)
    return low - 0.08 * reach, high + 0.08 * reach


def _odds_bar(peak: Peak, target_kw: float | None, scale: tuple[float, float]) -> Markup:
    """Eight of ten outcomes as a bar, the likely one as a line, the target as a line through all bars."""
    low, high = scale

    def at(kw: float) -> float:
        return 100 * (kw - low) / (high - low)

    left, right = at(peak.q10_kw), at(peak.q90_kw)
    parts = [
        tag("i", class_="odds-band", style=f"left:{left:.1f}%;width:{max(right - left, 1.5):.1f}%"),
        tag("i", class_="odds-likely", style=f"left:{at(peak.q50_kw):.1f}%"),
    ]
    if target_kw is not None:
        parts.append(tag("i", class_="odds-target", style=f"left:{at(target_kw):.1f}%"))
    return tag("span", *parts, class_="odds", aria_hidden="true")


def _period_words(period: PeriodPeak, words: Words) -> str:
    until = words.day(period.ends_utc.astimezone(words.zone).date(), with_year=True)
    if period.so_far_kw <= 0:
        return words.fill("plan.period_unknown", until=until)
    return words.fill("plan.period_so_far", so_far=words.unit(period.so_far_kw, "kW"), until=until)


def age(forecast: Forecast, now_utc: datetime, words: Words) -> Markup | None:
    """How old the newest quarter hour is that a forecast rests on, where it is not the one before."""
    old = now_utc - forecast.trained_until_utc
    if old <= STILL_NEW:
        return None
    moment = words.moment(forecast.trained_until_utc, now_utc)
    peak_text = words.fill("plan.forecast_age", moment=moment, age=words.lasting(old.total_seconds()))
    return tag("p", icon("wait"), peak_text, class_="chip plain tone-warn note")


def origin_of(forecast: Forecast, words: Words) -> str:
    """Who says it: the model, how much it has learnt from, and how good it has been."""
    parts = [words.fill("plan.forecast_by", model=forecast.model, issued=words.moment(forecast.issued_utc))]
    days = words.number(forecast.trained_on / 96, 0)
    parts.append(words.fill("plan.forecast_trained", until=words.moment(forecast.trained_until_utc), days=days))
    if forecast.score is not None:
        parts.append(words.fill("plan.forecast_score", score=words.percent(forecast.score)))
    if forecast.coverage is not None:
        parts.append(words.fill("plan.forecast_coverage", share=words.percent(forecast.coverage)))
    parts.append(words.fill("plan.forecast_cost", ms=words.number(forecast.cpu_ms, 0)))
    return " · ".join([*parts, *(cut(note, MOST_NOTE) for note in forecast_notes(forecast, words)[:MOST_NOTES])])


def day_ahead_table(view: PlanView, words: Words) -> Markup:
    """Yesterday and today: the forecast of the day's beginning beside the measured load."""
    if not view.day_ahead:
        return tag("p", words["plan.day_ahead_none"], class_="remark")
    head = tag("tr", *(tag("th", words[f"plan.day_ahead_{c}"], scope="col") for c in ("day", "error", "within", "peak", "came")))
    rows = [_day_ahead_row(day, words) for day in view.day_ahead]
    parts = [words["plan.day_ahead_how"]]
    if any(day.replayed for day in view.day_ahead):
        parts.append(words["plan.day_ahead_replayed"])
    return join(
        tag("table", tag("thead", head), tag("tbody", *rows), class_="table day-ahead"), tag("p", " ".join(parts), class_="remark")
    )


def _day_ahead_row(day: DayAhead, words: Words) -> Markup:
    peak = day.peak
    peak_text = (
        "–" if peak is None else f"{words.unit(peak.q50_kw, 'kW')} ({words.number(peak.q10_kw)}–{words.number(peak.q90_kw)})"
    )
    came = "–" if day.highest_kw is None else f"{words.unit(day.highest_kw, 'kW')}, {words.time(day.highest_utc)}"
    held = peak is not None and day.highest_kw is not None and peak.q10_kw <= day.highest_kw <= peak.q90_kw
    return tag(
        "tr",
        tag("th", _day(day.day_local, words), scope="row"),
        tag("td", "–" if day.mean_error_kw is None else words.unit(day.mean_error_kw, "kW"), class_="n strong"),
        tag("td", words.percent(day.within), class_="n"),
        tag("td", peak_text, class_="n"),
        tag("td", came, class_=f"n {'tone-good' if held else ''}"),
    )
