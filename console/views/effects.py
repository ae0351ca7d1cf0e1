"""What advice was worth by measurement: the running account, the newest effects beside their promises, and who made the newest peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from console.views.scene import Scene
from domain.effects import Autopsy, Effect, Outcome
from effects.account import Account, account, by_machine, by_month

NEWEST = 10
"""Effects that are listed."""
PARTS = 5
"""Machines of a peak that are listed."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The running account of advice: promised and measured."""

    whole: Account
    months: tuple[Account, ...]
    """By local month of the quarter hour that was to be relieved."""
    machines: tuple[Account, ...]

    @staticmethod
    def of(effects: Sequence[Effect], zone: ZoneInfo) -> Accounts:
        """Those of `effects`, at a site in `zone`."""
        return Accounts(account(effects), tuple(by_month(effects, zone)), tuple(by_machine(effects)))


@dataclass(frozen=True, slots=True)
class EffectsView:
    """The panel of measured effects on the page *Plan*."""

    accounts: Accounts
    newest: tuple[Effect, ...]
    """The newest first."""
    autopsy: Autopsy | None
    names: Mapping[str, str]
    """Machine -> its name for people."""
    has_tariff: bool

    def name(self, machine: str) -> str:
        """A machine's name for people."""
        return self.names.get(machine, machine)


def effects_of(scene: Scene) -> list[Effect]:
    """Measured effects at this site, latest revisions, by the quarter hour that was to be relieved."""
    return [one for one in scene.ledger.effects() if one.site == scene.plant.site.id]


def effects_view(scene: Scene) -> EffectsView:
    """As the ledger knows it now."""
    effects = effects_of(scene)
    counted = [one for one in effects if one.outcome is not Outcome.REPLACED]
    autopsies = [one for one in scene.ledger.autopsies() if not scene.is_ahead(one.quarter_utc)]
    return EffectsView(
        Accounts.of(effects, scene.plant.site.zone),
        tuple(sorted(counted, key=lambda one: (one.quarter_utc, one.recommendation), reverse=True)[:NEWEST]),
        autopsies[-1] if autopsies else None,
        {machine.id: machine.label for machine in scene.plant.machines},
        scene.plant.tariff is not None,
    )
