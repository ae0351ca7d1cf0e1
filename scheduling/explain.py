"""Why, for the people on the shop floor: short, in kW and local clock times, German and English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.lacks import Lack
from billing.site import LeftOut
from domain.intervals import slot_start
from domain.orders import Order
from domain.plant import Plant
from domain.recommendations import Alternative
from domain.texts import printable
from scheduling.solve import Move
from scheduling.worth import Saving, Unknown, cents

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
    if saving.unknown is not None:
        en_level, de_level = _level(facts, move)
        en, de = en + en_level, de + de_level
    en_worth, de_worth = _worth(facts, move, saving)
    return en + en_worth, de + de_worth


def _level(facts: Facts, move: Move) -> tuple[str, str]:
    """Where the peak lies then, against the target or the peak that is billed already."""
    target, then_kw = facts.plant.site.target_kw, move.after.median_kw
    level = facts.billed_kw if target is None else target
    if level <= 0:
        return "", ""
    en, de = ("the target", "dem Ziel") if target is not None else ("the peak billed so far", "der bisher abgerechneten Spitze")
    over, de_over = ("above", "über") if then_kw > level else ("below", "unter")
    apart = f"{abs(then_kw - level):.0f} kW"
    return f"That is {apart} {over} {en} of {level:.0f} kW. ", f"Das sind {apart} {de_over} {de} von {level:.0f} kW. "


def _worth(facts: Facts, move: Move, saving: Saving) -> tuple[str, str]:
    en, de = _what_it_saves(facts, move, saving)
    if saving.unknown is not None or not saving.lacking:
        return en, de
    names_en, names_de = (", ".join(texts) for texts in zip(*map(_lack, saving.lacking), strict=True))
    return f"{en} Not in it: {names_en}.", f"{de} Nicht darin: {names_de}."


def _what_it_saves(facts: Facts, move: Move, saving: Saving) -> tuple[str, str]:
    total = saving.total_eur
    if saving.unknown is not None or total is None:
        return _not_known(saving)
    if round(total, 2) > 0:
        return (
            f"Worth {total:,.0f} EUR in this billing period, in the mean of how the peak may come.",
            f"Das spart im Mittel der möglichen Spitzen {_german(total)} EUR im Abrechnungszeitraum.",
        )
    en, de = ("It saves no money", "Geld spart es nicht") if round(total, 2) == 0 else (
        f"It costs {-total:,.0f} EUR", f"Es kostet {_german(-total)} EUR",
    )  # fmt: skip
    if facts.billed_kw >= move.before.median_kw:
        en += f", as {facts.billed_kw:.0f} kW are billed for this period already"
        de += f", denn {facts.billed_kw:.0f} kW sind in diesem Zeitraum schon abgerechnet"
    target = facts.plant.site.target_kw
    if target is not None and move.before.judged_kw > target:
        return f"It protects the target of {target:.0f} kW. {en}.", f"Das schützt das Ziel von {target:.0f} kW. {de}."
    return f"{en}.", f"{de}."


def _not_known(saving: Saving) -> tuple[str, str]:
    if saving.unknown is Unknown.NO_TARIFF:
        why_en, why_de = "the plant file names no tariff", "die Werksdatei nennt keinen Tarif"
    elif saving.unknown is Unknown.NOT_VALID:
        why_en, why_de = "the tariff does not hold at that time", "der Tarif gilt zu dieser Zeit nicht"
    else:
        found = [_lack(one) for one in saving.lacking]
        why_en, why_de = (
            f"{wanted} {', '.join(texts)}"
            for wanted, texts in zip(("there is no price for", "kein Preis ist bekannt für"), zip(*found, strict=True), strict=True)
        )
    return f"What that saves is not known: {why_en}.", f"Was das spart, ist nicht bekannt: {why_de}."


_LACKS = {
    Lack.INDUCTIVE: ("reactive energy is not measured", "Blindarbeit wird nicht gemessen"),
    Lack.CAPACITIVE: ("capacitive reactive energy is not measured", "kapazitive Blindarbeit wird nicht gemessen"),
    Lack.TOO_FINE: ("billed finer than by quarter hours", "feiner als nach Viertelstunden abgerechnet"),
    Lack.SPOT: ("its spot prices are not known yet", "seine Börsenpreise sind noch nicht bekannt"),
}


def _lack(one: LeftOut) -> tuple[str, str]:
    """A charge that is in no bill, and why: English and German."""
    en, de = _LACKS[one.lack]
    return f"{one.component.id} ({en})", f"{one.component.id} ({de})"


def not_checked(saving: Saving) -> tuple[str, ...]:
    """What nobody has checked, the charges that could not be priced among it."""
    unpriced = (" (".join((en, de)) + ")" for en, de in map(_lack, saving.lacking))
    return (*NOT_CHECKED, *(printable(f"price of {text}") for text in unpriced))


def _german(eur: float) -> str:
    return f"{eur:,.0f}".replace(",", ".")


def alternative(move: Move, best: Move, saving: Saving) -> Alternative:
    """Another start, and why it is second."""
    more_kw = move.after.median_kw - best.after.median_kw
    if more_kw >= 0.5:
        en, de = f"peak {more_kw:.0f} kW higher", f"Spitze {more_kw:.0f} kW höher"
    else:
        en, de = "same peak, the job moves further", "gleiche Spitze, Auftrag wird weiter verschoben"
    return Alternative(slot_start(move.to_slot), round(move.after.median_kw, 1), cents(saving.total_eur), en, de)


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
