"""What Werk Nord consists of: its loads, the meters before them, the machines that jobs run on."""

from __future__ import annotations

LEAVES = (
    "furnace-1", "furnace-2", "washer", "moulding-1", "moulding-2", "moulding-3", "press-1", "press-2", "cnc-line",
    "compressor-1", "compressor-2", "chiller", "ev-chargers", "lighting", "pv",
)  # fmt: skip
UNMETERED = "unmetered"
"""Offices, ventilation, sockets: behind the main meter and no other."""
LOADS = (*LEAVES, UNMETERED)
FURNACES = LEAVES[:2]
MOULDING = LEAVES[3:6]
WORK_CENTRES = LEAVES[6:9]
GROUPS = {"hall-1": (*FURNACES, "washer"), "hall-2": (*MOULDING, *WORK_CENTRES)}
MAIN = "main"
CHARGERS, CHILLER = "ev-chargers", "chiller"
"""Meters of what can wait."""
METERS = (MAIN, *GROUPS, *LEAVES)
JOB_MACHINES = LEAVES[:9]
UWH_PER_KW_S = 1e9 / 3600
"""Micro-watt-hours of a kilowatt in a second."""
