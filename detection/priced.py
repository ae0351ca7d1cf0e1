"""The step of the detection, keyed by site/meter: quarter hours and shift changes to findings, priced at what a kilowatt-hour costs at the time."""

from __future__ import annotations

from datetime import datetime

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import Tariff
from detection.step import DetectionState, DetectionStep, decode_state, encode_state
from domain.clock import Clock
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.topics import FINDINGS, SHIFT_CHANGES

PRICES_KEPT = 64
"""A spot tariff has another price each quarter hour."""


class Detection:
    """A `DetectionStep` a price.

    Parameters
    ----------
    tariff
        None where the plant has none: findings then say no money.
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None, clock: Clock | None = None) -> None:
        self._tariff = tariff
        self._clock = clock
        self._unpriced = DetectionStep(plant, None, tariff)
        self._priced: dict[float | None, DetectionStep] = {None: self._unpriced}

    def initial(self, key: str) -> DetectionState:
        """Nothing seen yet."""
        return self._unpriced.initial()

    def encode(self, state: DetectionState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> DetectionState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: DetectionState, records: Records) -> tuple[DetectionState, Outputs]:
        """Quarter hours of one meter, each judged at the price that holds at its start, where that is known.

        Shift changes that come with them are known first: two topics have no order between them.
        """
        now_utc = None if self._clock is None else self._clock.now_utc()
        outputs: Outputs = []
        for topic, change in records:
            if topic is SHIFT_CHANGES:
                state = self._unpriced.take_change(state, change)
        for topic, interval in records:
            if topic is SHIFT_CHANGES:
                continue
            state, anomalies = self._step_at(interval.start_utc).take(state, interval, now_utc)
            outputs += [(FINDINGS, anomaly) for anomaly in anomalies]
        return state, outputs

    def _step_at(self, at_utc: datetime) -> DetectionStep:
        """The step at the price that holds at `at_utc`."""
        price = marginal_energy_price_eur_per_kwh(self._tariff, at_utc)
        if price not in self._priced:
            if len(self._priced) > PRICES_KEPT:
                self._priced = {None: self._unpriced}
            self._priced[price] = self._unpriced.at_price(price)
        return self._priced[price]
