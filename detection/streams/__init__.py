"""Detectors that judge a series row by row: causal, with a state that does not grow, and made of numbers that can be stored.

`meter.py` puts them together for a meter with a shift calendar, `anything.py` for any series, `machine.py` for the channels of a machine.
"""
