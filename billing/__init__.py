"""Tariffs and bills.

In: a tariff file (TOML, the price sheet's own words) and a load profile. Out: a `Bill` whose lines say quantity, price and the
intervals that caused them, in exact arithmetic; each line is rounded once. A saving is ``bill(before) - bill(after)``.
"""
