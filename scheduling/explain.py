"""Why, for the people on the shop floor: short, in kW and local clock times, German and English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Alternative
from scheduling.problem import slot_start
from scheduling.solve import Move
from scheduling.worth import Saving

CHECKED = (
    "earliest start and due date (frühester Start, Termin)",
    "machine free (Maschine frei)",
    "shift staffed, no shift is moved (Schicht besetzt)",
    "notice (Vorlauf)",
    "load of the next 48 h with the job moved (Last der nächsten 48 h)",
)
NOT_CHECKED = (
    "material and tools at the machine (Material, Werkzeug)",
    "jobs that wait for this one (nachfolgende Aufträge)",
    "quality rules between batches (Qualitätsvorgaben zwischen Chargen)",
)
_WEEKDAYS_DE = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reason is made from."""

    plant: Plant
    now_utc: datetime
    billed_kw: float
    level_kw: float


def reasons(facts: Facts, move: Move, saving: Saving, odds: tuple[float, float] | None = None) -> tuple[str, str]:
    """English and German.

    Parameters
    ----------
    odds
        P(the day's peak passes the target) as planned, and with the move.
    """
    order = move.order
    name = _machine(facts.plant, order)
    to, peak = slot_start(move.to_slot), slot_start(move.before.slot)
    en = (
        f"Start {order.job} on {name} at {_when(facts, to, 'en', order.start_utc)} instead of {_when(facts, order.start_utc, 'en', to)}: "
        f"the peak expected at {_when(facts, peak, 'en')} falls from {move.before.median_kw:.0f} to {move.after.median_kw:.0f} kW. "
    )
    de = (
        f"{order.job} auf {name} um {_when(facts, to, 'de', order.start_utc)} statt {_when(facts, order.start_utc, 'de', to)} Uhr starten: "
        f"Die um {_when(facts, peak, 'de')} Uhr erwartete Spitze sinkt von {move.before.median_kw:.0f} auf {move.after.median_kw:.0f} kW. "
    )
    if move.relief_kw >= move.reduction_kw + 1:
        remains = slot_start(move.after.slot)
        en += (
            f"Where it acts the load falls by {move.relief_kw:.0f} kW; what remains is the peak at {_when(facts, remains, 'en')}. "
        )
        de += f"An dieser Stelle sinkt die Last um {move.relief_kw:.0f} kW; es bleibt die Spitze um {_when(facts, remains, 'de')} Uhr. "
    target = facts.plant.site.target_kw
    if odds is not None and target is not None:
        before, after = (f"{100 * one:.0f} %" for one in odds)
        en += f"With {before} the day's peak passes the target of {target:.0f} kW; with the move, {after}. "
        de += f"Mit {before} überschreitet die Tagesspitze das Ziel von {target:.0f} kW, verschoben mit {after}. "
    en_worth, de_worth = _worth(facts, move, saving)
    return en + en_worth, de + de_worth


def _worth(facts: Facts, move: Move, saving: Saving) -> tuple[str, str]:
    if saving.total_eur > 0:
        eur = f"{saving.total_eur:,.0f}"
        return (
            f"Worth {eur} EUR in this billing period, in the mean of how the peak may come.",
            f"Das spart im Mittel der möglichen Spitzen {eur.replace(',', '.')} EUR im Abrechnungszeitraum.",
        )
    billed = max(facts.billed_kw, 0.0)
    target = facts.plant.site.target_kw
    if target is not None and move.before.judged_kw > target:
        return (
            f"It protects the target of {target:.0f} kW; it saves no money, as {billed:.0f} kW are billed for this period already.",
            f"Das schützt das Ziel von {target:.0f} kW; Geld spart es nicht, denn {billed:.0f} kW sind in diesem Zeitraum schon abgerechnet.",
        )
    return "It saves no money in this billing period.", "Geld spart es in diesem Abrechnungszeitraum nicht."


def alternative(move: Move, best: Move, saving: Saving) -> Alternative:
    """Another start, and why it is second."""
    more_kw = move.after.median_kw - best.after.median_kw
    if more_kw >= 0.5:
        en, de = f"peak {more_kw:.0f} kW higher", f"Spitze {more_kw:.0f} kW höher"
    else:
        en, de = "same peak, the job moves further", "gleiche Spitze, Auftrag wird weiter verschoben"
    return Alternative(slot_start(move.to_slot), round(move.after.median_kw, 1), round(saving.total_eur, 2), en, de)


def _machine(plant: Plant, order: Order) -> str:
    return next((machine.label for machine in plant.machines if machine.id == order.machine), order.machine)


def _when(facts: Facts, instant: datetime, language: str, beside: datetime | None = None) -> str:
    """``12:30``, with the weekday where the day is not today's, or differs from that of `beside`."""
    zone = facts.plant.site.zone
    local = instant.astimezone(zone)
    days = {facts.now_utc.astimezone(zone).date(), (beside or instant).astimezone(zone).date()}
    if days == {local.date()} or (local.date() - min(days)) < timedelta(0):
        return f"{local:%H:%M}"
    names = _WEEKDAYS_DE if language == "de" else _WEEKDAYS_EN
    return f"{names[local.weekday()]} {local:%H:%M}"
