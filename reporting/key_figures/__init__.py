"""Key figures from the ledger: energy per unit of what was made, standby, savings of measures. One answer for page, report and command.

In: ledger, plant, tariff, series beside the plant file.  Out: `KeyFigures`. Start reading at `figures.py`.
"""

from reporting.key_figures.figures import KeyFigures, MeterFigures, Span, key_figures, last_days
from reporting.key_figures.made import Beside, read_beside, tariff_beside

__all__ = ["Beside", "KeyFigures", "MeterFigures", "Span", "key_figures", "last_days", "read_beside", "tariff_beside"]
