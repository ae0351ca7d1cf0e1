"""What plans are made from beside the state: the plant as its calendar is with the shift changes that came, and learned powers."""

from __future__ import annotations

from domain.known_changes import Changes
from domain.plant import Plant, plant_with_changes
from scheduling.live.planning import Beside
from scheduling.replan_notes import by_product
from scheduling.state import Notes


class Besides:
    """Of one site; the plant with its changes is made once for each set of them."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._changes: Changes = ()
        self._changed = plant

    def of(self, notes: Notes) -> Beside:
        """What is known by `notes`."""
        if notes.replan.changes != self._changes:
            self._changes, self._changed = notes.replan.changes, plant_with_changes(self._plant, notes.replan.changes)
        return Beside(self._changed, by_product(notes.replan.powers))
