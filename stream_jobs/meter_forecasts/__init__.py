"""The load of the next 48 h of every meter below the grid connection. In: ``intervals``. Out: ``meter_forecasts``."""
