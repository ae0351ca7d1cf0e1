"""Files of prices: which form it is, and the prices of the wanted zone."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.prices import entsoe_csv, entsoe_xml, smard
from connectors.prices.series import ZonePrices, chosen, one_series
from domain.errors import Fault, InputFaults
from quarters.profiles.cells import text_of
from quarters.profiles.day_prices import LAYOUT, PRICE, read_day_prices
from quarters.profiles.table import open_table

FORMS = (
    f"{LAYOUT}; an export of SMARD (Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] ...), or its chart data;"
    " the table Energy prices of the ENTSO-E transparency platform, or its document A44"
)


def read_prices(path: Path, zone: ZoneInfo, wanted: str = "", sequence: int = 1) -> ZonePrices:
    """The prices in a file of any form.

    Parameters
    ----------
    zone
        Whose midnight the market's days begin at.
    wanted
        The bidding zone; empty: the only one of the file.
    sequence
        Of which auction, in files of ENTSO-E; 1 is the coupled day-ahead auction.

    Raises
    ------
    InputFaults
        With file, line, column, what was found and what is expected.
    """
    text = text_of(path)
    begin = text[:1000].lstrip("\ufeff \t\r\n")
    if begin.startswith("<"):
        return chosen(str(path), entsoe_xml.read_document(str(path), text, sequence), wanted)
    if begin.startswith("{"):
        return chosen(str(path), smard.read_chart(str(path), text, wanted), wanted)
    table = open_table(path)
    if LAYOUT.fits(table.header):
        own = one_series(str(path), PRICE, "", read_day_prices(path, zone, table))
        return chosen(str(path), [own], wanted)
    if smard.is_smard(table.header):
        return chosen(str(path), smard.read_export(table), wanted)
    if entsoe_csv.is_entsoe(table.header):
        return chosen(str(path), entsoe_csv.read_export(table, sequence), wanted)
    raise InputFaults([Fault(str(path), table.line, "header", repr(table.delimiter.join(table.header))[:300], FORMS)])
