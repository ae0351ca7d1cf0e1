"""What a record says, for tests that read it; narrow spaces become plain ones, so that assertions can be read."""

from __future__ import annotations

from domain.anomalies import Anomaly
from domain.plant import Plant
from domain.recommendations import Recommendation
from words.numbers import THIN
from words.sentences import advice_texts, anomaly_text, names_of
from words.speech import of_page


def spoken(record: Anomaly | Recommendation, plant: Plant, language: str) -> str:
    """The sentences of `record`."""
    words, names = of_page(language, plant.site.zone), names_of(plant)
    if isinstance(record, Anomaly):
        return anomaly_text(record, words, names).replace(THIN, " ")
    return advice_texts(record, words, names).reason.replace(THIN, " ")


def english(record: Anomaly | Recommendation, plant: Plant) -> str:
    """In English."""
    return spoken(record, plant, "en")


def german(record: Anomaly | Recommendation, plant: Plant) -> str:
    """In German."""
    return spoken(record, plant, "de")
