"""The governor on a running plant: demand as it is projected, levels of loads, a forecast and decisions in; advice to hold and to release out.

How much is held is decided by the same functions as in a backtest (`governor.rules`, `governor.least_peak`); here real loads take the place of a share.
Start reading at `step`.
"""
