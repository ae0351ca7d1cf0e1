"""From an incident of rising scrap to the record that says it. Pure."""

from __future__ import annotations

from datetime import date

from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.facts import Fact, fact
from quarters.numbers import slot_start
from scrap.rising import Change, Rising

_WH_PER_KWH = 1000.0


def anomaly_of(rising: Rising, site: str, meter: str) -> Anomaly:
    """The record; its meter is that of the machine."""
    incident = rising.incident
    since_utc = slot_start(incident.since_slot)
    per_day, eur_per_day = rising.kwh_per_day, rising.eur_per_day
    return Anomaly(
        site=site,
        meter=meter,
        anomaly=f"{meter}/{AnomalyKind.SCRAP_RISING}/{epoch_ms(since_utc) // 1000}",
        revision=incident.revision,
        kind=AnomalyKind.SCRAP_RISING,
        since_utc=since_utc,
        until_utc=None if rising.until_slot is None else slot_start(rising.until_slot),
        at_utc=slot_start(incident.newest_slot),
        expected_kw=None,
        actual_kw=None,
        excess_kwh=round(rising.excess_kwh or 0.0, 3),
        kwh_per_day=round(per_day or 0.0, 3),
        eur_per_day=None if eur_per_day is None else round(eur_per_day, 2),
        facts=_facts(rising),
        evidence=_evidence(rising),
    )


def _facts(rising: Rising) -> tuple[Fact, ...]:
    watched, incident = rising.watched, rising.incident
    machine, since_utc = watched.machine, slot_start(incident.since_slot)
    before, after, pieces = round(rising.usual.share, 4), round(rising.share, 4), round(rising.extra_pieces)
    if rising.change is Change.ENDED and rising.until_slot is not None:
        until_utc = slot_start(rising.until_slot)
        return (
            fact(
                "scrap.ended", machine=machine, since_utc=since_utc, until_utc=until_utc, before=before, after=after, pieces=pieces
            ),
        )
    if rising.change is Change.NEW_NORMAL:
        return (fact("scrap.new_normal", machine=machine, since_utc=since_utc, before=before, after=after),)
    found = [
        fact(
            "scrap.rising", machine=machine, product=watched.product, since_utc=since_utc, before=before, after=after, pieces=pieces
        )
        if watched.product
        else fact("scrap.rising_any", machine=machine, since_utc=since_utc, before=before, after=after, pieces=pieces)
    ]
    each, usual = rising.kwh_per_piece, rising.usual.kwh_per_piece
    if rising.energy_has_risen and each is not None and usual is not None:
        found.append(fact("scrap.energy_too", each_wh=each * _WH_PER_KWH, usual_wh=usual * _WH_PER_KWH))
    per_day, eur_per_day = rising.kwh_per_day, rising.eur_per_day
    if per_day is None:
        found.append(fact("scrap.energy_unknown"))
    elif eur_per_day is None:
        found.append(fact("scrap.per_day_unpriced", kwh_per_day=per_day))
    else:
        found.append(fact("scrap.per_day", kwh_per_day=per_day, eur_per_day=eur_per_day))
    return tuple(found)


def _evidence(rising: Rising) -> dict[str, str]:
    incident, usual = rising.incident, rising.usual
    found = {
        "machine": rising.watched.machine,
        "product": rising.watched.product,
        "expected": f"{usual.share:.4f}",
        "actual": f"{rising.share:.4f}",
        "pieces": f"{incident.sums.pieces:.0f}",
        "scrap": f"{incident.sums.scrap:.0f}",
        "dispersion": f"{usual.dispersion:.2f}",
        "pieces_per_day": f"{usual.pieces_per_day:.0f}",
    }
    if incident.like_day > 0:
        found["like_day"] = date.fromordinal(incident.like_day).isoformat()
    if usual.kwh_per_piece is not None:
        found["expected_kwh_per_piece"] = f"{usual.kwh_per_piece:.4f}"
    if incident.sums.measured:
        found["actual_kwh_per_piece"] = f"{incident.sums.kwh / incident.sums.measured:.4f}"
    return found
