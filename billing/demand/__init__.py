"""The rules that a price sheet may add to a demand charge, one file each.

In: the terms of one charge and a measured load. Out: its bill lines. The component itself is `billing.components.demand`.
The order is: statistic, history, atypical use, ratchet, minimum, rounding.
"""
