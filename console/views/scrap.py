"""What scrap took of energy, money and CO2 in the last days, by machine and product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.views.scene import Scene
from domain.emission_factors import EmissionFactor
from quarters.numbers import quarter_start
from reporting.scrap import ledger_scrap
from scrap.account import ScrapAccount, ScrapRow

SHOWN = timedelta(days=7)
MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class ScrapView:
    """The rows with most energy, and all in one."""

    from_utc: datetime
    to_utc: datetime
    rows: tuple[ScrapRow, ...]
    """One a machine and product, with most energy first; those of which none is known behind them."""
    total: ScrapRow | None
    """None: nobody has counted anything."""
    names: dict[str, str]
    """Machine -> its name."""
    without_meter: tuple[str, ...]
    factor: EmissionFactor | None
    has_tariff: bool


def scrap_of(scene: Scene, from_utc: datetime, to_utc: datetime) -> ScrapAccount:
    """The account of any span, priced by the plant's tariff."""
    return ledger_scrap(scene.ledger, scene.plant, scene.tariff, from_utc, to_utc)


def scrap_view(scene: Scene) -> ScrapView:
    """What the page shows: the last seven days up to the quarter hour that runs."""
    to_utc = quarter_start(scene.now_utc)
    account = scrap_of(scene, to_utc - SHOWN, to_utc)
    rows = sorted(account.by_machine_and_product(), key=lambda row: (-(row.scrap_kwh or 0.0), row.machine, row.product))
    names = {machine.id: machine.label for machine in scene.plant.machines}
    return ScrapView(
        account.from_utc, to_utc, tuple(rows[:MOST_ROWS]), account.total, names, account.without_meter, scene.plant.drawn_factor(account.from_utc),
        scene.tariff is not None,
    )  # fmt: skip
