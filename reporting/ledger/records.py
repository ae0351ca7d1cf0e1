"""Questions about everything else that is kept: forecasts, anomalies, orders, recommendations, decisions, demand, and what was set aside."""

from __future__ import annotations

from datetime import datetime

from domain.anomalies import Anomaly
from domain.clock import epoch_ms
from domain.effects import Autopsy, Effect
from domain.entered_measures import EnteredMeasure
from domain.feedback import Feedback
from domain.forecasts import Forecast
from domain.job_power import JobPower
from domain.machine_health import MachineHealth
from domain.orders import Order
from domain.own_use import OwnUse
from domain.prices import Prices
from domain.quality import QualityEvent
from domain.recommendations import Decision, Recommendation
from domain.shift_changes import ShiftChange
from domain.topics import (
    ANOMALIES,
    AUTOPSIES,
    DECISIONS,
    EFFECTS,
    FEEDBACK,
    FORECASTS,
    JOB_POWERS,
    MACHINE_HEALTH,
    MEASURES,
    METER_FORECASTS,
    ORDERS,
    OWN_USE,
    PRICES,
    QUALITY,
    RECOMMENDATIONS,
    SHIFT_CHANGES,
    Topic,
)
from reporting.ledger.questions import Questions, Record, answered_by, until_ms


class RecordQuestions(Questions):
    """What the ledger knows beside quarter hours."""

    @answered_by(FORECASTS)
    def latest_forecast(self) -> Forecast | None:
        """The forecast issued last."""
        row = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? ORDER BY at_ms DESC, entry DESC LIMIT 1", (FORECASTS.name,)
        ).fetchone()
        return None if row is None else next(self._stored(Forecast, [row]), None)

    @answered_by(FORECASTS)
    def forecasts(self, issued_from: datetime, issued_to: datetime, as_of_utc: datetime | None = None) -> list[Forecast]:
        """Forecasts issued in ``[issued_from, issued_to)``, by issue."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND at_ms>=? AND at_ms<? AND recorded_ms<=? ORDER BY at_ms, entry",
            (FORECASTS.name, epoch_ms(issued_from), epoch_ms(issued_to), until_ms(as_of_utc)),
        )
        return list(self._stored(Forecast, rows))

    @answered_by(FORECASTS)
    def forecast_before(self, at_utc: datetime) -> Forecast | None:
        """The site's forecast issued last at or before `at_utc`."""
        row = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND at_ms<=? ORDER BY at_ms DESC, entry DESC LIMIT 1",
            (FORECASTS.name, epoch_ms(at_utc)),
        ).fetchone()
        return None if row is None else next(self._stored(Forecast, [row]), None)

    @answered_by(METER_FORECASTS)
    def meter_forecast(self, meter: str, until_utc: datetime | None = None) -> Forecast | None:
        """The forecast of one meter issued last; at or before `until_utc` where that is named."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND at_ms<=? ORDER BY at_ms DESC, entry DESC LIMIT 500",
            (METER_FORECASTS.name, until_ms(until_utc)),
        )
        found = self._stored(Forecast, rows)
        return next((forecast for forecast in found if forecast.meter == meter), None)

    @answered_by(ANOMALIES)
    def anomalies(self, open_only: bool = False, as_of_utc: datetime | None = None) -> list[Anomaly]:
        """Latest revision of each, by their beginning; `open_only`: those that last."""
        found = self._latest(ANOMALIES, Anomaly, as_of_utc)
        return sorted((a for a in found if not open_only or a.until_utc is None), key=lambda a: (a.since_utc, a.anomaly))

    @answered_by(FEEDBACK)
    def feedback(self, as_of_utc: datetime | None = None) -> list[Feedback]:
        """All feedback on anomalies, in the order of the log; of one anomaly the newest holds."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND recorded_ms<=? ORDER BY entry", (FEEDBACK.name, until_ms(as_of_utc))
        )
        return list(self._stored(Feedback, rows))

    @answered_by(MACHINE_HEALTH)
    def machine_health(self, site: str, machine: str, from_utc: datetime, to_utc: datetime) -> list[MachineHealth]:
        """Health of a machine in quarter hours that start in ``[from_utc, to_utc)``, by their start."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND subject>=? AND subject<? AND at_ms>=? AND at_ms<? ORDER BY at_ms, entry",
            (MACHINE_HEALTH.name, *_subjects_below(f"{site}/{machine}"), epoch_ms(from_utc), epoch_ms(to_utc)),
        )
        return list(self._stored(MachineHealth, rows))

    @answered_by(MACHINE_HEALTH)
    def newest_machine_health(self, site: str, machine: str, until_utc: datetime) -> MachineHealth | None:
        """The newest health of a machine that starts at `until_utc` or before; None where there is none."""
        row = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND subject>=? AND subject<? AND at_ms<=? ORDER BY at_ms DESC, entry DESC LIMIT 1",
            (MACHINE_HEALTH.name, *_subjects_below(f"{site}/{machine}"), epoch_ms(until_utc)),
        ).fetchone()
        return None if row is None else next(self._stored(MachineHealth, [row]), None)

    @answered_by(ORDERS)
    def orders(self, as_of_utc: datetime | None = None) -> list[Order]:
        """Latest revision of each job, by start."""
        return sorted(self._latest(ORDERS, Order, as_of_utc), key=lambda o: (o.start_utc, o.job))

    @answered_by(ORDERS)
    def order_revisions(self, job: str) -> list[Order]:
        """All revisions of one job, oldest first."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND subject LIKE ? ESCAPE '\\' ORDER BY revision",
            (ORDERS.name, "%/" + job.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")),
        )
        return [order for order in self._stored(Order, rows) if order.job == job]

    @answered_by(JOB_POWERS)
    def job_powers(self) -> list[JobPower]:
        """Latest revision of what each product draws on each machine."""
        return sorted(self._latest(JOB_POWERS, JobPower, None), key=lambda p: p.key)

    @answered_by(PRICES)
    def prices(self, as_of_utc: datetime | None = None) -> list[Prices]:
        """Of each span of day-ahead prices the latest revision, by zone and start."""
        return sorted(self._latest(PRICES, Prices, as_of_utc), key=lambda p: (p.zone, p.first_start_utc, -p.minutes))

    @answered_by(QUALITY)
    def quality_events(self, as_of_utc: datetime | None = None) -> list[QualityEvent]:
        """Latest revision of what was counted of good pieces, scrap and rework, what was taken back too, by machine and start."""
        found = self._latest(QUALITY, QualityEvent, as_of_utc)
        return sorted(found, key=lambda e: (e.machine, e.start_utc, e.event))

    @answered_by(MEASURES)
    def measures(self, as_of_utc: datetime | None = None) -> list[EnteredMeasure]:
        """Latest revision of each measure and event that somebody entered, withdrawn ones too, by first day."""
        return sorted(self._latest(MEASURES, EnteredMeasure, as_of_utc), key=lambda m: (m.first_local, m.measure))

    @answered_by(OWN_USE)
    def own_use(self, from_utc: datetime, to_utc: datetime, as_of_utc: datetime | None = None) -> list[OwnUse]:
        """What the platform used in spans that end within ``(from_utc, to_utc]``, oldest first."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND at_ms>? AND at_ms<=? AND recorded_ms<=? ORDER BY at_ms, entry",
            (OWN_USE.name, epoch_ms(from_utc), epoch_ms(to_utc), until_ms(as_of_utc)),
        )
        return list(self._stored(OwnUse, rows))

    @answered_by(ORDERS)
    def order_history(self) -> list[Order]:
        """All revisions of all jobs, as they came."""
        rows = self._database.execute("SELECT payload, entry FROM entry WHERE topic=? ORDER BY entry", (ORDERS.name,))
        return list(self._stored(Order, rows))

    @answered_by(SHIFT_CHANGES)
    def shift_changes(self) -> list[ShiftChange]:
        """Latest revision of each change of a shift, by day."""
        return sorted(self._latest(SHIFT_CHANGES, ShiftChange, None), key=lambda c: (c.day_local, c.shift))

    @answered_by(RECOMMENDATIONS)
    def recommendations(self, as_of_utc: datetime | None = None) -> list[Recommendation]:
        """Latest revision of each, by issue."""
        return sorted(self._latest(RECOMMENDATIONS, Recommendation, as_of_utc), key=lambda r: (r.issued_utc, r.recommendation))

    @answered_by(DECISIONS)
    def decisions(self, as_of_utc: datetime | None = None) -> list[Decision]:
        """All decisions, those on one recommendation in the order of the log: the first counts (`domain.recommendations.deciding`)."""
        rows = self._database.execute(
            "SELECT payload, entry FROM entry WHERE topic=? AND recorded_ms<=? ORDER BY entry",
            (DECISIONS.name, until_ms(as_of_utc)),
        )
        return list(self._stored(Decision, rows))

    @answered_by(EFFECTS)
    def effects(self, as_of_utc: datetime | None = None) -> list[Effect]:
        """Latest revision of each measured effect, by the quarter hour that was to be relieved."""
        return sorted(self._latest(EFFECTS, Effect, as_of_utc), key=lambda e: (e.quarter_utc, e.recommendation))

    @answered_by(AUTOPSIES)
    def autopsies(self, as_of_utc: datetime | None = None) -> list[Autopsy]:
        """Latest revision of each autopsy of a peak, by its quarter hour."""
        return sorted(self._latest(AUTOPSIES, Autopsy, as_of_utc), key=lambda a: a.quarter_utc)

    def _latest(self, topic: Topic, record_type: type[Record], as_of_utc: datetime | None) -> list[Record]:
        rows = self._database.execute(
            "SELECT payload, entry, max(revision) FROM entry WHERE topic=? AND recorded_ms<=? GROUP BY subject",
            (topic.name, until_ms(as_of_utc)),
        )
        return list(self._stored(record_type, rows))


def _subjects_below(subject: str) -> tuple[str, str]:
    """First, and one past the last, of the subjects that begin with `subject` and a slash."""
    return f"{subject}/", f"{subject}0"  # the character after the slash
