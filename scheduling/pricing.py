"""What plans of one site are priced by at one moment: its tariff, its measured quarter hours, the peak that is billed already."""

from __future__ import annotations

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT
from billing.published import published
from billing.site import SitePrices, reactive_channels
from billing.tariff import Tariff
from domain.plant import Plant
from domain.prices import Prices
from quarters.numbers import slot_of, slot_start
from quarters.periods import billing_period, known_peak_kw
from scheduling.live.rest import RestPeak, rest_peaks
from scheduling.problem import Outlook
from scheduling.state import AdviceState
from scheduling.worth import Measured, Worth


class Pricing:
    """Of one site; what is made of the tariff is kept.

    Parameters
    ----------
    tariff
        None where the plant has none: all money is unknown.
    """

    def __init__(self, plant: Plant, tariff: Tariff | None) -> None:
        self._site, self.tariff = plant.site, tariff
        self._reactive = reactive_channels(plant)
        self._prices: dict[frozenset[str], SitePrices] = {}
        """By the reactive energies that are known; made once each for `_priced_by`."""
        self._priced_by: list[Prices] = []
        self._published = tariff

    def published(self, state: AdviceState) -> Tariff | None:
        """The tariff with the day-ahead prices that have come; None where the plant has none."""
        if self.tariff is not None and state.notes.prices != self._priced_by:
            self._prices, self._priced_by = {}, list(state.notes.prices)
            self._published = self.tariff.with_published(published(self._priced_by))
        return self._published

    def worth(self, state: AdviceState, outlook: Outlook) -> Worth:
        """What plans are priced by; reactive energy that the plant measures counts once there is some."""
        prices, first_slot = None, outlook.first_slot
        rest: tuple[RestPeak, ...] = ()
        tariff = self.published(state)
        if tariff is not None:
            series = {REACTIVE_IMPORT: state.reactive_import, REACTIVE_EXPORT: state.reactive_export}
            channels = frozenset(channel for channel in self._reactive if series[channel].newest(first_slot) is not None)
            if channels not in self._prices:
                self._prices[channels] = SitePrices(tariff, channels)
            prices = self._prices[channels]
            rest = rest_peaks(prices.tariff, state.known, first_slot, outlook.end_slot)
        measured = Measured(state.known, state.reactive_import, state.reactive_export)
        period = billing_period(self._site, slot_start(first_slot))
        return Worth(prices, measured, first_slot, period, self._known_peak_kw(state, first_slot), rest)

    def _known_peak_kw(self, state: AdviceState, first_slot: int) -> float:
        """The peak billed so far in the period in which the outlook begins, as far as it is not among the known quarter hours."""
        site, billed = self._site, state.notes.billed
        written_kw = known_peak_kw(site, slot_start(first_slot))
        if billed is None or billed.start_utc not in billing_period(site, slot_start(first_slot)):
            return written_kw
        is_known = billed.peak_utc is not None and state.known.power_kw(slot_of(billed.peak_utc)) is not None
        return written_kw if is_known else max(written_kw, billed.kw)
