"""What the terminal shows while the demo runs: the newest record of the main topics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from connectors.kafka.client import KafkaSettings, Message, RecordConsumer
from domain.anomalies import Anomaly
from domain.codec import UnreadableRecord
from domain.demand import Demand
from domain.forecasts import Forecast
from domain.plant import Plant
from domain.recommendations import Recommendation
from domain.topics import ANOMALIES, DECISIONS, DEMAND, FORECASTS, INTERVALS, RECOMMENDATIONS, REJECTED
from words.numbers import NOTHING
from words.sentences import Names, advice_texts, anomaly_text, names_of
from words.speech import Words, of_page


def eur(amount_eur: float | None, places: int = 2) -> str:
    """Money for the terminal; a dash where it is not known."""
    return "–" if amount_eur is None else f"{amount_eur:.{places}f}"


WATCHED = (DEMAND, INTERVALS, FORECASTS, ANOMALIES, RECOMMENDATIONS, DECISIONS, REJECTED)


@dataclass(slots=True)
class LiveView:
    """Newest records by topic, and how to draw them."""

    plant: Plant
    page: str
    demand: Demand | None = None
    forecast: Forecast | None = None
    anomalies: dict[str, Anomaly] = field(default_factory=dict)
    recommendations: dict[str, Recommendation] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    newest_interval_utc: datetime | None = None

    @property
    def words(self) -> Words:
        """Words of the terminal: English."""
        return of_page("en", self.plant.site.zone)

    @property
    def names(self) -> Names:
        """Names for people."""
        return names_of(self.plant)

    def take(self, message: Message) -> None:
        """Keep what a message says."""
        self.counts[message.topic.name] += 1
        try:
            record = message.record()
        except UnreadableRecord:
            return
        if message.topic is DEMAND:
            self.demand = record
        elif message.topic is FORECASTS:
            self.forecast = record
        elif message.topic is ANOMALIES:
            self.anomalies[record.anomaly] = record
        elif message.topic is RECOMMENDATIONS:
            self.recommendations[record.recommendation] = record
        elif message.topic is INTERVALS:
            self.newest_interval_utc = max(self.newest_interval_utc or record.start_utc, record.start_utc)

    def __rich__(self) -> Group:
        return Group(self._now(), self._advice(), self._abnormal(), self._foot())

    def _clock(self, instant_utc: datetime, pattern: str = "%H:%M") -> str:
        return instant_utc.astimezone(self.plant.site.zone).strftime(pattern)

    def _now(self) -> Panel:
        demand = self.demand
        if demand is None:
            return Panel("waiting for the first reading of the grid meter", title="now")
        colour = "red" if demand.headroom_kw < 0 else "yellow" if demand.headroom_kw < 0.05 * demand.target_kw else "green"
        table = Table.grid(padding=(0, 3))
        table.add_row("quarter hour", f"{self._clock(demand.start_utc)} · {demand.remaining_s:.0f} s left")
        table.add_row("projected", Text(f"{demand.projected_kw:.0f} kW", style=f"bold {colour}"))
        table.add_row("target / billed", f"{demand.target_kw:.0f} / {demand.billed_peak_kw:.1f} kW")
        table.add_row("headroom", Text(f"{demand.headroom_kw:+.0f} kW", style=colour))
        if self.forecast is not None and self.forecast.peaks:
            peak = self.forecast.peaks[0]
            table.add_row("today's peak", f"{peak.q50_kw:.0f} kW ({peak.q10_kw:.0f}-{peak.q90_kw:.0f}), {self.forecast.model}")
        return Panel(table, title=self._clock(demand.at_utc, "%A %d.%m. %H:%M:%S"))

    def _advice(self) -> Panel:
        table = Table(box=None, expand=True)
        for heading in ("status", "what", "from", "to", "kW", "EUR expected", "why"):
            table.add_column(heading)
        for advice in list(self.recommendations.values())[-4:]:
            table.add_row(
                advice.status, advice.subject, *(self._clock_or_none(at_utc) for at_utc in (advice.from_utc, advice.to_utc)),
                f"{advice.reduction_kw:.0f}", eur(advice.saving_eur, 0), advice_texts(advice, self.words, self.names).reason,
            )  # fmt: skip
        return Panel(table, title="recommendations")

    def _clock_or_none(self, at_utc: datetime | None) -> str:
        return NOTHING if at_utc is None else self._clock(at_utc, "%a %H:%M")

    def _abnormal(self) -> Panel:
        table = Table(box=None, expand=True)
        for heading in ("since", "what", "EUR/day", ""):
            table.add_column(heading)
        for anomaly in list(self.anomalies.values())[-4:]:
            state = "" if anomaly.until_utc is None else f"until {self._clock(anomaly.until_utc)}"
            table.add_row(
                self._clock(anomaly.since_utc), anomaly_text(anomaly, self.words, self.names), eur(anomaly.eur_per_day), state
            )
        return Panel(table, title="abnormal")

    def _foot(self) -> Text:
        counts = " · ".join(f"{name.split('.')[1]} {count}" for name, count in sorted(self.counts.items()))
        return Text(f"{self.page}   {counts}   Ctrl-C stops everything", style="dim")


class LiveFeed:
    """Reads the watched topics from now on into a `LiveView`."""

    def __init__(self, kafka: KafkaSettings, view: LiveView) -> None:
        self._consumer = RecordConsumer(kafka, WATCHED, start="latest")
        self._view = view

    def poll(self, timeout_s: float = 0.2) -> None:
        """Take what has come."""
        for message in self._consumer.poll(timeout_s):
            self._view.take(message)

    def close(self) -> None:
        """Let go of the sockets."""
        self._consumer.close()
