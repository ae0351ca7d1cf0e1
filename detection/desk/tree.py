"""Which meter counts what another one measures."""

from __future__ import annotations

from domain.plant import Plant


class MeterTree:
    """The meters of a plant by their parents; a meter that the plant file does not have is related to none."""

    def __init__(self, plant: Plant) -> None:
        parents = {meter.id: meter.parent for meter in plant.meters}
        self._above = {meter: _chain(parents, meter) for meter in parents}
        self._has_lower = frozenset(parent for parent in parents.values() if parent is not None)

    def has_lower(self, meter: str) -> bool:
        """Whether there are meters below it."""
        return meter in self._has_lower

    def is_above(self, upper: str, lower: str) -> bool:
        """Whether `upper` counts the energy of `lower` too."""
        return upper in self._above.get(lower, frozenset())


def _chain(parents: dict[str, str | None], meter: str) -> frozenset[str]:
    found, above = set[str](), parents[meter]
    while above is not None:
        found.add(above)
        above = parents.get(above)
    return frozenset(found)
