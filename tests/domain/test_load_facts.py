"""What advice on loads that can wait says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.facts import Fact
from domain.load_facts import (
    held,
    no_forecast,
    none_waits,
    not_known,
    released,
    returning,
    shifted,
    silent_not_synchronised,
    silent_partial,
)
from domain.recommendations import LoadPlace
from words.sentences import text_of
from words.speech import of_page

NINE = datetime(2026, 10, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AIR = LoadPlace("compressor-1", 33.0, NINE + 7 * MINUTE, NINE + 15 * MINUTE)
CAR = LoadPlace("charger-1", 11.0, NINE + 6 * MINUTE, NINE + 15 * MINUTE)
NAMES = {("load", "compressor-1"): "Compressor 1", ("load", "charger-1"): "Charge point 1"}


@pytest.mark.parametrize(
    ("fact", "english", "german"),
    [
        (
            held([AIR, CAR], NINE, 702.4, 680.0, 690.0),
            "Hold back Compressor 1 + Charge point 1 by 44 kW from 11:06 to 11:15: the quarter hour from 11:00 comes to 680 instead of 702 kW; it should stay below 690 kW.",
            "Compressor 1 + Charge point 1 von 11:06 bis 11:15 Uhr um 44 kW zurückhalten: Die Viertelstunde ab 11:00 Uhr kommt auf 680 statt 702 kW; sie soll unter 690 kW bleiben.",
        ),
        (returning(4.25), "Afterwards 4.3 kWh more are drawn than usual.", "Danach werden 4,3 kWh mehr bezogen als üblich."),
        (released(AIR), "Compressor 1: may draw 33 kW again from 11:07 on.", "Compressor 1: darf ab 11:07 Uhr wieder 33 kW beziehen."),
        (
            shifted([CAR], [LoadPlace("charger-1", 5.5, NINE + 60 * MINUTE, NINE + 120 * MINUTE)], NINE, 702.0, 691.0),
            "Charge point 1: draw 5.5 kWh from 12:00 on instead of from 11:06 on: the peak expected at 11:00 falls from 702 to 691 kW.",
            "Charge point 1: 5,5 kWh ab 12:00 statt ab 11:06 Uhr beziehen: Die um 11:00 Uhr erwartete Spitze sinkt von 702 auf 691 kW.",
        ),
        (
            silent_partial(NINE),
            "The beginning of the quarter hour from 11:00 was not seen: nothing is advised in it.",
            "Der Beginn der Viertelstunde ab 11:00 Uhr wurde nicht gesehen: In ihr wird nichts empfohlen.",
        ),
        (
            silent_not_synchronised(),
            "The billing meter's own count of this quarter hour is not known: nothing is advised in it.",
            "Was der Abrechnungszähler in dieser Viertelstunde gezählt hat, ist nicht bekannt: In ihr wird nichts empfohlen.",
        ),
        (
            not_known(["charger-1"]),
            "Not known or too old, so it is not held: Charge point 1.",
            "Nicht bekannt oder zu alt, deshalb nicht zurückgehalten: Charge point 1.",
        ),
        (
            no_forecast(),
            "There is no forecast of the next quarter hour: nothing is advised, as what comes back could make a peak of its own.",
            "Es gibt keine Prognose der nächsten Viertelstunde: Nichts wird empfohlen, denn was zurückkommt, könnte selbst eine Spitze machen.",
        ),
        (none_waits(["charger-1"]), "Nothing can wait now: Charge point 1.", "Nichts kann jetzt warten: Charge point 1."),
    ],
)  # fmt: skip
def test_each_fact_reads_as_a_sentence(fact: Fact, english: str, german: str) -> None:
    for language, sentence in (("en", english), ("de", german)):
        words = of_page(language, ZoneInfo("Europe/Berlin"))
        assert text_of([fact], words, NINE, NAMES).replace("\u202f", " ") == sentence
