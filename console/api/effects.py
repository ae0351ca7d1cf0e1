"""Calls on what advice was worth by measurement, and on who made the highest quarter hours."""

from __future__ import annotations

from fastapi import APIRouter

from console.api.plan import MOST, Most
from console.context import Console
from console.views.effects import Accounts, effects_of
from domain.effects import Autopsy, Effect


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/effects", tags=["plan"])
    async def effects(most: Most = MOST) -> list[Effect]:
        """Measured effects of accepted recommendations, latest revisions, newest first; a value that is not known is null."""
        return await board.once(lambda scene: list(reversed(effects_of(scene)))[:most])

    @api.get("/effects/account", tags=["plan"])
    async def accounts() -> Accounts:
        """What was promised and what was measured: in all, by month and by machine. Effects in EUR that are not known are in no sum, and counted."""
        return await board.once(lambda scene: Accounts.of(effects_of(scene), board.plant.site.zone))

    @api.get("/autopsies", tags=["plan"])
    async def autopsies(most: Most = MOST) -> list[Autopsy]:
        """New highest quarter hours of the billing period, newest first: who made them, and what they cost."""
        return await board.once(lambda scene: list(reversed(scene.ledger.autopsies()))[:most])
