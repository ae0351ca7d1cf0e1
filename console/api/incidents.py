"""Calls of the page *Findings*: incidents with what they cost and rest on; and the health of machines."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

from console.context import Console
from console.faults import none_such, responses
from console.views.incidents import Incident, IncidentsView, incident_view, incidents_view
from console.views.machines import MachineView, machine_view
from domain.texts import Key


def calls(api: APIRouter, console: Console) -> None:
    """Add them to `api`."""
    board = console.board

    @api.get("/incidents", tags=["findings"])
    async def incidents() -> IncidentsView:
        """Open incidents by nature, the most expensive first, each with its picture as numbers; those that ended within 30 days."""
        return await board.view(incidents_view)

    @api.get("/incidents/{incident:path}", tags=["findings"], responses=responses(404))
    async def incident(incident: Key) -> Incident:
        """One incident, open or ended, with its picture as numbers."""
        found = await board.once(incident_view, incident)
        if found is None:
            raise HTTPException(404, "there is no incident of that id; /api/v1/incidents has the open ones")
        return found

    @api.get("/machine-health/{machine}", tags=["findings"], responses=responses(404))
    async def health(machine: Key) -> MachineView:
        """Health of a machine: its index over the last week, its channels beside their limits, its open incidents."""
        found = await board.once(machine_view, machine)
        if found is None:
            none_such("machine", machine, [one.id for one in board.plant.machines])
        return found
