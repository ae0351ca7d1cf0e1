"""Key figures of the last four weeks, worked out again once an hour of the plant and whenever a measure is entered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from console.views.scene import Scene
from domain.entered_measures import EnteredMeasure, newest_measures
from reporting.key_figures import Beside, KeyFigures, key_figures, last_days


@dataclass(frozen=True, eq=False)
class FiguresView:
    """What the page shows."""

    found: KeyFigures
    entered: tuple[EnteredMeasure, ...]
    """Newest revisions that hold, of ledger and page."""


class Figuring:
    """Remembers the key figures: baselines are not worked out each second.

    Parameters
    ----------
    beside
        Temperature and production of files.
    sent
        Entries that left here lately; the ledger may not have them yet.
    """

    def __init__(self, beside: Beside, sent: Callable[[], tuple[EnteredMeasure, ...]]) -> None:
        self._beside, self._sent = beside, sent
        self._known: tuple[tuple[object, ...], KeyFigures] | None = None

    def view(self, scene: Scene) -> FiguresView:
        """The key figures of the scene's plant."""
        recorded = scene.ledger.measures()
        key = (_hour(scene.now_utc), scene.ledger_there, tuple((one.measure, one.revision) for one in recorded))
        if self._known is None or self._known[0] != key:
            span = last_days(scene.ledger, scene.plant, scene.now_utc)
            self._known = (key, key_figures(scene.ledger, scene.plant, span, scene.tariff, self._beside))
        mine = (one for one in (*recorded, *self._sent()) if one.site == scene.plant.site.id)
        return FiguresView(self._known[1], tuple(one for one in newest_measures(mine) if not one.withdrawn))


def _hour(instant_utc: datetime) -> datetime:
    return instant_utc.replace(minute=0, second=0, microsecond=0)
