"""The channels of energy that every meter names alike; all other channels are called as the plant file calls them."""

IMPORT = "energy_import"
"""Energy drawn."""
EXPORT = "energy_export"
"""Energy fed back; positive in its register, and subtracted where import and export make one figure."""
