"""What the platform published, compared with what the simulator knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.running import ProcessUse
from domain.channels import IMPORT
from domain.forecasts import Forecast
from domain.instants import instant_text
from domain.intervals import QUARTER
from domain.plant import Plant
from domain.recommendations import DecisionKind, RecommendationStatus, deciding
from domain.units import kwh
from lastgang.demo.account import Account, Span, quantile
from lastgang.demo.eased import Charged, Eased, WaitingAccount, account_of
from lastgang.demo.live_view import eur
from lastgang.demo.money import saving_eur_per_year
from lastgang.demo.outages import OutageAccount, outage_accounts
from lastgang.demo.settings import DemoSettings
from lastgang.demo.surprised import Surprised, expected_of, surprised
from quarters.numbers import quarter_starts
from simulation.counterfactual import main_import_kw, without_moves
from simulation.span import load_span
from simulation.truth import read_run, read_truth


@dataclass(frozen=True, slots=True)
class FoundAnomaly:
    """An anomaly as the summary shows it."""

    kind: str
    meter: str
    since_utc: str
    eur_per_day: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The demo's account; powers in kW, money in EUR, energies in kWh summed over all meters (imports; what feeds in: exports)."""

    plant_minutes: float
    readings_in: int
    readings_used: int
    readings_rejected: int
    rejected_by_reason: Mapping[str, int]
    meters: int
    intervals: int
    intervals_expected: int
    energy_kwh: float
    energy_true_kwh: float
    forecasts: int
    forecast_quarters: int
    """Quarter hours within the span at whose end a forecast was issued; the first of them is not complete when it ends."""
    forecast_quarters_missing: tuple[str, ...]
    """Ends without one, between the first forecast and the last: gaps."""
    meter_forecasts: int
    anomalies: tuple[FoundAnomaly, ...]
    surprises: tuple[Surprised, ...]
    """What the simulator made go wrong in the span, beside what was found of it."""
    recommendations: Mapping[str, int]
    peak_with_kw: float
    peak_without_kw: float
    saving_eur_per_year: float | None
    """None where no tariff prices it."""
    outages: tuple[OutageAccount, ...]
    waiting: WaitingAccount
    """What loads that can wait did."""
    projection_latency_ms: Mapping[str, float | None]
    processes: tuple[Mapping[str, float | str], ...]

    @property
    def unaccounted(self) -> int:
        """Readings that are neither used nor rejected; anything but 0 is a defect."""
        return self.readings_in - self.readings_used - self.readings_rejected


def summarise(settings: DemoSettings, plant: Plant, span: Span, account: Account, processes: Sequence[ProcessUse]) -> Summary:
    """Put the account of `span` beside the truth."""
    truth = read_truth(settings.truth)
    channels = {meter.id: channel for meter in plant.meters if (channel := meter.energy_channel()) is not None}
    energies = [i.energy_uwh or 0 for (meter, channel, _), i in account.intervals.items() if channels.get(meter) == channel]
    true_energies = [
        energy
        for (meter, channel), quarters in truth.items()
        if channels.get(meter) == channel
        for start, energy in quarters.items()
        if span.has(start)
    ]
    with_kw, without_kw = _main_import(settings, plant, span, truth)
    saving_eur = saving_eur_per_year(settings, plant, with_kw, without_kw)
    simulated = load_span(settings.plant_dir, settings.seed, settings.replay)
    outages = simulated.surprises.outages
    waiting = account_of(simulated, span, with_kw, *read_run(settings.truth), account.recommendations.values())
    return Summary(
        plant_minutes=(span.to_utc - span.from_utc).total_seconds() / 60,
        readings_in=account.readings_in,
        readings_used=account.readings_used,
        readings_rejected=account.rejected.total(),
        rejected_by_reason={str(reason): count for reason, count in sorted(account.rejected.items())},
        meters=len(channels),
        intervals=len(energies),
        intervals_expected=len(channels) * ((span.to_utc - span.from_utc) // QUARTER),
        energy_kwh=round(kwh(sum(energies)), 6),
        energy_true_kwh=round(kwh(sum(true_energies)), 6),
        forecasts=len(account.forecasts),
        forecast_quarters=len({forecast.first_start_utc for forecast in account.forecasts}),
        forecast_quarters_missing=forecast_gaps(account.forecasts),
        meter_forecasts=account.meter_forecasts,
        anomalies=tuple(
            FoundAnomaly(
                a.kind,
                a.meter,
                instant_text(a.since_utc),
                None if a.eur_per_day is None else round(a.eur_per_day, 2),
            )
            for a in sorted(account.anomalies.values(), key=lambda anomaly: anomaly.since_utc)
        ),
        surprises=tuple(surprised(expected_of(simulated.surprises, span), account.anomalies.values(), account.found_utc)),
        recommendations=_recommendations(account),
        peak_with_kw=round(max(with_kw.values(), default=0.0), 3),
        peak_without_kw=round(max(without_kw.values(), default=0.0), 3),
        saving_eur_per_year=None if saving_eur is None else round(saving_eur, 2),
        outages=tuple(outage_accounts(outages, channels, account.revisions, truth, span.from_utc, span.to_utc)),
        waiting=waiting,
        projection_latency_ms={"p50": quantile(account.latencies_ms, 0.5), "p99": quantile(account.latencies_ms, 0.99)},
        processes=tuple({"name": use.name, "memory_mb": use.memory_mb, "cpu_s": use.cpu_s} for use in processes),
    )


def _main_import(
    settings: DemoSettings, plant: Plant, span: Span, truth: Mapping[tuple[str, str], Mapping[datetime, int]]
) -> tuple[dict[datetime, float], dict[datetime, float]]:
    """Import [kW] of the grid connection by quarter hour: as it was, and as it would have been had nobody moved a job."""
    billing = plant.billing_meter()
    quarters = truth.get((billing.id if billing else "", IMPORT), {})
    real = {start: kwh(energy) * 4 for start, energy in quarters.items() if span.has(start)}
    simulated = main_import_kw(without_moves(load_span(settings.plant_dir, settings.seed, settings.replay), span.to_utc))
    return real, {start: power for start, power in simulated.items() if span.has(start)}


def forecast_gaps(forecasts: Sequence[Forecast]) -> tuple[str, ...]:
    """Quarter hours between the first and the last forecast that none begins with."""
    begins = {forecast.first_start_utc for forecast in forecasts}
    if not begins:
        return ()
    wanted = quarter_starts(min(begins), max(begins))
    return tuple(instant_text(start) for start in wanted if start not in begins)


def _recommendations(account: Account) -> dict[str, int]:
    newest = list(account.recommendations.values())
    decisions = [found for r in newest if (found := deciding(r, account.decisions)) is not None]
    return {
        "issued": len(newest),
        "accepted": sum(1 for decision in decisions if decision.kind is DecisionKind.ACCEPTED),
        "rejected": sum(1 for decision in decisions if decision.kind is DecisionKind.REJECTED),
        "carried_out": sum(1 for r in newest if r.status is RecommendationStatus.CARRIED_OUT),
    }


def write_summary(path: Path, summary: Summary) -> None:
    """Write the summary as JSON."""
    path.write_text(json.dumps(asdict(summary), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show_summary(summary: Summary, console: Console) -> None:
    """The summary for people: what was promised, what came, whether it holds."""
    table = Table(title=f"{summary.plant_minutes / 60:.2f} plant hours", title_justify="left", box=None)
    for heading in ("", "found", "against", ""):
        table.add_column(heading)
    off = abs(summary.energy_kwh / summary.energy_true_kwh - 1) if summary.energy_true_kwh else 1.0
    rows = [
        ("quarter hours", f"{summary.intervals}", f"{summary.intervals_expected} expected", summary.intervals == summary.intervals_expected),
        ("energy", f"{summary.energy_kwh:.3f} kWh", f"{summary.energy_true_kwh:.3f} kWh true, off by {off:.4%}", off <= 0.001),
        (
            "readings", f"{summary.readings_in} in",
            f"{summary.readings_used} used + {summary.readings_rejected} rejected {dict(summary.rejected_by_reason)}", summary.unaccounted == 0,
        ),
        (
            "forecasts", f"{summary.forecasts} at {summary.forecast_quarters} quarter hours",
            f"{summary.plant_minutes / 15:.0f} quarter hours, {len(summary.forecast_quarters_missing)} left out; {summary.meter_forecasts} of meters",
            not summary.forecast_quarters_missing and summary.forecast_quarters >= summary.plant_minutes / 15 - 1,
        ),
        ("anomalies", ", ".join(f"{a.kind} {a.meter} {eur(a.eur_per_day)} EUR/d" for a in summary.anomalies) or "none", "", bool(summary.anomalies)),
        *(_surprise_row(one) for one in summary.surprises),
        (
            "recommendations", f"{summary.recommendations['issued']} issued",
            f"{summary.recommendations['accepted']} accepted, {summary.recommendations['carried_out']} carried out", summary.recommendations["accepted"] > 0,
        ),
        (
            "peak", f"{summary.peak_with_kw:.1f} kW with advice",
            f"{summary.peak_without_kw:.1f} kW without: {eur(summary.saving_eur_per_year)} EUR a year", summary.peak_with_kw < summary.peak_without_kw,
        ),
        *(_eased_row(eased, any(one.holds for one in summary.waiting.eased)) for eased in summary.waiting.eased),
        _charged_row(summary.waiting.charged),
        *(_outage_row(outage) for outage in summary.outages),
        (
            "reading → projection", f"p50 {summary.projection_latency_ms['p50']} ms", f"p99 {summary.projection_latency_ms['p99']} ms", None,
        ),
        (
            "stack", f"{sum(float(p['memory_mb']) for p in summary.processes):.0f} MB", f"{sum(float(p['cpu_s']) for p in summary.processes):.0f} CPU-s",
            sum(float(p["memory_mb"]) for p in summary.processes) < 3000,
        ),
    ]  # fmt: skip
    for name, found, against, holds in rows:
        table.add_row(name, found, against, "" if holds is None else "[green]✓[/]" if holds else "[red]✗[/]")
    console.print(table)


def _surprise_row(one: Surprised) -> tuple[str, str, str, bool]:
    found = "not found" if one.delay_min is None else f"{one.kind} after {one.delay_min:.0f} min"
    price = "" if one.priced is None else f", {eur(one.eur_per_day)} EUR/d"
    return f"{one.name} {one.meter}", found + price, f"shows at {one.shows_utc[11:16]}Z, within {one.within_min:.0f} min", one.holds


def _eased_row(eased: Eased, is_any_kept: bool) -> tuple[str, str, str, bool | None]:
    """One that was passed all the same counts against the run where none was kept: the plan lets a quarter hour pass the target that costs nothing."""
    found = f"{eased.kw:.1f} kW, held: {', '.join(eased.loads) or 'nothing'}"
    against = f"{eased.without_kw:.1f} kW without holds, target {eased.target_kw:.0f} kW"
    return f"tight {eased.start_utc[11:16]}Z", found, against, True if eased.holds else None if is_any_kept else False


def _charged_row(charged: Charged) -> tuple[str, str, str, bool | None]:
    found = f"{charged.full} of {charged.left} vehicles full in time"
    return (
        "charging",
        found,
        f"{charged.missing_kwh:.1f} kWh missing; charged at other times by {charged.shifted} advised plans",
        charged.holds,
    )


def _outage_row(outage: OutageAccount) -> tuple[str, str, str, bool]:
    def words(qualities: Mapping[str, int]) -> str:
        return ", ".join(f"{count} {quality}" for quality, count in qualities.items())

    found = f"first {words(outage.first_qualities)}"
    against = (
        f"now {words(outage.last_qualities)}, revision {outage.revision}; {outage.energy_kwh:.3f} kWh, off by {outage.off_kwh:+.3f}"
    )
    return f"outage {outage.meter}", found, against, outage.holds
