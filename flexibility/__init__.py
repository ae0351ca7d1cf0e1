"""Loads that can wait: their physics, what may be held now, and how they are placed against peak and prices.

In: loads of the plant file, their state, the expected load of the site, prices.  Out: what can be held and for how long; kW by load and
quarter hour.
"""
