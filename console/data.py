"""What the page asks of the ledger, and the same kept in memory until the ledger has something new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

from domain.anomalies import Anomaly
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.intervals import Interval
from domain.orders import Order
from domain.recommendations import Decision, Recommendation
from domain.topics import (
    ANOMALIES,
    DECISIONS,
    DEMAND,
    FORECASTS,
    INTERVALS,
    METER_FORECASTS,
    ORDERS,
    RECOMMENDATIONS,
    REJECTED,
    Topic,
)
from reporting.gaps import Told

Answer = TypeVar("Answer")
BEGUN_EVERY_S = 60.0
MOST_RECORDS = 50_000
"""Quarter hours of a topic that are kept in memory: some 30 MB."""


class History(Protocol):
    """The part of the ledger that the page reads."""

    def offsets(self) -> Mapping[tuple[str, int], int]:
        """``(topic name, partition)`` -> next offset: moves whenever something was written."""

    def intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> Sequence[Interval]:
        """Latest revisions, by start; those that were known at `as_of_utc`."""

    def told(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        """Quarter hours with all their revisions, by start."""

    def doubtful(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        """Those of which it was ever said that they are not simply measured."""

    def latest_forecast(self) -> Forecast | None:
        """The forecast issued last."""

    def forecast_before(self, at_utc: datetime) -> Forecast | None:
        """The site's forecast issued last at or before `at_utc`."""

    def meter_forecast(self, meter: str, until_utc: datetime | None = None) -> Forecast | None:
        """The forecast of one meter issued last; at or before `until_utc` where that is named."""

    def anomalies(self, open_only: bool = False) -> Sequence[Anomaly]:
        """Latest revision of each."""

    def orders(self) -> Sequence[Order]:
        """Latest revision of each job."""

    def recommendations(self) -> Sequence[Recommendation]:
        """Latest revision of each."""

    def decisions(self) -> Sequence[Decision]:
        """All decisions, those on one recommendation in the order of the log."""

    def rejections_by_reason(self) -> Mapping[Any, int]:
        """How many readings were set aside, by reason."""

    def latest_demand(self) -> Demand | None:
        """The last state of the running quarter hour that was written."""

    def interval_span(self) -> tuple[datetime, datetime] | None:
        """Start of the first and of the last quarter hour that there is."""

    def begun(self) -> Mapping[str, tuple[datetime, datetime | None]]:
        """Start of each meter's first quarter hour, and of the first that came by way of metering; None where none did."""

    def peak(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Interval | None:
        """The quarter hour with the highest energy, the earliest of equal ones; missing and faulty ones do not count."""

    def close(self) -> None:
        """Let go of the file."""


class EmptyHistory:
    """A ledger that nobody has begun yet."""

    def offsets(self) -> Mapping[tuple[str, int], int]:
        return {}

    def intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> Sequence[Interval]:
        return ()

    def told(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        return ()

    def doubtful(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        return ()

    def latest_forecast(self) -> Forecast | None:
        return None

    def forecast_before(self, at_utc: datetime) -> Forecast | None:
        return None

    def meter_forecast(self, meter: str, until_utc: datetime | None = None) -> Forecast | None:
        return None

    def anomalies(self, open_only: bool = False) -> Sequence[Anomaly]:
        return ()

    def orders(self) -> Sequence[Order]:
        return ()

    def recommendations(self) -> Sequence[Recommendation]:
        return ()

    def decisions(self) -> Sequence[Decision]:
        return ()

    def rejections_by_reason(self) -> Mapping[Any, int]:
        return {}

    def latest_demand(self) -> Demand | None:
        return None

    def interval_span(self) -> tuple[datetime, datetime] | None:
        return None

    def begun(self) -> Mapping[str, tuple[datetime, datetime | None]]:
        return {}

    def peak(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Interval | None:
        return None

    def close(self) -> None:
        return None


class Answers:
    """Answers by question; where they grow beyond `most` records, those that were asked for longest ago go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: dict[tuple[Any, ...], tuple[int, Any]] = {}

    def __contains__(self, question: object) -> bool:
        return question in self._kept

    def __getitem__(self, question: tuple[Any, ...]) -> Any:
        kept = self._kept.pop(question)
        self._kept[question] = kept
        return kept[1]

    @property
    def weight(self) -> int:
        """Records in all answers, about."""
        return self._weight

    def keep(self, question: tuple[Any, ...], answer: Any) -> None:
        """Remember an answer; it stays at least until the next one."""
        weight = weight_of(answer)
        self._kept[question] = (weight, answer)
        self._weight += weight
        while self._weight > self._most and len(self._kept) > 1:
            dropped, _ = self._kept.pop(next(iter(self._kept)))
            self._weight -= dropped


def weight_of(answer: Any) -> int:
    """About how many quarter hours' worth of memory it takes."""
    match answer:
        case Told():
            return len(answer.revisions)
        case Forecast():
            return 1 + len(answer.q50_kw)
        case list() | tuple():
            return 1 + sum(weight_of(one) for one in answer)
        case _:
            return 1


class RememberedHistory:
    """A `History` that asks the one behind it again only after that topic has moved; call `refresh` before each round."""

    def __init__(self, behind: History) -> None:
        self.behind = behind
        self._marks: dict[str, int] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        self._begun: tuple[float, Mapping[str, tuple[datetime, datetime | None]]] | None = None
        self.answers: dict[str, Answers] = {}

    def refresh(self) -> None:
        """Forget the answers of topics that have new records."""
        marks: dict[str, int] = {}
        self._offsets = dict(self.behind.offsets())
        for (topic, _), offset in self._offsets.items():
            marks[topic] = marks.get(topic, 0) + offset
        for topic in {*marks, *self._marks}:
            if marks.get(topic) != self._marks.get(topic):
                self.answers.pop(topic, None)
        self._marks = marks

    def _ask(self, topic: Topic, question: tuple[Any, ...], ask: Callable[[], Answer]) -> Answer:
        answers = self.answers.setdefault(topic.name, Answers(MOST_RECORDS))
        if question not in answers:
            answers.keep(question, ask())
        answer: Answer = answers[question]
        return answer

    def offsets(self) -> Mapping[tuple[str, int], int]:
        """As they were at the last `refresh`: all answers hold at least what lies before them."""
        return self._offsets

    def intervals(
        self, meter: str, channel: str, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None
    ) -> Sequence[Interval]:
        span = (meter, channel, from_utc, to_utc, as_of_utc)
        return self._ask(INTERVALS, ("intervals", *span), lambda: self.behind.intervals(*span))

    def told(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        span = (meter, channel, from_utc, to_utc)
        return self._ask(INTERVALS, ("told", *span), lambda: self.behind.told(*span))

    def doubtful(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Sequence[Told]:
        span = (meter, channel, from_utc, to_utc)
        return self._ask(INTERVALS, ("doubtful", *span), lambda: self.behind.doubtful(*span))

    def latest_forecast(self) -> Forecast | None:
        return self._ask(FORECASTS, ("latest",), self.behind.latest_forecast)

    def forecast_before(self, at_utc: datetime) -> Forecast | None:
        return self._ask(FORECASTS, ("before", at_utc), lambda: self.behind.forecast_before(at_utc))

    def meter_forecast(self, meter: str, until_utc: datetime | None = None) -> Forecast | None:
        asked = (meter, until_utc)
        return self._ask(METER_FORECASTS, ("latest", *asked), lambda: self.behind.meter_forecast(*asked))

    def anomalies(self, open_only: bool = False) -> Sequence[Anomaly]:
        return self._ask(ANOMALIES, ("all", open_only), lambda: self.behind.anomalies(open_only))

    def orders(self) -> Sequence[Order]:
        return self._ask(ORDERS, ("all",), self.behind.orders)

    def recommendations(self) -> Sequence[Recommendation]:
        return self._ask(RECOMMENDATIONS, ("all",), self.behind.recommendations)

    def decisions(self) -> Sequence[Decision]:
        return self._ask(DECISIONS, ("all",), self.behind.decisions)

    def rejections_by_reason(self) -> Mapping[Any, int]:
        return self._ask(REJECTED, ("reasons",), self.behind.rejections_by_reason)

    def latest_demand(self) -> Demand | None:
        return self._ask(DEMAND, ("latest",), self.behind.latest_demand)

    def interval_span(self) -> tuple[datetime, datetime] | None:
        return self._ask(INTERVALS, ("span",), self.behind.interval_span)

    def begun(self) -> Mapping[str, tuple[datetime, datetime | None]]:
        # Beginnings hardly change, and finding them goes through all that was imported: not again with every quarter hour.
        if self._begun is None or monotonic() - self._begun[0] > BEGUN_EVERY_S:
            self._begun = (monotonic(), self.behind.begun())
        return self._begun[1]

    def peak(self, meter: str, channel: str, from_utc: datetime, to_utc: datetime) -> Interval | None:
        asked = (meter, channel, from_utc, to_utc)
        return self._ask(INTERVALS, ("peak", *asked), lambda: self.behind.peak(*asked))

    def close(self) -> None:
        self.behind.close()


def open_ledger(path: Path) -> History | None:
    """The ledger at `path` for reading; None while no historian has made one."""
    if not path.is_file():
        return None
    from reporting.ledger import Ledger

    return Ledger.open(path, readonly=True)
