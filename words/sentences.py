"""From a record's facts to sentences, for whoever shows them. Never fails: what is not known is named as such.

Example: `anomaly_text(anomaly, of_page("en", zone), names_of(plant))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from domain.anomalies import Anomaly
from domain.codec import UnreadableRecord, decode
from domain.errors import LastgangError
from domain.facts import Fact
from domain.forecasts import Forecast
from domain.plant import Plant
from domain.recommendations import Recommendation
from domain.texts import KEY_LENGTH, TEXT_LENGTH, printable
from words.catalogue import languages
from words.numbers import NOTHING, places_of
from words.speech import Words, of_page

Names = Mapping[tuple[str, str], str]
"""(what it is, id) -> name for people, e.g. ``("machine", "furnace-1") -> "Hardening furnace 1"``."""
NO_NAMES: Names = {}
_VALUES_SHOWN = 10
_IDS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class AdviceTexts:
    """What a recommendation says, in one language."""

    reason: str
    alternatives: tuple[str, ...]
    """Why each alternative is second, in their order."""
    checked: tuple[str, ...]
    not_checked: tuple[str, ...]


def names_of(plant: Plant) -> Names:
    """The names of a plant's meters, machines, shifts and loads that can wait."""
    meters = {("meter", meter.id): meter.label for meter in plant.meters}
    meters |= {("meter", virtual.id): virtual.label for virtual in plant.virtual_meters}
    meters |= {("shift", shift.id): shift.name or shift.id for shift in plant.shifts}
    meters |= {("load", load.id): load.label for load in plant.flexible.loads()}
    return meters | {("machine", machine.id): machine.label for machine in plant.machines}


def anomaly_text(anomaly: Anomaly, words: Words, names: Names = NO_NAMES) -> str:
    """What a finding says."""
    return text_of(anomaly.facts, words, anomaly.at_utc, names)


def forecast_notes(forecast: Forecast, words: Words, names: Names = NO_NAMES) -> tuple[str, ...]:
    """What the reader of a forecast must know, a sentence each."""
    return tuple(text_of([one], words, forecast.issued_utc, names) for one in forecast.notes)


def advice_texts(advice: Recommendation, words: Words, names: Names = NO_NAMES) -> AdviceTexts:
    """What a recommendation says."""

    def texts(several: Iterable[Fact]) -> tuple[str, ...]:
        return tuple(text_of([one], words, advice.issued_utc, names) for one in several)

    return AdviceTexts(
        reason=text_of(advice.reason, words, advice.issued_utc, names),
        alternatives=tuple(text_of(one.reason, words, advice.issued_utc, names) for one in advice.alternatives),
        checked=texts(advice.checked),
        not_checked=texts(advice.not_checked),
    )


WordsOf = Callable[[str, ZoneInfo], Words]
"""`of_page` for what is read now, `of_report` for what is kept."""


def anomaly_in_each_language(
    anomaly: Anomaly, zone: ZoneInfo, names: Names = NO_NAMES, words_of: WordsOf = of_page
) -> dict[str, str]:
    """Language -> what a finding says."""
    return {code: anomaly_text(anomaly, words_of(code, zone), names) for code in languages()}


def advice_in_each_language(
    advice: Recommendation, zone: ZoneInfo, names: Names = NO_NAMES, words_of: WordsOf = of_page
) -> dict[str, AdviceTexts]:
    """Language -> what a recommendation says."""
    return {code: advice_texts(advice, words_of(code, zone), names) for code in languages()}


class NoSuchRecord(LastgangError):
    """Text that is a record of neither topic. Operator: read ``energy.anomalies.v1`` or ``energy.recommendations.v1``, a record a line."""


def text_of_json(payload: str, words: Words, names: Names = NO_NAMES) -> str:
    """What a record of either topic says, from its JSON.

    Raises
    ------
    NoSuchRecord
        Naming what is wrong with it as a record of each.
    """
    try:
        return anomaly_text(decode(Anomaly, payload), words, names)
    except UnreadableRecord as no_anomaly:
        try:
            return advice_texts(decode(Recommendation, payload), words, names).reason
        except UnreadableRecord as no_advice:
            msg = f"neither an anomaly ({no_anomaly}) nor a recommendation ({no_advice})"
            raise NoSuchRecord(msg) from no_advice


@dataclass(frozen=True, slots=True)
class WordedAdvice(Recommendation):
    """A recommendation and, language -> what it says."""

    texts: dict[str, AdviceTexts] = field(default_factory=dict)


def worded(advice: Recommendation, zone: ZoneInfo, names: Names = NO_NAMES) -> WordedAdvice:
    """The recommendation with its sentences."""
    as_it_is = {one.name: getattr(advice, one.name) for one in fields(advice)}
    return WordedAdvice(**as_it_is, texts=advice_in_each_language(advice, zone, names))


def text_of(facts: Sequence[Fact], words: Words, written_utc: datetime, names: Names = NO_NAMES) -> str:
    """The sentences of several facts, one after the other, as long as a text may be.

    Parameters
    ----------
    written_utc
        When they were found: clock times of that day stand without the day, dates near it without the year.
    """
    if not facts:
        return words.texts["fact.none"]
    text = ""
    for fact in facts:
        text += (" " if text else "") + _Sentence(fact, words, written_utc, names).text()
        if len(text) > TEXT_LENGTH:
            break  # no more than that is shown, and a record may hold a thousand times as much
    return printable(text)


class _Sentence(Formatter):
    """Fills the text of one fact. A hole names a value and how it is written.

    Of a number: its decimals; ``kw`` for a power; ``%`` for a share, with decimals behind it. Of an instant: ``clock`` for a time of day.
    Of ids: what stands between several.
    """

    def __init__(self, fact: Fact, words: Words, written_utc: datetime, names: Names) -> None:
        self._fact, self._words, self._written_utc, self._names = fact, words, written_utc, names

    def text(self) -> str:
        """The sentence; where the catalogue has none, one that says so with key and values."""
        template = self._words.texts.get(f"fact.{self._fact.key}")
        if template is not None:
            return self.vformat(template, (), {})
        return self._words.texts["fact.unknown"].format(key=self._fact.key, values=self._all_values())

    def get_value(self, key: int | str, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
        return str(key)

    def format_field(self, value: object, format_spec: str) -> str:
        return self._written(str(value), format_spec)

    def _written(self, name: str, form: str = "") -> str:
        fact = self._fact
        if name in fact.numbers:
            return self._number(fact.numbers[name], form)
        if name in fact.instants:
            return self._instant(fact.instants[name], form)
        if name in fact.ids:
            shown = [self._name(name, one) for one in fact.ids[name][:_IDS_SHOWN]]
            return printable((f" {form} " if form else ", ").join(shown), KEY_LENGTH * 2)
        return NOTHING

    def _number(self, value: float, form: str) -> str:
        places = form.removeprefix("%")
        decimals = int(places) if places.isdecimal() else 0
        if form.startswith("%"):
            return self._words.percent(value, decimals)
        return self._words.number(value, places_of(value) if form == "kw" else decimals)

    def _instant(self, instant_utc: datetime, form: str) -> str:
        zone = self._words.zone
        days = {one.astimezone(zone).date() for one in (*self._fact.instants.values(), self._written_utc)}
        if form == "clock" and len(days) == 1:
            return self._words.time(instant_utc)
        return self._words.moment(instant_utc, self._written_utc)

    def _name(self, kind: str, one: str) -> str:
        return self._names.get((kind, one)) or self._words.texts.get(f"term.{kind}.{one}", one)

    def _all_values(self) -> str:
        fact = self._fact
        names = [*fact.numbers, *fact.instants, *fact.ids]
        shown = [f"{name} {self._written(name, '3' if name in fact.numbers else '')}" for name in names[:_VALUES_SHOWN]]
        return "; ".join(shown) or NOTHING
